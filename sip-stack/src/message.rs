//! A received message: read leniently, kept byte for byte, indexed by spans.

mod check;

use bytes::{Buf, Bytes};

use crate::{
    headers,
    name::Name,
    wire::{self, LexError, Line, Lines, Span, StartLine, text},
};
pub use crate::{method::Method, parse_error::ParseError};

/// One SIP request or response. Cloning is cheap: the bytes are shared.
#[derive(Debug, Clone)]
pub struct Message {
    bytes: Bytes,
    start: StartLine,
    method: Method,
    /// In a response that of CSeq.
    method_token: Span,
    cseq: u32,
    lines: Lines,
    body_at: u16,
}

impl Message {
    /// Reads one message from a datagram or from a frame cut by [`crate::framing`].
    ///
    /// Lenient in what real devices get wrong (folding, compact names, blanks, LF only, non-UTF-8 values); strict in
    /// what decides identity: start line, and presence and form of Via, From, To, Call-ID, CSeq
    /// (RFC 3261 §8.1.1). Bytes behind Content-Length are cut off (§18.3); without one the body is all the rest.
    ///
    /// Limits: [`wire::MAX_MESSAGE`], [`wire::MAX_HEADERS`], [`wire::MAX_HEADER`].
    pub fn parse(mut bytes: Bytes) -> Result<Self, ParseError> {
        // Line breaks before the start line are to be ignored (RFC 3261 §7.5).
        let leading = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        bytes.advance(leading);
        if bytes.len() > wire::MAX_MESSAGE {
            return Err(ParseError::TooLong);
        }
        match check::lex(&bytes) {
            Ok(lexed) => check::check(bytes, lexed),
            Err(LexError::Malformed(error)) => Err(error),
            Err(LexError::Folded) => {
                let unfolded = Bytes::from(wire::unfold(&bytes));
                match check::lex(&unfolded) {
                    Ok(lexed) => check::check(unfolded, lexed),
                    Err(LexError::Malformed(error)) => Err(error),
                    // A continuation of nothing.
                    Err(LexError::Folded) => Err(ParseError::Header("header line")),
                }
            }
        }
    }
    /// The bytes as received (unfolded if they were folded).
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// Whether this is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }
    /// The request's method, or for a response that of its CSeq.
    pub fn method(&self) -> Method {
        self.method
    }
    /// The method as written.
    pub fn method_token(&self) -> &str {
        text::token_text(self.method_token.of(&self.bytes))
    }
    /// A response's status, 100..=699; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Response { status, .. } => Some(status),
            StartLine::Request { .. } => None,
        }
    }
    /// A response's reason phrase as the peer wrote it.
    pub fn reason_phrase(&self) -> &[u8] {
        match self.start {
            StartLine::Response { reason, .. } => reason.of(&self.bytes),
            StartLine::Request { .. } => b"",
        }
    }
    /// A request's target as written.
    pub fn request_uri(&self) -> Option<&[u8]> {
        match self.start {
            StartLine::Request { uri, .. } => Some(uri.of(&self.bytes)),
            StartLine::Response { .. } => None,
        }
    }
    /// The first header of that name, whole line value, trimmed.
    pub fn header(&self, name: Name) -> Option<&[u8]> {
        self.lines.iter().find(|line| line.name == Some(name)).map(|line| line.value.of(&self.bytes))
    }
    /// Each header line of that name, whole.
    pub fn headers(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().filter(move |line| line.name == Some(name)).map(|line| line.value.of(&self.bytes))
    }
    /// Each value of a list header (Via, Route, Contact, Allow, …), split at commas outside quotes and brackets,
    /// over all lines of that name in order.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.headers(name).flat_map(text::Commas::new)
    }
    /// A header that has no [`Name`], found by its text without regard to case.
    pub fn header_by_text(&self, name: &str) -> Option<&[u8]> {
        let is_it = |line: &&Line| line.name_span.of(&self.bytes).eq_ignore_ascii_case(name.as_bytes());
        self.lines.iter().find(is_it).map(|line| line.value.of(&self.bytes))
    }
    /// All header lines in order: name as written and value, trimmed.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|line| (line.name_span.of(&self.bytes), line.value.of(&self.bytes)))
    }
    /// Whether one of the values of a token list (Supported, Require, Allow, …) is `token`, without regard to case.
    pub fn has_token(&self, name: Name, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }
    /// The body, exactly as received. Empty if there is none.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(usize::from(self.body_at)..)
    }
    /// Call-ID as written.
    pub fn call_id(&self) -> &[u8] {
        self.header(Name::CallId).unwrap_or_default()
    }
    /// CSeq's number.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }
    /// The topmost Via. Cannot fail: `parse` checked it.
    pub fn via(&self) -> headers::Via<'_> {
        self.values(Name::Via).next().and_then(headers::Via::parse).unwrap_or_default()
    }
    /// From. Cannot fail: `parse` checked it.
    pub fn from(&self) -> headers::NameAddr<'_> {
        self.header(Name::From).and_then(headers::NameAddr::parse).unwrap_or_default()
    }
    /// To. Cannot fail: `parse` checked it.
    pub fn to(&self) -> headers::NameAddr<'_> {
        self.header(Name::To).and_then(headers::NameAddr::parse).unwrap_or_default()
    }
    /// Max-Forwards, `0..=255`; `None` if there is none (RFC 3261 §20.22). `parse` checked its form.
    pub fn max_forwards(&self) -> Option<u8> {
        self.header(Name::MaxForwards).and_then(text::decimal).and_then(|n| u8::try_from(n).ok())
    }
}

#[cfg(test)]
mod tests;
