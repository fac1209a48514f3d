//! How what is watched stands: from calls, registrations, settings and what phones publish. SIP-27…29, RNG-14, DIR-22…24.

use std::sync::Arc;

use config::{
    DeviceId, QuickMap, Snapshot, TenantId, TrunkId, UserId,
    access::Permission,
    snapshot::{Target, User},
};
use sip_stack::stack::Termination;

use super::{Engine, requests::may_stay};
use crate::{
    call::{
        Leg, Running,
        leg::{Side, State},
    },
    ids::{CallId, LegId},
    io::{Now, Output},
    limits, live,
    presence::{
        dialog_info::Sees,
        feature_event::{Features, RING_SECONDS},
        lamp::{Dialog, Doing, Stage},
        pidf::Published,
        summary::Counts,
        watched::{self, Digits, Watched},
    },
    route,
};

impl Engine {
    /// Something of a call changed that who watches its people may see.
    pub(super) fn touched(&mut self, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let rings = call.talking.is_none();
        call.shown.legs.resize(call.legs.len(), None);
        for (id_of_leg, told) in call.legs.iter().zip(&mut call.shown.legs) {
            let Some(leg) = self.calls.legs.get(id_of_leg) else { continue };
            let is_told = told.replace((*id_of_leg, leg.state)) == Some((*id_of_leg, leg.state));
            // Of who is rung or left nothing is seen but that: in a large group each phone's answer concerns itself only.
            if is_told && leg.side == Side::Callee && (rings || leg.is_over()) {
                continue;
            }
            if let Some(user) = leg.party.user {
                self.presence.touch_call(Watched::User(user), id);
            }
            if let Some(link) = &leg.link {
                self.presence.touch_call(Watched::Trunk(link.trunk.tenant, link.trunk.id), id);
            }
        }
        if let Some(user) = call.record.caller.user {
            self.presence.touch_call(Watched::User(user), id);
        }
        let facts = call.handle.facts();
        if let Some(extension) = self.snapshot.extension(facts.tenant.id, &call.record.dialled)
            && let Target::RingGroup(group) = extension.target
        {
            self.presence.touch_call(Watched::Group(group), id);
        }
    }

    /// Somebody is in a park slot, or is not any more.
    pub(super) fn touch_slot(&mut self, id: CallId, tenant: TenantId, slot: &str) {
        if let Some(slot) = Digits::of(slot) {
            self.presence.touch_call(Watched::Slot(tenant, slot), id);
        }
    }

    /// A device is there, or is not any more.
    pub(super) fn touch_device(&mut self, tenant: TenantId, device: DeviceId) {
        let Some(user) = self.snapshot.device(tenant, device).and_then(|device| device.user) else { return };
        self.presence.touch(Watched::User(user));
        let Some(number) = self.snapshot.user(tenant, user).and_then(|user| user.number.as_deref()) else {
            return;
        };
        // Those who forward to them are reached with them, and not without.
        let forwarders = self.presence.forwarders.get(&(tenant, number.into())).cloned();
        for user in forwarders.into_iter().flatten() {
            self.presence.touch(Watched::User(user));
        }
    }

    /// The counts of a user's mailbox changed. SIP-30
    pub(super) fn count_messages(&mut self, tenant: TenantId, user: UserId, counts: Counts) {
        if self.snapshot.user(tenant, user).is_none() {
            return;
        }
        let before = match counts == Counts::default() {
            true => self.presence.mailboxes.remove(&user).unwrap_or_default(),
            false => self.presence.mailboxes.insert(user, counts).unwrap_or_default(),
        };
        if before != counts {
            self.presence.touch(Watched::User(user));
            let devices = self.snapshot.devices_of(tenant, user).iter();
            self.presence.unasked.extend(devices.filter(|d| d.unasked_counts).map(|device| device.id));
        }
    }

    /// Has everybody told whom a touched thing concerns.
    pub(super) fn look_at_touched(&mut self, now: Now) {
        if !self.presence.is_touched() {
            return;
        }
        for watched in self.presence.take_touched() {
            let calls = &self.calls;
            self.presence.keep_calls(watched, |id| {
                calls.running.get(&id).is_some_and(|call| !call.is_ending() && is_in(calls, call, watched))
            });
            self.presence.watchers.want_all(watched);
            self.show_state(now, watched);
        }
    }

