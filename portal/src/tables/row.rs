//! One row without leaving the list: its menu, and a look at it in a drawer.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use config::{Kind, Resource, references::Use};

use super::{May, bulk::GIVEN, field::SET, form, tenants};
use crate::{auth::Who, error::Fault, language, state::App};

#[derive(Template)]
#[template(path = "parts/row_menu.html")]
struct RowMenu {
    of: &'static Resource,
    id: i64,
    title: String,
    switches: Vec<Switch>,
    csrf: String,
    may: May,
    /// It is a customer whose portal they may open.
    opens: bool,
}

/// A flag that the menu switches.
#[derive(Debug)]
struct Switch {
    name: &'static str,
    label: &'static str,
    on: bool,
    /// What the bulk action gets to switch it.
    other: String,
}

#[derive(Template)]
#[template(path = "parts/look.html")]
struct Look {
    of: &'static Resource,
    id: i64,
    title: String,
    cards: Vec<LookCard>,
    uses: Vec<Use>,
    may: May,
}

/// The values under one heading of the form; blank ones are left out.
#[derive(Debug)]
struct LookCard {
    title: &'static str,
    values: Vec<(&'static str, String)>,
}

/// `GET /admin/{table}/{id}/menu`: what can be done with a row, as a fragment.
pub(crate) async fn menu(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    let flags = of.settable().filter(|field| matches!(field.kind, Kind::Flag));
    let switches = flags.map(|field| {
        let on = row.values.get(field.name).is_some_and(|value| value == SET);
        let other = format!("{GIVEN}{}", if on { "0" } else { SET });
        Switch { name: field.name, label: field.label, on, other }
    });
    let menu = RowMenu {
        switches: switches.collect(),
        title: form::title(of, &row),
        csrf: who.csrf.clone(),
        may: May::of(&who, of),
        opens: tenants::are(of) && tenants::may_open(&who, id),
        of,
        id,
    };
    Ok(Html(menu.render()?).into_response())
}

/// `GET /admin/{table}/{id}/look`: a row to be read, as a fragment.
pub(crate) async fn look(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let viewer = who.viewer();
    let (row, uses) = app
        .db(move |db| {
            let row = db.get(&viewer, of, id)?.ok_or(Fault::NotFound)?;
            let uses = db.used_by(&viewer, of, id).map_err(config::query::QueryError::from)?;
            Ok::<_, Fault>((row, uses))
        })
        .await?;
    let cards = of.cards.iter().map(|(title, names)| {
        let fields = names.iter().filter_map(|name| of.field(name));
        let values = fields.filter_map(|field| {
            let shown = row.shown.get(field.name).filter(|shown| !shown.is_empty())?;
            Some((field.label, language::shown(field, shown)))
        });
        LookCard { title, values: values.collect() }
    });
    let look = Look {
        cards: cards.filter(|card| !card.values.is_empty()).collect(),
        title: form::title(of, &row),
        uses: super::seen(&who, uses),
        may: May::of(&who, of),
        of,
        id,
    };
    Ok(Html(look.render()?).into_response())
}
