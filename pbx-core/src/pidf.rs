//! Where a caller is, in the words that emergency services read: PIDF-LO (RFC 4119, RFC 5139, RFC 5491). GEO-05.
//!
//! Pure: an address in, a document out. How it travels – a part of the INVITE's body that the Geolocation header points to
//! (RFC 6442) – is the trunk's business.

use config::snapshot::CivicAddress;

/// The document of an address; `entity` is whose it is: `101@example.com`.
pub(crate) fn document(address: &CivicAddress, entity: &str) -> String {
    let mut xml = String::with_capacity(USUAL);
    xml.push_str(HEAD);
    xml.push_str("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" ");
    xml.push_str("xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" ");
    xml.push_str("xmlns:cl=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\" entity=\"pres:");
    push_text(&mut xml, entity);
    // One device, one location (RFC 5491 §3.1 rule 1).
    xml.push_str("\"><dm:device id=\"caller\"><gp:geopriv><gp:location-info><cl:civicAddress>");
    // Capitals, as ISO 3166-1 writes it (RFC 4776 §3.4).
    let country = address.country.to_ascii_uppercase();
    for (element, value) in parts(address, &country) {
        if !value.is_empty() {
            xml.extend(["<cl:", element, ">"]);
            push_text(&mut xml, value);
            xml.extend(["</cl:", element, ">"]);
        }
    }
    // Configured by hand (RFC 4119 §2.2.3); no rules beyond those for emergency services.
    xml.push_str(
        "</cl:civicAddress></gp:location-info><gp:usage-rules/><gp:method>Manual</gp:method></gp:geopriv>",
    );
    xml.push_str("<dm:deviceID>urn:dialtone:caller</dm:deviceID></dm:device></presence>\r\n");
    xml
}

/// RFC 5139 §3.1, in the order of its table.
fn parts<'a>(address: &'a CivicAddress, country: &'a str) -> [(&'static str, &'a str); 9] {
    [
        ("country", country),
        ("A1", &address.region),
        ("A3", &address.city),
        ("RD", &address.street),
        ("HNO", &address.house_number),
        ("LOC", &address.detail),
        ("FLR", &address.floor),
        ("PC", &address.postal_code),
        ("ROOM", &address.room),
    ]
}

/// Character data (XML 1.0 §2.4).
fn push_text(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            c if c.is_control() => xml.push(' '),
            c => xml.push(c),
        }
    }
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";
/// A usual document. [bytes]
const USUAL: usize = 900;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address() -> CivicAddress {
        CivicAddress {
            country: "de".into(),
            region: "BE".into(),
            city: "Berlin".into(),
            postal_code: "10115".into(),
            street: "Invalidenstraße".into(),
            house_number: "12a".into(),
            floor: "3".into(),
            room: "3.07".into(),
            detail: "Gate <B> & left".into(),
        }
    }

    /// GEO-05
    #[test]
    fn an_address_becomes_a_civic_location() {
        let xml = document(&address(), "101@example.com");
        assert!(xml.starts_with(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\""
        ));
        assert!(xml.contains("entity=\"pres:101@example.com\""), "{xml}");
        assert!(
            xml.contains(
                "<cl:civicAddress><cl:country>DE</cl:country><cl:A1>BE</cl:A1><cl:A3>Berlin</cl:A3>\
                 <cl:RD>Invalidenstraße</cl:RD><cl:HNO>12a</cl:HNO><cl:LOC>Gate &lt;B&gt; &amp; left</cl:LOC>\
                 <cl:FLR>3</cl:FLR><cl:PC>10115</cl:PC><cl:ROOM>3.07</cl:ROOM></cl:civicAddress>"
            ),
            "{xml}"
        );
        assert!(xml.contains("<gp:usage-rules/><gp:method>Manual</gp:method>"), "{xml}");
    }

    /// RFC 5139 §3.1: what is unknown is left out.
    #[test]
    fn unknown_parts_are_left_out() {
        let xml = document(&CivicAddress { floor: String::new(), ..address() }, "101@example.com");
        assert!(!xml.contains("FLR"), "{xml}");
    }

    proptest! {
        /// Whatever people write, it stays between its own tags.
        #[test]
        fn what_people_write_breaks_no_document(text in ".{0,40}") {
            let xml = document(&CivicAddress { street: text, ..address() }, "x");
            let inside = xml.split("<cl:RD>").nth(1).map_or("", |rest| rest.split("</cl:RD>").next().unwrap());
            prop_assert!(!inside.contains('<') && !inside.contains('"'));
            prop_assert_eq!(xml.matches("</presence>").count(), 1);
        }
    }
}
