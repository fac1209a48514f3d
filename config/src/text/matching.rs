//! Which row of the text is which row of the database.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{RowText, TableText, labels};
use crate::{Field, Kind, Resource, access::Scope, resource::Values, rows, sql};

/// A row of the database.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub id: i64,
    pub label: labels::Label,
    pub values: Values,
}

/// The rows of a table of a tenant.
pub(super) fn present(
    rows: &Connection,
    of: &'static Resource,
    tenant: i64,
) -> rusqlite::Result<Vec<Present>> {
    let mut all = Vec::new();
    for label in labels::Labels::read(rows, of, tenant)?.rows {
        if let Some(stored) = rows::stored(rows, of, Scope::All, label.id)? {
            all.push(Present { id: label.id, label, values: stored.values });
        }
    }
    Ok(all)
}

/// For each row of the text the place of its row in `present`, if there is one: the one that is called so; else the only
/// other one with its title; else the one with its number, or another value that nobody else has.
pub(super) fn matched(table: &TableText, present: &[Present]) -> Vec<Option<usize>> {
    let of = table.of;
    if of.single {
        return table.rows.iter().map(|_| (!present.is_empty()).then_some(0)).collect();
    }
    let mut matching = Matching { found: vec![None; table.rows.len()], taken: vec![false; present.len()] };
    let names = names(of, &table.rows);
    matching.by(&names, present.iter().map(|row| row.label.label.clone()));
    // Who is renumbered stays who they are.
    let bare: Vec<String> = table.rows.iter().map(|row| bare_title(of, row)).collect();
    matching.by(&bare, present.iter().map(|row| row.label.bare.clone()));
    for field in unique_fields(of) {
        let wanted: Vec<String> = table.rows.iter().map(|row| normal(field, row.text(field.name))).collect();
        let value = |row: &Present| row.values.get(field.name).cloned().unwrap_or_default();
        matching.by(&wanted, present.iter().map(value));
    }
    matching.found
}

/// What the rows of the text are called in it.
pub(super) fn names(of: &'static Resource, rows: &[RowText]) -> Vec<String> {
    let number = sql::own_extension(of).map_or("", |field| field.name);
    let titles = rows.iter().map(|row| labels::full(&bare_title(of, row), row.text(number).trim())).collect();
    labels::names(titles)
}

/// The title of a row of the text, as SQLite would make it.
pub(super) fn bare_title(of: &'static Resource, row: &RowText) -> String {
    let parts = labels::naming(of).into_iter().map(|field| {
        if field.computed {
            let parts: Vec<&str> = field.made_of.iter().map(|name| row.text(name).trim()).collect();
            parts.join(" ").trim().to_owned()
        } else {
            normal(field, row.text(field.name))
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

struct Matching {
    found: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Matching {
    /// Joins rows that are left on both sides and alone have the same, not blank, key.
    fn by(&mut self, wanted: &[String], present: impl Iterator<Item = String>) {
        let mut places: HashMap<String, Option<usize>> = HashMap::new();
        for (at, key) in present.enumerate().filter(|(at, key)| !self.taken[*at] && !key.is_empty()) {
            places.entry(key).and_modify(|place| *place = None).or_insert(Some(at));
        }
        let mut count: HashMap<&str, usize> = HashMap::new();
        let left = |found: &[Option<usize>], at: usize| found[at].is_none();
        for (at, key) in wanted.iter().enumerate() {
            if left(&self.found, at) {
                *count.entry(key).or_default() += 1;
            }
        }
        for (at, key) in wanted.iter().enumerate() {
            if left(&self.found, at)
                && count[key.as_str()] == 1
                && let Some(Some(place)) = places.get(key)
            {
                self.found[at] = Some(*place);
                self.taken[*place] = true;
            }
        }
    }
}

/// Fields that tell rows apart: the own extension, then those that nobody else may have.
fn unique_fields(of: &'static Resource) -> impl Iterator<Item = &'static Field> {
    let told_apart = |field: &&Field| {
        field.unique && !matches!(field.kind, Kind::Reference(_) | Kind::Many(_) | Kind::Secret)
    };
    sql::own_extension(of).into_iter().chain(of.settable().filter(told_apart))
}

fn normal(field: &Field, text: &str) -> String {
    field.normalise(text).unwrap_or_else(|_| text.trim().to_owned())
}
