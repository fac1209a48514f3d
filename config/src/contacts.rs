//! What people do with contacts: keep their own, star, find, and read or write them in the forms of other address books.
//!
//! A contact is one of three: what somebody keeps for themselves ([`Whose::Own`]), what all of a company see
//! ([`Whose::Shared`]), or a colleague ([`Whose::User`]). Own ones belong to nobody else: no role reaches them.

mod book;
pub mod formats;
mod people;

use rusqlite::{Connection, params_from_iter, types::Value};

use crate::{
    Db, Problem, UserId,
    access::{self, Author, Scope, Verb, Viewer},
    audit,
    check::{self, Draft},
    query::{QueryError, Row},
    refusal::{WriteError, invalid},
    resource::Values,
    resources::contacts::{CONTACTS, NUMBERS, OWN},
    rows, sql,
    transaction::Transaction,
    write::{Edit, Saved, store},
};

pub use crate::resources::contacts::{NO_GROUP, OWN as FIELDS};
pub use book::{Book, BookEntry, Known};
pub use people::{Line, People, PeopleQuery, Person, Place};

/// Whose a contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The viewer's own.
    Own,
    /// Everybody's in the company.
    Shared,
    /// A colleague: a user with an extension.
    User,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Imported {
    /// Contacts that are new.
    pub added: usize,
    /// Contacts that were there already, field by field.
    pub known: usize,
}

impl Whose {
    /// In addresses and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
            Self::User => "user",
        }
    }
    /// From its key.
    pub fn of(key: &str) -> Option<Self> {
        [Self::Own, Self::Shared, Self::User].into_iter().find(|whose| whose.key() == key)
    }
}

/// Whether somebody may add and change what all see. ROL-20.
pub fn may_share(viewer: &Viewer) -> bool {
    access::may(viewer, Verb::Create, &CONTACTS) && access::may(viewer, Verb::Edit, &CONTACTS)
}

impl Db {
    /// A contact of one's own or of the company; `None` if there is none, or it is somebody else's own.
    pub fn contact(&self, viewer: &Viewer, whose: Whose, id: i64) -> Result<Option<Row>, QueryError> {
        let reader = self.reader()?;
        let (of, scope) = match whose {
            Whose::Own => (&OWN, own(viewer)),
            Whose::Shared => (&CONTACTS, Scope::Tenant(viewer.tenant)),
            Whose::User => return Ok(None),
        };
        let stored = rows::stored(&reader, of, scope, id)?;
        Ok(stored.map(|stored| Row {
            id,
            shown: stored.values.clone(),
            values: stored.values,
            version: stored.version,
        }))
    }

    /// How many contacts somebody keeps. DIR-06.
    pub fn own_contact_count(&self, user: UserId) -> rusqlite::Result<usize> {
        count(&*self.reader()?, user)
    }

