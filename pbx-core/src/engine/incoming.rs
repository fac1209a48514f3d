//! A call comes in: may it, who is it, what did they dial. SIP-08, SIP-25, EXT-04.

use std::{rc::Rc, sync::Arc};

use bytes::Bytes;
use config::{
    numbering,
    records::Change,
    snapshot::{Encryption, Tenant},
};
use media::{
    Statistics,
    sdp::{self, Description, SdpError},
};
use rand::Rng;
use sip_stack::{
    Flow, InviteId, Message, Name, Response,
    uri::{Scheme, Uri},
};
use smallvec::smallvec;

use super::{
    Engine,
    sealing::{self, InClear},
};
use crate::call::{
    Cause, Leg, Running,
    leg::{Link, Party, Side, State, Times},
    line::Line,
    outside::Brought,
    running::Record,
    script::{Call, Facts, Script},
};
use crate::{
    auth::{Arrival, Identity, Refused},
    cdr,
    counters::Refusal,
    features,
    ids::{CallId, LegId},
    io::Now,
    limits, live,
    route::{self, Caller, Question, Route, Way},
    timers::Timer,
};

/// A call that may begin.
struct Admitted {
    identity: Identity,
    dialled: String,
    offer: Offer,
    max_forwards: u8,
    claim: Option<Claim>,
}

/// What an INVITE wants of a call that runs. SIP-24
#[derive(Debug, Clone, Copy)]
pub(super) enum Claim {
    /// The place of this leg, or to talk with whom that leg rings for.
    Replaces(LegId),
    /// A place beside it.
    Joins(LegId),
}

/// A call that is about to begin: whose, from whom, whereto.
pub(super) struct Beginning {
    pub tenant: Arc<Tenant>,
    pub party: Party,
    pub caller: Caller,
    pub dialled: String,
    pub route: Route,
    pub offer: Option<Description>,
    pub max_forwards: u8,
    /// The trunk by which it comes.
    pub link: Option<Link>,
    /// What the caller wants of another call.
    pub claim: Option<Claim>,
    pub brought: Brought,
}

impl Engine {
    pub(super) fn on_invite(
        &mut self,
        now: Now,
        from: (InviteId, Flow),
        request: &Message,
        offer: Option<Bytes>,
    ) {
        let arrival = Arrival { flow: from.1, request };
        let admitted = match self.trunk_behind(arrival) {
            Some(trunk) => self.admit_trunk(now, arrival, trunk, offer.as_deref()),
            None => self.admit(now, arrival, offer.as_deref()).map(|admitted| self.placed(now, admitted)),
        };
        let begun = admitted.and_then(|beginning| self.begin(now, from, beginning));
        if let Err(Refused { response, why }) = begun {
            self.counters.refused(why);
            self.early.retain(|(invite, _)| *invite != from.0);
            tracing::debug!(peer.addr = %from.1.remote, sip.status = response.status, reason = ?why, "INVITE refused");
            self.stack.reject(now.at, from.0, response);
        }
    }

    fn admit(&mut self, now: Now, arrival: Arrival<'_>, offer: Option<&[u8]>) -> Result<Admitted, Refused> {
        let request = arrival.request;
        let dialled = dialled(request);
        // Help is refused to nobody: neither for want of room, nor to the suspended. GEO-07
        let may_be_help = dialled.as_deref().is_some_and(numbering::calls_help_somewhere);
        let full = self.no_room(now);
        if let Some(why) = full.filter(|_| !may_be_help) {
            return Err(no_room(why));
        }
        let address = request.from().uri;
        let identity = self.auth.identify_any(&self.snapshot, now, arrival, address)?;
        let dialled = dialled.ok_or_else(|| Refused::new(404, "No number dialled", Refusal::BadOffer))?;
        let is_help = may_be_help && route::emergency::is_help(&self.snapshot, &identity.tenant, &dialled);
        if !is_help {
            if let Some(why) = full {
                return Err(no_room(why));
            }
            identity.may_call()?;
            if !identity.owns(&self.snapshot, address) {
                return Err(Refused::new(403, "From is not an address of this device", Refusal::NotTheirs));
            }
        }
        let wanted = (identity.device.encryption, arrival.flow);
        let offer = if is_help { read_helps_offer(offer, wanted)? } else { read_offer(offer, wanted)? };
        let claim = match self.joined(&identity, request)? {
            Some(leg) => Some(Claim::Joins(leg)),
            None => self.replaced(&identity, request)?.map(Claim::Replaces),
        };
        Ok(Admitted { identity, dialled, offer, max_forwards: hops_left(request), claim })
    }

