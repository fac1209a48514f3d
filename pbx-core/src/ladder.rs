//! The SIP messages of one call, kept as bytes while it runs, packed at its end without credentials. SIP-45.

use std::{borrow::Cow, sync::LazyLock, time::Instant};

use bytes::Bytes;
use config::records::ladder::{self as packed, Head};
use media::text;
use memchr::memmem;
use sip_stack::{Flow, Message, Method, Name};
use smallvec::SmallVec;

use crate::limits;

/// One message, received or sent.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it came or left.
    at: Instant,
    /// Between whom.
    flow: Flow,
    /// We sent it.
    ours: bool,
    /// A retransmission.
    again: bool,
    /// It was received and carries credentials. Of what we sent this is found out at the end.
    secret: bool,
    /// The message.
    bytes: Bytes,
}

/// A call's messages in order, bounded in number and bytes; what comes later is counted only.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    entries: Vec<Kept>,
    /// The few flows of the call.
    ways: SmallVec<[Flow; 2]>,
    bytes: usize,
    cut: usize,
}

/// An [`Entry`] whose flow is kept once for all.
#[derive(Debug)]
struct Kept {
    at: Instant,
    /// Its flow, in [`Ladder::ways`].
    way: u8,
    ours: bool,
    again: bool,
    secret: bool,
    bytes: Bytes,
}

impl Ladder {
    /// Adds a message.
    pub(crate) fn add(&mut self, entry: Entry) {
        let full = self.entries.len() >= limits::LADDER_MESSAGES
            || self.bytes + entry.bytes.len() > limits::LADDER_BYTES;
        if full {
            self.cut += 1;
            return;
        }
        let Entry { at, flow, ours, again, secret, bytes } = entry;
        let known = self.ways.iter().position(|way| *way == flow);
        let way = known.unwrap_or_else(|| {
            self.ways.push(flow);
            self.ways.len() - 1
        });
        self.bytes += bytes.len();
        // No more flows than messages, and those are few enough for a byte.
        self.entries.push(Kept { at, way: way as u8, ours, again, secret, bytes });
    }

    /// The messages as [`config::records::ladder`] packs them.
    pub(crate) fn pack(&self, started: Instant) -> Vec<u8> {
        if self.cut > 0 {
            tracing::debug!(messages = self.cut, "ladder cut at its limit");
        }
        let mut ladder = Vec::with_capacity(self.bytes + self.entries.len() * ENTRY_FRAME);
        let ways: SmallVec<[Way; 2]> = self.ways.iter().map(|flow| Way::print(*flow)).collect();
        for entry in &self.entries {
            let (us, peer) = ways[usize::from(entry.way)].ends();
            let (from, to) = if entry.ours { (us, peer) } else { (peer, us) };
            let at_ms = entry.at.saturating_duration_since(started).as_millis() as u64;
            packed::append(&mut ladder, Head { at_ms, from, to, again: entry.again }, &entry.shown());
        }
        ladder
    }
}

impl Entry {
    /// A message that came.
    pub(crate) fn received(at: Instant, flow: Flow, again: bool, message: &Message) -> Self {
        let secret = CREDENTIALS.iter().any(|name| message.header(*name).is_some());
        let all = message.bytes();
        // Keys that somebody presses may be a PIN. HD-05.
        let left_out = if message.method() == Method::Info { message.body().len() } else { 0 };
        let bytes = all.slice(..all.len().saturating_sub(left_out));
        Self { at, flow, ours: false, again, secret, bytes }
    }

    /// A message that we sent.
    pub(crate) fn sent(at: Instant, flow: Flow, again: bool, bytes: Bytes) -> Self {
        Self { at, flow, ours: true, again, secret: false, bytes }
    }
}

impl Kept {
    fn shown(&self) -> Cow<'_, [u8]> {
        let secret = if self.ours { may_be_secret(&self.bytes) } else { self.secret };
        let shown = if secret { Cow::Owned(redact(&self.bytes)) } else { Cow::Borrowed(&self.bytes[..]) };
        match KEY.find(&shown) {
            Some(first) => Cow::Owned(without_keys(&shown, first)),
            None => shown,
        }
    }
}

/// Whether a message that we wrote may carry credentials. Most others say so by their first line.
fn may_be_secret(bytes: &[u8]) -> bool {
    let is_other_answer = bytes.starts_with(b"SIP/2.0 ") && !bytes.starts_with(b"SIP/2.0 4");
    !is_other_answer && IN_EACH_OF_OURS.find(bytes).is_some()
}

