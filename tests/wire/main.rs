//! The real program over real sockets: what it must do, and what it must not let anybody do.
#![allow(clippy::unwrap_used)]

mod calls;
mod codes;
mod desk;
mod dialogs;
mod disk;
mod edits;
mod history;
mod kills;
mod lamps;
mod limits;
mod mail;
mod malformed;
mod media;
mod names;
mod outside;
mod phones;
mod refusals;
mod registrar;
mod rules;
mod sign_in;
mod stops;
mod torture;
mod transfer;
mod trunks;
mod why;
