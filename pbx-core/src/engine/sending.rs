//! Where a number leads to which a party sends another one: it is looked up among the numbers of who sends, as they would
//! dial it, wherever the call began. SIP-22, MT-11…13.
//!
//! Between companies of one group who is sent on stays a guest: they reach people and groups of the other company, and none of
//! its trunks, park slots and feature codes.

use config::{TenantId, snapshot::Destination};

use super::Engine;
use crate::call::Cause;
use crate::{
    ids::LegId,
    io::Now,
    route::{self, Caller, Lines, Question, Route, Way},
};

impl Engine {
    /// Where the number leads that this party sends another to. Of another company's rules the lines tell nothing but that it
    /// is theirs; what they say stands in that company's own trace.
    pub(super) fn way_of(&self, now: Now, by: LegId, to: &str) -> Result<(Way, Lines), Cause> {
        let call = self.calls.call_of(by).filter(|_| self.is_one_of_us(by)).ok_or(Cause::NotAllowed)?;
        let facts = call.handle.facts();
        let home = facts.tenant.id;
        let company = self.company_of(by).unwrap_or(home);
        let ask = |tenant, caller: &Caller| {
            let snapshot = &facts.snapshot;
            route::route(&Question { snapshot, tenant, caller, dialled: to, utc: now.utc })
        };
        let Route { to: way, trace } = ask(company, &self.as_caller(by));
        let partner = call.partner(by);
        if matches!(&way, Ok(Way::Outside(plan)) if plan.emergency.is_some()) && company != home {
            // Help comes to who talks with it, by the trunks of where they are.
            let route = ask(home, &partner.map(|partner| self.as_caller(partner)).unwrap_or_default());
            return route.to.map(|way| (way, route.trace)).map_err(Cause::from);
        }
        let guest = partner.and_then(|partner| self.company_of(partner)).is_some_and(|of| of != company);
        let way = way.map_err(Cause::from).and_then(|way| match company == home {
            true if guest => own_trunk(way),
            true => Ok(way),
            false => abroad(way, (company, home)),
        });
        if company == home {
            return match way {
                Ok(way) => Ok((way, trace)),
                Err(cause) => {
                    trace.into_iter().for_each(|(what, detail, rule)| call.note(now, what, detail, rule));
                    Err(cause)
                }
            };
        }
        for (what, detail, rule) in trace {
            call.handle.note_in(now.at, company, (what, &detail, rule));
        }
        let name = facts.snapshot.tenant(company).map_or("", |tenant| &tenant.name);
        let line = ("Looked up", format!("{to} among the numbers of {name}"), "company group");
        match way {
            Ok(way) => Ok((way, vec![line])),
            Err(cause) => {
                call.handle.note_in(now.at, company, ("Not transferred", cause.text(), "company group"));
                call.note(now, line.0, format_args!("{}: {}", line.1, cause.text()), line.2);
                Err(cause)
            }
        }
    }

    /// Whether it is a phone of ours, or one of our users: not somebody beyond a trunk. SIP-44
    pub(super) fn is_one_of_us(&self, leg: LegId) -> bool {
        self.calls
            .legs
            .get(&leg)
            .is_some_and(|row| row.link.is_none() && (row.party.user.is_some() || row.party.device.is_some()))
    }

    /// Whose user or phone a party is; `None` for who is of outside.
    pub(super) fn company_of(&self, leg: LegId) -> Option<TenantId> {
        let row = self.calls.legs.get(&leg).filter(|row| row.link.is_none())?;
        let user = row.party.user.and_then(|id| self.snapshot.user_anywhere(id)).map(|user| user.tenant);
        let device = || row.party.device.and_then(|id| self.snapshot.device_anywhere(id));
        user.or_else(|| device().map(|device| device.tenant))
    }

    /// A party as one who dials.
    pub(super) fn as_caller(&self, leg: LegId) -> Caller {
        let Some(row) = self.calls.legs.get(&leg) else { return Caller::default() };
        let party = &row.party;
        let number = party.number.clone();
        Caller { user: party.user, device: party.device, number, ..Caller::default() }
    }

    /// The same as people of the call's company see them: somebody of another one is called back by its access code. MT-14
    pub(super) fn sent_as_caller(&self, leg: LegId) -> Caller {
        let caller = self.as_caller(leg);
        let home = self.calls.call_of(leg).map(|call| call.handle.facts().tenant.id);
        let other = self.company_of(leg).filter(|company| Some(*company) != home);
        let Some(other) = other.and_then(|company| self.snapshot.tenant(company)) else { return caller };
        Caller { number: [&other.calling.access_code, &*caller.number].concat(), ..caller }
    }
}

/// Where a guest of the company is sent by its own people: not out by its trunks. MT-13
fn own_trunk(way: Way) -> Result<Way, Cause> {
    match way {
        Way::Outside(plan) if plan.emergency.is_none() => Err(Cause::OthersTrunk),
        Way::To(Destination::External(_)) => Err(Cause::OthersTrunk),
        way => Ok(way),
    }
}

/// Where a caller of `home` is sent by somebody of another company.
fn abroad(way: Way, (company, home): (TenantId, TenantId)) -> Result<Way, Cause> {
    match way {
        Way::To(Destination::Extension(number)) => Ok(Way::Elsewhere { tenant: company, number }),
        Way::Elsewhere { tenant, number } if tenant == home => Ok(Way::To(Destination::Extension(number))),
        Way::To(Destination::Hangup(_)) | Way::Elsewhere { .. } | Way::Inside(_) => Ok(way),
        Way::Outside(_) | Way::To(Destination::External(_)) => Err(Cause::OthersTrunk),
        Way::Park(_) | Way::Slot(_) | Way::Direct(_) | Way::Code(_) => Err(Cause::NotAllowed),
    }
}
