//! Phones subscribe to lamps, presence and their mailbox: who may watch what, and for how long. SIP-26…30, SIP-46.
//!
//! Each SUBSCRIBE is authenticated, within a dialog too, and speaks for a device as an INVITE does (SIP-08). What it watches is
//! of its own company; any other address is not there (404). Subscriptions are kept over a restart (SIP-27).

use std::time::{Duration, Instant};

use config::records::{Change, SubscriptionRow};
use sip_stack::{
    Flow, Message, Name, RequestId, Response, SubscriptionId,
    headers::seconds,
    stack::{KeptDialog, Termination},
    uri::Uri,
};

use super::{Engine, incoming::number_of, requests::may_stay};
use crate::{
    auth::{Arrival, Identity, Refused},
    bindings::{parse_flow, print_flow},
    counters::Refusal,
    io::{Now, Output},
    limits, live,
    presence::{
        package::{ALLOW_EVENTS, Package, accepts},
        watched::{self, Unwatchable, Watched},
        watchers::Watcher,
    },
};

/// A SUBSCRIBE that may be accepted.
struct Asked {
    identity: Identity,
    package: Package,
    watched: Watched,
    number: String,
    /// Zero fetches once.
    expires: Duration,
}

impl Engine {
    /// SUBSCRIBE outside of a dialog.
    pub(super) fn on_subscribe(&mut self, now: Now, id: RequestId, arrival: Arrival<'_>) {
        match self.admit_watcher(now, arrival) {
            Ok(asked) => self.begin_watching(now, id, arrival, asked),
            Err(refused) => self.refuse_watcher(now, id, arrival, refused),
        }
    }

    /// SUBSCRIBE within the dialog of a subscription: it is prolonged, or ends.
    pub(super) fn on_resubscribe(
        &mut self,
        now: Now,
        id: SubscriptionId,
        request: RequestId,
        arrival: Arrival<'_>,
    ) {
        let admitted = self.admit_refresh(now, id, arrival);
        let expires = match admitted {
            Ok(expires) => expires,
            Err(refused) => return self.refuse_watcher(now, request, arrival, refused),
        };
        self.stack.refresh_subscription(now.at, request, id, expires);
        let watchers = &mut self.presence.watchers;
        let Some(row) = watchers.get_mut(id) else { return self.stack.forget_subscription(id) };
        row.told.is_stale = true;
        if expires.is_zero() {
            return watchers.end(id, Termination::Timeout);
        }
        watchers.prolong(id, until(now, expires));
        self.keep_watcher(id);
        self.show_watcher(id);
        self.hear_wish(now, id, arrival.request);
    }

    fn admit_watcher(&mut self, now: Now, arrival: Arrival<'_>) -> Result<Asked, Refused> {
        let request = arrival.request;
        let identity = self.identify_sender(now, arrival)?;
        let package = Package::asked(request).ok_or_else(bad_event)?;
        if !package.is_accepted(request) {
            let response = Response::new(406).with(Name::Accept, package.content_type());
            return Err(Refused { response, why: Refusal::BadMethod });
        }
        let expires = granted(request, package)?;
        let unknown = || Refused::new(404, "Nobody here has that address", Refusal::Unwatchable);
        let uri = request.request_uri().and_then(Uri::parse).unwrap_or_default();
        let foreign =
            self.snapshot.tenant_by_domain(&uri.host_text()).is_some_and(|t| t.id != identity.tenant.id);
        let number = number_of(&uri).filter(|_| !foreign).ok_or_else(unknown)?;
        let phone = (identity.tenant.id, &*identity.device);
        let watched = watched::resolve(&self.snapshot, phone, package, &number).map_err(|why| match why {
            Unwatchable::Unknown => unknown(),
            Unwatchable::NotTheirs => Refused::new(403, "That is another's", Refusal::Unwatchable),
        })?;
        self.has_room_to_watch(&identity, request)?;
        Ok(Asked { identity, package, watched, number, expires })
    }

