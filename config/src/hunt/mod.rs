//! Hunt strategies: pure functions from members, in list order, and memory to rounds of who rings together. The core rings
//! by them, the portal shows what they come to.

mod all;
mod longest_idle;
mod memory;
mod preview;
mod round_robin;
mod top_to_bottom;

use crate::{
    UserId,
    snapshot::{RingGroup, Strategy},
};

pub use memory::Memory;
pub use preview::{Bar, Preview};

/// Who rings together, round after round. SIP-15
pub fn rounds(group: &RingGroup, memory: &Memory) -> Vec<Vec<UserId>> {
    let members = group.members.clone();
    match group.strategy {
        Strategy::All => all::all(members),
        Strategy::TopToBottom => top_to_bottom::top_to_bottom(members),
        Strategy::RoundRobin => round_robin::round_robin(members, memory.answered_last(group.id).as_ref()),
        Strategy::LongestIdle => longest_idle::longest_idle(members, |&user| memory.last_call(user)),
    }
}
