//! The PBX as one value: every call, leg, dialog and binding, without I/O.
//!
//! One input with the time, then [`Engine::poll_output`] until `None`, then the next input;
//! [`Engine::poll_timeout`] says when to call [`Engine::handle_timeout`] at the latest. A feature is a short
//! `async fn` over a `Call` that the engine itself polls. An `Engine` stays in the thread that made it.
//!
//! Rooms: [`engine`] (inputs, outputs, and a file for each stage of a call) → `features` (one per destination) →
//! `call` (legs, scripts, verbs) → `office` (what scripts may see of the engine).
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod engine;
pub mod live;
pub mod route;

mod auth;
mod auto_answer;
mod bindings;
mod call;
mod callback;
mod cdr;
mod counters;
mod features;
mod guard;
mod habits;
mod ids;
mod io;
mod json;
mod ladder;
mod limits;
mod office;
mod parking;
mod passport;
mod pidf;
mod pinholes;
mod presence;
mod records;
mod references;
mod registrar;
mod resync;
mod timers;
mod trace;
mod trunk;

pub use callback::OPEN as CALLED_BACK;
pub use engine::{Counts, Engine, Input, Now, Options, Output, Stored, rehearse};