    /// A new revision: what people set is told, what is gone ends.
    pub(super) fn watch_config(&mut self, old: &Snapshot) {
        let new = self.snapshot.clone();
        self.presence.forwarders = forwarders(&new);
        for user in new.users() {
            if old.user(user.tenant, user.id).is_none_or(|before| !Arc::ptr_eq(before, user)) {
                for watched in [Watched::User(user.id), Watched::Dnd(user.id), Watched::Forward(user.id)] {
                    self.presence.touch(watched);
                }
            }
        }
        for tenant in new.tenants() {
            if old.tenant(tenant.id).is_none_or(|before| !Arc::ptr_eq(before, tenant)) {
                self.presence.touch(Watched::Night(tenant.id));
            }
        }
        let rows: Vec<_> = self.presence.watchers.iter().map(|(id, _)| id).collect();
        for id in rows {
            let Some(row) = self.presence.watchers.get(id) else { continue };
            let (tenant, package, watched) = (row.tenant, row.package, row.watched);
            let Some(device) =
                new.device(tenant, row.device).filter(|device| may_stay(old, &new, tenant, device.id))
            else {
                self.presence.watchers.end(id, Termination::Rejected);
                continue;
            };
            match watched::resolve(&new, (tenant, device), package, &row.number) {
                Ok(same) if same == watched => {}
                Ok(other) => {
                    self.presence.watchers.turn_to(id, other);
                    self.presence.touch(other);
                }
                Err(_) => self.presence.watchers.end(id, Termination::NoResource),
            }
        }
    }

    /// What stands otherwise because time passed – a night begins, a forward ends – is touched every now and then.
    pub(super) fn look_at_clock(&mut self, now: Now) {
        if self.presence.clock.is_some_and(|at| at > now.at) {
            return;
        }
        let watched: Vec<_> =
            self.presence.watchers.watched().filter(|watched| self.depends_on_clock(*watched)).collect();
        self.presence.clock = (self.presence.watchers.len() > 0).then(|| now.at + limits::CLOCK_TICK);
        watched.into_iter().for_each(|watched| self.presence.touch(watched));
    }

    fn depends_on_clock(&self, watched: Watched) -> bool {
        let id = match watched {
            Watched::User(id) | Watched::Dnd(id) | Watched::Forward(id) => id,
            Watched::Night(_) => return true,
            Watched::Group(_) | Watched::Slot(..) | Watched::Trunk(..) | Watched::Nothing => return false,
        };
        let Some(user) = self.snapshot.user_anywhere(id) else { return false };
        let (day, night) = (&user.forwards, &user.forwards.night);
        let ends =
            [user.dnd_until, day.always_until, day.busy_until, day.no_answer_until, night.always_until];
        let has_night = || self.snapshot.tenant(user.tenant).is_some_and(|tenant| tenant.night.enabled);
        let has_rules = || self.snapshot.answering_rules(user.tenant, id).next().is_some();
        ends.iter().any(Option::is_some) || has_night() || has_rules()
    }

    /// The calls of what is watched, one for each however many devices ring.
    pub(super) fn dialogs_of(&self, now: Now, watched: Watched) -> Vec<Dialog> {
        let mut dialogs: Vec<_> = self
            .calls_of(watched)
            .filter_map(|call| match watched {
                Watched::User(user) => self.dialog_of_user(call, user),
                Watched::Group(_) => self.dialog_of_group(call),
                Watched::Slot(tenant, slot) => self.dialog_of_slot(tenant, slot.as_str()),
                Watched::Trunk(_, trunk) => self.dialog_of_trunk(call, trunk),
                Watched::Dnd(_) | Watched::Forward(_) | Watched::Night(_) | Watched::Nothing => None,
            })
            .collect();
        if self.is_switched_on(now, watched) {
            dialogs.push(switch_dialog(Stage::Confirmed));
        }
        if let (Watched::Trunk(_, trunk), true) = (watched, dialogs.is_empty())
            && self.is_down(trunk)
        {
            // It blinks as nothing else does that nobody calls.
            dialogs.push(switch_dialog(Stage::Early));
        }
        dialogs.sort_unstable_by_key(|dialog| (std::cmp::Reverse(dialog.stage), dialog.id));
        dialogs
    }

    fn calls_of(&self, watched: Watched) -> impl Iterator<Item = &Running> {
        let calls = self.presence.calls_of(watched).into_iter();
        calls.filter_map(|id| self.calls.running.get(&id)).filter(|call| !call.is_ending())
    }

