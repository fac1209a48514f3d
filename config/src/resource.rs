//! One declaration per admin table.

pub use crate::field::{Field, Kind, WhenGone};

/// A table as administrators know it. Plain `static` data; see the files in `resources/`.
#[derive(Debug)]
pub struct Resource {
    /// SQL table, REST segment, CSV file name: `ring_groups`.
    pub name: &'static str,
    /// Singular for people.
    pub one: &'static str,
    /// Plural for people.
    pub many: &'static str,
    /// Icon name of the sprite.
    pub icon: &'static str,
    /// Menu group: `Organization`, `Configuration`, `System`.
    pub menu: &'static str,
    /// One sentence for the page head.
    pub about: &'static str,
    /// Fields in form order.
    pub fields: &'static [Field],
    /// Columns of the list.
    pub columns: &'static [&'static str],
    /// Fields offered as filter chips.
    pub filters: &'static [&'static str],
    /// Sorted by this at first.
    pub sort: &'static str,
    /// Cards of the form: title, fields.
    pub cards: &'static [(&'static str, &'static [&'static str])],
    /// The field that names a row for people.
    pub title: &'static str,
    /// Exactly one row per tenant, no list (settings).
    pub single: bool,
    /// Rows belong to a tenant (`tenant_id` column); `false` for tenants themselves and the node's settings.
    pub tenant: bool,
    /// Check across fields.
    pub check: Option<Check>,
    /// What must hold between rows after each change of one of them.
    pub rules: &'static [Rule],
    /// What else is asked when rows come and go.
    pub hooks: Hooks,
}

/// What is asked when rows come and go, beyond checks and rules; a problem refuses.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// After a row was added, within the transaction.
    pub created: Option<RowRule>,
    /// Before somebody deletes a row. Who edits the file is not asked.
    pub may_go: Option<RowRule>,
}

/// Something that must hold for a row, by its tenant and id.
pub type RowRule = fn(&rusqlite::Connection, i64, i64) -> rusqlite::Result<Option<Problem>>;

/// Something that must hold between the fields of a row.
pub type Check = fn(&Values) -> Result<(), Problem>;

/// Something that must hold between rows of a tenant (its id is the second argument). Called with the rows as they are
/// after the change and the values of the row that changed, once as it was and once as it is.
pub type Rule = fn(&rusqlite::Connection, i64, &Values) -> rusqlite::Result<Option<Problem>>;

/// Values by field name, as text (lists joined by `,`).
pub type Values = std::collections::BTreeMap<String, String>;

/// One thing that is wrong with one field, in words that say what to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Field name; empty if it concerns the row as a whole.
    pub field: String,
    /// `60 begins feature code *60. Try 605.`
    pub message: String,
}

impl Resource {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that a form, a CSV file or a program can set.
    pub fn settable(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| !field.read_only)
    }

    /// Mistakes in the declaration itself, in words; a test asserts that there are none.
    pub fn lint(&self) -> Vec<String> {
        let carded: Vec<&str> = self.cards.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let named = self.columns.iter().chain(self.filters).chain([&self.sort, &self.title]).chain(&carded);
        let mut wrong: Vec<String> = named
            .filter(|name| self.field(name).is_none())
            .map(|name| format!("{}: there is no field `{name}`", self.name))
            .collect();
        for field in self.fields {
            if !field.computed && !carded.contains(&field.name) {
                wrong.push(format!("{}: `{}` is on no card", self.name, field.name));
            }
            if field.label.is_empty() {
                wrong.push(format!("{}: `{}` has no label", self.name, field.name));
            }
            if !field.default.is_empty() && field.normalise(field.default).as_deref() != Ok(field.default) {
                wrong.push(format!("{}: the default of `{}` is not valid", self.name, field.name));
            }
            if field.when_gone != WhenGone::Refuse && !matches!(field.kind, Kind::Reference(_)) {
                wrong.push(format!("{}: `{}` points to nothing that could go", self.name, field.name));
            }
            if let Some((other, _)) = field.shown_when
                && self.field(other).is_none()
            {
                wrong.push(format!("{}: `{}` depends on the missing `{other}`", self.name, field.name));
            }
        }
        wrong
    }
}

impl Hooks {
    /// Nothing is asked.
    pub const NONE: Self = Self { created: None, may_go: None };
}

impl Problem {
    /// A problem of one field.
    pub fn of(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}
