//! Settings of the whole program: exactly one row.

use std::time::Duration;

use rusqlite::Row;

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Settings of the whole program.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSettings {
    /// A call whose phones send no RTP for so long ends; zero is never. [0–3600 s, default 60 s]
    pub rtp_silence_timeout: Duration,
    /// `Session-Expires` asked for, RFC 4028. [90–7200 s, default 1800 s]
    pub session_timer: Duration,
    /// Shortest registration accepted, else 423. [10–3600 s, default 60 s]
    pub registration_min: Duration,
    /// Longest registration granted. [60–86400 s, default 3600 s]
    pub registration_max: Duration,
    /// Phones are challenged with MD5 alone, never with SHA-256 beside it. [default no]
    pub digest_md5_only: bool,
    /// How long the relay waits to send packets together; zero is not at all. [0–5 ms, default 1 ms]
    pub rtp_gather_interval: Duration,
    /// Call records are kept so long. [1–3650 days, default 365]
    pub call_retention: Duration,
    /// Trace, legs and SIP ladder of calls are kept so long. [1–3650 days, default 30]
    pub ladder_retention: Duration,
}

/// The declaration.
pub static NODE_SETTINGS: Resource = Resource {
    name: "node_settings",
    one: "System settings",
    many: "System settings",
    icon: "server",
    menu: "System",
    about: "What holds for the whole program, for all tenants.",
    fields: &[
        Field::text("node_name", "CM ID")
            .required()
            .default("dialtone")
            .help("The name of this call manager. Only customers of one call manager can be in one customer group."),
        Field::seconds("rtp_silence_timeout", "End silent calls after", 0, 3600)
            .required()
            .default("60")
            .help("When neither side sends audio: both phones are gone. 0 is never."),
        Field::seconds("session_timer", "Session timer", 90, 7200)
            .required()
            .default("1800")
            .help("Phones confirm so often that a call still stands."),
        Field::seconds("registration_min", "Shortest registration", 10, 3600).required().default("60"),
        Field::seconds("registration_max", "Longest registration", 60, 86400).required().default("3600"),
        Field::choice("digest", "Passwords are checked by", DIGEST)
            .required()
            .default("both")
            .help("A phone that cannot do SHA-256 is asked for MD5 alone when it tries again. MD5 only spares old phones that wait."),
        Field::number("rtp_gather_interval", "Send packets together for", 0, 5000, "µs")
            .required()
            .default("1000")
            .help("Longer saves processor time and adds that much delay. 0 sends each at once."),
        Field::number("call_retention_days", "Keep calls for", 1, 3650, "days").required().default("365"),
        Field::number("ladder_retention_days", "Keep SIP traces for", 1, 3650, "days")
            .required()
            .default("30")
            .help("They are large; calls stay listed without them."),
        Field::number("audit_retention_days", "Keep the audit log for", 90, 3650, "days")
            .required()
            .default("90")
            .help("Changes can be looked at and taken back for so long."),
        Field::word("smtp_host", "Mail server")
            .max(253)
            .help("Takes mail for new users and forgotten passwords. Blank sends none."),
        Field::number("smtp_port", "Port", 1, 65535, "").required().default("587"),
        Field::choice("smtp_tls", "Encryption", SMTP_TLS).required().default("starttls"),
        Field::text("smtp_user", "User name").max(254).help("Blank if the server asks for none."),
        Field::secret("smtp_secret", "Password"),
        Field::email("mail_from", "Sender").help("Mail comes from this address."),
        Field::text("portal_address", "Address of this portal")
            .max(253)
            .help("Begins the links in mail, such as https://pbx.example.com. Blank is the address it listens on."),
        Field::choice("provision_over", "Phones fetch settings", PROVISION_OVER)
            .required()
            .default("https")
            .help("Settings hold passwords: without HTTPS whoever listens on the way reads them."),
        Field::word("phone_server", "Server for phones")
            .max(253)
            .help("Name or address that phones are set up with. Blank is the one under which they fetch their settings."),
        Field::flag("pnp", "Answer new phones")
            .help("Tells phones in this network that ask by SIP multicast (224.0.1.75) the address where all phones begin."),
    ],
    columns: &["rtp_silence_timeout", "session_timer", "call_retention_days"],
    filters: &[],
    sort: "session_timer",
    cards: &[
        ("General", &["node_name"]),
        ("Calls", &["rtp_silence_timeout", "session_timer", "rtp_gather_interval"]),
        ("Registration", &["registration_min", "registration_max", "digest"]),
        ("Records", &["call_retention_days", "ladder_retention_days", "audit_retention_days"]),
        (
            "Mail",
            &["smtp_host", "smtp_port", "smtp_tls", "smtp_user", "smtp_secret", "mail_from", "portal_address"],
        ),
        ("Phones", &["provision_over", "phone_server", "pnp"]),
    ],
    title: "session_timer",
    single: true,
    tenant: false,
    check: Some(fits_together),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            rtp_silence_timeout: Duration::from_secs(60),
            session_timer: Duration::from_secs(1800),
            registration_min: Duration::from_secs(60),
            registration_max: Duration::from_secs(3600),
            digest_md5_only: false,
            rtp_gather_interval: Duration::from_millis(1),
            call_retention: 365 * DAY,
            ladder_retention: 30 * DAY,
        }
    }
}

impl Typed for NodeSettings {
    const TABLE: &'static str = "node_settings";
    const SELECT: &'static str = "SELECT rtp_silence_timeout, session_timer, registration_min, registration_max, \
        rtp_gather_interval, call_retention_days, ladder_retention_days, digest FROM node_settings t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let seconds = |column| row.get(column).map(Duration::from_secs);
        Ok(Self {
            rtp_silence_timeout: seconds(0)?,
            session_timer: seconds(1)?,
            registration_min: seconds(2)?,
            registration_max: seconds(3)?,
            digest_md5_only: row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)? == "md5",
            rtp_gather_interval: Duration::from_micros(row.get(4)?),
            call_retention: row.get::<_, u32>(5)? * DAY,
            ladder_retention: row.get::<_, u32>(6)? * DAY,
        })
    }
    fn id(&self) -> i64 {
        1
    }
}

fn fits_together(values: &Values) -> Result<(), Problem> {
    let text = |field: &str| values.get(field).map_or("", String::as_str);
    if !text("smtp_host").is_empty() && text("mail_from").is_empty() {
        return Err(Problem::of("mail_from", "A mail server wants to know from whom mail comes."));
    }
    let address = text("portal_address");
    if !address.is_empty() && !["https://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
        return Err(Problem::of("portal_address", "It begins with https:// or http://."));
    }

    let seconds = |field: &str| values.get(field).and_then(|v| v.parse::<i64>().ok()).unwrap_or_default();
    if seconds("registration_min") > seconds("registration_max") {
        return Err(Problem::of("registration_min", "Not longer than the longest registration."));
    }
    Ok(())
}

/// DEV-16
const PROVISION_OVER: &[(&str, &str)] = &[
    ("https", "Over HTTPS only"),
    ("private", "Over HTTP too in private networks"),
    ("any", "Over HTTP from anywhere"),
];
const DIGEST: &[(&str, &str)] = &[("both", "SHA-256 or MD5, as the phone can"), ("md5", "MD5 only")];
const SMTP_TLS: &[(&str, &str)] =
    &[("starttls", "STARTTLS"), ("tls", "TLS from the start"), ("none", "None, in a trusted network only")];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
