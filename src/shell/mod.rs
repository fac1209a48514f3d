//! The shell.
pub mod rtp;
