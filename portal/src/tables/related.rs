//! Beside a row: the rows of other tables that belong to it, as their declarations say (a user's devices).

use askama::Template;
use config::{Kind, Resource, access::Verb, query::ListQuery};

use super::{Beside, devices, form};
use crate::{auth::Who, error::Fault, state::App};

#[derive(Template)]
#[template(path = "parts/related.html")]
struct RelatedPart {
    of: &'static Resource,
    /// Of the new row's form, filled in.
    new_href: Option<String>,
    all_href: String,
    rows: Vec<Related>,
    more: u64,
}

#[derive(Debug)]
struct Related {
    id: i64,
    title: String,
    sub: String,
    /// Ready HTML of its live state.
    status: Option<String>,
}

/// A card per table that refers to this row and can be filtered by it.
pub(crate) async fn beside(app: &App, who: &Who, of: &Resource, id: i64) -> Result<Beside, Fault> {
    let mut beside = Beside::default();
    for other in config::resources::ALL.into_iter().filter(|other| !other.single && who.may_see(other)) {
        let by = other.filters.iter().filter_map(|name| other.field(name));
        for field in by.filter(|field| matches!(field.kind, Kind::Reference(table) if table == of.name)) {
            let viewer = who.viewer();
            let query = ListQuery {
                filters: vec![(field.name.to_owned(), vec![id.to_string()])],
                limit: SHOWN,
                ..ListQuery::default()
            };
            let found = app.db(move |db| db.list(&viewer, other, &query)).await?;
            let registered = devices::are(other).then(|| devices::registered(app, who));
            let rows: Vec<_> = found
                .rows
                .iter()
                .map(|row| Related {
                    id: row.id,
                    title: form::title(other, row),
                    sub: other
                        .columns
                        .iter()
                        .skip(1)
                        .find(|name| **name != field.name)
                        .and_then(|name| row.shown.get(*name))
                        .cloned()
                        .unwrap_or_default(),
                    status: registered.as_ref().map(|all| devices::state(all.contains_key(&row.id))),
                })
                .collect();
            if registered.is_some() && !rows.is_empty() {
                beside.parts = format!(
                    "regs:{}",
                    rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>().join(".")
                );
            }
            let part = RelatedPart {
                of: other,
                new_href: who
                    .may(Verb::Create, other)
                    .then(|| format!("/admin/{}/new?{}={id}", other.name, field.name)),
                all_href: format!("/admin/{}?f.{}={id}", other.name, field.name),
                more: found.total.saturating_sub(rows.len() as u64),
                rows,
            };
            beside.side += &part.render()?;
        }
    }
    Ok(beside)
}

/// Rows a card; the rest is one click away.
const SHOWN: usize = 10;
