//! SIP: one message, each header, a conversation with the stack, a stream cut anywhere, credentials.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sip_stack::{
    Event, Flow, InviteId, Message, Name, Output, Response, Settings, Stack, Transport,
    digest::{Ha1, Nonces, Verdict, best_challenge, claim},
    framing::{Frame, Framer, is_keep_alive},
    headers::{
        CSeq, Challenge, Contact, ContentType, Credentials, NameAddr, RAck, Reason, Replaces, SessionExpires,
        Via, min_se, rseq, seconds,
    },
    uri::Uri,
};

/// One message: what was read once is read the same again, and every question to it is answered.
pub fn message(bytes: &[u8]) {
    let Ok(message) = Message::parse(Bytes::copy_from_slice(bytes)) else { return };
    let again = Message::parse(message.bytes().clone()).expect("what was read is a message");
    assert_eq!(message.bytes(), again.bytes());
    assert_eq!(message.is_request(), message.status().is_none());
    assert_eq!(message.is_request(), message.request_uri().is_some());
    assert!(message.body().len() <= message.bytes().len());
    assert!(!message.call_id().is_empty());
    let _ = (message.method(), message.method_token(), message.reason_phrase(), message.cseq());
    let _ = (message.branch(), message.from_tag(), message.to_tag(), message.max_forwards());
    let _ = (message.via(), message.from().display_text(), message.to().display_text());
    for (name, value) in message.lines() {
        assert!(!name.is_empty() && name.len() + value.len() <= message.bytes().len());
    }
    for name in [Name::Contact, Name::Route, Name::Supported, Name::Authorization, Name::Require] {
        assert!(message.values(name).count() >= message.headers(name).filter(|v| !v.is_empty()).count());
        let _ = (message.header(name), message.has_token(name, "100rel"));
    }
    let _ = (claim(&message), best_challenge(&message));
}

/// Every header's reader on the same value.
pub fn headers(value: &[u8]) {
    let _ = (CSeq::parse(value), RAck::parse(value), rseq(value), seconds(value), min_se(value));
    let _ = (Reason::parse(value), Replaces::parse(value), SessionExpires::parse(value));
    let _ = sip_stack::headers::Event::parse(value);
    if let Some(content) = ContentType::parse(value) {
        let _ = content.is("application/sdp");
    }
    if let Some(contact) = Contact::parse(value) {
        let _ = contact.is_wildcard();
    }
    if let Some(address) = NameAddr::parse(value) {
        let _ = (address.tag(), address.display_text());
    }
    if let Some(via) = Via::parse(value) {
        let _ = (via.branch(), via.rport(), via.received());
    }
    if let Some(challenge) = Challenge::parse(value) {
        let _ = challenge.offers_auth();
    }
    if let Some(uri) = Uri::parse(value) {
        let _ = (uri.user_text(), uri.host_text(), uri.ip());
    }
    let _ = Credentials::parse(value);
}

/// A conversation: pieces are datagrams of a peer, minutes pass between some of them, calls are answered or refused.
/// In the end, two hours after the last word, nothing is left.
pub fn stack(bytes: &[u8]) {
    let mut stack = Stack::new(Settings::default(), [7; 32]);
    let (mut now, mut calls) = (Instant::now(), vec![]);
    for (number, piece) in super::pieces(bytes).take(MOST_PIECES).enumerate() {
        let (&how, datagram) = piece.split_first().unwrap_or((&0, &[]));
        let transport = if how & 1 == 0 { Transport::Udp } else { Transport::Tcp };
        stack.receive(now, flow(transport), Bytes::copy_from_slice(datagram));
        calls.extend(obey(&mut stack, now, how >> 1 ^ number as u8));
        now = pass(&mut stack, now, Duration::from_millis(u64::from(how) * 131));
    }
    calls.into_iter().for_each(|id| stack.bye(now, id, None));
    obey(&mut stack, now, 0);
    pass(&mut stack, now, Duration::from_secs(7200));
    assert!(stack.is_quiet(), "something is left after two hours: {:?}", stack.load());
}

