//! A callee's leg: one contact of one device is called, now or after its delay. SIP-12, RNG-02…04.

use media::{
    Statistics,
    sdp::{self, Direction},
};
use sip_stack::{Name, headers::HistoryInfo, stack::OutgoingInvite};

use super::Engine;
use crate::call::{
    Leg, Running,
    leg::{Later, Party, Side, State, Times},
    line::Line,
    script::{Dial, Diversion, Event, Manner},
};
use crate::{
    auto_answer, cdr,
    ids::{CallId, LegId},
    io::Now,
    limits, route,
    timers::Timer,
};

impl Engine {
    /// Adds a callee's leg to the call and calls it when its time has come.
    pub(super) fn add_callee(&mut self, now: Now, id: CallId, dial: Box<Dial>) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let (leg, at) = (dial.leg, dial.at);
        let full = call.legs.len() >= limits::LEGS_PER_CALL;
        if full {
            call.note(now, "Not rung", format_args!("{}: too many legs", dial.device.name), "limit");
            call.handle.tell(Event::Failed(leg, 503));
            self.ready.push_back(id);
            return;
        }
        call.legs.push(leg);
        self.calls.legs.insert(leg, callee_leg(now, id, dial));
        self.engage(leg);
        if at > now.at {
            self.timers.set(at, Timer::Dial(leg));
        } else {
            self.dial(now, leg);
        }
    }

    /// Calls a waiting leg's contact.
    pub(super) fn dial(&mut self, now: Now, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let dial = match row.later.take() {
            Some(Later::Dial(dial)) => dial,
            later => {
                row.later = later;
                return self.set_out(now, leg);
            }
        };
        if !self.take_port(now, leg) {
            self.log_no_room(now, "RTP ports");
            return self.leg_failed(now, leg, 503, "no RTP port is free");
        }
        if let Some(why) = self.must_not_be_called(leg) {
            return self.leg_failed(now, leg, 488, why);
        }
        self.open_line(leg);
        let Some(call) = self.calls.call_of(leg) else { return };
        // A call from the portal has no caller's leg yet.
        let nobody = Line::default();
        let caller = self.calls.legs.get(&call.owner).map_or(&nobody, |row| &row.line);
        let payloads = sdp::relay_offer(match (caller.agreed.as_slice(), caller.their_payloads()) {
            ([], []) => &[],
            ([], offered) => offered,
            (agreed, _) => agreed,
        });
        // What we mix we decode, and that is G.711.
        let mixed = matches!(dial.manner, Manner::Paged | Manner::Gathered);
        let payloads = if payloads.is_empty() || mixed { sdp::g711() } else { payloads };
        let direction = match dial.manner {
            Manner::Paged => Direction::SendOnly,
            Manner::Gathered => Direction::SendRecv,
            Manner::Ring | Manner::Summons | Manner::Intercom => first_direction(caller),
        };
        let (ptime, only_listens) = (caller.ptime(), dial.manner == Manner::Paged);
        // The caller's own phone shows whom they are going to call.
        let shows = (dial.manner != Manner::Summons).then_some(call.owner);
        let mut invite = outgoing(call, *dial);
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.ours = direction;
        row.line.only_listens = only_listens;
        row.shows = shows;
        row.state = State::Calling;
        invite.offer = Some(row.line.print_offer(payloads, direction, ptime));
        let invite = self.stack.invite(now.at, invite);
        row.invite = Some(invite);
        self.calls.invites.insert(invite, leg);
    }

    /// The leg cannot be had; its script hears of it.
    pub(super) fn leg_failed(&mut self, now: Now, leg: LegId, status: u16, text: &str) {
        self.leg_over(now, leg, text.into());
        let Some(call) = self.calls.call_of(leg) else { return };
        let who = self.calls.legs[&leg].party.text();
        call.note(now, "Refused", format_args!("{who}: {status} {text}"), "phone");
        call.handle.tell(Event::Failed(leg, status));
        let id = call.id;
        self.ready.push_back(id);
    }

    /// The leg's user is in this call (C-4: once, however many devices ring).
    pub(super) fn engage(&mut self, leg: LegId) {
        let Some(user) = self.calls.legs.get(&leg).and_then(|row| row.party.user) else { return };
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        match call.users.iter_mut().find(|(id, _)| *id == user) {
            Some((_, legs)) => *legs += 1,
            None => {
                call.users.push((user, 1));
                self.office.lines.borrow_mut().engage(user);
            }
        }
    }

    /// The opposite of [`Engine::engage`].
    pub(super) fn disengage(&mut self, leg: LegId) {
        let Some(user) = self.calls.legs.get(&leg).and_then(|row| row.party.user) else { return };
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        let Some(index) = call.users.iter().position(|(id, _)| *id == user) else { return };
        call.users[index].1 -= 1;
        if call.users[index].1 == 0 {
            call.users.remove(index);
            self.office.lines.borrow_mut().release(user);
        }
    }
}

/// A caller who offers less than both ways (call begun on hold) is passed on as it is.
fn first_direction(caller: &Line) -> Direction {
    if caller.remote.is_some() { caller.wish() } else { Direction::SendRecv }
}

fn callee_leg(now: Now, call: CallId, dial: Box<Dial>) -> Leg {
    Leg {
        call,
        invite: None,
        side: Side::Callee,
        came_in: false,
        party: Party {
            number: dial.user.number.clone().unwrap_or_else(|| dial.device.username.clone()),
            name: dial.user.full_name(),
            user: Some(dial.user.id),
            device: Some(dial.device.id),
        },
        flow: dial.flow,
        state: State::Waiting,
        line: Line::default(),
        times: Times::new(now.at),
        cause: String::new(),
        statistics: Statistics::default(),
        later: Some(Later::Dial(dial)),
        shows: None,
        parting: false,
        link: None,
    }
}

