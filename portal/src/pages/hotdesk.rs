//! `/admin/devices/hotdesk`: the phones of sites, who is logged in to each, and logging them out. A-08, HD-02…04.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{
    DeviceId,
    codes::Function,
    hotdesk::Hotdesk,
    models,
    query::{ListQuery, QueryError},
    resources::{devices::DEVICES, settings::SETTINGS},
};

use crate::{auth::Who, error::Fault, reply, state::App, text::At, view::Page};

#[derive(Template)]
#[template(path = "hotdesk.html")]
struct HotdeskPage {
    page: Page,
    csrf: String,
    phones: Vec<PhoneView>,
    may_log_out: bool,
    /// They may say when users are logged out.
    may_set: bool,
    hours: String,
    until: String,
    /// The keys by which users log in.
    login: String,
}

#[derive(Debug)]
struct PhoneView {
    id: i64,
    name: String,
    model: &'static str,
    site: String,
    location: String,
    /// Who is logged in; their page and what they are called.
    user: Option<(i64, String)>,
    since: Option<At>,
    registered: bool,
}

/// `GET /admin/devices/hotdesk`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    if !who.may_see(&DEVICES) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let viewer = who.viewer();
    let (phones, settings, codes) = app
        .read(move |db| {
            let settings = db.list(&viewer, &SETTINGS, &ListQuery::default())?.rows;
            Ok::<_, QueryError>((db.hotdesks(&viewer)?, settings, db.feature_codes(viewer.tenant)?))
        })
        .await?;
    let value = |name: &str| settings.first().map(|row| row.values[name].clone()).unwrap_or_default();
    let login = codes.into_iter().find(|(function, _)| *function == Function::HotdeskIn);
    let bound = app.live.bindings(who.tenant);
    let registered = |device: DeviceId| bound.iter().any(|binding| binding.device == device);
    let page = Page::new(&app, &who, "/admin/devices/hotdesk", "Hotdesk devices")
        .below_menu("Configuration")
        .below("Devices", "/admin/devices");
    let view = HotdeskPage {
        csrf: who.csrf.clone(),
        phones: phones.into_iter().map(|phone| PhoneView::new(registered(phone.device), phone)).collect(),
        may_log_out: who.may_write(&DEVICES),
        may_set: who.may_write(&SETTINGS),
        hours: Some(value("hotdesk_hours"))
            .filter(|hours| !hours.is_empty())
            .map_or_else(String::new, |h| h + " h"),
        until: value("hotdesk_until"),
        login: login.map(|(_, code)| code).unwrap_or_default(),
        page,
    };
    reply::html(&view)
}

/// `POST /admin/devices/hotdesk/{id}/log-out`.
pub(crate) async fn log_out(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    app.db(move |db| Ok::<_, Fault>(db.log_out_hotdesk(&author, DeviceId(id))?)).await?;
    Ok(reply::see_other(
        "/admin/devices/hotdesk",
        "Logged out. The phone calls emergency numbers only until the next login.",
    ))
}

impl PhoneView {
    fn new(registered: bool, phone: Hotdesk) -> Self {
        let since = chrono::DateTime::parse_from_rfc3339(&phone.since).ok();
        Self {
            id: phone.device.0,
            name: phone.name,
            model: models::by_key(&phone.model).map_or("", |model| model.label),
            site: phone.site,
            location: phone.location,
            since: since.filter(|_| phone.user.is_some()).map(|at| At::full(at.timestamp_millis())),
            user: phone.user.map(|(id, name)| (id.0, name)),
            registered,
        }
    }
}
