//! Settings of a tenant: one row each, made with the tenant. Read as part of [`super::tenants::Tenant`]. A-44.

use crate::{Field, Resource, field::file::FileType, resource::Hooks};

/// The declaration.
pub static SETTINGS: Resource = Resource {
    name: "settings",
    one: "Settings",
    many: "Settings",
    icon: "settings",
    menu: "System",
    about: "What holds for the whole company.",
    fields: &[
        Field::text("display_name", "Name").help("As the portal shows it. Blank shows the tenant's name."),
        Field::file("logo", "Logo", LOGO_TYPES, 200_000).help("Shown at the top of the portal."),
        Field::long_text("support_text", "Support").help("Whom to ask for help; shown to everybody."),
        Field::reference("default_site", "Default site", "sites")
            .required()
            .help("That of users, phones and numbers without one."),
        Field::country("country", "Country")
            .required()
            .default("us")
            .help("Whose ringback and busy tones callers hear, and where numbers without country code are."),
        super::area_code("Local numbers are in this area, unless a site or a user has another."),
        Field::flag("inband_ringback", "Send ringback as audio")
            .help("For phones and lines that stay silent while the other side rings."),
        Field::number("password_days", "Passwords expire after", 0, 3650, "days")
            .required()
            .default("0")
            .help("0 is never."),
        Field::duration("session_length", "Signed out after", 300, 30 * 86_400).required().default("43200"),
        Field::choice("mfa", "Second factor", MFA).required().default("optional"),
    ],
    columns: &["country", "inband_ringback", "password_days"],
    filters: &[],
    sort: "country",
    cards: &[
        ("Company", &["display_name", "logo", "support_text", "default_site"]),
        ("Calls", &["country", "area_code", "inband_ringback"]),
        ("Sign-in", &["password_days", "session_length", "mfa"]),
    ],
    title: "country",
    single: true,
    tenant: true,
    check: Some(super::area_code_is_digits),
    rules: &[],
    hooks: Hooks::NONE,
};

const LOGO_TYPES: &[FileType] = &[FileType::Png, FileType::Jpeg];
const MFA: &[(&str, &str)] = &[
    ("optional", "Whoever wants one"),
    ("administrators", "Administrators need one"),
    ("everybody", "Everybody needs one"),
];
