//! Request methods (RFC 3261 §7.1 and the RFCs that add to it).

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
    /// Any other token; [`crate::Message::method_token`] has it.
    Other,
}

impl Method {
    /// The methods that have a name here.
    pub const KNOWN: [Self; 14] = [
        Self::Invite,
        Self::Ack,
        Self::Bye,
        Self::Cancel,
        Self::Register,
        Self::Options,
        Self::Prack,
        Self::Update,
        Self::Info,
        Self::Refer,
        Self::Subscribe,
        Self::Notify,
        Self::Message,
        Self::Publish,
    ];

    /// The method that this token is, compared byte by byte: `invite` is [`Method::Other`].
    pub fn from_token(token: &[u8]) -> Self {
        match token {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"REGISTER" => Self::Register,
            b"OPTIONS" => Self::Options,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            b"INFO" => Self::Info,
            b"REFER" => Self::Refer,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"MESSAGE" => Self::Message,
            b"PUBLISH" => Self::Publish,
            _ => Self::Other,
        }
    }
    /// The token; empty for [`Method::Other`], whose token only its message knows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Info => "INFO",
            Self::Refer => "REFER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Method;

    /// SIP-10: rsip's vocabulary is the second opinion on the spelling.
    #[test]
    fn known_methods_are_those_of_rsip_and_case_matters() {
        let mut ours = Method::KNOWN.map(Method::as_str).to_vec();
        let mut theirs: Vec<String> = rsip::Method::all().iter().map(ToString::to_string).collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
        for method in Method::KNOWN {
            assert_eq!(Method::from_token(method.as_str().as_bytes()), method);
        }
        assert_eq!(Method::from_token(b"invite"), Method::Other);
    }
}
