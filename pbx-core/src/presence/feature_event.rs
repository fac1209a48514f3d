//! `as-feature-event`: do-not-disturb and forwards, kept in step between phone and system. SIP-26.
//!
//! There is no RFC of it: makers follow BroadWorks' device feature key synchronisation, which borrows its elements from CSTA
//! (ECMA-323). A phone sets something by a body in SUBSCRIBE; every NOTIFY says how things stand:
//!
//! ```text
//!   phone                                   system
//!     │ SUBSCRIBE  <SetDoNotDisturb> on       │
//!     ├──────────────────────────────────────►│  an edit, checked and written as any other
//!     │◄─────────────────────────────── 200 ──┤
//!     │◄── NOTIFY  <DoNotDisturbEvent> on ────┤
//! ```

use roxmltree::{Document, Node};

use super::{lamp::digest, xml::push_escaped};

/// How a user's features stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Features {
    pub dnd: bool,
    /// Where calls go: all, when busy, when not answered; `None` is off.
    pub forwards: [Option<String>; 3],
    /// Before a call counts as not answered.
    pub rings: u64,
}

/// What a phone wants changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Dnd(bool),
    /// `None` as number switches it off.
    #[allow(missing_docs)]
    Forward {
        kind: ForwardKind,
        to: Option<String>,
        rings: Option<u64>,
    },
}

/// Which calls a forward is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForwardKind {
    Always,
    Busy,
    NoAnswer,
}

/// What one NOTIFY tells of; each has a document of its own.
pub(crate) const PARTS: usize = 4;

impl Features {
    /// A number for each part; that of a part that changed is another.
    pub(crate) fn digests(&self) -> [u16; PARTS] {
        let part = |at: usize| match at {
            0 => digest(&self.dnd),
            3 => digest(&(&self.forwards[2], self.rings)),
            _ => digest(&self.forwards[at - 1]),
        };
        std::array::from_fn(|at| part(at) as u16)
    }
    /// The document of one part.
    pub(crate) fn print(&self, part: usize, number: &str) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        if part == 0 {
            open(&mut out, "DoNotDisturbEvent", number);
            out.push_str(&format!(
                " <doNotDisturbOn>{}</doNotDisturbOn>\r\n</DoNotDisturbEvent>\r\n",
                self.dnd
            ));
            return out;
        }
        let to = &self.forwards[part - 1];
        open(&mut out, "ForwardingEvent", number);
        out.push_str(&format!(" <forwardingType>{}</forwardingType>\r\n", KINDS[part - 1].1));
        out.push_str(&format!(" <forwardStatus>{}</forwardStatus>\r\n <forwardTo>", to.is_some()));
        push_escaped(&mut out, to.as_deref().unwrap_or_default());
        out.push_str("</forwardTo>\r\n");
        if part == 3 {
            out.push_str(&format!(" <ringCount>{}</ringCount>\r\n", self.rings));
        }
        out.push_str("</ForwardingEvent>\r\n");
        out
    }
    /// Several parts in one body.
    pub(crate) fn print_all(&self, parts: impl Iterator<Item = usize>, number: &str) -> String {
        let mut out = String::new();
        for part in parts {
            let document = self.print(part, number);
            out.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Type: application/x-as-feature-event+xml\r\nContent-Length: {}\r\n\r\n",
                document.len()
            ));
            out.push_str(&document);
            out.push_str("\r\n");
        }
        out.push_str(&format!("--{BOUNDARY}--\r\n"));
        out
    }
}

/// Reads what a phone wants changed. `None` if the body is nothing of the kind, or switches a forward on without a number.
pub(crate) fn read(body: &[u8]) -> Option<Wish> {
    let document = Document::parse(std::str::from_utf8(body).ok()?).ok()?;
    let root = document.root_element();
    match root.tag_name().name() {
        "SetDoNotDisturb" => Some(Wish::Dnd(text_of(root, "doNotDisturbOn")? == "true")),
        "SetForwarding" => read_forward(root),
        _ => None,
    }
}

