//! Requests that RFC 3261 says must be refused, each with its status.

use tests::{
    agent::{Account, Algorithm, Phone, Text, digest::Challenge, unique},
    server::Server,
};

/// A request composed here; `extra` are whole header lines.
fn ask(phone: &Phone, method: &str, target: &str, forwards: u32, extra: &str) -> Text {
    let (branch, tag) = (unique("z9hG4bK"), unique("t"));
    let text = format!(
        "{method} {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: {forwards}\r\nFrom: <{}>;tag={tag}\r\nTo: <{target}>\r\n\
         Call-ID: {}\r\nCSeq: 1 {method}\r\nContact: <{}>\r\n{extra}Content-Length: 0\r\n\r\n",
        phone.via(&branch),
        phone.address(),
        unique("c"),
        phone.contact(),
    );
    phone.exchange(&branch, &text)
}

fn target(server: &Server) -> String {
    format!("sip:{}@{}", server.number(1), server.sip().ip())
}

/// SIP-10, RFC 3261 §16.3 step 3
#[test]
fn max_forwards_0_is_refused_with_483() {
    let server = Server::start();
    let phone = server.phone(0);
    assert_eq!(ask(&phone, "INVITE", &target(&server), 0, "").status(), Some(483));
    assert_eq!(ask(&phone, "MESSAGE", &target(&server), 0, "").status(), Some(483));
}

/// RFC 3261 §8.2.2.3
#[test]
fn an_unknown_require_is_refused_with_420_that_names_it() {
    let server = Server::start();
    let refused = ask(&server.phone(0), "INVITE", &target(&server), 70, "Require: nothingSupportsThis\r\n");
    assert_eq!(refused.status(), Some(420));
    assert!(refused.header("Unsupported").is_some_and(|v| v.contains("nothingSupportsThis")), "{refused:?}");
}

/// RFC 3261 §12.2.2
#[test]
fn requests_within_a_dialog_that_does_not_exist_are_refused_with_481() {
    let server = Server::start();
    let phone = server.phone(0);
    for method in ["INVITE", "BYE", "UPDATE", "INFO"] {
        let (branch, target) = (unique("z9hG4bK"), target(&server));
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: <{}>;tag=a\r\nTo: <{target}>;tag=never\r\n\
             Call-ID: {}\r\nCSeq: 7 {method}\r\nContact: <{}>\r\nContent-Length: 0\r\n\r\n",
            phone.via(&branch),
            phone.address(),
            unique("c"),
            phone.contact(),
        );
        assert_eq!(phone.exchange(&branch, &text).status(), Some(481), "{method}");
    }
}

/// SIP-10, RFC 3261 §8.2.2.2: the same request by two ways is one request.
#[test]
fn a_merged_request_is_refused_with_482() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let challenge = ask(&alice, "INVITE", &target(&server), 70, "");
    let mut challenge = Challenge::of(&challenge, Algorithm::Md5).unwrap();
    let (call_id, credentials) = (unique("c"), alice.credentials(&mut challenge, "INVITE", &target(&server)));
    let compose = |branch: &str| {
        let target = target(&server);
        format!(
            "INVITE {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: <{}>;tag=one\r\nTo: <{target}>\r\n\
             Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <{}>\r\n{credentials}Content-Length: 0\r\n\r\n",
            alice.via(branch),
            alice.address(),
            alice.contact()
        )
    };
    let (first, second) = (unique("z9hG4bK"), unique("z9hG4bK"));
    alice.say(&compose(&first));
    let ringing = bob.incoming().ring();
    assert_eq!(alice.exchange(&second, &compose(&second)).status(), Some(482));
    ringing.refuse(486);
    alice.take("refusal of the first", |t| t.branch() == first && t.status() >= Some(300));
}

/// SIP-08
#[test]
fn a_from_that_is_not_the_devices_own_is_refused_with_403() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let mut mask = server.accounts()[0].clone();
    let right = Phone::new(mask.clone(), server.sip());
    mask.user = server.accounts()[1].user.clone();
    // Says it is the second phone, but signs as the first.
    let liar = Phone::new(mask, server.sip());
    let challenge = ask(&liar, "INVITE", &target(&server), 70, "");
    let mut challenge = Challenge::of(&challenge, Algorithm::Md5).unwrap();
    let credentials = right.credentials(&mut challenge, "INVITE", &target(&server));
    assert_eq!(ask(&liar, "INVITE", &target(&server), 70, &credentials).status(), Some(403));
    assert!(!bob.is_called());
    drop(alice);
}

/// SIP-08
#[test]
fn a_stranger_cannot_call_whatever_number_he_tries() {
    let server = Server::start();
    let [bob] = [server.phone(1)];
    bob.register();
    let account = Account {
        extension: "x".into(),
        user: "stranger".into(),
        password: "x".into(),
        domain: "127.0.0.1".into(),
    };
    let stranger = Phone::new(account, server.sip());
    let shape = |number: &str| {
        let refused = stranger.dial(number).refused();
        (refused.status(), refused.headers.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>())
    };
    let (known, unknown) = (shape(&server.number(1)), shape("98765"));
    assert_eq!(known, unknown, "whether a number exists is told to a stranger");
    assert!(matches!(known.0, Some(401 | 403)));
    assert!(!bob.is_called());
}

/// RFC 3261 §11
#[test]
fn options_is_answered() {
    let server = Server::start();
    let answer = ask(&server.phone(0), "OPTIONS", &format!("sip:{}", server.sip()), 70, "");
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert!(answer.header("Allow").is_some_and(|a| a.contains("INVITE")));
}

/// RFC 3261 §8.2.1
#[test]
fn an_unknown_method_is_refused_with_405_and_what_is_allowed() {
    let server = Server::start();
    let refused = ask(&server.phone(0), "JUGGLE", &target(&server), 70, "");
    assert!(matches!(refused.status(), Some(405 | 501)), "{refused:?}");
    assert!(refused.header("Allow").is_some());
}

/// RFC 3261 §8.2.3, RFC 4475 §3.3.6: what is not understood is named, whoever signed it.
#[test]
fn a_body_of_an_unknown_kind_is_refused_with_415_and_what_is_accepted() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let target = target(&server);
    let headers = format!("Contact: <{}>\r\nContent-Type: application/unknownformat\r\n", alice.contact());
    let refused =
        alice.ask("INVITE", &target, &target, &headers, "<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n");
    assert_eq!(refused.status(), Some(415), "{refused:?}");
    assert!(refused.header("Accept").is_some_and(|a| a.contains("application/sdp")), "{refused:?}");
    assert!(!bob.is_called());
}

/// RFC 3261 §10.3 step 5, RFC 4475 §3.3.4: a REGISTER for what is no address of record here.
#[test]
fn a_registration_of_a_foreign_address_is_refused() {
    let server = Server::start();
    let alice = server.phone(0);
    let contact = format!("Contact: <{}>\r\n", alice.contact());
    let domain = format!("sip:{}", server.sip().ip());
    for to in ["isbn:2983792873".to_owned(), server.phone(1).address()] {
        let refused = alice.ask("REGISTER", &domain, &to, &contact, "");
        assert!(matches!(refused.status(), Some(400 | 403 | 404)), "{to}: {}", refused.start);
    }
    assert_eq!(server.sql("SELECT count(*) FROM bindings"), "0");
}
