//! What the tests of the whole program share.
//!
//! Two rooms. The *world* ([`World`], [`Phone`], [`Network`]) replaces the shell around the real engine and media worker: a
//! virtual clock, a seeded network, and phones that are user agents of their own; nothing there waits for real time.
//! The *agents* ([`agent`], [`server`], [`visitor`]) speak to the started program from outside, over sockets and files. All
//! phones compose their messages themselves, so that an error in our printer cannot hide behind the same error in the test.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, missing_docs)]

pub mod agent;
mod alone;
pub mod audio;
mod carrier;
mod company;
mod credentials;
pub mod http_sink;
#[cfg(test)]
mod install;
mod late_offer;
mod nat;
mod network;
pub mod patience;
mod phone;
pub mod ports;
#[cfg(test)]
mod seeds;
pub mod server;
pub mod smtp;
mod store;
pub mod visitor;
mod watcher;
mod world;

pub use alone::alone;
pub use carrier::Carrier;
pub use company::Company;
pub use credentials::{Credentials, param};
pub use late_offer::{LateOffer, Reliable};
pub use nat::Nat;
pub use network::Network;
pub use phone::{Habit, Phone, State};
pub use store::Store;
pub use watcher::{Lamp, Watcher};
pub use world::{PhoneId, World, ms, secs};
