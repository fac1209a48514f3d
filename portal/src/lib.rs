//! The web portal: sign-in, pages and REST over the declared tables, live parts by server-sent events.
//!
//! Imports `config` only; running calls are seen and steered through [`Live`], which the program implements.
#![forbid(unsafe_code)]

pub mod live;

use std::sync::Arc;

pub use live::Live;

/// What the portal is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URL for links in messages: `http://192.0.2.1:8080`.
    pub base_url: String,
    /// Set `Secure` on cookies (behind TLS).
    pub secure_cookies: bool,
}

/// The portal as a service, to be served by the shell.
pub fn router(_db: config::Db, _live: Arc<dyn Live>, _settings: Settings) -> axum::Router {
    axum::Router::new()
}
