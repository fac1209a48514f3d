//! Weekly hours to the minute: `mo 09:00-12:00 13:00-17:00; sa 10:00-13:00`. Days without hours are left out.

use std::{fmt, str::FromStr};

use super::time_of_day::{self, DAY};

/// Which minutes of the week are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week {
    /// From Monday: spans of minutes since midnight, in order, apart from each other; the end is not part of it.
    days: [Vec<(u16, u16)>; 7],
}

impl Week {
    /// Whether a minute (0–1439) of a day (0 is Monday) is meant.
    pub fn contains(&self, day: usize, minute: u16) -> bool {
        self.days.get(day).is_some_and(|spans| spans.iter().any(|(from, to)| (*from..*to).contains(&minute)))
    }

    /// The spans of a day (0 is Monday) in minutes since midnight.
    pub fn spans(&self, day: usize) -> &[(u16, u16)] {
        self.days.get(day).map_or(&[], Vec::as_slice)
    }

    /// `09:00-12:00 13:00-17:00` of one day, for forms.
    pub fn day(&self, day: usize) -> String {
        spans(self.spans(day), "-", " ")
    }

    /// `Mon–Fri 09:00–17:00; Sat 10:00–13:00`.
    pub fn in_words(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut first = 0;
        while first < 7 {
            let last =
                (first..7).take_while(|day| self.days[*day] == self.days[first]).last().unwrap_or(first);
            if !self.days[first].is_empty() {
                let name = |day: usize| NAMES[day].1;
                let days = if first == last {
                    name(first).to_owned()
                } else {
                    format!("{}–{}", name(first), name(last))
                };
                parts.push(format!("{days} {}", spans(&self.days[first], "–", ", ")));
            }
            first = last + 1;
        }
        parts.join("; ")
    }

    fn add(&mut self, day: usize, span: (u16, u16)) -> Result<(), String> {
        let spans = &mut self.days[day];
        spans.push(span);
        spans.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in spans.drain(..) {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        *spans = merged;
        if spans.len() > MOST_SPANS { Err(format!("At most {MOST_SPANS} times a day.")) } else { Ok(()) }
    }
}

pub(super) fn normalise(given: &str) -> Result<String, String> {
    given.parse::<Week>().map(|week| week.to_string())
}

pub(super) fn show(stored: &str) -> String {
    stored.parse::<Week>().map_or_else(|_| stored.to_owned(), |week| week.in_words())
}

impl FromStr for Week {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut week = Self::default();
        let text = text.replace(['–', '—'], "-").replace(" - ", "-").to_ascii_lowercase();
        for part in text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
            let (days, hours) = part.split_once([' ', ':']).unwrap_or((part, ""));
            let (first, last) = days_of(days)?;
            for span in hours.split([' ', ',']).filter(|span| !span.is_empty()) {
                let span = span_of(span)?;
                for day in 0..7 {
                    let meant = if first <= last {
                        (first..=last).contains(&day)
                    } else {
                        day >= first || day <= last
                    };
                    if meant {
                        week.add(day, span)?;
                    }
                }
            }
        }
        Ok(week)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = (0..7).filter(|day| !self.days[*day].is_empty());
        let parts: Vec<_> = days.map(|day| format!("{} {}", NAMES[day].0, self.day(day))).collect();
        f.write_str(&parts.join("; "))
    }
}

/// `mo`, `Monday`, `mo-fr`; from Friday to Monday is three days and one.
fn days_of(text: &str) -> Result<(usize, usize), String> {
    let day = |name: &str| {
        let known = (2..=9).contains(&name.len());
        NAMES.iter().position(|(_, _, full)| known && full.starts_with(name)).ok_or_else(|| {
            format!("`{name}` is no day: write mo, tu, we, th, fr, sa, su or mo-fr, then 09:00-17:00.")
        })
    };
    match text.split_once('-') {
        Some((first, last)) => Ok((day(first)?, day(last)?)),
        None => day(text).map(|day| (day, day)),
    }
}

fn span_of(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("`{text}` is no span of time such as 09:00-17:00.");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) =
        (time_of_day::minutes(from).ok_or_else(wrong)?, time_of_day::minutes(to).ok_or_else(wrong)?);
    if from < to && to <= DAY {
        Ok((from, to))
    } else {
        Err(format!(
            "`{text}` ends before it begins. Hours over midnight are written as two days, 24:00 ends one."
        ))
    }
}

fn spans(spans: &[(u16, u16)], dash: &str, between: &str) -> String {
    let said: Vec<_> = spans
        .iter()
        .map(|(from, to)| format!("{}{dash}{}", time_of_day::print(*from), time_of_day::print(*to)))
        .collect();
    said.join(between)
}

/// As stored, as shown, in full.
const NAMES: [(&str, &str, &str); 7] = [
    ("mo", "Mon", "monday"),
    ("tu", "Tue", "tuesday"),
    ("we", "Wed", "wednesday"),
    ("th", "Thu", "thursday"),
    ("fr", "Fri", "friday"),
    ("sa", "Sat", "saturday"),
    ("su", "Sun", "sunday"),
];
/// More than any opening hours have.
const MOST_SPANS: usize = 24;
