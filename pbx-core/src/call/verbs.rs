//! What a feature can do with its call. Every verb writes to the trace, also what it does not do and why.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::{Duration, Instant},
};

use config::{
    DeviceId, ParkLotId, UserId,
    edits::Edit,
    models::{self, Vendor},
    snapshot::{Answering, Device, Ring, Shows, User},
};

use super::{
    cause::Cause,
    script::{Action, Call, Dial, Diversion, Event, Hush, Manner, Next, Sender, Wanted},
};
use crate::{ids::LegId, limits, route::Caller};

/// Why nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// No phone could be rung: none registered, all switched off, or all failed.
    Unreachable,
    /// We had no room to ring a phone.
    NoRoom,
    /// A phone was busy and none rings any more.
    Busy,
    /// The user refused on one phone for all of them (6xx).
    Declined,
    /// One of the user's phones sends the call elsewhere (3xx), see [`Call::moved_to`].
    Moved,
    /// The time is over.
    Timeout,
}

/// What a ringing phone says.
enum Heard {
    Answer,
    Moved,
    Failure(u16),
}

/// A leg that rings, and whose it is.
pub(crate) type Ringing = (LegId, UserId);

/// A phone with which a call can begin, and who answers it.
pub(crate) type Own = (Arc<User>, Arc<Device>);

/// When a phone is called, and what it is to do.
#[derive(Debug, Clone, Copy)]
struct Turn {
    at: Instant,
    manner: Manner,
}

impl Call {
    /// That much later than now.
    pub(crate) fn after(&self, wait: Duration) -> Instant {
        self.now() + wait
    }

    /// Answers the caller with media of our own; nothing if that is done already.
    pub(crate) fn answer(&self) {
        if !self.is_answered() {
            self.note("Answered by the system", "", "script");
        }
        // Who is answered already may have been sent here: they have arrived.
        self.act(Action::Answer);
    }

    /// Changes the configuration as who calls; whether that was done. Why not, the trace tells.
    pub(crate) async fn edit(&self, edit: Edit) -> bool {
        let ticket = self.facts().office.new_edit();
        self.act(Action::Edit(ticket, Box::new(edit)));
        let until = self.after(limits::EDIT_WAIT);
        let mine = |event: &Event| match *event {
            Event::Edited(edited, done) if edited == ticket => Some(done),
            _ => None,
        };
        let done = self.take(Some(until), mine).await;
        if done.is_none() {
            self.note("Not saved", "the disk is too slow", "edit");
        }
        done.unwrap_or(false)
    }

    /// The next key that is pressed, unless none is until then. [`Call::listen`] comes before.
    pub(crate) async fn digit(&self, until: Instant) -> Option<char> {
        self.take(Some(until), |event| match *event {
            Event::Digit(_, digit) => Some(digit),
            _ => None,
        })
        .await
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, until: Instant) {
        self.take(Some(until), |_| None::<()>).await;
    }

    /// Goes on as if the caller had dialled that number.
    pub(crate) fn dial_on(&self, number: &str) -> Next {
        let route = self.route(&self.facts().caller, number);
        for (what, detail, rule) in route.trace {
            self.note(what, detail, rule);
        }
        match route.to {
            Ok(way) => Next::Go(way),
            Err(refused) => Next::Hangup(refused.into()),
        }
    }

    /// Lets the caller hear a tone until then.
    pub(crate) async fn tone(&self, tone: media::Tone, until: Instant) {
        self.act(Action::Tone(tone));
        self.wait(until).await;
    }

    /// Whether the user takes no further call (RNG-12, C-4).
    pub(crate) fn is_busy(&self, user: &User) -> bool {
        let calls = self.facts().office.lines.borrow().of(user.id);
        let trigger = user.forwards.busy_trigger.max(1);
        if calls >= trigger {
            self.note(
                "Busy",
                format_args!("{} is in {calls} calls, trigger {trigger}", name(user)),
                "busy trigger",
            );
        }
        calls >= trigger
    }

