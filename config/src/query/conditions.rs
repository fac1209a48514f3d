//! What a list is narrowed to: scope first, then search and filters. Values are parameters, never text.

use rusqlite::{ParamsFromIter, params_from_iter, types::Value};

use super::{ListQuery, QueryError, in_column};
use crate::{
    Field, Kind, Resource,
    access::Scope,
    sql::{self, Stored},
};

/// A `WHERE` and its parameters.
#[derive(Clone)]
pub(super) struct Conditions {
    text: String,
    parameters: Vec<Value>,
    narrow: bool,
    /// Each row has to be looked at: no index answers it.
    looks: bool,
}

impl Conditions {
    /// All rows of the scope.
    pub(super) fn everything(scope: Scope) -> Self {
        let parameters = scope.parameters().map(Value::Integer).to_vec();
        Self { text: scope.condition().to_owned(), parameters, narrow: false, looks: false }
    }

    /// The rows of the scope that a query asks for.
    pub(super) fn of(scope: Scope, of: &'static Resource, query: &ListQuery) -> Result<Self, QueryError> {
        let mut conditions = Self::everything(scope);
        for word in query.search.split_whitespace().take(MOST_WORDS) {
            conditions.search(of, word);
        }
        for (name, accepted) in query.filters.iter().filter(|(_, accepted)| !accepted.is_empty()) {
            let accepted = &accepted[..accepted.len().min(MOST_VALUES)];
            if name == IDS {
                let ids: Vec<i64> = accepted.iter().filter_map(|id| id.parse().ok()).collect();
                conditions.among(&ids);
                continue;
            }
            let (field, way) = filtered(of, name)?;
            conditions.filter(of, field, way, accepted)?;
        }
        Ok(conditions)
    }

    /// One more condition, with a `?` for each of its parameters.
    pub(super) fn add<const N: usize>(&mut self, text: &str, parameters: [Value; N]) {
        self.extend(text, parameters);
    }

    /// Whether anything was added to the scope.
    pub(super) fn narrow(&self) -> bool {
        self.narrow
    }
    /// Whether each row of the scope has to be looked at, so that it is better done once.
    pub(super) fn looks(&self) -> bool {
        self.looks
    }
    pub(super) fn text(&self) -> &str {
        &self.text
    }
    pub(super) fn parameters(&self) -> ParamsFromIter<&[Value]> {
        params_from_iter(self.parameters.as_slice())
    }

    /// Rows with one of these ids.
    pub(super) fn among(&mut self, ids: &[i64]) {
        let ids = serde_json::Value::from(ids).to_string();
        self.add("t.id IN (SELECT value FROM json_each(?))", [Value::Text(ids)]);
    }

    /// The word in any text of the row, or in its number.
    fn search(&mut self, of: &Resource, word: &str) {
        self.looks = true;
        let pattern = containing(word);
        let text = format!("{} LIKE ? ESCAPE '\\'", searched(of));
        match sql::own_extension(of).map(|field| sql::stored(of, field)) {
            // The numbers are looked through once, not for each row.
            Some(Stored::Extension { owner }) => self.add(
                &format!(
                    "({text} OR t.id IN (SELECT x.{owner} FROM extensions x \
                     WHERE x.tenant_id = ?1 AND x.number LIKE ? ESCAPE '\\'))"
                ),
                [pattern.clone(), pattern],
            ),
            _ => self.add(&text, [pattern]),
        }
    }

    fn filter(
        &mut self,
        of: &Resource,
        field: &Field,
        way: Way,
        accepted: &[String],
    ) -> Result<(), QueryError> {
        let is_column = matches!(sql::stored(of, field), Stored::Column(_));
        self.looks |= !is_column || matches!(way, Way::Contains | Way::NoneOf);
        match way {
            Way::AnyOf => {
                let text = any_of(of, field, accepted);
                self.extend(&text, accepted.iter().map(|text| parameter(field, text)));
            }
            Way::NoneOf => {
                let text = format!("({}) IS NOT TRUE", any_of(of, field, accepted));
                self.extend(&text, accepted.iter().map(|text| parameter(field, text)));
            }
            Way::Contains => {
                let shown = sql::shown(of, field).unwrap_or_else(|| sql::value(of, field));
                let each = vec![format!("{shown} LIKE ? ESCAPE '\\'"); accepted.len()].join(" OR ");
                self.extend(&format!("({each})"), accepted.iter().map(|text| containing(text)));
            }
            Way::AtLeast | Way::AtMost => {
                let limit = parameter(field, &accepted[0]);
                if sql::is_number(field) && !matches!(limit, Value::Integer(_)) {
                    let message = format!("`{}` is no whole number", accepted[0]);
                    return Err(QueryError::Filter { field: field.name.to_owned(), message });
                }
                let order = sql::order(of, field);
                let sign = if way == Way::AtLeast { ">=" } else { "<=" };
                self.extend(&format!("{order} {sign} ?"), [limit]);
            }
        }
        Ok(())
    }