    /// Adds contacts to one's own or, with the right to, to those of the company: all of them or none. What is there
    /// already, field by field, is not added again. DIR-05, DIR-06, DIR-30.
    ///
    /// # Errors
    /// [`WriteError::Invalid`] with the problems of the first wrong row, or when there would be more than
    /// [`MOST_OWN`].
    pub fn add_contacts(
        &self,
        author: &Author,
        whose: Whose,
        given: &[Values],
    ) -> Result<Imported, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let mut present = values_of(&transaction, author, whose)?;
        let mut fresh = Vec::new();
        for values in given {
            let values = complete(values)?;
            if !present.contains(&values) {
                present.insert(values.clone());
                fresh.push(values);
            }
        }
        if whose == Whose::Own {
            has_room(&transaction, author, fresh.len())?;
        }
        for values in &fresh {
            match whose {
                Whose::Own => drop(insert_own(&transaction, author, values)?),
                Whose::Shared => drop(self.create_in(&transaction, author, &CONTACTS, values)?),
                Whose::User => return Err(NO_CONTACT),
            }
        }
        if !fresh.is_empty() {
            transaction.commit()?;
        }
        Ok(Imported { added: fresh.len(), known: given.len() - fresh.len() })
    }

    /// Adds one contact. DIR-05.
    pub fn add_contact(&self, author: &Author, whose: Whose, values: &Values) -> Result<Saved, WriteError> {
        match whose {
            Whose::Shared => self.create(author, &CONTACTS, values),
            Whose::User => Err(NO_CONTACT),
            Whose::Own => {
                let mut writer = self.writer();
                let transaction = Transaction::begin(&mut writer)?;
                let values = complete(values)?;
                has_room(&transaction, author, 1)?;
                let id = insert_own(&transaction, author, &values)?;
                Ok(Saved { id, revision: transaction.commit()? })
            }
        }
    }

    /// Changes the given fields of a contact. `version` is what the form was filled from. DIR-07, DIR-27.
    pub fn change_contact(
        &self,
        author: &Author,
        (whose, id): (Whose, i64),
        values: &Values,
        version: Option<i64>,
    ) -> Result<Saved, WriteError> {
        match whose {
            Whose::Shared => self.update(author, &CONTACTS, id, values, version),
            Whose::User => Err(NO_CONTACT),
            Whose::Own => {
                let mut writer = self.writer();
                let transaction = Transaction::begin(&mut writer)?;
                let changed =
                    self.update_own(&transaction, author, Edit { of: &OWN, id, version }, values)?;
                let revision = if changed { transaction.commit()? } else { transaction.before() };
                Ok(Saved { id, revision })
            }
        }
    }

    /// Removes contacts: all of them or none. DIR-08, DIR-09, DIR-29.
    ///
    /// # Errors
    /// [`WriteError::Forbidden`] for a colleague, and for a contact of the company without the right to change those.
    pub fn delete_contacts(&self, author: &Author, contacts: &[(Whose, i64)]) -> Result<(), WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        for &(whose, id) in contacts {
            match whose {
                Whose::User => return Err(NO_CONTACT),
                Whose::Shared => {
                    let delete = crate::write::Delete { of: &CONTACTS, id, to: None };
                    self.delete_in(&transaction, author, delete)?;
                }
                Whose::Own => {
                    theirs(&transaction, author, id)?;
                    transaction.prepare_cached("DELETE FROM own_contacts WHERE id = ?1")?.execute([id])?;
                }
            }
        }
        if !contacts.is_empty() {
            transaction.commit()?;
        }
        Ok(())
    }

    /// Puts a number into the first free field of a contact. DIR-32, CH-12.
    ///
    /// # Errors
    /// [`WriteError::Invalid`] when all its fields are filled.
    pub fn add_number(
        &self,
        author: &Author,
        contact: (Whose, i64),
        number: &str,
    ) -> Result<Saved, WriteError> {
        let row = match self.contact(&author.viewer, contact.0, contact.1) {
            Ok(row) => row.ok_or(WriteError::Gone)?,
            Err(QueryError::Sqlite(error)) => return Err(error.into()),
            Err(_) => return Err(WriteError::Gone),
        };
        let is_free = |name: &&&str| row.values.get(**name).is_none_or(String::is_empty);
        let field = NUMBERS.iter().find(is_free).ok_or_else(|| {
            let name = row.values.get("name").map_or("", String::as_str);
            let message = format!("{name} has a number in each field already. Change one of them.");
            WriteError::Invalid(vec![Problem::of("", message)])
        })?;
        let values = Values::from([((*field).to_owned(), number.to_owned())]);
        self.change_contact(author, contact, &values, Some(row.version))
    }

    /// Stars a contact or colleague, or takes the star away. DIR-17.
    ///
    /// # Errors
    /// [`WriteError::Gone`] when they do not see such a contact.
    pub fn set_favourite(
        &self,
        viewer: &Viewer,
        (whose, id): (Whose, i64),
        is_favourite: bool,
    ) -> Result<(), WriteError> {
        let writer = self.writer();
        let there = match whose {
            Whose::Own => "SELECT 1 FROM own_contacts WHERE id = ?1 AND user_id = ?2 AND tenant_id = ?3",
            Whose::Shared => "SELECT 1 FROM contacts WHERE id = ?1 AND ?2 = ?2 AND tenant_id = ?3",
            Whose::User => "SELECT 1 FROM users WHERE id = ?1 AND ?2 = ?2 AND tenant_id = ?3",
        };
        let (user, tenant) = (viewer.user.0, viewer.tenant.0);
        if !writer.prepare_cached(there)?.exists([id, user, tenant])? {
            return Err(WriteError::Gone);
        }
        let text = match is_favourite {
            true => "INSERT INTO favourites (owner, kind, target) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            false => "DELETE FROM favourites WHERE owner = ?1 AND kind = ?2 AND target = ?3",
        };
        writer.prepare_cached(text)?.execute((user, whose.key(), id))?;
        Ok(())
    }

    /// The groups that somebody's contacts are in, most used first, at most 20. DIR-33.
    pub fn contact_groups(&self, viewer: &Viewer) -> rusqlite::Result<Vec<String>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT group_name FROM (SELECT group_name FROM own_contacts WHERE user_id = ?1 \
             UNION ALL SELECT group_name FROM contacts WHERE tenant_id = ?2) WHERE group_name <> '' \
             GROUP BY group_name ORDER BY count(*) DESC, group_name LIMIT 20",
        )?;
        statement.query_map([viewer.user.0, viewer.tenant.0], |row| row.get(0))?.collect()
    }

    /// All fields of contacts of one kind, by name: for an export. DIR-31.
    pub fn all_contacts(&self, viewer: &Viewer, whose: Whose) -> rusqlite::Result<Vec<Values>> {
        let reader = self.reader()?;
        let (of, scope) = match whose {
            Whose::Own => (&OWN, own(viewer)),
            Whose::Shared => (&CONTACTS, Scope::Tenant(viewer.tenant)),
            Whose::User => return self.colleagues_as_contacts(&reader, viewer),
        };
        read_all(&reader, of, scope)
    }

    fn update_own(
        &self,
        transaction: &Connection,
        author: &Author,
        Edit { of, id, version }: Edit,
        given: &Values,
    ) -> Result<bool, WriteError> {
        let old = theirs(transaction, author, id)?;
        if version.is_some_and(|version| version != old.version) {
            return Err(WriteError::Conflict { by: author.name.clone(), now: old.values });
        }
        let (given, wrong) = check::normalise(of, given);
        invalid(wrong)?;
        let mut values = old.values.clone();
        values.extend(given);
        let changes = audit::changes(of, &old.values, &values);
        invalid(Draft { of, tenant: old.tenant, id, values: &values }.problems(transaction)?)?;
        if changes.is_empty() {
            return Ok(false);
        }
        let row = store::Row { of, tenant: old.tenant, id, cipher: self.cipher() };
        store::update(transaction, row, &values, &changes)?;
        Ok(true)
    }
}

