//! Contacts: people outside whom all of a company see, and those that one person keeps. DIR-05, DIR-18, DIR-32.
//!
//! [`CONTACTS`] is a table as any other. [`OWN`] has the same fields but is none of [`super::ALL`]: what somebody keeps for
//! themselves is in no list, log, history or text that an administrator reads. It is written in [`crate::contacts`].

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, TenantId, UserId,
    number::Number,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Somebody outside, as calls see them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Contact {
    pub id: i64,
    pub tenant: TenantId,
    pub name: Box<str>,
    /// In the order of the form.
    pub numbers: Box<[Number]>,
}

/// A contact that one user keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OwnContact {
    pub user: UserId,
    pub contact: Contact,
}

/// The declaration.
pub static CONTACTS: Resource = Resource {
    name: "contacts",
    one: "Shared contact",
    many: "Shared contacts",
    icon: "address-book",
    menu: "Organization",
    about: "People outside whom everybody in the company finds among their contacts.",
    fields: &[
        Field::text("name", "Name").made_of(&["first_name", "last_name"]),
        Field::text("first_name", "First name"),
        Field::text("last_name", "Last name or company"),
        Field::text("organization", "Organization"),
        Field::text("group_name", "Group").default(NO_GROUP).help("Such as Clients, Vendors or Personal."),
        Field::written_number("work", "Work"),
        Field::written_number("mobile", "Mobile"),
        Field::written_number("home", "Home"),
        Field::written_number("fax", "Fax"),
        Field::written_number("work_2", "Work 2"),
        Field::written_number("mobile_2", "Mobile 2"),
        Field::written_number("home_2", "Home 2"),
        Field::written_number("other", "Other"),
        Field::email("email", "E-mail"),
        Field::long_text("notes", "Notes"),
    ],
    columns: &["name", "organization", "group_name", "work", "mobile", "email"],
    filters: &[],
    sort: "name",
    cards: &[
        ("General", &["first_name", "last_name", "organization", "group_name", "email"]),
        ("Numbers", &["work", "mobile", "home", "fax", "work_2", "mobile_2", "home_2", "other"]),
        ("Notes", &["notes"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(has_a_name),
    rules: &[],
    hooks: Hooks::NONE,
};

/// What one person keeps: the same fields, another table.
pub static OWN: Resource =
    Resource { name: "own_contacts", one: "Contact", many: "Contacts", menu: "", ..CONTACTS };

/// The fields that hold numbers, in the order in which a further one is put into the first that is free. DIR-32.
pub const NUMBERS: [&str; 8] = ["work", "mobile", "home", "work_2", "mobile_2", "home_2", "other", "fax"];
/// The group of those without one. DIR-05.
pub const NO_GROUP: &str = "All Contacts";

impl Contact {
    /// From the columns of [`select`].
    fn read(row: &Row<'_>) -> Result<Self, Unreadable> {
        let mut numbers = Vec::new();
        for column in 4..4 + NUMBERS.len() {
            numbers.extend(Number::of(row.get_ref(column)?.as_str().unwrap_or_default()));
        }
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            name: row.get::<_, String>(2)?.into(),
            numbers: numbers.into(),
        })
    }
}

impl Typed for Contact {
    const TABLE: &'static str = "contacts";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, 0, t.work, t.mobile, t.home, t.work_2, t.mobile_2, \
        t.home_2, t.other, t.fax FROM contacts t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Contact::read(row)
    }
    fn id(&self) -> i64 {
        self.id
    }
}

impl Typed for OwnContact {
    const TABLE: &'static str = "own_contacts";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.user_id, t.work, t.mobile, t.home, t.work_2, \
        t.mobile_2, t.home_2, t.other, t.fax FROM own_contacts t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self { user: UserId(row.get(3)?), contact: Contact::read(row)? })
    }
    fn id(&self) -> i64 {
        self.contact.id
    }
}

fn has_a_name(values: &Values) -> Result<(), Problem> {
    let is_blank = |name: &str| values.get(name).is_none_or(String::is_empty);
    if is_blank("first_name") && is_blank("last_name") {
        return Err(Problem::of("last_name", "A contact has a name: of a person or of a company."));
    }
    Ok(())
}
