//! Time frames: named periods of time, of the company or of one user. By themselves they do nothing; answering rules and
//! night mode refer to them. AR-01, AR-02, AR-08.

use std::time::Duration;

use chrono::NaiveTime;
use rusqlite::{Connection, Row};

use crate::{
    Field, Problem, Resource, TenantId, TimeFrameId, UserId,
    resource::{Hooks, Values},
    schedule::{Day, DayList, Recurrence, Schedule},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A named period of time.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct TimeFrame {
    pub id: TimeFrameId,
    pub tenant: TenantId,
    pub name: String,
    /// Whose it is; `None` is the whole company's.
    pub user: Option<UserId>,
    pub schedule: Schedule,
}

/// The declaration.
pub static TIME_FRAMES: Resource = Resource {
    name: "time_frames",
    one: "Time frame",
    many: "Time frames",
    icon: "calendar-week",
    menu: "Configuration",
    about: "Office hours, holidays, vacations: when answering rules and night mode are in force.",
    fields: &[
        Field::text("name", "Name").required(),
        Field::reference("user", "Belongs to", "users").follows().help("Blank is the whole company: all may use it."),
        Field::choice("kind", "What it is", KINDS).required().default("weekly"),
        Field::week("hours", "Hours").shown_when("kind", "weekly"),
        Field::date("starts", "First day").shown_when("kind", "range"),
        Field::time_of_day("starts_at", "From").shown_when("kind", "range").help("Blank is the beginning of the day."),
        Field::date("ends", "Last day").shown_when("kind", "range"),
        Field::time_of_day("ends_at", "Until").shown_when("kind", "range").help("Blank is the end of the day."),
        Field::long_text("days", "Days")
            .max(60_000)
            .shown_when("kind", "days")
            .help("One a line: 2026-12-25 Name, 12-25 Name for every year, 2026-12-24 12:00-18:00, 2026-12-24/2026-12-31."),
        Field::text("recurrence", "Begins")
            .max(100)
            .shown_when("kind", "recurring")
            .help("Minute, hour, day, month and day of the week, as cron has them: 0 10 * * mon is every Monday at 10. Day and day of the week must both fit."),
        Field::duration("lasts", "For", 60, 604_800).shown_when("kind", "recurring"),
    ],
    columns: &["name", "kind", "user", "hours"],
    filters: &["kind", "user"],
    sort: "name",
    cards: &[
        ("General", &["name", "user", "kind"]),
        ("When", &["hours", "starts", "starts_at", "ends", "ends_at", "days", "recurrence", "lasts"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(is_a_schedule),
    rules: &[one_of_a_name, shared_stays_shared],
    hooks: Hooks::NONE,
};

impl Typed for TimeFrame {
    const TABLE: &'static str = "time_frames";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.user_id, t.kind, t.hours, t.starts, t.starts_at, \
        t.ends, t.ends_at, t.days, t.recurrence, COALESCE(CAST(t.lasts AS TEXT), '') FROM time_frames t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |name: &str| {
            let at = COLUMNS.iter().position(|column| *column == name)? + 4;
            row.get_ref(at).ok()?.as_str().ok().map(str::to_owned)
        };
        let schedule = schedule(|name| text(name).unwrap_or_default())
            .map_err(|_| Unreadable::Field { field: "kind", message: "it does not say when it is." })?;
        Ok(Self {
            id: TimeFrameId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            user: row.get::<_, Option<i64>>(3)?.map(UserId),
            schedule,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// When a time frame with these values holds; or what is wrong with which of them.
///
/// # Errors
/// The field, and in words what it lacks.
pub fn schedule(value: impl Fn(&str) -> String) -> Result<Schedule, Problem> {
    match value("kind").as_str() {
        "always" => Ok(Schedule::Always),
        "range" => range(value).map(|day| DayList::of(vec![day]).map(Schedule::Days).unwrap_or_default()),
        "days" => {
            let days = value("days");
            if days.trim().is_empty() {
                return Err(Problem::of("days", "At least one day, such as 2026-12-25 Christmas Day."));
            }
            days.parse().map(Schedule::Days).map_err(|wrong| Problem::of("days", wrong))
        }
        "recurring" => {
            let lasts: u64 =
                value("lasts").parse().map_err(|_| Problem::of("lasts", "How long each time?"))?;
            Recurrence::new(&value("recurrence"), Duration::from_secs(lasts))
                .map(Schedule::Recurring)
                .map_err(|wrong| Problem::of("recurrence", wrong))
        }
        _ => match value("hours") {
            hours if hours.is_empty() => Err(Problem::of("hours", "At least one hour of the week.")),
            hours => hours.parse().map(Schedule::Weekly).map_err(|wrong: String| Problem::of("hours", wrong)),
        },
    }
}

fn range(value: impl Fn(&str) -> String) -> Result<Day, Problem> {
    let day = |name: &'static str| {
        value(name).parse::<chrono::NaiveDate>().map_err(|_| Problem::of(name, "A day such as 2026-12-24."))
    };
    let time = |name: &str| NaiveTime::parse_from_str(&value(name), "%H:%M").ok();
    let (first, last) = (day("starts")?, day("ends")?);
    let from = first.and_time(time("starts_at").unwrap_or(NaiveTime::MIN));
    let to = match time("ends_at") {
        Some(at) => last.and_time(at),
        None => last.succ_opt().unwrap_or(last).and_time(NaiveTime::MIN),
    };
    if to <= from {
        return Err(Problem::of("ends", "It ends before it begins."));
    }
    Ok(Day::local(from, to, ""))
}

fn is_a_schedule(values: &Values) -> Result<(), Problem> {
    schedule(|name| values.get(name).cloned().unwrap_or_default()).map(drop)
}

/// The company's have different names, and so have those of a user.
fn one_of_a_name(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let twice: bool = rows
        .prepare_cached(
            "SELECT count(*) > 1 FROM time_frames WHERE tenant_id = ?1 AND name = ?2 \
             AND user_id IS CAST(NULLIF(?3, '') AS INTEGER)",
        )?
        .query_row((tenant, text("name"), text("user")), |row| row.get(0))?;
    Ok(twice.then(|| Problem::of("name", "There is a time frame of this name already.")))
}

/// What others refer to does not become one user's.
fn shared_stays_shared(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let in_use: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM time_frames f JOIN answering_rules r ON r.tenant_id = f.tenant_id \
             AND r.time_frame_id = f.id AND r.user_id <> f.user_id WHERE f.tenant_id = ?1 AND f.name = ?2 \
             AND f.user_id = CAST(NULLIF(?3, '') AS INTEGER)) OR EXISTS (SELECT 1 FROM time_frames f JOIN settings s \
             ON s.tenant_id = f.tenant_id AND s.night_frame_id = f.id WHERE f.tenant_id = ?1 AND f.user_id IS NOT NULL)",
        )?
        .query_row((tenant, text("name"), text("user")), |row| row.get(0))?;
    Ok(in_use.then(|| Problem::of("user", "Others use this time frame: it stays the company's.")))
}

/// From column 4 of the `SELECT` on.
const COLUMNS: [&str; 9] =
    ["kind", "hours", "starts", "starts_at", "ends", "ends_at", "days", "recurrence", "lasts"];
/// AR-08.
pub const KINDS: &[(&str, &str)] = &[
    ("weekly", "Hours of the week"),
    ("range", "From a day to another"),
    ("days", "List of days, holidays"),
    ("recurring", "Comes again and again"),
    ("always", "Always"),
];
