//! What a desk phone needs to be told, and what is kept of its visits. DEV-16, TRB-04.
//!
//! Phones prove themselves by a secret in the address: `d7-…` is that of the device with the id 7, `t1-…` the one that all
//! phones of a tenant share before they know their own. Both follow from the key file; neither is stored. The shared one gives
//! a phone its settings once, until somebody allows it again.

pub use crate::models;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    Db, DeviceId, Resource, TenantId, UserId,
    access::Author,
    codes::{self, Function},
    query::QueryError,
    resources::{devices::DEVICES, encryption::Srtp},
    secret::Place,
};
use models::Model;

/// All that a phone is told.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Profile {
    pub device: DeviceId,
    pub tenant: TenantId,
    /// Whose phone it is; `None` for one that all use.
    pub user: Option<UserId>,
    /// What people call the phone.
    pub name: String,
    /// Twelve lower-case digits.
    pub mac: String,
    pub model: &'static Model,
    pub line: Line,
    pub place: Placed,
    pub voicemail: Voicemail,
    /// In order of position.
    pub buttons: Vec<Button>,
    /// Feature codes of the company that can be dialled.
    pub codes: Vec<(Function, String)>,
}

/// The account that it registers.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Line {
    /// Whose calls these are; the phone's name where it is nobody's own.
    pub display_name: String,
    /// Internal number; blank without one.
    pub number: String,
    pub username: String,
    pub password: String,
    /// SIP domain of the tenant.
    pub domain: String,
    pub transport: Transport,
    /// Its speech.
    pub srtp: Srtp,
}

/// How it registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Placed {
    /// `de` or `en`.
    pub language: String,
    /// Name of the IANA database.
    pub time_zone: String,
    /// ISO 3166-1, lower case.
    pub country: String,
}

/// What the voicemail button does. DEV-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voicemail {
    /// Calls the mailbox of the user.
    Mailbox,
    /// Calls the mailbox of this extension.
    Shared(String),
    /// Opens the phone's own list, where it has one.
    List,
}

/// A key that does something. DEV-12.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Button {
    pub id: i64,
    /// From 1.
    pub position: usize,
    /// A key of `resources::device_buttons::TYPES`.
    pub kind: String,
    pub value: String,
    pub label: String,
}

/// Whom a secret in an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// This phone.
    Phone(DeviceId),
    /// Any phone of a tenant.
    Anyone(TenantId),
}

/// A visit of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Visit {
    pub user_agent: String,
    pub address: String,
    /// Unix milliseconds.
    pub at: i64,
}

impl Db {
    /// The secret part of the address at which a phone fetches its settings.
    pub fn phone_key(&self, DeviceId(id): DeviceId) -> String {
        format!("d{id}-{}", self.cipher().derive(&format!("phone {id}")))
    }

    /// The one that all phones of a tenant begin with: DHCP option 66 and SIP multicast tell it.
    pub fn phones_key(&self, TenantId(id): TenantId) -> String {
        format!("t{id}-{}", self.cipher().derive(&format!("phones of tenant {id}")))
    }

    /// The same for a phone that asks the network: of the tenant that knows its hardware address, else of the first.
    pub fn first_phones_key(&self, mac: Option<&str>) -> Result<String, QueryError> {
        let reader = self.reader()?;
        let tenant = reader
            .prepare_cached(
                "SELECT COALESCE((SELECT tenant_id FROM devices WHERE mac = ?1 AND mac <> ''), (SELECT min(id) FROM tenants))",
            )?
            .query_row([mac.unwrap_or_default()], |row| row.get(0).map(TenantId))?;
        Ok(self.phones_key(tenant))
    }

    /// Whom a secret names; `None` if it is none of ours.
    pub fn visitor(&self, key: &str) -> Option<Visitor> {
        let (id, _) = key.get(1..)?.split_once('-')?;
        let id: i64 = id.parse().ok()?;
        let (visitor, right) = match key.as_bytes().first()? {
            b'd' => (Visitor::Phone(DeviceId(id)), self.phone_key(DeviceId(id))),
            b't' => (Visitor::Anyone(TenantId(id)), self.phones_key(TenantId(id))),
            _ => return None,
        };
        equal(key.as_bytes(), right.as_bytes()).then_some(visitor)
    }

