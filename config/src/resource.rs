//! One declaration per admin table.

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
    pub check: Option<fn(&Values) -> Result<(), Problem>>,
}

/// One column.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub required: bool,
    pub unique: bool,
    pub read_only: bool,
    pub default: &'static str,
}

/// What a column holds, hence how it is stored, parsed, checked and shown.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Kind {
    Text {
        max: usize,
    },
    Number {
        min: i64,
        max: i64,
        unit: &'static str,
    },
    /// Key stored, label shown.
    Choice(&'static [(&'static str, &'static str)]),
    Flag,
    /// 2–6 digits, unique in the tenant over all kinds of extensions.
    Extension,
    /// An extension or an outside number; blank is off.
    PhoneNumber,
    Email,
    /// A row of another table, by its id; shown by its title. The name of a [`Resource`].
    Reference(&'static str),
    /// Ordered rows of another table, in a join table `<table>_<field>`(owner, position, target).
    Many(&'static str),
    /// `extension:101`, `hangup:busy`, … see [`crate::snapshot::Destination`].
    Destination,
    /// Encrypted at rest, never shown again except by an explicit, audited request.
    Secret,
}

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
