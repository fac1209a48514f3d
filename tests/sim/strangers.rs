//! Requests of those who are not who they say, or nobody. SIP-08.

use bytes::Bytes;
use sip_stack::Message;
use tests::{State, World, ms, secs};

fn answers(world: &mut World, method: &str, from: &str, extra: &str) -> Vec<Option<u16>> {
    let text = format!(
        "{method} sip:102@example.test SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.9.9:5060;branch=z9hG4bK{method}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@example.test>;tag=1\r\nTo: <sip:102@example.test>\r\n\
         Call-ID: {method}\r\nCSeq: 1 {method}\r\n{extra}Content-Length: 0\r\n\r\n"
    );
    world.mail.clear();
    world.sends_raw("10.0.9.9:5060".parse().unwrap(), Bytes::from(text));
    world.run_for(ms(100));
    let messages = world.mail.iter().map(|d| Message::parse(d.bytes.clone()).expect("SIP"));
    let mine = messages.filter(|m| m.call_id() == method.as_bytes());
    mine.map(|m| m.status()).filter(|s| *s != Some(100)).collect()
}

/// SIP-08
#[test]
fn without_credentials_nothing_but_options_is_answered() {
    let mut world = World::new(9);
    let [_, bob] = world.phones(["101", "102"]);
    for method in ["INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REGISTER"] {
        let extra = if method == "SUBSCRIBE" { "Event: dialog\r\n" } else { "" };
        assert_eq!(answers(&mut world, method, "101", extra).first(), Some(&Some(401)), "{method}");
    }
    assert_eq!(answers(&mut world, "OPTIONS", "anybody", ""), [Some(200)]);
    assert_eq!(world.state(bob), State::Idle);
    assert!(world.store.calls.is_empty());
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-08: the right secret, another's name.
#[test]
fn a_spoofed_from_gets_403() {
    let mut world = World::new(9);
    let [alice, bob] = world.phones(["101", "102"]);
    world.phone(alice).claims = Some("103".into());
    world.dials(alice, "102");
    world.run_for(secs(2));
    assert_eq!((world.state(alice), world.state(bob)), (State::Refused(403), State::Idle));
    world.run_until_idle();
    world.assert_quiet();
    assert!(world.store.calls.is_empty());
}

/// Garbage on the SIP port changes nothing.
#[test]
fn garbage_is_dropped() {
    let mut world = World::new(9);
    let [alice, bob] = world.phones(["101", "102"]);
    for bytes in [&b"\0\0\0\0"[..], b"INVITE", b"SIP/2.0 200 OK\r\n\r\n", &[0xff; 1400]] {
        world.sends_raw("10.0.9.9:5060".parse().unwrap(), Bytes::from(bytes));
    }
    world.dials(alice, "102");
    world.run_for(secs(1));
    assert_eq!(world.state(bob), State::Rings);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}
