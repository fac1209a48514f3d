//! All checks of a row. The same for a form, the API, a CSV file and a row that was edited by hand.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Field, Kind, Problem, Resource,
    codes::{self, Function},
    destination::Destination,
    references,
    resource::Values,
    resources,
    resources::extensions::EXTENSIONS,
    rows,
    sql::{self, Stored},
};

/// A row that is to be stored, or was stored by somebody who did not check.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The table.
    pub of: &'static Resource,
    /// Its tenant.
    pub tenant: i64,
    /// 0 for a new row.
    pub id: i64,
    /// All fields, normalised; secrets only where they are given.
    pub values: &'a Values,
}

/// Given values as they will be stored; and what is wrong with them, field by field. Fields that nobody can set are
/// dropped, so that a row may be given back as it was read.
pub fn normalise(of: &'static Resource, given: &Values) -> (Values, Vec<Problem>) {
    let (mut values, mut problems) = (Values::new(), Vec::new());
    for (name, text) in given {
        match of.field(name) {
            None => problems.push(Problem::of(name, format!("{} have no field `{name}`.", of.many))),
            Some(field) if field.read_only => {}
            Some(field) => match field.normalise(text) {
                Ok(value) => drop(values.insert(name.clone(), value)),
                Err(message) => problems.push(Problem::of(name, message)),
            },
        }
    }
    (values, problems)
}