/// The message without the keys of SRTP that its description holds (RFC 4568 §9.1): whoever reads ladders must not listen.
fn without_keys(bytes: &[u8], first: usize) -> Vec<u8> {
    let mut safe = bytes[..first].to_vec();
    let mut rest = &bytes[first..];
    while let Some(at) = KEY.find(rest) {
        let (before, key) = rest.split_at(at + KEY.needle().len());
        safe.extend_from_slice(before);
        safe.extend_from_slice("…".as_bytes());
        // Lifetime and name stay.
        let end =
            key.iter().position(|b| matches!(b, b'|' | b';' | b' ' | b'\r' | b'\n')).unwrap_or(key.len());
        rest = &key[end..];
    }
    safe.extend_from_slice(rest);
    safe
}

/// A flow as text: our address, then the peer's.
struct Way {
    text: String,
    ours_end: usize,
}

impl Way {
    fn print(flow: Flow) -> Self {
        let mut text = String::with_capacity(2 * ADDRESS);
        text::push_address(&mut text, flow.local);
        let ours_end = text.len();
        text::push_address(&mut text, flow.remote);
        Self { text, ours_end }
    }

    fn ends(&self) -> (&str, &str) {
        self.text.split_at(self.ours_end)
    }
}

/// The message with the values of its credentials replaced: what remains cannot be used to guess a secret.
fn redact(bytes: &[u8]) -> Vec<u8> {
    let mut safe = Vec::with_capacity(bytes.len());
    let (mut kept_from, mut at) = (0, 0);
    while at < bytes.len() {
        let line = at;
        at = line_end(bytes, line);
        if !carries_credentials(&bytes[line..at]) {
            continue;
        }
        // A value goes on in lines that begin with white space (RFC 3261 §7.3.1).
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at = line_end(bytes, at);
        }
        safe.extend_from_slice(&bytes[kept_from..line]);
        redact_line(&bytes[line..at], &mut safe);
        kept_from = at;
    }
    safe.extend_from_slice(&bytes[kept_from..]);
    safe
}

/// Where the next line begins.
fn line_end(bytes: &[u8], line: usize) -> usize {
    memchr::memchr(b'\n', &bytes[line..]).map_or(bytes.len(), |end| line + end + 1)
}

fn carries_credentials(line: &[u8]) -> bool {
    // Few header names begin like this.
    matches!(line.first(), Some(b'A' | b'a' | b'P' | b'p' | b'W' | b'w')) && {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii_end();
        CREDENTIALS.iter().any(|c| name.eq_ignore_ascii_case(c.as_str().as_bytes()))
    }
}

/// Keeps who and where (`username`, `realm`, `uri`, `algorithm`, `qop`, `nc`), replaces every other value.
fn redact_line(line: &[u8], safe: &mut Vec<u8>) {
    let end = line.trim_ascii_end().len();
    let head = line[..end].iter().position(u8::is_ascii_whitespace).unwrap_or(end);
    safe.extend_from_slice(&line[..head]);
    let mut separator = b' ';
    for param in line[(head + 1).min(end)..end].split(|byte| *byte == b',') {
        // A part without `=` is the rest of a value that held a comma.
        let Some(equals) = memchr::memchr(b'=', param) else { continue };
        let (name, value) = param.split_at(equals + 1);
        safe.push(std::mem::replace(&mut separator, b','));
        safe.extend_from_slice(name);
        safe.extend_from_slice(if is_kept(&name[..equals]) { value } else { "\"…\"".as_bytes() });
    }
    safe.extend_from_slice(&line[end..]);
}

/// The last word is the name: the scheme may stand before it.
fn is_kept(name: &[u8]) -> bool {
    let plain = name.trim_ascii().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    KEPT.iter().any(|kept| plain.eq_ignore_ascii_case(kept.as_bytes()))
}

/// Head line and line break of one packed message. [bytes]
const ENTRY_FRAME: usize = 64;
/// An address as text, IPv4. [bytes]
const ADDRESS: usize = 21;
/// Headers that carry credentials or what they are made from (RFC 3261 §20.7, §20.27, §20.28, §20.44).
const CREDENTIALS: [Name; 4] =
    [Name::Authorization, Name::ProxyAuthorization, Name::WwwAuthenticate, Name::ProxyAuthenticate];
