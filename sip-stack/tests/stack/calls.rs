//! Calls between two stacks, over good networks and bad.

use std::time::Duration;

use sip_stack::{Event, InviteId, Response, stack::EndCause};

use crate::net::{ALICE, BOB, Net, World, calm, rough, sdp};

/// What both phones of a call saw.
#[derive(Default)]
struct Seen {
    alice: Option<InviteId>,
    bob: Option<InviteId>,
    answered: u32,
    confirmed: u32,
    cancelled: u32,
    failed: Vec<u16>,
    ended: Vec<(usize, EndCause)>,
    offered: Vec<(usize, String)>,
    answers: Vec<(usize, String)>,
    refused: Vec<(usize, u16)>,
    early: Vec<String>,
}

impl Seen {
    fn note(&mut self, side: usize, event: &Event) {
        match event {
            Event::Invite { id, .. } => self.bob = Some(*id),
            Event::Answered { .. } => self.answered += 1,
            Event::Confirmed { .. } => self.confirmed += 1,
            Event::Cancelled { .. } => self.cancelled += 1,
            Event::Failed { status, .. } => self.failed.push(*status),
            Event::Ended { cause, .. } => self.ended.push((side, *cause)),
            Event::Offer { sdp, .. } => self.offered.push((side, text(sdp.as_deref().unwrap_or(b"-")))),
            Event::OfferAnswered { sdp, .. } => self.answers.push((side, text(sdp))),
            Event::OfferRefused { status, .. } => self.refused.push((side, *status)),
            Event::Progress { sdp: Some(sdp), .. } => self.early.push(text(sdp)),
            Event::Progress { .. } | Event::Info { .. } | Event::Request { .. } | Event::Response { .. } => {}
        }
    }
}

fn text(sdp: &[u8]) -> String {
    String::from_utf8_lossy(sdp).into_owned()
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Bob rings and answers at once, and accepts each offer.
fn willing(seen: &mut Seen, world: &mut World, side: usize, event: Event) {
    seen.note(side, &event);
    match event {
        Event::Invite { id, .. } => {
            world.on(BOB, |s, now| s.progress(now, id, Response::new(180)));
            world.on(BOB, |s, now| s.answer(now, id, sdp("answer"), vec![]));
        }
        Event::Offer { id, .. } => world.on(side, |s, now| s.accept(now, id, sdp("accepted"))),
        _ => {}
    }
}

/// SIP-10, RFC 3261 §13, §15
#[test]
fn call_is_answered_and_hung_up() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let alice = world.call(Some("offer"));
    world.run(secs(5), |w, side, event| willing(&mut seen, w, side, event));
    assert_eq!((seen.answered, seen.confirmed), (1, 1), "{}", world.text());
    world.on(ALICE, |s, now| s.bye(now, alice, Some("Q.850;cause=16")));
    world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    assert_eq!(seen.ended, [(BOB, EndCause::Bye)]);
    let lines: Vec<_> = world.ladder.iter().filter(|line| line.contains("->")).map(|l| l[9..].trim()).collect();
    assert_eq!(
        lines,
        [
            "alice -> INVITE sip:bob@192.0.2.2 SIP/2.0",
            "bob -> SIP/2.0 100 Trying",
            "bob -> SIP/2.0 180 Ringing",
            "bob -> SIP/2.0 200 OK",
            &lines[4],
            &lines[5],
            "bob -> SIP/2.0 200 OK",
        ]
    );
    assert!(lines[4].contains("ACK") && lines[5].contains("BYE"));
}
