//! What keeps calls outside from costing more than the company allows: how many run, how long was talked today. SIP-44.
//!
//! A charge belongs to a leg, so that it follows the leg from call to call. What is not answered costs nothing. A day is one
//! of UTC; a call that runs across midnight counts to each day with what was talked on it.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use config::{
    QuickMap, TenantId, UserId,
    numbering::Class,
    records::outside::UsageRow,
    snapshot::{CallLimits, Limit},
};

use crate::{ids::LegId, io::Now};

/// Calls outside that run, and what was talked on this day.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    running: QuickMap<LegId, Charge>,
    /// [s]
    talked: QuickMap<(Payer, Kind), u64>,
    day: NaiveDate,
    /// When it began, if that was while the program runs.
    began: Option<Instant>,
    /// Of whom administrators know today.
    told: HashSet<(Payer, Kind)>,
    /// Legs that know that their time is nearly up.
    warned: HashSet<LegId>,
    /// When a company's calls are looked at again.
    looks: HashMap<TenantId, Instant>,
}

/// Whose calls are counted together: a company's, or one user's.
type Payer = (TenantId, Option<UserId>);

/// Classes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    National,
    Abroad,
    Premium,
}

/// Who pays for a leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charge {
    pub tenant: TenantId,
    pub user: Option<UserId>,
    pub class: Class,
    /// Since when it costs.
    pub since: Option<Instant>,
}

/// A limit that stops a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// `3 calls abroad at once, and 3 are running`.
    pub text: String,
    /// Administrators do not know of it yet.
    pub is_news: bool,
}

/// What the minutes of a company ask for now.
#[derive(Debug, Default)]
pub(crate) struct Review {
    /// Calls whose time is up.
    pub over: Vec<(LegId, Option<UserId>, Stop)>,
    /// Calls whose time is nearly up, and who do not know yet.
    pub warn: Vec<LegId>,
    /// When to look again, unless something happens before.
    pub next: Option<Instant>,
    /// When that was to be so far.
    pub before: Option<Instant>,
}

impl Guard {
    /// As stored.
    pub(crate) fn of(rows: Vec<UsageRow>, now: DateTime<Utc>) -> Self {
        let mut guard = Self { day: now.date_naive(), ..Self::default() };
        let today = guard.day.to_string();
        for row in rows.into_iter().filter(|row| row.day == today) {
            let Some(kind) = Kind::of(row.class) else { continue };
            guard.add((row.tenant, row.user), kind, row.seconds);
        }
        guard
    }

    /// The limit that keeps one more call from beginning, if there is one.
    pub(crate) fn stops(&mut self, limits: &CallLimits, charge: &Charge, now: Now) -> Option<Stop> {
        self.turn_day(now);
        let kind = Kind::of(charge.class)?;
        let payers = [(charge.tenant, charge.user), (charge.tenant, None)];
        for (payer, whose) in payers.into_iter().zip(["a user", "the company"]) {
            let of = |limit: Limit| match whose {
                "a user" => limit.user.filter(|_| payer.1.is_some()),
                _ => limit.tenant,
            };
            let running = self.running.values().filter(|other| other.at_once(payer)).count();
            if let Some(most) = of(limits.at_once(charge.class))
                && running >= most as usize
            {
                let text = format!("{whose} makes {most} calls abroad at once, and {running} are running");
                return Some(self.stop((payer, kind), text));
            }
            let talked = self.talked_by(payer, kind, now.at);
            if let Some(most) = of(limits.minutes(charge.class))
                && talked >= 60 * u64::from(most)
            {
                let text =
                    format!("{whose} talks {most} min a day {}, and {} are over", kind.words(), talked / 60);
                return Some(self.stop((payer, kind), text));
            }
        }
        None
    }

