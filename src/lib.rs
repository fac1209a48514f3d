//! lib
pub mod shell;
