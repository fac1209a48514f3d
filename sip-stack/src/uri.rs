//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), borrowed from the bytes that carry them.

use std::net::IpAddr;

use crate::headers::Params;

/// The scheme of a URI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    #[default]
    Sip,
    Sips,
    Tel,
    /// Anything else (`urn:service:sos`, `http:`); everything behind the colon is in `user`.
    Other,
}

/// A URI, borrowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Scheme.
    pub scheme: Scheme,
    /// User part as written (escapes kept, without password); the number of a tel URI.
    pub user: &'a [u8],
    /// Host, brackets of IPv6 kept; empty for tel.
    pub host: &'a [u8],
    /// Port, if written.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params<'a>,
    /// Behind `?`, as written.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a URI. `None` if it is not one.
    pub fn parse(_text: &'a [u8]) -> Option<Self> {
        None
    }
    /// The user part with `%xx` decoded, lossily as text.
    pub fn user_text(&self) -> String {
        String::new()
    }
    /// The host as text in lower case, brackets kept.
    pub fn host_text(&self) -> String {
        String::new()
    }
    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        None
    }
}
