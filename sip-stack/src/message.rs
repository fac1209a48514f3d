//! A received message: read leniently, kept byte for byte, indexed by spans.

mod check;

use std::sync::Arc;

use bytes::{Buf, Bytes};

use crate::{
    headers,
    name::Name,
    wire::{self, LexError, Line, Lines, Span, StartLine, text},
};
use check::Lexed;

pub use crate::{method::Method, parse_error::ParseError};

/// One SIP request or response. Cloning is cheap: bytes and spans are shared.
#[derive(Debug, Clone)]
pub struct Message {
    read: Arc<Read>,
}

/// A message as it was read.
#[derive(Debug)]
struct Read {
    bytes: Bytes,
    lines: Lines,
    facts: Facts,
}

/// What reading found out, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Facts {
    start: StartLine,
    method: Method,
    /// In a response that of CSeq.
    method_token: Span,
    cseq: u32,
    body_at: u16,
    via: check::TopVia,
    from: check::Party,
    to: check::Party,
    call_id: Span,
}

impl Message {
    /// Reads one message from a datagram or from a frame cut by [`crate::framing`].
    ///
    /// Lenient in what real devices get wrong (folding, compact names, blanks, LF only, non-UTF-8 values); strict in
    /// what decides identity: start line, and presence and form of Via, From, To, Call-ID, CSeq
    /// (RFC 3261 §8.1.1). Bytes behind Content-Length are cut off (§18.3); without one the body is all the rest.
    ///
    /// Limits: [`wire::MAX_MESSAGE`], [`wire::MAX_HEADERS`], [`wire::MAX_HEADER`].
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        Self::parse_or_return(bytes).map_err(|(error, _)| error)
    }
    /// The same; what is no message is given back without the line breaks before it.
    pub(crate) fn parse_or_return(mut bytes: Bytes) -> Result<Self, (ParseError, Bytes)> {
        // Line breaks before the start line are to be ignored (RFC 3261 §7.5).
        let leading = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        bytes.advance(leading);
        if bytes.len() > wire::MAX_MESSAGE {
            return Err((ParseError::TooLong, bytes));
        }
        let lexed = match check::lex(&bytes) {
            Ok(lexed) => lexed,
            Err(LexError::Malformed(error)) => return Err((error, bytes)),
            Err(LexError::Folded) => {
                return Self::parse_unfolded(Bytes::from(wire::unfold(&bytes)))
                    .map_err(|error| (error, bytes));
            }
        };
        Self::checked(bytes, lexed)
    }
    #[cold]
    fn parse_unfolded(bytes: Bytes) -> Result<Self, ParseError> {
        match check::lex(&bytes) {
            Ok(lexed) => Self::checked(bytes, lexed).map_err(|(error, _)| error),
            Err(LexError::Malformed(error)) => Err(error),
            // A continuation of nothing.
            Err(LexError::Folded) => Err(ParseError::Header("header line")),
        }
    }
    fn checked(mut bytes: Bytes, lexed: Lexed) -> Result<Self, (ParseError, Bytes)> {
        match check::check(&bytes, &lexed) {
            Ok((facts, end)) => {
                bytes.truncate(end);
                Ok(Self { read: Arc::new(Read { bytes, lines: lexed.lines, facts }) })
            }
            Err(error) => Err((error, bytes)),
        }
    }
    /// The bytes as received (unfolded if they were folded).
    pub fn bytes(&self) -> &Bytes {
        &self.read.bytes
    }
    /// Whether this is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.read.facts.start, StartLine::Request { .. })
    }
    /// The request's method, or for a response that of its CSeq.
    pub fn method(&self) -> Method {
        self.read.facts.method
    }
    /// The method as written.
    pub fn method_token(&self) -> &str {
        text::token_text(self.read.facts.method_token.of(&self.read.bytes))
    }
    /// A response's status, 100..=699; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        match self.read.facts.start {
            StartLine::Response { status, .. } => Some(status),
            StartLine::Request { .. } => None,
        }
    }
    /// A response's reason phrase as the peer wrote it.
    pub fn reason_phrase(&self) -> &[u8] {
        match self.read.facts.start {
            StartLine::Response { reason, .. } => reason.of(&self.read.bytes),
            StartLine::Request { .. } => b"",
        }
    }
    /// A request's target as written.
    pub fn request_uri(&self) -> Option<&[u8]> {
        match self.read.facts.start {
            StartLine::Request { uri, .. } => Some(uri.of(&self.read.bytes)),
            StartLine::Response { .. } => None,
        }
    }
    /// The first header of that name, whole line value, trimmed.
    pub fn header(&self, name: Name) -> Option<&[u8]> {
        self.read.lines.first(name).map(|value| value.of(&self.read.bytes))
    }
    /// Each header line of that name, whole.
    pub fn headers(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.read.lines.of(name).map(|value| value.of(&self.read.bytes))
    }
    /// Each value of a list header (Via, Route, Contact, Allow, …), split at commas outside quotes and brackets,
    /// over all lines of that name in order.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.headers(name).flat_map(text::Commas::new)
    }
    /// A header that has no [`Name`], found by its text without regard to case.
    pub fn header_by_text(&self, name: &str) -> Option<&[u8]> {
        let is_it = |line: &&Line| line.name_span.of(&self.read.bytes).eq_ignore_ascii_case(name.as_bytes());
        self.read.lines.iter().find(is_it).map(|line| line.value.of(&self.read.bytes))
    }
    /// All header lines in order: name as written and value, trimmed.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.read
            .lines
            .iter()
            .map(|line| (line.name_span.of(&self.read.bytes), line.value.of(&self.read.bytes)))
    }
    /// Whether one of the values of a token list (Supported, Require, Allow, …) is `token`, without regard to case.
    pub fn has_token(&self, name: Name, token: &str) -> bool {
        self.headers(name)
            .any(|line| text::Commas::new(line).any(|value| value.eq_ignore_ascii_case(token.as_bytes())))
    }
    /// The body, exactly as received. Empty if there is none.
    pub fn body(&self) -> Bytes {
        self.read.bytes.slice(usize::from(self.read.facts.body_at)..)
    }
    /// Call-ID as written.
    pub fn call_id(&self) -> &[u8] {
        self.read.facts.call_id.of(&self.read.bytes)
    }
    /// CSeq's number.
    pub fn cseq(&self) -> u32 {
        self.read.facts.cseq
    }
    /// The topmost Via. Cannot fail: `parse` checked it.
    pub fn via(&self) -> headers::Via<'_> {
        self.read.facts.via.of(&self.read.bytes)
    }
    /// The topmost Via's branch.
    pub fn branch(&self) -> Option<&[u8]> {
        self.read.facts.via.branch.map(|span| span.of(&self.read.bytes))
    }
    /// From's tag.
    pub fn from_tag(&self) -> Option<&[u8]> {
        self.read.facts.from.tag.map(|span| span.of(&self.read.bytes))
    }
    /// To's tag; there is none before a dialog begins.
    pub fn to_tag(&self) -> Option<&[u8]> {
        self.read.facts.to.tag.map(|span| span.of(&self.read.bytes))
    }
    /// From. Cannot fail: `parse` checked it.
    pub fn from(&self) -> headers::NameAddr<'_> {
        self.read.facts.from.of(&self.read.bytes)
    }
    /// To. Cannot fail: `parse` checked it.
    pub fn to(&self) -> headers::NameAddr<'_> {
        self.read.facts.to.of(&self.read.bytes)
    }
    /// Max-Forwards, `0..=255`; `None` if there is none (RFC 3261 §20.22). `parse` checked its form.
    pub fn max_forwards(&self) -> Option<u8> {
        self.header(Name::MaxForwards).and_then(text::decimal).and_then(|n| u8::try_from(n).ok())
    }
}

#[cfg(test)]
mod tests;
