//! A call comes in by a trunk: whose trunk it is, whom it is for, who calls. SIP-39, NUM-02…07, SIP-25.
//!
//! A trunk is known by where its messages come from. Who is unknown there is taken for a phone, and must prove itself as one.

mod brought;
mod signed;

use std::sync::Arc;

use config::snapshot::{CalledIn, Target, Trunk};
use sip_stack::{
    Message, Name, Response,
    digest::{self, Ha1},
    headers::NameAddr,
    uri::Uri,
};

use super::{
    Engine,
    incoming::{Beginning, hops_left, no_room, number_of, read_offer},
    trunks::CONTACT_PARAM,
};
use crate::{
    auth::{Arrival, Refused},
    call::leg::{Link, Party},
    counters::Refusal,
    io::Now,
    limits,
    route::{
        Caller, Route, Way,
        inbound::{self, Arrived, Inbound},
    },
};

impl Engine {
    /// The trunk that a new call comes from. Of several at one address: the one that the Request-URI names, by our
    /// Contact or by our name there; the one whose company has the number; the first.
    pub(super) fn trunk_behind(&self, arrival: Arrival<'_>) -> Option<Arc<Trunk>> {
        let trunks = self.office.trunks.borrow();
        let mut lines = trunks.of_source(arrival.flow);
        // Phones may be beyond the same address as a trunk.
        if arrival.flow.transport.is_reliable() && digest::claim(arrival.request).is_some() {
            return None;
        }
        if lines.len() > 1 {
            let uri = Uri::parse(arrival.request.request_uri()?)?;
            let named =
                uri.params.get(CONTACT_PARAM).and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
            let (user, snapshot) = (uri.user_text(), &self.snapshot);
            let owns = |trunk: &Trunk| {
                let called = called_number(trunk, arrival.request).unwrap_or_default();
                inbound::number(snapshot, trunk, &called).is_some()
            };
            lines.sort_by_key(|line| {
                let trunk = &line.trunk;
                let by_name = !user.is_empty() && trunk.account.username == user;
                (named != Some(trunk.id.0), !by_name, !owns(trunk), trunk.priority, trunk.id)
            });
        }
        lines.first().map(|line| line.trunk.clone())
    }

    /// What becomes of a call from a trunk.
    pub(super) fn admit_trunk(
        &mut self,
        now: Now,
        arrival: Arrival<'_>,
        trunk: Arc<Trunk>,
        offer: Option<&[u8]>,
    ) -> Result<Beginning, Refused> {
        if let Some(why) = self.no_room(now) {
            return Err(no_room(why));
        }
        // Nobody outside takes over a call of ours (RFC 3891 §3: only who may).
        if arrival.request.header(Name::Replaces).is_some() {
            return Err(Refused::new(403, "Calls are not replaced from outside", Refusal::NotTheirs));
        }
        if trunk.incoming.challenge {
            self.prove_trunk(now, arrival, &trunk)?;
        }
        let is_full = self.office.trunks.borrow().lines.get(&trunk.id).is_some_and(|line| line.is_full());
        if is_full {
            tracing::warn!(trunk.id = %trunk.id, tenant.id = %trunk.tenant,
                "a call is refused: all channels of trunk {} are in use", trunk.name);
            let response = Response::new(486).because("All channels are in use");
            let response = response.with(Name::RetryAfter, limits::RETRY_AFTER);
            return Err(Refused { response, why: Refusal::TrunkFull });
        }
        let request = arrival.request;
        // A party of ours is never taken over from outside. SIP-44
        if request.header(Name::Replaces).is_some() {
            return Err(Refused::new(403, "Calls are not taken over from outside", Refusal::NotTheirs));
        }
        let unknown = || Refused::new(404, "No such number", Refusal::NotTheirs);
        let called = called_number(&trunk, request).ok_or_else(unknown)?;
        let (number, name) = caller(&trunk, request, &self.snapshot);
        let arrived = Arrived {
            snapshot: &self.snapshot,
            trunk: &trunk,
            called: &called,
            caller: &number,
            utc: now.utc,
        };
        let called_back = self.called_back(now, &trunk, &called);
        let helps = called_back.is_some();
        let mut inbound = called_back.or_else(|| inbound::route(&arrived)).ok_or_else(unknown)?;
        let (mut brought, lines) = brought::of(request, (&self.snapshot, &trunk), &inbound.called);
        inbound.route.trace.splice(0..0, lines);
        let signed = signed::Signed {
            request,
            snapshot: &self.snapshot,
            trunk: &trunk,
            called: &inbound.called,
            at: now.utc,
        };
        if let Some(checked) = signed::check(&signed) {
            brought.verdict = checked.verdict;
            inbound.route.trace.push(checked.line);
            match checked.refused {
                Some(_) if helps => inbound.route.trace.push((
                    "Let through",
                    "help may call back unsigned".into(),
                    "emergency calls",
                )),
                Some(refused) => inbound.route.to = Err(refused),
                None => {}
            }
        }
        let tenant = self.snapshot.tenant(inbound.tenant).cloned().ok_or_else(unknown)?;
        let offer = read_offer(offer, (trunk.peer.encryption, arrival.flow))?;
        let (offer, route) = offer.decide(inbound.route);
        let trunk_id = Some(trunk.id);
        Ok(Beginning {
            tenant,
            party: Party { number: number.clone(), name, ..Party::default() },
            caller: Caller { number, trunk: trunk_id, ..Caller::default() },
            dialled: inbound.called,
            route,
            offer,
            max_forwards: hops_left(request),
            link: Some(Link { trunk, is_emergency: false }),
            claim: None,
            brought,
        })
    }

