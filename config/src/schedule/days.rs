//! A list of days and spans of time, one a line: holidays, a vacation, appointments of a calendar. AR-01, AR-08.
//!
//! ```text
//! 2026-12-25 Christmas Day
//! 2026-12-24 12:00-18:00 Office party
//! 2026-12-24/2026-12-31 Closed
//! 2026-12-24T12:00/2026-12-31T08:00 Away
//! 2026-12-24T12:00Z/2026-12-24T13:00Z A moment that is the same in every zone
//! 12-25 Christmas Day of every year
//! ```

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::{at_minute, minute, shown, zone};
use crate::field::time_of_day;

/// Days and spans of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayList(Vec<Day>);

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    when: When,
    /// What people call it; may be blank.
    pub name: String,
}

/// The end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// On the clocks of whatever zone.
    Local(NaiveDateTime, NaiveDateTime),
    Moments(DateTime<Utc>, DateTime<Utc>),
    /// Month, day, minutes since midnight.
    Yearly(u32, u32, (u16, u16)),
}

impl Day {
    /// From a time on the clock to another.
    pub fn local(from: NaiveDateTime, to: NaiveDateTime, name: &str) -> Self {
        Self { when: When::Local(from, to), name: named(name) }
    }
    /// From a moment to another.
    pub fn moments(from: DateTime<Utc>, to: DateTime<Utc>, name: &str) -> Self {
        Self { when: When::Moments(from, to), name: named(name) }
    }

    fn contains(&self, utc: DateTime<Utc>, local: NaiveDateTime) -> bool {
        match self.when {
            When::Local(from, to) => from <= local && local < to,
            When::Moments(from, to) => from <= utc && utc < to,
            When::Yearly(month, day, (from, to)) => {
                local.month() == month && local.day() == day && (from..to).contains(&minute(local))
            }
        }
    }

    /// Beginning and end on the clocks of a zone; of what comes every year, the next one that is not over.
    fn span(&self, local: NaiveDateTime, zone: Tz) -> Option<(NaiveDateTime, NaiveDateTime)> {
        match self.when {
            When::Local(from, to) => Some((from, to)),
            When::Moments(from, to) => Some((zone::local(from, zone), zone::local(to, zone))),
            // Leap days are at most eight years apart.
            When::Yearly(month, day, (from, to)) => (local.year()..=local.year() + 8)
                .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                .map(|date| (at_minute(date, from), at_minute(date, to)))
                .find(|(_, end)| *end > local),
        }
    }
}

impl DayList {
    /// The list of these.
    ///
    /// # Errors
    /// Where there are more than [`MOST`], in words.
    pub fn of(days: Vec<Day>) -> Result<Self, String> {
        if days.len() > MOST { Err(format!("At most {MOST} lines.")) } else { Ok(Self(days)) }
    }
    /// All of them.
    pub fn days(&self) -> &[Day] {
        &self.0
    }

    pub(super) fn contains(&self, utc: DateTime<Utc>, zone: Tz) -> bool {
        let local = zone::local(utc, zone);
        self.0.iter().any(|day| day.contains(utc, local))
    }

    pub(super) fn edges(&self, utc: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
        let yesterday = zone::local(utc, zone) - chrono::TimeDelta::days(1);
        let mut moments = Vec::new();
        for day in &self.0 {
            match day.when {
                When::Moments(from, to) => moments.extend([from, to]),
                When::Local(_, to) if to < yesterday => {}
                _ => {
                    // The one after it as well: what comes every year may have begun.
                    let first = day.span(yesterday, zone);
                    let next = first.and_then(|(_, to)| day.span(to, zone));
                    for (from, to) in [first, next].into_iter().flatten() {
                        moments.extend(zone::edges(from, zone).chain(zone::edges(to, zone)));
                    }
                }
            }
        }
        moments
    }

    pub(super) fn why_not(&self, utc: DateTime<Utc>, zone: Tz) -> String {
        let local = zone::local(utc, zone);
        let spans = self.0.iter().filter_map(|day| day.span(local, zone));
        match spans.clone().map(|(from, _)| from).filter(|from| *from > local).min() {
            Some(next) => format!("from {}", shown(next)),
            None => match spans.map(|(_, to)| to).max() {
                Some(last) => format!("it ended {}", shown(last)),
                None => "it has no days".to_owned(),
            },
        }
    }

    pub(super) fn in_words(&self) -> String {
        let said: Vec<String> = self.0.iter().take(SAID).map(Day::to_string).collect();
        match self.0.len().saturating_sub(SAID) {
            0 => said.join(", "),
            more => format!("{} and {more} more", said.join(", ")),
        }
    }
}

