//! What a call is: its legs, the script it runs, and the words features have for it. The engine's side, one room per
//! stage of a call, is in `engine/`.

mod action;
pub(crate) mod cause;
mod confirming;
pub(crate) mod keys;
pub(crate) mod leg;
pub(crate) mod line;
pub(crate) mod outside;
pub(crate) mod ringing;
pub(crate) mod running;
pub(crate) mod script;
pub(crate) mod verbs;

pub(crate) use cause::Cause;
pub(crate) use leg::Leg;
pub(crate) use running::Running;
pub(crate) use script::{Call, Next};
