//! Calls between two stacks, over good networks and bad.

use std::time::Duration;

use sip_stack::{Event, Flow, InviteId, Response, Transport, stack::EndCause};

use crate::net::{ALICE, BOB, Net, World, calm, outgoing, rough, sdp};

/// What both phones of a call saw.
#[derive(Default)]
struct Seen {
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
            Event::Refer { .. } | Event::Referred { .. } | Event::Notified { .. } => {}
            Event::Subscribe { .. } | Event::NotifyAnswered { .. } => {}
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
    let lines: Vec<_> =
        world.ladder.iter().filter(|line| line.contains("->")).map(|l| l[9..].trim()).collect();
    assert_eq!(
        lines,
        [
            "alice -> INVITE sip:bob@192.0.2.2 SIP/2.0",
            "bob -> SIP/2.0 180 Ringing",
            "bob -> SIP/2.0 200 OK",
            lines[3],
            lines[4],
            "bob -> SIP/2.0 200 OK",
        ]
    );
    assert!(lines[3].contains("ACK") && lines[4].contains("BYE"));
}

/// Two hundred networks, each different.
fn seeds() -> std::ops::Range<u64> {
    0..200
}

/// SIP-10: a call over a bad network is made and ended once, and leaves nothing behind.
#[test]
fn call_survives_a_bad_network() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        world.run(secs(40), |w, side, event| willing(&mut seen, w, side, event));
        if seen.answered == 0 {
            assert_eq!(seen.failed, [408], "seed {seed}\n{}", world.text());
        }
        let who = world.random(0..2) as usize;
        let id = [Some(alice), seen.bob][who];
        if let Some(id) = id {
            world.on(who, |s, now| s.bye(now, id, None));
        }
        world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
        assert!(
            seen.answered <= 1 && seen.confirmed <= 1 && seen.ended.len() <= 1,
            "seed {seed}\n{}",
            world.text()
        );
    }
}

/// SIP-10, RFC 3261 §9: CANCEL against answer at any distance leaves either 487 or BYE, never a call.
#[test]
fn cancel_may_race_with_the_answer() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        let (answer, cancel) = (world.random(0..1500), world.random(0..1500));
        let ring = |seen: &mut Seen, w: &mut World, side: usize, event: Event| {
            seen.note(side, &event);
            if let Event::Invite { id, .. } = event {
                w.on(BOB, |s, now| s.progress(now, id, Response::new(180)));
            }
        };
        let first = answer.min(cancel);
        world.run(Duration::from_millis(first), |w, side, event| ring(&mut seen, w, side, event));
        let answers = |w: &mut World, seen: &Seen| {
            if let Some(bob) = seen.bob {
                w.on(BOB, |s, now| s.answer(now, bob, sdp("answer"), vec![]));
            }
        };
        if answer <= cancel {
            answers(&mut world, &seen);
        } else {
            world.on(ALICE, |s, now| s.cancel(now, alice, Some("SIP;cause=200")));
        }
        world.run(Duration::from_millis(answer.max(cancel) - first), |w, side, event| {
            ring(&mut seen, w, side, event)
        });
        if answer <= cancel {
            // The application gives up, whatever it has heard.
            world.on(ALICE, |s, now| s.bye(now, alice, None));
        } else {
            answers(&mut world, &seen);
        }
        world.run_until_quiet(|w, side, event| ring(&mut seen, w, side, event));
        assert!(seen.cancelled + seen.ended.len() as u32 <= 1, "seed {seed}\n{}", world.text());
    }
}

/// SIP-13, RFC 3261 §9.1: an answer that crosses the CANCEL is acknowledged and ended.
#[test]
fn answer_that_crosses_the_cancel_is_acked_and_byed() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let alice = world.call(Some("offer"));
    world.run(Duration::from_millis(25), |w, side, event| {
        seen.note(side, &event);
        if let Event::Invite { id, .. } = event {
            w.on(BOB, |s, now| s.progress(now, id, Response::new(180)));
        }
    });
    let bob = seen.bob.unwrap();
    world.on(BOB, |s, now| s.answer(now, bob, sdp("answer"), vec![]));
    world.on(ALICE, |s, now| s.cancel(now, alice, None));
    world.run_until_quiet(|_, side, event| seen.note(side, &event));
    assert_eq!((seen.answered, seen.confirmed), (0, 1));
    assert_eq!(seen.ended, [(BOB, EndCause::Bye)], "{}", world.text());
}