    /// All that a phone is told; `None` if there is no such phone, it is not of a known model, or its user is suspended.
    pub fn profile(&self, device: DeviceId) -> Result<Option<Profile>, QueryError> {
        let reader = self.reader()?;
        let moment = reader.unchecked_transaction()?;
        let found = moment.prepare_cached(PROFILE)?.query_row([device.0], profile).optional()?;
        let Some((Some(mut profile), sealed)) = found else { return Ok(None) };
        let place = Place { table: DEVICES.name, field: "secret", row: device.0 };
        let Some(password) = self.cipher().open(place, &sealed) else { return Ok(None) };
        profile.line.password = password;
        profile.buttons = buttons(&moment, device)?;
        profile.codes = codes::dialled(&moment, profile.tenant)?;
        Ok(Some(profile))
    }

    /// The phone of a tenant with that hardware address.
    pub fn phone_by_mac(&self, tenant: TenantId, mac: &str) -> Result<Option<DeviceId>, QueryError> {
        let reader = self.reader()?;
        let found = reader
            .prepare_cached("SELECT id FROM devices WHERE mac = ?2 AND tenant_id = ?1")?
            .query_row((tenant.0, mac), |row| row.get(0).map(DeviceId))
            .optional()?;
        Ok(found)
    }

    /// The keys of a phone, in order.
    pub fn phone_buttons(&self, device: DeviceId) -> Result<Vec<Button>, QueryError> {
        Ok(buttons(&*self.reader()?, device)?)
    }

    /// Whom that phone is; `None` if there is none.
    pub fn phone_owner(&self, tenant: TenantId, device: DeviceId) -> Result<Option<i64>, QueryError> {
        let reader = self.reader()?;
        let found: Option<Option<i64>> = reader
            .prepare_cached("SELECT user_id FROM devices WHERE tenant_id = ?1 AND id = ?2")?
            .query_row((tenant.0, device.0), |row| row.get(0))
            .optional()?;
        Ok(found.flatten())
    }

    /// Whether the shared address may give a phone its settings now: the first time, and for [`GRACE_MS`] to the address that
    /// came first, because phones fetch several files. Notes it.
    pub fn admit_shared(&self, DeviceId(id): DeviceId, visit: &Visit) -> Result<bool, QueryError> {
        let writer = self.writer();
        let kept: Option<(Option<i64>, String)> = writer
            .prepare_cached("SELECT shared_until, shared_by FROM device_provisioning WHERE device_id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match kept {
            Some((Some(until), by)) => Ok(visit.at < until && by == visit.address),
            _ => {
                writer
                    .prepare_cached(
                        "INSERT INTO device_provisioning (device_id, shared_until, shared_by) VALUES (?1, ?2, ?3) \
                         ON CONFLICT (device_id) DO UPDATE SET shared_until = excluded.shared_until, \
                         shared_by = excluded.shared_by",
                    )?
                    .execute((id, visit.at + GRACE_MS, &visit.address))?;
                Ok(true)
            }
        }
    }

    /// Lets the shared address give a phone its settings once more: it was reset, or is another one.
    pub fn allow_shared(&self, author: &Author, of: &'static Resource, id: i64) -> Result<bool, QueryError> {
        if self.get(&author.viewer, of, id)?.is_none() {
            return Ok(false);
        }
        let changed = self
            .writer()
            .prepare_cached(
                "UPDATE device_provisioning SET shared_until = NULL, shared_by = '' WHERE device_id = ?1",
            )?
            .execute([id])?;
        Ok(changed > 0)
    }

    /// Whether the shared address has given a phone its settings already.
    pub fn shared_was_used(&self, DeviceId(id): DeviceId) -> Result<bool, QueryError> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT 1 FROM device_provisioning WHERE device_id = ?1 AND shared_until IS NOT NULL",
        )?;
        Ok(statement.exists([id])?)
    }

    /// Notes that a phone fetched its settings.
    pub fn note_fetch(&self, DeviceId(id): DeviceId, visit: &Visit) -> Result<(), QueryError> {
        self.writer()
            .prepare_cached(
                "INSERT INTO device_provisioning (device_id, fetched_at, fetched_by, fetched_from) \
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT (device_id) DO UPDATE SET fetched_at = excluded.fetched_at, \
                 fetched_by = excluded.fetched_by, fetched_from = excluded.fetched_from",
            )?
            .execute((id, visit.at, &visit.user_agent, &visit.address))?;
        Ok(())
    }

    /// Notes that a phone fetched its phone book, and how many entries it got. TRB-04.
    pub fn note_book(&self, DeviceId(id): DeviceId, at: i64, entries: usize) -> Result<(), QueryError> {
        self.writer()
            .prepare_cached(
                "INSERT INTO device_provisioning (device_id, book_at, book_entries) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (device_id) DO UPDATE SET book_at = excluded.book_at, \
                 book_entries = excluded.book_entries",
            )?
            .execute((id, at, entries as i64))?;
        Ok(())
    }

    /// How phones may fetch their settings, and the server that they are told; see `node_settings`.
    pub fn provisioning(&self) -> Result<Provisioning, QueryError> {
        let reader = self.reader()?;
        let mut statement = reader
            .prepare_cached("SELECT provision_over, phone_server, pnp FROM node_settings WHERE id = 1")?;
        let read = statement.query_row([], |row| {
            Ok(Provisioning {
                over: match row.get_ref(0)?.as_str()? {
                    "any" => Over::Any,
                    "private" => Over::Private,
                    _ => Over::Https,
                },
                server: row.get(1)?,
                pnp: row.get(2)?,
            })
        })?;
        Ok(read)
    }
}

