//! What happens to a call, in a sentence. AR-07.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use config::snapshot::{Answering, AnsweringRule, Callers, Forwards, RuleAction, RuleRing};

use crate::{language::say, zone::Clock};

/// What is in force.
pub(crate) fn of_answering(answering: &Answering<'_>, dnd: bool) -> String {
    if answering.refuse {
        return say("Calls are refused.");
    }
    if let Some(to) = answering.always {
        return say(&format!("All calls go to {to}."));
    }
    if dnd || answering.dnd {
        return busy("No phone rings.", answering.busy);
    }
    rings(answering.no_answer_after.as_secs(), answering.no_answer)
}

/// What a rule does.
pub(super) fn of_rule(rule: &AnsweringRule) -> String {
    let what = match &rule.action {
        RuleAction::Ring(RuleRing { no_answer, no_answer_after, .. }) => {
            rings(no_answer_after.as_secs(), no_answer.as_deref())
        }
        RuleAction::Forward(to) => say(&format!("All calls go to {to}.")),
        RuleAction::DoNotDisturb => busy("No phone rings.", None),
        RuleAction::Refuse => say("Calls are refused."),
    };
    match &rule.callers {
        Callers::Everybody => what,
        Callers::Listed(_) => format!("{what} {}", say("Only listed callers.")),
        Callers::Others(_) => format!("{what} {}", say("Listed callers are refused.")),
    }
}

/// What the forwards do, by day or by night.
pub(super) fn of_forwards(forwards: &Forwards, night: bool, utc: DateTime<Utc>) -> String {
    let in_force = |to: &Option<String>, until: Option<DateTime<Utc>>| {
        to.clone().filter(|_| until.is_none_or(|until| utc < until))
    };
    let (always, no_answer) = if night {
        let night = &forwards.night;
        (in_force(&night.always, night.always_until), in_force(&night.no_answer, night.no_answer_until))
    } else {
        (
            in_force(&forwards.always, forwards.always_until),
            in_force(&forwards.no_answer, forwards.no_answer_until),
        )
    };
    match always {
        Some(to) => say(&format!("All calls go to {to}.")),
        None => rings(forwards.no_answer_after.as_secs(), no_answer.as_deref()),
    }
}

/// `17:00`, `Mon 09:00`, `24 Dec 2026 09:00`, on somebody's clock.
pub(crate) fn moment(at: DateTime<Utc>, clock: &Clock) -> String {
    let at = at.with_timezone(&clock.zone);
    let form = match at.date_naive() - clock.now.date_naive() {
        days if days < TimeDelta::days(1) => return at.format("%H:%M").to_string(),
        days if days < TimeDelta::days(7) => at.format("%H:%M"),
        _ => at.format("%-d.%-m.%Y %H:%M"),
    };
    if at.date_naive() - clock.now.date_naive() < TimeDelta::days(7) {
        return format!("{} {form}", say(super::week::DAYS[at.weekday().num_days_from_monday() as usize]));
    }
    form.to_string()
}

fn rings(seconds: u64, then: Option<&str>) -> String {
    match then {
        Some(to) => say(&format!("The phones ring for {seconds} s, then the call goes to {to}.")),
        None => say(&format!("The phones ring for {seconds} s.")),
    }
}

fn busy(what: &str, then: Option<&str>) -> String {
    match then {
        Some(to) => format!("{} {}", say(what), say(&format!("Calls go to {to}."))),
        None => format!("{} {}", say(what), say("Callers hear that you are busy.")),
    }
}
