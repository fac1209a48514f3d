//! A text, read but not yet understood: rows with what is given for their fields.

use crate::Resource;

/// All that a text says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    /// Tables of the whole program.
    pub tables: Vec<TableText>,
    pub tenants: Vec<TenantText>,
    /// Rows that the text does not name stay.
    pub adds_only: bool,
}

/// A tenant and its tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantText {
    pub row: RowText,
    /// Whether `row` is to be compared with the tenant's own fields, or only says which one is meant.
    pub only_named: bool,
    pub tables: Vec<TableText>,
}

/// A table that the text names: of its rows those that stand there, and no others.
#[derive(Debug, Clone)]
pub(crate) struct TableText {
    pub of: &'static Resource,
    pub rows: Vec<RowText>,
}

/// A row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowText {
    /// Line of the text where it begins, from 1.
    pub line: usize,
    /// What is given, as it is written; references by title.
    pub given: Vec<(&'static str, Given)>,
}

/// What is given for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    Text(String),
    List(Vec<String>),
}

impl RowText {
    /// What is given for a field as text; nothing for lists and what is not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.given.iter().find(|(given, _)| *given == name) {
            Some((_, Given::Text(text))) => text,
            _ => "",
        }
    }
}
