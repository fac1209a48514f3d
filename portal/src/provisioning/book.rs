//! The phone book of a phone: the company's directory, in groups. DIR-04, DIR-12, DIR-33.

use config::{
    Db,
    phones::{Entry, Profile},
    query::QueryError,
};

/// People under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub entries: Vec<Entry>,
}

/// Whether a file is a phone book.
pub(super) fn is_one(pattern: &str) -> bool {
    NAMES.contains(&pattern)
}

/// The groups of a phone's book.
pub(super) fn of(db: &Db, profile: &Profile) -> Result<Vec<Group>, QueryError> {
    let directory = Group { name: "Directory".to_owned(), entries: db.phone_directory(profile.tenant)? };
    Ok(vec![directory])
}

/// How many people are in it.
pub(super) fn size(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.entries.len()).sum()
}

/// What the makers call it.
const NAMES: &[&str] = &["book.xml", "phonebook.xml", "{mac}-directory.xml", "{mac}-contacts.xml"];
