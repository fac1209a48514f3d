//! One page of rows: selected in an order, from where the page before ended.

use rusqlite::{Connection, types::Value};

use super::{Conditions, ListQuery, QueryError, Row, cursor};
use crate::{
    Field, Kind, Resource,
    resource::Values,
    rows,
    sql::{self, Stored},
};

/// The rows of one page, and the cursor of the next.
pub(super) fn page(
    rows: &Connection,
    of: &'static Resource,
    query: &ListQuery,
    conditions: Conditions,
) -> Result<(Vec<Row>, Option<String>), QueryError> {
    let limit = if query.limit == 0 { DEFAULT_ROWS } else { query.limit.min(super::MOST_ROWS) };
    let (field, after) = begins(of, query)?;
    let name = cursor::Order { field: field.name, descending: query.descending };
    let order = Order { of, after, descending: query.descending, limit: limit + 1 };
    let mut found = match sql::stored(of, field) {
        Stored::Extension { owner } => order.by_own_extension(rows, &owner, conditions)?,
        _ => order.by(rows, &sql::order(of, field), conditions)?,
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|(row, value)| cursor::print(name, value, row.id));
    Ok((found.into_iter().map(|(row, _)| row).collect(), next))
}

/// What a page is sorted by, and the sort value and id of the row behind which it begins.
type Beginning = (&'static Field, Option<(Value, i64)>);

/// What a page is sorted by, and behind which row it begins, if that can be.
pub(super) fn begins(of: &'static Resource, query: &ListQuery) -> Result<Beginning, QueryError> {
    let field = sortable(of, if query.sort.is_empty() { of.sort } else { &query.sort })?;
    let name = cursor::Order { field: field.name, descending: query.descending };
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::read(name, text).ok_or(QueryError::Cursor)?),
    };
    Ok((field, after))
}

/// The only row that meets the conditions.
pub(super) fn one(
    rows: &Connection,
    of: &'static Resource,
    conditions: &Conditions,
) -> rusqlite::Result<Option<Row>> {
    let text =
        format!("SELECT t.id, t.version, ''{} FROM {} t WHERE {}", columns(of), of.name, conditions.text());
    Ok(select(rows, of, &text, conditions)?.pop().map(|(row, _)| row))
}

/// From where, which way and how many.
struct Order {
    of: &'static Resource,
    /// Sort value and id of the last row seen.
    after: Option<(Value, i64)>,
    descending: bool,
    limit: usize,
}

impl Order {
    fn by(
        &self,
        rows: &Connection,
        order: &str,
        mut conditions: Conditions,
    ) -> rusqlite::Result<Vec<(Row, Value)>> {
        let (direction, beyond) = self.direction();
        if let Some((value, id)) = self.after.clone() {
            // The first comparison alone says where an index is entered.
            let text = format!("{order} {beyond}= ? AND ({order} {beyond} ? OR t.id {beyond} ?)");
            conditions.add(&text, [value.clone(), value, Value::Integer(id)]);
        }
        let text = format!(
            "SELECT t.id, t.version, {order}{} FROM {} t WHERE {} ORDER BY {order} {direction}, t.id {direction} LIMIT {}",
            columns(self.of),
            self.of.name,
            conditions.text(),
            self.limit
        );
        select(rows, self.of, &text, &conditions)
    }

    /// Rows with a number of their own, in the order of the numbers' index; then, both ways, those without.
    fn by_own_extension(
        &self,
        rows: &Connection,
        owner: &str,
        conditions: Conditions,
    ) -> rusqlite::Result<Vec<(Row, Value)>> {
        let (direction, beyond) = self.direction();
        let last_without = self.after.as_ref().filter(|(value, _)| *value == Value::Text(String::new()));
        let mut found = Vec::new();
        if last_without.is_none() {
            let mut with = conditions.clone();
            let order = sql::extension_order("x.number");
            if let Some((value, _)) = self.after.clone() {
                with.add(&format!("{order} {beyond} ?"), [value]);
            }
            let text = format!(
                "SELECT t.id, t.version, {order}{} FROM extensions x JOIN {} t ON t.id = x.{owner} \
                 WHERE x.tenant_id = ?1 AND {} ORDER BY {order} {direction} LIMIT {}",
                columns(self.of),
                self.of.name,
                with.text(),
                self.limit
            );
            found = select(rows, self.of, &text, &with)?;
        }
        if found.len() < self.limit {
            let mut without = conditions;
            let last = last_without.map(|(_, id)| (Value::Text(String::new()), *id));
            let text = format!(
                "NOT EXISTS (SELECT 1 FROM extensions x WHERE x.tenant_id = t.tenant_id AND x.{owner} = t.id)"
            );
            without.add(&text, []);
            let rest = Self { after: last, limit: self.limit - found.len(), ..*self };
            found.extend(rest.by(rows, "''", without)?);
        }
        Ok(found)
    }

    fn direction(&self) -> (&'static str, &'static str) {
        if self.descending { ("DESC", "<") } else { ("ASC", ">") }
    }
}

/// Rows with what they are sorted by, of a text that selects id, version, that value and [`columns`].
fn select(
    rows: &Connection,
    of: &'static Resource,
    text: &str,
    conditions: &Conditions,
) -> rusqlite::Result<Vec<(Row, Value)>> {
    let mut statement = rows.prepare_cached(text)?;
    let read = |row: &rusqlite::Row<'_>| Ok((read(of, row)?, row.get::<_, Value>(2)?));
    statement.query_map(conditions.parameters(), read)?.collect()
}

/// `, value, value, …, shown, …` of all readable fields.
fn columns(of: &Resource) -> String {
    let values = rows::readable(of).map(|field| sql::value(of, field));
    let shown = rows::readable(of).filter_map(|field| sql::shown(of, field));
    values.chain(shown).map(|column| format!(", {column}")).collect()
}

/// A row selected with [`columns`] after three others.
fn read(of: &Resource, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let (mut values, mut shown) = (Values::new(), Values::new());
    let mut at = 3;
    for field in rows::readable(of) {
        values.insert(field.name.to_owned(), row.get(at)?);
        at += 1;
    }
    for field in rows::readable(of) {
        let text = if sql::shown(of, field).is_some() {
            at += 1;
            row.get(at - 1)?
        } else {
            field.show(&values[field.name])
        };
        shown.insert(field.name.to_owned(), text);
    }
    Ok(Row { id: row.get(0)?, version: row.get(1)?, values, shown })
}

fn sortable(of: &'static Resource, name: &str) -> Result<&'static Field, QueryError> {
    of.field(name)
        .filter(|field| !matches!(field.kind, Kind::Secret | Kind::Many(_)))
        .ok_or_else(|| QueryError::UnknownField(name.to_owned()))
}

const DEFAULT_ROWS: usize = 50;
