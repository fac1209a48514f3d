//! Settings of a tenant: one row each, made with the tenant. Read as part of [`super::tenants::Tenant`].

use crate::{Field, Resource};

/// The declaration.
pub static SETTINGS: Resource = Resource {
    name: "settings",
    one: "Settings",
    many: "Settings",
    icon: "settings",
    menu: "Configuration",
    about: "What holds for the whole company.",
    fields: &[
        Field::choice("country", "Country", COUNTRIES)
            .required()
            .default("us")
            .help("Whose ringback and busy tones callers hear."),
        Field::flag("inband_ringback", "Send ringback as audio")
            .help("For phones and lines that stay silent while the other side rings."),
        Field::number("password_days", "Passwords expire after", 0, 3650, "days")
            .required()
            .default("0")
            .help("0 is never."),
        Field::choice("second_factor", "Second factor", SECOND_FACTOR)
            .required()
            .default("optional")
            .help("An authenticator app at each sign-in. Phones are not asked."),
        Field::text("support_contact", "Support contact")
            .max(200)
            .help("Shown at the sign-in page: whom to ask for help."),
    ],
    columns: &["country", "inband_ringback", "password_days"],
    filters: &[],
    sort: "country",
    cards: &[
        ("Calls", &["country", "inband_ringback"]),
        ("Sign-in", &["password_days", "second_factor", "support_contact"]),
    ],
    title: "country",
    single: true,
    tenant: true,
    check: None,
    rules: &[],
};

const SECOND_FACTOR: &[(&str, &str)] = &[
    ("optional", "Who wants one"),
    ("administrators", "Required of administrators"),
    ("required", "Required of everybody"),
];
/// Those whose tones are known.
const COUNTRIES: &[(&str, &str)] = &[
    ("au", "Australia"),
    ("de", "Germany"),
    ("fr", "France"),
    ("gb", "United Kingdom"),
    ("jp", "Japan"),
    ("us", "United States"),
];
