//! Which rule answers a user's calls at a moment: the first answering rule whose time frame holds, else Default, by day or by
//! night. One engine for rules and forwards. AR-03, AR-09, RNG-10, RNG-16, RNG-19, OPS-12.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    AnsweringRule, Forwards, InboundRoute, NightSwitch, Open, RuleAction, Snapshot, Tenant, TimeFrame, User,
    rules_of_default::Setting,
};
use crate::{AnsweringRuleId, TenantId, TimeFrameId, UserId};

/// What happens to a user's calls, and by which rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Answering<'a> {
    /// What decides.
    pub rule: Deciding<'a>,
    /// Rules before it with the reason why they do not apply: name, reason.
    pub passed: Vec<(&'a str, String)>,
    /// All calls go there at once.
    pub always: Option<&'a str>,
    /// The rule says so; what the user switched by hand is [`User::is_dnd`].
    pub dnd: bool,
    /// The caller is refused.
    pub refuse: bool,
    /// When busy.
    pub busy: Option<&'a str>,
    /// When nobody answers in time.
    pub no_answer: Option<&'a str>,
    /// 5–120 s.
    pub no_answer_after: Duration,
    /// When no phone is registered; `None` is as `no_answer`.
    pub offline: Option<&'a str>,
    /// Whose phones ring, too.
    pub also: &'a [UserId],
    /// Forwards that would be in force if their time were not over: what, when it ended.
    pub expired: Vec<(&'static str, DateTime<Utc>)>,
}

/// What decides about a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Deciding<'a> {
    /// A rule and its time frame.
    Rule(&'a AnsweringRule, &'a TimeFrame),
    /// The user's forwards.
    Default,
    /// The user's forwards at night.
    Night,
}

impl Deciding<'_> {
    /// AR-04: a rule is called like its time frame.
    pub fn name(&self) -> &str {
        match self {
            Self::Rule(_, frame) => &frame.name,
            Self::Default => "Default",
            Self::Night => "Default at night",
        }
    }
}

impl Snapshot {
    /// What happens to a call for a user at that moment.
    pub fn answering<'a>(&'a self, user: &'a User, utc: DateTime<Utc>) -> Answering<'a> {
        let zone = self.zone_of(user);
        let mut passed = Vec::new();
        for rule in self.answering_rules(user.tenant, user.id) {
            let Some(frame) = self.time_frame(user.tenant, rule.frame) else { continue };
            if !rule.active {
                passed.push((frame.name.as_str(), "switched off".to_owned()));
            } else if !frame.schedule.contains(utc, zone) {
                passed.push((frame.name.as_str(), frame.schedule.why_not(utc, zone)));
            } else {
                return Answering::by_rule(rule, frame, passed);
            }
        }
        let night = self.is_night(user.tenant, utc);
        Answering::by_default(&user.forwards, night, utc, passed)
    }

    /// When something else happens to a user's calls than at that moment; `None` if that is more than a year away. AR-07.
    pub fn answering_until(&self, user: &User, utc: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let now = self.answering(user, utc);
        let mut at = utc;
        for _ in 0..MOST_CHANGES {
            at = self.next_edge(user, at)?;
            let then = self.answering(user, at);
            if !then.is_like(&now) || user.is_dnd(at) != user.is_dnd(utc) {
                return Some(at);
            }
        }
        None
    }

    /// The next moment at which anything of a user's rules begins or ends.
    fn next_edge(&self, user: &User, utc: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.zone_of(user);
        let rules = self.answering_rules(user.tenant, user.id).filter(|rule| rule.active);
        let frames = rules.filter_map(|rule| self.time_frame(user.tenant, rule.frame));
        let frames = frames.filter_map(|frame| frame.schedule.next_change(utc, zone));
        let tenant = self.tenant(user.tenant);
        let night = tenant.filter(|tenant| tenant.night.enabled).and_then(|tenant| {
            let frame = self.time_frame(tenant.id, tenant.night.frame?)?;
            frame.schedule.next_change(utc, self.zone_of_tenant(tenant))
        });
        let f = &user.forwards;
        let ends = [
            user.dnd_until,
            f.always_until,
            f.busy_until,
            f.no_answer_until,
            f.night.always_until,
            f.night.busy_until,
            f.night.no_answer_until,
            tenant.and_then(|tenant| tenant.night.until),
        ];
        frames.chain(night).chain(ends.into_iter().flatten()).filter(|at| *at > utc).min()
    }

    /// Whether a user does not want to be called: by their own switch, or by the rule that is in force. RNG-13, RNG-14.
    pub fn is_dnd(&self, user: &User, utc: DateTime<Utc>) -> bool {
        user.is_dnd(utc) || self.answering(user, utc).dnd
    }

    /// Whether the company has its night: by the switch while that is set, else by its time frame. RNG-16.
    pub fn is_night(&self, tenant: TenantId, utc: DateTime<Utc>) -> bool {
        let Some(tenant) = self.tenant(tenant) else { return false };
        let night = &tenant.night;
        if !night.enabled {
            return false;
        }
        let is_set = night.until.is_none_or(|until| utc < until);
        match night.switch {
            NightSwitch::Day if is_set => false,
            NightSwitch::Night if is_set => true,
            NightSwitch::Automatic | NightSwitch::Day | NightSwitch::Night => {
                let frame = night.frame.and_then(|frame| self.time_frame(tenant.id, frame));
                let zone = self.zone_of_tenant(tenant);
                frame.is_some_and(|frame| frame.schedule.contains(utc, zone) == night.within)
            }
        }
    }

