//! A write that is tried and taken back: all checks run, and what would change is told. OPS-15.

use crate::{
    Db, Resource,
    access::Author,
    audit::{self, AuditEntry},
    bulk::{Act, BulkError, Chosen},
    resource::Values,
    transaction::Transaction,
    write::{Delete, Edit, WriteError},
};

/// What is tried.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Attempt {
    Create(Values),
    Update { id: i64, values: Values, version: Option<i64> },
    Delete { id: i64, to: Option<i64> },
    Bulk(Chosen, Act),
}

impl Db {
    /// What the attempt would change, as the audit log would tell it; nothing is written.
    pub fn rehearse(
        &self,
        author: &Author,
        of: &'static Resource,
        attempt: &Attempt,
    ) -> Result<Vec<AuditEntry>, BulkError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer).map_err(WriteError::from)?;
        let mark = audit::newest(&transaction).map_err(WriteError::from)?;
        match attempt {
            Attempt::Create(values) => drop(self.create_in(&transaction, author, of, values)?),
            Attempt::Update { id, values, version } => {
                let edit = Edit { of, id: *id, version: *version };
                self.update_in(&transaction, author, edit, values)?;
            }
            Attempt::Delete { id, to } => {
                self.delete_in(&transaction, author, Delete { of, id: *id, to: *to })?;
            }
            Attempt::Bulk(chosen, act) => drop(self.bulk_in(&transaction, author, of, chosen, act)?),
        }
        // Dropped, the transaction leaves nothing.
        audit::after(&transaction, mark).map_err(|e| WriteError::from(e).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::users::USERS,
    };

    #[test]
    fn a_rehearsal_tells_what_would_change_and_writes_nothing() {
        let company = Company::new();
        let before = (company.revision(), company.number::<i64>("SELECT count(*) FROM audit"));
        let create = Attempt::Create(values([("first_name", "Ida")]));
        let told = company.db.rehearse(&author(1), &USERS, &create).unwrap();
        assert_eq!((told.len(), &*told[0].action, &*told[0].title), (1, "create", "Ida"));
        let update = Attempt::Update { id: 1, values: values([("last_name", "Neu")]), version: None };
        let told = company.db.rehearse(&author(1), &USERS, &update).unwrap();
        assert_eq!(told[0].changes["last_name"].1, "Neu");
        let wrong = Attempt::Create(values([("extension", "7")]));
        let refused = company.db.rehearse(&author(1), &USERS, &wrong);
        assert!(matches!(refused, Err(BulkError::Write(WriteError::Invalid(_)))), "{refused:?}");
        assert_eq!(before, (company.revision(), company.number::<i64>("SELECT count(*) FROM audit")));
    }
}
