//! What a reseller's programs do with a customer: open it whole, see what it uses, sell licences, appoint its first
//! administrator., LIC-13, OPS-15.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{
    access::{Author, Verb, Viewer},
    customers::opening::BEGINNING,
    query::ListQuery,
    resource::Values,
    resources::{licences::LICENCES, tenants::TENANTS},
    write::Step,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{MOST, acting, appointed, info};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    sent::{RowId, Sent},
    state::App,
};

/// One licence that is sold: one that is there by `id`, or a new one with name and kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sale {
    id: Option<i64>,
    name: Option<String>,
    kind: Option<String>,
    /// `null` is without limit.
    quantity: Option<u64>,
}

/// Several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sales {
    licences: Vec<Sale>,
}

/// Who is to be the first administrator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    first_name: String,
    #[serde(default)]
    last_name: String,
    email: String,
}

/// `POST /api/v1/customers`: a tenant with all it begins with, or nothing.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    who: Who,
    Sent(sent): Sent<Map<String, Value>>,
) -> Answer {
    who.writable(TENANTS.name)?;
    if !who.may(Verb::Create, &TENANTS) {
        return Err(Fault::Forbidden("Your role does not allow this").into());
    }
    let (mut tenant, mut beginning) = (Values::new(), Values::new());
    for (name, value) in sent {
        let value = match value {
            Value::String(text) => text,
            Value::Bool(flag) => if flag { "1" } else { "0" }.to_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let is_further = BEGINNING.field(&name).is_some();
        if is_further { &mut beginning } else { &mut tenant }.insert(name, value);
    }
    let author = who.author("api");
    let made = app.db(move |db| Ok::<_, Fault>(db.open_account(&author, &tenant, &beginning))).await?;
    let id = made.map_err(Fault::from)?.id;
    let mut answer = (StatusCode::CREATED, Json(json!({ "id": id }))).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/{}/{id}", TENANTS.name)) {
        answer.headers_mut().insert(header::LOCATION, place);
    }
    Ok(answer)
}

/// `GET /api/v1/tenants/{id}/usage`.
pub(crate) async fn usage(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    who.table(TENANTS.name)?;
    let usage = info::usage(&app, &who, id).await?;
    Ok(Json(json!({
        "cm_id": usage.cm_id,
        "domain": usage.domain,
        "customer_group": usage.group.map(|(_, name)| name),
        "suspended": usage.suspended,
        "users": usage.users,
        "devices": usage.devices,
        "numbers": usage.numbers,
        "calls_this_month": usage.calls,
        "licences_in_use": usage.licences_in_use,
        "licences_sold": usage.licences_sold,
    }))
    .into_response())
}

/// `GET /api/v1/tenants/{id}/licences`: what the customer has bought.
pub(crate) async fn licences(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    let author = acting(&app, &who, id).await?;
    Ok(bought(&app, author.viewer).await?)
}

/// `PATCH /api/v1/tenants/{id}/licences`: how many of each; all of it, or nothing.
pub(crate) async fn sell(
    State(app): State<Arc<App>>,
    who: Who,
    RowId(id): RowId,
    Sent(sales): Sent<Sales>,
) -> Answer {
    let author: Author = acting(&app, &who, id).await?;
    let steps: Vec<Step> = sales.licences.into_iter().map(step).collect();
    let viewer = author.viewer;
    app.db(move |db| Ok::<_, Fault>(db.write_all(&author, &steps))).await?.map_err(Fault::from)?;
    Ok(bought(&app, viewer).await?)
}

/// `POST /api/v1/tenants/{id}/administrator`: 201 with their setup link, this once.
pub(crate) async fn appoint(
    State(app): State<Arc<App>>,
    who: Who,
    RowId(id): RowId,
    Sent(person): Sent<Person>,
) -> Answer {
    let author = acting(&app, &who, id).await?;
    let given = [("first_name", person.first_name), ("last_name", person.last_name), ("email", person.email)];
    let values = given.map(|(name, value)| (name.to_owned(), value)).into();
    let (user, link) = appointed(&app, author, values).await?.map_err(Fault::from)?;
    tracing::info!(tenant.id = id, "{} made {} the first administrator", who.login, link.login);
    let link_to = format!("{}{}", app.settings.base_url.trim_end_matches('/'), link.path);
    let made = json!({ "id": user.0, "login": link.login, "setup_link": link_to });
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn step(sale: Sale) -> Step {
    let quantity = sale.quantity.map(|quantity| quantity.to_string()).unwrap_or_default();
    let named = [("name", sale.name), ("kind", sale.kind), ("quantity", Some(quantity))];
    let given = named.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?)));
    let values: Values = given.collect();
    match sale.id {
        Some(id) => Step::Update { of: &LICENCES, id, values },
        None => Step::Create { of: &LICENCES, values },
    }
}

async fn bought(app: &App, viewer: Viewer) -> Result<Response, Fault> {
    let query = ListQuery { limit: MOST, ..ListQuery::default() };
    let rows = app.db(move |db| db.list(&viewer, &LICENCES, &query)).await?.rows;
    let items: Vec<Value> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row.values.get(name).map_or("", String::as_str);
            let number = |name: &str| text(name).parse::<u64>().ok();
            json!({
                "id": row.id, "name": text("name"), "kind": text("kind"), "quantity": number("quantity"),
                "in_use": number("in_use").unwrap_or_default(),
            })
        })
        .collect();
    Ok(Json(json!({ "total": items.len(), "items": items })).into_response())
}