    /// Whether a switch that is watched is on. SIP-28
    fn is_switched_on(&self, now: Now, watched: Watched) -> bool {
        let user = |id| self.snapshot.user_anywhere(id);
        match watched {
            Watched::Dnd(id) => user(id).is_some_and(|user| self.snapshot.is_dnd(user, now.utc)),
            Watched::Forward(id) => {
                user(id).is_some_and(|user| self.snapshot.answering(user, now.utc).always.is_some())
            }
            Watched::Night(tenant) => self.snapshot.is_night(tenant, now.utc),
            Watched::User(_)
            | Watched::Group(_)
            | Watched::Slot(..)
            | Watched::Trunk(..)
            | Watched::Nothing => false,
        }
    }

    fn is_down(&self, trunk: TrunkId) -> bool {
        self.trunks_shown.get(&trunk).is_some_and(|shown| shown.state == live::TrunkState::Down)
    }

    /// A trunk is another than it was shown: down, or up again.
    pub(super) fn touch_trunk(&mut self, trunk: TrunkId) {
        if let Some(trunk) = self.snapshot.trunk_anywhere(trunk) {
            self.presence.touch(Watched::Trunk(trunk.tenant, trunk.id));
        }
    }

    /// The leg of the user's that has come furthest.
    fn leg_of_user(&self, call: &Running, user: UserId) -> Option<(Stage, (LegId, &Leg))> {
        let legs = call.legs.iter().filter_map(|id| Some((*id, self.calls.legs.get(id)?)));
        let theirs = legs.filter(|(_, leg)| leg.party.user == Some(user));
        theirs
            .filter_map(|(id, leg)| Some((stage(leg)?, (id, leg))))
            .max_by_key(|(stage, (id, _))| (*stage, std::cmp::Reverse(*id)))
    }

    fn dialog_of_user(&self, call: &Running, user: UserId) -> Option<Dialog> {
        let (stage, (id, leg)) = self.leg_of_user(call, user)?;
        Some(Dialog {
            id: call.id.0 as u32,
            stage,
            is_initiator: leg.side == Side::Caller,
            is_held: leg.is_held(),
            is_open: false,
            remote: Some(self.other_side(call, id, leg)),
            ids: leg.invite.and_then(|invite| self.stack.dialog_ids(invite)),
        })
    }

    fn dialog_of_group(&self, call: &Running) -> Option<Dialog> {
        let ringing =
            call.legs.iter().filter_map(|id| self.calls.legs.get(id)).find(|leg| leg.state == State::Ringing);
        Some(Dialog {
            id: call.id.0 as u32,
            stage: if call.talking.is_some() { Stage::Confirmed } else { Stage::Early },
            is_initiator: false,
            is_held: false,
            is_open: false,
            remote: Some((call.record.caller.number.clone(), call.record.caller.name.clone())),
            ids: ringing.and_then(|leg| leg.invite).and_then(|invite| self.stack.dialog_ids(invite)),
        })
    }

    fn dialog_of_slot(&self, tenant: TenantId, slot: &str) -> Option<Dialog> {
        let parking = self.office.parking.borrow();
        let parked = parking.in_slot(tenant, slot)?;
        Some(Dialog {
            id: parked.call.0 as u32,
            stage: Stage::Confirmed,
            is_initiator: false,
            is_held: false,
            is_open: true,
            remote: Some((parked.number.clone(), parked.name.clone())),
            ids: None,
        })
    }

    /// A call over a trunk: whose it is is told as of any other.
    fn dialog_of_trunk(&self, call: &Running, trunk: TrunkId) -> Option<Dialog> {
        let legs = call.legs.iter().filter_map(|id| Some((*id, self.calls.legs.get(id)?)));
        let (id, leg) =
            legs.filter(|(_, leg)| !leg.is_over() && goes_by(leg, trunk)).min_by_key(|(id, _)| *id)?;
        Some(Dialog {
            id: call.id.0 as u32,
            stage: if leg.state == State::Up { Stage::Confirmed } else { Stage::Early },
            is_initiator: leg.side == Side::Caller,
            is_held: false,
            is_open: false,
            remote: Some(self.other_side(call, id, leg)),
            ids: None,
        })
    }

