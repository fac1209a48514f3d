//! Phones that know MD5 only and give up at a challenge that names anything else. SIP-02.

use bytes::Bytes;
use sip_stack::{Message, Name};
use tests::{State, World, ms, param};

use crate::registration::{Device, PLAIN, Register};

fn algorithms(challenges: &[String]) -> Vec<String> {
    challenges.iter().filter_map(|c| param(c, "algorithm")).collect()
}

/// Sends an INVITE for 103 and returns the final response, or the last provisional one.
fn invite(world: &mut World, device: &mut Device, cseq: u32, authorization: &str) -> Message {
    let address = device.address;
    let text = format!(
        "INVITE sip:103@example.test SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bKi{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:102@example.test>;tag=i\r\nTo: <sip:103@example.test>\r\n\
         Call-ID: call\r\nCSeq: {cseq} INVITE\r\nContact: <sip:102@{address}>\r\n{authorization}\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
        OFFER.len()
    );
    world.mail.clear();
    world.sends_raw(address, Bytes::from(text));
    world.run_for(ms(200));
    let answers = world.mail.iter().filter_map(|d| Message::parse(d.bytes.clone()).ok());
    let answer = answers.filter(|m| m.status().is_some()).last().expect("an answer");
    if answer.status() == Some(401) {
        device.nonce =
            answer.headers(Name::WwwAuthenticate).map(|v| String::from_utf8_lossy(v).into()).collect();
        let to = String::from_utf8_lossy(answer.header(Name::To).unwrap()).into_owned();
        let ack = format!(
            "ACK sip:103@example.test SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bKi{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:102@example.test>;tag=i\r\nTo: {to}\r\nCall-ID: call\r\n\
             CSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n"
        );
        world.sends_raw(address, Bytes::from(ack));
    }
    answer
}

/// SIP-02: it ignores the first challenge, tries again without credentials, registers, and calls at the first try.
#[test]
fn a_phone_that_ignores_challenges_with_sha_256_registers_and_calls() {
    let mut world = crate::registration::world();
    world.company.add_user("103");
    world.config(|_| {});
    let bob = world.plug_in("103");
    let mut old = Device::new("102", false);
    assert_eq!(old.send(&mut world, &PLAIN, "").status(), Some(401));
    assert_eq!(algorithms(&old.nonce), ["SHA-256", "MD5"], "the best is asked for first");
    let again = Register { cseq: 2, ..PLAIN };
    assert_eq!(old.send(&mut world, &again, "").status(), Some(401));
    assert_eq!(algorithms(&old.nonce), ["MD5"]);
    let authorization = old.authorization();
    let proven = Register { cseq: 3, ..PLAIN };
    assert_eq!(old.send(&mut world, &proven, &authorization).status(), Some(200));

    assert_eq!(invite(&mut world, &mut old, 1, "").status(), Some(401));
    assert_eq!(algorithms(&old.nonce), ["MD5"]);
    let answer = old.credentials.answer(&old.nonce, "INVITE", "sip:103@example.test", 1).unwrap();
    let ringing = invite(&mut world, &mut old, 2, &format!("Authorization: {answer}\r\n"));
    assert_eq!((ringing.status(), world.state(bob)), (Some(180), State::Rings));
    world.hangs_up(bob);
    world.run_for(ms(100));
    assert!(world.record().ended_at.is_some());
}

/// SIP-02: another phone at another address is not concerned.
#[test]
fn what_one_phone_needs_weakens_no_other() {
    let mut world = crate::registration::world();
    world.company.add_user("103");
    world.config(|_| {});
    let mut old = Device::new("102", false);
    old.send(&mut world, &PLAIN, "");
    old.send(&mut world, &Register { cseq: 2, ..PLAIN }, "");
    let authorization = old.authorization();
    assert_eq!(old.send(&mut world, &Register { cseq: 3, ..PLAIN }, &authorization).status(), Some(200));
    let mut new = Device::new("103", true);
    new.address = "10.0.9.10:5060".parse().unwrap();
    let register = Register { call_id: "another", contact: "<sip:103@10.0.9.10:5060>", ..PLAIN };
    assert_eq!(new.send(&mut world, &register, "").status(), Some(401));
    assert_eq!(algorithms(&new.nonce), ["SHA-256", "MD5"]);
}

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.9.9\r\ns=-\r\nc=IN IP4 10.0.9.9\r\nt=0 0\r\n\
                     m=audio 4000 RTP/AVP 0 8\r\n";
