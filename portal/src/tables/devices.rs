//! What devices have beside their form: registration state that moves by itself, a new SIP password shown once, and how to
//! register the phone. DEV-04.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{DeviceId, Resource, access::Permission, query::Row, resources::devices::DEVICES};

use super::{Beside, list::ListView};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    live::LiveBinding,
    query::Pairs,
    reply,
    sent::{RowId, SentOrNothing},
    state::App,
    text::At,
};

/// Whether a table is that of devices.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == DEVICES.name
}

/// Fills the column Status of a list; its live part.
pub(crate) fn column(app: &App, who: &Who, list: &mut ListView) -> String {
    let registered = registered(app, who);
    list.status = "Status";
    for row in &mut list.rows {
        row.status = Some(state(registered.contains_key(&row.id)));
    }
    let ids: Vec<_> = list.rows.iter().map(|row| row.id.to_string()).collect();
    if ids.is_empty() { String::new() } else { format!("regs:{}", ids.join(".")) }
}

/// Beside the form of one device.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let viewer = who.viewer();
    let device = app.db(move |db| db.get(&viewer, &DEVICES, id)).await?.ok_or(Fault::NotFound)?;
    let contacts = registered(app, who).remove(&id).unwrap_or_default();
    let provision = provision(app, who, &device).await?;
    let username = device.values.get("username").cloned().unwrap_or_default();
    let may_renew = who.may_write(&DEVICES);
    let side = DeviceSide {
        id,
        secret: app.once.take(who.session, id),
        status: state(!contacts.is_empty()),
        register: how_to_register(app, &username, "as made for this device")?,
        may_renew,
        may_resync: may_resync(who) && !contacts.is_empty(),
        provision,
        contacts,
    };
    let mut after = ProvisionForms { id, csrf: &who.csrf }.render()?;
    if may_renew {
        after += &RenewDialog { id, csrf: &who.csrf }.render()?;
    }
    Ok(Beside { side: side.render()?, after, head: String::new(), parts: format!("regs:{id},contacts:{id}") })
}

/// `POST /admin/devices/{id}/secret`: the SIP password, shown on the next page only; with `renew`, a new one. Audited.
pub(crate) async fn secret(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(DEVICES.name)?;
    let (author, viewer, renew) = (who.author("portal"), who.viewer(), Pairs::parse(&body).has("renew"));
    let secret = app
        .db(move |db| {
            db.get(&viewer, of, id)?.ok_or(Fault::NotFound)?;
            let secret = if renew {
                db.renew_secret(&author, of, id, SECRET)
            } else {
                db.reveal_secret(&author, of, id, SECRET)
            };
            Ok::<_, Fault>(secret?)
        })
        .await?;
    app.once.keep(who.session, id, secret);
    let toast = if renew {
        "New password made. It is shown this once."
    } else {
        "Shown this once, and noted in the audit log."
    };
    Ok(reply::see_other(&format!("/admin/{}/{id}", DEVICES.name), toast))
}

/// `POST /admin/devices/{id}/resync`: the phone fetches its settings; with `reboot`, it starts anew. SIP-36.
pub(crate) async fn resync(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let reboot = Pairs::parse(&body).has("reboot");
    let toast = match (told(&app, &who, id, reboot).await?, reboot) {
        (false, _) => "It is not registered: it fetches its settings when it starts.",
        (true, true) => "The phone starts anew.",
        (true, false) => "The phone fetches its settings.",
    };
    Ok(reply::see_other(&format!("/admin/{}/{id}", DEVICES.name), toast))
}

/// How a phone is told to come.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Resync {
    /// Starts anew.
    reboot: bool,
}

/// `POST /api/v1/devices/{id}/resync` with `{"reboot": true}` or nothing.
pub(crate) async fn api_resync(
    State(app): State<Arc<App>>,
    who: Who,
    RowId(id): RowId,
    SentOrNothing(how): SentOrNothing<Resync>,
) -> Answer {
    let told = told(&app, &who, id, how.reboot).await?;
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({ "told": told }))).into_response())
}

/// `POST /admin/devices/{id}/allow`: the address that all phones share may give it its settings once more.
pub(crate) async fn allow(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let of = who.writable(DEVICES.name)?;
    let author = who.author("portal");
    app.db(move |db| db.allow_shared(&author, of, id)).await?;
    let toast = "The shared address gives it its settings once more.";
    Ok(reply::see_other(&format!("/admin/{}/{id}", DEVICES.name), toast))
}

/// Whether the phone could be told.
async fn told(app: &App, who: &Who, id: i64, reboot: bool) -> Result<bool, Fault> {
    if !may_resync(who) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, &DEVICES, id)).await?.ok_or(Fault::NotFound)?;
    Ok(app.live.resync(who.tenant, DeviceId(id), reboot))
}

/// ROL-21, and whoever changes phones.
fn may_resync(who: &Who) -> bool {
    who.may_see(&DEVICES) && (who.may_write(&DEVICES) || who.viewer.has(Permission::Resync))
}