impl FromStr for DayList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let days = lines.take(MOST + 1).map(str::parse).collect::<Result<Vec<Day>, _>>()?;
        Self::of(days)
    }
}

impl fmt::Display for DayList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Day::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no day: write 2026-12-25 Name, 12-25 Name for every year, 2026-12-24 12:00-18:00 Name or \
                 2026-12-24/2026-12-31 Name.",
                line.chars().take(40).collect::<String>()
            )
        };
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (second, after) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        let span = span_of(second);
        let name = if span.is_some() { after } else { rest };
        let (from, to) = span.unwrap_or((0, time_of_day::DAY));
        let when = if let Some((begin, end)) = first.split_once('/') {
            interval(begin, end).filter(|_| span.is_none()).ok_or_else(wrong)?
        } else if let Some(day) = date(first) {
            When::Local(at_minute(day, from), at_minute(day, to))
        } else {
            let (month, day) = yearly(first).ok_or_else(wrong)?;
            When::Yearly(month, day, (from, to))
        };
        let ordered = match when {
            When::Local(from, to) => from < to,
            When::Moments(from, to) => from < to,
            When::Yearly(..) => from < to,
        };
        if !ordered {
            return Err(format!("`{first}` ends before it begins."));
        }
        Ok(Self { when, name: named(name) })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::Local(from, to) if minute(from) == 0 && minute(to) == 0 => {
                let last = to.date().pred_opt().unwrap_or(to.date());
                write!(f, "{}", from.date())?;
                if last != from.date() {
                    write!(f, "/{last}")?;
                } else {
                    self.whole_day(f)?;
                }
            }
            When::Local(from, to) => match (to - from.date().and_time(NaiveTime::MIN)).num_minutes() {
                until @ 0..=1440 => write!(f, "{} {}", from.date(), times((minute(from), until as u16)))?,
                _ => write!(f, "{}/{}", from.format(LOCAL), to.format(LOCAL))?,
            },
            When::Moments(from, to) => write!(f, "{}/{}", from.format(MOMENT), to.format(MOMENT))?,
            When::Yearly(month, day, span) => {
                write!(f, "{month:02}-{day:02}")?;
                if span == (0, time_of_day::DAY) {
                    self.whole_day(f)?
                } else {
                    write!(f, " {}", times(span))?
                }
            }
        }
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.name) }
    }
}

impl Day {
    /// A name that begins like a time must not be read as one.
    fn whole_day(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.name.split(' ').next().unwrap_or_default();
        if span_of(first).is_some() { f.write_str(" 00:00-24:00") } else { Ok(()) }
    }
}

/// What fits on its line.
fn named(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(NAME).collect::<String>().trim().to_owned()
}

/// `2026-12-24/2026-12-31` with both days, or two times.
fn interval(begin: &str, end: &str) -> Option<When> {
    if let (Some(first), Some(last)) = (date(begin), date(end)) {
        let after = last.checked_add_days(Days::new(1))?;
        return Some(When::Local(first.and_time(NaiveTime::MIN), after.and_time(NaiveTime::MIN)));
    }
    if let (Some(from), Some(to)) = (time(begin), time(end)) {
        return Some(When::Local(from, to));
    }
    let moment = |text: &str| Some(time(text.strip_suffix('Z')?)?.and_utc());
    Some(When::Moments(moment(begin)?, moment(end)?))
}

fn date(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (text.len() == 10 && (1900..2200).contains(&day.year())).then_some(day)
}

fn time(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once('T')?;
    Some(date(day)?.and_time(NaiveTime::parse_from_str(time, "%H:%M").ok()?))
}

/// `12-25`; the leap day is one.
fn yearly(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok())?;
    let (month, day) = (number(month)?, number(day)?);
    NaiveDate::from_ymd_opt(2024, month, day).map(|_| (month, day))
}

fn span_of(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let minutes = |text: &str| time_of_day::minutes(text).filter(|_| text.contains(':'));
    Some((minutes(from)?, minutes(to)?))
}

fn times((from, to): (u16, u16)) -> String {
    format!("{}-{}", time_of_day::print(from), time_of_day::print(to))
}

/// Lines.
pub(super) const MOST: usize = 1000;
/// Characters of a name.
const NAME: usize = 60;
/// Lines that are said in a sentence.
const SAID: usize = 3;
const LOCAL: &str = "%Y-%m-%dT%H:%M";
const MOMENT: &str = "%Y-%m-%dT%H:%MZ";
