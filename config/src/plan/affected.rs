//! Which numbers' calls go another way after a plan.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Action, Applied, RowChange, apply};
use crate::{Kind, Resource, access::Scope, references, resource::Values, resources, rows, sql};

/// A number whose calls go another way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Affected {
    /// `101`.
    pub number: String,
    /// Whose it is, or was.
    pub title: String,
    /// What becomes of it: `new`, `gone`, `changed`.
    pub what: &'static str,
    /// Because of what, as people call it.
    pub why: Vec<String>,
    /// Calls to it in the last seven days.
    pub calls: u64,
}

/// All numbers and whose they are, by tenant.
pub(super) struct Numbers(BTreeMap<(i64, String), String>);

impl Numbers {
    pub(super) fn read(rows: &Connection) -> rusqlite::Result<Self> {
        let mut all = BTreeMap::new();
        for of in resources::ALL {
            let Some(field) = sql::own_extension(of) else { continue };
            let text = format!(
                "SELECT t.tenant_id, {} AS number, t.{} FROM {} t WHERE number <> ''",
                sql::value(of, field),
                of.title,
                of.name
            );
            let mut statement = rows.prepare_cached(&text)?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                all.insert((row.get(0)?, row.get(1)?), format!("{} {}", of.one, row.get::<_, String>(2)?));
            }
        }
        Ok(Self(all))
    }
}

/// What became of the numbers.
pub(super) fn affected(
    rows: &Connection,
    before: &Numbers,
    applied: &Applied,
) -> rusqlite::Result<Vec<Affected>> {
    let after = Numbers::read(rows)?;
    let mut all: BTreeMap<(i64, String), Affected> = BTreeMap::new();
    let mut add = |key: &(i64, String), title: &str, what, why: Option<String>| {
        let entry = all.entry(key.clone()).or_insert_with(|| Affected {
            number: key.1.clone(),
            title: title.to_owned(),
            what,
            why: Vec::new(),
            calls: 0,
        });
        entry.why.extend(why.filter(|why| entry.why.len() < MOST_REASONS && !entry.why.contains(why)));
    };
    for (key, title) in &before.0 {
        if !after.0.contains_key(key) {
            add(key, title, "gone", None);
        }
    }
    for (key, title) in &after.0 {
        match before.0.get(key) {
            None => add(key, title, "new", None),
            Some(other) if other != title => add(key, title, "changed", Some(format!("was {other}"))),
            Some(_) => {}
        }
    }
    for (at, (row, was)) in applied.rows.iter().zip(&applied.before).enumerate() {
        let Some(of) = resources::by_name(row.table) else { continue };
        let why = format!("{} {}", of.one, row.title);
        for key in touched(rows, of, row, was.as_ref(), at < MOST_LOOKED_AT)? {
            if let Some(whose) = after.0.get(&key).or(before.0.get(&key)) {
                add(&key, whose, "changed", Some(why.clone()));
            }
        }
    }
    let calls = if all.is_empty() { BTreeMap::new() } else { calls(rows)? };
    let counted = all.into_iter().map(|(key, affected)| {
        let calls = calls.get(&key).copied().unwrap_or_default();
        Affected { calls, ..affected }
    });
    Ok(counted.take(MOST_SHOWN).collect())
}

/// Numbers (with their tenant) that a changed row has to do with: its own, those of rows that it points to, and of rows that point to it.
fn touched(
    rows: &Connection,
    of: &'static Resource,
    row: &RowChange,
    was: Option<&Values>,
    thoroughly: bool,
) -> rusqlite::Result<Vec<(i64, String)>> {
    let stored = rows::stored(rows, of, Scope::All, row.id)?;
    let tenant = match &stored {
        Some(stored) => stored.tenant,
        None => last_tenant(rows, of, row.id)?,
    };
    let is = stored.as_ref().map(|row| &row.values);
    let mut numbers = Vec::new();
    for values in [was, is].into_iter().flatten() {
        if let Some(number) = apply::own_number(of).and_then(|name| values.get(name)) {
            numbers.push(number.clone());
        }
        for field in of.fields {
            let (Kind::Reference(name) | Kind::Many(name)) = field.kind else { continue };
            let Some(target) = resources::by_name(name) else { continue };
            let Some(own) = sql::own_extension(target) else { continue };
            let list = values.get(field.name).map_or("", String::as_str);
            for id in list.split(',').filter_map(|id| id.parse().ok()).take(MOST_REASONS) {
                let pointed_to = rows::stored(rows, target, Scope::All, id)?;
                numbers.extend(pointed_to.and_then(|row| row.values.get(own.name).cloned()));
            }
        }
    }
    if thoroughly && row.action != Action::Create {
        for title in references::users_of(rows, of, tenant, row.id)? {
            numbers.extend(number_in(&title));
        }
    }
    numbers.retain(|number| !number.is_empty());
    numbers.sort();
    numbers.dedup();
    Ok(numbers.into_iter().map(|number| (tenant, number)).collect())
}

/// `600` of `Ring group Everyone (600)`.
fn number_in(title: &str) -> Option<String> {
    let (_, number) = title.strip_suffix(')')?.rsplit_once('(')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.to_owned())
}

fn last_tenant(rows: &Connection, of: &Resource, id: i64) -> rusqlite::Result<i64> {
    let text = "SELECT COALESCE(max(tenant_id), 0) FROM history WHERE tbl = ?1 AND row_id = ?2";
    rows.prepare_cached(text)?.query_row((of.name, id), |row| row.get(0))
}

/// How often each number was called in the last seven days.
fn calls(rows: &Connection) -> rusqlite::Result<BTreeMap<(i64, String), u64>> {
    let mut statement = rows.prepare_cached(
        "SELECT tenant_id, dialled, count(*) FROM calls WHERE tenant_id IN (SELECT id FROM tenants) \
         AND started_at > (unixepoch() - 604800) * 1000 GROUP BY 1, 2",
    )?;
    statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?.collect()
}

const MOST_REASONS: usize = 5;
/// Rows of a plan that are also looked at from those who point to them.
const MOST_LOOKED_AT: usize = 200;
const MOST_SHOWN: usize = 1000;
