//! Contacts as vCard: 3.0 as Apple writes it (RFC 2426) and 4.0 (RFC 6350). Names, organization, numbers, e-mail, group and
//! notes are read; pictures, addresses and all else are left out.
//!
//! A label of Apple's (`item1.X-ABLabel:Work 2` beside `item1.TEL:…`) tells a second number of a kind from the first.

use std::collections::HashMap;

use super::{MOST_ROWS, Sheet, SheetError, SheetRow, csv_file, mapping::TARGETS, text};
use crate::resource::Values;

/// All cards of a file, with our own columns.
pub(super) fn read(text: &str) -> Result<Sheet, SheetError> {
    let mut sheet = Sheet::ours();
    let mut card: Option<Card> = None;
    for (number, line) in unfolded(text) {
        let Some(line) = Line::read(&line) else { continue };
        match (line.name.as_str(), &mut card) {
            ("BEGIN", _) if line.value.eq_ignore_ascii_case("VCARD") => {
                card = Some(Card { line: number, ..Card::default() });
            }
            ("END", Some(done)) if line.value.eq_ignore_ascii_case("VCARD") => {
                sheet.rows.push(done.row());
                card = None;
                if sheet.rows.len() > MOST_ROWS {
                    return Err(SheetError::Long);
                }
            }
            ("VERSION", Some(_)) if line.value.trim() == "2.1" => {
                let message = "this is vCard 2.1. Export the contacts as vCard 3.0 or 4.0.".to_owned();
                return Err(SheetError::Row { line: number, message });
            }
            (_, Some(card)) => card.take(line),
            (_, None) => {}
        }
    }
    match card {
        Some(open) => Err(SheetError::Row {
            line: open.line,
            message: "this card has no END:VCARD. Export it again.".into(),
        }),
        None => Ok(sheet),
    }
}

pub(super) fn write(contacts: &[Values], version: &str) -> String {
    let mut out = String::new();
    let mut put = |line: &str| fold(&mut out, line);
    for contact in contacts {
        let (first, last) = (text(contact, "first_name"), text(contact, "last_name"));
        put("BEGIN:VCARD");
        put(&format!("VERSION:{version}"));
        put(&format!("N:{};{};;;", escaped(last), escaped(first)));
        put(&format!("FN:{}", escaped(format!("{first} {last}").trim())));
        for (field, name) in [("organization", "ORG"), ("notes", "NOTE")] {
            if !text(contact, field).is_empty() {
                put(&format!("{name}:{}", escaped(text(contact, field))));
            }
        }
        if !csv_file::group(contact).is_empty() {
            put(&format!("CATEGORIES:{}", escaped(csv_file::group(contact))));
        }
        if !text(contact, "email").is_empty() {
            let kind = if version == "3.0" { "INTERNET" } else { "work" };
            put(&format!("EMAIL;TYPE={kind}:{}", text(contact, "email")));
        }
        let mut items = 0;
        for (field, types, label) in PHONES {
            let number = escaped(text(contact, field));
            if number.is_empty() {
                continue;
            }
            if label.is_empty() {
                put(&format!("TEL;TYPE={types}:{number}"));
            } else {
                items += 1;
                put(&format!("item{items}.TEL;TYPE={types}:{number}"));
                put(&format!("item{items}.X-ABLabel:{label}"));
            }
        }
        put("END:VCARD");
    }
    out
}

/// What a card said so far.
#[derive(Default)]
struct Card {
    line: usize,
    family: String,
    given: String,
    full: String,
    organization: String,
    email: String,
    group: String,
    notes: String,
    /// Group of the line, types, number.
    phones: Vec<(String, Vec<String>, String)>,
    labels: HashMap<String, String>,
}

impl Card {
    fn take(&mut self, line: Line) {
        let value = || unescaped(&line.value);
        match line.name.as_str() {
            "N" => {
                let parts: Vec<String> = components(&line.value);
                let part = |at: usize| parts.get(at).map_or("", |part| part.trim());
                self.family = part(0).to_owned();
                self.given = format!("{} {}", part(1), part(2)).trim().to_owned();
            }
            "FN" => self.full = value(),
            "ORG" => {
                let parts: Vec<String> = components(&line.value);
                let filled: Vec<&str> =
                    parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
                self.organization = filled.join(", ");
            }
            "EMAIL" if self.email.is_empty() => self.email = value(),
            "CATEGORIES" if self.group.is_empty() => {
                self.group =
                    split(&line.value, ',').first().map(|first| unescaped(first)).unwrap_or_default();
            }
            "NOTE" => self.notes = value(),
            "TEL" => {
                let number = value();
                let number = number.strip_prefix("tel:").unwrap_or(&number);
                self.phones.push((line.group, line.types, number.to_owned()));
            }
            "X-ABLABEL" => {
                // Apple writes its own labels as _$!<Work>!$_.
                let label = value();
                let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_").to_owned();
                self.labels.insert(line.group, label);
            }
            _ => {}
        }
    }