    /// Whether the user does not want to be called: by their own switch or by the rule that decides. Their own calls get
    /// through. RNG-13, RNG-15.
    pub(crate) fn is_undisturbed(&self, user: &User, answering: &Answering<'_>) -> bool {
        let (by_hand, utc) = (user.is_dnd(self.utc()), self.utc());
        if !by_hand && !answering.dnd {
            if let Some(until) = user.dnd_until.filter(|until| user.dnd && *until <= utc) {
                let detail = format_args!("of {} {}", name(user), until.format("%Y-%m-%d %H:%M UTC"));
                self.note("Do not disturb is over", detail, "until");
            }
            return false;
        }
        if self.facts().caller.user == Some(user.id) {
            self.note("Do not disturb passed over", "the user calls themselves", "do not disturb");
            return false;
        }
        let by = if by_hand { "switched on" } else { answering.rule.name() };
        self.note("Do not disturb", format_args!("{}: {by}", name(user)), "do not disturb");
        true
    }

    /// Whether somebody outside calls a user who called for help within the last hour. SIP-42.
    pub(crate) fn is_called_back(&self, user: &User) -> bool {
        let facts = self.facts();
        let open = facts.caller.trunk.is_some()
            && facts.office.callbacks.borrow().awaits(user.tenant, user.id, self.utc());
        if open {
            let why = format_args!("{} called for help within the last hour", name(user));
            self.note("Rings at once", why, "emergency calls");
        }
        open
    }

    /// Whether the user takes no calls from this caller. CH-17.
    pub(crate) fn is_blocked_by(&self, user: &User) -> bool {
        let facts = self.facts();
        let Some(blocked) = facts.snapshot.blocks(facts.tenant.id, Some(user.id), &facts.caller.number)
        else {
            return false;
        };
        let detail = format_args!("{} is blocked by {}: {}", facts.caller.number, name(user), blocked.number);
        self.note("Blocked", detail, "blocked callers");
        self.concerns(user.id, true);
        true
    }

    /// Sends the call to where the user has it forwarded, unless it was forwarded too often.
    pub(crate) fn forward(&self, user: &User, to: &str, why: &'static str) -> Next {
        let number = user.number.clone().unwrap_or_default();
        let to_there = Diversion { number, reason: diversion_reason(why), to: to.to_owned() };
        if self.divert(to_there) > limits::FORWARDS_PER_CALL {
            self.note("Forward loop cut", format_args!("{} to {to}", name(user)), why);
            return Next::Hangup(Cause::Loop);
        }
        self.note("Forwarded", format_args!("{} to {to}", name(user)), why);
        let by = Caller {
            user: Some(user.id),
            number: user.number.clone().unwrap_or_default(),
            shows: (user.forwards.shows == Shows::Caller).then(|| self.facts().caller.number.clone()),
            ..Caller::default()
        };
        let route = self.route_forward(&by, to);
        for (what, detail, rule) in route.trace {
            self.note(what, detail, rule);
        }
        match route.to {
            Ok(way) => Next::Go(way),
            Err(refused) => Next::Hangup(refused.into()),
        }
    }

    /// Rings all devices of these users until one answers or the time is over; the others stop. RNG-01…06.
    ///
    /// A phone that refuses for all (6xx) or sends the call elsewhere stops its user's other phones, not those of other
    /// users.
    pub(crate) async fn ring(&self, users: &[Arc<User>], until: Instant) -> Result<LegId, Unanswered> {
        self.ring_later(users, until, |_| None).await
    }

    /// The same, and what `further` begins to call rings with them.
    pub(crate) async fn ring_with(
        &self,
        users: &[Arc<User>],
        until: Instant,
        further: impl FnOnce() -> Option<Ringing>,
    ) -> Result<LegId, Unanswered> {
        users.iter().for_each(|user| self.concerns(user.id, false));
        let mut ringing: Vec<Ringing> =
            users.iter().flat_map(|user| self.dial_user(user, Duration::ZERO, until)).collect();
        ringing.extend(further());
        self.first_answer(ringing, until).await
    }

