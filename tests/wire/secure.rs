//! SIP over TLS and speech by SRTP, with real sockets: phones and trunks. SIP-01, DEV-05, MED-03, SIP-38.

use media::srtp::Suite;
use tests::{
    agent::{Algorithm, Dialling, Phone, Rtp, Srtp, link::Over},
    patience::until_true,
    server::{Server, Setup},
};

/// That starter phone over TLS, registered.
fn over_tls(server: &Server, position: usize) -> Phone {
    let phone = server.phone_over(position, Over::Tls, Algorithm::Sha256);
    phone.register();
    phone
}

/// Calls with an offer that must be encrypted with that cipher.
fn dial_encrypted(phone: &Phone, number: &str, suite: Suite) -> Dialling {
    let rtp = Rtp::open(phone.link().local.ip());
    rtp.encrypt(Srtp::new(suite, true));
    phone.dial_with(number, rtp, "")
}

/// What a starter phone's speech may be.
fn set_srtp(server: &Server, position: usize, srtp: &str) {
    let user = &server.accounts()[position].user;
    server.edit(&format!("UPDATE devices SET srtp = '{srtp}' WHERE username = '{user}'"));
}

/// Why the newest call went as it did.
fn last_trace(server: &Server) -> String {
    server.sql("SELECT trace FROM call_ladders ORDER BY id DESC LIMIT 1")
}

/// What proves that server.
fn certificate(server: &Server) -> String {
    std::fs::read_to_string(server.folder().join("tls.crt")).unwrap().trim().to_owned()
}

/// SIP-01
#[test]
fn phones_register_over_tls_on_both_families() {
    let server = Server::start();
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let phone = server.phone_over(0, Over::Tls, algorithm);
        let ok = phone.register();
        assert!(ok.all("Contact").any(|c| c.contains(&phone.contact())), "{ok:?}");
        assert!(ok.header("Via").unwrap().starts_with("SIP/2.0/TLS "), "{ok:?}");
    }
    let mut account = server.accounts()[1].clone();
    account.domain = "[::1]".into();
    Phone::with(account, server.sip_tls6(), Over::Tls, Algorithm::Sha256).register();
}

/// MED-03, DEV-05: both ways, held and resumed, with another key and cipher; no key is in any log.
#[test]
fn an_encrypted_phone_and_a_plain_one_hear_each_other() {
    let arguments = ["--log", "trace"].map(str::to_owned).into();
    let server = Server::with(Setup { arguments, ..Setup::default() });
    let (alice, bob) = (over_tls(&server, 0), server.phone(1));
    bob.register();
    let dialling = dial_encrypted(&alice, &server.number(1), Suite::Aes128Sha80);
    let incoming = bob.incoming();
    let offer = incoming.invite.body_text();
    assert!(offer.contains("RTP/AVP ") && !offer.contains("a=crypto"), "{offer}");
    let by_bob = incoming.answer();
    let mut by_alice = dialling.answered();
    let contact = by_alice.made_by.contact().unwrap_or_default().to_owned();
    assert!(contact.contains(";transport=tls"), "{contact}");
    let answer = by_alice.made_by.body_text();
    assert!(
        answer.contains("RTP/SAVP ") && answer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80"),
        "{answer}"
    );
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    assert_eq!(by_alice.offer("sendonly").status(), Some(200));
    by_alice.rtp.encrypt(Srtp::new(Suite::Aes256Sha80, true));
    assert_eq!(by_alice.offer("sendrecv").status(), Some(200));
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    assert!(by_alice.rtp.is_encrypted());
    by_alice.hang_up();
    by_bob.ended();

    let dialling = bob.dial(&server.number(0));
    let incoming = alice.incoming();
    let offer = incoming.invite.body_text();
    assert!(offer.contains("RTP/AVP ") && offer.contains("a=crypto:1 "), "{offer}");
    let by_alice = incoming.answer();
    let by_bob = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    assert!(by_alice.rtp.is_encrypted() && !by_bob.rtp.is_encrypted());
    by_bob.hang_up();
    by_alice.ended();
    server.quiet();
    assert!(!server.said().contains("inline:"), "a key is in the log");
}

/// MED-03: each side has its own keys and cipher.
#[test]
fn two_encrypted_phones_hear_each_other() {
    let server = Server::with_packet_io("epoll");
    let (alice, bob) = (over_tls(&server, 0), over_tls(&server, 1));
    set_srtp(&server, 1, "required");
    for suite in [Suite::Aes128Sha32, Suite::Aes256Sha80] {
        let dialling = dial_encrypted(&alice, &server.number(1), suite);
        let incoming = bob.incoming();
        let offer = incoming.invite.body_text();
        assert!(offer.contains("RTP/SAVP ") && !offer.contains("RTP/AVP "), "{offer}");
        let by_bob = incoming.answer();
        let by_alice = dialling.answered();
        by_alice.rtp.hears_voice_of(&by_bob.rtp);
        by_bob.rtp.hears_voice_of(&by_alice.rtp);
        assert!(by_alice.rtp.is_encrypted() && by_bob.rtp.is_encrypted());
        by_alice.hang_up();
        by_bob.ended();
    }
}

/// MED-03: keys are neither taken nor told where others read them, unless the device says so.
#[test]
fn keys_go_over_tls_only() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let refused = dial_encrypted(&alice, &server.number(1), Suite::Aes128Sha80).refused();
    assert_eq!(refused.status(), Some(488));
    let user = &server.accounts()[0].user;
    server.edit(&format!("UPDATE devices SET clear_keys = 1 WHERE username = '{user}'"));
    let dialling = dial_encrypted(&alice, &server.number(1), Suite::Aes128Sha80);
    let by_bob = bob.incoming().answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_alice.hang_up();
    by_bob.ended();
}

