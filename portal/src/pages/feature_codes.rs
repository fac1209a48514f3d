//! `/admin/feature-codes`: the card of all feature codes, to be printed and laid beside the phones. A-37, FC-01…15. The codes
//! themselves are edited as the table they are.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{codes::Argument, query::ListQuery, resources::feature_codes::FEATURE_CODES};

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

/// `GET /admin/feature-codes`.
pub(crate) async fn card(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    if !who.may_see(&FEATURE_CODES) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let viewer = who.viewer();
    let query = ListQuery { sort: "code".into(), limit: 200, ..ListQuery::default() };
    let rows = app.read(move |db| db.list(&viewer, &FEATURE_CODES, &query)).await?.rows;
    let codes = rows.iter().filter(|row| row.values["enabled"] == "1").filter_map(|row| {
        let function = config::codes::Function::of(&row.values["function"])?;
        let permission =
            config::access::Permission::ALL.iter().find(|(_, key, _)| *key == row.values["permission"]);
        Some(CodeView {
            keys: row.values["code"].clone(),
            argument: match function.argument() {
                Argument::None => "",
                other => other.word(),
            },
            title: function.title(),
            permission: permission.map_or("", |(.., label)| label),
        })
    });
    let codes = codes.collect();
    let page = Page::new(&app, &who, "/admin/feature-codes", "Feature code card").below_menu("Configuration");
    let view =
        CardPage { company: page.tenant.clone(), codes, may_edit: who.may_write(&FEATURE_CODES), page };
    reply::html(&view)
}
