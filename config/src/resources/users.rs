//! Users: people who sign in, most with an extension, and where their calls go when they do not answer. RNG-07…13,
//! USR-01…13. Passwords and sessions are in [`crate::sign_in`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, Row};

use crate::{
    DepartmentId, Field, GeolocationId, NumberId, Problem, Resource, RoleId, SiteId, TenantId, UserId,
    access::levels,
    field::moment,
    number::Number,
    numbering::Class,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A person.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct User {
    pub id: UserId,
    pub tenant: TenantId,
    pub first_name: String,
    pub last_name: String,
    /// Neither calls nor is called: suspended, or without the licence for it. USR-05, LIC-03.
    pub suspended: bool,
    /// Their internal number, if they have one.
    pub number: Option<String>,
    /// `None` is an ordinary user of level 0.
    pub role: Option<RoleId>,
    /// `None` is the default site.
    pub site: Option<SiteId>,
    /// `None` is that of the site, see [`crate::Snapshot::zone_of`].
    pub zone: Option<Tz>,
    /// Do not disturb, see [`User::is_dnd`]. RNG-13.
    pub dnd: bool,
    /// `None` is without end. RNG-19.
    pub dnd_until: Option<DateTime<Utc>>,
    pub department: Option<DepartmentId>,
    pub forwards: Forwards,
    /// Their mobile, work and home number, if they are listed in the directory: whose calls show their name. DIR-34.
    pub numbers: Vec<Number>,
    pub calling: Calling,
}

/// How they call outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Calling {
    /// Of numbers that they dial without one; blank is that of the site.
    pub area_code: String,
    /// What those they call see.
    pub caller_id: Option<NumberId>,
    pub geolocation: Option<GeolocationId>,
    /// The dearest class that they may call; `None` is what their role says.
    pub most: Option<Class>,
    /// Rings with their phones; `None` is not. RNG-01.
    pub mobile: Option<Mobile>,
}

/// A mobile phone that rings with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mobile {
    pub number: String,
    /// 0–60 s after the others.
    pub delay: Duration,
}

/// Where calls go instead. RNG-07…13.
#[derive(Debug, Clone, PartialEq)]
pub struct Forwards {
    /// All calls at once; `None` is off.
    pub always: Option<String>,
    /// Since then it is off. RNG-19.
    pub always_until: Option<DateTime<Utc>>,
    /// At the busy trigger, or when all devices are busy.
    pub busy: Option<String>,
    /// Since then it is off.
    pub busy_until: Option<DateTime<Utc>>,
    /// After `no_answer_after`, or when no device is registered.
    pub no_answer: Option<String>,
    /// Since then it is off.
    pub no_answer_until: Option<DateTime<Utc>>,
    /// In force instead of the three while the company has its night. RNG-10.
    pub night: NightForwards,
    /// 5–120 s, by day and by night. [default 20 s]
    pub no_answer_after: Duration,
    /// Calls in progress at which further ones are forwarded, 1–20. [default 2]
    pub busy_trigger: u32,
    /// Whose number is shown outside. RNG-18.
    pub shows: Shows,
}

/// Forwards of the company's night; `None` is off, whatever they are by day. RNG-10, RNG-11.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct NightForwards {
    pub always: Option<String>,
    pub always_until: Option<DateTime<Utc>>,
    pub busy: Option<String>,
    pub busy_until: Option<DateTime<Utc>>,
    pub no_answer: Option<String>,
    pub no_answer_until: Option<DateTime<Utc>>,
}

/// Whose number an outside callee of a forward sees. RNG-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shows {
    /// That of who called, where the trunk allows it; else the own one.
    #[default]
    Caller,
    /// That of who forwards.
    Own,
}

