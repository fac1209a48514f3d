//! A phone that is called sends the call elsewhere (3xx): a forward that its user set on the phone itself. SIP-17.

use sip_stack::{
    Message, Name,
    headers::NameAddr,
    uri::{Scheme, Uri},
};

use super::{Engine, incoming::number_of};
use crate::{ids::LegId, io::Now};

impl Engine {
    /// Has the script follow a redirection; `false` if it names no number of ours.
    pub(super) fn on_moved(&mut self, now: Now, leg: LegId, response: &Message) -> bool {
        let Some(to) = self.moved_to(leg, response) else { return false };
        self.leg_over(now, leg, format!("sends the call to {to}"));
        let Some(call) = self.calls.call_of(leg) else { return false };
        let who = &self.calls.legs[&leg].party;
        call.note(now, "Sent elsewhere", format_args!("{who} to {to}"), "3xx of the phone");
        call.handle.tell_moved(leg, to);
        let id = call.id;
        self.ready.push_back(id);
        true
    }

    /// The number in the first Contact that is an address of the call's tenant, by its domain or by ours.
    fn moved_to(&self, leg: LegId, response: &Message) -> Option<String> {
        response.values(Name::Contact).find_map(|value| {
            let name = NameAddr::parse(value)?;
            Uri::parse(name.uri).filter(|uri| self.is_ours(leg, uri)).and_then(|uri| number_of(&uri))
        })
    }

    /// Whether an address that a party names is one of its tenant, by its domain or by ours.
    pub(super) fn is_ours(&self, leg: LegId, uri: &Uri<'_>) -> bool {
        let (Some(call), Some(row)) = (self.calls.call_of(leg), self.calls.legs.get(&leg)) else {
            return false;
        };
        let facts = call.handle.facts();
        let company = self.company_of(leg).unwrap_or(facts.tenant.id);
        let by_domain = || facts.snapshot.tenant_by_domain(&uri.host_text());
        let by_address = uri.ip().is_some_and(|ip| {
            ip == row.flow.local.ip().to_canonical() || Some(ip) == self.options.external_address
        });
        uri.scheme == Scheme::Tel || by_address || by_domain().is_some_and(|t| t.id == company)
    }
}
