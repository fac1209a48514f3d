//! Sites: the places of a company. ORG-01…05. The default one is named in [`super::settings`].

use chrono_tz::Tz;
use rusqlite::Row;

use crate::{
    Field, GeolocationId, NumberId, Resource, SiteId, TenantId,
    resource::Hooks,
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A place of a company, as calls see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Site {
    pub id: SiteId,
    pub tenant: TenantId,
    pub name: String,
    /// Of its clocks.
    pub zone: Tz,
    pub calling: Calling,
}

/// How those at a site call outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Calling {
    /// ISO 3166-1, lower case; blank is the company's.
    pub country: String,
    /// Of numbers that are dialled without one; blank is the company's.
    pub area_code: String,
    /// Shown by users without a number of their own.
    pub caller_id: Option<NumberId>,
    pub geolocation: Option<GeolocationId>,
}

impl Calling {
    /// From four columns, the first of them given.
    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            country: row.get(first)?,
            area_code: row.get(first + 1)?,
            caller_id: row.get::<_, Option<i64>>(first + 2)?.map(NumberId),
            geolocation: row.get::<_, Option<i64>>(first + 3)?.map(GeolocationId),
        })
    }
}

/// The declaration.
pub static SITES: Resource = Resource {
    name: "sites",
    one: "Site",
    many: "Sites",
    icon: "building",
    menu: "Organization",
    about: "The places of the company. Users, numbers and phones may belong to one.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::text("street", "Street and number").max(128),
        Field::text("postal_code", "Postal code").max(16),
        Field::text("city", "City"),
        Field::text("region", "State or region"),
        Field::country("country", "Country"),
        Field::time_zone("time_zone", "Time zone").required().default("UTC").help("Its clocks, and those of its users."),
        super::area_code("Local numbers dialled here are in this area."),
        Field::reference("caller_id", "Caller ID", "numbers")
            .clears()
            .help("Shown to those who are called outside from here by users without a number of their own."),
        Field::reference("geolocation", "Geolocation", "geolocations")
            .help("Where phones here stand, for emergency calls. Blank is that of the company."),
        Field::flag("default", "Default").made_by(
            "SELECT count(*) FROM settings o WHERE o.tenant_id = {t}.tenant_id AND o.default_site_id = {t}.id",
        ),
        Field::number("users", "Users", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM users o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
        Field::number("devices", "Devices", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM devices o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
        Field::number("numbers", "Numbers", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM numbers o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
    ],
    columns: &["name", "city", "time_zone", "default", "users", "devices", "numbers"],
    filters: &[],
    sort: "name",
    cards: &[
        ("General", &["name"]),
        ("Address", &["street", "postal_code", "city", "region", "country"]),
        ("Time and numbers", &["time_zone", "area_code", "caller_id"]),
        ("Emergency calls", &["geolocation"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(super::area_code_is_digits),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for Site {
    const TABLE: &'static str = "sites";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.time_zone, \
        t.country, t.area_code, t.caller_id_id, t.geolocation_id FROM sites t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let zone = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        Ok(Self {
            id: SiteId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            zone: zone
                .parse()
                .map_err(|_| Unreadable::Field { field: "time_zone", message: "it is no time zone." })?,
            calling: Calling::read(row, 4)?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}
