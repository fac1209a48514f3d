//! Geolocations: where phones are, for those who send help. GEO-01…08.
//!
//! A phone has its own, else that of its user, of the site, of the company. Once a company keeps locations, no phone is
//! saved without one (GEO-06).

use rusqlite::{Connection, Row};

use crate::{
    Field, GeolocationId, NumberId, Problem, Resource, TenantId, UserId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A place where phones are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Geolocation {
    pub id: GeolocationId,
    pub tenant: TenantId,
    pub name: String,
    pub address: CivicAddress,
    /// Shown to those who are called for help, and called back by them.
    pub callback: Option<NumberId>,
    /// Addresses that get mail of emergency calls from here.
    pub notify: Vec<String>,
    /// Whose phones ring then.
    pub ring: Vec<UserId>,
}

/// A postal address in the words of RFC 4119 §2.2.1 and RFC 5139 §3.1. Blank parts are unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CivicAddress {
    /// `country`: ISO 3166-1, lower case.
    pub country: String,
    /// `A1`: state or region.
    pub region: String,
    /// `A3`: city.
    pub city: String,
    /// `PC`.
    pub postal_code: String,
    /// `RD`: the street.
    pub street: String,
    /// `HNO`, with a letter behind it if there is one.
    pub house_number: String,
    /// `FLR`.
    pub floor: String,
    /// `ROOM`.
    pub room: String,
    /// `LOC`: how to find it.
    pub detail: String,
}

