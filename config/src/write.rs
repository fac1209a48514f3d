//! The one write path: checks, rows, audit and revision in one transaction.

use rusqlite::Connection;

use crate::{
    Db, Kind, Problem, Resource, UserId,
    access::{self, Scope, Verb},
    audit::{self, About, Changes},
    check::{self, Draft},
    resource::{RowRule, Values},
    resources::users::USERS,
    rows,
    secret::{self, Place},
    sign_in,
    transaction::Transaction,
};

use crate::refusal::{BEYOND, in_words, invalid};
use crate::refusal::{allowed, on_their_level, theirs};
pub use crate::{access::Author, refusal::WriteError};
pub use batch::Step;
use store::Row;

mod batch;
mod delete;
pub(crate) mod store;

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The row.
    pub id: i64,
    /// The revision that holds the change.
    pub revision: i64,
}

/// Which row is deleted, and where to what points to it moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delete {
    pub of: &'static Resource,
    pub id: i64,
    pub to: Option<i64>,
}

/// Which row is changed, and which version of it was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edit {
    pub of: &'static Resource,
    pub id: i64,
    pub version: Option<i64>,
}

impl Db {
    /// Adds a row. Fields that are not given take their default; a blank secret is made.
    pub fn create(
        &self,
        author: &Author,
        of: &'static Resource,
        values: &Values,
    ) -> Result<Saved, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let id = self.create_in(&transaction, author, of, values)?;
        Ok(Saved { id, revision: transaction.commit()? })
    }

    /// Changes the given fields of a row. `version` is what the form was filled from; `None` overwrites. A blank secret
    /// stays. Values that change nothing make no revision.
    pub fn update(
        &self,
        author: &Author,
        of: &'static Resource,
        id: i64,
        values: &Values,
        version: Option<i64>,
    ) -> Result<Saved, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        if self.update_in(&transaction, author, Edit { of, id, version }, values)? {
            Ok(Saved { id, revision: transaction.commit()? })
        } else {
            Ok(Saved { id, revision: transaction.before() })
        }
    }

    /// Removes a row that nothing refers to, except what goes with it.
    pub fn delete(&self, author: &Author, of: &'static Resource, id: i64) -> Result<Saved, WriteError> {
        self.delete_moving(author, of, id, None)
    }

    /// Removes a row; what can point to another row of the table then points to `to`. ORG-04.
    pub fn delete_moving(
        &self,
        author: &Author,
        of: &'static Resource,
        id: i64,
        to: Option<i64>,
    ) -> Result<Saved, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        self.delete_in(&transaction, author, Delete { of, id, to })?;
        Ok(Saved { id, revision: transaction.commit()? })
    }

    /// What would be wrong with these values, without writing (for checks while typing). Fields that are not given are
    /// those of the row, or the defaults.
    pub fn check(
        &self,
        author: &Author,
        of: &'static Resource,
        id: Option<i64>,
        values: &Values,
    ) -> Vec<Problem> {
        let unreadable = |error: rusqlite::Error| vec![Problem::of("", in_words(&error))];
        match self.reader() {
            Ok(reader) => check_in(&reader, author, of, id, values).unwrap_or_else(unreadable),
            Err(error) => unreadable(error),
        }
    }

    /// A new secret for a `Secret` field, returned once in clear.
    pub fn renew_secret(
        &self,
        author: &Author,
        of: &'static Resource,
        id: i64,
        field: &str,
    ) -> Result<String, WriteError> {
        let secret = secret::generate();
        let values = Values::from([(secret_field(of, field)?.to_owned(), secret.clone())]);
        self.update(author, of, id, &values, None)?;
        Ok(secret)
    }

    /// The secret of a row in clear, for provisioning and for whoever must type it into a phone. Audited.
    pub fn reveal_secret(
        &self,
        author: &Author,
        of: &'static Resource,
        id: i64,
        field: &str,
    ) -> Result<String, WriteError> {
        let field = secret_field(of, field)?;
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        allowed(author, Verb::Edit, of)?;
        let stored = theirs(&transaction, author, of, id)?;
        let text = format!("SELECT {field} FROM {} WHERE id = ?1", of.name);
        let sealed: String = transaction.prepare_cached(&text)?.query_row([id], |row| row.get(0))?;
        let place = Place { table: of.name, field, row: id };
        let secret = self.cipher().open(place, &sealed).ok_or_else(|| {
            WriteError::Invalid(vec![Problem::of(field, "It cannot be read. Make a new one.")])
        })?;
        let title = rows::title(&transaction, of, id)?;
        let (tenant, version) = (stored.tenant, stored.version);
        let about = About { of, id, tenant, title: &title, action: "reveal", version };
        audit::note(&transaction, author, about, &Changes::new())?;
        transaction.commit()?;
        Ok(secret)
    }

    /// Adds a row within a transaction.
    pub(crate) fn create_in(
        &self,
        transaction: &Connection,
        author: &Author,
        of: &'static Resource,
        given: &Values,
    ) -> Result<i64, WriteError> {
        allowed(author, Verb::Create, of)?;
        let id = store::next_id(transaction, of)?;
        let tenant = if of.tenant { author.viewer.tenant.0 } else { id };
        let (mut values, wrong) = with_defaults(of, &at_their_site(author, of, given));
        let draft = Draft { of, tenant, id: 0, values: &values };
        invalid(merged(wrong, draft.problems(transaction)?))?;
        on_their_level(transaction, author, of, None, Some(&values))?;
        for field in of.fields.iter().filter(|field| field.is_made_here()) {
            let secret = values.entry(field.name.to_owned()).or_default();
            if secret.is_empty() {
                *secret = secret::generate();
            }
        }
        let row = Row { of, tenant, id, cipher: self.cipher() };
        store::insert(transaction, row, &values)?;
        still_theirs(transaction, author, of, id)?;
        invalid(check::rules(transaction, of, tenant, &[&values])?)?;
        asked(of.hooks.created, transaction, tenant, id)?;
        if of.name == USERS.name {
            sign_in::welcome(transaction, self.cipher(), UserId(id))?;
        }
        let title = rows::title(transaction, of, id)?;
        let about = About { of, id, tenant, title: &title, action: "create", version: 1 };
        audit::note(transaction, author, about, &audit::changes(of, &Values::new(), &values))?;
        Ok(id)
    }

    /// Changes a row within a transaction; `false` if there was nothing to change.
    pub(crate) fn update_in(
        &self,
        transaction: &Connection,
        author: &Author,
        Edit { of, id, version }: Edit,
        given: &Values,
    ) -> Result<bool, WriteError> {
        allowed(author, Verb::Edit, of)?;
        let old = theirs(transaction, author, of, id)?;
        if version.is_some_and(|version| version != old.version) {
            let by = audit::author_of(transaction, of, id, old.version)?;
            return Err(WriteError::Conflict { by, now: old.values });
        }
        let (given, wrong) = check::normalise(of, given);
        let (values, changes) = merge(of, &old.values, &given);
        if changes.is_empty() && wrong.is_empty() {
            return Ok(false);
        }
        let draft = Draft { of, tenant: old.tenant, id, values: &values };
        invalid(merged(wrong, draft.problems(transaction)?))?;
        invalid(given_up(transaction, Draft { values: &old.values, ..draft }, &values)?)?;
        on_their_level(transaction, author, of, Some(&old.values), Some(&values))?;
        let row = Row { of, tenant: old.tenant, id, cipher: self.cipher() };
        store::update(transaction, row, &values, &changes)?;
        still_theirs(transaction, author, of, id)?;
        invalid(check::rules(transaction, of, old.tenant, &[&old.values, &values])?)?;
        let action = if changes.keys().all(|name| is_secret(of, name)) { "renew" } else { "update" };
        let title = rows::title(transaction, of, id)?;
        let about = About { of, id, tenant: old.tenant, title: &title, action, version: old.version + 1 };
        audit::note(transaction, author, about, &changes)?;
        Ok(true)
    }
}