/// The INVITE as the callee sees it: nothing of the caller's own message is in it (SIP-12).
fn outgoing(call: &Running, dial: Dial) -> OutgoingInvite {
    let facts = call.handle.facts();
    // In a call between companies each phone sees its own company's domain, and a number that it can call back. MT-14
    let theirs = facts.snapshot.tenant(dial.user.tenant).unwrap_or(&facts.tenant);
    let domain = &theirs.domain;
    let number = dial.user.number.as_ref().unwrap_or(&dial.device.username);
    let (mut caller, mut headers) = match dial.manner {
        Manner::Summons => (dialled_party(call), summons(&dial, domain)),
        Manner::Ring => (shown(call), history(call, &dial, domain)),
        Manner::Intercom | Manner::Paged | Manner::Gathered => {
            (call.record.caller.clone(), auto_answer::headers(dial.vendor, domain))
        }
    };
    (caller.number, caller.name) = cdr::shown_to(&call.handle, theirs.id, &caller);
    // DIR-34: what the called knows the number by goes before what the caller is called. All in memory: no call waits.
    if let Some(known) = facts.snapshot.name_of_number(theirs.id, Some(dial.user.id), &caller.number) {
        caller.name = known;
    }
    let name = [call.handle.caller_prefix().as_str(), &caller.name].join(" ");
    let mut from = [&quoted(name.trim()), " <sip:", &caller.number, "@", domain, ">"].concat();
    if call.handle.is_hidden() && dial.manner != Manner::Summons {
        ANONYMOUS.clone_into(&mut from);
        headers.push((Name::Privacy, "id".to_owned()));
    }
    OutgoingInvite {
        flow: dial.flow,
        from,
        to: ["<sip:", number, "@", domain, ">"].concat(),
        uri: dial.uri,
        route: split_path(&dial.path),
        max_forwards: call.record.max_forwards,
        headers,
        offer: None,
        account: None,
        parts: vec![],
    }
}

/// Who calls: who began the call, or whom another party sent on.
fn shown(call: &Running) -> Party {
    call.handle.presents().map_or_else(|| call.record.caller.clone(), |party| (*party).clone())
}

/// Through whom the call came here: who forwarded it, and who transferred it (RFC 3892).
fn history(call: &Running, dial: &Dial, domain: &str) -> Vec<(Name, String)> {
    let mut headers = diversions(&dial.diversions, domain);
    let by = call.handle.sender().map(|sender| format!("<sip:{}@{domain}>", sender.caller.number));
    headers.extend(by.map(|by| (Name::ReferredBy, by)));
    headers
}

/// Whom the caller's own phone shows while it rings: whom it is going to call. CTC-06.
fn dialled_party(call: &Running) -> Party {
    let (facts, number) = (call.handle.facts(), call.record.dialled.clone());
    let name = route::name_of(&facts.snapshot, facts.tenant.id, &number);
    Party { number, name, ..Party::default() }
}

/// Has a phone that is set so answer by itself, in the words that makes of phones understand. CTC-06.
fn summons(dial: &Dial, domain: &str) -> Vec<(Name, String)> {
    if !dial.device.auto_answer {
        return vec![];
    }
    auto_answer::headers(dial.vendor, domain)
}

/// How the call came here: one Diversion per forward, the last one first (RFC 5806 §3.2), and the same as History-Info
/// (RFC 7044), the first one first. RNG-17.
pub(super) fn diversions(diversions: &[Diversion], domain: &str) -> Vec<(Name, String)> {
    let Some(first) = diversions.first() else { return vec![] };
    let value = |d: &Diversion| format!("<sip:{}@{domain}>;reason={};counter=1", d.number, d.reason);
    let address = |number: &str| ["sip:", number, "@", domain].concat();
    let forwards = diversions.iter().map(|d| (address(&d.to), cause(d.reason)));
    let history = HistoryInfo::chain(address(&first.number), forwards);
    let diversions = diversions.iter().rev().map(|d| (Name::Diversion, value(d)));
    diversions.chain(history.iter().map(|entry| (Name::HistoryInfo, entry.to_string()))).collect()
}

/// The cause that stands for a reason of Diversion (RFC 4458 §2, RFC 7544 §5).
fn cause(reason: &str) -> u16 {
    match reason {
        "unconditional" => 302,
        "user-busy" => 486,
        "no-answer" => 408,
        "deflection" => 480,
        "unavailable" => 503,
        _ => 404,
    }
}

/// RFC 3323 §4.1.1.3.
const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// A quoted-string (RFC 3261 §25.1).
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Stored Path values, one by one: a comma separates them only outside of brackets.
pub(super) fn split_path(path: &str) -> Vec<String> {
    let mut inside = false;
    let parts = path.split(|c| {
        inside = (inside || c == '<') && c != '>';
        c == ',' && !inside
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{quoted, split_path};

    /// SIP-12
    #[test]
    fn names_with_quotes_stay_one_string() {
        assert_eq!(quoted("Anna \"A\" \\ Berg\r\n"), "\"Anna \\\"A\\\" \\\\ Berg\"");
    }

    /// SIP-05
    #[test]
    fn a_path_is_cut_only_between_its_values() {
        assert_eq!(split_path("<sip:a;x=1,2>, <sip:b;lr>"), ["<sip:a;x=1,2>", "<sip:b;lr>"]);
        assert!(split_path("").is_empty());
    }
}
