//! Header types, one file each: borrowed views over a value that the wire reader has cut.
//!
//! Lists of tokens (Supported, Require, Allow, …) need no type: see [`crate::Message::has_token`] and
//! [`crate::Message::values`].

mod contact;
mod content_type;
mod cseq;
mod digest;
mod event;
mod history_info;
mod join;
mod name_addr;
pub(crate) mod params;
mod rack;
mod reason;
mod replaces;
mod seconds;
mod session_expires;
mod via;

pub use contact::Contact;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use digest::{Challenge, Credentials};
pub use event::Event;
pub use history_info::{HistoryInfo, Origin};
pub use join::Join;
pub use name_addr::NameAddr;
pub use params::Params;
pub use rack::{RAck, rseq};
pub use reason::Reason;
pub use replaces::Replaces;
pub use seconds::seconds;
pub use session_expires::{Refresher, SessionExpires, min_se};
pub use via::Via;
