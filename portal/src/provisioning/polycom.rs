//! Polycom (Poly VVX): the master file `<mac>.cfg` names `<mac>-dialtone.cfg`, whose settings are attributes of one element;
//! the phone book is `<mac>-directory.xml`.
//!
//! Names: Polycom UC Software Administrator Guide 5.x and 6.x, parameter reference.

use super::{
    Document, book,
    phone::{Key, Phone},
    xml::Xml,
    zone::Change,
};

pub(super) fn document(phone: &Phone, pattern: &str) -> Option<Document> {
    match pattern {
        "{mac}.cfg" => Some(master(phone)),
        "{mac}-dialtone.cfg" => Some(settings(phone)),
        "{mac}-directory.xml" => Some(phone_book(phone)),
        _ => None,
    }
}

fn master(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    let files = format!("{}-dialtone.cfg", phone.profile.mac);
    xml.empty(
        "APPLICATION",
        &[("APP_FILE_PATH", ""), ("CONFIG_FILES", &files), ("MISC_FILES", ""), ("LOG_FILE_DIRECTORY", "")],
    );
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

fn settings(phone: &Phone) -> Document {
    let mut all = Attributes::default();
    server(&mut all, phone);
    account(&mut all, phone);
    clock(&mut all, phone);
    all.set(
        "lcl.ml.lang",
        if phone.profile.place.language == "de" { "German_Germany" } else { "English_United_States" },
    );
    // Digits are sent 4 s after the last one; emergency numbers at once, and codes behind which nothing follows.
    let codes = phone.whole_codes();
    let map: Vec<String> = phone.emergency().iter().chain(&codes).map(|n| (*n).to_owned()).collect();
    all.set("dialplan.digitmap", &format!("{}|+x.T|*x.T|x.T", map.join("|")));
    all.set("dialplan.digitmap.timeOut", "4");
    // Calls that say so in Alert-Info are answered: page and intercom. SIP-31.
    all.set("voIpProt.SIP.alertInfo.1.value", "Auto Answer");
    all.set("voIpProt.SIP.alertInfo.1.class", "ringAutoAnswer");
    // Its keys for do not disturb and forwards are kept in step with the portal, and what follows is decided here. SIP-26.
    for feature in ["dnd", "cf"] {
        all.set(&format!("voIpProt.SIP.serverFeatureControl.{feature}"), "1");
        all.set(&format!("voIpProt.SIP.serverFeatureControl.localProcessing.{feature}"), "0");
    }
    all.set("dir.local.readonly", "1");
    buttons(&mut all, phone);
    let mut xml = Xml::new();
    let pairs: Vec<(&str, &str)> =
        all.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    xml.empty("polycomConfig", &pairs);
    Document { kind: KIND, text: xml.into_text(), entries: None }
}

/// Where it fetches from here on, and that it does so when it is told.
fn server(all: &mut Attributes, phone: &Phone) {
    let (secure, path) = phone.base_parts();
    all.set("device.set", "1");
    all.set("device.prov.serverType.set", "1");
    all.set("device.prov.serverType", if secure { "HTTPS" } else { "HTTP" });
    all.set("device.prov.serverName.set", "1");
    all.set("device.prov.serverName", path);
    all.set("device.dhcp.bootSrvUseOpt.set", "1");
    all.set("device.dhcp.bootSrvUseOpt", "Static");
    all.set("voIpProt.SIP.specialEvent.checkSync.alwaysReboot", "0");
}

fn account(all: &mut Attributes, phone: &Phone) {
    let line = &phone.profile.line;
    let transport = if line.tcp { "TCPOnly" } else { "UDPOnly" };
    let port = phone.port.to_string();
    for (name, value) in [
        ("displayName", line.display_name.as_str()),
        ("label", phone.label()),
        ("address", &line.username),
        ("auth.userId", &line.username),
        ("auth.password", &line.password),
        ("server.1.address", &line.domain),
        ("server.1.port", &port),
        ("server.1.transport", transport),
        ("server.1.register", "1"),
        ("outboundProxy.address", &phone.server),
        ("outboundProxy.port", &port),
        ("outboundProxy.transport", transport),
    ] {
        all.set(&format!("reg.1.{name}"), value);
    }
    all.set("msg.mwi.1.subscribe", &line.username);
    match phone.voicemail() {
        Some(number) => {
            all.set("msg.mwi.1.callBackMode", "contact");
            all.set("msg.mwi.1.callBack", number);
        }
        None => all.set("msg.mwi.1.callBackMode", "disabled"),
    }
}

fn clock(all: &mut Attributes, phone: &Phone) {
    let name = |what: &str| format!("tcpIpApp.sntp.{what}");
    all.set(&name("gmtOffset"), &phone.zone.offset.to_string());
    let Some(summer) = phone.zone.summer else { return all.set(&name("daylightSavings.enable"), "0") };
    all.set(&name("daylightSavings.enable"), "1");
    all.set(&name("daylightSavings.fixedDayEnable"), "0");
    for (which, change) in [("start", summer.start), ("stop", summer.end)] {
        rule(all, &name(&format!("daylightSavings.{which}")), change);
    }
}

/// The weekday on or after a date, or the last one of the month; Sunday is 1.
fn rule(all: &mut Attributes, name: &str, change: Change) {
    all.set(&format!("{name}.month"), &change.month.to_string());
    all.set(&format!("{name}.dayOfWeek"), &(change.weekday + 1).to_string());
    all.set(&format!("{name}.dayOfWeek.lastInMonth"), if change.week == 5 { "1" } else { "0" });
    all.set(&format!("{name}.date"), &((change.week - 1) * 7 + 1).to_string());
    all.set(&format!("{name}.time"), &change.hour.to_string());
}

/// Keys are assigned by kind and place among their kind: watched extensions in the list of the attendant, speed dials in the
/// phone book, everything else as a macro.
fn buttons(all: &mut Attributes, phone: &Phone) {
    let (mut watched, mut dialled, mut macros) = (0, 0, 0);
    all.set("lineKey.reassignment.enabled", "1");
    all.set("attendant.reg", "1");
    all.set("feature.enhancedFeatureKeys.enabled", "1");
    for (position, key) in phone.keys() {
        let (category, index) = match key {
            Key::Nothing | Key::Url { .. } => ("Unassigned", 0),
            Key::Line => ("Line", 1),
            Key::Blf { number, label } => {
                watched += 1;
                let name = |what: &str| format!("attendant.resourceList.{watched}.{what}");
                all.set(&name("address"), &phone.address(number));
                all.set(&name("label"), label);
                all.set(&name("type"), "normal");
                ("BLF", 0)
            }
            Key::Dial { .. } | Key::Park { .. } | Key::Voicemail { number: Some(_), .. } => {
                dialled += 1;
                ("SpeedDial", dialled)
            }
            Key::Digits { digits, label } => named(all, &mut macros, label, &format!("{digits}$Tdtmf$")),
            Key::Voicemail { number: None, label } => named(all, &mut macros, label, "$FMessages$"),
            Key::Dnd { label } => named(all, &mut macros, label, "$FDoNotDisturb$"),
            Key::Forward { label } => named(all, &mut macros, label, "$FDivert$"),
        };
        all.set(&format!("lineKey.{position}.category"), category);
        all.set(&format!("lineKey.{position}.index"), &index.to_string());
    }
}

fn named(all: &mut Attributes, macros: &mut usize, label: &str, action: &str) -> (&'static str, usize) {
    *macros += 1;
    let name = |what: &str| format!("efk.efklist.{macros}.{what}");
    all.set(&name("mname"), &format!("key{macros}"));
    all.set(&name("status"), "1");
    all.set(&name("label"), label);
    all.set(&name("action.string"), action);
    ("EFK", *macros)
}

/// Speed dials of the keys first, with their place; then everybody.
fn phone_book(phone: &Phone) -> Document {
    let mut xml = Xml::new();
    xml.open("directory", &[]).open("item_list", &[]);
    let keys = phone.keys().filter_map(|(_, key)| match key {
        Key::Dial { number, label } => Some((number, label)),
        Key::Park { slot, label } => Some((slot, label)),
        Key::Voicemail { number: Some(number), label } => Some((number, label)),
        _ => None,
    });
    for (at, (number, label)) in keys.enumerate() {
        item(&mut xml, label, number, &(at + 1).to_string());
    }
    for entry in phone.book.iter().flat_map(|group| &group.entries) {
        if let Some((_, number)) = entry.numbers.first() {
            item(&mut xml, &entry.name, number, "");
        }
    }
    xml.close("item_list").close("directory");
    Document { kind: KIND, text: xml.into_text(), entries: Some(book::size(&phone.book)) }
}

fn item(xml: &mut Xml, name: &str, number: &str, place: &str) {
    let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
    xml.open("item", &[]).text("ln", last).text("fn", first).text("ct", number);
    if !place.is_empty() {
        xml.text("sd", place);
    }
    xml.close("item");
}

/// In the order in which they were set.
#[derive(Default)]
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
}

const KIND: &str = "text/xml; charset=utf-8";
