//! The SIP messages of one call, kept as bytes while it runs, written as JSON at its end without credentials. SIP-45.

use std::{borrow::Cow, net::SocketAddr, time::Instant};

use bytes::Bytes;
use serde::Serializer;
use sip_stack::Flow;

use crate::limits;

/// One message, received or sent.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it came or left.
    pub at: Instant,
    /// Between whom.
    pub flow: Flow,
    /// We sent it.
    pub ours: bool,
    /// A retransmission.
    pub again: bool,
    /// The message.
    pub bytes: Bytes,
}

/// A call's messages in order, bounded in number and bytes; what comes later is counted only.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    entries: Vec<Entry>,
    bytes: usize,
    cut: usize,
}

#[derive(serde::Serialize)]
struct Shown<'a> {
    at_ms: u64,
    #[serde(serialize_with = "as_text")]
    from: SocketAddr,
    #[serde(serialize_with = "as_text")]
    to: SocketAddr,
    again: bool,
    text: Cow<'a, str>,
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

    /// JSON as `config::records::CallRow` documents it.
    pub(crate) fn json(&self, started: Instant) -> String {
        if self.cut > 0 {
            tracing::debug!(messages = self.cut, "ladder cut at its limit");
        }
        let mut json = Vec::with_capacity(self.bytes + self.bytes / 8 + self.entries.len() * ENTRY_FRAME);
        let shown = self.entries.iter().map(|entry| entry.shown(started));
        let written = serde_json::Serializer::new(&mut json).collect_seq(shown);
        written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default()
    }
}

impl Entry {
    fn shown(&self, started: Instant) -> Shown<'_> {
        let (us, peer) = (self.flow.local, self.flow.remote);
        let (from, to) = if self.ours { (us, peer) } else { (peer, us) };
        Shown {
            at_ms: self.at.saturating_duration_since(started).as_millis() as u64,
            from,
            to,
            again: self.again,
            text: redact(&self.bytes),
        }
    }
}

fn as_text<S: Serializer>(address: &SocketAddr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

/// The message as text with the values of its credentials replaced: what remains cannot be used to guess a secret.
fn redact(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.split('\n').any(carries_credentials) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if carries_credentials(line) {
            redact_line(line, &mut safe);
        } else {
            safe.push_str(line);
        }
    }
    Cow::Owned(safe)
}

fn carries_credentials(line: &str) -> bool {
    // Most lines differ in the first letter; the ladder of every call passes through here.
    let first = line.bytes().next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(first, b'a' | b'p' | b'w') {
        return false;
    }
    let name = line.split(':').next().unwrap_or_default().trim_end();
    CREDENTIALS.iter().any(|c| name.eq_ignore_ascii_case(c))
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

/// JSON around one message. [bytes]
const ENTRY_FRAME: usize = 112;
/// Headers that carry credentials or what they are made from (RFC 3261 §20.7, §20.27, §20.28, §20.44).
const CREDENTIALS: [&str; 4] =
    ["Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate"];
/// Digest parameters that reveal nothing (RFC 7616 §3.4).
const KEPT: [&str; 6] = ["username", "realm", "uri", "algorithm", "qop", "nc"];

#[cfg(test)]
mod tests {
    use super::redact;

    /// SIP-45
    #[test]
    fn credentials_are_not_in_the_ladder() {
        let text = "INVITE sip:102@a SIP/2.0\r\nauthorization: Digest username=\"101\", realm=\"a\", \
                    nonce=\"abc\", uri=\"sip:102@a\", response=\"0123\", cnonce=\"xyz\", nc=00000001\r\nX: y\r\n\r\n";
        let safe = redact(text.as_bytes());
        for secret in ["abc", "0123", "xyz"] {
            assert!(!safe.contains(secret), "{safe}");
        }
        for kept in ["username=\"101\"", "nc=00000001\r\nX: y", "uri=\"sip:102@a\""] {
            assert!(safe.contains(kept), "{safe}");
        }
    }
}
