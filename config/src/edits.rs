//! Edits that a call or a phone makes: a forward set by feature code, do-not-disturb by its key. FC-11, FC-12.
//!
//! They go the way of every write – checks, history, audit, revision – on a thread of the shell. Whether somebody may do it
//! was decided by the core before: here the program writes in their name.

use crate::{
    Db, Problem, TenantId, UserId,
    access::{Author, Viewer},
    pins::Proof,
    resource::Values,
    resources,
    write::{Saved, WriteError},
};

/// One row that a call changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Whose row it is.
    pub tenant: TenantId,
    /// Whose phone it was; `None` for a phone that is nobody's.
    pub by: Option<UserId>,
    /// A declared table.
    pub table: &'static str,
    /// The row; 0 is the only one of a table with one row per tenant.
    pub id: i64,
    /// Field → value, as a form would send it; blank takes it away.
    pub fields: Vec<(&'static str, String)>,
    /// What was dialled or pressed, for the audit log: `code *78`.
    pub reason: String,
    /// Who did it has to prove themselves first. HD-05.
    pub proof: Option<Proof>,
}

impl Db {
    /// Writes an edit, at that moment (Unix ms). Values that change nothing are no error and make no revision.
    ///
    /// # Errors
    /// As [`Db::update`]; [`WriteError::Gone`] if there is no such table; [`WriteError::Invalid`] of a `pin` that is wrong.
    pub fn carry_out_edit(&self, edit: &Edit, now_ms: i64) -> Result<Saved, WriteError> {
        if let Some(Err(unproven)) = edit.proof.as_ref().map(|proof| self.prove(proof, now_ms)).transpose()? {
            return Err(WriteError::Invalid(vec![Problem::of("pin", format!("{unproven}."))]));
        }
        let of = resources::by_name(edit.table).ok_or(WriteError::Gone)?;
        let id = match edit.id {
            0 if of.single => self.only_row(of.name, edit.tenant)?,
            id => id,
        };
        let values: Values =
            edit.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.update(&self.author_of(edit)?, of, id, &values, None)
    }

    fn only_row(&self, table: &str, tenant: TenantId) -> rusqlite::Result<i64> {
        let text = format!("SELECT id FROM {table} WHERE tenant_id = ?1");
        self.reader()?.prepare_cached(&text)?.query_row([tenant.0], |row| row.get(0))
    }

    /// In their name, with the program's rights.
    fn author_of(&self, edit: &Edit) -> rusqlite::Result<Author> {
        let account = edit.by.map(|user| self.account(user)).transpose()?.flatten();
        let name = account.map_or_else(|| NOBODY.to_owned(), |account| account.login);
        let viewer = Viewer::primary(edit.tenant);
        Ok(Author { viewer, name, address: edit.reason.clone(), via: "phone" })
    }
}

impl WriteError {
    /// What is wrong in one line, for logs and traces.
    pub fn in_words(&self) -> String {
        match self {
            Self::Invalid(problems) => {
                let lines = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message));
                lines.collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        }
    }
}

/// Who edits from a phone that is nobody's.
const NOBODY: &str = "a phone";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Company, viewer};
    use crate::resources::users::USERS;

    fn edit(table: &'static str, id: i64, fields: &[(&'static str, &str)]) -> Edit {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Edit {
            tenant: TenantId(1),
            by: Some(UserId(1)),
            table,
            id,
            fields,
            reason: "code *72".into(),
            proof: None,
        }
    }

    /// FC-11: checked, in force, and in the audit log as done on the phone.
    #[test]
    fn an_edit_by_phone_is_a_write_like_any_other() {
        let company = Company::new();
        let row = company.db.list(&viewer(1), &USERS, &Default::default()).unwrap().rows.remove(0);
        let saved = company
            .db
            .carry_out_edit(&edit("users", row.id, &[("forward_always", "+49 30 123456")]), 0)
            .unwrap();
        let user = company.db.get(&viewer(1), &USERS, row.id).unwrap().unwrap();
        assert_eq!(user.values["forward_always"], "+4930123456");
        let entry = company.db.audit(&viewer(1), Some((&USERS, row.id)), None, 1).unwrap().remove(0);
        assert_eq!((entry.via.as_str(), entry.address.as_str()), ("phone", "code *72"));
        assert_eq!(entry.revision, saved.revision);
        let nobody = company.db.carry_out_edit(&edit("users", row.id, &[("forward_always", "99")]), 0);
        assert!(nobody.unwrap_err().in_words().contains("There is no extension 99"));
        assert!(matches!(company.db.carry_out_edit(&edit("users", 9999, &[]), 0), Err(WriteError::Gone)));
        assert!(matches!(company.db.carry_out_edit(&edit("nothing", 1, &[]), 0), Err(WriteError::Gone)));
    }

    #[test]
    fn the_only_row_of_a_table_needs_no_id() {
        let company = Company::new();
        company.db.carry_out_edit(&edit("settings", 0, &[("inband_ringback", "1")]), 0).unwrap();
        let stored: bool = company
            .db
            .reader()
            .unwrap()
            .query_row("SELECT inband_ringback FROM settings WHERE tenant_id = 1", [], |row| row.get(0))
            .unwrap();
        assert!(stored);
    }
}
