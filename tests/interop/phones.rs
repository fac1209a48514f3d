//! Two baresip phones through Dialtone: what one says is what the other hears.

use tests::{
    agent::phone::Manner,
    audio::{align, voice},
    server::Server,
};

use crate::baresip::Baresip;

/// The best fit of any second of the recording with that voice: players start with silence.
fn likeness(heard: &[i16], seed: u32) -> f32 {
    let said = voice(seed);
    heard.chunks_exact(8_000).skip(1).map(|second| align(&said, second).1).fold(-1.0, f32::max)
}

fn call_between(packet_io: &'static str, caller_codec: &str, callee_codec: &str) {
    let server = Server::with_packet_io(packet_io);
    let (caller, callee) = (&server.accounts()[0], &server.accounts()[1]);
    let mut bob = Baresip::start(callee, server.sip(), 902, callee_codec);
    let mut alice = Baresip::start(caller, server.sip(), 901, caller_codec);
    bob.registered();
    alice.registered();
    alice.dial(&format!("sip:{}@{}", server.number(1), server.sip()));
    alice.says("Call established");
    let (by_alice, by_bob) = (alice.heard(32_000), bob.heard(32_000));
    assert!(likeness(&by_alice, 902) > 0.95, "alice heard {}\n{}", likeness(&by_alice, 902), alice.log());
    assert!(likeness(&by_bob, 901) > 0.95, "bob heard {}\n{}", likeness(&by_bob, 901), bob.log());
    alice.quit();
    bob.says("terminated");
    bob.quit();
}

/// MED-02
#[test]
fn two_baresip_phones_hear_each_other_over_io_uring() {
    call_between("io-uring", "PCMU", "PCMU");
}

/// MED-02
#[test]
fn two_baresip_phones_hear_each_other_over_epoll() {
    call_between("epoll", "PCMU", "PCMU");
}

/// MED-02
#[test]
fn baresip_phones_without_a_common_codec_hear_each_other() {
    call_between("io-uring", "PCMA", "PCMU");
}

/// SIP-16
#[test]
fn baresip_is_told_that_the_other_phone_is_busy() {
    let server = Server::start();
    let [_, bob] = server.phones();
    bob.set_manner(Manner::Refuse(486));
    let alice = Baresip::start(&server.accounts()[0], server.sip(), 901, "PCMU");
    alice.registered();
    alice.dial(&format!("sip:{}@{}", server.number(1), server.sip()));
    alice.says("486");
}
