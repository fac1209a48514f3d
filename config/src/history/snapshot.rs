//! The configuration of any revision as calls read it: what a call would have done then. OPS-02.

use std::sync::Arc;

use super::PastError;
use crate::{Db, Snapshot, feed};

impl Db {
    /// The snapshot of a revision; of the present one without. Rows that calls could not read are left out.
    ///
    /// # Errors
    /// [`PastError::NotKept`] if the revision is older than the history is kept, or not reached yet.
    pub fn snapshot(&self, revision: Option<i64>) -> Result<Arc<Snapshot>, PastError> {
        let past = match revision {
            Some(revision) => self.past(revision)?,
            None => {
                let newest = self.reader()?.query_row("SELECT number FROM revision", [], |row| row.get(0))?;
                self.past(newest)?
            }
        };
        Ok(Arc::new(feed::snapshot_of(&past.rows, self.cipher(), past.revision)?))
    }
}

#[cfg(test)]
mod tests {
    use crate::{TenantId, fixture::Company, history::PastError, resources::users::USERS};

    /// OPS-02
    #[test]
    fn a_call_can_be_asked_what_it_would_have_done_then() {
        let company = Company::new();
        let before = company.revision();
        company.change(&USERS, 1, &[("extension", "111"), ("forward_always", "102")]);
        let then = company.db.snapshot(Some(before)).unwrap();
        let now = company.db.snapshot(None).unwrap();
        let one = TenantId(1);
        assert!(then.extension(one, "101").is_some() && then.extension(one, "111").is_none());
        assert!(now.extension(one, "111").is_some() && now.extension(one, "101").is_none());
        assert_eq!((then.revision, now.revision), (before, company.revision()));
        assert_eq!(then.users().count(), now.users().count());
        assert_eq!(then.devices().count(), 5, "their passwords are read, too");
        assert!(matches!(company.db.snapshot(Some(before + 99)), Err(PastError::NotKept(..))));
    }
}