    /// The same; the phones of some begin to ring that much later. GRP-12
    pub(crate) async fn ring_later(
        &self,
        users: &[Arc<User>],
        until: Instant,
        later: impl Fn(&User) -> Option<Duration>,
    ) -> Result<LegId, Unanswered> {
        users.iter().for_each(|user| self.concerns(user.id, false));
        let dial = |user| self.dial_user(user, later(user).unwrap_or_default(), until);
        let ringing = users.iter().flat_map(dial).collect();
        self.first_answer(ringing, until).await
    }

    /// Rings the caller's own phones, all at once, until one answers or the time is over: the call goes on from that
    /// one. CTC-04.
    pub(crate) async fn summon(&self, phones: &[Own], until: Instant) -> Result<(), Unanswered> {
        let dial = |(user, device): &Own| {
            self.dial_contacts(user, device, Turn { at: self.now(), manner: Manner::Summons })
        };
        let legs: Vec<(Ringing, DeviceId)> =
            phones.iter().flat_map(|own| dial(own).into_iter().map(|ringing| (ringing, own.1.id))).collect();
        let leg = self.first_answer(legs.iter().map(|(ringing, _)| *ringing).collect(), until).await?;
        if let Some((_, device)) = legs.iter().find(|((other, _), _)| *other == leg) {
            self.set_caller_device(*device);
        }
        self.act(Action::Adopt(leg));
        Ok(())
    }

    /// Has all phones of a user do that at once, except those that are switched off and the caller's.
    pub(crate) fn dial_phones(&self, user: &Arc<User>, manner: Manner) -> Vec<Ringing> {
        let facts = self.facts();
        let devices = facts.snapshot.devices_of(facts.tenant.id, user.id).iter();
        let used =
            |device: &&Arc<Device>| device.ring != Ring::Disabled && Some(device.id) != self.caller_device();
        let turn = Turn { at: self.now(), manner };
        devices.filter(used).flat_map(|device| self.dial_contacts(user, device, turn)).collect()
    }

    /// The next thing that happens to a callee, unless nothing does until then.
    pub(crate) async fn leg_event(&self, until: Option<Instant>) -> Option<Event> {
        self.take(until, |event| event.leg().is_some().then_some(*event)).await
    }

    /// Waits until one of the ringing legs is answered; the others stop.
    pub(crate) async fn first_answer(
        &self,
        mut ringing: Vec<Ringing>,
        until: Instant,
    ) -> Result<LegId, Unanswered> {
        let mut result = Unanswered::Unreachable;
        while !ringing.is_empty() {
            let event = self.take(Some(until), |e| match *e {
                Event::Answered(leg) => Some((leg, Heard::Answer)),
                Event::Failed(leg, status) => Some((leg, Heard::Failure(status))),
                Event::Moved(leg) => Some((leg, Heard::Moved)),
                Event::Joined { leg, place_of: None } => Some((leg, Heard::Answer)),
                Event::Joined { .. } | Event::Ended(_) | Event::NobodyThere => None,
                Event::Parked(_) | Event::Edited(..) | Event::Digit(..) => None,
            });
            let Some((leg, heard)) = event.await else {
                result = Unanswered::Timeout;
                break;
            };
            let user = ringing.iter().find(|r| r.0 == leg).map(|r| r.1);
            ringing.retain(|r| r.0 != leg);
            let for_all = match heard {
                Heard::Answer => {
                    self.hush(ringing, Hush::ElsewhereAnswered);
                    return Ok(leg);
                }
                Heard::Moved => {
                    self.set_moved_by(user);
                    result = Unanswered::Moved;
                    true
                }
                Heard::Failure(status) => {
                    result = worse(result, status);
                    status >= 600
                }
            };
            if for_all {
                let (theirs, others) = ringing.into_iter().partition(|r| Some(r.1) == user);
                self.hush(theirs, Hush::ElsewhereAnswered);
                ringing = others;
            }
        }
        self.hush(ringing, Hush::GivenUp);
        self.note("Not answered", result.text(), "ring");
        Err(result)
    }