/// The same bytes give the same frames, however the stream is cut.
pub fn framing(bytes: &[u8]) {
    let Some((&step, bytes)) = bytes.split_first() else { return };
    let _ = is_keep_alive(bytes);
    let (whole, error) = frames(bytes.chunks(bytes.len().max(1)));
    let (cut, error_of_cut) = frames(bytes.chunks(usize::from(step) + 1));
    assert_eq!((messages(&whole), error), (messages(&cut), error_of_cut));
    let length: usize = messages(&whole).iter().map(|m| m.len()).sum();
    assert!(length <= bytes.len());
}

/// Credentials: never right by accident, and a nonce of ours counts once.
pub fn digest(value: &[u8]) {
    let now = Instant::now();
    let mut nonces = Nonces::new([3; 32], Duration::from_secs(60));
    let [strong, _] = nonces.challenge(now, "example.com", false);
    let nonce = strong.split("nonce=\"").nth(1).and_then(|r| r.split('"').next()).unwrap_or_default();
    let text = String::from_utf8_lossy(value).replace("NONCE", nonce);
    let request = format!(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\nAuthorization: {text}\r\nContent-Length: 0\r\n\r\n"
    );
    let Ok(request) = Message::parse(request.into_bytes().into()) else { return };
    let _ = claim(&request);
    let ha1 = Ha1::new("101", "example.com", "a password that is in no seed and no dictionary");
    let verdict = nonces.verify(now, &request, "example.com", &ha1);
    assert!(!matches!(verdict, Verdict::Ok), "guessed");
}

fn frames<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let (mut framer, mut frames) = (Framer::default(), vec![]);
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

/// Without keep-alives: a ping that is cut in two may read as pong and ping.
fn messages(frames: &[Frame]) -> Vec<&Bytes> {
    frames
        .iter()
        .filter_map(|frame| if let Frame::Message(bytes) = frame { Some(bytes) } else { None })
        .collect()
}

fn flow(transport: Transport) -> Flow {
    let address = |text: &str| -> SocketAddr { text.parse().expect("an address") };
    Flow { transport, local: address("192.0.2.10:5060"), remote: address("192.0.2.1:5060") }
}

/// What an application does: answers, refuses, rings, agrees. The calls that came in.
fn obey(stack: &mut Stack, now: Instant, mood: u8) -> Vec<InviteId> {
    let mut calls = vec![];
    let sdp = Bytes::from_static(b"v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nt=0 0\r\n");
    for _ in 0..MOST_OUTPUTS {
        let Some(output) = stack.poll_output() else { return calls };
        let Output::Event(event) = output else { continue };
        match event {
            Event::Request { id, .. } => stack.respond(now, id, Response::new(200)),
            Event::Invite { id, .. } => {
                calls.push(id);
                let body = (mood & 1 == 0).then(|| ("application/sdp", sdp.clone()));
                stack.progress(now, id, Response { body, ..Response::new(183) });
                match mood >> 1 & 3 {
                    0 => stack.reject(now, id, Response::new(486)),
                    1 => {}
                    _ => stack.answer(now, id, sdp.clone(), vec![]),
                }
                if mood & 8 == 0 {
                    stack.offer(now, id, sdp.clone());
                }
            }
            Event::Offer { id, .. } if mood & 1 == 0 => stack.accept(now, id, sdp.clone()),
            Event::Offer { id, .. } => stack.refuse(now, id, 488),
            Event::Confirmed { id, .. } if mood & 16 == 0 => stack.bye(now, id, None),
            _ => {}
        }
    }
    panic!("the stack has no end of outputs");
}

/// Fires what is due until then.
fn pass(stack: &mut Stack, now: Instant, time: Duration) -> Instant {
    let end = now + time;
    let mut steps = 0;
    while let Some(at) = stack.poll_timeout().filter(|at| *at <= end) {
        stack.handle_timeout(at);
        obey(stack, at, 0);
        steps += 1;
        assert!(steps < MOST_STEPS, "timers without end");
    }
    end
}

const MOST_PIECES: usize = 40;
const MOST_OUTPUTS: usize = 10_000;
const MOST_STEPS: usize = 100_000;
