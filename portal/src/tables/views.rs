//! How somebody looks at a list, remembered: list or cards, columns, and views saved under a name. NAV-13.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use config::{
    Db, Resource,
    query::QueryError,
    views::{View, ViewError},
};

use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App};

/// A saved view as the menu shows it.
#[derive(Debug)]
pub(crate) struct Saved {
    pub name: String,
    pub href: String,
    /// It is what the list shows now.
    pub on: bool,
}

impl Saved {
    /// The views that somebody saved of a table; `plain` is what the list shows now.
    pub fn of(db: &Db, owner: i64, of: &Resource, plain: &Pairs) -> Result<Vec<Self>, Fault> {
        let views = db.views(owner, of.name).map_err(QueryError::from)?;
        let now = plain.text();
        let saved = |view: View| Self {
            href: Pairs::parse(&view.query).link(&format!("/admin/{}", of.name)),
            on: view.query == now,
            name: view.name,
        };
        Ok(views.into_iter().map(saved).collect())
    }
}

/// Whose the remembered states are.
pub(crate) fn owner(who: &Who) -> i64 {
    who.user.0
}

/// `POST /admin/{table}/state`: `view` (`list` or `cards`) and `col` (columns; none means the declared ones) as they shall be
/// from now on.
pub(crate) async fn keep(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let (sent, owner) = (Pairs::parse(&body), owner(&who));
    app.db(move |db| {
        let before = Pairs::parse(&db.list_state(owner, of.name)?);
        let view = if sent.has("view") { sent.get("view") } else { before.get("view") };
        let columns: Vec<&str> = sent.all("col").filter(|name| of.field(name).is_some()).collect();
        let columns = match (sent.has("columns"), sent.has("reset")) {
            (_, true) => String::new(),
            (true, false) => columns.join(","),
            (false, false) => before.get("cols").to_owned(),
        };
        let state = Pairs::default().with("view", view).with("cols", &columns);
        db.keep_list_state(owner, of.name, &state.without(&[]).text()).map_err(QueryError::from)
    })
    .await?;
    Ok(reply::back(&headers, &format!("/admin/{}", of.name), ""))
}

/// `POST /admin/{table}/views`: saves what the list shows under `name`.
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let (sent, owner) = (Pairs::parse(&body), owner(&who));
    let query = Pairs::parse(sent.get("query")).without(&["after", "n", "limit", "view"]).text();
    let view = View { name: sent.get("name").to_owned(), query };
    let done = app.db(move |db| Ok::<_, Fault>(db.save_view(owner, of.name, &view))).await?;
    let toast = match done {
        Ok(()) => "View saved".to_owned(),
        Err(ViewError::Sqlite(error)) => return Err(QueryError::from(error).into()),
        Err(refused) => format!("Not saved: {refused}"),
    };
    Ok(reply::back(&headers, &format!("/admin/{}", of.name), &toast))
}

/// `POST /admin/{table}/views/forget`: removes the view `name`.
pub(crate) async fn forget(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let (name, owner) = (Pairs::parse(&body).get("name").to_owned(), owner(&who));
    app.read(move |db| db.forget_view(owner, of.name, &name)).await?;
    Ok(reply::back(&headers, &format!("/admin/{}", of.name), "View removed"))
}