fn read_forward(root: Node<'_, '_>) -> Option<Wish> {
    let named = text_of(root, "forwardingType")?;
    let (kind, _) = *KINDS.iter().find(|(_, name)| *name == named)?;
    let is_on = text_of(root, "activateForward")? == "true";
    let to = text_of(root, "forwardDN").map(number_of).filter(|to| is_on && !to.is_empty());
    if is_on && to.is_none() {
        return None;
    }
    let rings = text_of(root, "ringCount").and_then(|rings| rings.parse().ok()).filter(|_| is_on);
    Some(Wish::Forward { kind, to: to.map(str::to_owned), rings })
}

fn text_of<'a>(root: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let node = root.children().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::trim)
}

/// A number that a phone may have written as an address.
fn number_of(text: &str) -> &str {
    let text = text.strip_prefix("sip:").or_else(|| text.strip_prefix("tel:")).unwrap_or(text);
    text.split(['@', ';']).next().unwrap_or_default()
}

fn open(out: &mut String, name: &str, number: &str) {
    out.push_str(&format!("<{name} xmlns=\"{CSTA}\">\r\n <device>"));
    push_escaped(out, number);
    out.push_str("</device>\r\n");
}

/// In the order of parts 1 to 3.
const KINDS: [(ForwardKind, &str); 3] = [
    (ForwardKind::Always, "forwardImmediate"),
    (ForwardKind::Busy, "forwardBusy"),
    (ForwardKind::NoAnswer, "forwardNoAns"),
];
/// ECMA-323, third edition.
const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
/// Content-Type of several parts.
pub(crate) const MULTIPART: &str = "multipart/mixed;boundary=dialtone-features";
const BOUNDARY: &str = "dialtone-features";
/// A ring and its pause, by which phones count. [s]
pub(crate) const RING_SECONDS: u64 = 6;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// SIP-26
    #[test]
    fn do_not_disturb_and_forwards_are_read_from_what_phones_send() {
        let dnd = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
            <SetDoNotDisturb xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">
            <device>101</device><doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>"#;
        assert_eq!(read(dnd.as_bytes()), Some(Wish::Dnd(true)));
        let forward = |on: &str, to: &str, more: &str| {
            let text = format!(
                "<SetForwarding><device/><forwardingType>forwardNoAns</forwardingType>\
                 <activateForward>{on}</activateForward><forwardDN>{to}</forwardDN>{more}</SetForwarding>"
            );
            read(text.as_bytes())
        };
        let wish = |to: Option<&str>, rings| {
            Some(Wish::Forward { kind: ForwardKind::NoAnswer, to: to.map(str::to_owned), rings })
        };
        assert_eq!(forward("true", " 102 ", "<ringCount>3</ringCount>"), wish(Some("102"), Some(3)));
        assert_eq!(forward("true", "sip:102@a.example;user=phone", ""), wish(Some("102"), None));
        assert_eq!(forward("false", "102", ""), wish(None, None));
        assert_eq!(forward("true", "", ""), None, "where to?");
        assert_eq!(read(b"<Other/>"), None);
    }

    /// SIP-26
    #[test]
    fn each_part_is_a_document_and_changes_alone() {
        let off = Features { rings: 3, ..Features::default() };
        let busy = Features { forwards: [None, Some("1&2".into()), None], ..off.clone() };
        let changed = |part: usize| off.digests()[part] != busy.digests()[part];
        assert_eq!([0, 1, 2, 3].map(changed), [false, false, true, false]);
        for part in 0..PARTS {
            let text = busy.print(part, "101");
            let document = Document::parse(&text).unwrap();
            assert_eq!(text_of(document.root_element(), "device"), Some("101"));
        }
        let text = busy.print(2, "101");
        let document = Document::parse(&text).unwrap();
        assert_eq!(text_of(document.root_element(), "forwardTo"), Some("1&2"));
        let all = busy.print_all(0..PARTS, "101");
        assert_eq!(all.matches("--dialtone-features\r\n").count(), PARTS);
        assert!(MULTIPART.ends_with(BOUNDARY) && all.ends_with("--dialtone-features--\r\n"));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..400)) {
            read(&body);
        }
    }
}
