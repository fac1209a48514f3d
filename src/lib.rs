//! The program's parts, for `main.rs`, the tests and the benches.

pub mod cli;
pub mod shell;
