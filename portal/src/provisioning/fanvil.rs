//! Fanvil: `<mac>.cfg`, XML of the form 2.0; keys stand page by page; the phone book is opened by a soft key.
//!
//! Names: Fanvil auto provisioning configuration of the X series ("sysConf" 2.0); form of the book: Fanvil XML Operation Guide.

use config::codes::Function;

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
    zone::Change,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    match pattern {
        "{mac}.cfg" | "{mac}.xml" => Some(settings(phone)),
        "book.xml" => Some(phone_book(phone)),
        _ => None,
    }
}

fn settings(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("sysConf", &[]).text("Version", "2.0000000000");
    account(&mut xml, phone);
    xml.open("phone", &[]).open("display", &[]);
    xml.text("DefaultLanguage", if phone.profile.place.language == "de" { "de" } else { "en" });
    xml.text("LCDTitle", &phone.profile.line.display_name).close("display");
    clock(&mut xml, phone);
    xml.close("phone");
    buttons(&mut xml, phone);
    fetching(&mut xml, phone);
    xml.close("sysConf");
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

fn account(xml: &mut Xml, phone: &Phone) {
    let line = &phone.profile.line;
    let port = phone.port.to_string();
    xml.open("sip", &[]).open("line", &[("index", "1")]);
    for (name, value) in [
        ("PhoneNumber", line.username.as_str()),
        ("DisplayName", &line.display_name),
        ("SipName", phone.label()),
        ("RegisterAddr", &line.domain),
        ("RegisterPort", &port),
        ("RegisterUser", &line.username),
        ("RegisterPswd", &line.password),
        // [s]
        ("RegisterTTL", "300"),
        ("EnableReg", "1"),
        ("ProxyAddr", &phone.server),
        ("ProxyPort", &port),
        ("ProxyUser", &line.username),
        ("ProxyPswd", &line.password),
        ("Transport", if line.tcp { "1" } else { "0" }),
        // Telephone events, RFC 4733.
        ("DTMFMode", "1"),
        ("MWINum", phone.voicemail().unwrap_or_default()),
        ("PickupNum", phone.code_of(Function::Pickup)),
    ] {
        xml.text(name, value);
    }
    xml.close("line").close("sip");
}

/// Quarters of an hour from UTC; weeks and weekdays as elsewhere, the last week is -1.
fn clock(xml: &mut Xml, phone: &Phone) {
    xml.open("date", &[]).text("EnableSNTP", "1");
    xml.text("TimeZone", &(phone.zone.offset / 900).to_string());
    xml.text("TimeZoneName", &format!("UTC{}", phone.zone.hours()));
    match phone.zone.summer {
        None => drop(xml.text("EnableDST", "0")),
        Some(summer) => {
            xml.text("EnableDST", "2").text("DSTFixedType", "2");
            xml.text("DSTMinOffset", &(summer.saves / 60).to_string());
            for (name, change) in [("Start", summer.start), ("End", summer.end)] {
                rule(xml, name, change);
            }
        }
    }
    xml.close("date");
}

fn rule(xml: &mut Xml, name: &str, change: Change) {
    let week = if change.week == 5 { "-1".to_owned() } else { change.week.to_string() };
    xml.text(&format!("DST{name}Mon"), &change.month.to_string());
    xml.text(&format!("DST{name}Hour"), &change.hour.to_string());
    xml.text(&format!("DST{name}Wday"), &change.weekday.to_string());
    xml.text(&format!("DST{name}Week"), &week);
}

fn buttons(xml: &mut Xml, phone: &Phone) {
    let page = usize::from(phone.profile.model.page);
    xml.open("dsskey", &[]);
    let keys: Vec<(usize, Key<'_>)> = phone.keys().collect();
    for (side, keys) in keys.chunks(page).enumerate() {
        xml.open("dssSide", &[("index", &(side + 1).to_string())]);
        for (at, (_, key)) in keys.iter().enumerate() {
            let (kind, value, label) = button(phone, *key);
            xml.open("Fkey", &[("index", &(at + 1).to_string())]);
            xml.text("Type", &kind.to_string()).text("Value", &value).text("Title", label).close("Fkey");
        }
        xml.close("dssSide");
    }
    // The soft key opens the book.
    xml.open("dssSoft", &[("index", "1")]).text("Type", "21");
    xml.text("Value", &format!("{}/book.xml", phone.base)).text("Title", "Phone book").close("dssSoft");
    xml.close("dsskey");
}

/// Type, value and title: 1 dials or watches, 2 is a line, 3 an action of the phone, 4 digits, 5 an address.
fn button<'a>(phone: &'a Phone, key: Key<'a>) -> (u8, String, &'a str) {
    match key {
        Key::Nothing => (0, String::new(), ""),
        Key::Line => (2, "SIP1".to_owned(), phone.label()),
        // Watched; rings with pickup, FC-14.
        Key::Blf { number, label } => {
            let pickup = phone.code_of(Function::Pickup);
            (1, format!("{number}@1/ba{pickup}{number}"), label)
        }
        Key::Dial { number, label } | Key::Voicemail { number: Some(number), label } => {
            (1, format!("{number}@1/f"), label)
        }
        Key::Park { slot, label } => (1, format!("{slot}@1/c"), label),
        Key::Digits { digits, label } => (4, digits.to_owned(), label),
        Key::Voicemail { number: None, label } => (3, "F_MWI".to_owned(), label),
        Key::Dnd { label } => (3, "F_DND".to_owned(), label),
        Key::Forward { label } => (3, "F_CFWD".to_owned(), label),
        Key::Url { url, label } => (5, url.to_owned(), label),
    }
}

fn fetching(xml: &mut Xml, phone: &Phone) {
    let (secure, path) = phone.base_parts();
    xml.open("ap", &[]).text("DownloadCommonConf", "0").text("DownloadDeviceConf", "1");
    xml.text("FlashServerIP", path).text("FlashFileName", "$mac.cfg");
    // 4 is HTTP, 5 HTTPS; after each start.
    xml.text("FlashProtocol", if secure { "5" } else { "4" }).text("FlashMode", "1");
    xml.open("pnp", &[]).text("PNPEnable", "0").close("pnp").close("ap");
}

fn phone_book(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("FanvilIPPhoneDirectory", &[]).text("Title", "Phone book");
    for entry in phone.book.iter().flat_map(|group| &group.entries) {
        xml.open("DirectoryEntry", &[]).text("Name", &entry.name);
        for (_, number) in &entry.numbers {
            xml.text("Telephone", number);
        }
        xml.close("DirectoryEntry");
    }
    xml.close("FanvilIPPhoneDirectory");
    Document { kind: KIND, text: xml.into_text(), entries: Some(book::size(&phone.book)) }
}

const KIND: &str = "text/xml; charset=utf-8";
