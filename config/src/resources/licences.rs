//! Licences: what a company has bought, and how often. LIC-01…13. Who has one is in [`super::licence_assignments`].

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static LICENCES: Resource = Resource {
    name: "licences",
    one: "Licence",
    many: "Licences",
    icon: "certificate",
    menu: "Configuration",
    about: "What the company has bought. Each is assigned to users, as long as one is free.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::choice("kind", "Kind", KINDS).required().help("What it lets a user do."),
        Field::number("quantity", "Quantity", 0, 1_000_000, "").help("Blank is without limit."),
        Field::url("webhook", "Tell this address")
            .shown_when("kind", "external")
            .help("It is told whenever the licence is assigned to somebody or taken back."),
        Field::number("in_use", "In use", 0, i64::MAX, "").computed(),
        Field::text("free", "Free").made_by(
            "CASE WHEN {t}.quantity IS NULL THEN 'no limit' ELSE CAST(max({t}.quantity - {t}.in_use, 0) AS TEXT) END",
        ),
    ],
    columns: &["name", "kind", "quantity", "in_use", "free"],
    filters: &["kind"],
    sort: "name",
    cards: &[("General", &["name", "kind", "quantity", "webhook"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[enough_for_those_in_use],
    hooks: Hooks::NONE,
};

/// What is in use cannot be taken back by a smaller quantity.
fn enough_for_those_in_use(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let short: Option<i64> = rows
        .prepare_cached(
            "SELECT in_use FROM licences WHERE tenant_id = ?1 AND name = ?2 AND in_use > quantity",
        )?
        .query_row((tenant, of.get("name")), |row| row.get(0))
        .optional()?;
    Ok(short.map(|used| Problem::of("quantity", format!("{used} are in use. Take some back first."))))
}

/// Key of the licence that every user has: portal, number, mailbox, calls. LIC-02, 03.
pub const ADVANCED_USER: &str = "advanced_user";

const KINDS: &[(&str, &str)] = &[
    (ADVANCED_USER, "Advanced user: portal, number, mailbox, calls"),
    ("call_center", "Call center: queues and their reports"),
    ("transcription", "Voicemail transcription"),
    ("softphone", "Softphone on computer and mobile"),
    ("external", "Another product"),
];