    /// Number and name of whom a leg talks with, or is going to.
    fn other_side(&self, call: &Running, id: LegId, leg: &Leg) -> (String, String) {
        let partner = call.partner(id).and_then(|partner| self.calls.legs.get(&partner));
        if let Some(partner) = partner {
            return (partner.party.number.clone(), partner.party.name.clone());
        }
        match leg.side {
            Side::Callee => (call.record.caller.number.clone(), call.record.caller.name.clone()),
            Side::Caller => {
                let number = call.record.dialled.clone();
                let name = route::name_of(&self.snapshot, call.handle.facts().tenant.id, &number);
                (number, name)
            }
        }
    }

    /// What a user is doing: the one answer for phones and portal. DIR-22…24, RNG-14
    pub(super) fn doing(&self, now: Now, user: &User) -> Doing {
        if self.is_called(user.id) == Some(Called::Talks) {
            return Doing::OnThePhone;
        }
        self.doing_besides(now, user)
    }

    /// What a user's calls are, `None` without any.
    fn is_called(&self, user: UserId) -> Option<Called> {
        // Whoever is rung is not on a call yet.
        let legs = self.calls_of(Watched::User(user)).filter_map(|call| self.leg_of_user(call, user));
        legs.map(|(stage, (_, leg))| match stage == Stage::Confirmed || leg.side == Side::Caller {
            true => Called::Talks,
            false => Called::Rings,
        })
        .max()
    }

    /// The same as [`Engine::doing`] of somebody who is not on the phone.
    fn doing_besides(&self, now: Now, user: &User) -> Doing {
        let devices = self.snapshot.devices_of(user.tenant, user.id);
        let published = self.presence.publications.of(user.id, devices.iter().map(|device| device.id));
        match published {
            _ if self.snapshot.is_dnd(user, now.utc) => Doing::Busy,
            Some(Published::Busy) => Doing::Busy,
            _ if !self.is_reached(now, user) => Doing::Offline,
            Some(Published::Away) => Doing::Away,
            Some(Published::Open | Published::Closed) | None => Doing::Available,
        }
    }

    /// Whether a call would reach them: by a device of theirs, or where all their calls go.
    fn is_reached(&self, now: Now, user: &User) -> bool {
        let bindings = self.office.bindings.borrow();
        let has_phone = |user: &User| {
            let devices = self.snapshot.devices_of(user.tenant, user.id);
            devices.iter().any(|device| !bindings.of(device.id).is_empty())
        };
        let elsewhere = || {
            let to = self.snapshot.answering(user, now.utc).always?;
            let Some(extension) = self.snapshot.extension(user.tenant, to) else {
                // An outside number: whether that is reached is not ours to know.
                return Some(true);
            };
            match extension.target {
                Target::User(id) => self.snapshot.user(user.tenant, id).map(|other| has_phone(other)),
                Target::RingGroup(_) => Some(true),
            }
        };
        has_phone(user) || elsewhere().unwrap_or(false)
    }

    /// Do-not-disturb and forwards as their user set them: what a phone shows and sets. SIP-26
    pub(super) fn features(&self, now: Now, user: &User) -> Features {
        let forwards = &user.forwards;
        let set = |to: &Option<String>, until: Option<_>| {
            to.clone().filter(|_| until.is_none_or(|until| now.utc < until))
        };
        Features {
            dnd: user.is_dnd(now.utc),
            forwards: [
                set(&forwards.always, forwards.always_until),
                set(&forwards.busy, forwards.busy_until),
                set(&forwards.no_answer, forwards.no_answer_until),
            ],
            rings: forwards.no_answer_after.as_secs().div_ceil(RING_SECONDS),
        }
    }

    /// Whom somebody talks with is shown on phones of who may monitor; who calls whom while it rings, all see; who is of another
    /// company sees neither. MT-14
    pub(super) fn seen_by(&self, tenant: TenantId, device: DeviceId, watched: Watched) -> Sees {
        if let Watched::User(user) = watched
            && self.snapshot.user(tenant, user).is_none()
        {
            return Sees::Little;
        }
        let user = self.snapshot.device(tenant, device).and_then(|device| device.user);
        let user = user.and_then(|user| self.snapshot.user(tenant, user));
        match user.is_some_and(|user| self.snapshot.allows(user, Permission::Monitor)) {
            true => Sees::All,
            false => Sees::Ringing,
        }
    }

