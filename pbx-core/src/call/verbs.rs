//! What a feature can do with its call. Every verb writes to the trace, also what it does not do and why.

use std::{
    fmt::{self, Display},
    time::{Duration, Instant},
};

use config::{
    ParkLotId,
    edits::Edit,
    snapshot::{Answering, Shows, User},
};

use super::{
    cause::Cause,
    script::{Action, Call, Diversion, Event, Hush, Next, Sender, Wanted},
};
use crate::{ids::LegId, limits, route::Caller};

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

    /// The next thing that happens to a callee, unless nothing does until then.
    pub(crate) async fn leg_event(&self, until: Option<Instant>) -> Option<Event> {
        self.take(until, |event| event.leg().is_some().then_some(*event)).await
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
}

/// `102 Bob Berg`, as the trace names a user.
pub(crate) fn name(user: &User) -> impl Display {
    fmt::from_fn(|f| {
        f.write_str(user.number.as_deref().unwrap_or("–"))?;
        let names = [&user.first_name, &user.last_name].into_iter().filter(|name| !name.is_empty());
        names.into_iter().try_for_each(|name| write!(f, " {name}"))
    })
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
