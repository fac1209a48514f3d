//! Call scripts: a feature is an `async fn` over a [`Call`]; the engine polls it.
//!
//! No runtime: a script only ever waits for an [`Event`] of its own call or for a deadline, so the engine polls it
//! after each of those with a waker that does nothing. When the owner leg ends the script is dropped, and every
//! wait inside with it.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt::Display,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use chrono::{DateTime, Utc};
use config::{DeviceId, Snapshot, TenantId, UserId, snapshot::Tenant};
use smallvec::SmallVec;

pub(crate) use super::action::{Action, Called, Dial, Diversion, Event, Hush, Manner, Next, Sender, Wanted};
use super::{
    cause::Cause,
    leg::Party,
    outside::{Brought, Visit},
};
use crate::{
    ids::LegId,
    io::Now,
    limits,
    office::Office,
    route::{Caller, Question, Route, forward, route},
    trace::Trace,
};

/// What a feature holds: the verbs (see `verbs.rs`) and the call's inbox. Clones are the same call.
#[derive(Debug, Clone)]
pub(crate) struct Call(Rc<Inner>);

/// What does not change while the call runs.
#[derive(Debug)]
pub(crate) struct Facts {
    pub snapshot: Arc<Snapshot>,
    pub tenant: Arc<Tenant>,
    pub caller: Caller,
    pub office: Rc<Office>,
}

#[derive(Debug)]
struct Inner {
    facts: Facts,
    desk: Rc<RefCell<Desk>>,
    /// Which of the desk's visits it is; `None` for the company where the call began.
    visit: Option<usize>,
}

/// What the script and the engine exchange between two polls.
#[derive(Debug)]
struct Desk {
    now: Now,
    inbox: VecDeque<Event>,
    out: Vec<Action>,
    wake_at: Option<Instant>,
    answered: bool,
    diversions: Vec<Diversion>,
    /// Who signed for the caller.
    signatures: Vec<String>,
    /// Before the caller's name, for the callees.
    caller_prefix: String,
    /// Where a callee's phone sends the call.
    moved_to: Option<String>,
    /// Whose phone that is.
    moved_by: Option<UserId>,
    /// The phone that calls, once that is known.
    caller_device: Option<DeviceId>,
    called: SmallVec<[Called; 2]>,
    /// Who is shown to callees, where that is not who began the call.
    presents: Option<Rc<Party>>,
    /// Who sent the caller on, while it is open what that comes to.
    sender: Option<Sender>,
    /// Keys that are pressed are of interest.
    listens: bool,
    /// The next way outside does not show who calls.
    hidden: bool,
    trace: Trace,
    visits: Vec<Visit>,
}

/// The feature a call is running, and those it goes on to.
pub(crate) struct Script {
    future: Pin<Box<dyn Future<Output = Cause>>>,
}

