//! The web portal: sign-in, pages and REST over the declared tables, live parts by server-sent events.
//!
//! Imports `config` only; running calls are seen and steered through [`Live`], which the program implements. Nothing
//! here knows a table by name except the files in `tables` that belong to one.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod addresses;
mod app;
mod assets;
mod auth;
mod blocking;
mod calls;
mod clicks;
mod counters;
mod entry;
mod error;
mod events;
mod headers;
mod ladder;
mod language;
mod ldap;
mod limit;
pub mod live;
mod mail_text;
mod menu;
mod once;
mod pages;
mod palette;
mod plan;
mod presence;
mod proof;
mod provisioning;
mod query;
mod reply;
mod rest;
mod sent;
mod serve;
mod state;
mod strangers;
mod tables;
mod text;
mod view;
mod waiting;
mod zone;

pub use addresses::is_public;
pub use language::Language;
pub use ldap::keep_names as keep_directory_names;
pub use live::Live;
pub use mail_text::mail_text;
pub use serve::{serve, serve_tls};

use std::sync::Arc;

/// What the portal is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URL for links in messages: `http://192.0.2.1:8080`.
    pub base_url: String,
    /// The listener speaks TLS: cookies are `Secure`, and phones may fetch their settings.
    pub secure_cookies: bool,
    /// Base URL of the listener that speaks TLS, for phones: `https://192.0.2.1:8443`; blank without one.
    pub secure_url: String,
}

/// The portal as a service, to be given to [`serve`].
pub fn router(db: config::Db, live: Arc<dyn Live>, settings: Settings) -> axum::Router {
    app::router(Arc::new(state::App::new(db, live, settings)))
}

/// The same behind two listeners: one in clear, one that speaks TLS.
pub fn routers(
    db: config::Db,
    live: Arc<dyn Live>,
    plain: Settings,
    secure: Settings,
) -> (axum::Router, axum::Router) {
    let app = state::App::new(db, live, plain);
    let behind_tls = app.behind(secure);
    (app::router(Arc::new(app)), app::router(Arc::new(behind_tls)))
}
