//! Ringing: a user's phones, those of several, the caller's own; who answers first has the call. RNG-01…06, SIP-13, SIP-14,
//! GRP-12, CTC-04. What rings, what does not and why stands in the trace.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use config::{
    DeviceId, UserId,
    models::{self, Vendor},
    snapshot::{Device, Ring, User},
};

use super::{
    cause::Cause,
    confirming::{Asked, KEY},
    script::{Action, Call, Dial, Event, Hush, Manner},
    verbs::name,
};
use crate::ids::LegId;

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
    /// Who was asked for a key hung up.
    Left,
    Key(char),
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
    /// Rings all devices of these users until one answers or the time is over; the others stop. RNG-01…06.
    ///
    /// A phone that refuses for all (6xx) or sends the call elsewhere stops its user's other phones, not those of other
    /// users.
    pub(crate) async fn ring(&self, users: &[Arc<User>], until: Instant) -> Result<LegId, Unanswered> {
        self.ring_with(users, until, |_| None, |_| None).await
    }

    /// The same; the phones of some begin to ring that much later (GRP-12), and what `further` begins to call for a user rings
    /// with them.
    pub(crate) async fn ring_with(
        &self,
        users: &[Arc<User>],
        until: Instant,
        later: impl Fn(&User) -> Option<Duration>,
        further: impl Fn(&Arc<User>) -> Option<Ringing>,
    ) -> Result<LegId, Unanswered> {
        users.iter().for_each(|user| self.concerns(user.id, false));
        let dial = |user| self.dial_user(user, later(user).unwrap_or_default(), until);
        let mut ringing: Vec<Ringing> = users.iter().flat_map(dial).collect();
        ringing.extend(users.iter().filter_map(further));
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

    /// Calls the phone with which a user called for help where it was then, unless it rings as any other does. SIP-42
    pub(crate) fn dial_helped(&self, user: &Arc<User>) -> Option<Ringing> {
        let facts = self.facts();
        let (tenant, utc) = (facts.tenant.id, self.utc());
        let callbacks = facts.office.callbacks.borrow();
        let id = callbacks.phone_of(tenant, user.id, utc)?;
        let device = facts.snapshot.device(tenant, id)?;
        let bindings = facts.office.bindings.borrow();
        let (uri, path, flow) = match bindings.of(id).first() {
            Some(_) if device.ring != Ring::Disabled => return None,
            Some(bound) => {
                (bound.contact.to_string(), bound.path.as_deref().unwrap_or_default().into(), bound.flow)
            }
            None => callbacks.phone(id, utc).map(|helped| (helped.contact, helped.path, helped.flow))?,
        };
        let what = format_args!("{} of {}: help was called from there", device.name, name(user));
        self.note("Rings", what, "emergency calls");
        let leg = facts.office.new_leg();
        self.act(Action::Dial(Box::new(Dial {
            leg,
            user: user.clone(),
            device: device.clone(),
            uri,
            path,
            flow,
            at: self.now(),
            diversions: self.diversions(),
            manner: Manner::Ring,
            vendor: None,
        })));
        Some((leg, user.id))
    }

    /// Waits until one of the ringing legs is answered; the others stop. Who is asked for a key has answered once it is pressed.
    pub(crate) async fn first_answer(
        &self,
        mut ringing: Vec<Ringing>,
        until: Instant,
    ) -> Result<LegId, Unanswered> {
        let mut result = Unanswered::Unreachable;
        let mut asked = Asked::default();
        while !ringing.is_empty() {
            let Some((leg, heard)) = self.heard(&asked, asked.wait(self.now(), until)).await else {
                if self.give_up(&mut ringing, &mut asked) {
                    result = unconfirmed(result);
                }
                if until <= self.now() {
                    let (kept, others) = ringing.into_iter().partition(|(leg, _)| asked.has(*leg));
                    self.hush(others, Hush::GivenUp);
                    (ringing, result) = (kept, Unanswered::Timeout);
                }
                continue;
            };
            let user = ringing.iter().find(|r| r.0 == leg).map(|r| r.1);
            let for_all = match heard {
                Heard::Answer if self.is_unconfirmed(leg) => {
                    self.ask(leg, &mut asked);
                    continue;
                }
                Heard::Key(key) if !asked.has(leg) || key != KEY => continue,
                Heard::Answer | Heard::Key(_) => {
                    ringing.retain(|r| r.0 != leg);
                    self.hush(ringing, Hush::ElsewhereAnswered);
                    self.confirmed(&asked, leg);
                    return Ok(leg);
                }
                Heard::Left => {
                    self.left(leg, &mut asked);
                    result = unconfirmed(result);
                    false
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
            ringing.retain(|r| r.0 != leg);
            if for_all {
                let (theirs, others) = ringing.into_iter().partition(|r| Some(r.1) == user);
                self.hush(theirs, Hush::ElsewhereAnswered);
                ringing = others;
            }
        }
        self.note("Not answered", result.text(), "ring");
        Err(result)
    }

    /// What a ringing phone says next.
    async fn heard(&self, asked: &Asked, until: Instant) -> Option<(LegId, Heard)> {
        self.take(Some(until), |e| match *e {
            Event::Answered(leg) => Some((leg, Heard::Answer)),
            Event::Failed(leg, status) => Some((leg, Heard::Failure(status))),
            Event::Moved(leg) => Some((leg, Heard::Moved)),
            Event::Joined { leg, place_of: None } => Some((leg, Heard::Answer)),
            Event::Ended(leg) if asked.has(leg) => Some((leg, Heard::Left)),
            // The caller's keys must not keep those of others out.
            Event::Digit(leg, key) if !asked.is_empty() => Some((leg, Heard::Key(key))),
            Event::Joined { .. } | Event::Ended(_) | Event::NobodyThere => None,
            Event::Parked(_) | Event::Edited(..) | Event::Digit(..) => None,
        })
        .await
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

/// What somebody makes of the result who answered and pressed no key: their phone was reached.
fn unconfirmed(result: Unanswered) -> Unanswered {
    match result {
        Unanswered::Unreachable | Unanswered::NoRoom => Unanswered::Timeout,
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
