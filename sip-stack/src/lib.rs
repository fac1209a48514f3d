//! SIP without I/O: messages, transactions, dialogs, digest and INVITE sessions.
//!
//! Bytes and `now` come in, [`Output`]s go out. Nothing here opens a socket, reads a clock or knows
//! what a call is. One input, then [`Stack::poll_output`] until `None`, then the next input;
//! [`Stack::poll_timeout`] says when to call [`Stack::handle_timeout`] at the latest.
//!
//! Layers, each importing only those above it in this list:
//! [`wire`] (bytes to spans), [`name`], [`status`] → [`headers`], [`uri`] → [`message`], [`compose`], [`framing`] →
//! [`print`], [`digest`] →
//! `map`, `timers`, `event` → `transaction` → `dialog` → `invite`, `subscription` → [`stack`].
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod compose;
mod dialog;
pub mod digest;
mod event;
pub mod flow;
pub mod framing;
pub mod headers;
mod invite;
mod map;
pub mod message;
mod method;
pub mod name;
mod parse_error;
pub mod print;
pub mod resolve;
pub mod stack;
pub mod status;
mod subscription;
mod timers;
mod transaction;
pub mod uri;
pub mod wire;

pub use compose::{Request, Response, Series};
pub use flow::{Flow, Transport};
pub use message::{Message, Method, ParseError};
pub use name::Name;
pub use stack::{Event, InviteId, Output, RequestId, Settings, Stack, SubscriptionId};
