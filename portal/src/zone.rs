//! Somebody's own clock: how moments read there, and which moments the days and times mean that they type. PRF-05.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::{auth::Who, error::Fault, state::App};

/// A clock and what it shows now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub zone: Tz,
    pub now: DateTime<Tz>,
}

/// A moment as somebody's clock shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// For the `datetime` attribute.
    pub iso: String,
    /// `Today 14:06`, `Sat 21 Nov 14:06`.
    pub text: String,
}

impl Clock {
    /// The clock of who is signed in.
    pub async fn of(app: &App, who: &Who) -> Result<Self, Fault> {
        let (tenant, user) = (who.tenant, who.user);
        let zone = app.read(move |db| db.time_zone_of_user(tenant, user)).await?;
        Ok(Self::new(&zone, Utc::now()))
    }

    /// A zone that is not known is taken for UTC.
    pub fn new(zone: &str, now: DateTime<Utc>) -> Self {
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        Self { zone, now: now.with_timezone(&zone) }
    }

    /// Unix milliseconds of now.
    pub fn now_ms(&self) -> i64 {
        self.now.timestamp_millis()
    }

    /// How a moment reads, given in Unix milliseconds.
    pub fn show(&self, ms: i64) -> Shown {
        let at = DateTime::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&self.zone);
        let day = match (self.now.date_naive() - at.date_naive()).num_days() {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ if at.year() == self.now.year() => at.format("%a %-d %b").to_string(),
            _ => at.format("%-d %b %Y").to_string(),
        };
        Shown { iso: at.to_rfc3339(), text: format!("{day} {}", at.format("%H:%M")) }
    }

    /// Unix milliseconds of what an input of type `datetime-local` or `date` holds; with `end`, of the end of that day.
    pub fn moment(&self, text: &str, end: bool) -> Option<i64> {
        let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
        if let Ok(at) = at {
            return Some(self.at(at));
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        self.midnight(if end { day.succ_opt()? } else { day })
    }

    /// The span of time that words mean: `yesterday`, `2026-11-21`, `21.11.`, `21 Nov`, `Nov`, `monday`.
    pub fn span(&self, words: &str) -> Option<(i64, i64)> {
        let today = self.now.date_naive();
        let (first, days) = match words.to_lowercase().as_str() {
            "today" => (today, 1),
            "yesterday" => (today.pred_opt()?, 1),
            other => match (weekday(other), month(other), day(other, today)) {
                (Some(weekday), ..) => (before(today, weekday)?, 1),
                (_, Some(month), _) => {
                    let first = latest(today, |year| NaiveDate::from_ymd_opt(year, month, 1))?;
                    (first, i64::from((first.checked_add_months(Months::new(1))? - first).num_days() as i32))
                }
                (.., Some(day)) => (day, 1),
                _ => return None,
            },
        };
        let end = first.checked_add_days(Days::new(days.unsigned_abs()))?;
        Some((self.midnight(first)?, self.midnight(end)?))
    }

    fn midnight(&self, day: NaiveDate) -> Option<i64> {
        Some(self.at(day.and_hms_opt(0, 0, 0)?))
    }

    /// A time that a clock change leaves out is taken for UTC's.
    fn at(&self, local: NaiveDateTime) -> i64 {
        self.zone
            .from_local_datetime(&local)
            .earliest()
            .map_or(local.and_utc().timestamp_millis(), |at| at.timestamp_millis())
    }
}

/// `2026-11-21`, `21.11.2026`, `21.11.`, `21 nov`, `nov 21`.
fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day);
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%d.%m.%Y") {
        return Some(day);
    }
    let numbers = text.strip_suffix('.').and_then(|text| text.split_once('.'));
    let (day, month) = match numbers {
        Some((day, month)) => (day.parse().ok()?, month.parse().ok()?),
        None => {
            let (one, other) = text.split_once(' ')?;
            match (month(one), month(other)) {
                (Some(month), None) => (other.parse().ok()?, month),
                (None, Some(month)) => (one.parse().ok()?, month),
                _ => return None,
            }
        }
    };
    latest(today, |year| NaiveDate::from_ymd_opt(year, month, day))
}

/// The latest such day that is not to come.
fn latest(today: NaiveDate, of: impl Fn(i32) -> Option<NaiveDate>) -> Option<NaiveDate> {
    let this = of(today.year());
    this.filter(|day| *day <= today).or_else(|| of(today.year() - 1))
}

/// The last such day of the week, today included.
fn before(today: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    let back = (today.weekday().num_days_from_monday() + 7 - weekday.num_days_from_monday()) % 7;
    today.checked_sub_days(Days::new(u64::from(back)))
}

/// By at least three letters.
fn month(text: &str) -> Option<u32> {
    named(text, &MONTHS).and_then(|at| u32::try_from(at + 1).ok())
}

fn weekday(text: &str) -> Option<Weekday> {
    named(text, &WEEKDAYS).and_then(|at| u8::try_from(at).ok()).and_then(|at| Weekday::try_from(at).ok())
}

fn named(text: &str, names: &[&str]) -> Option<usize> {
    (text.len() >= 3).then(|| names.iter().position(|name| name.starts_with(text)))?
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        // Sunday, 22 November 2026, 10:30 UTC.
        Clock::new(zone, DateTime::from_timestamp_millis(1_795_343_400_000).unwrap())
    }

    /// PRF-05
    #[test]
    fn a_moment_reads_differently_in_two_zones() {
        let ms = 1_795_298_400_000;
        assert_eq!(clock("Europe/Berlin").show(ms).text, "Yesterday 23:00");
        assert_eq!(clock("Asia/Tokyo").show(ms).text, "Today 07:00");
        assert_eq!(clock("nonsense").show(ms).text, "Yesterday 22:00");
        assert_eq!(clock("UTC").show(ms - 86_400_000 * 3).text, "Wed 18 Nov 22:00");
        assert_eq!(clock("UTC").show(0).text, "1 Jan 1970 00:00");
    }

    /// CH-03
    #[test]
    fn words_for_days_mean_spans_of_the_users_own_days() {
        let clock = clock("Europe/Berlin");
        let days =
            |words| clock.span(words).map(|(from, to)| (clock.show(from).text, (to - from) / 3_600_000));
        let midnight = |day: &str, hours| Some((format!("{day} 00:00"), hours));
        assert_eq!(days("today"), midnight("Today", 24));
        assert_eq!(days("Yesterday"), midnight("Yesterday", 24));
        for words in ["2026-11-18", "18.11.2026", "18.11.", "18 Nov", "november 18", "wednesday", "Wed"] {
            assert_eq!(days(words), midnight("Wed 18 Nov", 24), "{words}");
        }
        assert_eq!(days("25 oct"), midnight("Sun 25 Oct", 25), "the clock is set back");
        assert_eq!(days("nov"), midnight("Sun 1 Nov", 30 * 24));
        assert_eq!(days("24 dec"), midnight("24 Dec 2025", 24), "not one that is to come");
        for words in ["", "no", "18", "32.13.", "anna", "sun nov", "30 feb"] {
            assert_eq!(days(words), None, "{words}");
        }
    }

    /// CH-08
    #[test]
    fn what_inputs_hold_is_read_in_the_users_zone() {
        let clock = clock("Europe/Berlin");
        assert_eq!(clock.moment("2026-11-21T23:00", false), Some(1_795_298_400_000));
        assert_eq!(clock.moment("2026-11-21", true), clock.moment("2026-11-22", false));
        assert_eq!((clock.moment("x", false), clock.moment("", true)), (None, None));
    }
}