/// What holds for all phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// By which way settings may leave.
    pub over: Over,
    /// Server that phones are told; blank for the one they asked.
    pub server: String,
    /// New phones that ask by multicast are answered. DEV-17.
    pub pnp: bool,
}

/// By which way settings may leave. DEV-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Over {
    Https,
    /// HTTPS, and HTTP to private addresses.
    Private,
    Any,
}

fn profile(row: &Row<'_>) -> rusqlite::Result<(Option<Profile>, String)> {
    let sealed: String = row.get(6)?;
    let Some(model) = models::by_key(row.get_ref(4)?.as_str()?) else { return Ok((None, sealed)) };
    let shared: String = row.get(9)?;
    let profile = Profile {
        device: DeviceId(row.get(0)?),
        tenant: TenantId(row.get(1)?),
        user: row.get::<_, Option<i64>>(16)?.map(UserId),
        name: row.get(2)?,
        mac: row.get(3)?,
        model,
        line: Line {
            display_name: row.get(11)?,
            number: row.get(12)?,
            username: row.get(5)?,
            password: String::new(),
            domain: row.get(10)?,
            transport: match row.get_ref(7)?.as_str()? {
                "tls" => Transport::Tls,
                "tcp" => Transport::Tcp,
                _ => Transport::Udp,
            },
            srtp: Srtp::by_word(row.get_ref(17)?.as_str()?),
        },
        place: Placed { language: row.get(13)?, time_zone: row.get(14)?, country: row.get(15)? },
        voicemail: match row.get_ref(8)?.as_str()? {
            "list" => Voicemail::List,
            "shared" if !shared.is_empty() => Voicemail::Shared(shared),
            _ => Voicemail::Mailbox,
        },
        buttons: Vec::new(),
        codes: Vec::new(),
    };
    Ok((Some(profile), sealed))
}

fn buttons(rows: &Connection, device: DeviceId) -> rusqlite::Result<Vec<Button>> {
    let mut statement = rows.prepare_cached(
        "SELECT id, position, type, value, label FROM device_buttons WHERE device_id = ?1 ORDER BY position, id",
    )?;
    let buttons = statement.query_map([device.0], |row| {
        Ok(Button {
            id: row.get(0)?,
            position: row.get::<_, u32>(1)? as usize,
            kind: row.get(2)?,
            value: row.get(3)?,
            label: row.get(4)?,
        })
    })?;
    buttons.collect()
}

/// Compares without telling by its time where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

/// A phone fetches all its files within this time. [ms]
pub const GRACE_MS: i64 = 10 * 60_000;

const PROFILE: &str = "SELECT d.id, d.tenant_id, d.name, d.mac, d.model, d.username, d.secret, \
    CASE WHEN d.secure THEN 'tls' ELSE d.transport END, \
    d.voicemail_button, d.voicemail_box, t.domain, COALESCE(u.name, d.name), COALESCE(x.number, ''), \
    COALESCE(NULLIF(u.language, ''), 'en'), \
    COALESCE(NULLIF(u.time_zone, ''), s.time_zone, o.time_zone, 'UTC'), COALESCE(c.country, 'us'), COALESCE(d.user_id, d.hotdesk_user_id), \
    CASE WHEN d.secure OR d.clear_keys THEN d.srtp ELSE 'off' END \
    FROM devices d JOIN tenants t ON t.id = d.tenant_id LEFT JOIN users u ON u.id = COALESCE(d.user_id, d.hotdesk_user_id) \
    LEFT JOIN extensions x ON x.tenant_id = d.tenant_id AND x.user_id = COALESCE(d.user_id, d.hotdesk_user_id) \
    LEFT JOIN settings c ON c.tenant_id = d.tenant_id LEFT JOIN sites s ON s.id = COALESCE(d.site_id, u.site_id) \
    LEFT JOIN sites o ON o.id = c.default_site_id WHERE d.id = ?1 AND COALESCE(u.suspended, 0) = 0";

#[cfg(test)]
mod tests;
