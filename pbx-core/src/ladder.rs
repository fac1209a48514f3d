//! The SIP messages of one call, kept as bytes while it runs, packed at its end without credentials. SIP-45.

use std::{borrow::Cow, net::SocketAddr, time::Instant};

use bytes::Bytes;
use config::records::ladder::{self as packed, Head};
use memchr::memmem;
use sip_stack::{Flow, Message, Name};
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
    /// It may carry credentials; without this it carries none.
    secret: bool,
    /// The message.
    bytes: Bytes,
}

/// A call's messages in order, bounded in number and bytes; what comes later is counted only.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    entries: Vec<Entry>,
    bytes: usize,
    cut: usize,
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
        self.bytes += entry.bytes.len();
        self.entries.push(entry);
    }

    /// The messages as [`config::records::ladder`] packs them.
    pub(crate) fn pack(&self, started: Instant) -> Vec<u8> {
        if self.cut > 0 {
            tracing::debug!(messages = self.cut, "ladder cut at its limit");
        }
        let mut ladder = Vec::with_capacity(self.bytes + self.entries.len() * ENTRY_FRAME);
        let mut addresses = Addresses::default();
        for entry in &self.entries {
            let (us, peer) = (addresses.print(entry.flow.local), addresses.print(entry.flow.remote));
            let (from, to) = if entry.ours { (us, peer) } else { (peer, us) };
            let at_ms = entry.at.saturating_duration_since(started).as_millis() as u64;
            let head = Head { at_ms, from: addresses.text(from), to: addresses.text(to), again: entry.again };
            packed::append(&mut ladder, head, &entry.shown());
        }
        ladder
    }
}

impl Entry {
    /// A message that came.
    pub(crate) fn received(at: Instant, flow: Flow, again: bool, message: &Message) -> Self {
        let secret = CREDENTIALS.iter().any(|name| message.header(*name).is_some());
        Self { at, flow, ours: false, again, secret, bytes: message.bytes().clone() }
    }

    /// A message that we sent.
    pub(crate) fn sent(at: Instant, flow: Flow, again: bool, bytes: Bytes) -> Self {
        let secret = memmem::find(&bytes, IN_EACH_OF_OURS).is_some();
        Self { at, flow, ours: true, again, secret, bytes }
    }

    fn shown(&self) -> Cow<'_, [u8]> {
        if self.secret { Cow::Owned(redact(&self.bytes).into_bytes()) } else { Cow::Borrowed(&self.bytes) }
    }
}

/// The few addresses of a call, printed once each.
#[derive(Default)]
struct Addresses(SmallVec<[(SocketAddr, String); 4]>);

impl Addresses {
    fn print(&mut self, address: SocketAddr) -> usize {
        let known = self.0.iter().position(|(known, _)| *known == address);
        known.unwrap_or_else(|| {
            self.0.push((address, address.to_string()));
            self.0.len() - 1
        })
    }

    fn text(&self, index: usize) -> &str {
        self.0.get(index).map_or("", |(_, text)| text)
    }
}

/// The message as text with the values of its credentials replaced: what remains cannot be used to guess a secret.
fn redact(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if !carries_credentials(line) {
            safe.push_str(line);
            continue;
        }
        // A value goes on in lines that begin with white space (RFC 3261 §7.3.1).
        let mut whole = line.to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            whole.push_str(more);
        }
        redact_line(&whole, &mut safe);
    }
    safe
}

fn carries_credentials(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default().trim_end();
    CREDENTIALS.iter().any(|c| name.eq_ignore_ascii_case(c.as_str()))
}

/// Keeps who and where (`username`, `realm`, `uri`, `algorithm`, `qop`, `nc`), replaces every other value.
fn redact_line(line: &str, safe: &mut String) {
    let end = line.trim_end_matches(['\r', '\n']);
    let (head, params) = end.split_once(char::is_whitespace).unwrap_or((end, ""));
    safe.push_str(head);
    for (index, param) in params.split(',').enumerate() {
        // A part without `=` is the rest of a value that held a comma.
        let Some((name, value)) = param.split_once('=') else { continue };
        let plain = name.trim().rsplit(' ').next().unwrap_or_default();
        safe.push(if index == 0 { ' ' } else { ',' });
        safe.push_str(name);
        safe.push('=');
        let kept = KEPT.iter().any(|k| plain.eq_ignore_ascii_case(k));
        safe.push_str(if kept { value } else { "\"…\"" });
    }
    safe.push_str(&line[end.len()..]);
}

/// Head line and line break of one packed message. [bytes]
const ENTRY_FRAME: usize = 64;
/// Headers that carry credentials or what they are made from (RFC 3261 §20.7, §20.27, §20.28, §20.44).
const CREDENTIALS: [Name; 4] =
    [Name::Authorization, Name::ProxyAuthorization, Name::WwwAuthenticate, Name::ProxyAuthenticate];
/// Part of each of [`CREDENTIALS`] as we write them.
const IN_EACH_OF_OURS: &[u8] = b"uth";
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
        let safe = redact(text.as_bytes());
        for kept in ["username=\"101\"", "nc=00000001\r\nX: y", "uri=\"sip:102@a\""] {
            assert!(safe.contains(kept), "{safe}");
        }
    }

    #[test]
    fn our_spelling_of_credentials_is_noticed() {
        for name in CREDENTIALS {
            assert!(memmem::find(name.as_str().as_bytes(), IN_EACH_OF_OURS).is_some(), "{name:?}");
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
}
