//! The phone book of a phone: the company's directory, in groups. DIR-04, DIR-12, DIR-33.

use config::{
    Db, UserId,
    contacts::{Book, BookEntry},
    phones::Profile,
    query::QueryError,
};

/// People under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub entries: Vec<Entry>,
}

/// Somebody in a phone book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it is shown and sorted.
    pub name: String,
    /// `work`, `mobile`, `home` or `other`, and what is dialled.
    pub numbers: Vec<(&'static str, String)>,
}

/// Whether a file is a phone book.
pub(super) fn is_one(pattern: &str) -> bool {
    NAMES.contains(&pattern)
}

/// The groups of a phone's book: what its owner keeps, what the company keeps, and the colleagues.
pub(super) fn of(db: &Db, profile: &Profile) -> Result<Vec<Group>, QueryError> {
    let mut groups: Vec<Group> = Vec::new();
    for (book, heading) in [(Book::Own, "My contacts"), (Book::Shared, "Company contacts")] {
        let Some(user) = profile.user.or((book == Book::Shared).then_some(NOBODY)) else { continue };
        for entry in db.phone_book(profile.tenant, user, book)? {
            let name = if entry.group.is_empty() { heading } else { &entry.group };
            add(&mut groups, name, &entry);
        }
    }
    for entry in db.phone_book(profile.tenant, profile.user.unwrap_or(NOBODY), Book::Directory)? {
        add(&mut groups, "Directory", &entry);
    }
    Ok(groups)
}

fn add(groups: &mut Vec<Group>, name: &str, entry: &BookEntry) {
    let numbers: Vec<_> = entry.numbers.iter().map(|(kind, number)| (plain(kind), dialled(number))).collect();
    let entry = Entry { name: entry.name.clone(), numbers };
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.entries.push(entry),
        None => groups.push(Group { name: name.to_owned(), entries: vec![entry] }),
    }
}

/// The kinds that phones know.
fn plain(kind: &str) -> &'static str {
    match kind {
        "mobile" | "mobile_2" => "mobile",
        "home" | "home_2" => "home",
        "fax" | "other" => "other",
        _ => "work",
    }
}

/// A number without what makes it pleasant to read.
fn dialled(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_alphanumeric() || "+*#".contains(*c)).collect()
}

/// How many people are in it.
pub(super) fn size(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.entries.len()).sum()
}

/// What the makers call it.
const NAMES: &[&str] = &["book.xml", "phonebook.xml", "{mac}-directory.xml", "{mac}-contacts.xml"];
/// A phone that all use has no contacts of its own.
const NOBODY: UserId = UserId(0);
