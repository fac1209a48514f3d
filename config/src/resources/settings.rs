//! Settings of a tenant: one row each, made with the tenant. Read as part of [`super::tenants::Tenant`]. A-44.

use crate::{
    Field, Problem, Resource,
    field::file::FileType,
    resource::{Hooks, Values},
};

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
        Field::duration("session_length", "Signed out after", 300, 43_200)
            .required()
            .default("43200")
            .help("Without use of the portal. At most 12 h."),
        Field::choice("second_factor", "Second factor", SECOND_FACTOR)
            .required()
            .default("optional")
            .help("An authenticator app at each sign-in. Phones are not asked."),
        Field::number("audit_days", "Audit log is kept for", 90, 3650, "days")
            .help("Blank is as long as the program settings say."),
        Field::text("support_contact", "Support contact")
            .max(200)
            .help("Shown at the sign-in page: whom to ask for help."),
        Field::email("support_mail", "Support e-mail")
            .help("Reports of problems go there. Blank sends none."),
    ],
    columns: &["country", "inband_ringback", "password_days"],
    filters: &[],
    sort: "country",
    cards: &[
        ("Company", &["display_name", "logo", "support_contact", "support_mail", "default_site"]),
        ("Calls", &["country", "area_code", "inband_ringback"]),
        ("Sign-in", &["password_days", "session_length", "second_factor"]),
        ("Records", &["audit_days"]),
    ],
    title: "country",
    single: true,
    tenant: true,
    check: Some(is_sound),
    rules: &[],
    hooks: Hooks::NONE,
};

fn is_sound(values: &Values) -> Result<(), Problem> {
    super::area_code_is_digits(values)
}

const LOGO_TYPES: &[FileType] = &[FileType::Png, FileType::Jpeg];

const SECOND_FACTOR: &[(&str, &str)] = &[
    ("optional", "Who wants one"),
    ("administrators", "Required of administrators"),
    ("required", "Required of everybody"),
];