/// The declaration.
pub static USERS: Resource = Resource {
    name: "users",
    one: "User",
    many: "Users",
    icon: "user",
    menu: "Organization",
    about: "People who call or sign in. Their phones are under Devices.",
    fields: &[
        Field::text("name", "Name").made_of(&["first_name", "last_name"]),
        Field::text("first_name", "First name").required(),
        Field::text("last_name", "Last name"),
        Field::extension("extension", "Extension")
            .help("2 to 6 digits. Blank for somebody who is not called."),
        Field::email("email", "E-mail").unique().help("They sign in with it."),
        Field::word("login", "Login name")
            .unique_everywhere()
            .max(254)
            .help("Signs in too, as does their extension followed by @ and the company's SIP domain."),
        Field::reference("role", "Role", "roles").help("What they may do. Blank is an ordinary user."),
        Field::flag("suspended", "Suspended").help("Cannot sign in; their phones neither register nor call."),
        Field::reference("site", "Site", "sites").moves().help("Blank is the default site."),
        Field::reference("department", "Department", "departments").moves(),
        Field::time_zone("time_zone", "Time zone").help("Blank is that of the site."),
        Field::choice("language", "Language", LANGUAGES).help("Of the portal and of mail. Blank is that of the company."),
        super::area_code("Local numbers that they dial are in this area. Blank is that of the site."),
        Field::outside_number("mobile", "Mobile number"),
        Field::flag("mobile_rings", "Mobile phone rings, too")
            .help("With their other phones, by an outside line of the company. The mailbox of the mobile may answer first: let it wait longer than this phone rings."),
        Field::seconds("mobile_delay", "Mobile phone rings after", 0, 60)
            .shown_when("mobile_rings", "1")
            .help("Blank is with the other phones."),
        Field::outside_number("work_phone", "Work number"),
        Field::outside_number("home_phone", "Home number"),
        Field::flag("in_directory", "List in directory").default("1").help("Colleagues find them among their contacts."),
        Field::flag("in_audio_directory", "Announce in audio directory").help("Callers can choose them by name."),
        Field::reference("caller_id", "Caller ID", "numbers").clears().help("Shown to those they call outside."),
        Field::choice("calls", "May call at most", CALLS).help("Blank is what their role says."),
        Field::reference("geolocation", "Geolocation", "geolocations")
            .help("Where their phones stand, for emergency calls. Blank is that of their site."),
        Field::flag("licensed", "Advanced User licence")
            .default("1")
            .help("Portal, number, mailbox, placing and receiving calls."),
        Field::many("licences", "Further licences", "licences"),
        Field::choice("status", "Status", STATUS).made_by(
            "CASE WHEN {t}.suspended = 1 THEN 'suspended' WHEN {t}.licensed = 0 THEN 'unlicensed' ELSE 'active' END",
        ),
        Field::long_text("deskphone", "Deskphone").made_by(DESKPHONE),
        Field::long_text("second_deskphone", "Secondary deskphone").made_by(SECOND_DESKPHONE),
        Field::long_text("softphone", "Softphone").made_by(SOFTPHONE),
        Field::flag("dnd", "Do not disturb").help("No phone rings; callers go where they go when busy."),
        Field::moment("dnd_until", "Do not disturb until").help(UNTIL),
        Field::phone_number("forward_always", "Forward all calls to")
            .help("An extension, or an outside number with area code. Blank is off."),
        Field::moment("forward_always_until", "All calls until").help(UNTIL),
        Field::phone_number("forward_busy", "When busy to").help("Blank is off."),
        Field::moment("forward_busy_until", "When busy until").help(UNTIL),
        Field::phone_number("forward_no_answer", "When not answered to")
            .help("Also when no phone is registered. Blank is off."),
        Field::moment("forward_no_answer_until", "When not answered until").help(UNTIL),
        Field::seconds("forward_no_answer_after", "Not answered means after", 5, 120)
            .required()
            .default("20"),
        Field::number("busy_trigger", "Busy means", 1, 20, "calls at once")
            .required()
            .default("2")
            .help("So many calls ringing or up, in either direction."),
        Field::choice("forward_shows", "Forwards outside show", SHOWS).required().default("caller"),
        Field::phone_number("night_always", "At night, forward all calls to")
            .help("In force while the company has its night, see Settings. Blank is off at night."),
        Field::moment("night_always_until", "At night, all calls until").help(UNTIL),
        Field::phone_number("night_busy", "At night, when busy to").help("Blank is off at night."),
        Field::moment("night_busy_until", "At night, when busy until").help(UNTIL),
        Field::phone_number("night_no_answer", "At night, when not answered to").help("Blank is off at night."),
        Field::moment("night_no_answer_until", "At night, when not answered until").help(UNTIL),
    ],
    columns: &["name", "extension", "email", "role", "site", "department", "suspended"],
    filters: &["role", "suspended", "site", "department", "licences"],
    sort: "name",
    cards: &[
        ("General", &["first_name", "last_name", "extension"]),
        ("Account", &["email", "login", "role", "suspended"]),
        ("Where they work", &["site", "department", "time_zone", "language"]),
        ("Numbers", &["caller_id", "area_code", "mobile", "work_phone", "home_phone"]),
        ("Calls outside", &["calls", "geolocation"]),
        ("Mobile phone", &["mobile_rings", "mobile_delay"]),
        ("Directories", &["in_directory", "in_audio_directory"]),
        ("Licences", &["licensed", "licences"]),
        ("Do not disturb", &["dnd", "dnd_until"]),
        (
            "Call forwarding",
            &[
                "forward_always",
                "forward_always_until",
                "forward_busy",
                "forward_busy_until",
                "busy_trigger",
                "forward_no_answer",
                "forward_no_answer_until",
                "forward_no_answer_after",
                "forward_shows",
            ],
        ),
        (
            "Call forwarding at night",
            &[
                "night_always",
                "night_always_until",
                "night_busy",
                "night_busy_until",
                "night_no_answer",
                "night_no_answer_until",
            ],
        ),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(is_sound),
    rules: &[levels::one_primary_stays, super::licences::none_is_left, super::licences::softphones_keep_theirs],
    hooks: Hooks { may_go: Some(was_suspended_long_enough), ..Hooks::NONE },
};

impl User {
    /// `First Last`.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
    /// Whether they switched their phones to do not disturb, and that is not over. What an answering rule says is
    /// [`crate::snapshot::Answering`]'s. RNG-13, RNG-14, RNG-19.
    pub fn is_dnd(&self, utc: DateTime<Utc>) -> bool {
        self.dnd && self.dnd_until.is_none_or(|until| utc < until)
    }
}

impl Default for Forwards {
    fn default() -> Self {
        Self {
            always: None,
            always_until: None,
            busy: None,
            busy_until: None,
            no_answer: None,
            no_answer_until: None,
            night: NightForwards::default(),
            no_answer_after: Duration::from_secs(20),
            busy_trigger: 2,
            shows: Shows::Caller,
        }
    }
}

impl Typed for User {
    const TABLE: &'static str = "users";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.first_name, t.last_name, t.suspended OR NOT t.licensed, x.number, \
        t.forward_always, t.forward_busy, t.forward_no_answer, t.forward_no_answer_after, t.busy_trigger, t.role_id, \
        CASE t.in_directory WHEN 1 THEN t.mobile || char(10) || t.work_phone || char(10) || t.home_phone ELSE '' END, \
        t.site_id, t.time_zone, t.dnd, t.dnd_until, t.forward_always_until, t.forward_busy_until, \
        t.forward_no_answer_until, t.forward_shows, t.night_always, t.night_always_until, t.night_busy, \
        t.night_busy_until, t.night_no_answer, t.night_no_answer_until, t.department_id, \
        t.area_code, t.caller_id_id, t.geolocation_id, t.calls, \
        CASE t.mobile_rings WHEN 1 THEN t.mobile ELSE '' END, t.mobile_delay \
        FROM users t LEFT JOIN extensions x ON x.tenant_id = t.tenant_id AND x.user_id = t.id";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let zone = text(14)?;
        Ok(Self {
            id: UserId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            first_name: row.get(2)?,
            last_name: row.get(3)?,
            suspended: row.get(4)?,
            number: row.get(5)?,
            role: row.get::<_, Option<i64>>(11)?.map(RoleId),
            department: row.get::<_, Option<i64>>(27)?.map(DepartmentId),
            numbers: row.get_ref(12)?.as_str().unwrap_or_default().lines().filter_map(Number::of).collect(),
            site: row.get::<_, Option<i64>>(13)?.map(SiteId),
            zone: (!zone.is_empty()).then(|| zone.parse()).transpose().map_err(|_| UNKNOWN_ZONE)?,
            dnd: row.get(15)?,
            dnd_until: moment::of(text(16)?),
            forwards: Forwards::read(row)?,
            calling: Calling {
                area_code: row.get(28)?,
                caller_id: row.get::<_, Option<i64>>(29)?.map(NumberId),
                geolocation: row.get::<_, Option<i64>>(30)?.map(GeolocationId),
                most: Class::of(row.get_ref(31)?.as_str().unwrap_or_default()),
                mobile: mobile(row)?,
            },
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// From the columns of [`User`]'s `SELECT`.
fn mobile(row: &Row<'_>) -> Result<Option<Mobile>, Unreadable> {
    let number: String = row.get(32)?;
    let delay = Duration::from_secs(row.get::<_, Option<u64>>(33)?.unwrap_or_default());
    Ok((!number.is_empty()).then_some(Mobile { number, delay }))
}

impl Forwards {
    /// From the columns of [`User`]'s `SELECT`.
    fn read(row: &Row<'_>) -> Result<Self, Unreadable> {
        let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let target = |column| text(column).map(|to| Some(to.to_owned()).filter(|to| !to.is_empty()));
        let until = |column| text(column).map(moment::of);
        Ok(Self {
            always: target(6)?,
            always_until: until(17)?,
            busy: target(7)?,
            busy_until: until(18)?,
            no_answer: target(8)?,
            no_answer_until: until(19)?,
            night: NightForwards {
                always: target(21)?,
                always_until: until(22)?,
                busy: target(23)?,
                busy_until: until(24)?,
                no_answer: target(25)?,
                no_answer_until: until(26)?,
            },
            no_answer_after: Duration::from_secs(row.get(9)?),
            busy_trigger: row.get(10)?,
            shows: if text(20)? == "own" { Shows::Own } else { Shows::Caller },
        })
    }
}

fn is_sound(values: &Values) -> Result<(), Problem> {
    let is_blank = |field: &str| values.get(field).is_none_or(String::is_empty);
    if values.get("mobile_rings").is_some_and(|rings| rings == "1") && is_blank("mobile") {
        return Err(Problem::of("mobile_rings", "Enter the mobile number first."));
    }
    super::area_code_is_digits(values)
}

/// USR-06: who is deleted has been suspended for twelve hours. SQLite's clock, as for audit entries.
fn was_suspended_long_enough(rows: &Connection, _: i64, id: i64) -> rusqlite::Result<Option<Problem>> {
    let (since, now): (Option<i64>, i64) = rows
        .prepare_cached(
            "SELECT suspended_at, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM users WHERE id = ?1",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(since) = since else {
        let message = "Suspend this user first. They can be deleted twelve hours later.";
        return Ok(Some(Problem::of("suspended", message)));
    };
    let possible = since + SUSPENDED_BEFORE_DELETE.as_millis() as i64;
    Ok((now < possible).then(|| {
        let at = DateTime::from_timestamp_millis(possible).unwrap_or_default();
        let message = format!(
            "A user is deleted after twelve hours of suspension: possible from {}.",
            at.format("%Y-%m-%d %H:%M:%S UTC")
        );
        Problem::of("suspended", message)
    }))
}

/// USR-06.
pub const SUSPENDED_BEFORE_DELETE: Duration = Duration::from_secs(12 * 3600);

/// DEV-10
const DESKPHONE: &str = "COALESCE((SELECT d.name FROM devices d WHERE d.tenant_id = {t}.tenant_id \
    AND d.user_id = {t}.id AND d.rank = 'primary'), '')";
const SECOND_DESKPHONE: &str = "COALESCE((SELECT d.name FROM devices d WHERE d.tenant_id = {t}.tenant_id \
    AND d.user_id = {t}.id AND d.rank = 'secondary'), '')";
/// DEV-18: the mobile number where there is no softphone.
const SOFTPHONE: &str = "COALESCE((SELECT CASE d.kind WHEN 'mobile' THEN 'Softphone (Mobile)' \
    ELSE 'Softphone (Desktop)' END FROM devices d WHERE d.tenant_id = {t}.tenant_id AND d.user_id = {t}.id \
    AND d.kind IN ('mobile', 'softphone') ORDER BY d.kind, d.id LIMIT 1), {t}.mobile)";
/// ROL-10: each includes those before it.
const CALLS: &[(&str, &str)] = &[
    ("internal", "Only inside"),
    ("local", "Local numbers"),
    ("national", "Within the country"),
    ("international", "Abroad"),
    ("premium", "All, also costly numbers"),
];
/// Of the portal and of mail. OPS-16.
pub(super) const LANGUAGES: &[(&str, &str)] = &[("en", "English"), ("de", "Deutsch")];
const SHOWS: &[(&str, &str)] =
    &[("caller", "The caller's number, where the trunk allows it"), ("own", "Their own number")];
/// RNG-19.
const UNTIL: &str = "In UTC. Blank is until it is switched off.";
const UNKNOWN_ZONE: Unreadable = Unreadable::Field { field: "time_zone", message: "it is no time zone." };
const STATUS: &[(&str, &str)] =
    &[("active", "Active"), ("suspended", "Suspended"), ("unlicensed", "Without licence")];