/// MED-03: never in clear where that is demanded, neither called nor calling; the record says why.
#[test]
fn a_phone_that_must_be_encrypted_never_talks_in_clear() {
    let server = Server::start();
    let (alice, bob) = (over_tls(&server, 0), server.phone(1));
    bob.register();
    set_srtp(&server, 0, "required");
    let refused = alice.dial(&server.number(1)).refused();
    assert_eq!(refused.status(), Some(488));
    until_true("the record", || last_trace(&server).contains("speech in clear"));
    let dialling = bob.dial(&server.number(0));
    let incoming = alice.incoming();
    let offer = incoming.invite.body_text();
    assert!(offer.contains("RTP/SAVP ") && !offer.contains("RTP/AVP "), "{offer}");
    let by_alice = incoming.answer();
    let mut by_bob = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    assert_eq!(by_bob.offer("sendonly").status(), Some(200));
    let described = alice.log().into_iter().filter(|(ours, _)| !ours).map(|(_, text)| text);
    let plain = described.filter(|text| text.body_text().contains("RTP/AVP "));
    assert_eq!(plain.count(), 0, "offered in clear");
    by_bob.hang_up();
    by_alice.ended();
    // Without TLS it cannot be called at all.
    set_srtp(&server, 1, "required");
    let dialling = dial_encrypted(&alice, &server.number(1), Suite::Aes128Sha80);
    assert!(dialling.refused().status() >= Some(400));
    assert!(!bob.is_called());
    until_true("the record", || last_trace(&server).contains("its keys need SIP over TLS"));
}

/// SIP-38: a trunk to another system over TLS: it registers, proves who it is, and its speech is encrypted.
#[test]
fn a_trunk_over_tls_brings_encrypted_calls_of_the_server_it_trusts() {
    let (ours, carrier) = (Server::start(), Server::start());
    let [alice] = ours.phones();
    let bob = carrier.phone(1);
    bob.register();
    let number = "+12025550100";
    let line = &carrier.accounts()[0];
    carrier.edit(&format!(
        "UPDATE devices SET username = '{number}', secret = 'plain:{}', srtp = 'required' WHERE username = '{}'",
        line.password, line.user
    ));
    ours.edit(&format!(
        "INSERT INTO numbers (tenant_id, number, user_id) VALUES (1, '{number}', {})",
        ours.user(0)
    ));
    let stranger = certificate(&ours);
    ours.edit(&format!(
        "INSERT INTO trunks (tenant_id, name, kind, host, port, transport, domain, username, secret, trust, certificate, srtp) \
         VALUES (1, 'Carrier', 'register', '127.0.0.1', {}, 'tls', '127.0.0.1', '{number}', 'plain:{}', 'certificate', \
         '{stranger}', 'required')",
        carrier.sip_tls().port(),
        line.password
    ));
    until_true("the trunk is down", || ours.metric("dialtone_trunks_down") > 0.0);
    assert_eq!(carrier.sql("SELECT count(*) FROM bindings WHERE contact LIKE '%trunk=%'"), "0");
    ours.edit(&format!("UPDATE trunks SET certificate = '{}'", certificate(&carrier)));
    until_true("the trunk is up", || ours.metric("dialtone_trunks_up") > 0.0);
    let dialling = bob.dial(&carrier.number(0));
    let by_alice = alice.incoming().answer();
    let by_bob = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_bob.hang_up();
    by_alice.ended();
}

/// SIP-38, MED-03: a call out by a trunk over TLS, encrypted beyond it and in clear to the phone; the record keeps of each leg
/// what was encrypted.
#[test]
fn a_call_goes_out_encrypted_by_a_trunk_over_tls_and_the_record_says_so() {
    let (ours, carrier) = (Server::start(), Server::start());
    let [alice] = ours.phones();
    let bob = carrier.phone(1);
    bob.register();
    let (number, theirs) = ("+12025550100", "+12025550199");
    let line = &carrier.accounts()[0];
    carrier.edit(&format!(
        "UPDATE devices SET username = '{number}', secret = 'plain:{}', srtp = 'required' WHERE username = '{}'",
        line.password, line.user
    ));
    // There the number called is one of the carrier's own people.
    carrier.edit(&format!(
        "INSERT INTO numbers (tenant_id, number, user_id) VALUES (1, '{theirs}', {})",
        carrier.user(1)
    ));
    carrier.edit("UPDATE call_limits SET own_numbers_inside = 1");
    ours.edit(&format!(
        "INSERT INTO numbers (tenant_id, number, user_id) VALUES (1, '{number}', {})",
        ours.user(0)
    ));
    ours.edit(&format!(
        "INSERT INTO trunks (tenant_id, name, kind, host, port, transport, domain, username, secret, trust, certificate, srtp) \
         VALUES (1, 'Carrier', 'register', '127.0.0.1', {}, 'tls', '127.0.0.1', '{number}', 'plain:{}', 'certificate', '{}', \
         'required')",
        carrier.sip_tls().port(),
        line.password,
        certificate(&carrier)
    ));
    until_true("the trunk is up", || ours.metric("dialtone_trunks_up") > 0.0);
    let dialling = alice.dial(theirs);
    let by_bob = bob.incoming().answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
    let clear = "\"encrypted\":{\"signalling\":false,\"speech\":null}";
    let sealed = "\"encrypted\":{\"signalling\":true,\"speech\":\"AE";
    until_true("both legs are in the record", || {
        let legs = ours.sql("SELECT legs FROM call_ladders ORDER BY id DESC LIMIT 1");
        legs.contains(clear) && legs.contains(sealed)
    });
}
