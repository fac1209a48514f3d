//! Media without sockets: SDP offer/answer, RTP and RTCP, tones, and the packet path of one core.
//!
//! The application decides at signalling time (which address, which payload types, who hears whom); a
//! [`Worker`] only executes at packet time. No allocation, no lock and no policy per packet: the handler of a
//! session is chosen when its [`Path`] or its [`Line`] is set.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod codec;
mod dtmf;
mod latch;
mod mixer;
mod outgoing;
pub mod ports;
mod quality;
mod reception;
mod routes;
mod rtcp;
pub mod sdp;
pub mod session;
pub mod srtp;
pub mod statistics;
pub mod text;
mod timers;
pub mod tone;
pub mod worker;

pub use ports::Ports;
pub use session::{Line, MixId, Path, Payload, SessionId};
pub use statistics::Statistics;
pub use tone::{Country, Tone};
pub use worker::{Command, Event, Forward, Output, Settings, SocketId, Worker};
