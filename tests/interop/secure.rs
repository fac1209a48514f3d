//! Another implementation's TLS and SRTP: baresip with libre and libsrtp. MED-03, DEV-05.

use tests::{agent::phone::Manner, audio::voice, patience::until_true, server::Server};

use crate::baresip::Baresip;

/// MED-03, DEV-05
#[test]
fn baresip_over_tls_and_srtp_and_a_plain_phone_hear_each_other() {
    let server = Server::start();
    let bob = server.phone(1);
    bob.register();
    bob.set_manner(Manner::Answer);
    let user = &server.accounts()[0].user;
    server.edit(&format!("UPDATE devices SET srtp = 'required' WHERE username = '{user}'"));
    let mut alice = Baresip::start_secure(&server.accounts()[0], server.sip_tls(), 911, "srtp-mand");
    alice.registered();
    alice.dial(&format!("sip:{}@{};transport=tls", server.number(1), server.sip_tls()));
    until_true("a call", || bob.talking() == 1);
    let talking = bob.take_talking().remove(0);
    talking.rtp.hears_sound(&voice(911));
    let seed = talking.rtp.says();
    let heard = alice.heard(16_000);
    assert!(tests::audio::align(&seed, &heard[8_000..]).1 > 0.95, "{}", alice.log());
    alice.quit();
}

/// MED-03: called, with keys that both sides made.
#[test]
fn two_baresip_phones_over_tls_and_srtp_hear_each_other() {
    let server = Server::start();
    let mut alice = Baresip::start_secure(&server.accounts()[0], server.sip_tls(), 921, "srtp-mand");
    let mut bob = Baresip::start_secure(&server.accounts()[1], server.sip_tls(), 922, "srtp");
    bob.registered();
    alice.registered();
    alice.dial(&format!("sip:{}@{};transport=tls", server.number(1), server.sip_tls()));
    alice.says("Call established");
    alice.is_heard_to_hear(922);
    bob.is_heard_to_hear(921);
    alice.quit();
    bob.quit();
}
