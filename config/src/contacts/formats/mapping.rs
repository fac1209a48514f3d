//! Which column of somebody else's address book is which field of ours.

use super::{Sheet, SheetError, text};
use crate::{
    resource::Values,
    resources::contacts::{NUMBERS, OWN},
};

/// What a column is read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// First and last name in one: the last word is the last name.
    FullName,
    /// A field by its name.
    Field(&'static str),
}

/// All of them as `(key, label)`, for a choice.
pub const TARGETS: [(&str, &str); 15] = [
    ("full_name", "Full name"),
    ("first_name", "First name"),
    ("last_name", "Last name or company"),
    ("organization", "Organization"),
    ("group_name", "Group"),
    ("work", "Work"),
    ("mobile", "Mobile"),
    ("home", "Home"),
    ("fax", "Fax"),
    ("work_2", "Work 2"),
    ("mobile_2", "Mobile 2"),
    ("home_2", "Home 2"),
    ("other", "Other"),
    ("email", "E-mail"),
    ("notes", "Notes"),
];

impl Target {
    /// From its key.
    pub fn of(key: &str) -> Option<Self> {
        let (key, _) = TARGETS.into_iter().find(|(known, _)| *known == key)?;
        Some(if key == "full_name" { Self::FullName } else { Self::Field(key) })
    }
    /// In forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::Field(name) => name,
        }
    }

    /// What a column with that head seems to be.
    pub(super) fn guess(head: &str) -> Option<Self> {
        let plain: String =
            head.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let (_, key) = HEADS.iter().find(|(heads, _)| heads.contains(&plain.as_str()))?;
        Self::of(key)
    }
}

impl Sheet {
    /// A sheet whose columns are what their heads say.
    pub(super) fn guessed(columns: Vec<String>) -> Self {
        let mapping = columns.iter().map(|head| Target::guess(head)).collect();
        Self { columns, mapping, rows: Vec::new() }
    }

    /// A sheet with our own columns.
    pub(super) fn ours() -> Self {
        let columns = TARGETS.map(|(_, label)| label.to_owned()).to_vec();
        let mapping = TARGETS.map(|(key, _)| Target::of(key)).to_vec();
        Self { columns, mapping, rows: Vec::new() }
    }

    /// The contacts that the rows are by the mapping, each checked.
    ///
    /// # Errors
    /// [`SheetError::Rows`]: each wrong row with its line, at most twenty.
    pub fn contacts(&self) -> Result<Vec<Values>, SheetError> {
        let (mut contacts, mut wrong) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let mut contact = Values::new();
            for (cell, target) in row.cells.iter().zip(&self.mapping) {
                if let (Some(target), false) = (target, cell.trim().is_empty()) {
                    put(&mut contact, *target, cell.trim());
                }
            }
            match super::super::complete(&contact) {
                Ok(contact) => contacts.push(contact),
                Err(error) => wrong.push(format!("Line {}: {}", row.line, in_words(&error))),
            }
        }
        wrong.truncate(MOST_PROBLEMS);
        if wrong.is_empty() { Ok(contacts) } else { Err(SheetError::Rows(wrong)) }
    }
}

/// Puts a cell where it belongs: a further number into the next free field, further words behind those that are there.
fn put(contact: &mut Values, target: Target, cell: &str) {
    match target {
        Target::FullName => {
            let (first, last) = cell.rsplit_once(' ').unwrap_or(("", cell));
            if text(contact, "first_name").is_empty() && text(contact, "last_name").is_empty() {
                contact.insert("first_name".into(), first.trim().into());
                contact.insert("last_name".into(), last.into());
            }
        }
        Target::Field(name) if NUMBERS.contains(&name) => {
            let free = |field: &&str| text(contact, field).is_empty();
            let again = format!("{name}_2");
            let places = [name, &again].into_iter().filter(|name| NUMBERS.contains(name));
            let place = places.chain(NUMBERS.into_iter().filter(|name| *name != "fax")).find(free);
            if let Some(place) = place.map(str::to_owned) {
                contact.insert(place, cell.into());
            }
        }
        Target::Field(name @ ("first_name" | "notes")) => {
            let there = text(contact, name);
            let joined = if there.is_empty() { cell.to_owned() } else { format!("{there} {cell}") };
            contact.insert(name.into(), joined);
        }
        Target::Field(name) => drop(contact.entry(name.into()).or_insert_with(|| cell.into())),
    }
}

/// What is wrong with a row, for people.
fn in_words(error: &crate::write::WriteError) -> String {
    let crate::write::WriteError::Invalid(problems) = error else { return error.to_string() };
    let worded = problems.iter().map(|problem| {
        let label = OWN.field(&problem.field).map_or("", |field| field.label);
        if label.is_empty() { problem.message.clone() } else { format!("{label}: {}", problem.message) }
    });
    worded.collect::<Vec<_>>().join(" ")
}

/// Letters and digits of heads, lower case, and what they are. Outlook's and Google's, English and German.
const HEADS: [(&[&str], &str); 15] = [
    (&["name", "fullname", "displayname", "fileas", "anzeigename"], "full_name"),
    (&["firstname", "givenname", "vorname", "middlename", "additionalname", "weiterevornamen"], "first_name"),
    (&["lastname", "familyname", "surname", "nachname", "lastnameorcompany"], "last_name"),
    (
        &["company", "organization", "organisation", "organizationname", "organization1name", "firma"],
        "organization",
    ),
    (&["group", "category", "categories", "kategorien", "labels", "groupmembership", "gruppe"], "group_name"),
    (
        &["work", "businessphone", "workphone", "companymainphone", "telefongeschftlich", "primaryphone"],
        "work",
    ),
    (&["mobile", "mobilephone", "cell", "mobiltelefon", "handy"], "mobile"),
    (&["home", "homephone", "telefonprivat"], "home"),
    (&["fax", "businessfax", "workfax", "faxgeschftlich", "homefax"], "fax"),
    (&["work2", "businessphone2", "telefongeschftlich2"], "work_2"),
    (&["mobile2", "carphone", "autotelefon"], "mobile_2"),
    (&["home2", "homephone2", "telefonprivat2"], "home_2"),
    (&["other", "otherphone", "weiterestelefon"], "other"),
    (&["email", "emailaddress", "email1value", "emailadresse"], "email"),
    (&["notes", "note", "notizen"], "notes"),
];
const MOST_PROBLEMS: usize = 20;
