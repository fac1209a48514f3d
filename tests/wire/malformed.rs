//! Malformed SIP and SDP: a precise answer, a counter, nothing else.

use tests::{
    agent::{Phone, Rtp, Text, link::Over, phone::Manner, unique},
    server::Server,
};

/// Sends bytes with a good Via and returns the answer to them.
fn send(phone: &Phone, text: &str, branch: &str) -> Text {
    phone.exchange(branch, text)
}

/// Malformed SIP: 400 with a reason phrase that says what is wrong.
#[test]
fn a_malformed_request_is_refused_with_400_and_a_reason_that_helps() {
    let server = Server::start();
    let phone = server.phone(0);
    let broken = [
        (
            "no CSeq",
            "OPTIONS sip:x SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: {id}\r\n\r\n",
            "CSeq",
        ),
        (
            "no Call-ID",
            "OPTIONS sip:x SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCSeq: 1 OPTIONS\r\n\r\n",
            "Call-ID",
        ),
        (
            "an unreadable From",
            "OPTIONS sip:x SIP/2.0\r\nVia: {via}\r\nFrom: <<<>\r\nTo: <sip:x>\r\nCall-ID: {id}\r\nCSeq: 1 OPTIONS\r\n\r\n",
            "From",
        ),
    ];
    for (what, text, word) in broken {
        let branch = unique("z9hG4bK");
        let text = text.replace("{via}", &phone.via(&branch)).replace("{id}", &unique("c"));
        let answer = send(&phone, &text, &branch);
        assert_eq!(answer.status(), Some(400), "{what}");
        assert!(answer.reason().contains(word), "{what}: {}", answer.reason());
    }
    assert!(server.is_healthy());
}

/// RFC 3261 §8.2.3, RFC 3264 §6: an offer nobody can read, or nobody can take.
#[test]
fn an_unusable_offer_is_refused_with_488_or_400_and_a_warning() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let offers = [
        "this is not a session description\r\n",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 99999999 RTP/AVP 0\r\n",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=image 5000 udptl t38\r\n",
    ];
    for offer in offers {
        let refused =
            alice.dial_offering(&server.number(1), Rtp::open(alice.link().local.ip()), offer).refused();
        assert!(matches!(refused.status(), Some(400 | 488)), "{offer}\n{refused:?}");
        assert!(refused.header("Warning").is_some(), "{refused:?}");
    }
    assert!(!bob.is_called());
    bob.set_manner(Manner::Answer);
    alice.dial(&server.number(1)).answered().hang_up();
}

/// Every fault leaves a count for whoever watches.
#[test]
fn malformed_messages_are_counted() {
    let server = Server::start();
    let phone = server.phone(0);
    let before = server.metrics_matching("malformed");
    for _ in 0..5 {
        phone.link().send(b"garbage garbage garbage\r\n\r\n");
    }
    tests::patience::until_true("the count of malformed messages", || {
        server.metrics_matching("malformed") > before
    });
}

/// SIP-11: what real devices send is not malformed.
#[test]
fn folded_compact_and_unknown_headers_are_read() {
    let server = Server::start();
    for over in [Over::Udp, Over::Tcp] {
        let phone = server.phone_over(0, over, tests::agent::Algorithm::Md5);
        let branch = unique("z9hG4bK");
        let text = format!(
            "OPTIONS sip:{} SIP/2.0\r\nv: {}\r\nmax-forwards: 70\r\nf:\r\n \"Folded,\r\n\t Name\" <{}>;tag=1\r\nt: <sip:{}>\r\n\
             i: {}\r\nCSeq:\t 1   OPTIONS\r\nX-Unknown: \u{fffd}\u{1f4de} \r\nk: path,outbound\r\nl: 0\r\n\r\n",
            server.sip(),
            phone.via(&branch),
            phone.address(),
            server.sip(),
            unique("c")
        );
        assert_eq!(send(&phone, &text, &branch).status(), Some(200));
    }
}

/// A request in pieces and two in one segment (RFC 3261 §18.3).
#[test]
fn a_stream_is_cut_where_messages_end() {
    let server = Server::start();
    let phone = server.phone_over(0, Over::Tcp, tests::agent::Algorithm::Md5);
    let compose = |branch: &str| {
        format!(
            "OPTIONS sip:{} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: <{}>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: {branch}\r\n\
             CSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nbody",
            server.sip(),
            phone.via(branch),
            phone.address()
        )
    };
    let (first, second) = (unique("z9hG4bK"), unique("z9hG4bK"));
    let both = format!("\r\n\r\n{}{}", compose(&first), compose(&second));
    for piece in both.as_bytes().chunks(7) {
        phone.link().send(piece);
    }
    for branch in [first, second] {
        phone.take("answer", |t| t.branch() == branch && t.status() == Some(200));
    }
}
