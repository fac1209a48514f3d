//! Contacts as CSV: comma, semicolon or tab; the phone's own five columns, and Outlook's. DIR-11, DIR-30.

use super::{MOST_ROWS, Sheet, SheetError, SheetRow, text};
use crate::{resource::Values, resources::contacts::NO_GROUP};

/// The text of a file: UTF-8 with or without its mark, UTF-16 with its mark, else Windows-1252 as Outlook writes it.
pub(super) fn decoded(content: &[u8]) -> String {
    match content {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => match std::str::from_utf8(content) {
            Ok(text) => text.to_owned(),
            Err(_) => content.iter().map(|&byte| windows_1252(byte)).collect(),
        },
    }
}

/// Any CSV with a line of heads.
pub(super) fn read(text: &str) -> Result<Sheet, SheetError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(true)
        .from_reader(text.as_bytes());
    let wrong = |error: &csv::Error| SheetError::Row {
        line: error.position().map_or(1, |at| at.line() as usize),
        message: "this is no CSV.".to_owned(),
    };
    let heads = reader.headers().map_err(|error| wrong(&error))?;
    let mut sheet = Sheet::guessed(heads.iter().map(|head| head.trim().to_owned()).collect());
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, |at| at.line() as usize);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > sheet.columns.len() {
            let message = format!(
                "{} cells, but {} columns. Put text with commas in quotes.",
                record.len(),
                sheet.columns.len()
            );
            return Err(SheetError::Row { line, message });
        }
        let mut cells: Vec<String> =
            record.iter().map(|cell| crate::csv_text::as_written(cell).to_owned()).collect();
        cells.resize(sheet.columns.len(), String::new());
        sheet.rows.push(SheetRow { line, cells });
        if sheet.rows.len() > MOST_ROWS {
            return Err(SheetError::Long);
        }
    }
    Ok(sheet)
}

/// The phone's own form has its five columns and no other; GROUP may be missing. DIR-11.
pub(super) fn phones_own(sheet: Sheet) -> Result<Sheet, SheetError> {
    let heads: Vec<String> = sheet.columns.iter().map(|head| head.to_uppercase()).collect();
    let other = heads.iter().find(|head| !COLUMNS.contains(&head.as_str()));
    let missing = COLUMNS.iter().find(|name| **name != "GROUP" && !heads.iter().any(|head| head == *name));
    let twice = (1..heads.len()).find(|at| heads[..*at].contains(&heads[*at])).map(|at| &heads[at]);
    let message = match (other, missing, twice) {
        (Some(other), ..) => format!("there is no column `{other}`: NAME, GROUP, WORK, MOBILE and HOME are."),
        (_, Some(missing), _) => format!("the column {missing} is missing."),
        (.., Some(twice)) => format!("the column {twice} is there twice."),
        (None, None, None) => return Ok(sheet),
    };
    Err(SheetError::Row { line: 1, message })
}

pub(super) fn write_phones_own(contacts: &[Values]) -> String {
    table(
        &COLUMNS,
        contacts.iter().map(|contact| {
            let name = format!("{} {}", text(contact, "first_name"), text(contact, "last_name"));
            let cells = [
                name.trim(),
                group(contact),
                text(contact, "work"),
                text(contact, "mobile"),
                text(contact, "home"),
            ];
            cells.map(str::to_owned).to_vec()
        }),
    )
}

pub(super) fn write_outlook(contacts: &[Values]) -> String {
    let heads = OUTLOOK.map(|(head, _)| head);
    table(
        &heads,
        contacts.iter().map(|contact| {
            let cell = |(_, field): (&str, &str)| match field {
                "group_name" => group(contact).to_owned(),
                _ => text(contact, field).to_owned(),
            };
            OUTLOOK.map(cell).to_vec()
        }),
    )
}

/// Heads and rows as CSV, each cell such that a spreadsheet does not run it.
pub(super) fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(heads).expect("memory takes what is written");
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).expect("memory takes what is written");
    }
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("all cells are text")
}

/// Blank for the group of those without one.
pub(super) fn group(contact: &Values) -> &str {
    Some(text(contact, "group_name")).filter(|group| *group != NO_GROUP).unwrap_or_default()
}

/// A number such as `+49 30 1234` stays: it calls no function, and another address book needs it as it is. What else a
/// spreadsheet would run gets an apostrophe.
fn harmless(cell: &str) -> String {
    let is_number = cell.starts_with('+')
        && cell.len() > 1
        && cell.bytes().all(|b| b.is_ascii_digit() || b"+ ()/-.".contains(&b));
    if is_number { cell.to_owned() } else { crate::csv_text::neutralised(cell) }
}

/// What stands most often in the line of heads, outside quotes.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => {
                counts.iter_mut().filter(|(of, _)| *of == byte).for_each(|(_, count)| *count += 1)
            }
            _ => {}
        }
    }
    // The first of equals: a comma.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(of, _)| of)
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => HIGH.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

/// Windows-1252 from 0x80 to 0x9f; the five that it does not assign are blanks.
const HIGH: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
const COLUMNS: [&str; 5] = ["NAME", "GROUP", "WORK", "MOBILE", "HOME"];
/// Outlook's heads for our fields. It has no second mobile number.
const OUTLOOK: [(&str, &str); 14] = [
    ("First Name", "first_name"),
    ("Last Name", "last_name"),
    ("Company", "organization"),
    ("Business Phone", "work"),
    ("Business Phone 2", "work_2"),
    ("Business Fax", "fax"),
    ("Home Phone", "home"),
    ("Home Phone 2", "home_2"),
    ("Mobile Phone", "mobile"),
    ("Car Phone", "mobile_2"),
    ("Other Phone", "other"),
    ("E-mail Address", "email"),
    ("Categories", "group_name"),
    ("Notes", "notes"),
];
