//! Two baresip phones through Dialtone: what one says is what the other hears.

use tests::{
    agent::{Text, phone::Manner},
    audio::{align, voice},
    patience::{PATIENCE, until_true, within},
    server::Server,
};

use crate::baresip::Baresip;

/// Waits until a second of the recording is that voice: players start with silence, and a busy machine cuts sound up.
fn hears(phone: &Baresip, seed: u32) {
    let said = voice(seed);
    let mut seconds = 1;
    let heard = within(PATIENCE, || {
        seconds += 1;
        let recording = phone.heard(seconds * 8_000);
        (align(&said, &recording[(seconds - 1) * 8_000..seconds * 8_000]).1 > 0.95).then_some(())
    });
    assert!(heard.is_some(), "{seconds} s without the voice of {seed}\n{}", phone.log());
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
    hears(&alice, 902);
    hears(&bob, 901);
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

/// SIP-22: baresip transfers; the two who are left hear each other.
#[test]
fn baresip_transfers_its_call() {
    let server = Server::start();
    let [alice, bob, carol] =
        [0, 1, 2].map(|n| Baresip::start(&server.accounts()[n], server.sip(), 901 + n as u32, "PCMU"));
    [&alice, &bob, &carol].into_iter().for_each(Baresip::registered);
    alice.dial(&format!("sip:{}@{}", server.number(1), server.sip()));
    alice.says("Call established");
    hears(&bob, 901);
    alice.tells("transfer", &format!("sip:{}@{}", server.number(2), server.sip()));
    carol.says("Call established");
    hears(&carol, 902);
    bob.is_heard_to_hear(903);
    alice.says("terminated");
}

/// SIP-20, SIP-22: baresip holds by its own command before it transfers; the two who are left hear each other. Who is held has
/// our ears: a baresip that was held takes its recorder out of the way of what it hears and does not put it back.
#[test]
fn baresip_holds_and_transfers_its_call() {
    let server = Server::start();
    let [_, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let [alice, carol] =
        [0, 2].map(|n| Baresip::start(&server.accounts()[n], server.sip(), 901 + n as u32, "PCMU"));
    [&alice, &carol].into_iter().for_each(Baresip::registered);
    alice.dial(&format!("sip:{}@{}", server.number(1), server.sip()));
    alice.says("Call established");
    let held = bob.take_talking().remove(0);
    held.rtp.hears_sound(&voice(901));
    alice.tells("hold", "");
    let offered = |direction: &str| {
        let is = |text: &Text| text.method() == "INVITE" && text.body_text().contains(direction);
        bob.log().iter().any(|(ours, text)| !ours && is(text))
    };
    until_true("the hold", || offered("a=sendonly"));
    alice.tells("transfer", &format!("sip:{}@{}", server.number(2), server.sip()));
    carol.says("Call established");
    held.rtp.hears_sound(&voice(903));
    carol.is_heard_to_hear_sound(&held.rtp.says());
    alice.says("terminated");
    held.hang_up();
}

/// SIP-33: baresip parks by transfer to a slot; another one takes the call by dialling it.
#[test]
fn baresip_parks_and_another_takes_the_call() {
    let server = Server::start();
    let [alice, bob, carol] =
        [0, 1, 2].map(|n| Baresip::start(&server.accounts()[n], server.sip(), 901 + n as u32, "PCMU"));
    [&alice, &bob, &carol].into_iter().for_each(Baresip::registered);
    alice.dial(&format!("sip:{}@{}", server.number(1), server.sip()));
    alice.says("Call established");
    hears(&bob, 901);
    alice.tells("transfer", &format!("sip:702@{}", server.sip()));
    alice.says("terminated");
    carol.dial(&format!("sip:702@{}", server.sip()));
    carol.says("Call established");
    hears(&carol, 902);
    bob.is_heard_to_hear(903);
}
