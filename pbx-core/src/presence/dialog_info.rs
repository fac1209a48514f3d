//! `application/dialog-info+xml`: calls as who watches them sees them. RFC 4235. SIP-27.
//!
//! The first document of a subscription, and the first after anything may have been lost, is full; later ones are partial.
//! A partial document has all calls there are, and those that ended since the last one: phones that take every document for
//! the whole truth are right, too.

use smallvec::SmallVec;

use super::{
    lamp::{Dialog, Stage},
    xml::{push_address, push_escaped},
};

/// What stands around the calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The address that was subscribed to.
    pub number: &'a str,
    pub domain: &'a str,
    /// Grows by one with each document of a subscription (§4.1.2).
    pub version: u32,
    /// Everything is in it.
    pub is_full: bool,
}

/// How much of the other side a watcher sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sees {
    /// Who calls whom, always.
    All,
    /// Who calls, while it rings: so that it can be picked up.
    Ringing,
    /// That there is a call: they are of another company.
    Little,
}

impl Sees {
    fn remote_of(self, dialog: &Dialog) -> bool {
        match self {
            Self::All => true,
            Self::Ringing => dialog.is_open || dialog.stage == Stage::Early,
            Self::Little => false,
        }
    }
}

/// The document. `told` are calls that the last one had; those that are no more are told as terminated.
pub(crate) fn print(frame: Frame<'_>, dialogs: &[Dialog], told: &[u32], sees: Sees) -> String {
    let mut out = String::with_capacity(ROOM);
    out.push_str(
        "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"",
    );
    out.push_str(&frame.version.to_string());
    out.push_str(if frame.is_full {
        "\" state=\"full\" entity=\""
    } else {
        "\" state=\"partial\" entity=\""
    });
    push_address(&mut out, frame.number, frame.domain);
    out.push_str("\">\r\n");
    for dialog in dialogs.iter().take(MOST_DIALOGS) {
        push_dialog(&mut out, frame, dialog, sees);
    }
    let gone = told.iter().filter(|id| !dialogs.iter().any(|dialog| dialog.id == **id));
    for id in gone.filter(|_| !frame.is_full) {
        out.push_str(&format!("<dialog id=\"{id}\"><state>terminated</state></dialog>\r\n"));
    }
    out.push_str("</dialog-info>\r\n");
    out
}

/// The calls that a document of them has.
pub(crate) fn ids(dialogs: &[Dialog]) -> SmallVec<[u32; 4]> {
    dialogs.iter().take(MOST_DIALOGS).map(|dialog| dialog.id).collect()
}

fn push_dialog(out: &mut String, frame: Frame<'_>, dialog: &Dialog, sees: Sees) {
    out.push_str(&format!("<dialog id=\"{}\"", dialog.id));
    if let Some([call_id, our_tag, phone_tag]) = dialog.ids.as_ref().filter(|_| sees != Sees::Little) {
        for (name, value) in [("call-id", call_id), ("local-tag", phone_tag), ("remote-tag", our_tag)] {
            if !value.is_empty() {
                out.push_str(&format!(" {name}=\""));
                push_escaped(out, value);
                out.push('"');
            }
        }
    }
    out.push_str(if dialog.is_initiator { " direction=\"initiator\">" } else { " direction=\"recipient\">" });
    out.push_str(match dialog.stage {
        Stage::Early => "<state>early</state>",
        Stage::Confirmed => "<state>confirmed</state>",
    });
    out.push_str("<local><identity>");
    push_address(out, frame.number, frame.domain);
    out.push_str("</identity><target uri=\"");
    push_address(out, frame.number, frame.domain);
    // RFC 4235 §4.1.6.2, RFC 3840 §9: a party that does not render holds the other.
    out.push_str(match dialog.is_held {
        true => "\"><param pname=\"+sip.rendering\" pval=\"no\"/></target></local>",
        false => "\"/></local>",
    });
    if let Some((number, name)) = dialog.remote.as_ref().filter(|_| sees.remote_of(dialog)) {
        out.push_str("<remote><identity");
        if !name.is_empty() {
            out.push_str(" display=\"");
            push_escaped(out, name);
            out.push('"');
        }
        out.push('>');
        push_address(out, number, frame.domain);
        out.push_str("</identity><target uri=\"");
        push_address(out, number, frame.domain);
        out.push_str("\"/></remote>");
    }
    out.push_str("</dialog>\r\n");
}

