//! What SIP costs a switch: reading and writing a message, a registration with digest, a whole call on two legs.
//!
//! To be run under an instruction counter, which gives the same figures on every machine. It counts what the switch
//! does and leaves out the phones:
//! `valgrind --tool=callgrind --toggle-collect='*measured_*' --callgrind-out-file=cost.out
//! target/release/examples/message_cost call`, then `callgrind_annotate --inclusive=yes cost.out`. Instead of `call` also
//! `register`, `read`. The program prints by what the figures are to be divided, and the allocations of one turn.
#![expect(clippy::print_stdout, reason = "a measurement tells its figures")]

mod allocations;
mod phone;
mod switch;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sip_stack::Message;
use switch::Switch;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("read") => read(),
        Some("register") => turns("registrations", register),
        _ => turns("calls", call),
    }
}

fn read() {
    let before = allocations::count();
    for _ in 0..TURNS {
        measured_read(Bytes::from_static(phone::INVITE));
    }
    let allocations = (allocations::count() - before) as f64 / TURNS as f64;
    println!("{TURNS} INVITEs of {} bytes read, {allocations:.1} allocations each", phone::INVITE.len());
}

#[inline(never)]
fn measured_read(bytes: Bytes) {
    black_box(Message::parse(bytes).is_ok());
}

fn turns(what: &str, turn: fn(&mut Switch, usize)) {
    let mut switch = Switch::new(Instant::now());
    // The first ones fill tables that stay.
    for number in 0..TURNS {
        turn(&mut switch, number);
        switch.wait(Duration::from_millis(50));
    }
    let (sent, received) = (switch.sent, switch.received);
    let per_turn = |count: usize| count as f64 / TURNS as f64;
    println!(
        "{TURNS} {what}; each {} messages received, {} sent, {:.1} allocations",
        per_turn(received),
        per_turn(sent),
        per_turn(switch.allocations)
    );
    switch.wait(Duration::from_secs(4000));
    assert!(switch.is_quiet());
}

fn register(switch: &mut Switch, number: usize) {
    let challenge = switch.take(phone::register(number, 1, None));
    let answer = switch.take(phone::register(number, 2, Some(&challenge[0])));
    assert_eq!(answer[0].status(), Some(200));
}

fn call(switch: &mut Switch, number: usize) {
    let sent = switch.take(phone::invite(number, 1, None));
    let challenge =
        sent.iter().find(|message| message.status() == Some(401)).expect("the call is challenged");
    switch.take(phone::ack_of_failure(number, challenge));
    let sent = switch.take(phone::invite(number, 2, Some(challenge)));
    let out = sent.iter().find(|message| message.is_request()).expect("the other leg begins").clone();
    switch.take(phone::answer(&out, "180 Ringing", &[]));
    let sent = switch.take(phone::answer(&out, "200 OK", phone::SDP));
    let answer =
        sent.iter().find(|message| message.status() == Some(200)).expect("the caller is answered").clone();
    switch.take(phone::within(number, &answer, ("ACK", 2)));
    let sent = switch.take(phone::within(number, &answer, ("BYE", 3)));
    let bye = sent.iter().find(|message| message.is_request()).expect("the other leg ends");
    switch.take(phone::answer(bye, "200 OK", &[]));
}

const TURNS: usize = 200;
