//! Yealink: `<mac>.cfg`, lines of `name = value`; the phone book is XML by address.
//!
//! Names and numbers of key types: Yealink IP Phones Auto Provisioning Guide and Administrator Guide, V84–V86.

use config::codes::Function;

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    match pattern {
        "{mac}.cfg" => Some(settings(phone)),
        "book.xml" => Some(phone_book(phone)),
        _ => None,
    }
}

fn settings(phone: &Phone) -> Document {
    let profile = &phone.profile;
    // The phone takes the file only with this line in front.
    let mut file = File("#!version:1.0.0.1\n".to_owned());
    file.set("static.auto_provision.server.url", &phone.base);
    file.set("static.auto_provision.pnp_enable", "0");
    file.set("static.auto_provision.dhcp_option.enable", "0");
    file.set("sip.notify_reboot_enable", "0");
    account(&mut file, phone);
    file.set("voice_mail.number.1", phone.voicemail().unwrap_or_default());
    file.set("lang.gui", if profile.place.language == "de" { "German" } else { "English" });
    file.set("local_time.time_zone", &phone.zone.hours());
    summer_time(&mut file, phone);
    // Its keys for do not disturb and forwards are kept in step with the portal. SIP-26.
    file.set("features.feature_key_sync.enable", "1");
    for feature in ["dnd", "forward"] {
        file.set(&format!("features.{feature}.feature_key_sync.enable"), "1");
        // Who does not want to be disturbed is not rung: that is decided here.
        file.set(&format!("features.{feature}.feature_key_sync.local_processing.enable"), "0");
    }
    file.set("features.dial_now.time_out", "0");
    // Codes behind which nothing follows are dialled at once, as emergency numbers are.
    let codes = phone.whole_codes();
    for (at, number) in phone.emergency().iter().chain(&codes).enumerate() {
        file.set(&format!("dialplan.dialnow.rule.{}", at + 1), number);
    }
    file.set("remote_phonebook.data.1.url", &format!("{}/book.xml", phone.base));
    file.set("remote_phonebook.data.1.name", "Phone book");
    file.set("features.remote_phonebook.enable", "1");
    // [s]
    file.set("features.remote_phonebook.flash_time", "3600");
    for (position, key) in phone.keys() {
        button(&mut file, phone, position, key);
    }
    Document { kind: "text/plain; charset=utf-8", text: file.0, entries: None }
}

fn account(file: &mut File, phone: &Phone) {
    let line = &phone.profile.line;
    file.set("account.1.enable", "1");
    file.set("account.1.label", phone.label());
    file.set("account.1.display_name", &line.display_name);
    file.set("account.1.user_name", &line.username);
    file.set("account.1.auth_name", &line.username);
    file.set("account.1.password", &line.password);
    let transport = if line.tcp { "1" } else { "0" };
    file.set("account.1.sip_server.1.address", &line.domain);
    file.set("account.1.sip_server.1.port", &phone.port.to_string());
    file.set("account.1.sip_server.1.transport_type", transport);
    file.set("account.1.outbound_proxy_enable", "1");
    file.set("account.1.outbound_proxy.1.address", &phone.server);
    file.set("account.1.outbound_proxy.1.port", &phone.port.to_string());
    file.set("account.1.subscribe_mwi", "1");
}

fn summer_time(file: &mut File, phone: &Phone) {
    let Some(summer) = phone.zone.summer else { return file.set("local_time.summer_time", "0") };
    file.set("local_time.summer_time", "1");
    // By week: month/week/weekday/hour, where Monday is 1 and Sunday 7.
    file.set("local_time.dst_time_type", "1");
    for (name, change) in [("start", summer.start), ("end", summer.end)] {
        let weekday = if change.weekday == 0 { 7 } else { change.weekday };
        let value = format!("{}/{}/{weekday}/{}", change.month, change.week, change.hour);
        file.set(&format!("local_time.{name}_time"), &value);
    }
    file.set("local_time.offset_time", &(summer.saves / 60).to_string());
}

fn button(file: &mut File, phone: &Phone, position: usize, key: Key<'_>) {
    let number = phone.profile.line.number.as_str();
    let (kind, value, label) = match key {
        Key::Nothing => (0, "", ""),
        Key::Line => (15, "", number),
        Key::Blf { number, label } => (16, number, label),
        Key::Dial { number, label } => (13, number, label),
        Key::Park { slot, label } => (10, slot, label),
        Key::Digits { digits, label } => (11, digits, label),
        Key::Voicemail { number, label } => (12, number.unwrap_or_default(), label),
        Key::Dnd { label } => (5, "", label),
        Key::Forward { label } => (2, "", label),
        Key::Url { url, label } => (17, url, label),
    };
    let name = |what: &str| format!("linekey.{position}.{what}");
    file.set(&name("type"), &kind.to_string());
    file.set(&name("line"), if kind == 0 { "0" } else { "1" });
    file.set(&name("value"), value);
    file.set(&name("label"), label);
    if kind == 16 {
        // Directed pickup of a watched extension that rings, FC-14.
        file.set(&name("extension"), &format!("{}{value}", phone.code_of(Function::Pickup)));
    }
}

/// DIR-33: a menu per group.
fn phone_book(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("YealinkIPPhoneBook", &[]).text("Title", "Phone book");
    for group in &phone.book {
        xml.open("Menu", &[("Name", &group.name)]);
        for entry in &group.entries {
            let number = |at: usize| entry.numbers.get(at).map_or("", |(_, number)| number.as_str());
            let attributes = [
                ("Name", entry.name.as_str()),
                ("Phone1", number(0)),
                ("Phone2", number(1)),
                ("Phone3", number(2)),
            ];
            xml.empty("Unit", &attributes);
        }
        xml.close("Menu");
    }
    xml.close("YealinkIPPhoneBook");
    Document {
        kind: "text/xml; charset=utf-8",
        text: xml.into_text(),
        entries: Some(book::size(&phone.book)),
    }
}

/// Lines of `name = value`.
struct File(String);

impl File {
    /// A line of its own: no value reaches the next one. `%NULL%` takes back what was set before.
    fn set(&mut self, name: &str, value: &str) {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        let value = if value.trim().is_empty() { "%NULL%" } else { value.trim() };
        self.0 += &format!("{name} = {value}\n");
    }
}