/// Everything that a contact has, with defaults, checked.
fn complete(given: &Values) -> Result<Values, WriteError> {
    let mut values = Values::new();
    for field in OWN.settable() {
        let blank = |text: &&String| !text.trim().is_empty();
        let text = given.get(field.name).filter(blank).map_or(field.default, String::as_str);
        values.insert(field.name.to_owned(), text.to_owned());
    }
    let (values, mut wrong) = check::normalise(&OWN, &values);
    if let (true, Some(check)) = (wrong.is_empty(), OWN.check) {
        wrong.extend(check(&values).err());
    }
    invalid(wrong)?;
    Ok(values)
}

fn insert_own(rows: &Connection, author: &Author, values: &Values) -> Result<i64, WriteError> {
    let names: Vec<&str> = OWN.settable().map(|field| field.name).collect();
    let places: Vec<String> = (3..3 + names.len()).map(|at| format!("?{at}")).collect();
    let text = sql::once(("insert", OWN.name, ""), || {
        format!(
            "INSERT INTO own_contacts (tenant_id, user_id, {}) VALUES (?1, ?2, {})",
            names.join(", "),
            places.join(", ")
        )
    });
    let viewer = &author.viewer;
    let cell = |name: &&str| Value::Text(values.get(*name).cloned().unwrap_or_default());
    let ids = [Value::Integer(viewer.tenant.0), Value::Integer(viewer.user.0)];
    let cells = ids.into_iter().chain(names.iter().map(cell));
    rows.prepare_cached(&text)?.execute(params_from_iter(cells))?;
    Ok(rows.last_insert_rowid())
}

