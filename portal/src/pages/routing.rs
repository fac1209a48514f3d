//! `/admin/routing`: all inbound routes of the company as one picture, numbers → schedule → destinations, with the way that
//! is in force at a moment; numbers that ring somebody directly, and those that lead nowhere. A-21, ICR-01…05, NUM-07.

pub(crate) mod canvas;

use std::{collections::HashSet, sync::Arc};

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use config::{
    NumberId, Problem,
    destination::Destination,
    resources::inbound_routes::INBOUND_ROUTES,
    routing::{Listed, Routing},
    snapshot::InboundRoute,
};
use serde_json::{Value, json};

use super::{rules::words, simulator};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    view::Page,
    zone::Clock,
};
use canvas::{Band, Canvas};

#[derive(Template)]
#[template(path = "routing.html")]
struct RoutingPage {
    page: Page,
    search: String,
    at: String,
    problem: String,
    /// The moment that is shown, on the company's clocks.
    moment: String,
    zone: String,
    may_simulate: bool,
    canvas: Canvas,
    bypassing: Vec<Bypass>,
    more_bypassing: usize,
    nowhere: Vec<String>,
    more_nowhere: usize,
    /// What the links to other pages of the list ask, without the page's number.
    query: String,
    at_page: usize,
    pages: usize,
}

/// A number that comes not here.
struct Bypass {
    number: String,
    number_href: String,
    name: String,
    /// Blank if it is not theirs to see.
    href: String,
    is_group: bool,
    /// A route names it all the same.
    named_by: String,
}

/// `GET /admin/routing?q=&at=&page=`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let text = |name: &str| asked.get(name).trim().chars().take(64).collect::<String>();
    let (search, at) = (text("q"), text("at"));
    let routing = load(&app, &who).await?;
    let found = moment(&routing, &who, &at);
    let problem = if found.is_some() { "" } else { NO_MOMENT };
    let utc = found.unwrap_or_else(Utc::now);
    let clock = clock(&routing, &who, utc);
    let fitting: Vec<&InboundRoute> =
        routing.routes.iter().filter(|route| fits(&routing, route, &search)).collect();
    let pages = fitting.len().div_ceil(ROUTES_PER_PAGE).max(1);
    let at_page = asked.get("page").parse().unwrap_or(1).clamp(1, pages);
    let shown = fitting.iter().skip((at_page - 1) * ROUTES_PER_PAGE).take(ROUTES_PER_PAGE);
    let bands: Vec<Band> = shown.map(|route| band(&routing, &who, route, &clock)).collect();
    let mut bypassing: Vec<Bypass> =
        routing.numbers.iter().filter_map(|listed| bypass(&routing, &who, listed, &search)).collect();
    let more_bypassing = bypassing.len().saturating_sub(LISTED);
    bypassing.truncate(LISTED);
    let mut nowhere: Vec<String> = leading_nowhere(&routing).map(|listed| listed.number.clone()).collect();
    let more_nowhere = nowhere.len().saturating_sub(LISTED_NOWHERE);
    nowhere.truncate(LISTED_NOWHERE);
    reply::html(&RoutingPage {
        page: Page::new(&app, &who, PATH, "Call flow").below_menu("Configuration"),
        problem: problem.to_owned(),
        moment: clock.now.format("%H:%M").to_string(),
        zone: clock.zone.name().to_owned(),
        may_simulate: who.viewer.level >= simulator::LEVEL,
        canvas: Canvas::draw(&bands),
        bypassing,
        more_bypassing,
        nowhere,
        more_nowhere,
        query: format!("q={}&at={}", crate::text::encode(&search), crate::text::encode(&at)),
        at_page,
        pages,
        search,
        at,
    })
}

/// `GET /api/v1/routing?at=`: the same for programs.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = checked(&query, &PARAMETERS)?;
    let routing = load(&app, &who).await?;
    let utc = moment(&routing, &who, asked.get("at"))
        .ok_or_else(|| Fault::Invalid(vec![Problem::of("at", NO_MOMENT)]))?;
    let routes: Vec<Value> = routing
        .routes
        .iter()
        .map(|route| {
            let (is_open, why) = routing.snapshot.is_route_open(route, utc);
            let to = if is_open { &route.open_to } else { &route.closed_to };
            json!({
                "id": route.id.0, "name": route.name, "enabled": route.enabled, "open": is_open, "why": why,
                "to": to.to_string(), "numbers": numbers_of(&routing, route).map(|n| &n.number).collect::<Vec<_>>(),
            })
        })
        .collect();
    let held = |listed: &Listed| {
        let holder = listed.holder.as_ref()?;
        Some(json!({ "number": listed.number, "table": holder.table, "id": holder.id, "name": holder.name }))
    };
    let bypassing: Vec<Value> = routing.numbers.iter().filter_map(held).collect();
    let nowhere: Vec<&String> = leading_nowhere(&routing).map(|listed| &listed.number).collect();
    let body =
        json!({ "at": utc.timestamp_millis(), "routes": routes, "bypassing": bypassing, "nowhere": nowhere });
    Ok(Json(body).into_response())
}