/// The declaration.
pub static GEOLOCATIONS: Resource = Resource {
    name: "geolocations",
    one: "Geolocation",
    many: "Geolocations",
    icon: "map-pin",
    menu: "Configuration",
    about: "Where phones are: emergency calls carry this address and show its number. A phone has its own, else that of its user, of the site, of the company.",
    fields: &[
        Field::text("name", "Name").required().unique().help("Headquarters, Anna's home office …"),
        Field::country("country", "Country").required().default("us"),
        Field::text("region", "State or region"),
        Field::text("city", "City").required(),
        Field::text("postal_code", "Postal code").max(16),
        Field::text("street", "Street").required().max(128),
        Field::text("house_number", "House number").max(16),
        Field::text("floor", "Floor").max(16),
        Field::text("room", "Room").max(32),
        Field::text("detail", "How to find it")
            .max(128)
            .help("Entrance, building, gate: for those who come to help."),
        Field::reference("callback", "Callback number", "numbers")
            .clears()
            .help("Emergency calls from here show it, and help calls back to it. Blank is the caller's own."),
        Field::text("notify", "E-mail to")
            .max(2000)
            .help("These addresses, with commas between, are told of each emergency call from here."),
        Field::many("ring", "Ring", "users").help("Their phones ring when somebody here calls for help."),
        Field::number("phones", "Phones", 0, i64::MAX, "").made_by(PHONES),
        Field::number("users", "Users", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM users o WHERE o.tenant_id = {t}.tenant_id AND o.geolocation_id = {t}.id",
        ),
        Field::number("sites", "Sites", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM sites o WHERE o.tenant_id = {t}.tenant_id AND o.geolocation_id = {t}.id",
        ),
    ],
    columns: &["name", "street", "house_number", "city", "callback", "phones", "users", "sites"],
    filters: &["country", "callback"],
    sort: "name",
    cards: &[
        ("General", &["name"]),
        (
            "Address",
            &[
                "country",
                "region",
                "city",
                "postal_code",
                "street",
                "house_number",
                "floor",
                "room",
                "detail",
            ],
        ),
        ("Emergency calls", &["callback", "notify", "ring"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(addresses_are_sound),
    rules: &[],
    hooks: Hooks { may_go: Some(no_phone_is_left_without), ..Hooks::NONE },
};

impl CivicAddress {
    /// In one line, for people: `Main Street 12, Floor 3, 10115 Berlin, DE`.
    pub fn in_words(&self) -> String {
        let joined = |parts: [&str; 2]| parts.join(" ").trim().to_owned();
        let floor = if self.floor.is_empty() { String::new() } else { format!("floor {}", self.floor) };
        let room = if self.room.is_empty() { String::new() } else { format!("room {}", self.room) };
        let parts = [
            joined([&self.street, &self.house_number]),
            floor,
            room,
            self.detail.clone(),
            joined([&self.postal_code, &self.city]),
            self.region.clone(),
            self.country.to_uppercase(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

impl Typed for Geolocation {
    const TABLE: &'static str = "geolocations";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.country, t.region, t.city, t.postal_code, t.street, \
        t.house_number, t.floor, t.room, t.detail, t.callback_id, t.notify, \
        (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM geolocations_ring m \
         WHERE m.tenant_id = t.tenant_id AND m.owner = t.id) FROM geolocations t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let ring: Option<String> = row.get(14)?;
        Ok(Self {
            id: GeolocationId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            address: CivicAddress {
                country: row.get(3)?,
                region: row.get(4)?,
                city: row.get(5)?,
                postal_code: row.get(6)?,
                street: row.get(7)?,
                house_number: row.get(8)?,
                floor: row.get(9)?,
                room: row.get(10)?,
                detail: row.get(11)?,
            },
            callback: row.get::<_, Option<i64>>(12)?.map(NumberId),
            notify: super::addresses(row.get_ref(13)?.as_str().unwrap_or_default()),
            ring: super::ids(ring.as_deref()).map(UserId).collect(),
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// GEO-06: once the company keeps locations, a phone has one: its own, its user's, the site's, or the company's.
pub(super) fn phone_has_one(
    rows: &Connection,
    tenant: i64,
    device: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let id = |name: &str| device.get(name).and_then(|id| id.parse::<i64>().ok());
    if id("geolocation").is_some() {
        return Ok(None);
    }
    let lost: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM geolocations WHERE tenant_id = ?1) AND COALESCE( \
             (SELECT geolocation_id FROM users WHERE tenant_id = ?1 AND id = ?2), \
             (SELECT geolocation_id FROM sites WHERE tenant_id = ?1 AND id = COALESCE(?3, \
              (SELECT site_id FROM users WHERE tenant_id = ?1 AND id = ?2), \
              (SELECT default_site_id FROM settings WHERE tenant_id = ?1))), \
             (SELECT geolocation_id FROM settings WHERE tenant_id = ?1)) IS NULL",
        )?
        .query_row((tenant, id("user"), id("site")), |row| row.get(0))?;
    let message = "Help would not know where this phone is. Choose where it stands, or give its user, its site or the company a geolocation.";
    Ok(lost.then(|| Problem::of("geolocation", message)))
}

fn addresses_are_sound(values: &Values) -> Result<(), Problem> {
    super::are_addresses(values, "notify")
}

/// GEO-06: a location that phones depend on stays.
fn no_phone_is_left_without(rows: &Connection, tenant: i64, id: i64) -> rusqlite::Result<Option<Problem>> {
    let phones: i64 = rows
        .prepare_cached(&format!(
            "SELECT {} FROM geolocations t WHERE t.tenant_id = ?1 AND t.id = ?2",
            PHONES.replace("{t}", "t")
        ))?
        .query_row((tenant, id), |row| row.get(0))?;
    Ok((phones > 0).then(|| {
        Problem::of(
            "name",
            format!(
                "{phones} phones are there. Give them, their users, sites or the company another one first."
            ),
        )
    }))
}

/// The phones that are there, by themselves or by where they belong.
const PHONES: &str = "(SELECT count(*) FROM devices d LEFT JOIN users u ON u.id = d.user_id \
    LEFT JOIN settings o ON o.tenant_id = d.tenant_id \
    LEFT JOIN sites s ON s.id = COALESCE(d.site_id, u.site_id, o.default_site_id) \
    WHERE d.tenant_id = {t}.tenant_id \
    AND COALESCE(d.geolocation_id, u.geolocation_id, s.geolocation_id, o.geolocation_id) = {t}.id)";

#[cfg(test)]
mod tests;
