//! The keys of desk phones: what each does when it is pressed. DEV-12. Who writes them into a phone is provisioning.

use rusqlite::Connection;

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static DEVICE_BUTTONS: Resource = Resource {
    name: "device_buttons",
    one: "Phone button",
    many: "Phone buttons",
    icon: "keyboard",
    menu: "",
    about: "What the keys of desk phones do.",
    fields: &[
        Field::text("name", "Name")
            .made_by("COALESCE((SELECT d.name FROM devices d WHERE d.id = {t}.device_id), '') || ', key ' || {t}.position")
            .titles(),
        Field::text("key", "Key").made_of(&["position", "label"]),
        Field::reference("device", "Phone", "devices").required().follows(),
        Field::number("position", "Position", 1, 96, "").required().default("1").help("1 is the first key."),
        Field::choice("type", "Type", TYPES).required().default("line"),
        Field::text("value", "Value").max(200).help("A number, digits or an address, as the type wants it."),
        Field::text("label", "Label").max(32).help("Blank shows the value."),
    ],
    columns: &["name", "type", "value", "label"],
    filters: &["device", "type"],
    sort: "device",
    cards: &[("General", &["device", "position", "type", "value", "label"])],
    title: "key",
    single: false,
    tenant: true,
    check: Some(value_fits_type),
    rules: &[one_button_a_key],
    hooks: Hooks::NONE,
};

/// What the value of a key of some type is. `None`: it has none.
pub fn wanted(kind: &str) -> Option<Wanted> {
    match kind {
        "blf" | "speed_dial" | "park" | "pickup" | "queue" => Some(Wanted::Number),
        "dtmf" => Some(Wanted::Digits),
        "url" => Some(Wanted::Url),
        _ => None,
    }
}

/// See [`wanted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What can be dialled.
    Number,
    /// Digits sent in a call; `,` pauses.
    Digits,
    /// An address of the web.
    Url,
}

fn value_fits_type(button: &Values) -> Result<(), Problem> {
    let text = |name: &str| button.get(name).map_or("", String::as_str);
    let value = text("value");
    let is_of = |signs: &str| !value.is_empty() && value.chars().all(|c| signs.contains(c));
    let message = match wanted(text("type")) {
        Some(Wanted::Number) if !is_of("0123456789+*#") => "A number: digits, +, * and #.",
        Some(Wanted::Digits) if !is_of("0123456789*#ABCD,") => "Digits, *, #, A to D, and commas for pauses.",
        Some(Wanted::Url) if !["https://", "http://"].iter().any(|scheme| value.starts_with(scheme)) => {
            "An address that begins with https:// or http://."
        }
        _ => return Ok(()),
    };
    Err(Problem::of("value", message))
}

/// A key does one thing.
fn one_button_a_key(rows: &Connection, tenant: i64, button: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| button.get(name).map_or("", String::as_str);
    let buttons: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM device_buttons WHERE tenant_id = ?1 AND device_id = CAST(?2 AS INTEGER) \
             AND position = CAST(?3 AS INTEGER)",
        )?
        .query_row((tenant, text("device"), text("position")), |row| row.get(0))?;
    Ok((buttons > 1).then(|| Problem::of("position", "That key of this phone has a button already.")))
}

/// Keys and labels of all types.
pub const TYPES: &[(&str, &str)] = &[
    ("line", "Line"),
    ("blf", "Watch an extension (BLF)"),
    ("speed_dial", "Speed dial"),
    ("park", "Park slot"),
    ("dtmf", "Send digits (DTMF)"),
    ("voicemail", "Voicemail"),
    ("dnd", "Do not disturb"),
    ("forward", "Forward"),
    ("pickup", "Group pickup"),
    ("queue", "Queue log in"),
    ("url", "Web address"),
];