impl Script {
    /// A script that is this future; nothing runs before the first [`Script::step`].
    pub(crate) fn new(future: impl Future<Output = Cause> + 'static) -> Self {
        Self { future: Box::pin(future) }
    }
    /// Lets the script go on as far as it can.
    pub(crate) fn step(&mut self) -> Poll<Cause> {
        self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

/// For features and verbs.
impl Call {
    /// What does not change.
    pub(crate) fn facts(&self) -> &Facts {
        &self.0.facts
    }
    /// The time of the event that is being handled.
    pub(crate) fn now(&self) -> Instant {
        self.0.desk.borrow().now.at
    }
    /// Both clocks.
    pub(crate) fn time(&self) -> Now {
        self.0.desk.borrow().now
    }
    /// The same in the time of calendars.
    pub(crate) fn utc(&self) -> DateTime<Utc> {
        self.0.desk.borrow().now.utc
    }
    /// Where a number leads that somebody dials within this call.
    pub(crate) fn route(&self, caller: &Caller, dialled: &str) -> Route {
        let Facts { snapshot, tenant, .. } = self.facts();
        route(&Question { snapshot, tenant: tenant.id, caller, dialled, utc: self.utc() })
    }
    /// Where a number leads to which somebody forwards a call.
    pub(crate) fn route_forward(&self, by: &Caller, to: &str) -> Route {
        let Facts { snapshot, tenant, .. } = self.facts();
        forward(&Question { snapshot, tenant: tenant.id, caller: by, dialled: to, utc: self.utc() })
    }
    /// Whether the caller is answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.0.desk.borrow().answered
    }
    /// Writes a decision into the trace.
    pub(crate) fn note(&self, what: &'static str, detail: impl Display, rule: &'static str) {
        let mut desk = self.0.desk.borrow_mut();
        let now = desk.now.at;
        // One company reads nothing of the other's rules.
        let trace = match self.0.visit {
            Some(visit) => &mut desk.visits[visit].trace,
            None => &mut desk.trace,
        };
        trace.note(now, what, detail, rule);
    }
    /// The same call within another company of the group: its numbers, users and rules are theirs from there on. MT-11.
    /// As `outside` the caller is seen there as anybody outside is.
    pub(crate) fn elsewhere(&self, tenant: &Arc<Tenant>, dialled: &str, outside: Option<Party>) -> Self {
        let own = self.facts();
        let number = match &outside {
            Some(party) => party.number.clone(),
            // Who is of outside, or came by an access code, is called back by the number they have already.
            None if own.caller.user.is_none() && own.caller.device.is_none() => own.caller.number.clone(),
            None if self.is_of_others() => {
                let code = tenant.calling.access_code.as_str();
                let is_theirs = own.caller.user.is_some_and(|id| own.snapshot.user(tenant.id, id).is_some());
                let number = own.caller.number.strip_prefix(code).filter(|_| is_theirs);
                number.unwrap_or(&own.caller.number).to_owned()
            }
            None => [own.tenant.calling.access_code.as_str(), &own.caller.number].concat(),
        };
        let mut desk = self.0.desk.borrow_mut();
        let trace = Trace::new(desk.now.at, own.snapshot.revision);
        desk.visits.push(Visit {
            tenant: tenant.id,
            caller: number.clone(),
            outside,
            dialled: dialled.to_owned(),
            trace,
        });
        let visit = Some(desk.visits.len() - 1);
        let facts = Facts {
            snapshot: own.snapshot.clone(),
            tenant: tenant.clone(),
            caller: Caller { number, ..Caller::default() },
            office: Rc::clone(&own.office),
        };
        Self(Rc::new(Inner { facts, desk: Rc::clone(&self.0.desk), visit }))
    }
    /// The caller as people of a company see them that was called by a number of the public network; `None` elsewhere.
    pub(crate) fn seen_from_outside(&self, by: TenantId) -> Option<Party> {
        let desk = self.0.desk.borrow();
        desk.visits.iter().rev().find(|visit| visit.tenant == by).and_then(|visit| visit.outside.clone())
    }
    /// Whether the caller came by the access code of a company group: such a caller takes no trunk of the company. MT-13
    pub(crate) fn is_guest_of_group(&self) -> bool {
        let desk = self.0.desk.borrow();
        self.is_of_others() || self.0.visit.is_some_and(|visit| desk.visits[visit].outside.is_none())
    }
    /// Whether the caller is a user or a phone of another company, whom somebody of this one sent on. MT-13
    pub(crate) fn is_of_others(&self) -> bool {
        let Facts { snapshot, tenant, caller, .. } = self.facts();
        let user = caller.user.is_some_and(|id| snapshot.user(tenant.id, id).is_none());
        user || caller.device.is_some_and(|id| snapshot.device(tenant.id, id).is_none())
    }
    /// Whether the caller is of another company than the one whose rules decide.
    pub(crate) fn is_guest(&self, home: TenantId) -> bool {
        self.facts().tenant.id != home
    }
    /// The forwards followed so far.
    pub(crate) fn diversions(&self) -> Vec<Diversion> {
        self.0.desk.borrow().diversions.clone()
    }
    /// Remembers a forward; how many there are with it.
    pub(crate) fn divert(&self, diversion: Diversion) -> usize {
        let mut desk = self.0.desk.borrow_mut();
        desk.diversions.push(diversion);
        desk.diversions.len()
    }
    /// Identity headers that came with the caller. SIP-41
    pub(crate) fn signatures(&self) -> Vec<String> {
        self.0.desk.borrow().signatures.clone()
    }
    /// What callees see before the caller's name from now on.
    pub(crate) fn set_caller_prefix(&self, prefix: &str) {
        prefix.clone_into(&mut self.0.desk.borrow_mut().caller_prefix);
    }
    /// What callees see before the caller's name.
    pub(crate) fn caller_prefix(&self) -> String {
        self.0.desk.borrow().caller_prefix.clone()
    }
    /// Whose phone sent the call elsewhere last, and where to.
    pub(crate) fn moved_to(&self) -> Option<(UserId, String)> {
        let mut desk = self.0.desk.borrow_mut();
        Some((desk.moved_by.take()?, desk.moved_to.take()?))
    }
    /// It was this user's phone that sent the call elsewhere.
    pub(super) fn set_moved_by(&self, user: Option<UserId>) {
        self.0.desk.borrow_mut().moved_by = user;
    }
    /// The phone that calls.
    pub(crate) fn caller_device(&self) -> Option<DeviceId> {
        self.0.desk.borrow().caller_device
    }
    /// That phone calls.
    pub(crate) fn set_caller_device(&self, device: DeviceId) {
        self.0.desk.borrow_mut().caller_device = Some(device);
    }
    /// Who sent the caller on, while it is open what that comes to. SIP-22
    pub(crate) fn sender(&self) -> Option<Sender> {
        self.0.desk.borrow().sender.clone()
    }
    /// Keys that parties press are told from now on, at most [`limits::DIGITS`] that are not taken yet.
    pub(crate) fn listen(&self) {
        self.0.desk.borrow_mut().listens = true;
    }
    /// Those who are called from now on do not see who calls. FC-15.
    pub(crate) fn hide(&self) {
        self.0.desk.borrow_mut().hidden = true;
    }
    /// Whether those who are called are not to see who calls.
    pub(crate) fn is_hidden(&self) -> bool {
        self.0.desk.borrow().hidden
    }
    /// The call was for that user, whatever becomes of it. CH-07.
    pub(crate) fn concerns(&self, user: UserId, blocked: bool) {
        let mut desk = self.0.desk.borrow_mut();
        if !desk.called.iter().any(|called| called.user == user) {
            let from = desk.presents.clone();
            desk.called.push(Called { user, blocked, from });
        }
    }
    /// Wants something done.
    pub(crate) fn act(&self, action: Action) {
        self.0.desk.borrow_mut().out.push(action);
    }

    /// The first event that `pick` accepts, or `None` once `until` has passed. Events not picked stay in the inbox
    /// for a later wait (selective receive).
    pub(super) async fn take<T>(
        &self,
        until: Option<Instant>,
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> Option<T> {
        poll_fn(|_| {
            let mut desk = self.0.desk.borrow_mut();
            let found = desk.inbox.iter().enumerate().find_map(|(i, e)| pick(e).map(|t| (i, t)));
            if let Some((index, taken)) = found {
                desk.inbox.remove(index);
                return Poll::Ready(Some(taken));
            }
            if until.is_some_and(|t| t <= desk.now.at) {
                return Poll::Ready(None);
            }
            desk.wake_at = [desk.wake_at, until].into_iter().flatten().min();
            Poll::Pending
        })
        .await
    }
}

/// For the engine.
impl Call {
    /// A call that nothing happened to.
    pub(crate) fn new(facts: Facts, now: Now) -> Self {
        let desk = Desk::new(now, facts.snapshot.revision);
        Self(Rc::new(Inner { facts, desk: Rc::new(RefCell::new(desk)), visit: None }))
    }
    /// The same call with another caller; whoever held it as it was holds an empty one. Its script is over.
    pub(crate) fn handed_to(&self, caller: Caller, party: Party) -> Self {
        let Facts { snapshot, tenant, office, .. } = &self.0.facts;
        let facts =
            Facts { snapshot: snapshot.clone(), tenant: tenant.clone(), caller, office: office.clone() };
        let mut desk = self.0.desk.borrow_mut();
        let empty = Desk::new(desk.now, facts.snapshot.revision);
        let mut desk = std::mem::replace(&mut *desk, empty);
        desk.inbox.clear();
        desk.out.clear();
        desk.wake_at = None;
        desk.listens = false;
        desk.caller_prefix.clear();
        desk.diversions.clear();
        desk.signatures.clear();
        desk.caller_device = party.device;
        desk.presents = Some(Rc::new(party));
        Self(Rc::new(Inner { facts, desk: Rc::new(RefCell::new(desk)), visit: None }))
    }
    /// What it brought along from outside.
    pub(crate) fn bring(&self, brought: Brought) {
        let mut desk = self.0.desk.borrow_mut();
        (desk.diversions, desk.signatures) = (brought.diversions, brought.signatures);
    }
    /// That party is in the caller's place from now on.
    pub(crate) fn set_presents(&self, party: Party) {
        self.0.desk.borrow_mut().presents = Some(Rc::new(party));
    }
    /// The phone in the caller's place.
    pub(crate) fn set_caller_device_to(&self, device: Option<DeviceId>) {
        self.0.desk.borrow_mut().caller_device = device;
    }
    /// Who is shown to callees, where that is not who began the call.
    pub(crate) fn presents(&self) -> Option<Rc<Party>> {
        self.0.desk.borrow().presents.clone()
    }
    /// Somebody who came into the call talks with that party.
    pub(crate) fn concerns_also(&self, user: UserId, partner: Party) {
        let mut desk = self.0.desk.borrow_mut();
        if !desk.called.iter().any(|called| called.user == user) {
            desk.called.push(Called { user, blocked: false, from: Some(Rc::new(partner)) });
        }
    }
    /// Who sent the caller on.
    pub(crate) fn set_sender(&self, sender: Option<Sender>) {
        self.0.desk.borrow_mut().sender = sender;
    }
    /// Sets the time before a step.
    pub(crate) fn wake(&self, now: Now) {
        let mut desk = self.0.desk.borrow_mut();
        desk.now = now;
        desk.wake_at = None;
    }
    /// Puts an event into the inbox.
    pub(crate) fn tell(&self, event: Event) {
        self.0.desk.borrow_mut().inbox.push_back(event);
    }
    /// A callee's phone sends the call to this number.
    pub(crate) fn tell_moved(&self, leg: LegId, to: String) {
        self.0.desk.borrow_mut().moved_to = Some(to);
        self.tell(Event::Moved(leg));
    }
    /// A party pressed a key.
    pub(crate) fn tell_digit(&self, leg: LegId, digit: char) -> bool {
        let mut desk = self.0.desk.borrow_mut();
        let waiting = desk.inbox.iter().filter(|event| matches!(event, Event::Digit(..))).count();
        let taken = desk.listens && waiting < limits::DIGITS;
        if taken {
            desk.inbox.push_back(Event::Digit(leg, digit));
        }
        taken
    }
    /// Removes the events of a leg that was cleared.
    pub(crate) fn forget(&self, leg: LegId) {
        self.0.desk.borrow_mut().inbox.retain(|event| event.leg() != Some(leg));
    }
    /// The caller is answered.
    pub(crate) fn mark_answered(&self) {
        self.0.desk.borrow_mut().answered = true;
    }
    /// What the script wants done.
    pub(crate) fn take_actions(&self) -> Vec<Action> {
        std::mem::take(&mut self.0.desk.borrow_mut().out)
    }
    /// When the script waits no longer.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.0.desk.borrow().wake_at
    }
    /// A decision or event of the engine.
    pub(crate) fn note_at(&self, now: Instant, what: &'static str, detail: impl Display, rule: &'static str) {
        self.0.desk.borrow_mut().trace.note(now, what, detail, rule);
    }
    /// The same in the trace of that company, if the call came to it: others read nothing of its rules.
    pub(crate) fn note_in(
        &self,
        now: Instant,
        company: TenantId,
        (what, detail, rule): (&'static str, &str, &'static str),
    ) {
        let mut desk = self.0.desk.borrow_mut();
        if let Some(visit) = desk.visits.iter_mut().rev().find(|visit| visit.tenant == company) {
            visit.trace.note(now, what, detail, rule);
        }
    }
    /// Whom the call was for.
    pub(crate) fn called(&self) -> SmallVec<[Called; 2]> {
        self.0.desk.borrow().called.clone()
    }
    /// The trace, for the record of the call that is over.
    pub(crate) fn take_trace(&self) -> String {
        self.0.desk.borrow_mut().trace.finish()
    }
    /// What the call was for other companies.
    pub(crate) fn take_visits(&self) -> Vec<Visit> {
        std::mem::take(&mut self.0.desk.borrow_mut().visits)
    }
    /// The trace as it would be stored now.
    pub(crate) fn trace_so_far(&self) -> String {
        self.0.desk.borrow().trace.so_far()
    }
}

impl Desk {
    fn new(now: Now, revision: i64) -> Self {
        Self {
            now,
            inbox: VecDeque::new(),
            out: vec![],
            wake_at: None,
            answered: false,
            diversions: vec![],
            signatures: vec![],
            caller_prefix: String::new(),
            moved_to: None,
            moved_by: None,
            caller_device: None,
            called: SmallVec::new(),
            presents: None,
            sender: None,
            listens: false,
            hidden: false,
            trace: Trace::new(now.at, revision),
            visits: vec![],
        }
    }
}
