//! API keys: what programs sign in with, and how much of their maker's rights they have. OPS-15. The key itself is kept by
//! [`crate::api_keys`].

use crate::{Field, Resource, resource::Hooks};

/// The declaration.
pub static API_KEYS: Resource = Resource {
    name: "api_keys",
    one: "API key",
    many: "API keys",
    icon: "key",
    menu: "System",
    about: "What programs sign in with. A key never has more rights than whoever made it.",
    fields: &[
        Field::text("name", "Name").required().unique().help("The audit log says api: and this name."),
        Field::choice("organization", "Organization", SCOPES).required().default("none"),
        Field::choice("configuration", "Configuration", SCOPES).required().default("none"),
        Field::choice("call_center", "Call center", SCOPES).required().default("none"),
        Field::choice("reporting", "Reporting", SCOPES).required().default("none"),
        Field::choice("system", "System", SCOPES)
            .required()
            .default("none")
            .help("Tables of the whole program need Read and change. API keys are changed by people only."),
        Field::number("valid_days", "Valid for", 0, 3650, "days")
            .required()
            .default("365")
            .help("From when the key was made; 0 is without end."),
        Field::number("rate", "Requests a minute", 1, 60_000, "").required().default("600"),
        Field::flag("suspended", "Suspended").help("The key is refused until this is taken back."),
        Field::text("made_by", "Made by").computed(),
        Field::text("last_used", "Last used").computed().help("UTC, to the minute."),
    ],
    columns: &["name", "made_by", "last_used", "suspended"],
    filters: &["suspended"],
    sort: "name",
    cards: &[
        ("General", &["name", "valid_days", "rate", "suspended"]),
        ("What it may reach", &["organization", "configuration", "call_center", "reporting", "system"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[],
    hooks: Hooks::NONE,
};

/// The field that says how much of a menu group's tables a key reaches.
pub fn scope_of_menu(menu: &str) -> &'static str {
    match menu {
        "Organization" => "organization",
        // Tables without a place in the menu belong to phones.
        "Configuration" | "" => "configuration",
        "Call Center" | "Call center" => "call_center",
        "Reporting" | "Reporting/Audit" => "reporting",
        _ => "system",
    }
}

const SCOPES: &[(&str, &str)] = &[("none", "Nothing"), ("read", "Read"), ("write", "Read and change")];
