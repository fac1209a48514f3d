//! What devices have beside their form: registration state that moves by itself, a new SIP password shown once, and how to
//! register the phone. DEV-04.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{DeviceId, Resource, resources::devices::DEVICES};

use super::{Beside, list::ListView};
use crate::{auth::Who, error::Fault, live::LiveBinding, query::Pairs, reply, state::App};

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
    let username = device.values.get("username").cloned().unwrap_or_default();
    let may_renew = who.may_write(&DEVICES);
    let side = DeviceSide {
        id,
        secret: app.once.take(who.session, id),
        status: state(!contacts.is_empty()),
        contacts,
        register: how_to_register(app, &username, "as made for this device")?,
        may_renew,
    };
    let after = if may_renew { RenewDialog { id, csrf: &who.csrf }.render()? } else { String::new() };
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
