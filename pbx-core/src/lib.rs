//! The PBX as one value: every call, leg, dialog and binding, without I/O.
//!
//! One input with the time, then [`Engine::poll_output`] until `None`, then the next input;
//! [`Engine::poll_timeout`] says when to call [`Engine::handle_timeout`] at the latest. A feature is a short
//! `async fn` over a `Call` that the engine itself polls.
#![forbid(unsafe_code)]

pub mod engine;
pub mod live;

pub use engine::{Engine, Input, Now, Options, Output};
