//! What a tenant has beside its form, for whoever runs the program: what it has bought, and who its first administrator is.
//! LIC-13, AUTH-20, ROL-06.

pub(crate) mod api;
mod info;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{
    Kind, Problem, Resource, TenantId, UserId,
    access::{Author, Verb, Viewer},
    query::{ListQuery, Row},
    resource::Values,
    resources::{
        licences::{ADVANCED_USER, LICENCES},
        roles::ROLES,
        tenants::TENANTS,
        users::USERS,
    },
    sign_in::SetupLink,
    write::{Step, WriteError},
};

use super::{Beside, customer_groups, list::ListView, related};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App};

#[derive(Template)]
#[template(path = "parts/tenant.html")]
struct TenantPart {
    id: i64,
    csrf: String,
    licences: Vec<Licence>,
    /// Of which there may be one more: all but the licence of every user.
    kinds: Vec<(&'static str, &'static str)>,
    administrators: Vec<String>,
    /// Of the administrator who was made just now; shown this once.
    link: Option<String>,
}

/// What a tenant has bought.
#[derive(Debug)]
struct Licence {
    id: i64,
    name: String,
    kind: String,
    in_use: String,
    /// Blank is without limit.
    quantity: String,
}

/// Whether a table is that of tenants.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == TENANTS.name
}

#[derive(Template)]
#[template(path = "parts/open_tenant.html")]
struct OpenTenant<'a> {
    id: i64,
    csrf: &'a str,
}

/// It stands in the head of the form, and sends another.
#[derive(Template)]
#[template(path = "parts/open_tenant_button.html")]
struct OpenButton;

#[derive(Template)]
#[template(path = "parts/tenant_state.html")]
struct TenantState {
    suspended: bool,
}

/// Whether somebody may open the portal of that customer. R-01
pub(crate) fn may_open(who: &Who, id: i64) -> bool {
    who.may(Verb::Edit, &TENANTS) && !who.is_program() && who.tenant != TenantId(id)
}

/// Fills the column Status of the list: which customers are suspended. R-01
pub(crate) fn column(list: &mut ListView) -> String {
    list.status = "Status";
    for row in &mut list.rows {
        row.status = TenantState { suspended: row.suspended }.render().ok();
    }
    String::new()
}

/// Beside the form of one tenant.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &TENANTS, id).await?;
    if !who.may(Verb::Edit, &TENANTS) {
        return Ok(beside);
    }
    let viewer = Viewer::primary(TenantId(id));
    let (licences, administrators) = app
        .db(move |db| {
            let licences =
                db.list(&viewer, &LICENCES, &ListQuery { limit: MOST, ..ListQuery::default() })?.rows;
            Ok::<_, Fault>((licences, primaries(db, &viewer)?))
        })
        .await?;
    let text = |row: &Row, name: &str| row.values.get(name).cloned().unwrap_or_default();
    let part = TenantPart {
        id,
        csrf: who.csrf.clone(),
        kinds: LICENCES.field("kind").map_or_else(Vec::new, |field| match field.kind {
            Kind::Choice(kinds) => kinds.iter().filter(|(key, _)| *key != ADVANCED_USER).copied().collect(),
            _ => Vec::new(),
        }),
        licences: licences
            .iter()
            .map(|row| Licence {
                id: row.id,
                name: text(row, "name"),
                kind: row.shown.get("kind").cloned().unwrap_or_default(),
                in_use: text(row, "in_use"),
                quantity: text(row, "quantity"),
            })
            .collect(),
        administrators: administrators.into_iter().map(|(_, name)| name).collect(),
        link: app
            .once
            .take(who.session, shown_once(id))
            .map(|path| format!("{}{path}", app.settings.base_url.trim_end_matches('/'))),
    };
    let select = customer_groups::select(app, who).await?;
    beside.side = info::card(app, who, id).await? + &select.side + &beside.side;
    beside.after = part.render()? + &select.after + &beside.after;
    if may_open(who, id) {
        beside.head += &OpenButton.render()?;
        beside.after += &OpenTenant { id, csrf: &who.csrf }.render()?;
    }
    Ok(beside)
}

/// `POST /admin/tenants/{id}/licences`: how many of each; with `name` and `kind` one more.
pub(crate) async fn sell(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let author = acting(&app, &who, id).await?;
    let sent = Pairs::parse(&body);
    let mut steps: Vec<Step> = sent
        .beginning("quantity.")
        .filter_map(|(licence, quantity)| {
            let values = Values::from([("quantity".to_owned(), quantity.trim().to_owned())]);
            Some(Step::Update { of: &LICENCES, id: licence.parse().ok()?, values })
        })
        .collect();
    if !sent.get("name").trim().is_empty() {
        let given =
            ["name", "kind", "quantity"].map(|name| (name.to_owned(), sent.get(name).trim().to_owned()));
        steps.push(Step::Create { of: &LICENCES, values: Values::from(given) });
    }
    let written = app.db(move |db| Ok::<_, Fault>(db.write_all(&author, &steps))).await?;
    told(id, written.map(|_| "Licences saved.".to_owned()))
}

