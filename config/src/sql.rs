//! SQL that follows from a declaration: where each field is stored, and the expressions that read it.
//!
//! All names in this SQL come from `static` declarations, never from input.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use crate::{
    Field, Kind, Resource,
    resources::{self, extensions::EXTENSIONS},
};

/// Where a field is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// In a column of the table.
    Column(String),
    /// In the row of `extensions` whose given column points back.
    Extension { owner: String },
    /// In the rows of a join table.
    Join { table: String, target: &'static str },
    /// Nowhere: read by this SQL, with `{t}` for the table's alias.
    Made(&'static str),
}

/// What a text is for, its table, and what else of the declarations it depends on.
pub type TextKey = (&'static str, &'static str, &'static str);

/// A text that is made once in the life of the program: checks of many rows ask for it again with each.
pub fn once(key: TextKey, make: impl FnOnce() -> String) -> Arc<str> {
    if let Some(text) = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return text.clone();
    }
    let text: Arc<str> = make().into();
    TEXTS.write().unwrap_or_else(PoisonError::into_inner).insert(key, text.clone());
    text
}

/// Where a field of a table is stored.
pub fn stored(of: &Resource, field: &Field) -> Stored {
    if !field.made_by.is_empty() {
        return Stored::Made(field.made_by);
    }
    match field.kind {
        Kind::Reference(_) => Stored::Column(format!("{}_id", field.name)),
        Kind::Many(target) => Stored::Join { table: format!("{}_{}", of.name, field.name), target },
        Kind::Extension if of.name != EXTENSIONS.name => Stored::Extension { owner: owner_column(of) },
        _ => Stored::Column(field.name.to_owned()),
    }
}

/// The field of a table that holds the row's own extension, if it has one.
pub fn own_extension(of: &Resource) -> Option<&'static Field> {
    of.fields.iter().find(|field| matches!(stored(of, field), Stored::Extension { .. }))
}

/// The column of `extensions` that points to a table.
fn owner_column(of: &Resource) -> String {
    EXTENSIONS
        .fields
        .iter()
        .find(|field| matches!(field.kind, Kind::Reference(name) if name == of.name))
        .map(|field| format!("{}_id", field.name))
        .expect(
            "the declaration of extensions has a reference to each table with an extension; a test checks it",
        )
}

/// The stored value as text, never NULL. `t` is the table's alias.
pub fn value(of: &Resource, field: &Field) -> String {
    match stored(of, field) {
        Stored::Column(column) => match field.kind {
            Kind::Reference(_) => format!("COALESCE(CAST(t.{column} AS TEXT), '')"),
            _ if may_be_null(field) => format!("COALESCE(CAST(t.{column} AS TEXT), '')"),
            _ if is_number(field) => format!("CAST(t.{column} AS TEXT)"),
            _ => format!("t.{column}"),
        },
        Stored::Made(sql) => format!("CAST({} AS TEXT)", made(sql, "t")),
        Stored::Extension { owner } => format!(
            "COALESCE((SELECT x.number FROM extensions x WHERE x.tenant_id = t.tenant_id AND x.{owner} = t.id), '')"
        ),
        Stored::Join { table, .. } => format!(
            // Ordered by an inner SELECT: triggers hold this text, and a `sqlite3` shell before 3.44 cannot read an
            // ORDER BY within the function.
            "COALESCE((SELECT group_concat(o.target, ',') FROM (SELECT m.target FROM {table} m \
             WHERE m.tenant_id = t.tenant_id AND m.owner = t.id ORDER BY m.position) o), '')"
        ),
    }
}

/// Whether a field's column holds a whole number.
pub fn is_number(field: &Field) -> bool {
    matches!(field.kind, Kind::Number { .. } | Kind::Duration { .. } | Kind::Flag)
}

/// Whether a blank number is stored as NULL. (A blank flag is no.)
pub fn may_be_null(field: &Field) -> bool {
    matches!(field.kind, Kind::Number { .. } | Kind::Duration { .. }) && !field.required && !field.computed
}

/// The SQL of a made field for an alias of its table.
fn made(sql: &str, alias: &str) -> String {
    format!("({})", sql.replace("{t}", alias))
}

/// What people see of a reference or a list, never NULL; `None` if [`Field::show`] knows it from the value.
pub fn shown(of: &Resource, field: &Field) -> Option<String> {
    let title_of = |name: &str| title(resources::by_name(name).unwrap_or(of), "r");
    match (field.kind, stored(of, field)) {
        (Kind::Reference(name), Stored::Column(column)) => {
            Some(format!("COALESCE((SELECT {} FROM {name} r WHERE r.id = t.{column}), '')", title_of(name)))
        }
        (_, Stored::Join { table, target }) => Some(format!(
            "COALESCE((SELECT group_concat({}, ', ' ORDER BY m.position) FROM {table} m \
             JOIN {target} r ON r.id = m.target WHERE m.tenant_id = t.tenant_id AND m.owner = t.id), '')",
            title_of(target)
        )),
        _ => None,
    }
}

/// How people call a row: its title field, with its extension in brackets.
pub fn title(of: &Resource, alias: &str) -> String {
    if of.single {
        return format!("'{}'", of.one);
    }
    match own_extension(of).map(|field| stored(of, field)) {
        Some(Stored::Extension { owner }) => format!(
            "({alias}.{} || COALESCE((SELECT ' (' || x.number || ')' FROM extensions x \
             WHERE x.tenant_id = {alias}.tenant_id AND x.{owner} = {alias}.id), ''))",
            of.title
        ),
        _ => match of.fields.iter().find(|field| field.titles) {
            Some(field) => made(field.made_by, alias),
            None => format!("{alias}.{}", of.title),
        },
    }
}

/// What a list is ordered by for a field: numbers by size, extensions by length first, text without regard to case.
pub fn order(of: &Resource, field: &Field) -> String {
    match (field.kind, stored(of, field)) {
        (_, Stored::Column(column)) if may_be_null(field) => format!("COALESCE(t.{column}, -1)"),
        (_, Stored::Column(column)) if is_number(field) => format!("t.{column}"),
        (_, Stored::Made(sql)) if is_number(field) => made(sql, "t"),
        (Kind::Text { .. }, Stored::Made(sql)) => format!("{} COLLATE NOCASE", made(sql, "t")),
        (Kind::Extension, _) => extension_order(&value(of, field)),
        (Kind::Reference(_), _) => {
            shown(of, field).map_or_else(String::new, |shown| format!("{shown} COLLATE NOCASE"))
        }
        (Kind::Text { .. }, Stored::Column(column)) => format!("t.{column} COLLATE NOCASE"),
        _ => value(of, field),
    }
}

/// Extensions by length first. There is an index of exactly this expression.
pub fn extension_order(number: &str) -> String {
    format!("substr('      ' || {number}, -6)")
}

/// The columns that a change trigger watches: all that hold fields, and the tenant.
pub fn watched_columns(of: &Resource) -> Vec<String> {
    let columns =
        of.fields.iter().filter(|field| !field.computed).filter_map(|field| match stored(of, field) {
            Stored::Column(column) => Some(column),
            _ => None,
        });
    columns.chain(of.tenant.then(|| "tenant_id".to_owned())).collect()
}

/// No larger than the declarations are.
static TEXTS: LazyLock<RwLock<HashMap<TextKey, Arc<str>>>> = LazyLock::new(RwLock::default);
