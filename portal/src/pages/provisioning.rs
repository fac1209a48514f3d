//! `/admin/provisioning`: the address that new phones begin with, and the phones that asked and are not known. A-40, DEV-16, 17.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use config::{
    access::Verb,
    phones::{Over, Provisioning},
    resources::{devices::DEVICES, node_settings::NODE_SETTINGS},
};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    state::App,
    text::At,
    view::Page,
    waiting::Stranger,
};

#[derive(Template)]
#[template(path = "provisioning.html")]
struct ProvisioningPage {
    page: Page,
    /// What DHCP option 66 says.
    address: String,
    over: &'static str,
    is_secure: bool,
    pnp: bool,
    /// They may change both.
    may_set: bool,
    may_add: bool,
    waiting: Vec<StrangerView>,
}

#[derive(Debug)]
struct StrangerView {
    mac: String,
    shown: String,
    model: &'static str,
    user_agent: String,
    address: String,
    at: At,
    /// The form of a new device, filled in.
    add: String,
}

/// `GET /admin/provisioning`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    allowed(&who)?;
    let (address, rules) = shared(&app, &who).await?;
    let waiting = waiting(&app, &who).await?;
    reply::html(&ProvisioningPage {
        address,
        over: match rules.over {
            Over::Https => "over HTTPS only",
            Over::Private => "over HTTPS, and over HTTP in private networks",
            Over::Any => "over HTTPS and HTTP",
        },
        is_secure: !app.settings.secure_url.is_empty(),
        pnp: rules.pnp,
        may_set: who.may_see(&NODE_SETTINGS),
        may_add: who.may(Verb::Create, &DEVICES),
        waiting: waiting.into_iter().map(StrangerView::from).collect(),
        page: Page::new(&app, &who, "/admin/provisioning", "Provisioning").below_menu("Configuration"),
    })
}

/// `POST /admin/provisioning/{mac}/forget`: the phone is off the list until it asks again.
pub(crate) async fn forget(
    State(app): State<Arc<App>>,
    who: Who,
    Path(mac): Path<String>,
) -> Result<Response, Fault> {
    allowed(&who)?;
    app.waiting.forget(who.tenant, &mac);
    Ok(reply::see_other("/admin/provisioning", "Taken off the list. It comes back when it asks again."))
}

/// `GET /api/v1/provisioning`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    allowed(&who)?;
    let (address, _) = shared(&app, &who).await?;
    let waiting: Vec<_> = waiting(&app, &who)
        .await?
        .into_iter()
        .map(|one| {
            let model = one.model().map(|model| model.key);
            serde_json::json!({ "mac": one.mac, "model": model, "user_agent": one.user_agent,
                "address": one.address, "asked_at": one.at })
        })
        .collect();
    Ok(Json(serde_json::json!({ "address": address, "waiting": waiting })).into_response())
}

pub(crate) fn allowed(who: &Who) -> Result<(), Fault> {
    if who.may_write(&DEVICES) { Ok(()) } else { Err(Fault::Forbidden("Your role does not allow this")) }
}

/// The address that all phones of the company begin with.
async fn shared(app: &App, who: &Who) -> Result<(String, Provisioning), Fault> {
    let tenant = who.tenant;
    let (key, rules) = app.db(move |db| Ok::<_, Fault>((db.phones_key(tenant), db.provisioning()?))).await?;
    let secure = app.settings.secure_url.as_str();
    let root = if secure.is_empty() { app.settings.base_url.as_str() } else { secure };
    Ok((format!("{}/provision/{key}/", root.trim_end_matches('/')), rules))
}

/// The phones that wait; who became a device meanwhile does not.
async fn waiting(app: &App, who: &Who) -> Result<Vec<Stranger>, Fault> {
    let (tenant, all) = (who.tenant, app.waiting.of(who.tenant));
    app.db(move |db| {
        let mut left = Vec::new();
        for stranger in all {
            if db.phone_by_mac(tenant, &stranger.mac)?.is_none() {
                left.push(stranger);
            }
        }
        Ok::<_, Fault>(left)
    })
    .await
}

impl From<Stranger> for StrangerView {
    fn from(stranger: Stranger) -> Self {
        let model = stranger.model();
        let name = model.map_or("Phone", |model| model.label);
        let form = Pairs::default()
            .with("name", name)
            .with("mac", &stranger.mac)
            .with("model", model.map_or("", |model| model.key))
            .with("username", &format!("phone-{}", stranger.mac));
        let digits: Vec<&str> = (0..6).filter_map(|at| stranger.mac.get(2 * at..2 * at + 2)).collect();
        Self {
            shown: digits.join(":"),
            model: model.map_or("Unknown model", |model| model.label),
            at: At::full(stranger.at),
            add: form.link("/admin/devices/new"),
            mac: stranger.mac,
            user_agent: stranger.user_agent,
            address: stranger.address,
        }
    }
}