    fn row(&self) -> SheetRow {
        let mut cells = vec![String::new(); TARGETS.len()];
        let mut set = |key: &str, value: &str| {
            let at = TARGETS.iter().position(|(other, _)| *other == key);
            match at.and_then(|at| cells.get_mut(at)).filter(|cell| cell.is_empty()) {
                Some(cell) => {
                    value.clone_into(cell);
                    true
                }
                None => false,
            }
        };
        let full = if self.full.is_empty() { &self.organization } else { &self.full };
        let is_nameless = self.family.is_empty() && self.given.is_empty();
        set("first_name", &self.given);
        set("last_name", if is_nameless { full } else { &self.family });
        set("organization", &self.organization);
        set("email", &self.email);
        set("group_name", &self.group);
        set("notes", &self.notes);
        for (group, types, number) in self.phones.iter().filter(|(_, _, number)| !number.trim().is_empty()) {
            let label = self.labels.get(group).map_or("", String::as_str);
            let places = places(label, types).iter().chain(&["other", "work", "mobile", "home"]);
            let _ = places.chain(&["work_2", "mobile_2", "home_2"]).any(|key| set(key, number));
        }
        SheetRow { line: self.line, cells }
    }
}

/// Where a number goes first.
fn places(label: &str, types: &[String]) -> &'static [&'static str] {
    let label = label.to_lowercase();
    if let Some((_, field)) = [("work 2", "work_2"), ("mobile 2", "mobile_2"), ("home 2", "home_2")]
        .iter()
        .find(|(own, _)| *own == label)
    {
        return match *field {
            "work_2" => &["work_2"],
            "mobile_2" => &["mobile_2"],
            _ => &["home_2"],
        };
    }
    let is = |kind: &str| types.iter().any(|own| own == kind) || label.contains(kind);
    match () {
        () if is("fax") => &["fax"],
        () if is("cell") || is("mobile") || is("iphone") => &["mobile", "mobile_2"],
        () if is("work") || is("main") => &["work", "work_2"],
        () if is("home") => &["home", "home_2"],
        () => &["other"],
    }
}

/// One line: `group.NAME;TYPE=work,voice:value`.
struct Line {
    group: String,
    /// Upper case.
    name: String,
    /// Lower case.
    types: Vec<String>,
    value: String,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, c)| {
            quoted ^= *c == '"';
            *c == ':' && !quoted
        });
        let (head, value) = (&line[..colon?.0], &line[colon?.0 + 1..]);
        let mut parts = split(head, ';').into_iter();
        let name = parts.next()?;
        let (group, name) = name.split_once('.').map_or(("", name.as_str()), |(group, name)| (group, name));
        let mut types = Vec::new();
        for parameter in parts {
            let (key, values) = parameter.split_once('=').unwrap_or(("TYPE", &parameter));
            if key.eq_ignore_ascii_case("TYPE") {
                types.extend(
                    values.trim_matches('"').split(',').map(|of| of.trim_matches('"').to_lowercase()),
                );
            }
        }
        Some(Self {
            group: group.to_owned(),
            name: name.trim().to_uppercase(),
            types,
            value: value.to_owned(),
        })
    }
}

/// Lines with their numbers; one that begins with a blank continues the one before (RFC 6350 §3.2).
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, open))) => open.push_str(rest),
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines
}

/// At most 75 octets a line, between characters (RFC 6350 §3.2).
fn fold(out: &mut String, line: &str) {
    let mut length = 0;
    for c in line.chars() {
        if length + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

/// The components of a structured value.
fn components(value: &str) -> Vec<String> {
    split(value, ';').iter().map(|part| unescaped(part)).collect()
}

/// The parts between a character that has no backslash before it.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == at && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

/// RFC 6350 §3.4.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ',' | ';' => safe.extend(['\\', c]),
            '\n' => safe.push_str("\\n"),
            '\r' => {}
            other => safe.push(other),
        }
    }
    safe
}

/// Our fields, their types, and Apple's label where the types do not tell.
const PHONES: [(&str, &str, &str); 8] = [
    ("work", "WORK,VOICE", ""),
    ("mobile", "CELL,VOICE", ""),
    ("home", "HOME,VOICE", ""),
    ("fax", "WORK,FAX", ""),
    ("work_2", "WORK,VOICE", "Work 2"),
    ("mobile_2", "CELL,VOICE", "Mobile 2"),
    ("home_2", "HOME,VOICE", "Home 2"),
    ("other", "VOICE", "Other"),
];
