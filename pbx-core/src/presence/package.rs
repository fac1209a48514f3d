//! What can be subscribed to, and in which form it is told. RFC 6665 §7.2.

use std::time::Duration;

use sip_stack::{Message, Name, headers};

/// An event package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Package {
    /// RFC 4235. SIP-27
    Dialog,
    /// RFC 3856. SIP-29
    Presence,
    /// RFC 3842. SIP-30
    Summary,
    /// Do-not-disturb and forwards, as Yealink and Polycom keep them in step. SIP-26
    FeatureEvent,
}

impl Package {
    const ALL: [Self; 4] = [Self::Dialog, Self::Presence, Self::Summary, Self::FeatureEvent];

    /// By the name in `Event`, whose other parameters do not matter.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.name().as_bytes() == name)
    }
    /// Of a SUBSCRIBE or PUBLISH.
    pub(crate) fn asked(request: &Message) -> Option<Self> {
        Self::of(headers::Event::parse(request.header(Name::Event)?)?.package)
    }
    /// The name in `Event`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::Presence => "presence",
            Self::Summary => "message-summary",
            Self::FeatureEvent => "as-feature-event",
        }
    }
    /// Content-Type of its documents.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::Presence => "application/pidf+xml",
            Self::Summary => "application/simple-message-summary",
            Self::FeatureEvent => "application/x-as-feature-event+xml",
        }
    }
    /// Whether a phone that accepts this takes its documents. Without `Accept` it takes the package's own
    /// (RFC 6665 §3.1.3).
    pub(crate) fn is_accepted(self, request: &Message) -> bool {
        request.header(Name::Accept).is_none() || accepts(request, self.content_type())
    }
    /// How long a subscription lasts that asks for no time. RFC 4235 §3.4, RFC 3856 §6.4, RFC 3842 §3.4.
    pub(crate) fn usual_expires(self) -> Duration {
        Duration::from_secs(3600)
    }
}

/// Whether `Accept` names a type, or all types.
pub(crate) fn accepts(request: &Message, kind: &str) -> bool {
    let class = kind.split('/').next().unwrap_or_default();
    let takes = |range: &[u8]| {
        let end = memchr::memchr(b';', range).unwrap_or(range.len());
        let range = range[..end].trim_ascii();
        let all_of_class =
            range.strip_suffix(b"/*").is_some_and(|c| c.eq_ignore_ascii_case(class.as_bytes()));
        range == b"*/*" || all_of_class || range.eq_ignore_ascii_case(kind.as_bytes())
    };
    request.values(Name::Accept).any(takes)
}

/// `Allow-Events`.
pub(crate) const ALLOW_EVENTS: &str = "dialog, presence, message-summary, as-feature-event";

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn subscribe(extra: &str) -> Message {
        let text = format!(
            "SUBSCRIBE sip:101@a SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:1@a>;tag=1\r\n\
             To: <sip:101@a>\r\nCall-ID: c\r\nCSeq: 1 SUBSCRIBE\r\n{extra}Content-Length: 0\r\n\r\n"
        );
        Message::parse(Bytes::from(text)).unwrap()
    }

    /// SIP-27: `dialog;sla` of shared lines is a plain dialog here.
    #[test]
    fn a_package_is_found_by_its_name_alone() {
        assert_eq!(Package::asked(&subscribe("Event: dialog;sla\r\n")), Some(Package::Dialog));
        assert_eq!(Package::asked(&subscribe("o: message-summary\r\n")), Some(Package::Summary));
        assert_eq!(Package::asked(&subscribe("Event: dialog.winfo\r\n")), None);
        assert_eq!(Package::asked(&subscribe("")), None);
        assert_eq!(ALLOW_EVENTS, Package::ALL.map(Package::name).join(", "));
    }

    /// SIP-27
    #[test]
    fn accept_decides_whether_a_phone_takes_the_document() {
        let taken = |accept: &str| Package::Dialog.is_accepted(&subscribe(accept));
        assert!(taken(""));
        assert!(taken("Accept: application/dialog-info+xml\r\n"));
        assert!(taken("Accept: text/plain, application/Dialog-Info+xml;q=0.5\r\n"));
        assert!(taken("Accept: */*\r\n") && taken("Accept: application/*\r\n"));
        assert!(!taken("Accept: application/pidf+xml\r\n") && !taken("Accept: text/*\r\n"));
    }
}
