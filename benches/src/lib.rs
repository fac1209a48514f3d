//! CPU time per operation of the running program: starts the release binary on a database of its own, loads it from
//! outside at a fixed rate, and reads the program's CPU time and memory from the kernel.
//!
//! The generators write datagrams from templates, so that they do not become what is measured.

pub mod digest;
pub mod load;
pub mod phone;
pub mod resend;
pub mod seed;
pub mod server;
pub mod text;
