//! Header types, one file each: borrowed views over a value that the wire reader has cut.

mod name_addr;
mod via;

pub use name_addr::{NameAddr, Params};
pub use via::Via;
