//! Several changes as one revision: all of them, or none.

use super::{Delete, Edit, Saved, WriteError};
use crate::{Db, Resource, access::Author, resource::Values, transaction::Transaction};

/// One of several changes.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Step {
    Create { of: &'static Resource, values: Values },
    Update { of: &'static Resource, id: i64, values: Values },
    Delete { of: &'static Resource, id: i64 },
}

impl Db {
    /// Makes all changes as one revision, or none. `Saved::id` is the row of the last one.
    pub fn write_all(&self, author: &Author, steps: &[Step]) -> Result<Saved, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let (mut last, mut changed) = (0, false);
        for step in steps {
            match step {
                Step::Create { of, values } => {
                    last = self.create_in(&transaction, author, of, values)?;
                    changed = true;
                }
                Step::Update { of, id, values } => {
                    last = *id;
                    changed |=
                        self.update_in(&transaction, author, Edit { of, id: *id, version: None }, values)?;
                }
                Step::Delete { of, id } => {
                    last = *id;
                    self.delete_in(&transaction, author, Delete { of, id: *id, to: None })?;
                    changed = true;
                }
            }
        }
        let revision = if changed { transaction.commit()? } else { transaction.before() };
        Ok(Saved { id: last, revision })
    }
}
