//! Sangoma P series: `<mac>.cfg`, XML settings; people and keys are in `<mac>-contacts.xml`.
//!
//! Names: Sangoma knowledge base, "XML Configuration 4.13.0+" and "Contacts". Keys are filled in order from the group of contacts
//! that `blf_contact_group` names; a contact with `subscribe_to` has a lamp.

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    match pattern {
        "{mac}.cfg" => Some(settings(phone)),
        "{mac}-contacts.xml" => Some(contacts(phone)),
        _ => None,
    }
}

fn settings(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    let line = &phone.profile.line;
    xml.open("config", &[]);
    for (id, value) in [
        ("config_server_url", phone.base.as_str()),
        ("time_zone", &phone.zone.name),
        ("time_source", "ntp"),
        ("locale", if phone.profile.place.language == "de" { "de_DE" } else { "en_US" }),
        ("enable_check_sync", "1"),
        ("accept_local_calls", "any"),
        ("transport_udp_enabled", if line.tcp { "0" } else { "1" }),
        ("transport_tcp_enabled", if line.tcp { "1" } else { "0" }),
        ("enable_blf_on_unused_line_keys", "1"),
        ("blf_contact_group", KEYS),
    ] {
        xml.empty("setting", &[("id", id), ("value", value)]);
    }
    let url = format!("{}/{}-contacts.xml", phone.base, phone.profile.mac);
    xml.empty("contacts", &[("url", &url), ("id", "dialtone")]);
    account(&mut xml, phone);
    xml.close("config");
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

fn account(xml: &mut Xml, phone: &Phone) {
    let line = &phone.profile.line;
    let voicemail = phone.voicemail().map(|number| phone.address(number)).unwrap_or_default();
    // Emergency numbers, and codes behind which nothing follows, at once.
    let codes = phone.whole_codes();
    let complete: Vec<&str> = phone.emergency().iter().chain(&codes).copied().collect();
    let plan = format!("{}|+x.T4|*x.T4|x.T4", complete.join("|"));
    xml.open("accounts", &[]).open(
        "account",
        &[
            ("index", "0"),
            ("status", "1"),
            ("register", "1"),
            ("account_id", &line.username),
            ("username", &line.username),
            ("authname", &line.username),
            ("password", &line.password),
            ("passcode", ""),
            ("line_label", phone.label()),
            ("caller_id", &line.display_name),
            ("dial_plan", &plan),
            ("visual_voicemail", if phone.voicemail().is_none() { "1" } else { "0" }),
            ("voicemail", &voicemail),
            ("outbound_proxy", &phone.server),
            ("outbound_port", &phone.port.to_string()),
            ("conflict", "replace"),
        ],
    );
    xml.empty(
        "host_primary",
        &[
            ("server", &line.domain),
            ("port", &phone.port.to_string()),
            ("transport", if line.tcp { "tcp" } else { "udp" }),
            ("reregister", "300"),
            ("retry", "25"),
            ("num_retries", "5"),
        ],
    );
    xml.close("account").close("accounts");
}

fn contacts(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("phonebooks", &[]).open("contacts", &[("group_name", KEYS), ("editable", "0"), ("id", "0")]);
    for (_, key) in phone.keys() {
        match key {
            Key::Blf { number, label } | Key::Park { slot: number, label } => {
                contact(&mut xml, label, &[("work", number)], &phone.address(number));
            }
            Key::Dial { number, label } | Key::Voicemail { number: Some(number), label } => {
                contact(&mut xml, label, &[("work", number)], "");
            }
            _ => {}
        }
    }
    xml.close("contacts");
    for (group, id) in phone.book.iter().zip(1..) {
        xml.open("contacts", &[("group_name", &group.name), ("editable", "0"), ("id", &id.to_string())]);
        for entry in &group.entries {
            let numbers: Vec<(&str, &str)> =
                entry.numbers.iter().map(|(kind, n)| (*kind, n.as_str())).collect();
            contact(&mut xml, &entry.name, &numbers, "");
        }
        xml.close("contacts");
    }
    xml.close("phonebooks");
    Document { kind: KIND, text: xml.into_text(), entries: Some(book::size(&phone.book)) }
}

fn contact(xml: &mut Xml, name: &str, numbers: &[(&str, &str)], watches: &str) {
    let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
    let mut attributes = vec![("first_name", first), ("last_name", last), ("contact_type", "sip")];
    if !watches.is_empty() {
        attributes.push(("subscribe_to", watches));
    }
    xml.open("contact", &attributes).open("numbers", &[]);
    for (at, (kind, number)) in numbers.iter().enumerate() {
        let label = match *kind {
            "mobile" => "Mobile",
            "home" => "Home",
            _ => "Work",
        };
        xml.empty(
            "number",
            &[("dial", number), ("label", label), ("primary", if at == 0 { "1" } else { "0" })],
        );
    }
    xml.close("numbers").close("contact");
}

/// The group that the keys are filled from.
const KEYS: &str = "Keys";
const KIND: &str = "text/xml; charset=utf-8";
