//! What sign-in keeps: password hashes (made and compared by the portal), second factors, links, sessions, failures.
//! AUTH-01…28.
//!
//! Tokens are handed out once and stored as SHA-256: a copy of the database opens no session. None of this makes a
//! configuration revision. Times are Unix milliseconds and come from the caller.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::{
    access::Author,
    audit::{self, About, Changes},
    resources::users::USERS,
};

mod account;
mod factors;
mod failures;
mod identities;
mod links;
mod mails;
mod passkeys;
mod passwords;
mod sessions;
mod visits;

pub use account::Account;
pub use factors::Authenticator;
pub use failures::Lock;
pub use identities::{Identity, Known, Match, Provider, Sought};
pub use links::SetupLink;
pub(crate) use links::{WEEK_MS, add_setup_token};
pub(crate) use mails::welcome;
pub use passkeys::{NewPasskey, Passkey};
pub use sessions::{Session, Stage};

/// Why there is no link or no password.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SignInError {
    #[error("nobody signs in as `{0}`. The program's first administrator is `admin`")]
    Nobody(String),
    #[error("this link was used already or is too old. `dialtone admin reset-password` makes another")]
    Link,
    #[error("this passkey or account belongs to somebody already")]
    Taken,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Its user as the author of an audit entry.
fn own(account: &Account) -> Author {
    Author { viewer: account.viewer, name: account.login.clone(), address: String::new(), via: "portal" }
}

/// An audit entry about an account.
fn note(rows: &Connection, author: &Author, account: &Account, action: &'static str) -> rusqlite::Result<()> {
    let (id, tenant, title) = (account.id.0, account.tenant().0, account.name.as_str());
    let about = About { of: &USERS, id, tenant, title, action, version: 0 };
    audit::note(rows, author, about, &Changes::new())
}

/// What is stored of a token. Tokens have 256 random bits: no salt, no stretching needed.
pub(crate) fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests;