    /// Looks at the calls of a company that run: whose minutes are over, whose are nearly, and when that will be of others.
    pub(crate) fn review(&mut self, limits: Option<&CallLimits>, tenant: TenantId, now: Now) -> Review {
        self.turn_day(now);
        let mut review = Review { before: self.looks.remove(&tenant), ..Review::default() };
        let Some(limits) = limits else { return review };
        let theirs =
            self.running.iter().filter(|(_, charge)| charge.tenant == tenant && charge.since.is_some());
        let mut legs: Vec<(LegId, Charge)> = theirs.map(|(leg, charge)| (*leg, *charge)).collect();
        legs.sort_by_key(|(leg, _)| *leg);
        for (leg, charge) in legs {
            let Some((left, (payer, kind), text)) = self.left(limits, &charge, now.at) else { continue };
            if left.is_zero() {
                let stop = self.stop((payer, kind), text);
                review.over.push((leg, charge.user, stop));
                continue;
            }
            let until = match left.checked_sub(WARNS_BEFORE) {
                Some(until) if !until.is_zero() && !self.warned.contains(&leg) => until,
                _ => {
                    if self.warned.insert(leg) {
                        review.warn.push(leg);
                    }
                    left
                }
            };
            review.next = review.next.into_iter().chain([now.at + until]).min();
        }
        self.looks.extend(review.next.map(|next| (tenant, next)));
        review
    }

    /// Whose running call the leg is.
    pub(crate) fn tenant_of(&self, leg: LegId) -> Option<TenantId> {
        self.running.get(&leg).map(|charge| charge.tenant)
    }

    /// No call of the company costs anything any more: when it was to be looked at again.
    pub(crate) fn rests(&mut self, tenant: TenantId) -> Option<Instant> {
        let is_quiet = self.running.values().all(|charge| charge.tenant != tenant);
        is_quiet.then(|| self.looks.remove(&tenant)).flatten()
    }