    /// The portal sees how things stand, where it stands otherwise than before.
    fn show_state(&mut self, now: Now, watched: Watched) {
        let Some((tenant, state)) = self.state_of(now, watched) else { return };
        let usual = if matches!(watched, Watched::User(_)) { Doing::Offline.word() } else { IDLE };
        let before = match state == usual {
            true => self.presence.shown.remove(&watched),
            false => self.presence.shown.insert(watched, state),
        };
        if before.unwrap_or(usual) != state {
            let lamp = live::Lamp { tenant, watched: watched.key(), state };
            self.out.push_back(Output::Live(live::Change::Lamp(lamp)));
        }
    }

    fn state_of(&self, now: Now, watched: Watched) -> Option<(TenantId, &'static str)> {
        match watched {
            Watched::User(id) => {
                let user = self.snapshot.user_anywhere(id)?;
                let word = match self.is_called(id) {
                    Some(Called::Talks) => Doing::OnThePhone.word(),
                    Some(Called::Rings) => "ringing",
                    None => self.doing_besides(now, user).word(),
                };
                Some((user.tenant, word))
            }
            Watched::Group(id) => {
                let group = self.snapshot.ring_group_anywhere(id)?;
                let waits = self.calls_of(watched).map(|call| call.talking.is_none()).max();
                let word = match waits {
                    None => IDLE,
                    Some(true) => "ringing",
                    Some(false) => "on the phone",
                };
                Some((group.tenant, word))
            }
            Watched::Dnd(id) | Watched::Forward(id) => {
                let tenant = self.snapshot.user_anywhere(id)?.tenant;
                Some((tenant, if self.is_switched_on(now, watched) { ON } else { IDLE }))
            }
            Watched::Slot(tenant, _) => {
                let is_free = self.dialogs_of(now, watched).is_empty();
                Some((tenant, if is_free { IDLE } else { ON }))
            }
            Watched::Night(tenant) => {
                Some((tenant, if self.is_switched_on(now, watched) { ON } else { IDLE }))
            }
            Watched::Trunk(tenant, trunk) if self.is_down(trunk) => Some((tenant, DOWN)),
            Watched::Trunk(tenant, _) => {
                let is_free = self.dialogs_of(now, watched).is_empty();
                Some((tenant, if is_free { IDLE } else { ON }))
            }
            Watched::Nothing => None,
        }
    }
}

/// How far somebody's calls are who has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Called {
    /// A phone of theirs rings.
    Rings,
    /// They talk, or call somebody.
    Talks,
}

/// Users by the extension that all their calls go to.
fn forwarders(snapshot: &Snapshot) -> QuickMap<(TenantId, Box<str>), Vec<UserId>> {
    let mut forwarders = QuickMap::<_, Vec<UserId>>::default();
    for user in snapshot.users() {
        for to in [&user.forwards.always, &user.forwards.night.always].into_iter().flatten() {
            forwarders.entry((user.tenant, to.as_str().into())).or_default().push(user.id);
        }
    }
    forwarders
}

/// How far a leg is, where that is to be seen: a phone that does not ring yet is not.
fn stage(leg: &Leg) -> Option<Stage> {
    match (leg.state, leg.side) {
        (State::Up, _) => Some(Stage::Confirmed),
        (State::Ringing, _) | (State::Calling, Side::Caller) => Some(Stage::Early),
        (State::Calling, Side::Callee) | (State::Waiting | State::Over, _) => None,
    }
}

fn is_in(calls: &crate::call::running::Calls, call: &Running, watched: Watched) -> bool {
    match watched {
        Watched::User(user) => {
            let mut legs = call.legs.iter().filter_map(|id| calls.legs.get(id));
            legs.any(|leg| !leg.is_over() && leg.party.user == Some(user))
        }
        Watched::Group(_) => true,
        Watched::Slot(_, slot) => call.aside.slot.as_deref() == Some(slot.as_str()),
        Watched::Trunk(_, trunk) => {
            let mut legs = call.legs.iter().filter_map(|id| calls.legs.get(id));
            legs.any(|leg| !leg.is_over() && goes_by(leg, trunk))
        }
        Watched::Dnd(_) | Watched::Forward(_) | Watched::Night(_) | Watched::Nothing => false,
    }
}

fn goes_by(leg: &Leg, trunk: TrunkId) -> bool {
    leg.link.as_ref().is_some_and(|link| link.trunk.id == trunk)
}

/// What lights a lamp that stands for no call.
fn switch_dialog(stage: Stage) -> Dialog {
    let id = 1;
    Dialog { id, stage, is_initiator: false, is_held: false, is_open: true, remote: None, ids: None }
}

const IDLE: &str = "idle";
const ON: &str = "on";
const DOWN: &str = "down";
