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
            pub fn as_str(self) -> &'static str { match self { $(Name::$variant => $text),* } }
            /// The one-letter form, where there is one.
            pub fn compact(self) -> Option<u8> {
                match self { $(Name::$variant => { let c: &[u8] = &[$($compact)?]; c.first().copied() }),* }
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