    /// Companies that have calls outside.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        let mut tenants: Vec<TenantId> = self.running.values().map(|charge| charge.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants
    }

    /// A leg that costs begins.
    pub(crate) fn begin(&mut self, leg: LegId, charge: Charge) {
        self.running.insert(leg, charge);
    }

    /// It goes on as another leg, in another call: what it costs from now on is counted there.
    pub(crate) fn carry(&mut self, leg: LegId, on: LegId, at: Instant) {
        if let Some(charge) = self.running.get(&leg) {
            let since = charge.since.map(|_| at);
            let charge = Charge { since, ..*charge };
            self.running.insert(on, charge);
        }
    }

    /// It is answered.
    pub(crate) fn answered(&mut self, leg: LegId, at: Instant) {
        if let Some(charge) = self.running.get_mut(&leg) {
            charge.since.get_or_insert(at);
        }
    }

    /// It is over, and was answered then: what is to be kept of it, day by day.
    pub(crate) fn over(&mut self, leg: LegId, answered: Option<Instant>, now: Now) -> Vec<UsageRow> {
        self.warned.remove(&leg);
        let charge = self.running.remove(&leg);
        let Some((charge, since)) = charge.zip(answered) else { return vec![] };
        let Some(kind) = Kind::of(charge.class) else { return vec![] };
        self.turn_day(now);
        let Charge { tenant, user, class, .. } = charge;
        let days = days(now.at.saturating_duration_since(since), now.utc);
        let row = |(day, seconds): (NaiveDate, u64)| {
            if day == self.day {
                self.add((tenant, user), kind, seconds);
            }
            UsageRow { tenant, user, class, day: day.to_string(), seconds }
        };
        days.into_iter().map(row).collect()
    }

    /// Whether nothing costs at present.
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.is_empty()
    }

    /// How long a call may last, by the narrowest of its limits; whose that is, and in words what it says.
    fn left(
        &self,
        limits: &CallLimits,
        charge: &Charge,
        now: Instant,
    ) -> Option<(Duration, (Payer, Kind), String)> {
        let kind = Kind::of(charge.class)?;
        let limit = limits.minutes(charge.class);
        let user = limit.user.filter(|_| charge.user.is_some());
        let payers = [
            (user, (charge.tenant, charge.user), "a user"),
            (limit.tenant, (charge.tenant, None), "the company"),
        ];
        let of = |(most, payer, whose): (Option<u32>, Payer, &str)| {
            let most = most?;
            let (talked, running) = (self.talked_by(payer, kind, now), self.talking(payer, kind));
            // All who talk use the rest up together.
            let left = (60 * u64::from(most)).saturating_sub(talked).div_ceil(running.max(1));
            let text = format!("{whose} talks {most} min a day {}, and they are over", kind.words());
            Some((Duration::from_secs(left), (payer, kind), text))
        };
        payers.into_iter().filter_map(of).min_by_key(|(left, ..)| *left)
    }

    /// How many of their calls cost something right now.
    fn talking(&self, payer: Payer, kind: Kind) -> u64 {
        let of = |charge: &&Charge| {
            charge.is_of(payer) && charge.since.is_some() && Kind::of(charge.class) == Some(kind)
        };
        self.running.values().filter(of).count() as u64
    }

    fn stop(&mut self, whose: (Payer, Kind), text: String) -> Stop {
        Stop { text, is_news: self.told.insert(whose) }
    }

    /// Since when a call costs today that costs since then.
    fn today(&self, since: Instant) -> Instant {
        self.began.map_or(since, |began| since.max(began))
    }

    /// Finished and running calls together, today. [s]
    fn talked_by(&self, payer: Payer, kind: Kind, now: Instant) -> u64 {
        let running = self
            .running
            .values()
            .filter(|charge| charge.is_of(payer) && Kind::of(charge.class) == Some(kind));
        let running = running
            .filter_map(|charge| Some(now.saturating_duration_since(self.today(charge.since?)).as_secs()));
        self.talked.get(&(payer, kind)).copied().unwrap_or(0) + running.sum::<u64>()
    }

    fn add(&mut self, (tenant, user): Payer, kind: Kind, seconds: u64) {
        *self.talked.entry(((tenant, None), kind)).or_default() += seconds;
        if user.is_some() {
            *self.talked.entry(((tenant, user), kind)).or_default() += seconds;
        }
    }

    fn turn_day(&mut self, now: Now) {
        let day = now.utc.date_naive();
        if day != self.day {
            self.day = day;
            self.began = midnight(now.utc).and_then(|midnight| now.at.checked_sub(midnight));
            self.talked.clear();
            self.told.clear();
            self.warned.clear();
        }
    }
}

/// What was talked on each day by somebody who talked that long until now. Begun seconds count: so do carriers. The days' parts
/// are together what the whole is. [s]
fn days(talked: Duration, now: DateTime<Utc>) -> Vec<(NaiveDate, u64)> {
    let mut left = talked.as_millis().div_ceil(1000) as u64;
    let mut rows = vec![];
    let (mut day, mut today) = (now.date_naive(), midnight(now).unwrap_or_default().as_secs());
    while left > today {
        rows.push((day, today));
        left -= today;
        let Some(before) = day.pred_opt() else { break };
        (day, today) = (before, DAY);
    }
    rows.push((day, left));
    rows.retain(|(_, seconds)| *seconds > 0);
    rows.reverse();
    rows
}

/// How long ago it was midnight.
fn midnight(utc: DateTime<Utc>) -> Option<Duration> {
    (utc.time() - chrono::NaiveTime::MIN).to_std().ok()
}

impl Charge {
    fn is_of(&self, (tenant, user): Payer) -> bool {
        self.tenant == tenant && (user.is_none() || self.user == user)
    }
    /// Whether it counts among the dear calls at once.
    fn at_once(&self, payer: Payer) -> bool {
        self.is_of(payer) && matches!(Kind::of(self.class), Some(Kind::Abroad | Kind::Premium))
    }
}

