//! A time zone as phones know it: hours from UTC, and by which rule summer time begins and ends. Found by looking at a year
//! of the IANA database.

use chrono::{DateTime, Datelike, Days, NaiveDate, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    /// Name of the IANA database.
    pub name: String,
    /// Standard time. [seconds east of UTC]
    pub offset: i32,
    pub summer: Option<Summer>,
}

/// Summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summer {
    /// [seconds added]
    pub saves: i32,
    pub start: Change,
    pub end: Change,
}

/// When clocks change, in the local time of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// 1–12
    pub month: u32,
    /// 1–4, or 5 for the last one of the month.
    pub week: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// 0–23
    pub hour: u32,
}

impl Zone {
    /// The zone of that name as it is in a year; UTC if there is none.
    pub(super) fn of(name: &str, year: i32) -> Self {
        let Ok(zone) = name.parse::<Tz>() else {
            return Self { name: "UTC".into(), offset: 0, summer: None };
        };
        let changes = changes(zone, year);
        let january = offset(zone, start_of(year));
        let (Some(first), Some(second), true) = (changes.first(), changes.get(1), changes.len() == 2) else {
            return Self { name: name.to_owned(), offset: january, summer: None };
        };
        // South of the equator summer ends first.
        let (start, end) = if offset(zone, *first) > january { (*first, *second) } else { (*second, *first) };
        let (standard, summer) = (offset(zone, end), offset(zone, start));
        let (start, end) = (Change::at(start, standard), Change::at(end, summer));
        let summer = Some(Summer { saves: summer - standard, start, end });
        Self { name: name.to_owned(), offset: standard, summer }
    }

    /// As POSIX.1 writes it, with names that nobody reads: `STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00`.
    pub(super) fn posix(&self) -> String {
        let hours = |seconds: i32| {
            let sign = if seconds > 0 { "-" } else { "" };
            let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
            if minutes == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{minutes:02}") }
        };
        let mut text = format!("STD{}", hours(self.offset));
        if let Some(summer) = self.summer {
            text += &format!("DST{}", hours(self.offset + summer.saves));
            for change in [summer.start, summer.end] {
                text += &format!(
                    ",M{}.{}.{}/{:02}:00:00",
                    change.month, change.week, change.weekday, change.hour
                );
            }
        }
        text
    }

    /// `+1`, `+5:30`, `-7`.
    pub(super) fn hours(&self) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (self.offset.abs() / 3600, self.offset.abs() / 60 % 60);
        if minutes == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{minutes:02}") }
    }
}

impl Change {
    fn at(moment: DateTime<Utc>, before: i32) -> Self {
        let local = moment.naive_utc() + chrono::TimeDelta::seconds(i64::from(before));
        let is_last = local.checked_add_days(Days::new(7)).is_none_or(|next| next.month() != local.month());
        Self {
            month: local.month(),
            week: if is_last { 5 } else { (local.day() - 1) / 7 + 1 },
            weekday: local.weekday().num_days_from_sunday(),
            hour: local.hour(),
        }
    }
}

/// The first moments of a year at which the offset is another, to the hour.
fn changes(zone: Tz, year: i32) -> Vec<DateTime<Utc>> {
    let (mut at, end) = (start_of(year), start_of(year + 1));
    let (mut before, mut found) = (offset(zone, at), Vec::new());
    while at < end && found.len() < 5 {
        let next = at + chrono::TimeDelta::days(1);
        if offset(zone, next) != before {
            let hour =
                (1..=24).map(|hour| at + chrono::TimeDelta::hours(hour)).find(|h| offset(zone, *h) != before);
            found.extend(hour);
            before = offset(zone, next);
        }
        at = next;
    }
    found
}

fn start_of(year: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN);
    DateTime::from_naive_utc_and_offset(day.and_time(chrono::NaiveTime::MIN), Utc)
}

fn offset(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of the European Union, the United States, and of the south.
    #[test]
    fn summer_time_is_found_where_it_is() {
        let berlin = Zone::of("Europe/Berlin", 2026);
        assert_eq!(berlin.posix(), "STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00");
        let denver = Zone::of("America/Denver", 2026);
        assert_eq!(denver.posix(), "STD7DST6,M3.2.0/02:00:00,M11.1.0/02:00:00");
        let sydney = Zone::of("Australia/Sydney", 2026);
        assert_eq!(sydney.posix(), "STD-10DST-11,M10.1.0/02:00:00,M4.1.0/03:00:00");
        let kolkata = Zone::of("Asia/Kolkata", 2026);
        assert_eq!((kolkata.posix().as_str(), kolkata.hours().as_str()), ("STD-5:30", "+5:30"));
        assert_eq!(Zone::of("Mars/Olympus", 2026).posix(), "STD0");
    }
}
