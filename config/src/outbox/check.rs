//! Whether mail reaches somebody: what became of the last message to them, and a test. TRB-07, VMN-10.

use rusqlite::{OptionalExtension, TransactionBehavior};

use super::{Content, Mail, MailKind, count_since, is_set_up, queue, read_mail};
use crate::{
    Db, UserId,
    access::Author,
    audit::{self, About, Changes},
    resources::users::USERS,
};

/// What came of asking for a test message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestMail {
    /// It waits in the outbox.
    Queued,
    /// The user has no e-mail address.
    NoAddress,
    /// No mail server is named.
    NoServer,
    /// One was sent within the last [`BETWEEN_MS`].
    TooSoon,
}

impl Db {
    /// The newest message to a user's present address; `None` if there is none, or they have no address.
    pub fn last_mail_to(&self, user: UserId) -> rusqlite::Result<Option<Mail>> {
        let reader = self.reader()?;
        reader
            .prepare_cached(
                "SELECT o.id, o.kind, o.recipient, o.state, o.attempts, o.created_at, o.next_at, o.sent_at, o.error \
                 FROM users u JOIN outbox o ON o.recipient = u.email AND o.tenant_id = u.tenant_id \
                 WHERE u.id = ?1 AND u.email <> '' AND o.kind <> 'webhook' ORDER BY o.created_at DESC, o.id DESC LIMIT 1",
            )?
            .query_row([user.0], read_mail)
            .optional()
    }

    /// Sends a test message to a user, at `now_ms` (Unix milliseconds).
    pub fn test_mail_to(&self, author: &Author, user: UserId, now_ms: i64) -> rusqlite::Result<TestMail> {
        let mut writer = self.writer();
        let writer = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: Option<(i64, String, String)> = writer
            .prepare_cached("SELECT tenant_id, email, name FROM users WHERE id = ?1 AND email <> ''")?
            .query_row([user.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((tenant, address, name)) = found else { return Ok(TestMail::NoAddress) };
        if !is_set_up(&writer)? {
            return Ok(TestMail::NoServer);
        }
        if count_since(&writer, MailKind::Test, &address, now_ms - BETWEEN_MS)? > 0 {
            return Ok(TestMail::TooSoon);
        }
        queue(&writer, self.cipher(), tenant, (MailKind::Test, &address), &Content::new())?;
        let about = About { of: &USERS, id: user.0, tenant, title: &name, action: "test_mail", version: 0 };
        audit::note(&writer, author, about, &Changes::new())?;
        writer.commit()?;
        Ok(TestMail::Queued)
    }
}

/// Nobody's mailbox is filled by a button.
const BETWEEN_MS: i64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{node_settings::NODE_SETTINGS, users::USERS},
    };

    /// TRB-07: an address, a server, and not more than one a minute; what became of it stands there.
    #[test]
    fn a_test_goes_to_who_has_an_address_and_its_state_is_known() {
        let company = Company::new();
        let (db, anna) = (&company.db, UserId(1));
        let now = || company.number::<i64>("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)");
        assert_eq!(db.test_mail_to(&author(1), anna, now()).unwrap(), TestMail::NoAddress);
        db.update(&author(1), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
        assert_eq!(db.test_mail_to(&author(1), anna, now()).unwrap(), TestMail::NoServer);
        assert_eq!(db.last_mail_to(anna).unwrap(), None);
        company.change(&NODE_SETTINGS, 1, &[("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
        assert_eq!(db.test_mail_to(&author(1), anna, now()).unwrap(), TestMail::Queued);
        assert_eq!(db.test_mail_to(&author(1), anna, now()).unwrap(), TestMail::TooSoon);
        assert_eq!(db.test_mail_to(&author(1), anna, now() + BETWEEN_MS + 1000).unwrap(), TestMail::Queued);
        let last = db.last_mail_to(anna).unwrap().unwrap();
        assert_eq!((last.kind.as_str(), last.state.as_str()), ("test", "waiting"));
        db.mail_failed(last.id, "550 no such mailbox", None).unwrap();
        let last = db.last_mail_to(anna).unwrap().unwrap();
        assert_eq!((last.state.as_str(), last.error.as_str()), ("failed", "550 no such mailbox"));
        assert_eq!(db.last_mail_to(UserId(2)).unwrap(), None, "not theirs");
    }
}