/// SIP-10, RFC 3261 §9.2: a cancelled call ends with 487 on both sides.
#[test]
fn cancel_ends_a_ringing_call() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let alice = world.call(Some("offer"));
    let ring = |seen: &mut Seen, w: &mut World, side: usize, event: Event| {
        seen.note(side, &event);
        if let Event::Invite { id, .. } = event {
            w.on(BOB, |s, now| s.progress(now, id, Response::new(180)));
        }
    };
    world.run(secs(3), |w, side, event| ring(&mut seen, w, side, event));
    world.on(ALICE, |s, now| s.cancel(now, alice, Some("SIP;cause=200;text=\"Call completed elsewhere\"")));
    world.run_until_quiet(|w, side, event| ring(&mut seen, w, side, event));
    assert_eq!((seen.cancelled, seen.failed.len()), (1, 0));
    assert!(
        world.text().contains("487 Request Terminated") && world.text().contains("Call completed elsewhere")
    );
}

/// SIP-20, RFC 3261 §14.1: both offer at once; each offer is answered in the end.
#[test]
fn offers_that_collide_are_both_answered() {
    for seed in seeds() {
        let mut world = World::new(seed, Net { loss: 0.05, ..rough() });
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        world.run(secs(20), |w, side, event| willing(&mut seen, w, side, event));
        let (1, 1, Some(bob)) = (seen.answered, seen.confirmed, seen.bob) else {
            panic!("seed {seed}: not up\n{}", world.text());
        };
        world.on(ALICE, |s, now| s.offer(now, alice, sdp("from alice")));
        world.on(BOB, |s, now| s.offer(now, bob, sdp("from bob")));
        world.run(secs(60), |w, side, event| willing(&mut seen, w, side, event));
        if seen.ended.is_empty() {
            let mut answered: Vec<_> = seen.answers.iter().map(|(side, _)| *side).collect();
            answered.sort_unstable();
            assert_eq!(answered, [ALICE, BOB], "seed {seed} {:?}\n{}", seen.refused, world.text());
        }
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    }
}

/// SIP-18, RFC 3262: early media is acknowledged by PRACK before the answer, over any network.
#[test]
fn early_media_is_acknowledged_by_prack() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        let phone = |seen: &mut Seen, w: &mut World, side: usize, event: Event| {
            seen.note(side, &event);
            if let Event::Invite { id, .. } = event {
                let early = Response { body: Some(("application/sdp", sdp("early"))), ..Response::new(183) };
                w.on(BOB, |s, now| s.progress(now, id, early));
                w.on(BOB, |s, now| s.progress(now, id, Response::new(180)));
                w.on(BOB, |s, now| s.answer(now, id, sdp("answer"), vec![]));
            }
        };
        world.run(secs(60), |w, side, event| phone(&mut seen, w, side, event));
        if seen.answered == 1 {
            assert!(seen.early.iter().all(|early| early == "early") && seen.early.len() <= 1);
            assert!(world.text().contains("PRACK"), "seed {seed}\n{}", world.text());
        }
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|w, side, event| phone(&mut seen, w, side, event));
        assert!(seen.ended.len() <= 1, "seed {seed}\n{}", world.text());
    }
}

/// SIP-19, RFC 4028: a long call is refreshed by whoever must, and goes on.
#[test]
fn session_is_refreshed() {
    for seed in seeds() {
        let mut world = World::new(seed, Net { loss: 0.05, ..rough() });
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        world.run(secs(7200), |w, side, event| willing(&mut seen, w, side, event));
        assert_eq!((seen.answered, seen.ended.len()), (1, 0), "seed {seed}\n{}", world.text());
        assert!(world.text().matches("UPDATE").count() >= 7, "seed {seed}\n{}", world.text());
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    }
}

/// SIP-19: a call whose peer vanished ends by itself on the side that is left.
#[test]
fn dead_peer_ends_the_session() {
    for seed in seeds() {
        let mut world = World::new(seed, calm());
        let mut seen = Seen::default();
        world.call(Some("offer"));
        world.run(secs(10), |w, side, event| willing(&mut seen, w, side, event));
        let gone = seed as usize % 2;
        world.net.dead[gone] = true;
        world.run(secs(2000), |w, side, event| willing(&mut seen, w, side, event));
        let left: Vec<_> = seen.ended.iter().filter(|(side, _)| *side != gone).collect();
        assert!(
            matches!(left[..], [(_, EndCause::Dead | EndCause::SessionExpired)]),
            "seed {seed}: {:?}\n{}",
            seen.ended,
            world.text()
        );
        world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    }
}

