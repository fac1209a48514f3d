//! What a list is narrowed to: scope first, then search and filters. Values are parameters, never text.

use rusqlite::{ParamsFromIter, params_from_iter, types::Value};

use super::{ListQuery, QueryError, in_column};
use crate::{
    Field, Kind, Resource,
    access::Scope,
    sql::{self, Stored},
};

/// A `WHERE` and its parameters.
pub(super) struct Conditions {
    text: String,
    parameters: Vec<Value>,
    narrow: bool,
}

impl Conditions {
    /// All rows of the scope.
    pub(super) fn everything(scope: Scope) -> Self {
        let parameters = vec![Value::Integer(scope.parameter())];
        Self { text: scope.condition().to_owned(), parameters, narrow: false }
    }

    /// The rows of the scope that a query asks for.
    pub(super) fn of(scope: Scope, of: &'static Resource, query: &ListQuery) -> Result<Self, QueryError> {
        let mut conditions = Self::everything(scope);
        for word in query.search.split_whitespace().take(MOST_WORDS) {
            conditions.add(&format!("{} LIKE ? ESCAPE '\\'", searched(of)), [containing(word)]);
        }
        for (name, accepted) in &query.filters {
            let unknown = || QueryError::UnknownField(name.clone());
            let field = of.field(name).ok_or_else(unknown)?;
            if matches!(field.kind, Kind::Secret) {
                return Err(unknown());
            }
            conditions.filter(of, field, accepted);
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
    pub(super) fn text(&self) -> &str {
        &self.text
    }
    pub(super) fn parameters(&self) -> ParamsFromIter<&[Value]> {
        params_from_iter(self.parameters.as_slice())
    }

    fn filter(&mut self, of: &Resource, field: &Field, accepted: &[String]) {
        if accepted.is_empty() {
            return;
        }
        let places = vec!["?"; accepted.len().min(MOST_VALUES)].join(", ");
        let text = match sql::stored(of, field) {
            Stored::Join { table, .. } => format!(
                "EXISTS (SELECT 1 FROM {table} m WHERE m.tenant_id = t.tenant_id AND m.owner = t.id \
                 AND CAST(m.target AS TEXT) IN ({places}))"
            ),
            _ => format!("{} IN ({places})", sql::value(of, field)),
        };
        self.extend(&text, accepted.iter().take(MOST_VALUES).cloned().map(Value::Text));
    }

    fn extend(&mut self, text: &str, parameters: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(text);
        self.parameters.extend(parameters);
        self.narrow = true;
    }
}

/// What `LIKE` finds a text with.
pub(super) fn containing(search: &str) -> Value {
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

/// All text of a row in one: one comparison a row instead of one a field.
fn searched(of: &Resource) -> String {
    let is_searched = |field: &&Field| match field.kind {
        Kind::Text { .. } | Kind::Word { .. } | Kind::Email | Kind::PhoneNumber => in_column(of, field),
        Kind::Extension => true,
        _ => false,
    };
    let texts: Vec<String> =
        of.fields.iter().filter(is_searched).map(|field| sql::value(of, field)).collect();
    if texts.is_empty() { "''".to_owned() } else { format!("({})", texts.join(" || char(10) || ")) }
}

const MOST_WORDS: usize = 8;
const MOST_VALUES: usize = 200;