    fn extend(&mut self, text: &str, parameters: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(text);
        self.parameters.extend(parameters);
        self.narrow = true;
    }
}

/// How a filter accepts a value: what stands behind the field's name, `ring_time.min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    AnyOf,
    NoneOf,
    Contains,
    AtLeast,
    AtMost,
}

/// The field that a filter is about, and how.
fn filtered(of: &'static Resource, name: &str) -> Result<(&'static Field, Way), QueryError> {
    let unknown = || QueryError::UnknownField(name.to_owned());
    let (field, way) = match name.split_once('.') {
        None => (name, Way::AnyOf),
        Some((field, "not")) => (field, Way::NoneOf),
        Some((field, "has")) => (field, Way::Contains),
        Some((field, "min")) => (field, Way::AtLeast),
        Some((field, "max")) => (field, Way::AtMost),
        Some(_) => return Err(unknown()),
    };
    let field = of.field(field).filter(|field| !matches!(field.kind, Kind::Secret)).ok_or_else(unknown)?;
    let ranged = !matches!(field.kind, Kind::Many(_) | Kind::Reference(_));
    if matches!(way, Way::AtLeast | Way::AtMost) && !ranged {
        return Err(unknown());
    }
    Ok((field, way))
}

/// Rows that have one of so many values.
fn any_of(of: &Resource, field: &Field, accepted: &[String]) -> String {
    let places = vec!["?"; accepted.len()].join(", ");
    let blank = accepted.iter().any(String::is_empty);
    match (field.kind, sql::stored(of, field)) {
        (_, Stored::Join { table, .. }) => format!(
            "EXISTS (SELECT 1 FROM {table} m WHERE m.tenant_id = t.tenant_id AND m.owner = t.id \
             AND m.target IN ({places}))"
        ),
        (Kind::Reference(_), Stored::Column(column)) if blank => {
            format!("(t.{column} IN ({places}) OR t.{column} IS NULL)")
        }
        (Kind::Set(_), Stored::Column(column)) => {
            let has = format!("instr(',' || t.{column} || ',', ',' || ? || ',') > 0");
            format!("({})", vec![has; accepted.len()].join(" OR "))
        }
        // The bare column, so that an index of it can be used.
        (_, Stored::Column(column)) => format!("t.{column} IN ({places})"),
        (_, Stored::Made(_)) if sql::is_number(field) => format!("{} IN ({places})", sql::order(of, field)),
        (_, Stored::Extension { .. } | Stored::Made(_)) => format!("{} IN ({places})", sql::value(of, field)),
    }
}

/// What `LIKE` finds a text with.
pub(crate) fn containing(search: &str) -> Value {
    let mut pattern = String::from("%");
    for c in search.trim().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Value::Text(pattern)
}

/// A value as the column holds it: numbers as numbers; what is none is equal to no number.
fn parameter(field: &Field, text: &str) -> Value {
    match field.kind {
        Kind::Number { .. } | Kind::Duration { .. } | Kind::Flag | Kind::Reference(_) | Kind::Many(_) => {
            text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Integer)
        }
        _ => Value::Text(text.to_owned()),
    }
}

/// All text of a row's own columns in one: one comparison a row instead of one a field. Large tables have an index of
/// exactly this expression.
fn searched(of: &Resource) -> String {
    let is_searched = |field: &&Field| match field.kind {
        Kind::Text { .. } => (in_column(of, field) && !field.computed) || !field.made_by.is_empty(),
        Kind::Word { .. }
        | Kind::Email
        | Kind::PhoneNumber
        | Kind::OutsideNumber
        | Kind::WrittenNumber
        | Kind::Mac
        | Kind::Code
        | Kind::Extension => in_column(of, field) && !field.computed,
        _ => false,
    };
    let texts: Vec<String> =
        of.fields.iter().filter(is_searched).map(|field| sql::value(of, field)).collect();
    if texts.is_empty() { "''".to_owned() } else { format!("({})", texts.join(" || char(10) || ")) }
}

/// The filter that takes row ids.
const IDS: &str = "id";
const MOST_WORDS: usize = 8;
const MOST_VALUES: usize = 200;