    fn has_room_to_watch(&self, identity: &Identity, request: &Message) -> Result<(), Refused> {
        let watchers = &self.presence.watchers;
        if watchers.of_device(identity.device.id).len() >= limits::SUBSCRIPTIONS_PER_DEVICE {
            return Err(Refused::new(403, "Too many subscriptions of this phone", Refusal::TooManyWatched));
        }
        if watchers.len() >= limits::SUBSCRIPTIONS {
            let response = Response::new(503).with(Name::RetryAfter, limits::RETRY_AFTER);
            return Err(Refused { response, why: Refusal::TooManyWatched });
        }
        let size = |name| request.headers(name).map(<[u8]>::len).sum::<usize>();
        let names = [Name::Contact, Name::From, Name::To, Name::RecordRoute, Name::Event];
        let is_long = names.into_iter().any(|name| size(name) > limits::CONTACT_BYTES);
        if is_long || request.call_id().len() > limits::CALL_ID_BYTES {
            return Err(Refused::new(400, "Header too long", Refusal::BadContact));
        }
        Ok(())
    }

    fn admit_refresh(
        &mut self,
        now: Now,
        id: SubscriptionId,
        arrival: Arrival<'_>,
    ) -> Result<Duration, Refused> {
        let identity = self.identify_sender(now, arrival)?;
        let row = self.presence.watchers.get(id);
        let Some(row) = row.filter(|row| row.device == identity.device.id) else {
            return Err(Refused::new(403, "Not the subscription of this device", Refusal::NotTheirs));
        };
        granted(arrival.request, row.package)
    }

    /// The device that speaks, if it speaks for itself. SIP-08
    pub(super) fn identify_sender(&mut self, now: Now, arrival: Arrival<'_>) -> Result<Identity, Refused> {
        let address = arrival.request.from().uri;
        let identity = self.auth.identify(&self.snapshot, now, arrival, address)?;
        if !identity.owns(&self.snapshot, address) {
            return Err(Refused::new(403, "From is not an address of this device", Refusal::NotTheirs));
        }
        Ok(identity)
    }

    fn refuse_watcher(&mut self, now: Now, id: RequestId, arrival: Arrival<'_>, refused: Refused) {
        self.counters.refused(refused.why);
        tracing::debug!(peer.addr = %arrival.flow.remote, sip.method = "SUBSCRIBE",
            sip.status = refused.response.status, reason = ?refused.why, "request refused");
        self.stack.respond(now.at, id, refused.response);
    }

    fn begin_watching(&mut self, now: Now, request: RequestId, arrival: Arrival<'_>, asked: Asked) {
        let Some(id) = self.stack.accept_subscription(now.at, request, asked.expires) else { return };
        // All parts together are more than a datagram should hold (RFC 3261 §18.1.1).
        let takes_parts = arrival.flow.transport.is_reliable() && accepts(arrival.request, "multipart/mixed");
        let (tenant, device) = (asked.identity.tenant.id, asked.identity.device.id);
        let what = (asked.package, asked.watched, asked.number.into());
        let row = Watcher::new((tenant, device), what, takes_parts, until(now, asked.expires));
        self.counters.subscriptions += 1;
        self.presence.watchers.insert(id, row);
        self.presence.clock.get_or_insert(now.at + limits::CLOCK_TICK);
        if asked.expires.is_zero() {
            return self.presence.watchers.end(id, Termination::Timeout);
        }
        self.keep_watcher(id);
        self.show_watcher(id);
        self.presence.touch(asked.watched);
        self.hear_wish(now, id, arrival.request);
    }

    /// What the first NOTIFY waits for: an edit that came with the SUBSCRIBE, or nothing.
    fn hear_wish(&mut self, now: Now, id: SubscriptionId, request: &Message) {
        if self.wish_is_edited(id, request) {
            // The edit comes back as a revision, and that as a NOTIFY; if it changes nothing, there is one all the same.
            self.presence.watchers.want_at(id, now.at + limits::WISH_WAIT);
        } else {
            self.presence.watchers.want(id);
        }
    }

    /// A watcher is gone without a further word.
    pub(super) fn forget_watcher(&mut self, id: SubscriptionId) {
        let Some(row) = self.presence.watchers.remove(id) else { return };
        let stored = self.records.store(Change::Unsubscribed { id: id.0 });
        self.out.push_back(stored);
        self.out.push_back(Output::Live(live::Change::Unwatched { tenant: row.tenant, id: id.0 }));
    }

    /// Has the subscription survive a restart.
    pub(super) fn keep_watcher(&mut self, id: SubscriptionId) {
        let Some(row) = self.presence.watchers.get(id) else { return };
        let Some((dialog, event)) = self.stack.keep_subscription(id) else { return };
        let row = SubscriptionRow {
            id: id.0,
            tenant: row.tenant,
            device: row.device,
            number: row.number.to_string(),
            event,
            takes_parts: row.takes_parts,
            call_id: dialog.call_id,
            local: dialog.local,
            local_tag: dialog.local_tag,
            contact: dialog.contact,
            remote: dialog.remote,
            target: dialog.target,
            routes: dialog.routes,
            local_cseq: dialog.local_cseq,
            remote_cseq: dialog.remote_cseq,
            flow: print_flow(&dialog.flow),
            expires_at: row.expires_at,
        };
        let stored = self.records.store(Change::Subscribed(Box::new(row)));
        self.out.push_back(stored);
    }