/// SIP-20: an INVITE without SDP; the offer is in the 2xx, the answer in the ACK.
#[test]
fn delayed_offer_is_answered_in_the_ack() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        let mut confirmed = None;
        let alice = world.call(None);
        world.run(secs(60), |w, side, event| {
            seen.note(side, &event);
            match event {
                Event::Invite { id, offer, .. } => {
                    assert_eq!(offer, None);
                    w.on(BOB, |s, now| s.answer(now, id, sdp("bob offers"), vec![]));
                }
                Event::Answered { id, sdp: offer, .. } => {
                    assert_eq!(offer, Some(sdp("bob offers")));
                    w.on(ALICE, |s, now| s.accept(now, id, sdp("alice answers")));
                }
                Event::Confirmed { answer, .. } => confirmed = Some(answer),
                _ => {}
            }
        });
        if seen.answered == 1 && seen.ended.is_empty() {
            assert_eq!(confirmed, Some(Some(sdp("alice answers"))), "seed {seed}\n{}", world.text());
        }
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|_, side, event| seen.note(side, &event));
    }
}

/// SIP-10, RFC 3261 §13.3.1.4: a 2xx without ACK is repeated for 64*T1, then the session is ended.
#[test]
fn peer_that_hears_no_ack_is_told_bye() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    world.call(Some("offer"));
    world.run(Duration::from_millis(15), |w, side, event| willing(&mut seen, w, side, event));
    world.net.dead[ALICE] = true;
    world.run(secs(40), |w, side, event| willing(&mut seen, w, side, event));
    assert_eq!(seen.ended, [(BOB, EndCause::NoAck)], "{}", world.text());
    world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
}

/// SIP-11, RFC 3261 §18.1.1: a large INVITE goes by TCP, or by UDP where TCP is refused.
#[test]
fn large_invite_goes_by_tcp_or_falls_back() {
    for tcp in [true, false] {
        let mut world = World::new(1, Net { tcp, ..calm() });
        let mut seen = Seen::default();
        let alice = world.call(Some(&"large".repeat(400)));
        world.run(secs(5), |w, side, event| willing(&mut seen, w, side, event));
        assert_eq!((seen.answered, seen.confirmed), (1, 1), "{}", world.text());
        assert!(world.ladder[0].contains("=> INVITE"));
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    }
}

/// SIP-10: an unreachable peer fails the call after 64*T1, a refused transport at once.
#[test]
fn unreachable_peer_fails_the_call() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    world.net.dead[BOB] = true;
    world.call(Some("offer"));
    world.run(Duration::from_millis(31_999), |_, side, event| seen.note(side, &event));
    assert!(seen.failed.is_empty());
    world.run(Duration::from_millis(2), |_, side, event| seen.note(side, &event));
    assert_eq!(seen.failed, [408]);
    world.call(Some("offer"));
    world.on(ALICE, |s, now| s.flow_failed(now, World::flow(ALICE)));
    world.run_until_quiet(|_, side, event| seen.note(side, &event));
    assert_eq!(seen.failed, [408, 503]);
}

/// SIP-10, SIP-20: an offer that cannot be sent is refused; only silence of the peer ends the session.
#[test]
fn offer_over_a_broken_connection_leaves_the_session_as_it_was() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let alice = world.call(Some("offer"));
    world.run(secs(5), |w, side, event| willing(&mut seen, w, side, event));
    world.on(ALICE, |s, now| s.offer(now, alice, sdp("again")));
    world.on(ALICE, |s, now| s.flow_failed(now, World::flow(ALICE)));
    let mut refused = vec![];
    world.run(secs(5), |_, _, event| {
        if let Event::OfferRefused { status, .. } = event {
            refused.push(status);
        }
    });
    assert_eq!((refused, seen.ended.len()), (vec![503], 0));
    world.on(ALICE, |s, now| s.bye(now, alice, None));
    world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    assert_eq!(seen.ended.len(), 1);
}

/// SIP-10: messages that arrive damaged stop no call from ending, and leave nothing behind.
#[test]
fn damaged_messages_leave_nothing_behind() {
    for seed in 0..1000 {
        let mut world = World::new(seed, Net { garble: 0.3, ..rough() });
        let mut seen = Seen::default();
        let alice = world.call(Some("offer"));
        world.run(secs(10), |w, side, event| willing(&mut seen, w, side, event));
        world.on(ALICE, |s, now| s.offer(now, alice, sdp("again")));
        world.run(secs(40), |w, side, event| willing(&mut seen, w, side, event));
        for (side, id) in [(ALICE, Some(alice)), (BOB, seen.bob)] {
            if let Some(id) = id {
                world.on(side, |s, now| s.bye(now, id, None));
            }
        }
        // A damaged number may make a second call; its phone hangs up as well.
        world.run_until_quiet(|w, side, event| {
            if let Event::Invite { id, .. } = event {
                w.on(side, |s, now| s.reject(now, id, Response::new(486)));
            } else if let Event::Request { id, .. } = event {
                w.on(side, |s, now| s.respond(now, id, Response::new(404)));
            }
        });
    }
}

