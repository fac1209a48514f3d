//! `/admin/feature-codes`: the card of all feature codes, to be printed and laid beside the phones; `/help/feature-codes`: that
//! of one user. A-37, FC-01…15. The codes
//! themselves are edited as the table they are.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{
    access::{Permission, Viewer},
    codes::Function,
    query::ListQuery,
    resources::feature_codes::FEATURE_CODES,
};

use crate::{auth::Who, error::Fault, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "feature_codes.html")]
struct CardPage {
    page: Page,
    company: String,
    codes: Vec<CodeView>,
    may_edit: bool,
}

/// A code that can be dialled.
#[derive(Debug)]
struct CodeView {
    keys: String,
    /// What follows the keys; blank for nothing.
    argument: &'static str,
    title: &'static str,
    /// Who may dial it; blank is everybody.
    permission: &'static str,
}

/// `GET /admin/feature-codes`: all that can be dialled, and who may.
pub(crate) async fn card(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    if !who.may_see(&FEATURE_CODES) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let codes = dialled(&app, &who).await?.into_iter().map(|(code, _)| code).collect();
    let page = Page::new(&app, &who, "/admin/feature-codes", "Feature code card").below_menu("Configuration");
    let company = page.tenant.clone();
    reply::html(&CardPage { company, codes, may_edit: who.may_write(&FEATURE_CODES), page })
}

/// `GET /help/feature-codes`: those that the user may dial.
pub(crate) async fn own(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let may = |wanted: Option<Permission>| wanted.is_none_or(|permission| who.viewer.has(permission));
    let codes = dialled(&app, &who).await?.into_iter();
    let codes = codes.filter(|(_, wanted)| may(*wanted)).map(|(code, _)| CodeView { permission: "", ..code });
    let codes = codes.collect();
    let page = Page::portal(&who, "/help/feature-codes", "Feature codes").below("Help", "/help");
    reply::html(&CardPage { company: page.tenant.clone(), codes, may_edit: false, page })
}

/// The codes that can be dialled, each with the permission that it wants.
async fn dialled(app: &App, who: &Who) -> Result<Vec<(CodeView, Option<Permission>)>, Fault> {
    // What can be dialled is no secret of administrators.
    let viewer = Viewer::primary(who.tenant);
    let query = ListQuery { sort: "code".into(), limit: 200, ..ListQuery::default() };
    let rows = app.read(move |db| db.list(&viewer, &FEATURE_CODES, &query)).await?.rows;
    let codes = rows.iter().filter(|row| row.values["enabled"] == "1").filter_map(|row| {
        let function = Function::of(&row.values["function"]).filter(|function| function.is_here())?;
        let wanted = Permission::ALL.iter().find(|(_, key, _)| *key == row.values["permission"]);
        let code = CodeView {
            keys: row.values["code"].clone(),
            argument: function.argument().word(),
            title: function.title(),
            permission: wanted.map_or("", |(.., label)| label),
        };
        Some((code, wanted.map(|(permission, ..)| *permission)))
    });
    Ok(codes.collect())
}
