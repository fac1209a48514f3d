//! Inbound routing: where calls go for numbers that ring no user and no group directly, by day and by night. ICR-01, 03, 05,
//! NUM-07.

use rusqlite::{Connection, Row};

use crate::{
    Field, InboundRouteId, NumberId, Problem, Resource, TenantId, TimeFrameId,
    destination::Destination,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Number → open or closed → destination.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct InboundRoute {
    pub id: InboundRouteId,
    pub tenant: TenantId,
    pub name: String,
    pub enabled: bool,
    /// Those it is for; none is all that no other route names.
    pub numbers: Vec<NumberId>,
    pub open: Open,
    pub open_to: Destination,
    pub closed_to: Destination,
}

/// When a route is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// At any time.
    Always,
    /// Within a time frame of the company.
    Within(TimeFrameId),
    /// By day, as the company's night mode says.
    ByDay,
}

/// The declaration.
pub static INBOUND_ROUTES: Resource = Resource {
    name: "inbound_routes",
    one: "Inbound route",
    many: "Inbound routing",
    icon: "route-2",
    menu: "Configuration",
    about: "Where calls go for numbers that ring no user and no group directly. Changes apply to the next call.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::flag("enabled", "Switched on").default("1"),
        Field::many("numbers", "Numbers", "numbers").help(
            "None is every number that no other route names. Numbers of users and groups ring them and come not here.",
        ),
        Field::choice("open", "Open", OPEN).required().default("always"),
        Field::reference("time_frame", "Time frame", "time_frames").shown_when("open", "frame"),
        Field::destination("open_to", "While open").required(),
        Field::destination("closed_to", "While closed").required().default("hangup:unavailable"),
    ],
    columns: &["name", "numbers", "open", "time_frame", "open_to", "closed_to", "enabled"],
    filters: &["open", "enabled", "numbers"],
    sort: "name",
    cards: &[
        ("General", &["name", "enabled", "numbers"]),
        ("Schedule", &["open", "time_frame"]),
        ("Where calls go", &["open_to", "closed_to"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(frame_is_named),
    rules: &[one_route_for_each],
    hooks: Hooks::NONE,
};

impl Typed for InboundRoute {
    const TABLE: &'static str = "inbound_routes";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.enabled, t.open, t.time_frame_id, t.open_to, \
        t.closed_to, (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM inbound_routes_numbers m \
        WHERE m.tenant_id = t.tenant_id AND m.owner = t.id) FROM inbound_routes t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let frame = row.get::<_, Option<i64>>(5)?.map(TimeFrameId);
        let open = match (row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?, frame) {
            ("frame", Some(frame)) => Open::Within(frame),
            ("day", _) => Open::ByDay,
            _ => Open::Always,
        };
        let numbers: Option<String> = row.get(8)?;
        Ok(Self {
            id: InboundRouteId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            enabled: row.get(3)?,
            numbers: numbers
                .iter()
                .flat_map(|ids| ids.split(','))
                .filter_map(|id| id.parse().ok().map(NumberId))
                .collect(),
            open,
            open_to: destination(row, 6, "open_to")?,
            closed_to: destination(row, 7, "closed_to")?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

fn destination(row: &Row<'_>, at: usize, field: &'static str) -> Result<Destination, Unreadable> {
    let text = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
    text.parse().map_err(|_| Unreadable::Field { field, message: "it is no destination." })
}

fn frame_is_named(values: &Values) -> Result<(), Problem> {
    let text = |field: &str| values.get(field).map_or("", String::as_str);
    if text("open") == "frame" && text("time_frame").is_empty() {
        return Err(Problem::of("time_frame", "Say which time frame, or choose Always."));
    }
    Ok(())
}

/// A number goes one way, and so do those that nobody names.
fn one_route_for_each(rows: &Connection, tenant: i64, _: &Values) -> rusqlite::Result<Option<Problem>> {
    let twice: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM inbound_routes_numbers WHERE tenant_id = ?1 GROUP BY target HAVING count(*) > 1)",
        )?
        .query_row([tenant], |row| row.get(0))?;
    if twice {
        return Ok(Some(Problem::of("numbers", "Another route has one of these numbers already.")));
    }
    let rests: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM inbound_routes t WHERE t.tenant_id = ?1 AND t.enabled = 1 AND NOT EXISTS \
             (SELECT 1 FROM inbound_routes_numbers m WHERE m.tenant_id = ?1 AND m.owner = t.id)",
        )?
        .query_row([tenant], |row| row.get(0))?;
    let message = "Another route takes all other numbers already. Name the numbers of this one.";
    Ok((rests > 1).then(|| Problem::of("numbers", message)))
}

const OPEN: &[(&str, &str)] =
    &[("always", "Always"), ("frame", "Within a time frame"), ("day", "By day (night mode)")];
