//! What a REGISTER and a call cost the engine alone: time, allocations, and under callgrind instructions.
//!
//! ```text
//! cargo run --release -p pbx-core --example call_cost [count] [call|group|register]
//! valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*measured*' \
//!     target/release/examples/call_cost 300 call
//! ```
//!
//! A call is challenged, rings, is answered, and is hung up by the caller: eight messages in, twelve out. The same
//! engine as in the program, driven by its bytes; network, disk and media workers cost nothing here.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod allocations;
mod company;
mod node;
mod phones;

use std::time::Duration;

use node::Node;
use phones::Phone;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() {
    let calls = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3_000);
    let only = std::env::args().nth(2).unwrap_or_default();
    let mut node = Node::new(2 * PAIRS, STEP);
    let callers: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(2000 + n).to_string(), 10_000 + n)).collect();
    let callees: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(4000 + n).to_string(), 30_000 + n)).collect();
    callees.iter().for_each(|phone| node.register(phone, 0));
    let mut serial = 0;
    let mut some_calls = |node: &mut Node, count: usize| {
        for _ in 0..count {
            serial += 1;
            let pair = serial % usize::from(PAIRS);
            node.call(&callers[pair], &callees[pair], &format!("c{serial:x}@bench"));
        }
    };
    // Transactions live for 32 s: then as many end as begin.
    some_calls(&mut node, 700);
    if only.is_empty() || only == "call" {
        let spent = node.measure(|node| some_calls(node, calls));
        println!("call      {}", spent.per(calls));
        println!("call      {}", held(&mut node, &callers, &callees));
    }

    if only.is_empty() || only == "group" {
        let (group, members) = (Phone::new(company::GROUP, 0), &callees[..usize::from(company::MEMBERS)]);
        let mut serial = 0;
        let mut some = |node: &mut Node, count: usize| {
            for _ in 0..count {
                serial += 1;
                let caller = &callers[serial % usize::from(PAIRS)];
                node.call_group(caller, &group, members, &format!("g{serial:x}@bench"));
            }
        };
        some(&mut node, 100);
        let spent = node.measure(|node| some(node, calls / 10));
        println!("group     {} ({} phones ring)", spent.per(calls / 10), company::MEMBERS);
    }

    let mut registers = 0;
    let mut some_registers = |node: &mut Node, count: usize| {
        for _ in 0..count {
            registers += 1;
            node.register(&callees[registers % usize::from(PAIRS)], registers as u32);
        }
    };
    some_registers(&mut node, 700);
    if only.is_empty() || only == "register" {
        let spent = node.measure(|node| some_registers(node, calls));
        println!("REGISTER  {} (challenged: two messages in, two out)", spent.per(calls));
    }
}

/// What calls hold: those that are up, and those that ended a moment ago.
fn held(node: &mut Node, callers: &[Phone], callees: &[Phone]) -> String {
    node.wait(LONG_AGO);
    let before = allocations::alive();
    let pairs = || callers.iter().zip(callees).enumerate();
    let name = |pair: usize| format!("h{pair:x}@bench");
    let up: Vec<_> = pairs().map(|(n, (caller, callee))| node.begin(caller, callee, &name(n))).collect();
    let during = allocations::alive();
    pairs().zip(&up).for_each(|((n, (caller, callee)), answer)| node.end(caller, callee, &name(n), answer));
    drop(up);
    let after = allocations::alive();
    let each = |held: (i64, i64)| {
        let count = callers.len() as i64;
        format!("{} bytes in {} blocks", (held.1 - before.1) / count, (held.0 - before.0) / count)
    };
    format!("up: {}; just ended: {}", each(during), each(after))
}

/// Pairs of caller and callee.
const PAIRS: u16 = 200;
/// Longer than what is left of a call lives.
const LONG_AGO: Duration = Duration::from_secs(600);
/// Time between two calls.
const STEP: Duration = Duration::from_millis(50);