    /// The call of an admitted phone, and where it goes.
    fn placed(&self, now: Now, admitted: Admitted) -> Beginning {
        let Identity { tenant, device, user } = admitted.identity;
        let number = user.as_ref().and_then(|user| user.number.as_deref()).unwrap_or(&device.username);
        let caller = Caller {
            user: user.as_ref().map(|user| user.id),
            device: Some(device.id),
            number: number.to_owned(),
            ..Caller::default()
        };
        let question = Question {
            snapshot: &self.snapshot,
            tenant: tenant.id,
            caller: &caller,
            dialled: &admitted.dialled,
            utc: now.utc,
        };
        let claim = admitted.claim;
        let route = claim.map_or_else(|| route::route(&question), |_| route::anywhere());
        let name = user.as_ref().map_or_else(|| device.name.clone(), |u| u.full_name());
        let party = Party { number: number.to_owned(), name, user: caller.user, device: Some(device.id) };
        let Admitted { dialled, offer, max_forwards, .. } = admitted;
        let (offer, route) = offer.decide(route);
        let (link, brought) = (None, Brought::default());
        Beginning { tenant, party, caller, dialled, route, offer, max_forwards, link, claim, brought }
    }

    /// Begins a call that somebody's INVITE asked for.
    pub(super) fn begin(
        &mut self,
        now: Now,
        from: (InviteId, Flow),
        beginning: Beginning,
    ) -> Result<(), Refused> {
        let Beginning { tenant, party, caller, dialled, route, offer, max_forwards, link, claim, brought } =
            beginning;
        let leg = self.caller_leg(now, from, (party.clone(), offer, link));
        if !self.take_port(now, leg) {
            self.calls.legs.remove(&leg);
            self.log_no_room(now, "RTP ports");
            return Err(no_room(Refusal::NoPort));
        }
        self.engage_trunk(now, leg);
        let (invite, id) = (from.0, self.calls.legs[&leg].call);
        let device = caller.device;
        let snapshot = self.snapshot.clone();
        let facts = Facts { snapshot, tenant, caller, office: Rc::clone(&self.office) };
        let name: Arc<str> = self.call_name(now).into();
        let signature = brought.verdict;
        let record = Record { max_forwards, signature, ..Record::new(name.clone(), now, party, dialled) };
        let handle = Call::new(facts, now);
        handle.bring(brought);
        device.into_iter().for_each(|device| handle.set_caller_device(device));
        let call = Running { legs: smallvec![leg], ..Running::new(id, handle, leg, record) };
        self.calls.invites.insert(invite, leg);
        self.add_call(call);
        self.claim_early(invite, leg);
        self.engage(leg);
        let run = |call, to| match claim {
            Some(Claim::Replaces(leg)) => Script::new(features::replace(call, leg)),
            Some(Claim::Joins(leg)) => Script::new(features::join(call, leg)),
            None => Script::new(features::run(call, to)),
        };
        let by = match claim {
            Some(Claim::Replaces(_)) => "INVITE with Replaces",
            Some(Claim::Joins(_)) => "INVITE with Join",
            None => "INVITE",
        };
        self.start(now, id, route, (by, run));
        Ok(())
    }

    /// The engine has one call more.
    pub(super) fn add_call(&mut self, call: Running) {
        self.calls.names.insert(call.record.name.clone(), call.id);
        self.calls.running.insert(call.id, call);
        self.calls.active += 1;
        self.counters.calls += 1;
    }

    /// Runs the first destination, or ends the call if there is none. `by` is what the call began with, and what runs.
    pub(super) fn start(
        &mut self,
        now: Now,
        id: CallId,
        route: Route,
        by: (&'static str, impl FnOnce(Call, Way) -> Script),
    ) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let record = &call.record;
        let dials = format_args!("{} dials {}", record.caller, record.dialled);
        call.note(now, "Call begins", dials, by.0);
        for (what, detail, rule) in route.trace {
            call.note(now, what, detail, rule);
        }
        tracing::debug!(call.id = %call.record.name, tenant.id = %call.handle.facts().tenant.id,
            "{} calls {}", call.record.caller.number, call.record.dialled);
        let refused = match route.to {
            Ok(to) => {
                call.script = Some(by.1(call.handle.clone(), to));
                None
            }
            Err(refused) => Some(Cause::from(refused)),
        };
        let row = cdr::open(call);
        let stored = self.records.store(Change::CallOpened(Box::new(row)));
        self.out.push_back(stored);
        self.timers.set(now.at + limits::TRACE_WAIT, Timer::Trace(id));
        match refused {
            Some(cause) => self.end(now, id, cause, cause.text().into()),
            None => {
                self.show(now, id);
                self.ready.push_back(id);
            }
        }
    }

    fn caller_leg(
        &mut self,
        now: Now,
        from: (InviteId, Flow),
        (party, offer, link): (Party, Option<Description>, Option<Link>),
    ) -> LegId {
        let id = self.office.new_leg();
        let leg = Leg {
            call: self.calls.new_id(),
            invite: Some(from.0),
            side: Side::Caller,
            came_in: true,
            party,
            flow: from.1,
            state: State::Calling,
            line: Line { remote: offer, ..Line::default() },
            times: Times::new(now.at),
            cause: String::new(),
            statistics: Statistics::default(),
            later: None,
            shows: None,
            parting: false,
            link,
        };
        self.calls.legs.insert(id, leg);
        id
    }