/// What is known of a phone's visits; `None` for a phone that is set up by hand.
async fn provision(app: &App, who: &Who, device: &Row) -> Result<Option<Provision>, Fault> {
    let value = |name: &str| device.values.get(name).cloned().unwrap_or_default();
    if value("model").is_empty() {
        return Ok(None);
    }
    let id = DeviceId(device.id);
    let (key, used) = app.db(move |db| Ok::<_, Fault>((db.phone_key(id), db.shared_was_used(id)?))).await?;
    let secure = app.settings.secure_url.as_str();
    let root = if secure.is_empty() { app.settings.base_url.as_str() } else { secure };
    let moment = |name: &str| {
        let moment = chrono::DateTime::parse_from_rfc3339(&value(name)).ok()?;
        Some(At::full(moment.timestamp_millis()))
    };
    Ok(Some(Provision {
        address: who.may_write(&DEVICES).then(|| format!("{}/provision/{key}", root.trim_end_matches('/'))),
        without_mac: value("mac").is_empty(),
        fetched: moment("fetched"),
        fetched_by: value("fetched_by"),
        book: moment("book_fetched"),
        entries: value("book_entries"),
        shared_used: used && who.may_write(&DEVICES),
        lacks_tls: value("secure") == "1" && !app.live.sip_addresses().iter().any(|a| a.starts_with("tls ")),
    }))
}

/// See [`provision`].
#[derive(Debug)]
struct Provision {
    /// For those who may know it.
    address: Option<String>,
    without_mac: bool,
    fetched: Option<At>,
    fetched_by: String,
    book: Option<At>,
    entries: String,
    shared_used: bool,
    /// SIP over TLS was asked for, and nothing listens for it.
    lacks_tls: bool,
}

/// The registered contacts of a tenant by device.
pub(crate) fn registered(app: &App, who: &Who) -> HashMap<i64, Vec<LiveBinding>> {
    let mut by_device: HashMap<i64, Vec<LiveBinding>> = HashMap::new();
    for binding in app.live.bindings(who.tenant) {
        let DeviceId(id) = binding.device;
        by_device.entry(id).or_default().push(binding);
    }
    by_device
}

/// The content of a status cell.
pub(crate) fn state(registered: bool) -> String {
    StatePart { state: Registered { registered } }.render().unwrap_or_default()
}

/// The list of a device's contacts.
pub(crate) fn contacts(contacts: &[LiveBinding]) -> Result<String, Fault> {
    Ok(ContactsPart { contacts }.render()?)
}

/// The card that says what to type into a phone.
pub(crate) fn how_to_register(app: &App, username: &str, password: &str) -> Result<String, Fault> {
    let mut servers: Vec<Server> = Vec::new();
    for address in app.live.sip_addresses() {
        let (host, way) = server(&address);
        match servers.iter_mut().find(|server| server.host == host) {
            Some(server) => server.ways.push(way),
            None => servers.push(Server { host, ways: vec![way] }),
        }
    }
    let hint = "Codecs G.711 and G.722; register every 5 to 60 minutes. Nothing else has to be set.";
    Ok(RegisterPart { servers, username, password, hint }.render()?)
}

/// Where a phone registers.
#[derive(Debug)]
struct Server {
    host: String,
    /// `UDP 5060`.
    ways: Vec<String>,
}

/// Host and way of `udp 192.0.2.1:5060`.
fn server(address: &str) -> (String, String) {
    let (transport, rest) = address.split_once(' ').unwrap_or(("udp", address));
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "5060"));
    (host.trim_matches(['[', ']']).to_owned(), format!("{} {port}", transport.to_uppercase()))
}

#[derive(Template)]
#[template(path = "parts/device.html")]
struct DeviceSide {
    id: i64,
    secret: Option<String>,
    status: String,
    contacts: Vec<LiveBinding>,
    register: String,
    may_renew: bool,
    may_resync: bool,
    provision: Option<Provision>,
}

#[derive(Template)]
#[template(path = "parts/provision_forms.html")]
struct ProvisionForms<'a> {
    id: i64,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "parts/renew.html")]
struct RenewDialog<'a> {
    id: i64,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "parts/contacts.html")]
struct ContactsPart<'a> {
    contacts: &'a [LiveBinding],
}

#[derive(Template)]
#[template(path = "parts/reg.html")]
struct StatePart {
    state: Registered,
}

struct Registered {
    registered: bool,
}

#[derive(Template)]
#[template(path = "parts/register.html")]
struct RegisterPart<'a> {
    servers: Vec<Server>,
    username: &'a str,
    password: &'a str,
    hint: &'static str,
}

const SECRET: &str = "secret";
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_from_their_addresses() {
        assert_eq!(server("udp 192.0.2.1:5060"), ("192.0.2.1".into(), "UDP 5060".into()));
        assert_eq!(server("tcp [2001:db8::1]:5070"), ("2001:db8::1".into(), "TCP 5070".into()));
    }
}
