//! Settings of a tenant: one row each, made with the tenant. Read as part of [`super::tenants::Tenant`]. A-44.

use rusqlite::Connection;

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
        Field::reference("geolocation", "Geolocation", "geolocations")
            .help("Where phones are that have no other: the address of the main office."),
        Field::text("access_code", "Customer access code")
            .max(6)
            .help("Others of the company group dial it before an extension of this company. 2 to 6 digits, blank is none."),
        Field::flag("shares_presence", "Others see who is on the phone")
            .help("Phones of the company group may watch extensions of this company, where that one lets this one watch its own."),
        Field::flag("inband_ringback", "Send ringback as audio")
            .help("For phones and lines that stay silent while the other side rings."),
        Field::number("hotdesk_hours", "Hotdesk logout after", 1, 168, "h")
            .help("Who logged in to a phone of a site is logged out then. Blank is never."),
        Field::time_of_day("hotdesk_until", "Hotdesk logout at").help("A time of day, on the site's clocks. Blank is never."),
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
            .help("A passkey or an authenticator app at each sign-in. Phones are not asked."),
        Field::number("audit_days", "Audit log is kept for", 90, 3650, "days")
            .help("Blank is as long as the program settings say."),
        Field::text("support_contact", "Support contact")
            .max(200)
            .help("Shown at the sign-in page: whom to ask for help."),
        Field::email("support_mail", "Support e-mail")
            .help("Reports of problems go there. Blank sends none."),
        Field::choice("language", "Language", super::users::LANGUAGES)
            .help("Of the portal and of mail, for users who chose none. Blank is that of the browser."),
        Field::flag("night_enabled", "Night mode")
            .help("Users may forward their calls elsewhere while the company has its night."),
        Field::choice("night_mode", "Right now", NIGHT_MODES)
            .required()
            .default("automatic")
            .shown_when("night_enabled", "1"),
        Field::moment("night_until", "Until")
            .shown_when("night_enabled", "1")
            .help("In UTC. When a night or day that was switched by hand is over. Blank is until it is switched again."),
        Field::choice("night_when", "Night is", NIGHT_WHEN)
            .required()
            .default("outside")
            .shown_when("night_enabled", "1"),
        Field::reference("night_frame", "Time frame", "time_frames")
            .shown_when("night_enabled", "1")
            .help("One of the company. Blank is day, unless it is switched by hand."),
        Field::text("oidc_issuer", "Issuer")
            .max(253)
            .help("Address of your identity provider, such as https://login.example.com. Blank is no single sign-on."),
        Field::text("oidc_client", "Client ID").max(200).help("As the identity provider knows this portal."),
        Field::secret("oidc_secret", "Client secret"),
        Field::choice("oidc_match", "Users are found by", OIDC_MATCH).required().default("email"),
        Field::word("oidc_claim", "Claim")
            .required()
            .default("preferred_username")
            .shown_when("oidc_match", "claim")
            .help("Its value is the login name."),
        Field::flag("local_sign_in", "Passwords and passkeys, too")
            .default("1")
            .help("Off leaves single sign-on alone if there is one, except for primary administrators of the company that runs the program."),
    ],
    columns: &["country", "inband_ringback", "password_days"],
    filters: &[],
    sort: "country",
    cards: &[
        ("Company", &["display_name", "logo", "support_contact", "support_mail", "default_site", "language"]),
        ("Calls", &["country", "area_code", "inband_ringback"]),
        ("Emergency calls", &["geolocation"]),
        ("Company group", &["access_code", "shares_presence"]),
        ("Hotdesk phones", &["hotdesk_hours", "hotdesk_until"]),
        ("Night", &["night_enabled", "night_mode", "night_until", "night_when", "night_frame"]),
        ("Sign-in", &["password_days", "session_length", "second_factor"]),
        ("Records", &["audit_days"]),
        (
            "Single sign-on",
            &["oidc_issuer", "oidc_client", "oidc_secret", "oidc_match", "oidc_claim", "local_sign_in"],
        ),
    ],
    title: "country",
    single: true,
    tenant: true,
    check: Some(is_sound),
    rules: &[super::customer_groups::code_fits_its_group, night_is_the_companys],
    hooks: Hooks::NONE,
};

fn is_sound(values: &Values) -> Result<(), Problem> {
    super::area_code_is_digits(values)?;
    let text = |field: &str| values.get(field).map_or("", String::as_str);
    let code = text("access_code");
    let is_code = (2..=6).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
    if !(code.is_empty() || is_code) {
        return Err(Problem::of("access_code", "2 to 6 digits."));
    }
    let issuer = text("oidc_issuer");
    if !issuer.is_empty() && !is_issuer(issuer) {
        return Err(Problem::of("oidc_issuer", "An address that begins with https://."));
    }
    if !issuer.is_empty() && text("oidc_client").is_empty() {
        return Err(Problem::of("oidc_client", "The identity provider gave this portal a client ID."));
    }
    Ok(())
}

/// Without TLS only on this very machine (OpenID Connect Discovery 1.0 §3: an `https` address without query and fragment).
fn is_issuer(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let is_plain = !text.contains(['?', '#', '@', '\\', ' ']) && !host.is_empty() && text.is_ascii();
    is_plain && (scheme == "https" || (scheme == "http" && matches!(host, "localhost" | "127.0.0.1")))
}

/// A user's own time frame is not for all.
fn night_is_the_companys(
    rows: &Connection,
    tenant: i64,
    values: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let frame = values.get("night_frame").map_or("", String::as_str);
    let own: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM time_frames WHERE tenant_id = ?1 AND id = CAST(?2 AS INTEGER) \
             AND user_id IS NOT NULL)",
        )?
        .query_row((tenant, frame), |row| row.get(0))?;
    Ok(own
        .then(|| Problem::of("night_frame", "This time frame belongs to one user. Take one of the company.")))
}

const NIGHT_MODES: &[(&str, &str)] =
    &[("automatic", "Automatic: by the time frame"), ("day", "Day"), ("night", "Night")];
const NIGHT_WHEN: &[(&str, &str)] =
    &[("outside", "Outside of the time frame"), ("within", "Within the time frame")];
const LOGO_TYPES: &[FileType] = &[FileType::Png, FileType::Jpeg];

const OIDC_MATCH: &[(&str, &str)] = &[
    ("email", "Their e-mail address"),
    ("claim", "A claim that is their login name"),
    ("linked", "Nothing: each links their account first"),
];
const SECOND_FACTOR: &[(&str, &str)] = &[
    ("optional", "Who wants one"),
    ("administrators", "Required of administrators"),
    ("required", "Required of everybody"),
];
