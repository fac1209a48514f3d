//! The outbox: messages for people's mailboxes and for other products, kept until they are delivered. OPS-11, LIC-10.
//!
//! A message is written in the transaction of what it tells, so neither is there without the other. What it says is encrypted
//! until it is sent, because links in it open accounts. Its words are made when it is sent. Records, not configuration: none
//! of this makes a revision. Times are Unix milliseconds and come from the caller, but for the moment of writing.

mod check;
mod issues;
mod webhooks;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    Db, TenantId,
    access::{OPERATOR, PRIMARY, Viewer},
    secret::{Cipher, Place},
};

pub use check::TestMail;
pub use webhooks::Webhook;

/// What a message says, as a list of named parts.
pub type Content = std::collections::BTreeMap<String, String>;

/// Why somebody gets mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// An account was made for them. AUTH-20.
    Welcome,
    /// They forgot login name or password. AUTH-17.
    Forgotten,
    /// They asked what their login name is. AUTH-19.
    NewUser,
    /// Their password was changed.
    PasswordChanged,
    /// Something does not work, as announced. EXTL-05.
    Issue,
    /// An administrator tries whether mail goes out.
    Test,
    /// Somebody reports a problem to their company's support. TRB-08.
    Report,
    /// Administrators must know this at once. GEO-08, SIP-44.
    Alert,
}

/// A message to be delivered now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Due {
    pub id: i64,
    pub tenant: TenantId,
    pub kind: MailKind,
    pub recipient: String,
    pub content: Content,
    /// Earlier ones.
    pub attempts: u32,
}

/// Where mail goes.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    /// `starttls`, `tls`, `none`.
    pub tls: String,
    /// Blank if the server asks for none.
    pub user: String,
    pub password: String,
    pub from: String,
    /// What links begin with; blank is the address that the portal listens on.
    pub portal: String,
}

impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailServer({}:{}, {}, …)", self.host, self.port, self.tls)
    }
}

/// A message as administrators see it: not what it says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[allow(missing_docs)]
pub struct Mail {
    pub id: i64,
    pub kind: String,
    pub recipient: String,
    /// `waiting`, `sent`, `failed`.
    pub state: String,
    pub attempts: u32,
    pub created_at: i64,
    /// Of the next attempt, while it waits.
    pub next_at: i64,
    pub sent_at: Option<i64>,
    /// Of the last attempt.
    pub error: String,
}

impl MailKind {
    /// With the key in the database.
    const ALL: [(Self, &'static str); 8] = [
        (Self::Welcome, "welcome"),
        (Self::Forgotten, "forgotten"),
        (Self::NewUser, "new_user"),
        (Self::PasswordChanged, "password_changed"),
        (Self::Issue, "issue"),
        (Self::Test, "test"),
        (Self::Report, "report"),
        (Self::Alert, "alert"),
    ];

    fn key(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, key)| key)
    }
}

impl Db {
    /// A message that tries whether mail goes out.
    pub fn queue_test_mail(&self, tenant: TenantId, recipient: &str) -> rusqlite::Result<()> {
        let writer = self.writer();
        queue(&writer, self.cipher(), tenant.0, (MailKind::Test, recipient), &Content::new())
    }