impl Draft<'_> {
    /// Everything that is wrong with it; empty if it may be stored.
    pub fn problems(&self, rows: &Connection) -> rusqlite::Result<Vec<Problem>> {
        let mut problems = Vec::new();
        for field in self.of.settable().filter(|field| !matches!(field.kind, Kind::Secret)) {
            let value = self.value(field.name);
            match field.normalise(value) {
                Err(message) => problems.push(Problem::of(field.name, message)),
                Ok(other) if other != value => {
                    problems.push(Problem::of(field.name, format!("Write `{other}` instead of `{value}`.")));
                }
                Ok(_) if value.is_empty() => {}
                Ok(_) => {
                    problems
                        .extend(self.among_others(rows, field, value)?.map(|m| Problem::of(field.name, m)));
                }
            }
        }
        if let (true, Some(check)) = (problems.is_empty(), self.of.check) {
            problems.extend(check(self.values).err());
        }
        Ok(problems)
    }

    /// What is wrong with a value in the company of other rows.
    fn among_others(
        &self,
        rows: &Connection,
        field: &Field,
        value: &str,
    ) -> rusqlite::Result<Option<String>> {
        if field.unique
            && let Some(other) = self.twin(rows, field, value)?
        {
            return Ok(Some(match field.kind {
                Kind::Reference(_) => format!("{other} has it already."),
                _ => format!("{value} is taken by {other}."),
            }));
        }
        match field.kind {
            Kind::Reference(name) => self.missing(rows, name, value),
            Kind::Many(name) => {
                for id in value.split(',') {
                    if let Some(message) = self.missing(rows, name, id)? {
                        return Ok(Some(message));
                    }
                }
                Ok(None)
            }
            Kind::Extension => self.clash(rows, value),
            Kind::Code => {
                let function = Function::of(self.value("function"));
                codes::in_the_way(rows, self.tenant, (self.id, function), value)
            }
            Kind::PhoneNumber => self.unreachable(rows, value),
            Kind::File { .. } => self.lost_file(rows, value),
            Kind::Destination => match value.parse() {
                Ok(Destination::Extension(number)) => self.unreachable(rows, &number),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The title of another row with the same value.
    fn twin(&self, rows: &Connection, field: &Field, value: &str) -> rusqlite::Result<Option<String>> {
        let text = sql::once(("twin", self.of.name, field.name), || twin_text(self.of, field));
        if text.is_empty() {
            return Ok(None);
        }
        let twin = rows
            .prepare_cached(&text)?
            .query_row((self.tenant, value, self.id), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // Names of another tenant are none of this one's business.
        Ok(twin.map(|(title, tenant): (String, i64)| {
            if tenant == self.tenant { format!("{} {title}", self.of.one) } else { "somebody else".into() }
        }))
    }

    fn missing(&self, rows: &Connection, table: &'static str, id: &str) -> rusqlite::Result<Option<String>> {
        let text = sql::once(("exists", table, ""), || {
            format!("SELECT 1 FROM {table} WHERE tenant_id = ?1 AND id = ?2")
        });
        let id = id.parse::<i64>().unwrap_or_default();
        let exists = rows.prepare_cached(&text)?.exists((self.tenant, id))?;
        let one = resources::by_name(table).map_or(table, |table| table.one);
        Ok((!exists).then(|| format!("There is no {} with the id {id}.", one.to_lowercase())))
    }

    fn lost_file(&self, rows: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
        let text = "SELECT 1 FROM files WHERE tenant_id = ?1 AND key = ?2";
        let exists = rows.prepare_cached(text)?.exists((self.tenant, key))?;
        Ok((!exists).then(|| "That file is not here. Upload it again.".to_owned()))
    }

    /// EXT-05: who has this extension already; or who dials the one that would go.
    fn clash(&self, rows: &Connection, number: &str) -> rusqlite::Result<Option<String>> {
        let text = sql::once(("clash", self.of.name, ""), || clash_text(self.of));
        let owner: Option<(Option<i64>, Option<i64>)> = rows
            .prepare_cached(&text)?
            .query_row((self.tenant, number, self.id), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((user, group)) = owner else {
            if let Some(lot) = resources::park_lots::lot_of(rows, self.tenant, number)? {
                return Ok(Some(format!("{number} is a slot of Park lot {lot}.")));
            }
            return codes::code_in_the_way(rows, self.tenant, number);
        };
        let (table, id) = match (user, group) {
            (Some(id), _) => (&resources::users::USERS, id),
            (None, id) => (&resources::ring_groups::RING_GROUPS, id.unwrap_or_default()),
        };
        Ok(Some(format!("{number} is taken by {} {}.", table.one, rows::title(rows, table, id)?)))
    }

    /// RNG-11: a short number must be an extension, and not the one whose calls are forwarded.
    fn unreachable(&self, rows: &Connection, number: &str) -> rusqlite::Result<Option<String>> {
        let is_short = (2..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        if !is_short {
            return Ok(None);
        }
        let own = sql::own_extension(self.of).map(|field| self.value(field.name));
        if own == Some(number) {
            return Ok(Some(format!("{number} is the extension itself.")));
        }
        let text = "SELECT 1 FROM extensions WHERE tenant_id = ?1 AND number = ?2";
        let exists = rows.prepare_cached(text)?.exists((self.tenant, number))?;
        Ok((!exists).then(|| {
            format!("There is no extension {number}. An outside number is written with its area code.")
        }))
    }

    fn value(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }
}

/// Title and tenant of another row with the same value; empty if the field has no column.
fn twin_text(of: &Resource, field: &Field) -> String {
    let Stored::Column(column) = sql::stored(of, field) else { return String::new() };
    let tenant = if field.everywhere { "?1 = ?1" } else { "t.tenant_id = ?1" };
    format!(
        "SELECT {}, {} FROM {} t WHERE {tenant} AND t.{column} = ?2 AND t.id <> ?3 LIMIT 1",
        sql::title(of, "t"),
        rows::tenant_column(of),
        of.name
    )
}

/// Who has an extension, unless it is the row itself.
fn clash_text(of: &Resource) -> String {
    let of_row = match sql::own_extension(of).map(|field| sql::stored(of, field)) {
        Some(Stored::Extension { owner }) => format!("{owner} IS ?3"),
        _ => "id = ?3".to_owned(),
    };
    format!(
        "SELECT user_id, ring_group_id FROM extensions WHERE tenant_id = ?1 AND number = ?2 AND NOT ({of_row})"
    )
}

/// What is wrong between rows after a change, for the row as it was and as it is.
pub fn rules(
    rows: &Connection,
    of: &Resource,
    tenant: i64,
    values: &[&Values],
) -> rusqlite::Result<Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    for rule in of.rules {
        for values in values {
            problems.extend(rule(rows, tenant, values)?.filter(|problem| !problems.contains(problem)));
        }
    }
    Ok(problems)
}

/// Who dials the number that a row gives up by becoming `new`.
pub fn given_up_number(
    rows: &Connection,
    old: &Draft<'_>,
    new: &Values,
) -> rusqlite::Result<Option<(&'static str, Vec<String>)>> {
    let field = match sql::own_extension(old.of) {
        Some(field) => field.name,
        None if old.of.name == EXTENSIONS.name => EXTENSIONS.title,
        None => return Ok(None),
    };
    let number = old.value(field);
    if number.is_empty() || new.get(field).is_some_and(|new| new == number) {
        return Ok(None);
    }
    let used_by = references::users_of_number(rows, old.tenant, number, (old.of.name, old.id))?;
    Ok((!used_by.is_empty()).then_some((field, used_by)))
}
