//! Snom: `snom<model>-<MAC>.htm` or `<MAC>.xml`, an element per setting; the phone book is a file of its own.
//!
//! Names: Snom service hub, settings of firmware 10, "Dial Plan - Regular Expressions"; form of the directory: "Provisioning
//! Local Directory", version 2.0.

use config::codes::Function;

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
    zone::Change,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    let is_settings = pattern == "{mac}.xml"
        || pattern == "{mac}.htm"
        || pattern.starts_with("snom") && pattern.ends_with("-{mac}.htm");
    match pattern {
        "book.xml" => Some(phone_book(phone)),
        _ if is_settings => Some(settings(phone)),
        _ => None,
    }
}

fn settings(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("settings", &[]).open("phone-settings", &[("e", "2")]);
    let german = phone.profile.place.language == "de";
    for (name, value) in [
        ("setting_server", phone.base.as_str()),
        ("update_policy", "settings_only"),
        ("pnp_config", "off"),
        ("language", if german { "Deutsch" } else { "English" }),
        ("web_language", if german { "Deutsch" } else { "English" }),
        ("timezone", ""),
        ("utc_offset", &format!("{:+}", phone.zone.offset)),
        ("dst", &summer_time(phone)),
        ("auto_dial", "off"),
    ] {
        set(&mut xml, name, value);
    }
    account(&mut xml, phone);
    xml.close("phone-settings").open("functionKeys", &[("e", "2")]);
    for (position, key) in phone.keys() {
        button(&mut xml, phone, position, key);
    }
    xml.close("functionKeys").open("setting-files", &[]);
    xml.empty("file", &[("url", &format!("{}/book.xml", phone.base))])
        .close("setting-files")
        .close("settings");
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

fn account(xml: &mut Xml, phone: &Phone) {
    let line = &phone.profile.line;
    let transport = if line.tcp { "tcp" } else { "udp" };
    for (name, value) in [
        ("user_active", "on"),
        ("user_realname", line.display_name.as_str()),
        ("user_idle_text", phone.label()),
        ("user_name", &line.username),
        ("user_pname", &line.username),
        ("user_pass", &line.password),
        ("user_host", &line.domain),
        ("user_outbound", &format!("{}:{};transport={transport}", phone.server, phone.port)),
        ("user_mailbox", phone.voicemail().unwrap_or_default()),
        ("user_dp_str", &complete(phone)),
        // SRTP is for lines over TLS.
        ("user_srtp", "off"),
    ] {
        xml.with(name, &[("idx", "1"), ("perm", "R")], value);
    }
}

/// What is dialled at once, as a substitution: emergency numbers, and codes behind which nothing follows.
fn complete(phone: &Phone) -> String {
    let codes = phone.whole_codes();
    let numbers: Vec<String> =
        phone.emergency().iter().chain(&codes).map(|number| number.replace('*', "\\*")).collect();
    format!("!^({})$!sip:\\1@\\d!d", numbers.join("|"))
}

/// Seconds saved, then both changes as `month.week.weekday hh:mm:ss`; Monday is 1 and Sunday 7.
fn summer_time(phone: &Phone) -> String {
    let Some(summer) = phone.zone.summer else { return String::new() };
    let rule = |change: Change| {
        let weekday = if change.weekday == 0 { 7 } else { change.weekday };
        format!("{:02}.{:02}.{weekday:02} {:02}:00:00", change.month, change.week, change.hour)
    };
    format!("{} {} {}", summer.saves, rule(summer.start), rule(summer.end))
}

fn button(xml: &mut Xml, phone: &Phone, position: usize, key: Key<'_>) {
    let (does, label) = match key {
        Key::Nothing => ("none".to_owned(), ""),
        Key::Line => ("line".to_owned(), phone.label()),
        // Directed pickup while it rings, FC-14.
        Key::Blf { number, label } => {
            (format!("blf {}|{}", phone.address(number), phone.code_of(Function::Pickup)), label)
        }
        Key::Dial { number, label } => (format!("speed {number}"), label),
        Key::Park { slot, label } => (format!("orbit {}", phone.address(slot)), label),
        Key::Digits { digits, label } => (format!("dtmf {digits}"), label),
        Key::Voicemail { number: Some(number), label } => (format!("speed {number}"), label),
        Key::Voicemail { number: None, label } => ("keyevent F_RETRIEVE".to_owned(), label),
        Key::Dnd { label } => ("keyevent F_DND".to_owned(), label),
        Key::Forward { label } => ("keyevent F_REDIRECT".to_owned(), label),
        Key::Url { url, label } => (format!("url {url}"), label),
    };
    let at = (position - 1).to_string();
    let attributes = [("idx", at.as_str()), ("context", "active"), ("label", label), ("perm", "R")];
    xml.with("fkey", &attributes, &does);
}

/// DIR-33: a contact names its group.
fn phone_book(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("tbook", &[("complete", "true"), ("e", "2"), ("version", "2.0")]);
    for group in &phone.book {
        for entry in &group.entries {
            let (first, last) = entry.name.rsplit_once(' ').unwrap_or(("", &entry.name));
            xml.open("contact", &[])
                .text("first_name", first)
                .text("last_name", last)
                .text("group", &group.name);
            xml.open("numbers", &[]);
            for (kind, number) in &entry.numbers {
                let kind = match *kind {
                    "mobile" => "mobile",
                    "home" => "home",
                    _ => "business",
                };
                xml.empty("number", &[("no", number), ("type", kind), ("outgoing_id", "0")]);
            }
            xml.close("numbers").close("contact");
        }
    }
    xml.close("tbook");
    Document { kind: KIND, text: xml.into_text(), entries: Some(book::size(&phone.book)) }
}

fn set(xml: &mut Xml, name: &str, value: &str) {
    xml.with(name, &[("perm", "R")], value);
}

const KIND: &str = "text/xml; charset=utf-8";