/// Part of each of [`CREDENTIALS`] as we write them.
static IN_EACH_OF_OURS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("uth"));
/// What stands before a key (RFC 4568 §9.2), in lower case as everybody writes it.
static KEY: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("inline:"));
/// Digest parameters that reveal nothing (RFC 7616 §3.4).
const KEPT: [&str; 6] = ["username", "realm", "uri", "algorithm", "qop", "nc"];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sip_stack::Transport;

    use super::*;

    fn flow() -> Flow {
        let address = |text: &str| text.parse().unwrap();
        Flow {
            transport: Transport::Udp,
            local: address("192.0.2.10:5060"),
            remote: address("192.0.2.21:5060"),
        }
    }

    fn shown(entries: impl IntoIterator<Item = Entry>, started: Instant) -> Vec<packed::Message> {
        let mut ladder = Ladder::default();
        entries.into_iter().for_each(|entry| ladder.add(entry));
        packed::unpack(&ladder.pack(started))
    }

    /// SIP-45
    #[test]
    fn credentials_are_not_in_the_ladder() {
        let text = "INVITE sip:102@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa\r\nFrom: <sip:101@a>;tag=a\r\n\
                    To: <sip:102@a>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:101@a>\r\nauthorization : Digest username=\"101\", realm=\"a\",\r\n \
                    nonce=\"abc\", uri=\"sip:102@a\",\r\n\tresponse=\"0123\", cnonce=\"xyz\", nc=00000001\r\nX: y\r\n\r\n";
        let challenge =
            b"SIP/2.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Digest realm=\"a\", \
                          nonce=\"abc\"\r\n\r\n";
        let message = Message::parse(Bytes::from_static(text.as_bytes())).unwrap();
        let start = Instant::now();
        let both = [
            Entry::received(start, flow(), false, &message),
            Entry::sent(start, flow(), false, Bytes::from_static(challenge)),
        ];
        for message in shown(both, start) {
            for secret in ["abc", "0123", "xyz"] {
                assert!(!message.text.contains(secret), "{}", message.text);
            }
            assert!(message.text.contains("realm=\"a\""), "{}", message.text);
        }
        let safe = String::from_utf8(redact(text.as_bytes())).unwrap();
        for kept in ["username=\"101\"", "nc=00000001\r\nX: y", "uri=\"sip:102@a\""] {
            assert!(safe.contains(kept), "{safe}");
        }
    }

    /// HD-05: a PIN that is dialled by INFO is in no record.
    #[test]
    fn keys_that_are_pressed_are_not_in_the_ladder() {
        let text = "INFO sip:102@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa\r\nFrom: <sip:101@a>;tag=a\r\n\
                    To: <sip:102@a>;tag=b\r\nCall-ID: a\r\nCSeq: 2 INFO\r\nMax-Forwards: 70\r\n\
                    Content-Type: application/dtmf-relay\r\nContent-Length: 10\r\n\r\nSignal=7\r\n";
        let message = Message::parse(Bytes::from_static(text.as_bytes())).unwrap();
        let start = Instant::now();
        let shown = shown([Entry::received(start, flow(), false, &message)], start);
        assert!(shown[0].text.contains("application/dtmf-relay") && !shown[0].text.contains("Signal"));
    }

    #[test]
    fn our_spelling_of_credentials_is_noticed() {
        for name in CREDENTIALS {
            assert!(may_be_secret(name.as_str().as_bytes()), "{name:?}");
        }
    }

    /// SIP-45, MED-03
    #[test]
    fn keys_of_speech_are_not_in_the_ladder() {
        let text = "INVITE sip:102@a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\
                    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4\r\n\
                    a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\r\na=sendrecv\r\n";
        let start = Instant::now();
        let sent = Entry::sent(start, flow(), false, Bytes::from_static(text.as_bytes()));
        let shown = shown([sent], start).remove(0).text;
        assert!(!shown.contains("d0Rm") && !shown.contains("NzB4"), "{shown}");
        for kept in ["AES_CM_128_HMAC_SHA1_80 inline:…|2^20|1:4\r\n", "inline:…\r\na=sendrecv\r\n"] {
            assert!(shown.contains(kept), "{shown}");
        }
    }

    /// SIP-45
    #[test]
    fn messages_are_packed_as_they_were() {
        let start = Instant::now();
        let bye = Bytes::from_static(b"BYE sip:a SIP/2.0\r\nX: \"\\\"\r\n\r\n");
        let entries = [start, start + Duration::from_millis(70)]
            .map(|at| Entry::sent(at, flow(), at > start, bye.clone()));
        let shown = shown(entries, start);
        let facts: Vec<_> =
            shown.iter().map(|m| (m.at_ms, m.from.as_str(), m.to.as_str(), m.again)).collect();
        let (us, peer) = ("192.0.2.10:5060", "192.0.2.21:5060");
        assert_eq!(facts, [(0, us, peer, false), (70, us, peer, true)]);
        assert!(shown.iter().all(|m| m.text.as_bytes() == bye));
    }

    /// SIP-45
    #[test]
    fn each_message_names_the_peer_that_it_went_to() {
        let start = Instant::now();
        let other = Flow { remote: "192.0.2.22:5062".parse().unwrap(), ..flow() };
        let sent = |flow| Entry::sent(start, flow, false, Bytes::from_static(b"ACK sip:a SIP/2.0\r\n\r\n"));
        let shown = shown([flow(), other, flow()].map(sent), start);
        let peers: Vec<_> = shown.iter().map(|m| m.to.as_str()).collect();
        assert_eq!(peers, ["192.0.2.21:5060", "192.0.2.22:5062", "192.0.2.21:5060"]);
    }
}
