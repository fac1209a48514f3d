//! The program's parts, for `main.rs`, the tests and the benches.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cli;
pub mod shell;
