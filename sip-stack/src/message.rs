//! A received message: read leniently, kept byte for byte, indexed by spans.

use bytes::Bytes;

use crate::{headers, name::Name};

/// A request method. Case-sensitive (RFC 3261 §7.1); what we do not know keeps its token in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Register,
    Options,
    Prack,
    Update,
    Info,
    Refer,
    Subscribe,
    Notify,
    Message,
    Publish,
    /// Any other token; [`Message::method_token`] has it.
    Other,
}

/// One SIP request or response. Cloning is cheap: the bytes are shared.
#[derive(Debug, Clone)]
pub struct Message {
    bytes: Bytes,
}

/// Why bytes are not a SIP message. `Display` is fit for the reason phrase of a 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ParseError {
    #[error("Malformed start line")]
    StartLine,
    #[error("Unsupported SIP version")]
    Version,
    #[error("Malformed {0}")]
    Header(&'static str),
    #[error("Missing {0}")]
    Missing(&'static str),
    #[error("Duplicate {0}")]
    Duplicate(&'static str),
    #[error("Headers do not end")]
    Unterminated,
    #[error("Too many headers")]
    TooManyHeaders,
    #[error("Header too long")]
    HeaderTooLong,
    #[error("Body shorter than Content-Length")]
    BodyTooShort,
}

impl Message {
    /// Reads one message from a datagram or from a frame cut by [`crate::framing`].
    ///
    /// Lenient in what real devices get wrong (folding, compact names, blanks, LF only, non-UTF-8 values); strict in
    /// what decides identity: start line, and presence and form of Via, From, To, Call-ID, CSeq
    /// (RFC 3261 §8.1.1). Bytes behind Content-Length are cut off (§18.3).
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        let _ = &bytes;
        Err(ParseError::StartLine)
    }
    /// The bytes as received (unfolded if they were folded).
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// Whether this is a request.
    pub fn is_request(&self) -> bool {
        false
    }
    /// The request's method, or for a response that of its CSeq.
    pub fn method(&self) -> Method {
        Method::Other
    }
    /// The method as written.
    pub fn method_token(&self) -> &str {
        ""
    }
    /// A response's status, 100..=699; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        None
    }
    /// A response's reason phrase as the peer wrote it.
    pub fn reason_phrase(&self) -> &[u8] {
        b""
    }
    /// A request's target as written.
    pub fn request_uri(&self) -> Option<&[u8]> {
        None
    }
    /// The first header of that name, whole line value, trimmed.
    pub fn header(&self, _name: Name) -> Option<&[u8]> {
        None
    }
    /// Each header line of that name, whole.
    pub fn headers(&self, _name: Name) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }
    /// Each value of a list header (Via, Route, Contact, Allow, …), split at commas outside quotes and brackets,
    /// over all lines of that name in order.
    pub fn values(&self, _name: Name) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }
    /// A header that has no [`Name`], found by its text without regard to case.
    pub fn header_by_text(&self, _name: &str) -> Option<&[u8]> {
        None
    }
    /// The body, exactly as received. Empty if there is none.
    pub fn body(&self) -> Bytes {
        Bytes::new()
    }
    /// Call-ID as written.
    pub fn call_id(&self) -> &[u8] {
        b""
    }
    /// CSeq's number.
    pub fn cseq(&self) -> u32 {
        0
    }
    /// The topmost Via. Cannot fail: `parse` checked it.
    pub fn via(&self) -> headers::Via<'_> {
        headers::Via::default()
    }
    /// From. Cannot fail: `parse` checked it.
    pub fn from(&self) -> headers::NameAddr<'_> {
        headers::NameAddr::default()
    }
    /// To. Cannot fail: `parse` checked it.
    pub fn to(&self) -> headers::NameAddr<'_> {
        headers::NameAddr::default()
    }
}
