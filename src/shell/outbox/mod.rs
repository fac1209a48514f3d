//! What leaves the program in its own time: taken from the outbox, delivered, tried again. OPS-11.

pub mod mail;
