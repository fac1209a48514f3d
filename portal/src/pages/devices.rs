//! What devices have beside their form: registration state that moves by itself, a new SIP password shown once, and how to
//! register the phone. DEV-04.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{DeviceId, Resource, resources::devices::DEVICES};

use super::Beside;
use crate::{
    app::App,
    auth::Who,
    error::Fault,
    list::ListView,
    live::LiveBinding,
    query::Pairs,
    view,
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
pub(crate) async fn secret(State(app): State<Arc<App>>, who: Who, Path(id): Path<i64>, body: String) -> Result<Response, Fault> {
    let of = who.writable(DEVICES.name)?;
    let (author, viewer, renew) = (who.author("portal"), who.viewer(), Pairs::parse(&body).has("renew"));
    let secret = app
        .db(move |db| {
            db.get(&viewer, of, id)?.ok_or(Fault::NotFound)?;
            let secret = if renew { db.renew_secret(&author, of, id, SECRET) } else { db.reveal_secret(&author, of, id, SECRET) };
            Ok::<_, Fault>(secret?)
        })
        .await?;
    app.once.keep(who.session, id, secret);
    let toast = if renew { "New password made. It is shown this once." } else { "Shown this once, and noted in the audit log." };
    Ok(view::see_other(&format!("/admin/{}/{id}", DEVICES.name), toast))
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
    let servers: Vec<_> = app.live.sip_addresses().iter().map(|address| Server::read(address)).collect();
    let hint = "Codecs G.711 and G.722; register every 5 to 60 minutes. Nothing else has to be set.";
    Ok(RegisterPart { servers, username, password, hint }.render()?)
}

/// Where a phone registers.
#[derive(Debug)]
struct Server {
    transport: String,
    host: String,
    port: String,
}

impl Server {
    /// Reads `udp 192.0.2.1:5060`.
    fn read(address: &str) -> Self {
        let (transport, rest) = address.split_once(' ').unwrap_or(("udp", address));
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "5060"));
        Self { transport: transport.to_owned(), host: host.trim_matches(['[', ']']).to_owned(), port: port.to_owned() }
    }
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

/// Secrets between the request that made them and the page that shows them once. In memory only, for a minute.
#[derive(Debug, Default)]
pub(crate) struct ShownOnce(Mutex<VecDeque<Kept>>);

struct Kept {
    session: i64,
    id: i64,
    secret: String,
    at: Instant,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({}, {}, …)", self.session, self.id)
    }
}

impl ShownOnce {
    /// Keeps a secret for the session that made it; the oldest of too many goes.
    pub fn keep(&self, session: i64, id: i64, secret: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.at.elapsed() < KEPT_FOR && !(k.session == session && k.id == id));
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept { session, id, secret, at: Instant::now() });
    }

    /// The secret, which is then forgotten.
    pub fn take(&self, session: i64, id: i64) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.at.elapsed() < KEPT_FOR);
        let at = kept.iter().position(|k| k.session == session && k.id == id)?;
        kept.remove(at).map(|k| k.secret)
    }
}

const SECRET: &str = "secret";
const KEPT_FOR: Duration = Duration::from_secs(60);
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_once_and_to_its_session_only() {
        let once = ShownOnce::default();
        once.keep(1, 7, "s".into());
        assert_eq!(once.take(2, 7), None);
        assert_eq!(once.take(1, 7).as_deref(), Some("s"));
        assert_eq!(once.take(1, 7), None);
    }

    #[test]
    fn servers_are_read_from_their_addresses() {
        let read = |text| { let s = Server::read(text); (s.transport, s.host, s.port) };
        assert_eq!(read("udp 192.0.2.1:5060"), ("udp".into(), "192.0.2.1".into(), "5060".into()));
        assert_eq!(read("tcp [2001:db8::1]:5070"), ("tcp".into(), "2001:db8::1".into(), "5070".into()));
    }
}
