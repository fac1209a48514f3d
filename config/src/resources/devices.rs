//! Devices: phones with their own credentials, and how each rings. SIP-04, RNG-01…05.

use std::time::Duration;

use rusqlite::{Connection, Row};

use crate::{
    DeviceId, Field, GeolocationId, Problem, Resource, SiteId, TenantId, UserId,
    models::{self, Model},
    resource::{Hooks, Values},
    resources::encryption::{self, Encryption, SRTP},
    secret::{Cipher, Place},
    typed::{Typed, Unreadable},
};

pub use ha1::Ha1;

mod ha1;

/// A phone with its own credentials.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Device {
    pub id: DeviceId,
    pub tenant: TenantId,
    /// Whose phone it is, or who is logged in.
    pub user: Option<UserId>,
    pub name: String,
    /// Digest user name, unique in the tenant.
    pub username: String,
    pub ha1: Ha1,
    pub ring: Ring,
    /// Contacts at once, 1–10; a further one replaces the oldest.
    pub max_contacts: usize,
    /// Answers by itself when its user had a call placed from the portal. CTC-06.
    pub auto_answer: bool,
    /// Is told of messages in its user's mailbox without having subscribed. SIP-30
    pub unasked_counts: bool,
    /// Where it stands.
    pub geolocation: Option<GeolocationId>,
    /// Of a phone that is nobody's own.
    pub site: Option<SiteId>,
    /// A phone of a site: `user` is who is logged in. HD-01.
    pub hotdesk: bool,
    /// What it is, if it fetches its settings from here.
    pub model: Option<&'static Model>,
    /// Its speech.
    pub encryption: Encryption,
}

/// How a device rings when its user is called. RNG-01…04.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ring {
    Immediate,
    Disabled,
    /// 1–60 s.
    After(Duration),
}

