//! Grandstream: `cfg<mac>.xml`, an element per P value; the phone book is `phonebook.xml`.
//!
//! Numbers of P values: Grandstream configuration templates GRP261x 1.0.5.15 and GXP2130/40/60/70/35 1.0.11.16; form of the
//! book: GXP Series XML Phonebook Guide.

use config::{codes::Function, phones::Transport, snapshot::Srtp};

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    match pattern {
        "cfg{mac}.xml" => Some(settings(phone)),
        "phonebook.xml" => Some(phone_book(phone)),
        _ => None,
    }
}

fn settings(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("gs_provision", &[("version", "1")]).open("config", &[("version", "1")]);
    let (secure, path) = phone.base_parts();
    // Config via HTTP or HTTPS, from there, and not from where DHCP says.
    p(&mut xml, 212, if secure { "2" } else { "1" });
    p(&mut xml, 237, path);
    p(&mut xml, 145, "0");
    // NOTIFY is taken without a challenge: it only has the phone ask us.
    p(&mut xml, 4428, "1");
    account(&mut xml, phone);
    p(&mut xml, 1362, if phone.profile.place.language == "de" { "de" } else { "en" });
    p(&mut xml, 64, "customize");
    p(&mut xml, 246, &phone.zone.posix());
    // No time zone from DHCP.
    p(&mut xml, 143, "0");
    // Phone book: HTTP or HTTPS, every hour, and in place of what was there.
    p(&mut xml, 330, if secure { "3" } else { "1" });
    p(&mut xml, 331, path);
    p(&mut xml, 332, "60");
    p(&mut xml, 333, "1");
    for (position, key) in phone.keys() {
        button(&mut xml, phone, position, key);
    }
    xml.close("config").close("gs_provision");
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

fn account(xml: &mut Xml, phone: &Phone) {
    let line = &phone.profile.line;
    p(xml, 271, "1");
    p(xml, 270, phone.label());
    p(xml, 47, &format!("{}:{}", line.domain, phone.port));
    p(xml, 48, &format!("{}:{}", phone.server, phone.port));
    // Everything goes to the outbound proxy.
    p(xml, 2305, "2");
    p(xml, 35, &line.username);
    p(xml, 36, &line.username);
    p(xml, 34, &line.password);
    p(xml, 3, &line.display_name);
    p(xml, 33, phone.voicemail().unwrap_or_default());
    let transport = match line.transport {
        Transport::Udp => "0",
        Transport::Tcp => "1",
        Transport::Tls => "2",
    };
    p(xml, 130, transport);
    // Not at all, enabled but not forced, enabled and forced.
    let srtp = match line.srtp {
        Srtp::Off => "0",
        Srtp::Optional => "1",
        Srtp::Required => "2",
    };
    p(xml, 183, srtp);
    p(xml, 99, "1");
    // Pickup of what a watched extension rings, FC-14.
    p(xml, 1347, phone.code_of(Function::Pickup));
    // Of codes only those that there are: one that matched more would have the phone wait for another digit.
    let codes = phone.profile.codes.iter().map(|(function, code)| {
        if function.argument().is_wanted() { format!("{code}x+") } else { code.clone() }
    });
    let patterns: Vec<String> = ["x+", "\\+x+"].map(str::to_owned).into_iter().chain(codes).collect();
    p(xml, 290, &format!("{{ {} }}", patterns.join(" | ")));
    p(xml, 85, "4");
}

/// The first keys may be lines ("fixed"), and are numbered otherwise than the others; on GXP their modes are, too.
fn button(xml: &mut Xml, phone: &Phone, position: usize, key: Key<'_>) {
    let is_gxp = phone.profile.model.key.contains("gxp");
    let is_fixed = position <= if is_gxp { 3 } else { 5 };
    let (mode, value, label) = match key {
        Key::Nothing => (-1, "", ""),
        Key::Line if is_gxp => (if is_fixed { 0 } else { -1 }, "", phone.label()),
        Key::Line => (if is_fixed { 31 } else { -1 }, "", phone.label()),
        Key::Dial { number, label } => (0, number, label),
        Key::Blf { number, label } => (1, number, label),
        Key::Digits { digits, label } => (5, digits, label),
        Key::Voicemail { number, label } => (6, number.unwrap_or_default(), label),
        Key::Park { slot, label } => (9, slot, label),
        Key::Url { url, label } => (18, url, label),
        Key::Forward { label } => (21, "", label),
        Key::Dnd { label } => (22, "", label),
    };
    let is_line = matches!(key, Key::Line | Key::Nothing);
    let mode = if is_gxp && is_fixed && !is_line { mode + 10 } else { mode };
    let [of_mode, of_account, of_label, of_value] = numbers(position);
    p(xml, of_mode, &mode.to_string());
    p(xml, of_account, "0");
    p(xml, of_label, label);
    p(xml, of_value, value);
}

/// The P values of a key's mode, account, label and value.
fn numbers(position: usize) -> [usize; 4] {
    if position <= 6 {
        let first = 2 * (position - 1);
        [1363 + first, 1364 + first, 1465 + first, 1466 + first]
    } else {
        let first = 23_800 + 4 * (position - 7);
        [first, first + 1, first + 2, first + 3]
    }
}

/// DIR-33: groups are numbered, and a contact names the number of its own.
fn phone_book(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("AddressBook", &[]).text("version", "1");
    for (group, id) in phone.book.iter().zip(FIRST_GROUP..) {
        xml.open("pbgroup", &[]).text("id", &id.to_string()).text("name", &group.name).close("pbgroup");
    }
    for (group, id) in phone.book.iter().zip(FIRST_GROUP..) {
        for entry in &group.entries {
            let (first, last) = entry.name.rsplit_once(' ').unwrap_or(("", &entry.name));
            xml.open("Contact", &[]).text("FirstName", first).text("LastName", last).text("Frequent", "0");
            for (kind, number) in &entry.numbers {
                let kind = match *kind {
                    "mobile" => "Mobile",
                    "home" => "Home",
                    _ => "Work",
                };
                xml.open("Phone", &[("type", kind)]).text("phonenumber", number).text("accountindex", "0");
                xml.close("Phone");
            }
            xml.text("Group", &id.to_string()).close("Contact");
        }
    }
    xml.close("AddressBook");
    Document { kind: KIND, text: xml.into_text(), entries: Some(book::size(&phone.book)) }
}

fn p(xml: &mut Xml, number: usize, value: &str) {
    xml.text(&format!("P{number}"), value);
}

/// Below are the phone's own: blacklist, work, friend.
const FIRST_GROUP: usize = 10;
const KIND: &str = "text/xml; charset=utf-8";