/// Calls in one document: phones have little room, and a lamp needs no more to know that somebody is busy.
const MOST_DIALOGS: usize = 8;
/// Of a document with one call. [bytes]
const ROOM: usize = 640;

#[cfg(test)]
mod tests {
    use super::*;

    fn ringing() -> Dialog {
        Dialog {
            id: 7,
            stage: Stage::Early,
            is_initiator: false,
            is_held: false,
            is_open: false,
            remote: Some(("101".into(), "Anna <A>".into())),
            ids: Some(["c\"1".into(), "ours".into(), "theirs".into()]),
        }
    }

    fn frame(version: u32, is_full: bool) -> Frame<'static> {
        Frame { number: "102", domain: "a.example", version, is_full }
    }

    fn attribute(text: &str, path: &[&str], name: &str) -> Option<String> {
        let document = roxmltree::Document::parse(text).unwrap();
        let mut node = document.root_element();
        for step in path {
            node = node.children().find(|child| child.has_tag_name(*step))?;
        }
        node.attribute(name).map(str::to_owned)
    }

    /// SIP-27, RFC 4235 §4: well-formed, with what a pickup by Replaces needs.
    #[test]
    fn a_ringing_call_has_direction_state_remote_identity_and_the_names_of_its_dialog() {
        let text = print(frame(0, true), &[ringing()], &[], Sees::Ringing);
        let root = |name| attribute(&text, &[], name).unwrap();
        assert_eq!(
            (root("version"), root("state"), root("entity")),
            ("0".into(), "full".into(), "sip:102@a.example".into())
        );
        let dialog = |name| attribute(&text, &["dialog"], name).unwrap();
        assert_eq!(dialog("direction"), "recipient");
        assert_eq!(
            (dialog("call-id"), dialog("local-tag"), dialog("remote-tag")),
            ("c\"1".into(), "theirs".into(), "ours".into())
        );
        assert!(text.contains("<state>early</state>"));
        assert_eq!(attribute(&text, &["dialog", "remote", "identity"], "display").unwrap(), "Anna <A>");
    }

    /// SIP-27: whom somebody talks with is seen by who may see it.
    #[test]
    fn the_other_side_of_a_call_that_is_up_is_shown_as_allowed() {
        let up = Dialog { stage: Stage::Confirmed, is_held: true, ..ringing() };
        assert!(!print(frame(1, true), std::slice::from_ref(&up), &[], Sees::Ringing).contains("<remote>"));
        let shown = print(frame(1, true), &[up], &[], Sees::All);
        assert!(shown.contains("sip:101@a.example") && shown.contains("+sip.rendering\" pval=\"no\""));
    }

    /// SIP-27, RFC 4235 §4.3
    #[test]
    fn a_partial_document_says_which_calls_ended() {
        let text = print(frame(3, false), &[ringing()], &[7, 9], Sees::Ringing);
        assert_eq!(attribute(&text, &[], "state").unwrap(), "partial");
        assert!(text.contains("<dialog id=\"9\"><state>terminated</state></dialog>"));
        assert!(!text.contains("<dialog id=\"7\"><state>terminated"));
        assert!(
            !print(frame(3, true), &[], &[9], Sees::Ringing).contains("terminated"),
            "a full one needs no word of it"
        );
    }

    #[test]
    fn a_switchboard_with_many_calls_stays_small() {
        let many: Vec<_> = (0..100).map(|id| Dialog { id, ..ringing() }).collect();
        let text = print(frame(0, true), &many, &[], Sees::All);
        assert_eq!(text.matches("<dialog id").count(), MOST_DIALOGS);
        assert_eq!(ids(&many).len(), MOST_DIALOGS);
    }
}
