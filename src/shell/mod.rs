//! The shell: sockets, threads, files and the clock around the engine. Thin on purpose: nothing about telephony is
//! decided in here, bytes and times go in, and what comes out is carried out.
//!
//! ```text
//!  phones ──► udp, tcp ──► node (engine's thread) ──► workers (one media thread per core) ◄──► rtp
//!                           ▲        │   │
//!             feed ─────────┤        │   └──► records (one thread, one transaction per batch)
//!             signals ──────┘        └──────► live ──► portal (its own runtime)
//! ```

pub mod admin;
pub mod alarms;
pub mod backup;
pub mod certificate;
pub mod check;
mod clock;
mod connection;
mod datagrams;
mod dns;
mod edits;
mod feed;
pub mod listeners;
pub mod live;
mod logging;
mod memory;
pub mod metrics;
mod node;
mod outbox;
mod pnp;
pub mod records;
pub mod restore;
pub mod rtp;
mod run_file;
pub mod serve;
mod stop;
mod tcp;
pub mod text;
mod threads;
mod tls;
mod udp;
mod upkeep;
mod welcome;
pub mod why;
pub mod workers;

use std::process::ExitCode;

use crate::cli::{Admin, Command};

/// Does what the command line says. Faults are told on standard error in one or two sentences.
pub fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Serve(options) => {
            serve::serve(&options).map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        Command::Why(options) => why::why(&options).map_err(|e| e.to_string()),
        Command::Check(data) => check::check(&data.folder).map_err(|e| e.to_string()),
        Command::Export(options) => {
            text::export(&options).map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        Command::Import(options) => text::import(&options).map_err(|e| e.to_string()),
        Command::Backup(options) => {
            backup::backup(&options).map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        Command::Restore(options) => {
            restore::restore(&options).map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        Command::Admin(Admin::ResetPassword { login, data }) => {
            let done = admin::reset_password(&data.folder, login.as_deref());
            done.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
    };
    logging::finish();
    outcome.unwrap_or_else(|fault| {
        eprintln!("dialtone: {fault}");
        ExitCode::FAILURE
    })
}
