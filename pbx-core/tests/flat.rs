//! Memory is flat: what a call or a REGISTER took is given back.
//!
//! A binary of its own, because it counts what its thread asks of the allocator.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../examples/call_cost/allocations.rs"]
mod allocations;
#[path = "../examples/call_cost/company.rs"]
mod company;
#[path = "../examples/call_cost/node.rs"]
mod node;
#[path = "../examples/call_cost/phones.rs"]
mod phones;

use std::time::Duration;

use node::Node;
use phones::Phone;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// SIP-06, SIP-45: engine, stack and media workers hold after thousands of calls what they held after the first ones.
#[test]
fn calls_and_registrations_leave_nothing_behind() {
    let mut node = Node::new(2 * PAIRS, STEP);
    let callers: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(2000 + n).to_string(), 10_000 + n)).collect();
    let callees: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(4000 + n).to_string(), 30_000 + n)).collect();
    let mut serial = 0;
    let mut run = |calls: usize| {
        for _ in 0..calls {
            let pair = serial % usize::from(PAIRS);
            // Each phone registers once before it is called, and again and again.
            if serial < usize::from(PAIRS) || serial.is_multiple_of(REGISTERS) {
                node.register(&callees[pair], serial as u32);
            }
            serial += 1;
            node.call(&callers[pair], &callees[pair], &format!("c{serial:08x}@bench"));
        }
        node.wait(LIFETIMES);
        assert!(node.is_quiet());
        allocations::alive()
    };
    let warm = run(500);
    let done = run(CALLS);
    let (blocks, bytes) = (done.0 - warm.0, done.1 - warm.1);
    assert!(blocks.abs() < CALLS as i64 / 100, "{CALLS} calls left {blocks} blocks");
    assert!(bytes.abs() < CALLS as i64 * 8, "{CALLS} calls left {bytes} bytes");
}

const PAIRS: u16 = 20;
const CALLS: usize = 2_000;
/// Time between two calls, so long that few of them are held for what comes late.
const STEP: Duration = Duration::from_secs(1);
/// Calls between two REGISTERs; not a divisor of the pairs, so that each has its turn.
const REGISTERS: usize = 7;
/// Longer than anything lives that a call leaves on purpose: transactions 32 s, nonces 300 s.
const LIFETIMES: Duration = Duration::from_secs(600);
