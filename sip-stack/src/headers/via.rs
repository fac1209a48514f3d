//! Via (RFC 3261 §20.42, RFC 3581).

use super::Params;

/// One Via value, borrowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Via<'a> {
    /// Transport token as written.
    pub transport: &'a [u8],
    /// `sent-by` host, brackets kept for IPv6.
    pub host: &'a [u8],
    /// `sent-by` port, if written.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received`, …
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value.
    pub fn parse(_value: &'a [u8]) -> Option<Self> {
        None
    }
    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get("branch")
    }
}
