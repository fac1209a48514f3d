//! Settings and phone books for desk phones. DEV-16, DIR-12.
//!
//! `GET /provision/<secret>/<file>`: phones ask for files by names of their own, which hold their hardware address. The secret
//! is that of one phone, or the one that all phones of a tenant begin with, see `config::phones`. Whoever shows neither gets
//! 404, as does a phone that nobody knows: it waits on the page of provisioning until somebody takes it on.
//!
//! Each maker has a file here that reads like the description of its settings; `Phone` is what they all are told.

mod book;
mod fanvil;
mod file_name;
mod grandstream;
pub(crate) mod phone;
mod polycom;
mod sangoma;
mod snom;
mod xml;
mod yealink;
mod zone;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    Db, DeviceId, TenantId,
    phones::{Over, Profile, Visit, Visitor, models::Vendor},
};

use crate::{
    error::Fault,
    state::App,
    waiting::{self, Stranger},
};
use file_name::FileName;
use phone::{Phone, Reached};

/// What a phone gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub kind: &'static str,
    pub text: String,
    /// How many people are in it, of a phone book.
    pub entries: Option<usize>,
}

/// `GET /provision/{key}/{file}`.
pub(crate) async fn serve(
    State(app): State<Arc<App>>,
    Path((key, file)): Path<(String, String)>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    let from = peer
        .map_or(IpAddr::from([0, 0, 0, 0]), |axum::Extension(ConnectInfo(peer))| peer.ip().to_canonical());
    if let Err(seconds) = app.strangers.admit(from, Instant::now()) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response();
    }
    match document(&app, key, file, from, &headers).await {
        Ok(Some(document)) => ([(header::CONTENT_TYPE, document.kind)], document.text).into_response(),
        Ok(None) => {
            app.strangers.refused(from, Instant::now());
            StatusCode::NOT_FOUND.into_response()
        }
        Err(fault) => {
            tracing::warn!("a phone could not be given its settings: {fault}");
            fault.status().into_response()
        }
    }
}

async fn document(
    app: &App,
    key: String,
    file: String,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<Option<Document>, Fault> {
    let agent = text_of(headers, header::USER_AGENT.as_str(), MOST_AGENT);
    let visit = Visit { user_agent: agent, address: from.to_string(), at: Utc::now().timestamp_millis() };
    let reached = Reached::by(app, &text_of(headers, header::HOST.as_str(), 253), from);
    let (secure, waiting) = (app.settings.secure_cookies, app.waiting.clone());
    app.db(move |db| {
        let rules = db.provisioning()?;
        if !secure && !may_leave_in_clear(rules.over, from) {
            return Ok::<_, Fault>(None);
        }
        let file = FileName::read(&file);
        let found = match db.visitor(&key) {
            Some(Visitor::Phone(device)) => own(db, device, &file)?,
            Some(Visitor::Anyone(tenant)) => shared(db, &waiting, tenant, &file, &visit)?,
            None => None,
        };
        let Some(profile) = found else { return Ok(None) };
        let phone = Phone::new(db, profile, &reached.served_by(&rules), &file.pattern)?;
        let Some(document) = written(&phone, &file.pattern) else { return Ok(None) };
        match document.entries {
            Some(entries) => db.note_book(phone.profile.device, visit.at, entries)?,
            None => db.note_fetch(phone.profile.device, &visit)?,
        }
        Ok(Some(document))
    })
    .await
}

/// The phone whose own secret was shown: files that name another one are not there.
fn own(db: &Db, device: DeviceId, file: &FileName) -> Result<Option<Profile>, Fault> {
    let profile = db.profile(device)?;
    Ok(profile
        .filter(|profile| !profile.mac.is_empty() && file.mac.as_ref().is_none_or(|mac| *mac == profile.mac)))
}

/// The phone that asks with the secret of all: once, if it is known; if not, it waits.
fn shared(
    db: &Db,
    waiting: &waiting::Waiting,
    tenant: TenantId,
    file: &FileName,
    visit: &Visit,
) -> Result<Option<Profile>, Fault> {
    let Some(mac) = &file.mac else { return Ok(None) };
    let Some(device) = db.phone_by_mac(tenant, mac)? else {
        waiting.note(tenant, Stranger::new(mac, visit));
        return Ok(None);
    };
    let Some(profile) = db.profile(device)? else { return Ok(None) };
    Ok(db.admit_shared(device, visit)?.then_some(profile))
}

/// What the maker's file writes for that name.
fn written(phone: &Phone, pattern: &str) -> Option<Document> {
    match phone.profile.model.vendor {
        Vendor::Yealink => yealink::document(phone, pattern),
        Vendor::Polycom => polycom::document(phone, pattern),
        Vendor::Snom => snom::document(phone, pattern),
        Vendor::Grandstream => grandstream::document(phone, pattern),
        Vendor::Sangoma => sangoma::document(phone, pattern),
        Vendor::Fanvil => fanvil::document(phone, pattern),
    }
}

/// Whether a phone of that maker does something with a key of that type. The others are kept, and not written.
pub(crate) fn does(vendor: Vendor, kind: &str) -> bool {
    match vendor {
        Vendor::Sangoma => {
            matches!(kind, "line" | "blf" | "speed_dial" | "park" | "voicemail" | "pickup" | "queue")
        }
        Vendor::Polycom => kind != "url",
        Vendor::Yealink | Vendor::Snom | Vendor::Grandstream | Vendor::Fanvil => true,
    }
}

/// Settings hold passwords.
fn may_leave_in_clear(over: Over, to: IpAddr) -> bool {
    match over {
        Over::Https => false,
        Over::Private => is_private(to),
        Over::Any => true,
    }
}

/// RFC 1918, RFC 4193, loopback and single links.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

fn text_of(headers: &HeaderMap, name: &str, most: usize) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.chars().take(most).collect()
}

/// Characters of a user agent that are kept.
const MOST_AGENT: usize = 120;

#[cfg(test)]
mod tests;
