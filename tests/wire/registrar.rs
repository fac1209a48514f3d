//! REGISTER: digest, replay, order, transports, what survives.

use tests::{
    agent::{Algorithm, Phone, Text, digest::Challenge, link::Over, phone::Manner, unique},
    server::Server,
};

/// A REGISTER composed here, so that any part of it can be wrong.
fn register(phone: &Phone, cseq: u32, expires: u32, credentials: &str) -> Text {
    let (branch, address) = (unique("z9hG4bK"), phone.address());
    let domain = address.split('@').nth(1).unwrap();
    let text = format!(
        "REGISTER sip:{domain} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: <{address}>;tag=x\r\nTo: <{address}>\r\n\
         Call-ID: fixed-{}\r\nCSeq: {cseq} REGISTER\r\nContact: <{}>\r\nExpires: {expires}\r\n{credentials}Content-Length: 0\r\n\r\n",
        phone.via(&branch),
        phone.link().local.port(),
        phone.contact(),
    );
    phone.exchange(&branch, &text)
}

fn challenge(phone: &Phone, cseq: u32) -> Challenge {
    let response = register(phone, cseq, 3600, "");
    assert_eq!(response.status(), Some(401));
    Challenge::of(&response, Algorithm::Md5).unwrap()
}

fn uri(phone: &Phone) -> String {
    format!("sip:{}", phone.address().split('@').nth(1).unwrap())
}

/// SIP-02
#[test]
fn phones_register_over_udp_and_tcp_with_md5_and_sha256() {
    let server = Server::start();
    for over in [Over::Udp, Over::Tcp] {
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            let phone = server.phone_over(0, over, algorithm);
            let ok = phone.register();
            assert!(ok.all("Contact").any(|c| c.contains(&phone.contact())), "{ok:?}");
        }
    }
}

/// SIP-02
#[test]
fn phones_register_over_ipv6() {
    let server = Server::start();
    for over in [Over::Udp, Over::Tcp] {
        let mut account = server.accounts()[1].clone();
        account.domain = "[::1]".into();
        Phone::with(account, server.sip6(), over, Algorithm::Sha256).register();
    }
}

/// SIP-02
#[test]
fn the_challenge_offers_both_algorithms_with_the_stronger_first() {
    let server = Server::start();
    let response = register(&server.phone(0), 1, 3600, "");
    let offered: Vec<_> = response.all("WWW-Authenticate").collect();
    assert!(
        offered.len() == 2 && offered[0].contains("SHA-256") && offered[1].contains("MD5"),
        "{offered:?}"
    );
    assert!(offered.iter().all(|o| o.contains("qop=\"auth\"")), "{offered:?}");
}

/// SIP-02
#[test]
fn a_replayed_digest_is_refused() {
    let server = Server::start();
    let phone = server.phone(0);
    let mut good = challenge(&phone, 1);
    let credentials = phone.credentials(&mut good, "REGISTER", &uri(&phone));
    assert_eq!(register(&phone, 2, 3600, &credentials).status(), Some(200));
    let replayed = register(&phone, 3, 3600, &credentials);
    assert_eq!(replayed.status(), Some(401), "the same nonce count was taken twice");
    // The next count of the same nonce is not a replay.
    let next = phone.credentials(&mut good, "REGISTER", &uri(&phone));
    assert_eq!(register(&phone, 4, 3600, &next).status(), Some(200));
}

/// SIP-02
#[test]
fn a_nonce_that_was_not_issued_is_stale() {
    let server = Server::start();
    let phone = server.phone(0);
    let mut forged = challenge(&phone, 1);
    forged.nonce = forged.nonce.chars().rev().collect();
    let credentials = phone.credentials(&mut forged, "REGISTER", &uri(&phone));
    let refused = register(&phone, 2, 3600, &credentials);
    assert_eq!(refused.status(), Some(401));
    assert!(Challenge::of(&refused, Algorithm::Md5).unwrap().stale, "{refused:?}");
}

/// SIP-02. Whether a user name exists must not be told.
#[test]
fn an_unknown_user_and_a_wrong_password_are_refused_alike() {
    let server = Server::start();
    let mut stranger = server.accounts()[0].clone();
    stranger.user = "nobody".into();
    let mut forgetful = server.accounts()[0].clone();
    forgetful.password = "wrong".into();
    let shape = |account| {
        let refused = Phone::new(account, server.sip()).register_for(3600);
        let names: Vec<_> = refused.headers.iter().map(|(n, _)| n.clone()).collect();
        (refused.start.clone(), names, refused.all("WWW-Authenticate").count())
    };
    assert_eq!(shape(stranger), shape(forgetful));
}

/// SIP-05, RFC 3261 §10.3 step 7
#[test]
fn an_unregister_with_an_older_cseq_changes_nothing() {
    let server = Server::start();
    let [alice] = server.phones();
    let bob = server.phone(1);
    let mut good = challenge(&bob, 10);
    let credentials = bob.credentials(&mut good, "REGISTER", &uri(&bob));
    assert_eq!(register(&bob, 11, 3600, &credentials).status(), Some(200));
    let late = bob.credentials(&mut good, "REGISTER", &uri(&bob));
    register(&bob, 5, 0, &late);
    bob.set_manner(Manner::Answer);
    alice.dial(&server.number(1)).answered().hang_up();
}

/// SIP-05
#[test]
fn an_unregistered_phone_is_not_called() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    assert_eq!(bob.register_for(0).status(), Some(200));
    assert_eq!(alice.dial(&server.number(1)).refused().status(), Some(480));
    assert!(!bob.is_called());
}

/// SIP-05
#[test]
fn too_short_a_registration_is_told_the_least() {
    let server = Server::start();
    let refused = server.phone(0).register_for(5);
    assert_eq!(refused.status(), Some(423));
    assert!(refused.header("Min-Expires").is_some(), "{refused:?}");
}

/// SIP-06
#[test]
fn a_binding_holds_from_its_200_even_if_the_program_is_killed_at_once() {
    let mut server = Server::start();
    let bob = server.phone(1);
    bob.register();
    server.kill();
    server.restart();
    bob.set_manner(Manner::Answer);
    let alice = server.phone(0);
    alice.register();
    alice.dial(&server.number(1)).answered().hang_up();
}

/// SIP-07, RFC 3581
#[test]
fn rport_is_answered_with_the_address_seen() {
    let server = Server::start();
    let phone = server.phone(0);
    let via = phone.register().header("Via").unwrap().to_owned();
    assert!(via.contains(&format!("rport={}", phone.link().local.port())), "{via}");
}
