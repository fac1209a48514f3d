//! What begins again and again: five fields as `cron` has them, and how long it lasts. AR-01, AR-08.
//!
//! Administrators write minute, hour, day of the month, month and day of the week, where 0 and 7 are Sunday. The `cron`
//! crate wants seconds before them and counts days of the week from 1; it is asked in the time of the clock on the wall,
//! so that it never sees clocks being set: what begins in an hour that is left out or comes twice is decided by
//! [`zone::begins`]. Day and day of the week must both fit: `0 10 1-7 * mon` is the first Monday of the month.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::zone;
use crate::field::duration;

/// Begins again and again, each time for as long.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    text: String,
    cron: Box<cron::Schedule>,
    lasts: TimeDelta,
}

impl Recurrence {
    /// Of five fields and a duration of a minute to a week.
    ///
    /// # Errors
    /// In words that say how it is written.
    pub fn new(text: &str, lasts: Duration) -> Result<Self, String> {
        let lasts = TimeDelta::from_std(lasts).map_err(|_| "It lasts too long.".to_owned())?;
        if lasts < TimeDelta::minutes(1) || lasts > LONGEST {
            return Err("It lasts a minute to seven days.".into());
        }
        let expression = translated(text)?;
        let cron = cron::Schedule::from_str(&expression).map_err(|_| HOW.to_owned())?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A day that no year has, such as 30 February.
        if cron.after(&DateTime::UNIX_EPOCH).next().is_none() {
            return Err(format!("`{text}` never comes."));
        }
        Ok(Self { text, cron: Box::new(cron), lasts })
    }

    pub(super) fn contains(&self, utc: DateTime<Utc>, zone: Tz) -> bool {
        self.last_begin(utc, zone).is_some_and(|begun| utc < begun + self.lasts)
    }

    pub(super) fn next_change(&self, utc: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let begins = self.begins_after(zone::local(utc, zone) - TWICE, zone);
        let mut next = begins.filter(|begin| *begin > utc).take(MOST_BEGINS);
        if !self.contains(utc, zone) {
            return next.next();
        }
        let mut end = self.last_begin(utc, zone)? + self.lasts;
        for begin in next {
            if begin > end {
                return Some(end);
            }
            end = begin + self.lasts;
        }
        None
    }

    /// When it began last.
    fn last_begin(&self, utc: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // Clocks that were set back show times again that are over, and times to come that have begun.
        let latest = zone::local(utc, zone) + TWICE;
        let mut earlier = self.cron.after(&latest.and_utc());
        std::iter::from_fn(move || earlier.next_back())
            .map(|begin| zone::begins(begin.naive_utc(), zone))
            .find(|begin| *begin <= utc)
    }

    fn begins_after(&self, local: NaiveDateTime, zone: Tz) -> impl Iterator<Item = DateTime<Utc>> {
        let local = local.and_utc();
        let mut later = self.cron.after(&local);
        std::iter::from_fn(move || later.next()).map(move |begin| zone::begins(begin.naive_utc(), zone))
    }
}

/// `0 10 * * mon for 1 h`.
impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.text, duration::show(&self.lasts.num_seconds().to_string()))
    }
}

/// In the crate's own form.
fn translated(text: &str) -> Result<String, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else { return Err(HOW.into()) };
    let simple = |field: &str| {
        field.len() <= 60
            && field.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b',' | b'-' | b'/'))
    };
    if !fields.iter().all(|field| simple(field)) {
        return Err(HOW.into());
    }
    Ok(format!("0 {minute} {hour} {day} {month} {}", weekdays(weekday)?))
}

/// Days of the week by name, each by itself: the crate counts them otherwise, and knows no span over Sunday.
fn weekdays(field: &str) -> Result<String, String> {
    let mut meant = [false; 7];
    for part in field.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, step.parse::<usize>().ok().filter(|step| (1..=7).contains(step))),
            None => (part, Some(1)),
        };
        let step = step.ok_or(HOW)?;
        let (first, last) = match span.split_once('-') {
            Some((first, last)) => (weekday(first)?, weekday(last)?),
            None if span == "*" => (0, 6),
            None if part.contains('/') => (weekday(span)? % 7, 6),
            None => (weekday(span)?, weekday(span)?),
        };
        let last = if last < first { last + 7 } else { last };
        (first..=last).step_by(step).for_each(|day| meant[day % 7] = true);
    }
    let named = NAMES.iter().zip(meant).filter(|(_, meant)| *meant).map(|(name, _)| *name);
    Ok(if meant == [true; 7] { "*".into() } else { named.collect::<Vec<_>>().join(",") })
}

/// 0 and 7 are Sunday.
fn weekday(text: &str) -> Result<usize, String> {
    let lower = text.to_ascii_lowercase();
    let named = NAMES.iter().position(|name| lower == *name);
    named.or_else(|| lower.parse().ok().filter(|day| *day <= 7)).ok_or_else(|| HOW.into())
}

const HOW: &str =
    "Minute, hour, day, month and day of the week, as cron has them: 0 10 * * mon is every Monday at 10.";
const NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const LONGEST: TimeDelta = TimeDelta::days(7);
/// By more than that no clock is set back.
const TWICE: TimeDelta = TimeDelta::hours(3);
/// A recurrence that begins more often without an end in between has none, for people.
const MOST_BEGINS: usize = 2000;
