//! `name-addr` / `addr-spec` with parameters: From, To, Contact, Route, Refer-To … (RFC 3261 §20.10, §25.1).

/// `"Display" <uri>;params`, borrowed. Parameters of a bare `addr-spec` belong to the header (§20).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// Display name without quotes, escapes kept; empty if there is none.
    pub display: &'a [u8],
    /// The URI between the brackets. `*` for the wildcard Contact.
    pub uri: &'a [u8],
    /// Header parameters.
    pub params: Params<'a>,
}

/// `;name=value;flag` as written, looked up without allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<'a>(pub &'a [u8]);

impl<'a> NameAddr<'a> {
    /// Reads one value (already cut at commas).
    pub fn parse(_value: &'a [u8]) -> Option<Self> {
        None
    }
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag")
    }
}

impl<'a> Params<'a> {
    /// The value of a parameter, unquoted; `Some(b"")` for a flag without value; `None` if absent.
    /// Names compare without regard to case.
    pub fn get(&self, _name: &str) -> Option<&'a [u8]> {
        None
    }
    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        std::iter::empty()
    }
}