async fn load(app: &App, who: &Who) -> Result<Routing, Fault> {
    who.table(INBOUND_ROUTES.name)?;
    let tenant = who.tenant;
    app.read(move |db| db.routing_of(tenant)).await
}

/// A moment on the company's clocks; `None` if it is none.
fn moment(routing: &Routing, who: &Who, text: &str) -> Option<DateTime<Utc>> {
    simulator::moment(&routing.snapshot, who.tenant, text)
}

fn clock(routing: &Routing, who: &Who, utc: DateTime<Utc>) -> Clock {
    let zone = routing.snapshot.tenant(who.tenant).map(|tenant| routing.snapshot.zone_of_tenant(tenant));
    Clock::new(zone.map_or("UTC", |zone| zone.name()), utc)
}

/// The numbers that a route names and that come to it.
fn numbers_of<'a>(routing: &'a Routing, route: &'a InboundRoute) -> impl Iterator<Item = &'a Listed> {
    routing.numbers.iter().filter(|listed| listed.holder.is_none() && route.numbers.contains(&listed.id))
}

/// The numbers that neither ring somebody nor are taken by a route that is switched on.
fn leading_nowhere(routing: &Routing) -> impl Iterator<Item = &Listed> {
    let enabled = || routing.routes.iter().filter(|route| route.enabled);
    let all_taken = enabled().any(|route| route.numbers.is_empty());
    let named: HashSet<NumberId> = enabled().flat_map(|route| route.numbers.iter().copied()).collect();
    let lost = move |listed: &&Listed| listed.holder.is_none() && !all_taken && !named.contains(&listed.id);
    routing.numbers.iter().filter(lost)
}

fn fits(routing: &Routing, route: &InboundRoute, search: &str) -> bool {
    let search = search.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&search);
    let reached = [&route.open_to, &route.closed_to]
        .into_iter()
        .any(|to| has(&to.in_words()) || holder_of(routing, to).is_some_and(|holder| has(&holder.name)));
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    let numbered =
        !digits.is_empty() && numbers_of(routing, route).any(|listed| listed.number.contains(&digits));
    reached || numbered || has(&route.name)
}

fn holder_of<'a>(routing: &'a Routing, to: &Destination) -> Option<&'a config::routing::Holder> {
    match to {
        Destination::Extension(number) => routing.extensions.get(number),
        Destination::External(_) | Destination::Hangup(_) => None,
    }
}

/// A route as it is drawn.
fn band(routing: &Routing, who: &Who, route: &InboundRoute, clock: &Clock) -> Band {
    let numbers: Vec<&Listed> = numbers_of(routing, route).collect();
    let utc = clock.now.to_utc();
    let (is_open, _) = routing.snapshot.is_route_open(route, utc);
    let until = routing.snapshot.route_changes(route, utc).map(|at| words::moment(at, clock));
    canvas::band(canvas::Drawn {
        routing,
        route,
        numbers: &numbers,
        is_open,
        until: until.unwrap_or_default(),
        sees: &|table| config::resources::by_name(table).is_some_and(|of| who.may_see(of)),
    })
}

fn bypass(routing: &Routing, who: &Who, listed: &Listed, search: &str) -> Option<Bypass> {
    let holder = listed.holder.as_ref()?;
    let wanted = search.to_lowercase();
    if !listed.number.contains(&wanted) && !holder.name.to_lowercase().contains(&wanted) {
        return None;
    }
    let sees = config::resources::by_name(holder.table).is_some_and(|of| who.may_see(of));
    let names = |route: &&InboundRoute| route.numbers.contains(&listed.id);
    let NumberId(id) = listed.id;
    Some(Bypass {
        number: listed.number.clone(),
        number_href: format!("/admin/numbers/{id}"),
        name: holder.name.clone(),
        href: if sees { format!("/admin/{}/{}", holder.table, holder.id) } else { String::new() },
        is_group: holder.table == "ring_groups",
        named_by: routing.routes.iter().find(names).map(|route| route.name.clone()).unwrap_or_default(),
    })
}

pub(crate) const PARAMETERS: [Param; 1] = [Param::new(
    "at",
    Takes::Text,
    "A time such as 2026-12-24T18:00, on the clocks of the company; now without it.",
)];
const PATH: &str = "/admin/routing";
const NO_MOMENT: &str = "A time such as 2026-12-24T18:00, on the clocks of the company.";
/// Routes in one picture; further ones are on further pages.
const ROUTES_PER_PAGE: usize = 20;
/// Numbers that bypass inbound routing on the page.
const LISTED: usize = 50;
/// Numbers that lead nowhere on the page.
const LISTED_NOWHERE: usize = 12;
