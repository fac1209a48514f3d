//! Contacts in the forms of other address books: the phone's own CSV, those of Outlook and Google, and vCard. DIR-10, DIR-11,
//! DIR-30, DIR-31.
//!
//! Whatever comes in becomes a [`Sheet`] first: columns and rows with their lines, so that people see what was understood and
//! can say otherwise before anything is stored.

mod csv_file;
mod google;
mod mapping;
mod vcard;

use crate::resource::Values;

pub use mapping::{TARGETS, Target};

/// A form in which contacts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Five columns: NAME, GROUP, WORK, MOBILE, HOME. DIR-11.
    Phone,
    /// CSV as Outlook writes it.
    Outlook,
    /// CSV as Google writes it.
    Google,
    /// vCard 3.0, as Apple writes it (RFC 2426).
    Apple,
    /// vCard 4.0 (RFC 6350).
    VCard,
}

/// Rows as they came, and what each column seems to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// What goes where, column by column; `None` is left out.
    pub mapping: Vec<Option<Target>>,
    /// The cells.
    pub rows: Vec<SheetRow>,
}

/// A row and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetRow {
    /// From 1 on, in the file.
    pub line: usize,
    /// One for each column.
    pub cells: Vec<String>,
}

/// Why a file cannot be read, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SheetError {
    #[error("The file is empty. Export the contacts again.")]
    Empty,
    #[error("The file has more than {MOST_ROWS} rows. Import it in parts.")]
    Long,
    #[error("Line {line}: {message}")]
    Row { line: usize, message: String },
    #[error("{}", .0.join(" "))]
    Rows(Vec<String>),
}

impl Format {
    /// All of them, as people choose among them.
    pub const ALL: [Self; 5] = [Self::Phone, Self::Outlook, Self::Google, Self::Apple, Self::VCard];

    /// In addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Outlook => "outlook",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::VCard => "vcard",
        }
    }
    /// From its key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == key)
    }
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Phone => "Phone CSV",
            Self::Outlook => "Outlook CSV",
            Self::Google => "Google CSV",
            Self::Apple => "Apple vCard 3.0",
            Self::VCard => "vCard 4.0",
        }
    }
    /// Of a file's name.
    pub fn extension(self) -> &'static str {
        if matches!(self, Self::Apple | Self::VCard) { "vcf" } else { "csv" }
    }
    /// Media type of a file.
    pub fn mime(self) -> &'static str {
        if matches!(self, Self::Apple | Self::VCard) {
            "text/vcard; charset=utf-8"
        } else {
            "text/csv; charset=utf-8"
        }
    }
}

/// Reads a file of any of the forms; which one it is, its content tells. With `only`, a CSV must have the columns of that
/// form: the phone's own has exactly five.
///
/// # Errors
/// The first thing that cannot be understood, with its line.
pub fn read(content: &[u8], only: Option<Format>) -> Result<Sheet, SheetError> {
    let text = csv_file::decoded(content);
    if text.trim().is_empty() {
        return Err(SheetError::Empty);
    }
    let sheet = if text.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"))
    {
        vcard::read(&text)?
    } else {
        let sheet = csv_file::read(&text)?;
        match only {
            Some(Format::Phone) => csv_file::phones_own(sheet)?,
            _ if google::is(&sheet.columns) => google::read(sheet),
            _ => sheet,
        }
    };
    if sheet.rows.is_empty() {
        return Err(SheetError::Empty);
    }
    Ok(sheet)
}

/// Contacts, with the fields of [`super::FIELDS`], in one of the forms.
pub fn write(format: Format, contacts: &[Values]) -> String {
    match format {
        Format::Phone => csv_file::write_phones_own(contacts),
        Format::Outlook => csv_file::write_outlook(contacts),
        Format::Google => google::write(contacts),
        Format::Apple => vcard::write(contacts, "3.0"),
        Format::VCard => vcard::write(contacts, "4.0"),
    }
}

/// What people fill in for the phone's own form: its five columns and a line to be replaced. DIR-10.
pub fn example() -> String {
    "NAME,GROUP,WORK,MOBILE,HOME\r\nAnna Example,Clients,030 1234567,0170 1234567,\r\n".to_owned()
}

fn text<'a>(contact: &'a Values, field: &str) -> &'a str {
    contact.get(field).map_or("", String::as_str)
}

/// More than an address book has.
const MOST_ROWS: usize = 10_000;

#[cfg(test)]
mod tests;