/// DIR-06: the 101st is refused, and an import that would exceed it says how many fit.
fn has_room(rows: &Connection, author: &Author, more: usize) -> Result<(), WriteError> {
    let kept = count(rows, author.viewer.user)?;
    let room = MOST_OWN.saturating_sub(kept);
    if more <= room {
        return Ok(());
    }
    let message = match (room, more) {
        (0, _) => format!("You keep {kept} contacts, and {MOST_OWN} is the limit. Delete one first."),
        (room, more) => {
            let noun = if room == 1 { "fits" } else { "fit" };
            format!(
                "{more} contacts are too many: you keep {kept} of {MOST_OWN}, so {room} more {noun}. Nothing was added."
            )
        }
    };
    invalid(vec![Problem::of("", message)])
}

fn count(rows: &Connection, user: UserId) -> rusqlite::Result<usize> {
    let text = "SELECT count(*) FROM own_contacts WHERE user_id = ?1";
    rows.prepare_cached(text)?.query_row([user.0], |row| row.get::<_, i64>(0)).map(|count| count as usize)
}

/// What is there already, to be compared with what comes.
fn values_of(
    rows: &Connection,
    author: &Author,
    whose: Whose,
) -> rusqlite::Result<std::collections::HashSet<Values>> {
    let viewer = &author.viewer;
    let all = match whose {
        Whose::Own => read_all(rows, &OWN, own(viewer))?,
        _ => read_all(rows, &CONTACTS, Scope::Tenant(viewer.tenant))?,
    };
    Ok(all.into_iter().collect())
}

/// Rows of contacts with all that can be set, by name.
fn read_all(rows: &Connection, of: &'static crate::Resource, scope: Scope) -> rusqlite::Result<Vec<Values>> {
    let names: Vec<&'static str> = of.settable().map(|field| field.name).collect();
    let text = format!(
        "SELECT {} FROM {} t WHERE {} ORDER BY name, id",
        names.join(", "),
        of.name,
        scope.condition()
    );
    let mut statement = rows.prepare_cached(&text)?;
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Values> {
        names.iter().enumerate().map(|(at, name)| Ok(((*name).to_owned(), row.get(at)?))).collect()
    };
    statement.query_map(scope.parameters(), read)?.collect()
}

/// A contact of the author's own.
fn theirs(rows: &Connection, author: &Author, id: i64) -> Result<rows::Stored, WriteError> {
    rows::stored(rows, &OWN, own(&author.viewer), id)?.ok_or(WriteError::Gone)
}

/// What somebody keeps for themselves.
fn own(viewer: &Viewer) -> Scope {
    Scope::Part(viewer.tenant, "t.tenant_id = ?1 AND t.user_id = ?2", viewer.user.0)
}

/// Where a colleague stands, and nothing else: their row is changed under Users.
pub const NO_CONTACT: WriteError =
    WriteError::Forbidden("Colleagues are changed by whoever manages users, and are not deleted here");
/// Contacts that one person keeps at most. DIR-06.
pub const MOST_OWN: usize = 100;

#[cfg(test)]
mod tests;
