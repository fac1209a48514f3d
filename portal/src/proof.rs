//! What proves who somebody is beside a password: passkeys and identity providers. Knows no pages, sessions or accounts;
//! what is asked and answered, and whether it holds.

pub(crate) mod ceremony;
pub(crate) mod id_token;
pub(crate) mod journey;
pub(crate) mod openid;
pub(crate) mod pending;
pub(crate) mod signature;
pub(crate) mod webauthn;
