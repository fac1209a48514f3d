//! What the customer directory has beside its form: a test of what is saved. DIR-13.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{Resource, resources::ldap_settings::LDAP_SETTINGS};

use super::Beside;
use crate::{
    auth::Who,
    error::Fault,
    ldap::check::{self, Outcome},
    reply,
    state::App,
};

/// Whether a table is that of the directory's settings.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == LDAP_SETTINGS.name
}

/// Beside the form.
pub(crate) fn beside(app: &App, who: &Who) -> Result<Beside, Fault> {
    if !who.may_write(&LDAP_SETTINGS) {
        return Ok(Beside::default());
    }
    let outcome = app.once.take(who.session, OUTCOME).and_then(|kept| {
        let text = kept.strip_prefix(GOOD).or_else(|| kept.strip_prefix(BAD))?;
        Some(Outcome { good: kept.starts_with(GOOD), text: text.to_owned() })
    });
    let side = TestCard { outcome }.render()?;
    Ok(Beside { side, after: TestForm { csrf: &who.csrf }.render()?, ..Beside::default() })
}

/// `POST /admin/ldap_settings/test`: asks the server that is saved; what came of it is shown on the page, once.
pub(crate) async fn test(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    who.writable(LDAP_SETTINGS.name)?;
    let outcome = tested(&app, &who).await?;
    let sign = if outcome.good { GOOD } else { BAD };
    app.once.keep(who.session, OUTCOME, format!("{sign}{}", outcome.text));
    Ok(reply::see_other(&format!("/admin/{}", LDAP_SETTINGS.name), ""))
}

/// What the directory says to the settings as they are kept.
pub(crate) async fn tested(app: &App, who: &Who) -> Result<Outcome, Fault> {
    let tenant = who.tenant;
    let outcome = match app.read(move |db| db.ldap_settings_to_test(tenant)).await? {
        Some(settings) => check::check(&settings).await,
        None => Outcome { good: false, text: "Name the server first, and save.".to_owned() },
    };
    tracing::info!(tenant.id = tenant.0, "{} tested the customer directory: {}", who.login, outcome.text);
    Ok(outcome)
}

#[derive(Template)]
#[template(path = "parts/ldap_test.html")]
struct TestCard {
    outcome: Option<Outcome>,
}

#[derive(Template)]
#[template(path = "parts/ldap_test_form.html")]
struct TestForm<'a> {
    csrf: &'a str,
}

/// Under which number it is kept for the next page; rows have smaller ones.
const OUTCOME: i64 = i64::MAX;
const GOOD: char = '+';
const BAD: char = '-';
