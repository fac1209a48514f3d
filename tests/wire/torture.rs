//! RFC 4475, message by message, at the real ports: what each is answered with, and that the server stays well. The
//! topmost Via is the phone's own, so that the answer comes back; the rest is as the RFC's sections describe it.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use tests::{
    agent::{Phone, phone::Manner, unique},
    patience::PATIENCE,
    server::Server,
};

mod application;
mod invalid;
mod valid;

/// Section and name, what is answered, the message. In it, `{via}` is the phone's Via with a branch of its own (`{bare}` with
/// the cookie alone, `{old}` without any, `{seven}` of SIP/7.0), `{host}` the server, `{length}` that of the body,
/// `{long}` three hundred letters.
struct Case(&'static str, Expect, &'static str);

enum Expect {
    /// This status, and no other final one.
    Answer(u16),
    /// Nothing.
    Silence,
}

impl Case {
    fn compose(&self, phone: &Phone, server: &Server) -> Vec<u8> {
        let via = phone.via(&unique("z9hG4bK"));
        let (plain, _) = via.split_once(";branch").unwrap();
        let text =
            self.2.replace("\n", "\r\n").replace("{via}", &via).replace("{host}", &server.sip().to_string());
        let text = text.replace("{bare}", &phone.via("z9hG4bK")).replace("{old}", plain);
        let text = text.replace("{seven}", &via.replace("SIP/2.0", "SIP/7.0"));
        let length = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        text.replace("{length}", &length.to_string()).replace("{long}", &"really".repeat(50)).into_bytes()
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    valid::CASES.iter().chain(invalid::CASES).chain(application::CASES)
}

/// What the server says to those bytes, as final statuses: everything that comes before the answer to a later request.
fn said_to(phone: &Phone, server: &Server, bytes: &[u8]) -> Vec<u16> {
    let before = phone.log().len();
    phone.link().send(bytes);
    let branch = unique("z9hG4bK");
    let (via, call_id, target) = (phone.via(&branch), unique("c"), format!("sip:{}", server.sip()));
    let probe = format!(
        "OPTIONS {target} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <{target}>;tag=p\r\nTo: <{target}>\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(phone.exchange(&branch, &probe).status(), Some(200));
    let mut answers: Vec<_> = phone.log().split_off(before).into_iter().map(|(_, text)| text).collect();
    answers.retain(|t| t.branch() != branch && t.status().is_some_and(|s| s >= 200));
    // A refused INVITE is refused again until the ACK.
    let mut statuses: Vec<u16> = answers.iter().filter_map(|t| t.status()).collect();
    statuses.dedup();
    statuses
}

/// SIP-10, RFC 4475: each message of the set.
#[test]
fn each_message_of_rfc_4475_is_answered_as_it_should_be() {
    let server = Server::start();
    let mut wrong = vec![];
    for case in cases() {
        let phone = server.phone(0);
        let said = said_to(&phone, &server, &case.compose(&phone, &server));
        let expected = match case.1 {
            Expect::Answer(status) => vec![status],
            Expect::Silence => vec![],
        };
        if said != expected {
            wrong.push(format!("{}: {said:?} instead of {expected:?}\n{}", case.0, phone.ladder()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases().filter(|c| c.0.starts_with("3.")).count(), 49, "the set is whole");
}

fn still_well(server: &mut Server, phones: &[Phone; 2]) {
    assert!(server.is_running(), "the program is gone");
    let [alice, bob] = phones;
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    call.rtp.hears(10);
    call.hang_up();
    server.quiet();
}

/// SIP-10, RFC 4475
#[test]
fn torture_over_udp_leaves_the_server_well() {
    let mut server = Server::start();
    let phones = server.phones();
    for bytes in cases().map(|case| case.compose(&phones[0], &server)) {
        phones[0].link().send(&bytes);
        // Every truncation of it too: whatever a broken network may leave.
        for end in (0..bytes.len()).step_by(97) {
            phones[0].link().send(&bytes[..end]);
        }
    }
    still_well(&mut server, &phones);
}

/// SIP-10, RFC 4475
#[test]
fn torture_over_tcp_leaves_the_server_well() {
    let mut server = Server::start();
    let phones = server.phones();
    for bytes in cases().map(|case| case.compose(&phones[0], &server)) {
        let mut stream = TcpStream::connect(server.sip()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read(&mut [0; 4_096]);
    }
    still_well(&mut server, &phones);
}
