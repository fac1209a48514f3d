//! Numbered SQL, forward only, on `PRAGMA user_version`.

use rusqlite::{Connection, TransactionBehavior};

/// The newest schema this program knows.
pub const KNOWN: i64 = STEPS.len() as i64;

/// The schema of a database; 0 is an empty file.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database to [`KNOWN`], in one transaction: a program killed meanwhile leaves the old schema.
pub fn run(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? >= KNOWN {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have migrated while this one waited for the lock.
    let from = usize::try_from(version(&transaction)?).unwrap_or_default();
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()
}

const STEPS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_forwards.sql"),
    include_str!("migrations/0003_large_lists.sql"),
    include_str!("migrations/0004_accounts.sql"),
    include_str!("migrations/0005_sign_in.sql"),
    include_str!("migrations/0006_organization.sql"),
    include_str!("migrations/0007_call_counts.sql"),
    include_str!("migrations/0008_history.sql"),
    include_str!("migrations/0009_tables.sql"),
    include_str!("migrations/0010_organization.sql"),
    include_str!("migrations/0011_people.sql"),
    include_str!("migrations/0012_desk.sql"),
    include_str!("migrations/0013_phones.sql"),
    include_str!("migrations/0014_ways_in.sql"),
    include_str!("migrations/0015_hunting.sql"),
    include_str!("migrations/0016_rules.sql"),
    include_str!("migrations/0017_codes.sql"),
    include_str!("migrations/0018_parking.sql"),
    include_str!("migrations/0019_lamps.sql"),
    include_str!("migrations/0020_trunks.sql"),
    include_str!("migrations/0021_outbound.sql"),
    include_str!("migrations/0022_ring_delays.sql"),
    include_str!("migrations/0023_secure.sql"),
    include_str!("migrations/0024_outside.sql"),
    include_str!("migrations/0025_incall.sql"),
    include_str!("migrations/0026_resell.sql"),
    include_str!("migrations/0027_desk.sql"),
    include_str!("migrations/0029_calls.sql"),
    include_str!("migrations/0030_outside.sql"),
];

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::{Db, UserId};

    /// ROL-06: who could sign in before users were accounts can sign in after, with the same rights.
    #[test]
    fn administrators_become_users_with_their_passwords_and_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("dialtone.db")).unwrap();
        STEPS[..3].iter().for_each(|step| connection.execute_batch(step).unwrap());
        connection
            .execute_batch(
                "PRAGMA user_version = 3;
                 INSERT INTO tenants (name, domain) VALUES ('One', 'one.example'), ('Two', 'two.example');
                 INSERT INTO users (tenant_id, first_name, email) VALUES (1, 'Anna', 'anna@example.com');
                 INSERT INTO administrators (tenant_id, login, name, level, password, password_changed_at) VALUES
                 (1, 'admin', 'The Boss', '3', 'hash', 7), (1, 'anna@example.com', '', '2', NULL, NULL),
                 (2, 'site@example.com', '', '1', NULL, NULL);
                 INSERT INTO sessions (token_hash, administrator_id, created_at, seen_at, expires_at, address, user_agent)
                 VALUES (x'00', 1, 1, 1, 1000, '', '');
                 INSERT INTO audit (tenant_id, author, address, via, action, tbl, row_id, title, version, revision, changes)
                 VALUES (1, 'admin', '', 'cli', 'create', 'administrators', 1, 'admin', 1, 1, '{}');",
            )
            .unwrap();
        drop(connection);
        let db = Db::open(folder.path()).unwrap();
        let account = |id| db.account(UserId(id)).unwrap().unwrap();
        let boss = account(2);
        assert_eq!((boss.login.as_str(), boss.name.as_str(), boss.viewer.level), ("admin", "The Boss", 3));
        assert_eq!((boss.password.as_deref(), boss.password_changed_at), (Some("hash"), Some(7)));
        assert_eq!(db.sessions_of(boss.id, 2).unwrap().len(), 1);
        let anna = account(3);
        assert_eq!(
            (anna.login.as_str(), anna.email.as_str(), anna.viewer.level),
            ("anna@example.com", "", 2)
        );
        let site = account(4);
        assert_eq!((site.email.as_str(), site.viewer.level, site.tenant().0), ("site@example.com", 1, 2));
        let (mut feed, snapshot) = crate::Feed::open(&db).unwrap();
        assert_eq!(snapshot.users().count(), 4);
        assert!(feed.poll().unwrap().is_none(), "nothing is wrong");
        let entries = db.audit(&boss.viewer, Some((&crate::resources::users::USERS, 2)), None, 9).unwrap();
        assert_eq!(entries.len(), 1, "the history goes along");
    }
}
