//! `application/pidf+xml`: presence, with the activities of RPID that phones show. RFC 3863, RFC 4480. SIP-29.

use roxmltree::{Document, Node};

use super::{
    lamp::Doing,
    xml::{push_address, push_escaped},
};

/// What a phone says of its user by PUBLISH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Published {
    /// Nothing that changes what we know.
    Open,
    Away,
    Busy,
    /// The phone takes no calls.
    Closed,
}

/// The document.
pub(crate) fn print(doing: Doing, number: &str, domain: &str) -> String {
    let mut out = String::with_capacity(ROOM);
    out.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
         xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"",
    );
    push_address(&mut out, number, domain);
    let (basic, activity, note) = match doing {
        Doing::Available => ("open", "", "Available"),
        Doing::Away => ("open", "<rpid:away/>", "Away"),
        Doing::OnThePhone => ("open", "<rpid:on-the-phone/>", "On the phone"),
        Doing::Busy => ("open", "<rpid:busy/>", "Busy"),
        Doing::Offline => ("closed", "", "Offline"),
    };
    // RFC 3863 §4.1.2: a tuple has an id that begins with a letter.
    out.push_str("\">\r\n<tuple id=\"t");
    push_escaped(&mut out, number.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    out.push_str(&format!("\"><status><basic>{basic}</basic></status><contact priority=\"1\">"));
    push_address(&mut out, number, domain);
    out.push_str(&format!("</contact><note>{note}</note></tuple>\r\n<dm:person id=\"p1\">"));
    if !activity.is_empty() {
        out.push_str(&format!("<rpid:activities>{activity}</rpid:activities>"));
    }
    out.push_str(&format!("<dm:note>{note}</dm:note></dm:person>\r\n</presence>\r\n"));
    out
}

/// Reads what a phone publishes. `None` if it is no PIDF document.
pub(crate) fn read(body: &[u8]) -> Option<Published> {
    let document = Document::parse(std::str::from_utf8(body).ok()?).ok()?;
    let root = document.root_element();
    if !root.has_tag_name((PIDF, "presence")) {
        return None;
    }
    let is =
        |node: &Node<'_, '_>, names: &[&str]| node.is_element() && names.contains(&node.tag_name().name());
    let activities = root.descendants().filter(|node| is(node, &["activities"]));
    let mut told = activities.flat_map(|node| node.children());
    let basics = root.descendants().filter(|node| is(node, &["basic"])).filter_map(|node| node.text());
    let is_closed = basics.clone().count() > 0 && basics.clone().all(|basic| basic.trim() == "closed");
    let published = told.find_map(|node| match node {
        node if is(&node, BUSY) => Some(Published::Busy),
        node if is(&node, AWAY) => Some(Published::Away),
        _ => None,
    });
    Some(published.unwrap_or(if is_closed { Published::Closed } else { Published::Open }))
}

const PIDF: &str = "urn:ietf:params:xml:ns:pidf";
/// RFC 4480 §3.2; `dnd` is what several softphones write.
const BUSY: &[&str] =
    &["busy", "dnd", "do-not-disturb", "meeting", "appointment", "presentation", "on-the-phone"];
/// RFC 4480 §3.2.
const AWAY: &[&str] =
    &["away", "permanent-absence", "vacation", "holiday", "meal", "sleeping", "travel", "in-transit"];
/// Of a document. [bytes]
const ROOM: usize = 640;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// SIP-29, DIR-22, DIR-23, DIR-24
    #[test]
    fn what_is_printed_is_read_again() {
        for (doing, published) in [
            (Doing::Available, Published::Open),
            (Doing::Away, Published::Away),
            (Doing::OnThePhone, Published::Busy),
            (Doing::Busy, Published::Busy),
            (Doing::Offline, Published::Closed),
        ] {
            let text = print(doing, "*1<", "a.example");
            assert_eq!(read(text.as_bytes()), Some(published), "{text}");
        }
    }

    /// RFC 3863 §4.4
    #[test]
    fn the_example_of_the_rfc_is_open() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <impp:presence xmlns:impp="urn:ietf:params:xml:ns:pidf" entity="pres:someone@example.com">
              <impp:tuple id="sg89ae"><impp:status><impp:basic>open</impp:basic></impp:status>
              <impp:contact priority="0.8">tel:+09012345678</impp:contact></impp:tuple></impp:presence>"#;
        assert_eq!(read(text.as_bytes()), Some(Published::Open));
        assert_eq!(read(b"<presence/>"), None);
        assert_eq!(read(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), None);
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..400)) {
            read(&body);
        }
    }
}
