//! Calls outside end when the minutes are used up that they may cost; who talks hears a tone before. SIP-44.
//!
//! ```text
//!   answered             30 s before the end     end
//!      │── Minutes(tenant) ──►│── tone 1 s ──►│── BYE ──► both, alert to administrators
//! ```

use config::{
    TenantId, UserId,
    records::{
        Change,
        outside::{AlertKind, AlertRow},
    },
};
use media::{Path, Tone};

use super::Engine;
use crate::{call::Cause, guard::Stop, ids::LegId, io::Now, limits, timers::Timer};

impl Engine {
    /// Looks at the minutes of whoever pays for a leg.
    pub(super) fn watch_minutes(&mut self, now: Now, leg: LegId) {
        let tenant = self.office.guard.borrow().tenant_of(leg);
        if let Some(tenant) = tenant {
            self.review_minutes(now, tenant);
        }
    }

    /// The limits may be others.
    pub(super) fn review_all_minutes(&mut self, now: Now) {
        let tenants = self.office.guard.borrow().tenants();
        for tenant in tenants {
            self.review_minutes(now, tenant);
        }
    }

    /// Ends the calls of a company whose minutes are over, and warns those whose are nearly.
    pub(super) fn review_minutes(&mut self, now: Now, tenant: TenantId) {
        let snapshot = self.snapshot.clone();
        let limits = snapshot.call_limits(tenant).map(|limits| &**limits);
        let review = self.office.guard.borrow_mut().review(limits, tenant, now);
        if review.before != review.next {
            if let Some(before) = review.before {
                self.timers.clear(before, Timer::Minutes(tenant));
            }
            if let Some(next) = review.next {
                self.timers.set(next, Timer::Minutes(tenant));
            }
        }
        for leg in review.warn {
            self.warn(now, leg);
        }
        for (leg, user, stop) in review.over {
            self.cut(now, leg, (tenant, user), &stop);
        }
    }

    /// The call costs no more from now on.
    fn cut(&mut self, now: Now, leg: LegId, (tenant, user): (TenantId, Option<UserId>), stop: &Stop) {
        let Some(call) = self.calls.call_of(leg).filter(|call| !call.is_ending()) else { return };
        call.note(now, "Cut", &stop.text, "call limits");
        let (id, who) = (call.id, call.record.caller.number.clone());
        if stop.is_news {
            let mail = self.snapshot.call_limits(tenant).map(|limits| limits.alert_mail.clone());
            let text =
                format!("A call of {who} was cut: {}. Further ones are stopped. See Call limits.", stop.text);
            let at = now.utc.timestamp_millis();
            let alert =
                AlertRow { tenant, at, kind: AlertKind::Limit, text, user, mail: mail.unwrap_or_default() };
            let stored = self.records.store(Change::Alert(Box::new(alert)));
            self.out.push_back(stored);
        }
        self.end(now, id, Cause::LimitReached, Cause::LimitReached.text().into());
    }

    /// Whoever talks with the outside hears that the time is nearly up.
    fn warn(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.calls.call_of(leg) else { return };
        call.note(now, "Warned", "the minutes of the day are nearly used up", "call limits");
        let (Some(partner), country) = (call.partner(leg), call.country()) else { return };
        let hears = self.calls.legs.get(&partner).and_then(|row| row.line.path);
        if hears == Some(Path::Peer(leg.session())) {
            self.set_path(partner, Path::Tone(Tone::Waiting, country));
            self.timers.set(now.at + limits::WARNING_TONE, Timer::Warned(partner));
        }
    }

    /// The tone is over: whoever heard it hears again with whom they talk, unless they hear something else by now.
    pub(super) fn hear_again(&mut self, leg: LegId) {
        let Some(call) = self.calls.call_of(leg).filter(|call| !call.is_ending()) else { return };
        let Some(partner) = call.partner(leg) else { return };
        let hears = self.calls.legs.get(&leg).and_then(|row| row.line.path);
        if matches!(hears, Some(Path::Tone(Tone::Waiting, _))) {
            self.set_path(leg, Path::Peer(partner.session()));
        }
    }
}
