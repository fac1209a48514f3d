//! What the tests of the whole program share: scripted phones, the started program, a portal visitor.
//!
//! Everything here speaks to Dialtone from outside, over sockets and files. The phones compose their messages
//! themselves, so that an error in our own printer cannot hide behind the same error in the test.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, missing_docs)]

pub mod agent;
pub mod audio;
pub mod patience;
pub mod ports;
pub mod server;
pub mod visitor;
