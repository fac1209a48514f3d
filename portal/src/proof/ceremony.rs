//! A challenge for a passkey on its way to a browser and back. AUTH-22.

use config::UserId;

use super::webauthn::Challenge;

/// A challenge that was given away, and for what.
#[derive(Debug)]
pub(crate) struct Ceremony {
    pub asked: Challenge,
    pub purpose: Purpose,
}

/// What an answer to a challenge is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To sign in without a password.
    SignIn,
    /// To be this user's second factor.
    Factor(UserId),
    /// To make a key of this user, whom authenticators call so.
    New(UserId, Vec<u8>),
}
