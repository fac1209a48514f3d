//! A server behind NAT and phones on both sides of it. SIP-07, `--external-address`.

use std::net::SocketAddr;

use tests::{
    agent::{Algorithm, Phone, Text, link::Over, sdp},
    alone,
    server::{Server, Setup},
};

/// The server's own address, a colleague's on the same network, somebody's far away, and what the router shows to them.
const OWN: &str = "10.20.0.5";
const NEAR: &str = "10.20.0.6";
const FAR: &str = "198.51.100.7";
const SHOWN: &str = "203.0.113.9";
/// All but the router's address exist on the one interface of the test's network.
const NETWORK: &str = "for a in 10.20.0.5 10.20.0.6 198.51.100.7; do ip addr add $a/32 dev lo; done";

fn server() -> Server {
    let sip = format!("{OWN}:0");
    let arguments = [
        "--sip",
        &sip,
        "--sip-tls",
        "off",
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
        "--external-address",
        SHOWN,
    ];
    Server::with(Setup { arguments: arguments.map(str::to_owned).into(), ..Setup::default() })
}

/// A registered phone at that address, configured with the address that it knows the server by.
fn phone(server: &Server, position: usize, at: &str, domain: &str, over: Over) -> Phone {
    let mut account = server.accounts()[position].clone();
    account.domain = domain.into();
    let phone = Phone::at(at.parse().unwrap(), account, server.sip(), over, Algorithm::Sha256);
    phone.register();
    phone
}

/// What the router does with a packet from outside to the address that it shows.
fn through_router(shown: SocketAddr) -> SocketAddr {
    assert_eq!(shown.ip().to_string(), SHOWN);
    SocketAddr::new(OWN.parse().unwrap(), shown.port())
}

/// Asserts which address of the server a message shows, in Via, Contact and session description.
fn shows(server: &Server, message: &Text, address: &str) {
    let expected = format!("{address}:{}", server.sip().port());
    if message.status().is_none() {
        let via = message.header("Via").unwrap();
        assert!(via.contains(&format!(" {expected};")), "Via: {via}");
    }
    let contact = message.contact().unwrap();
    assert!(contact.contains(&format!("@{expected}")), "Contact: {contact}");
    let media = sdp::read(message).expect("a session description").at;
    assert_eq!(media.ip().to_string(), address, "{}", message.body_text());
    assert!(message.body_text().lines().any(|l| l.starts_with("o=") && l.ends_with(address)), "o=");
    let other = if address == OWN { SHOWN } else { OWN };
    assert!(!message.print().contains(other), "{other} is shown too:\n{}", message.print());
}

/// SIP-07: each side is told the address under which it reaches the server, whoever calls.
#[test]
fn phones_outside_are_shown_the_external_address_and_those_inside_the_own() {
    alone("outside::phones_outside_are_shown_the_external_address_and_those_inside_the_own", NETWORK, || {
        let server = server();
        let far = phone(&server, 0, FAR, SHOWN, Over::Udp);
        let near = phone(&server, 1, NEAR, OWN, Over::Udp);

        let dialling = far.dial(&server.number(1));
        let incoming = near.incoming();
        shows(&server, &incoming.invite, OWN);
        let by_near = incoming.answer();
        let by_far = dialling.answered();
        shows(&server, &by_far.made_by, SHOWN);
        by_far.rtp.talk_to(by_far.rtp.remote().map(through_router));
        by_far.rtp.hears_voice_of(&by_near.rtp);
        by_near.rtp.hears_voice_of(&by_far.rtp);
        by_far.hang_up();
        by_near.ended();

        let dialling = near.dial(&server.number(0));
        let incoming = far.incoming();
        shows(&server, &incoming.invite, SHOWN);
        let by_far = incoming.answer_unconfirmed();
        by_far.rtp.talk_to(by_far.rtp.remote().map(through_router));
        let by_near = dialling.answered();
        shows(&server, &by_near.made_by, OWN);
        by_far.rtp.hears_voice_of(&by_near.rtp);
        by_near.rtp.hears_voice_of(&by_far.rtp);
        by_near.hang_up();
        by_far.ended();
        server.quiet();
    });
}

/// SIP-07: the same over TCP.
#[test]
fn a_phone_outside_on_tcp_is_shown_the_external_address() {
    alone("outside::a_phone_outside_on_tcp_is_shown_the_external_address", NETWORK, || {
        let server = server();
        let near = phone(&server, 1, NEAR, OWN, Over::Tcp);
        let mut account = server.accounts()[0].clone();
        account.domain = SHOWN.into();
        let far = Phone::at(FAR.parse().unwrap(), account, server.sip(), Over::Tcp, Algorithm::Md5);
        far.register();
        let dialling = near.dial(&server.number(0));
        let incoming = far.incoming();
        shows(&server, &incoming.invite, SHOWN);
        incoming.refuse(486);
        assert_eq!(dialling.refused().status(), Some(486));
    });
}