/// `POST /admin/tenants/{id}/administrator`: its first primary administrator, who gets the welcome mail; the setup link is
/// shown this once.
pub(crate) async fn appoint(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let author = acting(&app, &who, id).await?;
    let sent = Pairs::parse(&body);
    let values: Values =
        ["first_name", "last_name", "email"].map(|name| (name.to_owned(), sent.get(name).to_owned())).into();
    let made = appointed(&app, author, values).await?;
    if let Ok((_, link)) = &made {
        tracing::info!(tenant.id = id, "{} made {} the first administrator", who.login, link.login);
        app.once.keep(who.session, shown_once(id), link.path.clone());
    }
    told(
        id,
        made.map(|(_, link)| {
            format!("{} is the administrator. Their setup link is shown this once.", link.login)
        }),
    )
}

/// Makes the first primary administrator of the author's company.
async fn appointed(
    app: &App,
    author: Author,
    mut values: Values,
) -> Result<Result<(UserId, SetupLink), WriteError>, Fault> {
    // The address is what they sign in with, so it is needed here.
    if values.get("email").is_none_or(|email| email.trim().is_empty()) {
        let message = "An administrator needs an e-mail address to sign in with.";
        return Ok(Err(WriteError::Invalid(vec![Problem::of("email", message)])));
    }
    app.db(move |db| {
        if !primaries(db, &author.viewer)?.is_empty() {
            return Err(Fault::Already("There is a primary administrator already; they make the others"));
        }
        let role = primary_role(db, &author.viewer)?.ok_or(Fault::NotFound)?;
        values.insert("role".to_owned(), role.to_string());
        let made = db.create(&author, &USERS, &values);
        Ok(made.and_then(|made| {
            let user = UserId(made.id);
            Ok((user, db.new_setup_link_for(&author, user)?))
        }))
    })
    .await
}

/// The setup link of the administrator with whom a customer was made, for the page that comes next.
pub(crate) async fn keep_link(app: &App, who: &Who, id: i64) -> Result<(), Fault> {
    let author = acting(app, who, id).await?;
    let link = app
        .db(move |db| {
            let Some((first, _)) = primaries(db, &author.viewer)?.into_iter().next() else { return Ok(None) };
            Ok::<_, Fault>(Some(db.new_setup_link_for(&author, UserId(first))?))
        })
        .await?;
    if let Some(link) = link {
        app.once.keep(who.session, shown_once(id), link.path);
    }
    Ok(())
}

/// Whoever runs the program acts for a tenant under their own name.
async fn acting(app: &App, who: &Who, id: i64) -> Result<Author, Fault> {
    who.writable(TENANTS.name)?;
    if !who.may(Verb::Edit, &TENANTS) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, &TENANTS, id)).await?.ok_or(Fault::NotFound)?;
    let via = if who.is_program() { "api" } else { "portal" };
    Ok(Author { viewer: Viewer::primary(TenantId(id)), ..who.author(via) })
}

/// Who administers a tenant as a whole: user and name.
fn primaries(db: &config::Db, viewer: &Viewer) -> Result<Vec<(i64, String)>, Fault> {
    let Some(role) = primary_role(db, viewer)? else { return Ok(Vec::new()) };
    let query = ListQuery {
        filters: vec![("role".to_owned(), vec![role.to_string()])],
        limit: MOST,
        ..ListQuery::default()
    };
    let rows = db.list(viewer, &USERS, &query)?.rows;
    Ok(rows.iter().map(|row| (row.id, super::form::title(&USERS, row))).collect())
}

fn primary_role(db: &config::Db, viewer: &Viewer) -> Result<Option<i64>, Fault> {
    let query =
        ListQuery { filters: vec![("level".to_owned(), vec!["3".to_owned()])], ..ListQuery::default() };
    Ok(db.list(viewer, &ROLES, &query)?.rows.first().map(|row| row.id))
}

fn told(id: i64, done: Result<String, WriteError>) -> Result<Response, Fault> {
    match done {
        Ok(what) => Ok(back(id, &what)),
        Err(WriteError::Invalid(problems)) => {
            let why: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            Ok(back(id, &format!("Not saved: {}", why.join(" "))))
        }
        Err(other) => Err(other.into()),
    }
}

fn back(id: i64, toast: &str) -> Response {
    reply::see_other(&format!("/admin/{}/{id}", TENANTS.name), toast)
}

/// Apart from the rows of other tables, whose secrets are kept under their ids.
fn shown_once(id: i64) -> i64 {
    i64::MIN + id
}

/// Licences and administrators that are shown.
const MOST: usize = 100;
