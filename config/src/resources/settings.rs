//! Settings of a tenant: one row each, made with the tenant. Read as part of [`super::tenants::Tenant`].

use crate::{Field, Problem, Resource, resource::Values};

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
        Field::flag("local_sign_in", "Sign in with a password")
            .default("1")
            .help("Off leaves single sign-on alone, for all but primary administrators."),
        Field::text("oidc_issuer", "Single sign-on issuer")
            .max(253)
            .help("OpenID Connect, such as https://login.example.com. Blank is off. Users are found by their e-mail address."),
        Field::text("oidc_client", "Client ID").max(200),
        Field::secret("oidc_secret", "Client secret"),
        Field::text("support_contact", "Support contact")
            .max(200)
            .help("Shown at the sign-in page: whom to ask for help."),
    ],
    columns: &["country", "inband_ringback", "password_days"],
    filters: &[],
    sort: "country",
    cards: &[
        ("Calls", &["country", "inband_ringback"]), ("Sign-in", &["password_days", "second_factor", "support_contact"]),
        ("Single sign-on", &["local_sign_in", "oidc_issuer", "oidc_client", "oidc_secret"]),
    ],
    title: "country",
    single: true,
    tenant: true,
    check: Some(single_sign_on_is_whole),
    rules: &[],
};

fn single_sign_on_is_whole(values: &Values) -> Result<(), Problem> {
    let text = |field: &str| values.get(field).map_or("", String::as_str);
    let issuer = text("oidc_issuer");
    if issuer.is_empty() {
        return if text("local_sign_in") == "1" {
            Ok(())
        } else {
            Err(Problem::of("local_sign_in", "Without single sign-on nobody could sign in."))
        };
    }
    // Loopback without TLS is for trials on one machine.
    if !issuer.starts_with("https://") && !issuer.starts_with("http://127.0.0.1") {
        return Err(Problem::of("oidc_issuer", "It begins with https://."));
    }
    if text("oidc_client").is_empty() {
        return Err(Problem::of("oidc_client", "The issuer gives it to you for this portal."));
    }
    Ok(())
}

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
