//! PUBLISH: what a phone says of its user. RFC 3903. SIP-29. And what it wants changed by as-feature-event. SIP-26.

use std::time::Duration;

use config::edits::Edit;
use rand::Rng;
use sip_stack::{
    Message, Name, RequestId, Response, SubscriptionId,
    headers::{ContentType, seconds},
    uri::Uri,
};

use super::{Engine, editing::Waiting, incoming::number_of, subscriptions::bad_event};
use crate::{
    auth::{Arrival, Refused},
    counters::Refusal,
    io::Now,
    limits,
    presence::{
        feature_event::{self, ForwardKind, RING_SECONDS, Wish},
        package::Package,
        pidf,
        watched::Watched,
    },
};

impl Engine {
    pub(super) fn on_publish(&mut self, now: Now, id: RequestId, arrival: Arrival<'_>) {
        let response = match self.publish(now, arrival) {
            Ok(response) => response,
            Err(Refused { response, why }) => {
                self.counters.refused(why);
                response
            }
        };
        self.stack.respond(now.at, id, response);
    }

    fn publish(&mut self, now: Now, arrival: Arrival<'_>) -> Result<Response, Refused> {
        let request = arrival.request;
        let identity = self.identify_sender(now, arrival)?;
        if Package::asked(request) != Some(Package::Presence) {
            return Err(bad_event());
        }
        let uri = request.request_uri().unwrap_or_default();
        let Some(user) = identity.device.user.filter(|_| identity.owns(&self.snapshot, uri)) else {
            let known = Uri::parse(uri).and_then(|uri| number_of(&uri));
            let known =
                known.is_some_and(|number| self.snapshot.extension(identity.tenant.id, &number).is_some());
            let status = if known { 403 } else { 404 };
            return Err(Refused::new(status, "Not an address of this device", Refusal::NotTheirs));
        };
        let expires = published_for(request)?;
        let device = identity.device.id;
        let condition = request.header(Name::SipIfMatch).map(read_etag);
        if condition
            .is_some_and(|etag| !etag.is_some_and(|etag| self.presence.publications.has(device, etag)))
        {
            return Err(Refused::new(412, "Conditional Request Failed", Refusal::OldCSeq));
        }
        let body = request.body();
        let published = match body.is_empty() {
            true if condition.is_none() => {
                return Err(Refused::new(400, "Nothing published", Refusal::BadContact));
            }
            true => None,
            false => Some(read_body(request, &body)?),
        };
        self.presence.touch(Watched::User(user));
        let etag: u64 = self.random.random();
        if expires.is_zero() {
            self.presence.publications.remove(device);
        } else {
            self.presence.publications.put((device, user), etag, published, now.at + expires);
        }
        let seconds = expires.as_secs().to_string();
        Ok(Response::new(200).with(Name::SipEtag, format!("{etag:016x}")).with(Name::Expires, seconds))
    }

    /// A SUBSCRIBE that wants something changed has it changed; `false` if it wants nothing.
    pub(super) fn wish_is_edited(&mut self, id: SubscriptionId, request: &Message) -> bool {
        let Some(row) = self.presence.watchers.get(id).filter(|row| row.package == Package::FeatureEvent)
        else {
            return false;
        };
        let (Some(wish), Watched::User(user)) = (feature_event::read(&request.body()), row.watched) else {
            return false;
        };
        let tenant = row.tenant;
        let fields = fields_of(wish);
        let reason = "phone".to_owned();
        let edit = Edit { tenant, by: Some(user), table: "users", id: user.0, fields, reason, proof: None };
        let ticket = self.office.new_edit();
        self.edit(ticket, Box::new(edit), Waiting::Watcher(id));
        true
    }

    /// The edit a watcher asked for is written, or is not: then its phone must hear that nothing changed.
    pub(super) fn wish_edited(&mut self, id: SubscriptionId, is_written: bool) {
        if let Some(row) = self.presence.watchers.get_mut(id)
            && !is_written
        {
            row.told.is_stale = true;
            self.presence.watchers.want(id);
        }
    }
}

fn fields_of(wish: Wish) -> Vec<(&'static str, String)> {
    match wish {
        Wish::Dnd(on) => {
            vec![("dnd", String::from(if on { "1" } else { "0" })), ("dnd_until", String::new())]
        }
        Wish::Forward { kind, to, rings } => {
            let (field, until) = match kind {
                ForwardKind::Always => ("forward_always", "forward_always_until"),
                ForwardKind::Busy => ("forward_busy", "forward_busy_until"),
                ForwardKind::NoAnswer => ("forward_no_answer", "forward_no_answer_until"),
            };
            let mut fields = vec![(field, to.unwrap_or_default()), (until, String::new())];
            if let (ForwardKind::NoAnswer, Some(rings)) = (kind, rings) {
                let seconds = rings.saturating_mul(RING_SECONDS).clamp(5, 120);
                fields.push(("forward_no_answer_after", seconds.to_string()));
            }
            fields
        }
    }
}

fn published_for(request: &Message) -> Result<Duration, Refused> {
    let asked = match request.header(Name::Expires) {
        None => limits::USUAL_EXPIRES,
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

fn read_body(request: &Message, body: &[u8]) -> Result<pidf::Published, Refused> {
    let kind = request.header(Name::ContentType).and_then(ContentType::parse);
    let is_pidf = kind.is_some_and(|kind| kind.is(Package::Presence.content_type()));
    if !is_pidf {
        let response = Response::new(415).with(Name::Accept, Package::Presence.content_type());
        return Err(Refused { response, why: Refusal::BadOffer });
    }
    pidf::read(body).ok_or_else(|| Refused::new(400, "Malformed presence document", Refusal::BadOffer))
}

fn read_etag(value: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(value).ok()?.trim(), 16).ok()
}
