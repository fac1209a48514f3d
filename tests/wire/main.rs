//! The real program over real sockets: what it must do, and what it must not let anybody do.
#![allow(clippy::unwrap_used)]

mod calls;
mod edits;
mod limits;
mod mail;
mod malformed;
mod media;
mod refusals;
mod registrar;
mod stops;
mod torture;