    /// Sends a report of a problem, with the parts `subject` and `text`, to where the company wants it. `false` if it names
    /// no such address, or there is no mail server. TRB-08.
    pub fn queue_report(&self, tenant: TenantId, content: &Content) -> rusqlite::Result<bool> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let recipient: Option<String> = transaction
            .prepare_cached("SELECT support_mail FROM settings WHERE tenant_id = ?1 AND support_mail <> ''")?
            .query_row([tenant.0], |row| row.get(0))
            .optional()?;
        let Some(recipient) = recipient.filter(|_| is_set_up(&transaction).unwrap_or(false)) else {
            return Ok(false);
        };
        queue(&transaction, self.cipher(), tenant.0, (MailKind::Report, &recipient), content)?;
        transaction.commit()?;
        Ok(true)
    }

    /// The mail server that the settings name, if any.
    pub fn mail_server(&self) -> rusqlite::Result<Option<MailServer>> {
        let reader = self.reader()?;
        let secret = Place { table: "node_settings", field: "smtp_secret", row: 1 };
        reader
            .prepare_cached(
                "SELECT smtp_host, smtp_port, smtp_tls, smtp_user, smtp_secret, mail_from, portal_address \
                 FROM node_settings WHERE smtp_host <> ''",
            )?
            .query_row([], |row| {
                let sealed: String = row.get(4)?;
                Ok(MailServer {
                    host: row.get(0)?,
                    port: row.get(1)?,
                    tls: row.get(2)?,
                    user: row.get(3)?,
                    password: self.cipher().open(secret, &sealed).unwrap_or_default(),
                    from: row.get(5)?,
                    portal: row.get(6)?,
                })
            })
            .optional()
    }

    /// The messages whose time has come, the oldest first. One that cannot be read fails at once.
    pub fn due_mail(&self, now_ms: i64, limit: usize) -> rusqlite::Result<Vec<Due>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT id, tenant_id, kind, recipient, content, attempts FROM outbox \
             WHERE state = 'waiting' AND next_at <= ?1 AND kind <> 'webhook' ORDER BY next_at, id LIMIT ?2",
        )?;
        let found = statement.query_map((now_ms, limit as i64), |row| self.read_due(row))?;
        let (due, unreadable): (Vec<_>, Vec<_>) =
            found.collect::<Result<Vec<_>, _>>()?.into_iter().partition(Result::is_ok);
        for id in unreadable.into_iter().filter_map(Result::err) {
            self.mail_failed(id, "It cannot be read any more.", None)?;
        }
        Ok(due.into_iter().flatten().collect())
    }

    fn read_due(&self, row: &Row<'_>) -> rusqlite::Result<Result<Due, i64>> {
        let (id, kind): (i64, String) = (row.get(0)?, row.get(2)?);
        let kind = MailKind::ALL.iter().find(|(_, key)| *key == kind).map(|(kind, _)| *kind);
        let content = self
            .cipher()
            .open(place(id), row.get_ref(4)?.as_str()?)
            .and_then(|text| serde_json::from_str(&text).ok());
        let (Some(kind), Some(content)) = (kind, content) else { return Ok(Err(id)) };
        Ok(Ok(Due {
            id,
            tenant: TenantId(row.get(1)?),
            kind,
            recipient: row.get(3)?,
            content,
            attempts: row.get(5)?,
        }))
    }

    /// Notes that a message was taken by the mail server.
    pub fn mail_sent(&self, id: i64, now_ms: i64) -> rusqlite::Result<()> {
        self.writer().execute(
            "UPDATE outbox SET state = 'sent', sent_at = ?2, content = '', attempts = attempts + 1, error = '' \
             WHERE id = ?1",
            (id, now_ms),
        )?;
        Ok(())
    }

    /// Notes that a message was not taken, and why; it is tried again at `next_at`, or given up.
    pub fn mail_failed(&self, id: i64, error: &str, next_at: Option<i64>) -> rusqlite::Result<()> {
        let error: String = error.chars().take(MOST_CHARACTERS).collect();
        self.writer().execute(
            "UPDATE outbox SET attempts = attempts + 1, error = ?2, next_at = COALESCE(?3, next_at), \
             state = CASE WHEN ?3 IS NULL THEN 'failed' ELSE 'waiting' END, \
             content = CASE WHEN ?3 IS NULL THEN '' ELSE content END WHERE id = ?1",
            (id, error, next_at),
        )?;
        Ok(())
    }

    /// The newest messages of the viewer's tenant, of all tenants for who runs the program; at most 200.
    pub fn mails(&self, viewer: &Viewer) -> rusqlite::Result<Vec<Mail>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT id, kind, recipient, state, attempts, created_at, next_at, sent_at, error FROM outbox \
             WHERE tenant_id = ?1 OR ?1 = 0 ORDER BY id DESC LIMIT 200",
        )?;
        statement.query_map([whose(viewer)], read_mail)?.collect()
    }

    /// Has a waiting message tried at once. `false` if it is none of theirs or does not wait.
    pub fn retry_mail(&self, viewer: &Viewer, id: i64, now_ms: i64) -> rusqlite::Result<bool> {
        let changed = self.writer().execute(
            "UPDATE outbox SET next_at = ?3 WHERE id = ?1 AND (tenant_id = ?2 OR ?2 = 0) AND state = 'waiting'",
            (id, whose(viewer), now_ms),
        )?;
        Ok(changed > 0)
    }

    /// Removes messages that were sent or given up before `before_ms`. Returns how many.
    pub fn trim_mail(&self, before_ms: i64) -> rusqlite::Result<usize> {
        self.writer().execute("DELETE FROM outbox WHERE state <> 'waiting' AND created_at < ?1", [before_ms])
    }
}

/// Puts a message into the outbox, within the transaction of what it tells. Does nothing while no mail server is named:
/// links in it would be old before they could be read.
pub(crate) fn queue(
    rows: &Connection,
    cipher: &Cipher,
    tenant: i64,
    (kind, recipient): (MailKind, &str),
    content: &Content,
) -> rusqlite::Result<()> {
    if !is_set_up(rows)? {
        return Ok(());
    }
    let id: i64 = rows
        .prepare_cached(
            "INSERT INTO outbox (tenant_id, kind, recipient, content, created_at, next_at) \
             SELECT ?1, ?2, ?3, '', now, now FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) \
             RETURNING id",
        )?
        .query_row((tenant, kind.key(), recipient), |row| row.get(0))?;
    let text = serde_json::to_string(content).expect("maps of strings are JSON");
    rows.prepare_cached("UPDATE outbox SET content = ?2 WHERE id = ?1")?
        .execute((id, cipher.seal(place(id), &text)))?;
    Ok(())
}

/// Whether a mail server is named.
pub(crate) fn is_set_up(rows: &Connection) -> rusqlite::Result<bool> {
    let host: Option<String> = rows
        .prepare_cached("SELECT smtp_host FROM node_settings")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(host.is_some_and(|host| !host.is_empty()))
}

/// How many messages of a kind went to an address since then.
pub(crate) fn count_since(
    rows: &Connection,
    kind: MailKind,
    recipient: &str,
    since_ms: i64,
) -> rusqlite::Result<u32> {
    rows.prepare_cached("SELECT count(*) FROM outbox WHERE recipient = ?1 AND kind = ?2 AND created_at > ?3")?
        .query_row((recipient, kind.key(), since_ms), |row| row.get(0))
}

fn read_mail(row: &Row<'_>) -> rusqlite::Result<Mail> {
    Ok(Mail {
        id: row.get(0)?,
        kind: row.get(1)?,
        recipient: row.get(2)?,
        state: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.get(5)?,
        next_at: row.get(6)?,
        sent_at: row.get(7)?,
        error: row.get(8)?,
    })
}

/// 0 is everybody's.
fn whose(viewer: &Viewer) -> i64 {
    if viewer.tenant == OPERATOR && viewer.level >= PRIMARY { 0 } else { viewer.tenant.0 }
}

fn place(id: i64) -> Place {
    Place { table: "outbox", field: "content", row: id }
}

/// Of an error; mail servers can be talkative.
const MOST_CHARACTERS: usize = 500;

#[cfg(test)]
mod tests;