/// What a hook says.
fn asked(hook: Option<RowRule>, rows: &Connection, tenant: i64, id: i64) -> Result<(), WriteError> {
    match hook {
        Some(ask) => invalid(ask(rows, tenant, id)?.into_iter().collect()),
        None => Ok(()),
    }
}

fn check_in(
    rows: &Connection,
    author: &Author,
    of: &'static Resource,
    id: Option<i64>,
    given: &Values,
) -> rusqlite::Result<Vec<Problem>> {
    let Some(id) = id else {
        let (values, wrong) = with_defaults(of, given);
        let draft = Draft { of, tenant: author.viewer.tenant.0, id: 0, values: &values };
        return Ok(merged(wrong, draft.problems(rows)?));
    };
    let Some(old) = rows::stored(rows, of, access::scope(&author.viewer, of), id)? else {
        return Ok(vec![Problem::of("", "This entry is gone.")]);
    };
    let (given, wrong) = check::normalise(of, given);
    let (values, _) = merge(of, &old.values, &given);
    let draft = Draft { of, tenant: old.tenant, id, values: &values };
    let mut problems = merged(wrong, draft.problems(rows)?);
    problems.extend(given_up(rows, Draft { values: &old.values, ..draft }, &values)?);
    Ok(problems)
}

/// A number that others dial stays.
fn given_up(rows: &Connection, old: Draft<'_>, new: &Values) -> rusqlite::Result<Vec<Problem>> {
    let given_up = check::given_up_number(rows, &old, new)?;
    Ok(given_up
        .map(|(field, used_by)| {
            let number = old.values.get(field).map_or("", String::as_str);
            let message = format!("{number} is still dialled by {}. Change that first.", used_by.join(", "));
            Problem::of(field, message)
        })
        .into_iter()
        .collect())
}