impl Kind {
    fn of(class: Class) -> Option<Self> {
        match class {
            Class::Local | Class::National => Some(Self::National),
            Class::International => Some(Self::Abroad),
            Class::Premium => Some(Self::Premium),
            Class::Internal | Class::Emergency => None,
        }
    }
    fn words(self) -> &'static str {
        match self {
            Self::National => "within the country",
            Self::Abroad => "abroad",
            Self::Premium => "with premium numbers",
        }
    }
}

/// [s]
const DAY: u64 = 86_400;
/// How long before the end of a call its caller hears that it is near.
const WARNS_BEFORE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TenantId = TenantId(1);
    const ANNA: Option<UserId> = Some(UserId(1));

    fn limits() -> CallLimits {
        CallLimits {
            abroad_at_once: Limit { user: Some(1), tenant: Some(2) },
            abroad: Limit { user: Some(2), tenant: Some(3) },
            ..CallLimits::none(ONE)
        }
    }

    fn abroad(user: Option<UserId>) -> Charge {
        Charge { tenant: ONE, user, class: Class::International, since: None }
    }

    fn now() -> Now {
        Now { at: Instant::now(), utc: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000) }
    }

    fn later(now: Now, seconds: u64) -> Now {
        let utc = now.utc + chrono::TimeDelta::seconds(seconds as i64);
        Now { at: now.at + Duration::from_secs(seconds), utc }
    }

    /// SIP-44
    #[test]
    fn calls_abroad_at_once_are_counted_by_user_and_company() {
        let (mut guard, now) = (Guard::of(vec![], now().utc), now());
        assert_eq!(guard.stops(&limits(), &abroad(ANNA), now), None);
        guard.begin(LegId(1), abroad(ANNA));
        let stop = guard.stops(&limits(), &abroad(ANNA), now).unwrap();
        assert!(
            stop.is_news && stop.text == "a user makes 1 calls abroad at once, and 1 are running",
            "{stop:?}"
        );
        assert!(!guard.stops(&limits(), &abroad(ANNA), now).unwrap().is_news);
        assert_eq!(guard.stops(&limits(), &abroad(Some(UserId(2))), now), None);
        let national = Charge { class: Class::National, ..abroad(ANNA) };
        assert_eq!(guard.stops(&limits(), &national, now), None);
        guard.begin(LegId(2), abroad(None));
        assert!(guard.stops(&limits(), &abroad(None), now).unwrap().text.starts_with("the company"));
        assert_eq!(guard.over(LegId(1), None, now), vec![], "it was not answered");
        assert_eq!(guard.stops(&limits(), &abroad(ANNA), now), None);
    }

    /// SIP-44: a day's minutes hold over a restart, and end with the day.
    #[test]
    fn minutes_of_a_day_add_up_until_the_limit_and_begin_anew_the_next_day() {
        let start = now();
        let mut guard = Guard::of(vec![], start.utc);
        guard.begin(LegId(1), abroad(ANNA));
        let row = guard.over(LegId(1), Some(start.at), later(start, 120)).remove(0);
        assert_eq!((row.seconds, row.user, row.day.as_str()), (120, ANNA, "2024-10-04"));
        let mut again = Guard::of(vec![row], start.utc);
        let stop = again.stops(&limits(), &abroad(ANNA), later(start, 130)).unwrap();
        assert_eq!(stop.text, "a user talks 2 min a day abroad, and 2 are over");
        assert_eq!(again.stops(&limits(), &abroad(None), later(start, 130)), None);
        assert_eq!(again.stops(&limits(), &abroad(ANNA), later(start, 86_400)), None);
    }

    /// SIP-44: two who talk use the minutes up together; each is warned once before they are over.
    #[test]
    fn running_calls_are_warned_and_then_over_when_their_minutes_are_used_up() {
        let start = now();
        let mut guard = Guard::of(vec![], start.utc);
        for leg in [LegId(1), LegId(2)] {
            guard.begin(leg, abroad(None));
            guard.answered(leg, start.at);
        }
        let mut look = |seconds| {
            let at = later(start, seconds);
            let review = guard.review(Some(&limits()), ONE, at);
            let next = review.next.map(|next| next.duration_since(start.at).as_secs());
            (review.warn.len(), review.over.len(), next)
        };
        assert_eq!(look(0), (0, 0, Some(60)), "three minutes for both, thirty seconds before");
        assert_eq!(look(60), (2, 0, Some(90)));
        assert_eq!(look(70), (0, 0, Some(90)));
        assert_eq!(look(90), (0, 2, None));
        assert!(guard.review(None, ONE, later(start, 90)).over.is_empty(), "there is no limit any more");
    }

    /// SIP-44: what was talked before midnight is yesterday's; the minutes of the new day are all there, with a warning of
    /// their own.
    #[test]
    fn a_call_across_midnight_counts_to_both_days() {
        let noon = now();
        let start = Now { utc: noon.utc + chrono::TimeDelta::seconds(86_400 - 90), ..noon };
        let mut guard = Guard::of(vec![], start.utc);
        guard.begin(LegId(1), abroad(ANNA));
        guard.answered(LegId(1), start.at);
        let mut look = |seconds| {
            let review = guard.review(Some(&limits()), ONE, later(start, seconds));
            let next = review.next.map(|next| next.duration_since(start.at).as_secs());
            (review.warn.len(), review.over.len(), next)
        };
        assert_eq!(look(0), (0, 0, Some(90)));
        assert_eq!(look(89), (0, 0, Some(90)));
        assert_eq!(look(90), (0, 0, Some(180)), "two minutes of the new day, thirty seconds before");
        assert_eq!(look(180), (1, 0, Some(210)));
        assert_eq!(look(210), (0, 1, None));
        let rows = guard.over(LegId(1), Some(start.at), later(start, 210));
        let rows: Vec<_> = rows.iter().map(|row| (row.day.as_str(), row.seconds)).collect();
        assert_eq!(rows, [("2024-10-04", 90), ("2024-10-05", 120)]);
        let stop = guard.stops(&limits(), &abroad(ANNA), later(start, 211)).unwrap();
        assert_eq!(stop.text, "a user talks 2 min a day abroad, and 2 are over");
    }

    /// SIP-44: also over several days, and at midnight itself; a begun second counts once.
    #[test]
    fn the_days_parts_are_together_what_was_talked() {
        let at = DateTime::parse_from_rfc3339("2026-11-23T00:00:10.500Z").unwrap().to_utc();
        let parts = |ms| {
            let days = days(Duration::from_millis(ms), at);
            days.into_iter().map(|(_, seconds)| seconds).collect::<Vec<_>>()
        };
        assert!(parts(0).is_empty());
        assert_eq!(parts(9_001), [10]);
        assert_eq!(parts(20_500), [11, 10]);
        assert_eq!(parts(2 * 86_400_000), [86_390, 86_400, 10]);
        let midnight = at - chrono::TimeDelta::milliseconds(10_500);
        assert_eq!(days(Duration::from_secs(5), midnight).iter().map(|d| d.1).sum::<u64>(), 5);
    }

    /// SIP-44: a call that runs counts with what it has cost so far.
    #[test]
    fn running_calls_count_too() {
        let start = now();
        let mut guard = Guard::of(vec![], start.utc);
        let other = Charge { tenant: TenantId(2), ..abroad(ANNA) };
        guard.begin(LegId(1), abroad(None));
        guard.begin(LegId(2), other);
        guard.answered(LegId(1), start.at);
        guard.answered(LegId(2), start.at);
        assert_eq!(guard.stops(&limits(), &abroad(None), later(start, 60)), None);
        assert!(guard.stops(&limits(), &abroad(None), later(start, 180)).is_some());
    }
}