    /// The portal sees who watches what.
    pub(super) fn show_watcher(&mut self, id: SubscriptionId) {
        let Some(row) = self.presence.watchers.get(id) else { return };
        let shown = live::Watcher {
            tenant: row.tenant,
            id: id.0,
            device: row.device,
            package: row.package.name(),
            number: row.number.to_string(),
            watched: row.watched.key(),
            expires_at: row.expires_at,
        };
        self.out.push_back(Output::Live(live::Change::Watching(shown)));
    }

    /// Goes on with the subscriptions of an earlier run. Each is told how things stand now; one that cannot go on is ended so
    /// that its phone subscribes again.
    pub(super) fn restore_watchers(&mut self, now: Now, rows: Vec<SubscriptionRow>) {
        for row in rows {
            let id = SubscriptionId(row.id);
            let left = row.expires_at - now.utc.timestamp_millis();
            let package = Package::of(row.event.split(';').next().unwrap_or_default().as_bytes());
            let (Some(flow), Some(package), true) = (parse_flow(&row.flow), package, left > 0) else {
                let stored = self.records.store(Change::Unsubscribed { id: row.id });
                self.out.push_back(stored);
                continue;
            };
            self.stack.restore_subscription(id, &kept(&row, flow), &row.event);
            let device = self.snapshot.device(row.tenant, row.device).cloned();
            let is_alive = may_stay(&self.snapshot, &self.snapshot, row.tenant, row.device);
            let found = device.filter(|_| is_alive).and_then(|device| {
                watched::resolve(&self.snapshot, (row.tenant, &device), package, &row.number).ok()
            });
            let watched = found.unwrap_or(Watched::Nothing);
            let expires = (now.at + Duration::from_millis(left.unsigned_abs()), row.expires_at);
            let what = (package, watched, row.number.into());
            let watcher = Watcher::new((row.tenant, row.device), what, row.takes_parts, expires);
            self.presence.watchers.insert(id, watcher);
            self.presence.clock.get_or_insert(now.at + limits::CLOCK_TICK);
            match found {
                Some(_) => self.presence.watchers.want(id),
                None => self.presence.watchers.end(id, Termination::Deactivated),
            }
            // Its CSeq has leapt, and must leap again after the next restart.
            self.keep_watcher(id);
            self.show_watcher(id);
        }
    }
}

fn kept(row: &SubscriptionRow, flow: Flow) -> KeptDialog {
    KeptDialog {
        call_id: row.call_id.clone(),
        local: row.local.clone(),
        local_tag: row.local_tag.clone(),
        contact: row.contact.clone(),
        remote: row.remote.clone(),
        target: row.target.clone(),
        routes: row.routes.clone(),
        local_cseq: row.local_cseq,
        remote_cseq: row.remote_cseq,
        flow,
    }
}

/// The time granted: what is asked for, within our bounds. RFC 6665 §4.2.1.1
fn granted(request: &Message, package: Package) -> Result<Duration, Refused> {
    let asked = match request.header(Name::Expires) {
        None => package.usual_expires(),
        Some(value) => {
            seconds(value).ok_or_else(|| Refused::new(400, "Malformed Expires", Refusal::BadContact))?
        }
    };
    if !asked.is_zero() && asked < limits::SUBSCRIPTION_MIN {
        let response =
            Response::new(423).with(Name::MinExpires, limits::SUBSCRIPTION_MIN.as_secs().to_string());
        return Err(Refused { response, why: Refusal::IntervalTooBrief });
    }
    Ok(asked.min(limits::SUBSCRIPTION_MAX))
}

/// The end of that time on both clocks.
fn until(now: Now, expires: Duration) -> (Instant, i64) {
    (now.at + expires, now.utc.timestamp_millis() + expires.as_millis() as i64)
}

/// RFC 6665 §7.2.1
pub(super) fn bad_event() -> Refused {
    Refused { response: Response::new(489).with(Name::AllowEvents, ALLOW_EVENTS), why: Refusal::BadMethod }
}