    /// Where a call goes to a number that somebody showed who called for help within the last hour: to them. SIP-42
    fn called_back(&self, now: Now, trunk: &Trunk, called: &str) -> Option<Inbound> {
        let full = inbound::in_full(&self.snapshot, trunk, called);
        let tenant = inbound::number(&self.snapshot, trunk, called)?.tenant;
        let (user, _) = self.office.callbacks.borrow().who_showed(tenant, &full, now.utc)?;
        let user = self.snapshot.user(tenant, user?)?;
        let why = format!("{} called for help within the last hour", user.full_name());
        let way = Way::Direct(Target::User(user.id));
        let route = Route { to: Ok(way), trace: vec![("Calls back", why, "emergency calls")] };
        Some(Inbound { tenant, called: full, route })
    }

    /// The trunk signs in here with its account, as a phone does with its own.
    fn prove_trunk(&mut self, now: Now, arrival: Arrival<'_>, trunk: &Trunk) -> Result<(), Refused> {
        let realm = self.snapshot.tenant(trunk.tenant).map(|t| t.domain.clone()).unwrap_or_default();
        let account = &trunk.account;
        let ha1 = Ha1::new(&account.auth_name, &realm, &account.secret);
        self.auth.prove(now, arrival.request, (&account.auth_name, &realm), &ha1)
    }
}

/// The called number as it came, from where the trunk puts it.
fn called_number(trunk: &Trunk, request: &Message) -> Option<String> {
    let of_address = |value: &[u8]| {
        let address = NameAddr::parse(value)?;
        number_of(&Uri::parse(address.uri)?)
    };
    let of_uri = || number_of(&Uri::parse(request.request_uri()?)?);
    match trunk.incoming.called {
        CalledIn::RequestUri => of_uri(),
        CalledIn::To => request.header(Name::To).and_then(of_address),
        // Without the header the Request-URI has it (RFC 7315 §4.2).
        CalledIn::PCalledPartyId => request.header(Name::PCalledPartyId).and_then(of_address).or_else(of_uri),
    }
}

/// Number and name of who calls: what the trunk asserts goes before what the caller says (RFC 3325 §9.1).
fn caller(trunk: &Trunk, request: &Message, snapshot: &config::Snapshot) -> (String, String) {
    let asserted = [Name::PAssertedIdentity, Name::RemotePartyId];
    let headers = asserted.into_iter().filter_map(|name| request.values(name).next());
    let hides = |value: &[u8]| request_hides(request) || contains(value, b"privacy=full");
    let addresses = headers.chain(request.header(Name::From));
    for value in addresses {
        if hides(value) {
            break;
        }
        let Some(address) = NameAddr::parse(value) else { continue };
        let Some(uri) = Uri::parse(address.uri) else { continue };
        let Some(number) = number_of(&uri) else { continue };
        let is_number = number.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit());
        if !is_number && number.eq_ignore_ascii_case("anonymous") {
            break;
        }
        let number = if is_number { inbound::in_full(snapshot, trunk, &number) } else { number };
        let name = address.display_text();
        let name = if name == number { String::new() } else { name };
        return (number, name.chars().take(limits::NUMBER_BYTES).collect());
    }
    ("anonymous".into(), "Anonymous".into())
}

/// Whether the caller wants not to be shown (RFC 3323 §4.2, RFC 3325 §9.3).
fn request_hides(request: &Message) -> bool {
    let privacy = request.header(Name::Privacy).unwrap_or_default();
    privacy.split(|b| *b == b';' || *b == b',').any(|value| {
        let value = value.trim_ascii();
        value.eq_ignore_ascii_case(b"id") || value.eq_ignore_ascii_case(b"user")
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}
