//! Tenants: companies on this node, apart from each other. SIP-03.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};

use crate::{
    Field, GeolocationId, Problem, Resource, SiteId, TenantId, TimeFrameId,
    access::OPERATOR,
    field::moment,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A company.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// SIP domain and digest realm, lower case.
    pub domain: String,
    /// ISO 3166, lower case, for tones.
    pub country: String,
    /// Ringback in band (183 with a tone) instead of the phone's own (180).
    pub inband_ringback: bool,
    /// That of users without one: its clocks are the company's.
    pub site: Option<SiteId>,
    pub calling: Calling,
    pub night: Night,
    /// Nobody there signs in or calls, except for help. R-01
    pub suspended: bool,
}

/// How a company calls beyond itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calling {
    /// Of numbers that are dialled without one.
    pub area_code: String,
    /// Where phones are that have no other place.
    pub geolocation: Option<GeolocationId>,
    /// The companies that it calls by access code; blank is none.
    pub group: String,
    /// What they dial before its extensions; blank is none.
    pub access_code: String,
    /// They may watch its extensions, where it may watch theirs. MT-14
    pub shares_presence: bool,
}

/// When the company has its night, see [`crate::Snapshot::is_night`]. RNG-16.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Night {
    /// Otherwise it is always day.
    pub enabled: bool,
    /// Set by hand.
    pub switch: NightSwitch,
    /// When the switch goes back to automatic; `None` is never. RNG-19.
    pub until: Option<DateTime<Utc>>,
    /// What the automatic follows; without one it is day.
    pub frame: Option<TimeFrameId>,
    /// Whether night is within the frame, not outside of it.
    pub within: bool,
}

/// How night mode is switched. RNG-16.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum NightSwitch {
    #[default]
    Automatic,
    Day,
    Night,
}

/// The declaration.
pub static TENANTS: Resource = Resource {
    name: "tenants",
    one: "Tenant",
    many: "Tenants",
    icon: "building",
    menu: "System",
    about: "Companies on this system. Each has its own numbers, phones and administrators and sees nothing of the others.",
    fields: &[
        Field::text("name", "Name").required(),
        Field::word("domain", "SIP domain").required().unique_everywhere().max(253).help(
            "Phones may register with it or with this server's address. It is part of every password's digest.",
        ),
        Field::text("customer_group", "Customer group")
            .help("The companies that it calls by access code and extension. Blank is none."),
        Field::word("cm_id", "CM ID").help("The call manager that it is on. Blank is this program."),
        Field::flag("suspended", "Suspended").help(
            "Nobody there can sign in, API keys are refused, and phones neither register nor call, except for help.",
        ),
        Field::number("users", "Users", 0, i64::MAX, "").made_by(USERS),
        Field::number("licences", "Licences in use", 0, i64::MAX, "").made_by(LICENCES_IN_USE),
    ],
    columns: &["name", "domain", "customer_group", "cm_id", "users", "licences"],
    filters: &["customer_group", "suspended"],
    sort: "name",
    cards: &[("General", &["name", "domain", "suspended"]), ("Company group", &["customer_group", "cm_id"])],
    title: "name",
    single: false,
    tenant: false,
    check: Some(domain_is_a_host),
    rules: &[super::customer_groups::fits_its_group, operator_goes_on],
    hooks: Hooks::NONE,
};

impl Typed for Tenant {
    const TABLE: &'static str = "tenants";
    const SELECT: &'static str = "SELECT t.id, t.name, t.domain, s.country, s.inband_ringback, s.default_site_id, \
        COALESCE(s.night_enabled, 0), COALESCE(s.night_mode, ''), COALESCE(s.night_until, ''), s.night_frame_id, \
        s.night_when = 'within', s.area_code, s.geolocation_id, t.customer_group, s.access_code, \
        COALESCE(s.shares_presence, 0), t.suspended \
        FROM tenants t LEFT JOIN settings s ON s.tenant_id = t.id";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TenantId(row.get(0)?),
            name: row.get(1)?,
            domain: row.get(2)?,
            country: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            inband_ringback: row.get::<_, Option<bool>>(4)?.unwrap_or_default(),
            site: row.get::<_, Option<i64>>(5)?.map(SiteId),
            night: Night {
                enabled: row.get(6)?,
                switch: match row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)? {
                    "day" => NightSwitch::Day,
                    "night" => NightSwitch::Night,
                    _ => NightSwitch::Automatic,
                },
                until: moment::of(row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?),
                frame: row.get::<_, Option<i64>>(9)?.map(TimeFrameId),
                within: row.get::<_, Option<bool>>(10)?.unwrap_or_default(),
            },
            calling: Calling {
                area_code: row.get::<_, Option<String>>(11)?.unwrap_or_default(),
                geolocation: row.get::<_, Option<i64>>(12)?.map(GeolocationId),
                group: row.get(13)?,
                access_code: row.get::<_, Option<String>>(14)?.unwrap_or_default(),
                shares_presence: row.get(15)?,
            },
            suspended: row.get(16)?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// Tables with rows that are made and go with their tenant.
pub const MADE_WITH: [&str; 5] = ["sites", "licences", "roles", "feature_codes", "park_lots"];

/// Whoever runs the program could not take their own suspension back.
fn operator_goes_on(_: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let stops = tenant == OPERATOR.0 && values.get("suspended").is_some_and(|flag| flag == "1");
    let message = "This company runs the system. Nobody could take its suspension back.";
    Ok(stops.then(|| Problem::of("suspended", message)))
}

fn domain_is_a_host(values: &Values) -> Result<(), Problem> {
    let domain = values.get("domain").map_or("", String::as_str);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(Problem::of("domain", "A host name such as phones.example.com."))
    }
}

const USERS: &str = "SELECT count(*) FROM users u WHERE u.tenant_id = {t}.id";
/// Of every kind.
const LICENCES_IN_USE: &str = "(SELECT count(*) FROM users u WHERE u.tenant_id = {t}.id AND u.licensed = 1) \
    + (SELECT count(*) FROM users_licences m WHERE m.tenant_id = {t}.id)";
