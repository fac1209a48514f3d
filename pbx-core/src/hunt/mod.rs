//! Hunt strategies: pure functions from members, in list order, and memory to rounds of who rings together.

mod all;
mod longest_idle;
mod memory;
mod round_robin;
mod top_to_bottom;

use config::{
    UserId,
    snapshot::{RingGroup, Strategy},
};

pub(crate) use memory::Memory;

/// Who rings together, round after round. SIP-15
pub(crate) fn rounds(group: &RingGroup, memory: &Memory) -> Vec<Vec<UserId>> {
    let members = group.members.clone();
    match group.strategy {
        Strategy::All => all::all(members),
        Strategy::TopToBottom => top_to_bottom::top_to_bottom(members),
        Strategy::RoundRobin => round_robin::round_robin(members, memory.answered_last(group.id).as_ref()),
        Strategy::LongestIdle => longest_idle::longest_idle(members, |&user| memory.last_call(user)),
    }
}
