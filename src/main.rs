//! `dialtone`: the program. Reads the command line and hands over to the shell.

use std::process::ExitCode;

use clap::Parser;
use dialtone::{cli::Cli, shell};

fn main() -> ExitCode {
    shell::run(Cli::parse().into_command())
}