    /// The clocks that a user's rules go by: their own, their site's, the company's. OPS-12.
    pub fn zone_of(&self, user: &User) -> Tz {
        let of_site = || user.site.and_then(|site| self.site(user.tenant, site)).map(|site| site.zone);
        let of_tenant = || self.tenant(user.tenant).map(|tenant| self.zone_of_tenant(tenant));
        user.zone.or_else(of_site).or_else(of_tenant).unwrap_or(Tz::UTC)
    }

    /// Whether an inbound route is open at a moment, and why. ICR-03
    pub fn is_route_open(&self, route: &InboundRoute, utc: DateTime<Utc>) -> (bool, String) {
        match route.open {
            Open::Always => (true, "always".into()),
            Open::ByDay if self.is_night(route.tenant, utc) => (false, "night mode".into()),
            Open::ByDay => (true, "day".into()),
            Open::Within(frame) => {
                let zone = self.tenant(route.tenant).map(|tenant| self.zone_of_tenant(tenant));
                match (self.time_frame(route.tenant, frame), zone) {
                    (Some(frame), Some(zone)) if frame.schedule.contains(utc, zone) => {
                        (true, frame.name.clone())
                    }
                    (Some(frame), Some(zone)) => {
                        (false, format!("{}: {}", frame.name, frame.schedule.why_not(utc, zone)))
                    }
                    _ => (true, "its time frame is gone".into()),
                }
            }
        }
    }

    /// When an inbound route opens or closes next by its own time frame; `None` if it does not within a year, or goes by
    /// night mode, which somebody may switch.
    pub fn route_changes(&self, route: &InboundRoute, utc: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Open::Within(frame) = route.open else { return None };
        let zone = self.zone_of_tenant(self.tenant(route.tenant)?);
        self.time_frame(route.tenant, frame)?.schedule.next_change(utc, zone)
    }

    /// The clocks of a company: those of its default site.
    pub fn zone_of_tenant(&self, tenant: &Tenant) -> Tz {
        tenant.site.and_then(|site| self.site(tenant.id, site)).map_or(Tz::UTC, |site| site.zone)
    }

    /// A time frame.
    pub fn time_frame(&self, tenant: TenantId, id: TimeFrameId) -> Option<&Arc<TimeFrame>> {
        self.rows.time_frames.get(&id.0).filter(|frame| frame.tenant == tenant)
    }
    /// All time frames of a company and its users, in no order.
    pub fn time_frames(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<TimeFrame>> {
        self.rows.time_frames.values().filter(move |frame| frame.tenant == tenant)
    }
    /// An answering rule.
    pub fn answering_rule(&self, tenant: TenantId, id: AnsweringRuleId) -> Option<&Arc<AnsweringRule>> {
        self.rows.answering_rules.get(&id.0).filter(|rule| rule.tenant == tenant)
    }
    /// A user's answering rules in their order.
    pub fn answering_rules(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> impl Iterator<Item = &Arc<AnsweringRule>> {
        let rules = self.indexes.rules_of.get(&user);
        rules.into_iter().flat_map(|rules| rules.iter()).filter(move |rule| rule.tenant == tenant)
    }
}

impl<'a> Answering<'a> {
    /// Whether the same rule has the same done.
    fn is_like(&self, other: &Self) -> bool {
        let targets = |one: &Self| {
            (one.always.map(str::to_owned), one.busy.map(str::to_owned), one.no_answer.map(str::to_owned))
        };
        self.rule == other.rule && targets(self) == targets(other)
    }

    fn by_rule(rule: &'a AnsweringRule, frame: &'a TimeFrame, passed: Vec<(&'a str, String)>) -> Self {
        let mut answering = Self::nothing(Deciding::Rule(rule, frame), passed);
        match &rule.action {
            RuleAction::Ring(ring) => {
                answering.busy = ring.busy.as_deref();
                answering.no_answer = ring.no_answer.as_deref();
                answering.no_answer_after = ring.no_answer_after;
                answering.offline = ring.offline.as_deref();
                answering.also = &ring.also;
            }
            RuleAction::Forward(to) => answering.always = Some(to),
            RuleAction::DoNotDisturb => answering.dnd = true,
            RuleAction::Refuse => answering.refuse = true,
        }
        answering
    }

    fn by_default(
        forwards: &'a Forwards,
        night: bool,
        utc: DateTime<Utc>,
        passed: Vec<(&'a str, String)>,
    ) -> Self {
        let mut answering = Self::nothing(if night { Deciding::Night } else { Deciding::Default }, passed);
        let expired = &mut answering.expired;
        let mut in_force = |setting: Setting<'a>, what| match (setting.to, setting.until) {
            (Some(_), Some(until)) if until <= utc => {
                expired.push((what, until));
                None
            }
            (to, _) => to,
        };
        let set = forwards.set(night);
        let always = in_force(set.always, "forward always");
        let busy = in_force(set.busy, "forward busy");
        let no_answer = in_force(set.no_answer, "forward no answer");
        Self { always, busy, no_answer, no_answer_after: forwards.no_answer_after, ..answering }
    }

    fn nothing(rule: Deciding<'a>, passed: Vec<(&'a str, String)>) -> Self {
        Self {
            rule,
            passed,
            always: None,
            dnd: false,
            refuse: false,
            busy: None,
            no_answer: None,
            no_answer_after: Duration::from_secs(20),
            offline: None,
            also: &[],
            expired: Vec::new(),
        }
    }
}

/// Edges at which nothing changes, before it is taken that nothing will.
const MOST_CHANGES: usize = 64;
