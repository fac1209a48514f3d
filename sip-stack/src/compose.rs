//! Messages of our own: an application's request or response before the stack adds what is its business.
//!
//! The stack writes start line, Via, Max-Forwards, From, To, Call-ID, CSeq, Contact, Route, Content-Length;
//! the application gives the rest. A message that somebody else wrote is never re-printed.

use bytes::Bytes;

use crate::name::Name;

/// A response as the application wants it.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// 100..=699.
    pub status: u16,
    /// Reason phrase; `None` takes the RFC's.
    pub reason: Option<String>,
    /// Further headers in order.
    pub headers: Vec<(Name, String)>,
    /// Content-Type and body.
    pub body: Option<(&'static str, Bytes)>,
}

/// A request outside of an INVITE session (OPTIONS, NOTIFY, MESSAGE, REGISTER) as the application wants it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method token, `"OPTIONS"`.
    pub method: &'static str,
    /// Request-URI.
    pub uri: String,
    /// From without tag: `"Name" <sip:a@b>` or `<sip:a@b>`.
    pub from: String,
    /// To.
    pub to: String,
    /// Route set, topmost first, each with brackets.
    pub route: Vec<String>,
    /// Further headers.
    pub headers: Vec<(Name, String)>,
    /// Content-Type and body.
    pub body: Option<(&'static str, Bytes)>,
}

/// Requests that belong together by Call-ID, From tag and growing CSeq: the REGISTERs of one registration (RFC 3261
/// §10.2.4), a request and its repetition with credentials (§22.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub(crate) call_id: String,
    pub(crate) tag: String,
    pub(crate) cseq: u32,
}

impl Response {
    /// A response with the RFC's phrase and nothing else.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
    /// The same with one more header.
    pub fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
    /// The same with another reason phrase.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}
