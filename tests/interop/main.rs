//! Real clients against the real program: SIPp scenarios, two baresip phones whose sound is compared.
#![allow(clippy::unwrap_used)]

mod baresip;
mod harness;
mod phones;
mod sipp;
mod standard;
mod trunk;
