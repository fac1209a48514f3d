//! Header names we know, with their compact forms (RFC 3261 §7.3.3, §20).

macro_rules! names {
    ($($variant:ident $text:literal $($compact:literal)?),* $(,)?) => {
        /// A header field name that this crate knows by number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Name { $($variant),* }
        impl Name {
            /// All names.
            pub const ALL: &'static [Name] = &[$(Name::$variant),*];
            /// The canonical spelling.
            pub const fn as_str(self) -> &'static str { match self { $(Name::$variant => $text),* } }
            /// The one-letter form, where there is one.
            pub const fn compact(self) -> Option<u8> {
                match self { $(Name::$variant => { let c: &[u8] = &[$($compact)?]; if c.is_empty() { None } else { Some(c[0]) } }),* }
            }
        }
    };
}

names! {
    Via "Via" b'v', From "From" b'f', To "To" b't', CallId "Call-ID" b'i', CSeq "CSeq", Contact "Contact" b'm',
    MaxForwards "Max-Forwards", ContentLength "Content-Length" b'l', ContentType "Content-Type" b'c',
    ContentEncoding "Content-Encoding" b'e', Route "Route", RecordRoute "Record-Route", Path "Path",
    ServiceRoute "Service-Route", Expires "Expires", MinExpires "Min-Expires", Allow "Allow",
    AllowEvents "Allow-Events" b'u', Supported "Supported" b'k', Require "Require", ProxyRequire "Proxy-Require",
    Unsupported "Unsupported", Accept "Accept", Authorization "Authorization",
    ProxyAuthorization "Proxy-Authorization", WwwAuthenticate "WWW-Authenticate",
    ProxyAuthenticate "Proxy-Authenticate", UserAgent "User-Agent", Server "Server", Subject "Subject" b's',
    Reason "Reason", RetryAfter "Retry-After", Warning "Warning", Rseq "RSeq", Rack "RAck",
    SessionExpires "Session-Expires" b'x', MinSe "Min-SE", ReferTo "Refer-To" b'r', ReferredBy "Referred-By" b'b',
    Replaces "Replaces", Event "Event" b'o', SubscriptionState "Subscription-State", Diversion "Diversion",
    HistoryInfo "History-Info", PAssertedIdentity "P-Asserted-Identity",
    PPreferredIdentity "P-Preferred-Identity", Privacy "Privacy", AlertInfo "Alert-Info", CallInfo "Call-Info",
    ErrorInfo "Error-Info", ContentDisposition "Content-Disposition", SipEtag "SIP-ETag", SipIfMatch "SIP-If-Match",
    Geolocation "Geolocation", InfoPackage "Info-Package", RecvInfo "Recv-Info", Date "Date", Timestamp "Timestamp",
    Organization "Organization", Identity "Identity" b'y',
}

impl Name {
    /// The name that this text is, in full or in compact form, without regard to case. `None` for any other name.
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        match text {
            [] => None,
            [letter] => match COMPACT[usize::from(letter.to_ascii_lowercase())] {
                FREE => None,
                index => Some(Self::ALL[usize::from(index)]),
            },
            _ => {
                let mut slot = hash(text);
                loop {
                    let (known, name) = FULL[slot]?;
                    // Nearly everybody writes the canonical form.
                    if known == text || known.eq_ignore_ascii_case(text) {
                        return Some(name);
                    }
                    slot = (slot + 1) % SLOTS;
                }
            }
        }
    }
}

/// Where a name is looked for first. Case is folded by setting bit 5; the name is not empty.
const fn hash(text: &[u8]) -> usize {
    let first = (text[0] | 0x20) as usize;
    let last = (text[text.len() - 1] | 0x20) as usize;
    (first * 7 + last * 31 + text.len() * 13) % SLOTS
}

/// Names by [`hash`], with linear probing. Made by the compiler.
static FULL: [Option<(&[u8], Name)>; SLOTS] = {
    let mut table: [Option<(&[u8], Name)>; SLOTS] = [None; SLOTS];
    let mut index = 0;
    while index < Name::ALL.len() {
        let mut slot = hash(Name::ALL[index].as_str().as_bytes());
        while table[slot].is_some() {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = Some((Name::ALL[index].as_str().as_bytes(), Name::ALL[index]));
        index += 1;
    }
    table
};

/// Names by their compact letter in lower case.
const COMPACT: [u8; 256] = {
    let mut table = [FREE; 256];
    let mut index = 0;
    while index < Name::ALL.len() {
        if let Some(letter) = Name::ALL[index].compact() {
            table[letter as usize] = index as u8;
        }
        index += 1;
    }
    table
};

const SLOTS: usize = 256;
const FREE: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::Name;

    /// SIP-11
    #[test]
    fn every_name_is_found_in_any_case_and_in_compact_form() {
        for name in Name::ALL {
            assert_eq!(Name::from_bytes(name.as_str().as_bytes()), Some(*name));
            assert_eq!(Name::from_bytes(name.as_str().to_uppercase().as_bytes()), Some(*name));
            assert_eq!(Name::from_bytes(name.as_str().to_lowercase().as_bytes()), Some(*name));
            if let Some(letter) = name.compact() {
                assert_eq!(Name::from_bytes(&[letter]), Some(*name));
                assert_eq!(Name::from_bytes(&[letter.to_ascii_uppercase()]), Some(*name));
            }
        }
    }

    /// SIP-11
    #[test]
    fn other_names_are_nobody() {
        for text in ["", "z", "Vi", "Viaa", "X-Asterisk-Info", "Froma", "é"] {
            assert_eq!(Name::from_bytes(text.as_bytes()), None, "{text}");
        }
    }
}
