//! Somebody on the way to their company's identity provider and back. AUTH-24.

use config::{TenantId, UserId};

/// Somebody on the way to a provider and back.
#[derive(Debug)]
pub(crate) struct Journey {
    pub tenant: TenantId,
    pub nonce: String,
    /// PKCE.
    pub verifier: String,
    pub redirect: String,
    /// What the browser's cookie holds.
    pub browser: String,
    pub purpose: Purpose,
}

/// What the journey is for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// Where it leads then.
    SignIn(String),
    Link(UserId),
}
