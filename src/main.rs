//! `dialtone`: the program. Reads the command line and hands over to the shell.

use std::process::ExitCode;

use clap::Parser;
use dialtone::{cli::Cli, shell};

/// A message becomes many small pieces that live as long as its call; the system's allocator spends a fifth of a call's
/// time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    shell::run(Cli::parse().into_command())
}
