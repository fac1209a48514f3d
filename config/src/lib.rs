//! The configuration: every table declared once, one write path, typed immutable snapshots, and a feed that notices
//! any writer of the database file.
//!
//! A table is one file in [`resources`]: the typed struct, its row reader and its [`Resource`]. Lists, forms, CSV,
//! checks, audit, triggers and snapshots follow from the declaration.
#![forbid(unsafe_code)]

pub mod db;
pub mod ids;
pub mod query;
pub mod records;
pub mod resource;
pub mod snapshot;
pub mod write;

pub use db::{Db, OpenError};
pub use ids::*;
pub use resource::{Field, Kind, Problem, Resource};
pub use snapshot::Snapshot;
