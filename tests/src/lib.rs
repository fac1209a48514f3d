//! What the tests of the whole program share: a simulated world around the real engine and media worker.
//!
//! [`World`] replaces the shell: a virtual clock, a seeded network that loses, delays, reorders and repeats, and phones
//! that are user agents of their own. Nothing here waits for real time.

mod company;
mod credentials;
mod network;
mod phone;
mod store;
mod world;

pub use company::Company;
pub use credentials::{Credentials, param};
pub use network::Network;
pub use phone::{Habit, Phone, State};
pub use store::Store;
pub use world::{PhoneId, World, ms, secs};