/// SIP-10, RFC 3261 §17: over TCP nothing is sent twice but the 2xx.
#[test]
fn call_over_tcp_sends_nothing_twice() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let mut ask = outgoing(Some("offer"));
    ask.flow.transport = Transport::Tcp;
    let alice = world.on(ALICE, |s, now| s.invite(now, ask));
    world.run(secs(5), |w, side, event| willing(&mut seen, w, side, event));
    world.on(ALICE, |s, now| s.bye(now, alice, None));
    world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    assert_eq!((seen.answered, seen.confirmed, seen.ended.len()), (1, 1, 1));
    assert_eq!(world.ladder.iter().filter(|line| line.contains("=>")).count(), 6, "{}", world.text());
    assert!(!world.text().contains("->"));
}

/// SIP-10: a caller whose connection breaks while it rings has given up.
#[test]
fn caller_whose_connection_breaks_has_given_up() {
    let mut world = World::new(1, calm());
    let mut seen = Seen::default();
    let mut ask = outgoing(Some("offer"));
    ask.flow.transport = Transport::Tcp;
    world.on(ALICE, |s, now| s.invite(now, ask));
    world.run(secs(1), |_, side, event| seen.note(side, &event));
    let flow = Flow { transport: Transport::Tcp, ..World::flow(BOB) };
    world.on(BOB, |s, now| s.flow_failed(now, flow));
    let flow = Flow { transport: Transport::Tcp, ..World::flow(ALICE) };
    world.on(ALICE, |s, now| s.flow_failed(now, flow));
    world.run_until_quiet(|_, side, event| seen.note(side, &event));
    assert_eq!((seen.cancelled, seen.failed), (1, vec![503]));
}

/// SIP-18, SIP-20: an INVITE without SDP whose reliable 183 offers; the answer is in the PRACK.
#[test]
fn offer_in_a_reliable_response_is_answered_by_prack() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        let alice = world.call(None);
        world.run(secs(60), |w, side, event| {
            seen.note(side, &event);
            match event {
                Event::Invite { id, .. } => {
                    let early =
                        Response { body: Some(("application/sdp", sdp("bob offers"))), ..Response::new(183) };
                    w.on(BOB, |s, now| s.progress(now, id, early));
                    w.on(BOB, |s, now| s.answer(now, id, sdp("bob offers"), vec![]));
                }
                Event::Progress { id, sdp: Some(_), .. } => {
                    w.on(ALICE, |s, now| s.accept(now, id, sdp("alice answers")));
                }
                _ => {}
            }
        });
        if seen.answered == 1 && seen.ended.is_empty() {
            assert_eq!(seen.answers, [(BOB, "alice answers".to_owned())], "seed {seed}\n{}", world.text());
        }
        world.on(ALICE, |s, now| s.bye(now, alice, None));
        world.run_until_quiet(|_, side, event| seen.note(side, &event));
    }
}

/// SIP-10: thousands of calls, many at once, leave nothing behind.
#[test]
fn thousands_of_calls_leave_nothing_behind() {
    let mut world = World::new(1, calm());
    world.notes = false;
    let mut seen = Seen::default();
    for _ in 0..200 {
        let calls: Vec<_> = (0..20).map(|_| world.call(Some("offer"))).collect();
        world.run(Duration::from_millis(100), |w, side, event| willing(&mut seen, w, side, event));
        for id in calls {
            world.on(ALICE, |s, now| s.bye(now, id, None));
        }
    }
    world.run_until_quiet(|w, side, event| willing(&mut seen, w, side, event));
    assert_eq!((seen.answered, seen.confirmed, seen.ended.len()), (4000, 4000, 4000));
}

/// SIP-16: busy is told to the caller, over any network, once.
#[test]
fn refusal_reaches_the_caller_once() {
    for seed in seeds() {
        let mut world = World::new(seed, rough());
        let mut seen = Seen::default();
        world.call(Some("offer"));
        world.run_until_quiet(|w, side, event| {
            seen.note(side, &event);
            if let Event::Invite { id, .. } = event {
                w.on(BOB, |s, now| s.reject(now, id, Response::new(486)));
            }
        });
        // Where each of seven INVITEs or its answers was lost, the caller hears nothing.
        assert!(matches!(seen.failed[..], [486 | 408]), "seed {seed}: {:?}\n{}", seen.failed, world.text());
    }
}