    /// Lets caller and callee talk until one of them ends it.
    pub(crate) async fn talk(&self, leg: LegId) -> Next {
        self.act(Action::Talk(leg));
        let mut partner = leg;
        loop {
            let event = self.take(None, |e| match *e {
                Event::Ended(leg) if leg == partner => Some(*e),
                Event::Joined { .. } => Some(*e),
                _ => None,
            });
            match event.await {
                Some(Event::Joined { leg, place_of }) if place_of == Some(partner) => partner = leg,
                // Whom somebody else was faster to talk with.
                Some(Event::Joined { leg, place_of: None }) => self.act(Action::Cancel(leg, Hush::GivenUp)),
                Some(Event::Joined { .. }) => {}
                _ => return Next::Done,
            }
        }
    }

    /// Has the caller go on in another call. Returns only if there is nobody to talk with there: otherwise this call is over.
    pub(crate) async fn take_over(&self, wanted: Wanted) {
        self.act(Action::Take(wanted));
        self.take(None, |e| (*e == Event::NobodyThere).then_some(())).await;
    }

    /// Waits for somebody who takes the caller over, or until then.
    pub(crate) async fn wait_for_somebody(&self, until: Instant) -> Option<LegId> {
        let joined = |e: &Event| match *e {
            Event::Joined { leg, .. } => Some(leg),
            _ => None,
        };
        self.take(Some(until), joined).await
    }

    /// Puts the caller into a slot; `false` if none is free.
    pub(crate) async fn park(&self, lot: ParkLotId, slot: Option<&str>, by: &str) -> bool {
        self.act(Action::Park { lot, slot: slot.map(str::to_owned), by: by.to_owned() });
        self.parked().await
    }

    /// Parks whom the caller holds in another call; `false` if there is nobody, or no slot.
    pub(crate) async fn park_held(&self, lot: ParkLotId, slot: Option<&str>) -> bool {
        self.act(Action::ParkHeld(lot, slot.map(str::to_owned)));
        self.parked().await
    }

    /// Gives the caller back to who sent it on; `None` if they are gone.
    pub(crate) async fn give_back(&self, sender: &Sender, cause: Cause) -> Option<LegId> {
        self.act(Action::Return(cause));
        let theirs = |e: &Event| match *e {
            Event::Answered(leg) if leg == sender.leg => Some(Some(leg)),
            Event::Failed(leg, _) if leg == sender.leg => Some(None),
            _ => None,
        };
        self.take(None, theirs).await.flatten()
    }

    async fn parked(&self) -> bool {
        let parked = |e: &Event| match *e {
            Event::Parked(yes) => Some(yes),
            _ => None,
        };
        self.take(None, parked).await.unwrap_or(false)
    }

    fn hush(&self, legs: Vec<Ringing>, why: Hush) {
        for (leg, _) in legs {
            self.act(Action::Cancel(leg, why));
        }
    }

    fn dial_user(&self, user: &Arc<User>, later: Duration, until: Instant) -> Vec<Ringing> {
        let facts = self.facts();
        let devices = facts.snapshot.devices_of(facts.tenant.id, user.id);
        if devices.is_empty() {
            self.note("Not rung", format_args!("{} has no device", name(user)), "devices");
        }
        devices.iter().flat_map(|device| self.dial_device((user, device), later, until)).collect()
    }

    fn dial_device(
        &self,
        (user, device): (&Arc<User>, &Arc<Device>),
        later: Duration,
        until: Instant,
    ) -> Vec<Ringing> {
        let skip = |why: &str, rule| {
            self.note("Not rung", format_args!("{} of {}: {why}", device.name, name(user)), rule);
            vec![]
        };
        let wait = match device.ring {
            Ring::Disabled => return skip("switched off", "device ringing"),
            Ring::Immediate => Duration::ZERO,
            Ring::After(wait) => wait,
        };
        if Some(device.id) == self.caller_device() {
            return skip("it is calling", "caller");
        }
        let at = self.after(wait + later);
        if at >= until {
            return skip("its delay is longer than the ringing time", "device ringing");
        }
        self.dial_contacts(user, device, Turn { at, manner: Manner::Ring })
    }

