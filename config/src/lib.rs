//! The configuration: every table declared once, one write path, typed immutable snapshots, and a feed that notices
//! any writer of the database file.
//!
//! A table is one file in [`resources`]: the typed struct, its row reader and its [`Resource`]. Lists, forms, CSV,
//! checks, audit, triggers and snapshots follow from the declaration.
//!
//! All calls block. Nothing here knows sockets, an event loop or a clock: times come in as arguments, and only audit
//! stamps and the expiry of setup links are SQLite's.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answering;
pub mod api_keys;
pub mod audit;
pub mod audit_log;
pub mod backup;
pub mod bulk;
mod check;
pub mod contacts;
mod csv_text;
pub mod customers;
pub mod daily;
pub mod db;
pub mod destination;
pub mod edits;
pub mod feed;
pub mod field;
pub mod files;
mod first_start;
#[cfg(test)]
mod fixture;
pub mod history;
pub mod hotdesk;
pub mod hunt;
pub mod idempotency;
pub mod ids;
mod images;
mod importers;
mod key;
pub mod ldap;
mod migrations;
pub mod models;
pub mod number;
pub mod numbering;
pub mod organization;
pub mod outbox;
pub mod park;
pub mod password;
pub mod pattern;
pub mod phones;
pub mod pins;
pub mod plan;
pub mod query;
mod quick;
pub mod records;
pub mod references;
mod refusal;
pub mod rehearsal;
pub mod resource;
pub mod resources;
pub mod routing;
mod rows;
pub mod schedule;
mod secret;
pub mod sign_in;
pub mod snapshot;
mod sql;
pub mod test_calls;
pub mod text;
mod transaction;
mod triggers;
mod typed;
pub mod views;
mod words;
pub mod write;

pub use db::{Db, OpenError};
pub use feed::Feed;
pub use ids::*;
pub use quick::QuickMap;
pub use resource::{Field, Kind, Problem, Resource, WhenGone};
pub use resources::{access, codes};
pub use snapshot::Snapshot;
