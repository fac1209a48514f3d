//! A moment, in UTC to the second: `2026-11-22T13:30:00Z` (RFC 3339). Without an offset it is UTC; seconds may be left out.

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};

pub(super) fn normalise(given: &str) -> Result<String, String> {
    moment(given)
        .map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .ok_or_else(|| "A day and a time such as 2026-11-22 13:30, in UTC.".into())
}

pub(super) fn show(stored: &str) -> String {
    moment(stored).map_or_else(|| stored.to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// The moment that a stored text stands for; `None` if it is blank.
pub fn of(stored: &str) -> Option<DateTime<Utc>> {
    if stored.is_empty() { None } else { moment(stored) }
}

fn moment(given: &str) -> Option<DateTime<Utc>> {
    let given = given.replacen(' ', "T", 1).replace(" UTC", "Z");
    let plain = || {
        let (day, time) = given.trim_end_matches('Z').split_once('T').unwrap_or((&given, "00:00"));
        let time =
            ["%H:%M:%S", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
        Some(NaiveDateTime::new(super::date::day(day)?, time).and_utc())
    };
    let offset = DateTime::parse_from_rfc3339(&given).ok().map(|at| at.with_timezone(&Utc));
    let at = offset.or_else(plain)?;
    super::date::day(&at.format("%Y-%m-%d").to_string())?;
    Some(at)
}
