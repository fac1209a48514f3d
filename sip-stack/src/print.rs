//! Composing of messages: start line, headers, body into one buffer, Content-Length last.
//!
//! What a peer wrote is copied byte for byte; what comes from text (configuration, an application) is guarded:
//! no value can begin a new line. Which headers a message needs is the stack's business.

pub(crate) mod number;
mod refusal;
mod via;

use std::net::SocketAddr;

use bytes::Bytes;

pub use refusal::refusal;
pub use via::push_via;

use crate::{Message, Name, status, wire::text};
use number::push_number;
use via::push_top_via;

/// A message in the making. [`Writer::finish`] closes it.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The last line is not ended yet: each line begins with the break before it.
    out: Vec<u8>,
}

/// What a reply says beyond the request's own headers.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// 100..=699.
    pub status: u16,
    /// Reason phrase; `None` takes the registered one.
    pub reason: Option<&'a str>,
    /// Our tag, put behind To if the request's To has none. `None` for a 100 (RFC 3261 §8.2.6.2).
    pub to_tag: Option<&'a str>,
}

impl Writer {
    /// Begins a request.
    pub fn request(method: &str, uri: &str) -> Self {
        Self::request_to(method, uri.as_bytes())
    }
    /// Begins a request to a target as it was written.
    pub(crate) fn request_to(method: &str, uri: &[u8]) -> Self {
        let mut writer = Self::empty();
        push_word(&mut writer.out, method.as_bytes());
        writer.out.push(b' ');
        push_word(&mut writer.out, uri);
        writer.out.extend_from_slice(b" SIP/2.0");
        writer
    }
    /// Begins a response without any header. `reason` of `None` takes the registered phrase.
    pub fn response(status: u16, reason: Option<&str>) -> Self {
        let mut writer = Self::empty();
        writer.out.extend_from_slice(b"SIP/2.0 ");
        push_number(&mut writer.out, status.into());
        writer.out.push(b' ');
        push_guarded(&mut writer.out, reason.unwrap_or_else(|| status::reason_phrase(status)).as_bytes());
        writer
    }
    /// Begins the response to `request` that came from `source`: Vias (the topmost with `received` and `rport`, RFC 3581
    /// §4), From, To, Call-ID, CSeq; Record-Route where a dialog may begin (RFC 3261 §12.1.1), Timestamp in a 100 (§8.2.6.1).
    pub fn reply(request: &Message, reply: Reply<'_>, source: SocketAddr) -> Self {
        let mut writer = Self::response(reply.status, reply.reason);
        writer.vias(request, source);
        writer.copy(request, Name::From);
        writer.to(request, reply.to_tag);
        writer.copy(request, Name::CallId);
        writer.copy(request, Name::CSeq);
        match reply.status {
            100 => writer.copy(request, Name::Timestamp),
            101..=299 => writer.copy(request, Name::RecordRoute),
            _ => &mut writer,
        };
        writer
    }
    /// Adds a header. Line breaks and NUL in the value become blanks.
    pub fn header(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        self.named(name);
        push_guarded(&mut self.out, value.as_ref());
        self
    }
    /// Adds a header whose value `write` writes; it writes no line breaks.
    pub(crate) fn header_by(&mut self, name: Name, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        self.named(name);
        write(&mut self.out);
        self
    }
    /// Adds a header that has no [`Name`]. Nothing is written unless `name` is a token.
    pub fn header_by_text(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        if !text::is_token(name.as_bytes()) {
            return self;
        }
        for part in [b"\r\n", name.as_bytes(), b": "] {
            self.out.extend_from_slice(part);
        }
        push_guarded(&mut self.out, value.as_ref());
        self
    }
    /// Adds a header whose value is a number.
    pub fn number(&mut self, name: Name, value: u64) -> &mut Self {
        self.named(name);
        push_number(&mut self.out, value);
        self
    }
    /// Copies each line of that name, value byte for byte.
    pub fn copy(&mut self, from: &Message, name: Name) -> &mut Self {
        for value in from.headers(name) {
            self.named(name);
            self.out.extend_from_slice(value);
        }
        self
    }
    /// Adds Content-Type, Content-Length and the body, and gives the message. `body` is type and content.
    pub fn finish(mut self, body: Option<(&str, &[u8])>) -> Bytes {
        let content = match body {
            Some((content_type, content)) => {
                self.header(Name::ContentType, content_type);
                content
            }
            None => b"",
        };
        self.out.reserve(content.len() + LAST_LINES);
        self.number(Name::ContentLength, content.len() as u64);
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out.extend_from_slice(content);
        // Kept for as long as it may have to be sent again: without the room that was left.
        Bytes::copy_from_slice(&self.out)
    }

    fn empty() -> Self {
        Self { out: Vec::with_capacity(TYPICAL) }
    }

    fn vias(&mut self, request: &Message, source: SocketAddr) {
        self.named(Name::Via);
        push_top_via(&mut self.out, request, source);
        for value in request.headers(Name::Via).skip(1) {
            self.named(Name::Via);
            self.out.extend_from_slice(value);
        }
    }

    fn to(&mut self, request: &Message, tag: Option<&str>) {
        self.named(Name::To);
        self.out.extend_from_slice(request.header(Name::To).unwrap_or_default());
        if let Some(tag) = tag
            && request.to_tag().is_none()
        {
            self.out.extend_from_slice(b";tag=");
            push_word(&mut self.out, tag.as_bytes());
        }
    }

    #[inline]
    fn named(&mut self, name: Name) {
        self.out.extend_from_slice(name.line_start());
    }
}

/// Text in one line: CR, LF and NUL become blanks.
fn push_guarded(out: &mut Vec<u8>, value: &[u8]) {
    if memchr::memchr3(b'\r', b'\n', 0, value).is_none() {
        out.extend_from_slice(value);
    } else {
        out.extend(value.iter().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { *b }));
    }
}

/// Text in one word: blanks and controls are left out.
fn push_word(out: &mut Vec<u8>, word: &[u8]) {
    if text::is_all(&text::VISIBLE, word) {
        out.extend_from_slice(word);
    } else {
        out.extend(word.iter().filter(|b| text::VISIBLE[usize::from(**b)]));
    }
}

/// Room for a message without growing [bytes].
const TYPICAL: usize = 1024;
/// Room for Content-Length and the empty line [bytes].
const LAST_LINES: usize = 48;

#[cfg(test)]
mod tests;
