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
    let (callers, callees) = phones();
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

/// What a call holds while it is up, and what is left of it for those who ask again. Memory of the kernel comes on top.
#[test]
fn a_call_holds_no_more_than_its_share() {
    let mut node = Node::new(2 * PAIRS, Duration::from_millis(50));
    let (callers, callees) = phones();
    let name = |n: usize| format!("c{n:08x}@bench");
    let run = |node: &mut Node| {
        let before = allocations::alive().1;
        let pairs = || callers.iter().zip(&callees).enumerate();
        let up: Vec<_> = pairs().map(|(n, (caller, callee))| node.begin(caller, callee, &name(n))).collect();
        let during = allocations::alive().1;
        pairs().zip(&up).for_each(|((n, (a, b)), answer)| node.end(a, b, &name(n), answer));
        drop(up);
        let after = allocations::alive().1;
        node.wait(LIFETIMES);
        [during, after].map(|held| (held - before) / i64::from(PAIRS))
    };
    callees.iter().for_each(|phone| node.register(phone, 0));
    // The first calls make room for others.
    run(&mut node);
    let [up, ended] = run(&mut node);
    assert!(up < 18 << 10, "a call that is up holds {up} bytes");
    assert!(ended < 4 << 10, "a call that ended holds {ended} bytes");
}

fn phones() -> (Vec<Phone>, Vec<Phone>) {
    let phones =
        |number: u16, port: u16| (0..PAIRS).map(move |n| Phone::new(&(number + n).to_string(), port + n));
    (phones(2000, 10_000).collect(), phones(4000, 30_000).collect())
}

const PAIRS: u16 = 20;
const CALLS: usize = 2_000;
/// Time between two calls, so long that few of them are held for what comes late.
const STEP: Duration = Duration::from_secs(1);
/// Calls between two REGISTERs; not a divisor of the pairs, so that each has its turn.
const REGISTERS: usize = 7;
/// Longer than anything lives that a call leaves on purpose: transactions 32 s, nonces 300 s.
const LIFETIMES: Duration = Duration::from_secs(600);
