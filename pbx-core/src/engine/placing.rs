//! A call from the portal: nobody sent an INVITE, so the caller's own phone is called first and then takes the place that a
//! caller's leg has. CTC-01…06.
//!
//! ```text
//!   portal       engine            A             B
//!     │── Call ───►│── INVITE ────►│             │   shows B
//!     │            │◄───────── 200 │             │   A is the caller now
//!     │            │── INVITE ──────────────────►│   shows A
//!     │            │   ringback ──►│◄──────  200 │
//! ```

use std::{rc::Rc, sync::Arc};

use config::{TenantId, UserId};
use sip_stack::SubscriptionId;

use super::Engine;
use crate::{
    call::{
        Call, Cause, Running,
        leg::{Party, Side, State},
        running::Record,
        script::{Facts, Script},
    },
    features,
    ids::{CallId, LegId},
    io::Now,
    limits,
    live::{Command, Order},
    route::{self, Caller, Question},
};

impl Engine {
    /// What the portal asks for.
    pub(super) fn obey(&mut self, now: Now, command: Command) {
        match command {
            Command::HangUp { tenant, id } => self.hang_up(now, tenant, &id),
            Command::Resync { tenant, device, reboot } => self.resync(now, tenant, device, reboot),
            Command::Call(order) => self.place(now, *order),
            Command::Transfer { tenant, id, who, to } => self.transfer(now, tenant, (&id, &to), who),
            Command::TestTrunk { tenant, trunk } => self.test_trunk(now, tenant, trunk),
            Command::Cancel { tenant, user, id } => self.cancel(now, (tenant, user), &id),
        }
    }

    fn place(&mut self, now: Now, order: Order) {
        self.begin_placed(now, order, None);
        self.settle(now);
    }

    /// Begins a call that somebody placed, and tells who hears of it what it comes to; `None` if there is none, since nobody may
    /// or there is no room.
    pub(super) fn begin_placed(
        &mut self,
        now: Now,
        order: Order,
        reference: Option<SubscriptionId>,
    ) -> Option<CallId> {
        let snapshot = self.snapshot.clone();
        let user = snapshot.user(order.tenant, order.user).filter(|user| !user.suspended);
        let tenant = snapshot.tenant(order.tenant).filter(|tenant| !tenant.suspended);
        let (Some(tenant), Some(user)) = (tenant, user) else { return None };
        let known = self.calls.names.contains_key(order.id.as_str());
        let usable = !order.number.is_empty()
            && order.number.len() <= limits::NUMBER_BYTES
            && !order.number.contains(char::is_control);
        if known || !usable {
            return None;
        }
        if let Some(why) = self.no_room(now) {
            self.counters.refused(why);
            return None;
        }
        let number = user.number.clone().unwrap_or_default();
        let party =
            Party { number: number.clone(), name: user.full_name(), user: Some(user.id), device: None };
        let facts = Facts {
            snapshot: snapshot.clone(),
            tenant: tenant.clone(),
            caller: Caller { user: Some(user.id), number, ..Caller::default() },
            office: Rc::clone(&self.office),
        };
        let question = Question {
            snapshot: &snapshot,
            tenant: tenant.id,
            caller: &facts.caller,
            dialled: &order.number,
            utc: now.utc,
        };
        let route = match order.by {
            Some(trunk) => route::outside::alone::by(&question, trunk),
            None => route::route(&question),
        };
        let (id, nobody) = (self.calls.new_id(), self.office.new_leg());
        let record = Record::new(Arc::from(order.id), now, party, order.number);
        let mut call = Running::new(id, Call::new(facts, now), nobody, record);
        call.aside.reference = reference;
        self.add_call(call);
        let from = order.from;
        let run = |call, to| Script::new(features::click_to_call(call, from, to));
        self.start(now, id, route, ("click to call", run));
        Some(id)
    }

    /// The phone that answered first is the caller's leg from now on: when it hangs up the call is over.
    pub(super) fn adopt(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| row.state == State::Up) else {
            return self.end(now, id, Cause::OwnPhoneUnanswered, Cause::OwnPhoneUnanswered.text().into());
        };
        row.side = Side::Caller;
        let device = row.party.device;
        let who = row.party.text();
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        call.owner = leg;
        // Records and lists have the caller first.
        call.legs.retain(|other| *other != leg);
        call.legs.insert(0, leg);
        call.record.caller.device = device;
        call.handle.mark_answered();
        call.note(now, "Own phone answered", who, "click to call");
        self.show(now, id);
    }

    /// Ends a call for who placed it.
    fn cancel(&mut self, now: Now, (tenant, user): (TenantId, UserId), name: &str) {
        let Some(&id) = self.calls.names.get(name) else { return };
        let theirs = self.calls.running.get(&id).is_some_and(|call| {
            call.handle.facts().tenant.id == tenant && call.record.caller.user == Some(user)
        });
        if theirs {
            self.end(now, id, Cause::Cancelled, "Cancelled in the portal".into());
        }
    }
}
