//! Who runs the program opens a customer's portal, and leaves it again. R-01.
//!
//! It is the session that acts for the customer: another browser of the same person does not. Both companies have it in
//! their audit log.

use rusqlite::TransactionBehavior;

use crate::{
    Db, TenantId, UserId,
    access::{Author, Verb},
    audit::{self, About, Changes},
    refusal::{WriteError, allowed, theirs},
    resources::tenants::TENANTS,
    rows,
};

impl Db {
    /// From now on a session acts for a customer. Returns what the customer is called.
    ///
    /// # Errors
    /// When the author does not run the program, there is no such customer, or it is the author's own company.
    pub fn open_customer(
        &self,
        author: &Author,
        (user, session): (UserId, i64),
        customer: TenantId,
    ) -> Result<String, WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        allowed(author, Verb::Edit, &TENANTS)?;
        let (id, tenant) = (customer.0, customer.0);
        let version = theirs(&transaction, author, &TENANTS, id)?.version;
        if customer == author.viewer.tenant {
            return Err(WriteError::Forbidden("This is your own company"));
        }
        let opened = transaction
            .prepare_cached("UPDATE sessions SET acts_for = ?3 WHERE id = ?1 AND user_id = ?2")?
            .execute((session, user.0, id))?;
        if opened == 0 {
            return Err(WriteError::Gone);
        }
        let title = rows::title(&transaction, &TENANTS, id)?;
        let about = About { of: &TENANTS, id, tenant, title: &title, action: "open", version };
        audit::note(&transaction, author, about, &Changes::new())?;
        transaction.commit()?;
        Ok(title)
    }

    /// The session acts for its user's own company again.
    pub fn leave_customer(&self, (user, session): (UserId, i64)) -> rusqlite::Result<()> {
        self.writer()
            .prepare_cached("UPDATE sessions SET acts_for = NULL WHERE id = ?1 AND user_id = ?2")?
            .execute((session, user.0))
            .map(|_| ())
    }
}