    /// Calls every contact of a device when its time has come.
    fn dial_contacts(&self, user: &Arc<User>, device: &Arc<Device>, turn: Turn) -> Vec<Ringing> {
        let facts = self.facts();
        let wait = turn.at.saturating_duration_since(self.now());
        let bindings = facts.office.bindings.borrow();
        let contacts = bindings.of(device.id);
        if contacts.is_empty() {
            let what = format_args!("{} of {}: not registered", device.name, name(user));
            self.note("Not rung", what, "registration");
            return vec![];
        }
        let delay = if wait.is_zero() { String::new() } else { format!(" after {} s", wait.as_secs()) };
        self.note("Rings", format_args!("{} of {}{delay}", device.name, name(user)), "device ringing");
        let dial = |contact: &crate::bindings::Binding| {
            let leg = facts.office.new_leg();
            self.act(Action::Dial(Box::new(Dial {
                leg,
                user: user.clone(),
                device: device.clone(),
                uri: contact.contact.to_string(),
                path: contact.path.as_deref().unwrap_or_default().into(),
                flow: contact.flow,
                at: turn.at,
                diversions: self.diversions(),
                manner: turn.manner,
                vendor: vendor(device, contact, turn.manner),
            })));
            (leg, user.id)
        };
        contacts.iter().map(dial).collect()
    }
}

impl Unanswered {
    /// The cause, if nothing else follows.
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Unreachable => Cause::Unavailable,
            Self::NoRoom => Cause::Congestion,
            Self::Moved => Cause::Unavailable,
            Self::Busy => Cause::Busy,
            Self::Declined => Cause::Declined,
            Self::Timeout => Cause::NoAnswer,
        }
    }
    fn text(self) -> &'static str {
        match self {
            Self::Unreachable => "no phone could be reached",
            Self::NoRoom => "no room for another leg",
            Self::Busy => "busy on the phone",
            Self::Declined => "declined on the phone",
            Self::Timeout => "nobody answered in time",
            Self::Moved => "sent elsewhere by the phone",
        }
    }
}

/// `102 Bob Berg`, as the trace names a user.
pub(crate) fn name(user: &User) -> impl Display {
    fmt::from_fn(|f| {
        f.write_str(user.number.as_deref().unwrap_or("–"))?;
        let names = [&user.first_name, &user.last_name].into_iter().filter(|name| !name.is_empty());
        names.into_iter().try_for_each(|name| write!(f, " {name}"))
    })
}

/// What one more refusal makes of the result: a lack of room (503, ours or the phone's) outweighs an unreachable phone,
/// busy on one phone both, a refusal by the user all.
fn worse(result: Unanswered, status: u16) -> Unanswered {
    match status {
        603 | 607 | 608 => Unanswered::Declined,
        486 | 600 if result != Unanswered::Declined => Unanswered::Busy,
        503 if result == Unanswered::Unreachable => Unanswered::NoRoom,
        _ => result,
    }
}

/// Who makes a phone that is to answer by itself: as it is configured, else as it says of itself.
fn vendor(device: &Device, contact: &crate::bindings::Binding, manner: Manner) -> Option<Vendor> {
    if manner == Manner::Ring {
        return None;
    }
    device.model.or_else(|| models::by_user_agent(&contact.user_agent)).map(|model| model.vendor)
}

/// Reason token of a Diversion header (RFC 5806 §4).
fn diversion_reason(why: &str) -> &'static str {
    match why {
        "forward always" => "unconditional",
        "forward busy" => "user-busy",
        "forward no answer" => "no-answer",
        "forward unregistered" => "unavailable",
        FORWARD_BY_PHONE => "deflection",
        _ => "unknown",
    }
}

/// The rule of a forward that was set on the phone itself.
pub(crate) const FORWARD_BY_PHONE: &str = "forward on the phone";
