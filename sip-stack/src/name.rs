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
            /// How its header line begins, the break that ends the line before included.
            pub(crate) const fn line_start(self) -> &'static [u8] {
                match self { $(Name::$variant => concat!("\r\n", $text, ": ").as_bytes()),* }
            }
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
    Replaces "Replaces", Join "Join", Event "Event" b'o', SubscriptionState "Subscription-State", Diversion "Diversion",
    HistoryInfo "History-Info", PAssertedIdentity "P-Asserted-Identity",
    PPreferredIdentity "P-Preferred-Identity", Privacy "Privacy", AlertInfo "Alert-Info", AnswerMode "Answer-Mode", CallInfo "Call-Info",
    ErrorInfo "Error-Info", ContentDisposition "Content-Disposition", SipEtag "SIP-ETag", SipIfMatch "SIP-If-Match",
    Geolocation "Geolocation", InfoPackage "Info-Package", RecvInfo "Recv-Info", Date "Date", Timestamp "Timestamp",
    Organization "Organization", Identity "Identity" b'y', PCalledPartyId "P-Called-Party-ID", RemotePartyId "Remote-Party-ID",
    GeolocationRouting "Geolocation-Routing", Priority "Priority", ReferSub "Refer-Sub",
}

impl Name {
    /// The name at the start of `text` that a colon follows, and its length; `None` unless it is in its canonical form and
    /// not longer than 16 bytes. That is how nearly everybody writes nearly all of them.
    #[inline]
    pub(crate) fn canonical_at(text: &[u8]) -> Option<(Self, usize)> {
        let (words, _) = text.as_chunks::<8>();
        let low = u64::from_le_bytes(*words.first()?);
        let high = u64::from_le_bytes(*words.get(1)?);
        let (length, words) = match (colon_in(low), colon_in(high)) {
            (Some(bits), _) => (bits / 8, (low & ((1 << bits) - 1), 0)),
            (None, Some(bits)) => (8 + bits / 8, (low, high & ((1 << bits) - 1))),
            (None, None) => return None,
        };
        let mut slot = mix(words);
        while let Some((known, name)) = SHORT[slot] {
            if known == words {
                // Zeros at the end of the text look like the room behind the name.
                return (name.as_str().len() == length as usize).then_some((name, length as usize));
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }
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

/// At which bit the first colon of eight bytes begins.
#[inline]
fn colon_in(word: u64) -> Option<u32> {
    let differing = word ^ (ONES * b':' as u64);
    // The lowest zero byte has its high bit set; above it the bits mean nothing.
    let found = differing.wrapping_sub(ONES) & !differing & (ONES << 7);
    (found != 0).then(|| found.trailing_zeros() & !7)
}

/// Where a name of at most 16 bytes, as two words, is looked for first.
const fn mix((low, high): (u64, u64)) -> usize {
    ((low ^ high.rotate_left(29)).wrapping_mul(GOLDEN) >> 56) as usize
}

/// Names of at most 16 bytes as two little-endian words by [`mix`], with linear probing. Made by the compiler.
static SHORT: [Option<((u64, u64), Name)>; SLOTS] = {
    let mut table: [Option<((u64, u64), Name)>; SLOTS] = [None; SLOTS];
    let mut index = 0;
    while index < Name::ALL.len() {
        let text = Name::ALL[index].as_str().as_bytes();
        if text.len() <= 16 {
            let (mut bytes, mut at) = (0u128, 0);
            while at < text.len() {
                bytes |= (text[at] as u128) << (8 * at);
                at += 1;
            }
            let words = (bytes as u64, (bytes >> 64) as u64);
            let mut slot = mix(words);
            while table[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            table[slot] = Some((words, Name::ALL[index]));
        }
        index += 1;
    }
    table
};

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

/// 2⁶⁴ divided by the golden ratio.
/// A one in each of eight bytes.
pub(crate) const ONES: u64 = u64::MAX / 255;
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
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

    /// SIP-11: the quick way finds the same as the thorough one, or nothing.
    #[test]
    fn names_before_a_colon_are_found_in_their_canonical_form() {
        for name in Name::ALL {
            let text = name.as_str();
            let line = format!("{text}: 0123456789abcdef");
            let expected = (text.len() < 16).then_some((*name, text.len()));
            assert_eq!(Name::canonical_at(line.as_bytes()), expected, "{text}");
            assert_eq!(Name::canonical_at(line.to_lowercase().as_bytes()), None, "{text}");
            assert_eq!(Name::canonical_at(text.as_bytes()), None, "{text}");
        }
        for line in [
            ": 0123456789abcdef",
            "Via : 0123456789abcdef",
            "Vi\0: 0123456789abcdef",
            "Via\0: 0123456789abcdef",
        ] {
            assert_eq!(Name::canonical_at(line.as_bytes()), None, "{line}");
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