    /// Messages that came before the call was one.
    fn claim_early(&mut self, invite: InviteId, leg: LegId) {
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        while let Some(at) = self.early.iter().position(|(id, _)| *id == invite) {
            self.early.remove(at).into_iter().for_each(|(_, entry)| call.record.ladder.add(entry));
        }
    }

    /// Sortable by time, unique also across restarts.
    fn call_name(&mut self, now: Now) -> String {
        live::call_id(now.utc.timestamp_millis(), self.random.random())
    }
}

/// Max-Forwards for what follows from a request (RFC 3261 §16.6).
pub(super) fn hops_left(request: &Message) -> u8 {
    let value = request.header(Name::MaxForwards);
    let hops = value.and_then(|v| std::str::from_utf8(v).ok()?.trim().parse().ok());
    hops.unwrap_or(70u8).saturating_sub(1)
}

/// The number in the Request-URI: without parameters of the user part; a tel URI without visual separators.
fn dialled(request: &Message) -> Option<String> {
    number_of(&Uri::parse(request.request_uri()?)?)
}

/// The number that an address stands for.
pub(super) fn number_of(uri: &Uri<'_>) -> Option<String> {
    let text = uri.user_text();
    let number = text.split(';').next().unwrap_or_default();
    let number: String = match uri.scheme {
        Scheme::Tel => number.chars().filter(|c| !"-.()".contains(*c)).collect(),
        Scheme::Sip | Scheme::Sips => number.to_owned(),
        Scheme::Other => return None,
    };
    let usable =
        !number.is_empty() && number.len() <= limits::NUMBER_BYTES && !number.contains(char::is_control);
    usable.then_some(number)
}

/// What a caller offers.
pub(super) enum Offer {
    /// Something we can use, or nothing: then we offer.
    Usable(Option<Description>),
    /// Speech in clear, though it must be encrypted; why it cannot be.
    InClear(&'static str),
}

impl Offer {
    /// The offer, and where its call goes: nowhere, if it is in clear. MED-03
    pub(super) fn decide(self, route: Route) -> (Option<Description>, Route) {
        match self {
            Self::Usable(offer) => (offer, route),
            Self::InClear(why) => {
                let line = ("Refused", why.to_owned(), "encrypted speech: always");
                (None, Route { to: Err(route::Refused::NotEncrypted), trace: vec![line] })
            }
        }
    }
}

/// Reads the offer of whoever is to be encrypted so, and signals that way.
pub(super) fn read_offer(body: Option<&[u8]>, (wanted, flow): (Encryption, Flow)) -> Result<Offer, Refused> {
    let Ok(encryption) = sealing::over(wanted, flow) else { return Ok(Offer::InClear(InClear::TEXT)) };
    match body.map(|body| usable(body, encryption)).transpose() {
        Ok(offer) => Ok(Offer::Usable(offer)),
        Err(SdpError::NotEncrypted) => Ok(Offer::InClear("the phone offers speech in clear only")),
        Err(error) => Err(bad_offer(&error)),
    }
}

/// Help is refused to nobody: it may be called in clear. GEO-07
fn read_helps_offer(body: Option<&[u8]>, (wanted, flow): (Encryption, Flow)) -> Result<Offer, Refused> {
    let encryption = match sealing::over(wanted, flow) {
        Ok(sdp::Encryption::Off) | Err(InClear) => sdp::Encryption::Off,
        Ok(sdp::Encryption::Optional | sdp::Encryption::Required) => sdp::Encryption::Optional,
    };
    let offer = body.map(|body| usable(body, encryption)).transpose();
    offer.map(Offer::Usable).map_err(|error| bad_offer(&error))
}

fn usable(body: &[u8], encryption: sdp::Encryption) -> Result<Description, SdpError> {
    let offer = Description::read(body, encryption)?;
    let is_usable = offer.audio.as_ref().is_some_and(|a| !sdp::common(&a.payloads, &a.payloads).is_empty());
    if is_usable { Ok(offer) } else { Err(SdpError::NoAudio) }
}

fn bad_offer(error: &SdpError) -> Refused {
    let status = match error {
        SdpError::Line(_) | SdpError::TooLarge => 400,
        SdpError::NoAudio | SdpError::NotEncrypted | SdpError::NoCodec => 488,
    };
    let response = Response::new(status)
        .because(error.to_string())
        .with(Name::Warning, format!("399 dialtone \"{error}\""));
    Refused { response, why: Refusal::BadOffer }
}

pub(super) fn no_room(why: Refusal) -> Refused {
    let response = Response::new(503).with(Name::RetryAfter, limits::RETRY_AFTER);
    Refused { response, why }
}

#[cfg(test)]
mod tests;