/// The given values of a new row, and the defaults of those that are blank.
fn with_defaults(of: &'static Resource, given: &Values) -> (Values, Vec<Problem>) {
    let filled = |text: &&String| !text.trim().is_empty();
    let mut complete = given.clone();
    for field in of.settable() {
        if given.get(field.name).filter(filled).is_none() && !matches!(field.kind, Kind::Secret) {
            complete.insert(field.name.to_owned(), field.default.to_owned());
        }
    }
    check::normalise(of, &complete)
}

/// The old values with the given ones laid over, and what differs.
fn merge(of: &Resource, old: &Values, given: &Values) -> (Values, Changes) {
    let mut values = old.clone();
    values.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    let changes = audit::changes(of, old, &values);
    (values, changes)
}

/// One problem a field: what cannot be read need not be checked against others.
fn merged(mut first: Vec<Problem>, then: Vec<Problem>) -> Vec<Problem> {
    for problem in then {
        if !first.iter().any(|earlier| earlier.field == problem.field) {
            first.push(problem);
        }
    }
    first
}

/// What somebody wrote stays within their site or department: it is neither made elsewhere nor moved there. ROL-03.
fn still_theirs(
    rows: &Connection,
    author: &Author,
    of: &'static Resource,
    id: i64,
) -> Result<(), WriteError> {
    let scope = access::scope(&author.viewer, of);
    if matches!(scope, Scope::Part(..)) && rows::stored(rows, of, scope, id)?.is_none() {
        return Err(BEYOND);
    }
    Ok(())
}

/// A new row without a site or department is at that of its author, if their role reaches no further.
fn at_their_site(author: &Author, of: &Resource, given: &Values) -> Values {
    let mut values = given.clone();
    // What is a user's is where they are.
    let is_users = access::pointer(of, USERS.name)
        .is_some_and(|user| values.get(user).is_some_and(|user| !user.is_empty()));
    if !is_users && let Some((field, id)) = access::place_of_new(&author.viewer, of) {
        values
            .entry(field.to_owned())
            .and_modify(|value| {
                if value.is_empty() {
                    *value = id.to_string()
                }
            })
            .or_insert(id.to_string());
    }
    values
}

fn is_secret(of: &Resource, name: &str) -> bool {
    of.field(name).is_some_and(|field| matches!(field.kind, Kind::Secret))
}

fn secret_field(of: &Resource, name: &str) -> Result<&'static str, WriteError> {
    match of.field(name) {
        Some(field) if matches!(field.kind, Kind::Secret) => Ok(field.name),
        _ => Err(WriteError::Invalid(vec![Problem::of(name, "This is no password.")])),
    }
}

#[cfg(test)]
mod tests;