/// The declaration.
pub static DEVICES: Resource = Resource {
    name: "devices",
    one: "Device",
    many: "Devices",
    icon: "device-landline-phone",
    menu: "Configuration",
    about: "Phones and apps. Each registers with its own user name and password.",
    fields: &[
        Field::text("name", "Name").required(),
        Field::reference("user", "User", "users").help("Whose phone it is."),
        Field::reference("site", "Site", "sites").moves().help("Of a hotdesk phone, which is no one's own."),
        Field::choice("kind", "Kind", KINDS).required().default("desktop"),
        Field::mac("mac", "MAC address").unique_everywhere(),
        Field::choice("model", "Model", &models::CHOICES)
            .help("Phones of these models fetch their settings from here. Blank is set up by hand."),
        Field::choice("rank", "Deskphone", RANKS)
            .help("A user has one deskphone and one secondary deskphone."),
        Field::reference("geolocation", "Geolocation", "geolocations")
            .help("Where it stands, for emergency calls. Blank is where its user is, or the site."),
        Field::text("location", "Location").help("Office, home office, on the road …"),
        Field::text("description", "Description").max(128),
        Field::flag("secure", "Secure protocol").help(
            "The phone is set up for SIP over TLS and SRTP. It must trust the certificate of this system.",
        ),
        Field::choice("transport", "Transport", TRANSPORTS)
            .required()
            .default("udp")
            .help("By which the phone is set up to register."),
        Field::choice("srtp", "Encrypted speech", SRTP).required().default("optional").help(
            "By SRTP. Its keys go over TLS only, so that a phone without TLS talks in clear or not at all.",
        ),
        Field::flag("clear_keys", "Keys without TLS, too")
            .help("Whoever can read the signalling can listen then. For networks that nobody else reads."),
        Field::word("username", "User name").required().unique().help("The phone registers with it."),
        Field::secret("secret", "Password").help("Blank makes a strong one."),
        Field::choice("ring", "When called", RING).required().default("immediate"),
        Field::seconds("ring_delay", "Rings after", 1, 60)
            .required()
            .default("10")
            .shown_when("ring", "delay"),
        Field::number("max_contacts", "Registrations at once", 1, 10, "")
            .required()
            .default("3")
            .help("A further one replaces the oldest."),
        Field::flag("auto_answer", "Answers click-to-call")
            .help("Goes off-hook by itself when its user clicks a number in the portal."),
        Field::flag("unasked_counts", "Is told of messages without asking")
            .help("For phones that light their message lamp but do not subscribe to it."),
        Field::choice("voicemail_button", "Voicemail button", VOICEMAIL)
            .required()
            .default("mailbox")
            .help("What the button does on phones that are set up from here."),
        Field::phone_number("voicemail_box", "Shared mailbox")
            .shown_when("voicemail_button", "shared")
            .help("The extension whose mailbox it calls."),
        Field::reference("hotdesk_user", "Logged in", "users")
            .unique()
            .clears()
            .help("Who works at this phone of a site. They log in and out on the phone itself."),
        Field::moment("hotdesk_since", "Since"),
        Field::moment("fetched", "Settings fetched").made_by(FETCHED),
        Field::long_text("fetched_by", "Fetched by").made_by(
            "COALESCE((SELECT p.fetched_by FROM device_provisioning p WHERE p.device_id = {t}.id), '')",
        ),
        Field::moment("book_fetched", "Phone book fetched").made_by(BOOK_FETCHED),
        Field::number("book_entries", "Entries in it", 0, i64::MAX, "").made_by(
            "COALESCE((SELECT p.book_entries FROM device_provisioning p WHERE p.device_id = {t}.id), 0)",
        ),
    ],
    columns: &["name", "model", "user", "site", "location", "mac", "ring", "fetched"],
    filters: &["model", "ring", "user", "site", "kind", "secure", "srtp", "geolocation"],
    sort: "name",
    cards: &[
        ("General", &["name", "kind", "mac", "model", "description"]),
        ("Assigned to", &["user", "rank", "site", "location", "geolocation"]),
        (
            "Registration",
            &["username", "secret", "secure", "transport", "srtp", "clear_keys", "max_contacts"],
        ),
        ("Ringing", &["ring", "ring_delay", "auto_answer"]),
        ("Buttons", &["voicemail_button", "voicemail_box", "unasked_counts"]),
        ("Hotdesk", &["hotdesk_user", "hotdesk_since"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(user_or_site),
    rules: &[
        one_device_rings,
        one_of_each_rank,
        super::geolocations::phone_has_one,
        super::licences::softphone_is_licensed,
    ],
    hooks: Hooks::NONE,
};

impl Typed for Device {
    const TABLE: &'static str = "devices";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.user_id, t.name, t.username, t.secret, t.ring, \
        t.ring_delay, t.max_contacts, d.domain, t.auto_answer, t.site_id IS NOT NULL, t.hotdesk_user_id, t.model, \
        t.unasked_counts, t.geolocation_id, t.site_id, t.srtp, t.clear_keys FROM devices t JOIN tenants d ON d.id = t.tenant_id";

    fn read(row: &Row<'_>, cipher: &Cipher) -> Result<Self, Unreadable> {
        let id = row.get(0)?;
        let place = Place { table: "devices", field: "secret", row: id };
        let sealed = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
        let secret = cipher.open(place, sealed).ok_or(Unreadable::Field {
            field: "secret",
            message: "it was not made here for this device. Write plain: and the password, or make a new one in the portal.",
        })?;
        let username: String = row.get(4)?;
        let realm = row.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?;
        let ring = match row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)? {
            "immediate" => Ring::Immediate,
            "disabled" => Ring::Disabled,
            _ => Ring::After(Duration::from_secs(row.get(7)?)),
        };
        let owner: Option<i64> = row.get(2)?;
        let hotdesk = owner.is_none() && row.get(11)?;
        let user = if hotdesk { row.get(12)? } else { owner };
        Ok(Self {
            id: DeviceId(id),
            tenant: TenantId(row.get(1)?),
            user: user.map(UserId),
            hotdesk,
            model: models::by_key(row.get_ref(13)?.as_str().map_err(rusqlite::Error::from)?),
            name: row.get(3)?,
            ha1: Ha1::new(&username, realm, &secret),
            username,
            ring,
            max_contacts: row.get(8)?,
            auto_answer: row.get(10)?,
            unasked_counts: row.get(14)?,
            geolocation: row.get::<_, Option<i64>>(15)?.map(GeolocationId),
            site: row.get::<_, Option<i64>>(16)?.map(SiteId),
            encryption: encryption::read(row)?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// DEV-02: a phone is a user's, or stands at a site for whoever comes.
fn user_or_site(device: &Values) -> Result<(), Problem> {
    let given = |name: &str| device.get(name).is_some_and(|value| !value.is_empty());
    if given("user") && given("site") {
        return Err(Problem::of("site", "A phone belongs to a user or to a site, not both."));
    }
    if given("hotdesk_user") && !given("site") {
        return Err(Problem::of("hotdesk_user", "Users log in to phones of a site. Leave this blank."));
    }
    Ok(())
}

/// RNG-05: who has devices has one that rings.
fn one_device_rings(rows: &Connection, tenant: i64, device: &Values) -> rusqlite::Result<Option<Problem>> {
    let Some(user) = device.get("user").filter(|user| !user.is_empty()) else { return Ok(None) };
    let (devices, ringing): (i64, i64) = rows
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE ring <> 'disabled') FROM devices \
             WHERE tenant_id = ?1 AND user_id = ?2",
        )?
        .query_row((tenant, user), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let message = "At least one device of a user must ring. Let another one ring first.";
    Ok((devices > 0 && ringing == 0).then(|| Problem::of("ring", message)))
}

/// DEV-10: a user has one deskphone and one secondary deskphone.
fn one_of_each_rank(rows: &Connection, tenant: i64, device: &Values) -> rusqlite::Result<Option<Problem>> {
    let given = |name: &str| device.get(name).filter(|value| !value.is_empty());
    let (Some(user), Some(rank)) = (given("user"), given("rank")) else { return Ok(None) };
    let phones: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM devices WHERE tenant_id = ?1 AND user_id = CAST(?2 AS INTEGER) AND rank = ?3",
        )?
        .query_row((tenant, user, rank), |row| row.get(0))?;
    let message = "Another phone of this user is that already. Change that one first.";
    Ok((phones > 1).then(|| Problem::of("rank", message)))
}

const RANKS: &[(&str, &str)] = &[("primary", "Deskphone"), ("secondary", "Secondary deskphone")];
const TRANSPORTS: &[(&str, &str)] = &[("udp", "UDP"), ("tcp", "TCP")];
/// DEV-08
const VOICEMAIL: &[(&str, &str)] = &[
    ("mailbox", "Calls the mailbox"),
    ("shared", "Calls a shared mailbox"),
    ("list", "Opens the list of messages"),
];
const FETCHED: &str = "COALESCE((SELECT strftime('%Y-%m-%dT%H:%M:%SZ', p.fetched_at / 1000, 'unixepoch') \
    FROM device_provisioning p WHERE p.device_id = {t}.id), '')";
const BOOK_FETCHED: &str = "COALESCE((SELECT strftime('%Y-%m-%dT%H:%M:%SZ', p.book_at / 1000, 'unixepoch') \
    FROM device_provisioning p WHERE p.device_id = {t}.id), '')";
const RING: &[(&str, &str)] =
    &[("immediate", "Rings at once"), ("delay", "Rings after a delay"), ("disabled", "Does not ring")];
/// DEV-15 has a letter for each.
const KINDS: &[(&str, &str)] = &[
    ("desktop", "Desk phone"),
    ("softphone", "Softphone on a computer"),
    ("mobile", "Softphone on a mobile"),
];
