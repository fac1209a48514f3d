//! Deleting a row: who may, what refuses, what goes with it and what moves to another row.

use rusqlite::Connection;

use super::{Delete, Edit, allowed, asked, invalid, on_their_level, store, theirs};
use crate::{
    Db, Resource, WhenGone,
    access::{Author, Verb},
    audit::{self, About},
    check::{self, Draft},
    references::{self, Pointer},
    resource::Values,
    resources::extensions::EXTENSIONS,
    rows::{self, Stored},
    write::WriteError,
};

impl Db {
    /// Removes a row within a transaction, with what follows it.
    pub(crate) fn delete_in(
        &self,
        transaction: &Connection,
        author: &Author,
        delete: Delete,
    ) -> Result<(), WriteError> {
        let Delete { of, id, .. } = delete;
        allowed(author, Verb::Delete, of)?;
        let stored = theirs(transaction, author, of, id)?;
        on_their_level(transaction, author, of, Some(&stored.values), None)?;
        asked(of.hooks.may_go, transaction, stored.tenant, id)?;
        self.release(transaction, author, delete, stored.tenant)?;
        let used_by = used_by(transaction, of, id, &stored)?;
        if !used_by.is_empty() {
            return Err(WriteError::Used(used_by));
        }
        let title = rows::title(transaction, of, id)?;
        store::delete(transaction, of, stored.tenant, id)?;
        invalid(check::rules(transaction, of, stored.tenant, &[&stored.values])?)?;
        let changes = audit::changes(of, &stored.values, &Values::new());
        let about =
            About { of, id, tenant: stored.tenant, title: &title, action: "delete", version: stored.version };
        audit::note(transaction, author, about, &changes)?;
        Ok(())
    }

    /// Lets go of a row whatever need not hold it: it follows, points elsewhere, or nowhere.
    fn release(
        &self,
        transaction: &Connection,
        author: &Author,
        Delete { of, id, to }: Delete,
        tenant: i64,
    ) -> Result<(), WriteError> {
        for Pointer { table, field, row } in references::pointers(transaction, of, tenant, id)? {
            let target = match (field.when_gone, to) {
                (WhenGone::Follow, _) => {
                    self.delete_in(transaction, author, Delete { of: table, id: row, to: None })?;
                    continue;
                }
                (WhenGone::Clear, _) => String::new(),
                (WhenGone::Move, Some(to)) if to != id => to.to_string(),
                (WhenGone::Move | WhenGone::Refuse, _) => continue,
            };
            let edit = Edit { of: table, id: row, version: None };
            let values = Values::from([(field.name.to_owned(), target)]);
            self.update_in(transaction, author, edit, &values)?;
        }
        Ok(())
    }
}

/// Who holds a row.
fn used_by(
    transaction: &Connection,
    of: &'static Resource,
    id: i64,
    stored: &Stored,
) -> rusqlite::Result<Vec<String>> {
    let draft = Draft { of, tenant: stored.tenant, id, values: &stored.values };
    let mut used_by = references::users_of(transaction, of, stored.tenant, id)?;
    if let Some((_, dialled_by)) = check::given_up_number(transaction, &draft, &Values::new())? {
        used_by.extend(dialled_by);
    }
    if of.name == EXTENSIONS.name {
        used_by.extend(references::owner_in_need(transaction, &stored.values)?);
    }
    used_by.sort();
    used_by.dedup();
    Ok(used_by)
}
