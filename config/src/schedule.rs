//! When something holds: weekly hours, a span of time, a list of days, something that comes again, or always. Pure: who
//! asks brings the moment and the zone. AR-08, OPS-12.
//!
//! One rule for clocks that are set forward and back: **hours and days are what the clock on the wall shows.** Of an hour
//! that is left out nothing holds; in an hour that comes twice everything holds twice. What *begins* at a time of day (a
//! recurrence, an appointment) begins once: at the end of the hour that is left out, and at the first of two.

mod days;
pub mod ical;
mod recurrence;
mod zone;

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
pub use chrono_tz::Tz;

use crate::field::week::Week;

pub use days::{Day, DayList};
pub use recurrence::Recurrence;
pub use zone::begins;

/// When something holds, as far as the clock on somebody's wall tells it.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Schedule {
    /// The same hours every week.
    Weekly(Week),
    /// Days and spans of time, in any order: holidays, a vacation, what a calendar was imported from.
    Days(DayList),
    /// Begins again and again, each time for as long.
    Recurring(Recurrence),
    /// At any time.
    #[default]
    Always,
}

impl Schedule {
    /// Whether it holds at a moment, on the clocks of a zone.
    pub fn contains(&self, utc: DateTime<Utc>, zone: Tz) -> bool {
        match self {
            Self::Weekly(week) => {
                let local = zone::local(utc, zone);
                week.contains(local.weekday().num_days_from_monday() as usize, minute(local))
            }
            Self::Days(days) => days.contains(utc, zone),
            Self::Recurring(recurrence) => recurrence.contains(utc, zone),
            Self::Always => true,
        }
    }

    /// When it begins or ends to hold next; `None` if that is more than a year away or never.
    pub fn next_change(&self, utc: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let now = self.contains(utc, zone);
        let mut moments = match self {
            Self::Weekly(week) => edges_of_week(week, utc, zone),
            Self::Days(days) => days.edges(utc, zone),
            Self::Recurring(recurrence) => return recurrence.next_change(utc, zone),
            Self::Always => return None,
        };
        moments.retain(|at| *at > utc && *at < utc + LOOK_AHEAD);
        moments.sort_unstable();
        moments.into_iter().find(|at| self.contains(*at, zone) != now)
    }

    /// Why it does not hold at a moment at which it does not: `from 24 Dec`, `only Mon–Fri 09:00–17:00`.
    pub fn why_not(&self, utc: DateTime<Utc>, zone: Tz) -> String {
        match self {
            Self::Weekly(week) if *week == Week::default() => "it has no hours".to_owned(),
            Self::Weekly(week) => format!("only {}", week.in_words()),
            Self::Days(days) => days.why_not(utc, zone),
            Self::Recurring(recurrence) => format!("only {recurrence}"),
            Self::Always => String::new(),
        }
    }
}

/// For people: `Mon–Fri 09:00–17:00`, `24 Dec 2026, 25 Dec 2026 and 7 more`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly(week) => f.write_str(&week.in_words()),
            Self::Days(days) => f.write_str(&days.in_words()),
            Self::Recurring(recurrence) => recurrence.fmt(f),
            Self::Always => f.write_str("Always"),
        }
    }
}

/// Every moment within nine days at which the hours may begin or end.
fn edges_of_week(week: &Week, utc: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
    let today = zone::local(utc, zone).date();
    let mut moments = Vec::new();
    for day in (0..9).filter_map(|ahead| today.checked_add_days(Days::new(ahead))) {
        for (from, to) in week.spans(day.weekday().num_days_from_monday() as usize) {
            moments.extend(
                [*from, *to].map(|at| at_minute(day, at)).iter().flat_map(|at| zone::edges(*at, zone)),
            );
        }
    }
    moments
}

/// A day and minutes since its midnight, 0–1440.
fn at_minute(day: NaiveDate, minute: u16) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))
}

/// Minutes since midnight, 0–1439.
fn minute(local: NaiveDateTime) -> u16 {
    // An hour is below 24, a minute below 60.
    (local.hour() * 60 + local.minute()) as u16
}

/// `24 Dec 2026`, with its time unless that is midnight.
fn shown(at: NaiveDateTime) -> String {
    let form = if minute(at) == 0 { "%-d %b %Y" } else { "%-d %b %Y %H:%M" };
    at.format(form).to_string()
}

/// What is further away does not come, for people.
const LOOK_AHEAD: TimeDelta = TimeDelta::days(366);

#[cfg(test)]
mod tests;
