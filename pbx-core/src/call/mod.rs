//! A call: its legs, the script it runs, and everything that happens to it.
//!
//! [`script`], [`verbs`] and [`cause`] are what features see. The other rooms are the engine's side, one per stage of
//! a call: `incoming` → `outgoing` → `answering` → `renegotiation` → `ending`; `perform` turns what a script
//! wants into what the stages do; `media_events` hears the workers, `show` tells the portal.

pub(crate) mod cause;
pub(crate) mod leg;
pub(crate) mod running;
pub(crate) mod script;
pub(crate) mod verbs;

mod answering;
mod ending;
mod incoming;
mod line;
mod media_events;
mod outgoing;
mod perform;
mod renegotiation;
mod show;

pub(crate) use cause::Cause;
pub(crate) use leg::Leg;
pub(crate) use running::Running;
pub(crate) use script::{Call, Next};
