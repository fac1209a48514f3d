//! Two readers, one meaning: where rsip reads a message too, its typed headers say what ours say.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use proptest::prelude::*;
use rsip::{
    headers::{ToTypedHeader, UntypedHeader, untyped},
    prelude::HeadersExt,
};
use sip_stack::{Message, Name, uri::Uri};

/// Compares what both read. Gives whether rsip read it at all.
fn compare(text: &str) -> bool {
    let Ok(theirs) = rsip::Request::try_from(text.as_bytes()) else { return false };
    let ours = Message::parse(Bytes::from(text.to_owned())).unwrap();
    assert_eq!(ours.method_token(), theirs.method.to_string());
    assert_eq!(ours.call_id(), theirs.call_id_header().unwrap().value().as_bytes());
    assert_eq!(&ours.body()[..], theirs.body());

    let cseq = theirs.cseq_header().unwrap().typed().unwrap();
    assert_eq!((ours.cseq(), ours.method_token()), (cseq.seq, cseq.method.to_string().as_str()));

    let via = untyped::Via::new(std::str::from_utf8(ours.values(Name::Via).next().unwrap()).unwrap())
        .typed()
        .unwrap();
    assert_eq!(ours.via().branch(), via.branch().map(|b| b.value().as_bytes()));
    assert_eq!(ours.via().transport, via.transport.to_string().as_bytes());
    assert_eq!(ours.via().host, via.uri.host_with_port.host.to_string().as_bytes());
    assert_eq!(ours.via().port, via.uri.host_with_port.port.map(|p| *p.value()));

    let from = theirs.from_header().unwrap().typed().unwrap();
    assert_eq!(ours.from().tag(), from.tag().map(|t| t.value().as_bytes()));
    assert_eq!(ours.from().display_text(), from.display_name.clone().unwrap_or_default().trim_matches('"'));
    let uri = Uri::parse(ours.from().uri).unwrap();
    assert_eq!(uri.user_text(), from.uri.user().unwrap_or_default());
    assert_eq!(uri.host_text(), from.uri.host().to_string());
    assert_eq!(uri.port, from.uri.port().map(|p| *p.value()));
    true
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![Just("192.0.2.7".to_owned()), "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}"]
}

prop_compose! {
    fn message()(
        method in prop::sample::select(vec!["INVITE", "OPTIONS", "REGISTER", "BYE", "UPDATE"]),
        transport in prop::sample::select(vec!["UDP", "TCP", "TLS", "WS"]),
        via_host in host(), from_host in host(),
        via_port in prop::option::of(1024u16..), from_port in prop::option::of(1024u16..),
        name in "([A-Z][a-z]{1,7}( [A-Z][a-z]{1,7})?)?",
        user in "[a-z0-9]{1,8}", tag in "[a-z0-9]{1,8}", cseq in 0u32..1 << 31, body in "[ -~]{0,30}",
    ) -> String {
        let port = |port: Option<u16>| port.map(|p| format!(":{p}")).unwrap_or_default();
        let name = if name.is_empty() { name } else { format!("\"{name}\" ") };
        format!(
            "{method} sip:{user}@example.com SIP/2.0\r\nVia: SIP/2.0/{transport} {via_host}{};branch=z9hG4bK{tag}\r\n\
             Max-Forwards: 70\r\nFrom: {name}<sip:{user}@{from_host}{}>;tag={tag}\r\nTo: <sip:{user}@example.com>\r\n\
             Call-ID: {tag}@{via_host}\r\nCSeq: {cseq} {method}\r\nContent-Length: {}\r\n\r\n{body}",
            port(via_port), port(from_port), body.len()
        )
    }
}

proptest! {
    /// SIP-10
    #[test]
    fn both_readers_agree(text in message()) {
        prop_assert!(compare(&text), "rsip should read {}", text);
    }
}
