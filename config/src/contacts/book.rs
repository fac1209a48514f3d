//! Contacts for other readers: phones that keep a phone book, call histories that know numbers.

use crate::{
    Db, TenantId, UserId,
    access::Viewer,
    resources::contacts::{NO_GROUP, NUMBERS},
    snapshot::Number,
};

use super::Whose;

/// One of the phone books of somebody's phone. DIR-04, DIR-12, DIR-33.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// What they keep themselves.
    Own,
    /// The company's contacts.
    Shared,
    /// Their colleagues.
    Directory,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookEntry {
    /// Never blank.
    pub name: String,
    /// Of colleagues the department; blank for none.
    pub group: String,
    /// Field and number, at least one: `work`, `mobile`, …, of colleagues `extension` first.
    pub numbers: Vec<(&'static str, String)>,
}

/// Whom a number belongs to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Known {
    /// Whose the contact is.
    pub kind: Whose,
    /// Of a colleague the user's id.
    pub id: i64,
    /// Their name.
    pub name: String,
}

impl Db {
    /// A phone book of a user, by group and name: those with a number that can be dialled. At most [`MOST_ENTRIES`].
    pub fn phone_book(&self, tenant: TenantId, user: UserId, book: Book) -> rusqlite::Result<Vec<BookEntry>> {
        let reader = self.reader()?;
        let numbers = NUMBERS.map(|name| format!("t.{name}")).join(", ");
        let text = match book {
            Book::Own => format!(
                "SELECT t.name, t.group_name, {numbers} FROM own_contacts t WHERE t.tenant_id = ?1 AND t.user_id = ?2 \
                 ORDER BY t.group_name, t.name, t.id LIMIT {MOST_ENTRIES}"
            ),
            Book::Shared => format!(
                "SELECT t.name, t.group_name, {numbers} FROM contacts t WHERE t.tenant_id = ?1 AND ?2 = ?2 \
                 ORDER BY t.group_name, t.name, t.id LIMIT {MOST_ENTRIES}"
            ),
            Book::Directory => format!(
                "SELECT u.name, COALESCE(d.name, '') AS part, x.number, u.work_phone, u.mobile, u.home_phone FROM users u \
                 JOIN extensions x ON x.tenant_id = u.tenant_id AND x.user_id = u.id \
                 LEFT JOIN departments d ON d.id = u.department_id WHERE u.tenant_id = ?1 AND ?2 = ?2 AND u.suspended = 0 \
                 AND u.in_directory = 1 ORDER BY part, u.name, u.id LIMIT {MOST_ENTRIES}"
            ),
        };
        let fields: &[&'static str] =
            if book == Book::Directory { &["extension", "work", "mobile", "home"] } else { &NUMBERS };
        let read = |row: &rusqlite::Row<'_>| {
            let mut numbers = Vec::new();
            for (at, field) in fields.iter().enumerate() {
                let number: String = row.get(2 + at)?;
                if !number.is_empty() {
                    numbers.push((*field, number));
                }
            }
            let group: String = row.get(1)?;
            let group = if group == NO_GROUP { String::new() } else { group };
            Ok(BookEntry { name: row.get(0)?, group, numbers })
        };
        let mut entries: Vec<BookEntry> =
            reader.prepare_cached(&text)?.query_map([tenant.0, user.0], read)?.collect::<Result<_, _>>()?;
        entries.retain(|entry| !entry.numbers.is_empty());
        Ok(entries)
    }

    /// Whom each number belongs to, as calls tell it: the viewer's own contacts first, then the company's, then its people.
    /// CH-11, DIR-34.
    pub fn known_numbers(&self, viewer: &Viewer, numbers: &[&str]) -> rusqlite::Result<Vec<Option<Known>>> {
        let reader = self.reader()?;
        let wanted: Vec<Option<Number>> = numbers.iter().map(|number| Number::of(number)).collect();
        let mut known: Vec<Option<Known>> = vec![None; numbers.len()];
        let fields = NUMBERS.map(|name| format!("t.{name}")).join(" || char(10) || ");
        let ids = [viewer.tenant.0, viewer.user.0];
        for (kind, text) in [
            (
                Whose::Own,
                format!(
                    "SELECT t.id, t.name, {fields} FROM own_contacts t WHERE t.tenant_id = ?1 AND t.user_id = ?2 ORDER BY t.id"
                ),
            ),
            (
                Whose::Shared,
                format!(
                    "SELECT t.id, t.name, {fields} FROM contacts t WHERE t.tenant_id = ?1 AND ?2 = ?2 ORDER BY t.id"
                ),
            ),
            (Whose::User, PEOPLE.to_owned()),
        ] {
            let left: Vec<usize> =
                (0..numbers.len()).filter(|at| known[*at].is_none() && wanted[*at].is_some()).collect();
            if left.is_empty() {
                break;
            }
            let mut statement = reader.prepare_cached(&text)?;
            let mut found = statement.query(ids)?;
            while let Some(row) = found.next()? {
                for number in row.get_ref(2)?.as_str()?.lines().filter_map(Number::of) {
                    for &at in &left {
                        if known[at].is_none() && wanted[at].as_ref().is_some_and(|wanted| wanted.is(&number))
                        {
                            known[at] = Some(Known { kind, id: row.get(0)?, name: row.get(1)? });
                        }
                    }
                }
            }
        }
        Ok(known)
    }
}

const PEOPLE: &str = "SELECT u.id, u.name, COALESCE(x.number, '') || char(10) || u.mobile || char(10) || u.work_phone \
    || char(10) || u.home_phone FROM users u LEFT JOIN extensions x ON x.tenant_id = u.tenant_id AND x.user_id = u.id \
    WHERE u.tenant_id = ?1 AND ?2 = ?2 AND u.in_directory = 1 ORDER BY u.id";
/// More than a phone keeps.
pub const MOST_ENTRIES: usize = 20_000;
