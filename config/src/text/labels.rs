//! What rows are called in the text.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::{Field, Kind, Resource, sql};

/// The rows of a table of one tenant in the order of the text, with their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    /// Id, title with extension, and name in the text.
    pub rows: Vec<Label>,
}

/// What a row is called.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub id: i64,
    /// Without its extension.
    pub bare: String,
    pub number: String,
    /// In the text.
    pub label: String,
}

/// Makes names that differ of titles that may not, in their order.
#[derive(Debug, Default)]
pub(crate) struct Namer {
    seen: HashMap<String, usize>,
}

impl Namer {
    /// The name of the next row with that title, `several` of which there are in all.
    pub(crate) fn name(&mut self, title: &str, several: usize) -> String {
        let place = self.seen.entry(title.to_owned()).or_default();
        *place += 1;
        if several > 1 || has_number(title) || title.is_empty() {
            format!("{title} #{place}")
        } else {
            title.to_owned()
        }
    }
}

impl Labels {
    /// The rows of a tenant; all rows of a table without tenants.
    pub(crate) fn read(rows: &Connection, of: &'static Resource, tenant: i64) -> rusqlite::Result<Self> {
        let number = sql::own_extension(of).map_or_else(|| "''".to_owned(), |field| sql::value(of, field));
        let bare = if of.single { format!("'{}'", of.one) } else { bare(of) };
        let condition = if of.tenant { "t.tenant_id = ?1" } else { "?1 = ?1" };
        let text = format!("SELECT t.id, {bare}, {number} FROM {} t WHERE {condition}", of.name);
        let mut statement = rows.prepare_cached(&text)?;
        let mut found = statement
            .query_map([tenant], |row| {
                let label = String::new();
                Ok(Label { id: row.get(0)?, bare: row.get(1)?, number: row.get(2)?, label })
            })?
            .collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| (&a.bare, &a.number, a.id).cmp(&(&b.bare, &b.number, b.id)));
        let named = names(found.iter().map(|row| full(&row.bare, &row.number)).collect());
        for (row, label) in found.iter_mut().zip(named) {
            row.label = label;
        }
        Ok(Self { rows: found })
    }

    /// Names by id.
    pub(crate) fn by_id(&self) -> HashMap<i64, &str> {
        self.rows.iter().map(|row| (row.id, row.label.as_str())).collect()
    }
}

/// The fields that name a row in the text, joined by a blank: the title, if the text has what it is made of; else the
/// row's own name; else what it points to.
pub(crate) fn naming(of: &'static Resource) -> Vec<&'static Field> {
    let title = of.field(of.title).filter(|field| !field.computed || !field.made_of.is_empty());
    let name = || of.settable().find(|field| field.required && matches!(field.kind, Kind::Text { .. }));
    match title.or_else(name) {
        Some(field) => vec![field],
        None => of.settable().filter(|field| matches!(field.kind, Kind::Reference(_))).collect(),
    }
}

/// What [`naming`] says, in SQL.
fn bare(of: &'static Resource) -> String {
    let texts =
        naming(of).into_iter().map(|field| sql::shown(of, field).unwrap_or_else(|| sql::value(of, field)));
    let joined = texts.collect::<Vec<_>>().join(" || ' ' || ");
    if joined.is_empty() { "''".to_owned() } else { joined }
}

/// The names of rows with these titles, in their order.
pub(crate) fn names(titles: Vec<String>) -> Vec<String> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for title in &titles {
        *count.entry(title).or_default() += 1;
    }
    let mut namer = Namer::default();
    titles.iter().map(|title| namer.name(title, count[title.as_str()])).collect()
}

/// A title with its extension, as everywhere.
pub(crate) fn full(bare: &str, number: &str) -> String {
    if number.is_empty() { bare.to_owned() } else { format!("{bare} ({number})") }
}

/// Whether a title looks as if it had a place among its like.
fn has_number(title: &str) -> bool {
    title.rsplit_once('#').is_some_and(|(before, digits)| {
        before.ends_with(' ') && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
