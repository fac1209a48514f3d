//! Header types, one file each: borrowed views over a value that the wire reader has cut.

mod cseq;
mod digest;
mod name_addr;
pub(crate) mod params;
mod via;

pub use cseq::CSeq;
pub use digest::{Challenge, Credentials};
pub use name_addr::NameAddr;
pub use params::Params;
pub use via::Via;
