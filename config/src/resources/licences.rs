//! Licences: what a company has bought, and how often. LIC-01…13. Who has which is part of the user.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static LICENCES: Resource = Resource {
    name: "licences",
    one: "Licence",
    many: "Licences",
    icon: "certificate",
    menu: "Configuration",
    about: "What the company has bought. Each is assigned to users, as long as one is free.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::choice("kind", "Kind", KINDS).required().help("What it lets a user do."),
        Field::number("quantity", "Quantity", 0, 1_000_000, "").help("Blank is without limit."),
        Field::url("webhook", "Tell this address")
            .shown_when("kind", "external")
            .help("It is told whenever the licence is assigned to somebody or taken back."),
        Field::number("in_use", "In use", 0, i64::MAX, "").made_by(IN_USE),
    ],
    columns: &["name", "kind", "quantity", "in_use"],
    filters: &["kind"],
    sort: "name",
    cards: &[("General", &["name", "kind", "quantity", "webhook"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[enough_for_those_in_use, one_for_every_user],
    hooks: Hooks::NONE,
};

/// What is in use cannot be taken back by a smaller quantity.
fn enough_for_those_in_use(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let name = of.get("name").map_or("", String::as_str);
    let short = lacking(rows, "t.name = ?2", (tenant, name))?;
    Ok(short.map(|(_, used, _)| Problem::of("quantity", format!("{used} are in use. Take some back first."))))
}

/// The licence of every user is a column of theirs, so there is one of it.
fn one_for_every_user(rows: &Connection, tenant: i64, _: &Values) -> rusqlite::Result<Option<Problem>> {
    let count: i64 = rows
        .prepare_cached("SELECT count(*) FROM licences WHERE tenant_id = ?1 AND kind = ?2")?
        .query_row((tenant, ADVANCED_USER), |row| row.get(0))?;
    Ok((count > 1).then(|| Problem::of("kind", "There is one of this kind already. Raise its quantity.")))
}

/// Which licences a user has that are not there: all of them in use by others. LIC-13.
pub fn none_is_left(rows: &Connection, tenant: i64, user: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| user.get(name).map_or("", String::as_str);
    let refusal = |field, (name, _, quantity): (String, i64, i64)| {
        let message = format!("All {quantity} {name} licences are in use. Take one back first, or buy more.");
        Problem::of(field, message)
    };
    if text("licensed") == "1"
        && let Some(short) = lacking(rows, "t.kind = ?2", (tenant, ADVANCED_USER))?
    {
        return Ok(Some(refusal("licensed", short)));
    }
    for id in text("licences").split(',').filter(|id| !id.is_empty()) {
        if let Some(short) = lacking(rows, "t.id = CAST(?2 AS INTEGER)", (tenant, id))? {
            return Ok(Some(refusal("licences", short)));
        }
    }
    Ok(None)
}

/// A softphone is for who has the licence, in a company that has licences of that kind. LIC-09
pub fn softphone_is_licensed(
    rows: &Connection,
    tenant: i64,
    device: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let username = device.get("username").map_or("", String::as_str);
    let text = format!("SELECT 1 FROM devices d WHERE d.tenant_id = ?1 AND d.username = ?2 AND {UNLICENSED}");
    let lacks = rows.prepare_cached(&text)?.exists((tenant, username))?;
    let message = "This user has no softphone licence. Assign one to them first.";
    Ok(lacks.then(|| Problem::of("kind", message)))
}

/// Nor is that licence taken from who has a softphone. LIC-09. Asked with the user as they were, too: who never had it is
/// not stopped from changing something else.
pub fn softphones_keep_theirs(
    rows: &Connection,
    tenant: i64,
    user: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let text = |field: &str| user.get(field).map_or("", String::as_str);
    let query = format!(
        "SELECT d.name FROM devices d JOIN users u ON u.id = d.user_id LEFT JOIN extensions x \
         ON x.tenant_id = u.tenant_id AND x.user_id = u.id WHERE d.tenant_id = ?1 AND u.tenant_id = ?1 \
         AND ((?2 <> '' AND x.number = ?2) OR (?3 <> '' AND u.login = ?3)) AND {UNLICENSED} \
         AND EXISTS (SELECT 1 FROM licences l WHERE l.tenant_id = ?1 AND l.kind = 'softphone' \
                     AND instr(',' || ?4 || ',', ',' || l.id || ',') > 0) LIMIT 1"
    );
    let given = (tenant, text("extension"), text("login"), text("licences"));
    let name: Option<String> = rows.prepare_cached(&query)?.query_row(given, |row| row.get(0)).optional()?;
    Ok(name.map(|name| {
        Problem::of("licences", format!("{name} is a softphone and needs the licence. Delete it first."))
    }))
}

/// Name, use and quantity of a licence of which more are in use than there are.
fn lacking(
    rows: &Connection,
    condition: &str,
    of: (i64, &str),
) -> rusqlite::Result<Option<(String, i64, i64)>> {
    // Without a limit nothing need be counted.
    let text = format!(
        "SELECT name, used, quantity FROM (SELECT t.name, t.quantity, {} AS used FROM licences t \
         WHERE t.tenant_id = ?1 AND {condition} AND t.quantity IS NOT NULL) WHERE used > quantity LIMIT 1",
        IN_USE.replace("{t}", "t")
    );
    rows.prepare_cached(&text)?.query_row(of, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
}

/// Key of the licence that every user has: portal, number, mailbox, calls. LIC-02, 03.
pub const ADVANCED_USER: &str = "advanced_user";

/// A device `d` is somebody's softphone without the licence, where there are licences of that kind.
const UNLICENSED: &str = "d.kind IN ('softphone', 'mobile') AND d.user_id IS NOT NULL \
    AND EXISTS (SELECT 1 FROM licences l WHERE l.tenant_id = d.tenant_id AND l.kind = 'softphone') \
    AND NOT EXISTS (SELECT 1 FROM users_licences m JOIN licences l ON l.id = m.target \
    WHERE m.tenant_id = d.tenant_id AND m.owner = d.user_id AND l.kind = 'softphone')";

/// Users who have one.
const IN_USE: &str = "CASE {t}.kind WHEN 'advanced_user' THEN \
    (SELECT count(*) FROM users u WHERE u.tenant_id = {t}.tenant_id AND u.licensed = 1) \
    ELSE (SELECT count(*) FROM users_licences m WHERE m.tenant_id = {t}.tenant_id AND m.target = {t}.id) END";

const KINDS: &[(&str, &str)] = &[
    (ADVANCED_USER, "Advanced user: portal, number, mailbox, calls"),
    ("call_center", "Call center: queues and their reports"),
    ("transcription", "Voicemail transcription"),
    ("softphone", "Softphone on computer and mobile"),
    ("external", "Another product"),
];
