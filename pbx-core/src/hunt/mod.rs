//! Hunt strategies: pure functions from members to rounds of who rings together.

mod all;

pub(crate) use all::all;
