//! The configuration as one text that people read, compare and keep under version control: TOML, tables in the order of
//! the declarations, rows in the order of their titles, references by title, defaults left out. Read back it makes a plan.
//! OPS-05. The form is described in `docs/admin/text-twin.md`.
//!
//! A row is called by its title with its extension, `Anna Berg (101)`. Where several of a table are called the same, the
//! second one is `Anna Berg #2`. So the text names no ids, and means the same on another system.

mod document;
mod export;
mod import;
mod labels;
mod matching;
mod print;
mod read;

pub(crate) use document::{Document, Given, RowText, TableText, TenantText};
pub use export::{ExportError, Secrets};
pub use import::Source;

use crate::{Kind, Resource, resources::extensions::EXTENSIONS, sql};

/// The fields of a table that stand in the text.
pub(crate) fn fields(of: &'static Resource) -> impl Iterator<Item = &'static crate::Field> {
    of.settable().filter(move |field| of.name != EXTENSIONS.name || is_extra(field))
}

/// Whether a table stands in the text: a number is its owner's field; only what is more about it is a row of its own.
pub(crate) fn stands(of: &'static Resource) -> bool {
    fields(of).next().is_some()
}

/// Whether a field of extensions is more than the number and whose it is.
fn is_extra(field: &crate::Field) -> bool {
    let owner = matches!(field.kind, Kind::Reference(name)
        if crate::resources::by_name(name).is_some_and(|of| sql::own_extension(of).is_some()));
    field.name != EXTENSIONS.title && !owner
}

/// The form of the text that this program writes and reads.
pub(crate) const FORMAT: i64 = 1;

#[cfg(test)]
mod tests;
