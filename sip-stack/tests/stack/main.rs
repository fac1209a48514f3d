//! The stack as a whole: two of them joined by a network with its own clock, and single messages against one.
#![allow(clippy::unwrap_used)]

mod calls;
mod faults;
mod identity;
mod net;
mod raw;
mod referring;
mod subscriptions;
mod usage;
