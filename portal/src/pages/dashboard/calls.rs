//! Figures and charts of the calls of the last hours and days, in the company's time zone. DSH-01, DSH-02.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use config::records::counts::{CallCount, Direction};

use super::chart::{Bar, Chart, Part, Series, spark};

/// The counted calls of the last eight days, and the clock they are read by.
#[derive(Debug)]
pub(super) struct Calls {
    zone: Tz,
    now: DateTime<Tz>,
    counts: Vec<CallCount>,
}

/// What today's tiles say.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Today {
    pub calls: u64,
    /// Percent more or fewer than a week ago at this time of day.
    pub change: Option<i64>,
    /// Percent; nothing without calls.
    pub answered: Option<f64>,
    pub missed: u64,
    /// Points more or fewer than a week ago.
    pub points: Option<f64>,
    /// Weekday that is compared with.
    pub weekday: String,
    /// Area and line of the calls of each hour of the day.
    pub spark: Option<(String, String)>,
}

impl Calls {
    /// From when on counts are needed at `now_ms`, Unix milliseconds.
    pub fn needed_from(now_ms: i64) -> i64 {
        // Seven days and what the time zones of the world differ.
        now_ms - 9 * DAY
    }

    /// Of these counts. A zone that is not known is taken for UTC.
    pub fn new(zone: &str, now_ms: i64, counts: Vec<CallCount>) -> Self {
        let zone = zone.parse().unwrap_or(Tz::UTC);
        let now = DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap_or_default().with_timezone(&zone);
        Self { zone, now, counts }
    }

    pub fn today(&self) -> Today {
        let (midnight, now) = (self.midnight(0), self.now.timestamp_millis());
        let today = Sum::of(self.between(midnight, now + 1));
        let before = self.midnight(7);
        let then = Sum::of(self.between(before, before + (now - midnight)));
        let hours = (0..24).map(|hour| midnight + hour * HOUR).take_while(|start| *start <= now);
        let line: Vec<f64> =
            hours.map(|start| Sum::of(self.between(start, start + HOUR)).calls() as f64).collect();
        let percent = |sum: &Sum| (sum.calls() > 0).then(|| sum.answered as f64 * 100.0 / sum.calls() as f64);
        let change = |now: u64, then: u64| (now as f64 / then as f64 * 100.0 - 100.0).round() as i64;
        Today {
            calls: today.calls(),
            change: (then.calls() > 0).then(|| change(today.calls(), then.calls())),
            answered: percent(&today),
            missed: today.missed,
            points: percent(&today).zip(percent(&then)).map(|(now, then)| now - then),
            weekday: self.now.format("%A").to_string(),
            spark: spark(&line),
        }
    }

    /// The last 24 hours, the present one last.
    pub fn hours(&self) -> Chart {
        let offset = i64::from(self.now.offset().fix().local_minus_utc()) * 1000;
        let ahead = self.now.timestamp_millis() + offset;
        let last = ahead - ahead.rem_euclid(HOUR) - offset;
        let bars = (0..24).map(|at| {
            let start = last - (23 - at) * HOUR;
            let label = self.at(start).format("%H").to_string();
            let hour = self.at(start).hour();
            Bar {
                labelled: hour.is_multiple_of(3),
                minor: !hour.is_multiple_of(6),
                label,
                href: format!("/admin/calls?since={start}&until={}", start + HOUR),
                parts: Sum::of(self.between(start, start + HOUR)).calls_by_series(),
            }
        });
        Chart { name: "Calls of the last 24 hours", width: 530.0, bars: bars.collect() }
    }

    /// Calls of the last seven days, today last.
    pub fn days(&self) -> Chart {
        Chart {
            name: "Calls of the last 7 days",
            width: 245.0,
            bars: self.day_bars(|sum| sum.calls_by_series()),
        }
    }

    /// Talk time of the last seven days, today last; and its unit.
    pub fn talk(&self) -> (Chart, &'static str) {
        let most = (0..7).map(|ago| Sum::of(self.day(ago)).talk_ms()).max().unwrap_or_default();
        let (unit, size) = if most >= 4 * HOUR { ("hours", HOUR) } else { ("minutes", MINUTE) };
        let bars = self.day_bars(|sum| sum.talk_by_series(size));
        (Chart { name: "Talk time of the last 7 days", width: 245.0, bars }, unit)
    }

    fn day_bars(&self, parts: impl Fn(&Sum) -> Vec<Part>) -> Vec<Bar> {
        let bars = (0..7).rev().map(|ago| {
            let date = self.date(ago);
            let ahead = self.at(self.midnight(ago)).offset().fix().local_minus_utc() / 60;
            Bar {
                label: date.format("%a").to_string(),
                minor: false,
                labelled: true,
                href: format!("/admin/calls?from={date}&to={date}&tz={ahead}"),
                parts: parts(&Sum::of(self.day(ago))),
            }
        });
        bars.collect()
    }

    fn day(&self, ago: u64) -> impl Iterator<Item = &CallCount> {
        let end = if ago == 0 { i64::MAX } else { self.midnight(ago - 1) };
        self.between(self.midnight(ago), end)
    }

    /// The counts of quarters that begin in a span.
    fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &CallCount> {
        let first = self.counts.partition_point(|count| count.quarter_ms < from);
        self.counts[first..].iter().take_while(move |count| count.quarter_ms < to)
    }

    fn date(&self, days_ago: u64) -> NaiveDate {
        let today = self.now.date_naive();
        today.checked_sub_days(Days::new(days_ago)).unwrap_or(today)
    }

    /// When the day began, Unix milliseconds. Where clocks leap over midnight, an hour later.
    fn midnight(&self, days_ago: u64) -> i64 {
        let midnight = self.date(days_ago).and_time(NaiveTime::MIN);
        let begins = self.zone.from_local_datetime(&midnight).earliest();
        begins.map_or_else(|| midnight.and_utc().timestamp_millis(), |at| at.timestamp_millis())
    }

    fn at(&self, ms: i64) -> DateTime<Tz> {
        DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&self.zone)
    }
}

/// Counts added up.
#[derive(Debug, Default)]
struct Sum {
    answered: u64,
    /// Nobody of ours took it.
    missed: u64,
    /// Ours that did not come about.
    failed: u64,
    /// Answered inbound, all outbound, answered internal.
    by_direction: [u64; 3],
    talk: [i64; 3],
}

impl Sum {
    fn of<'a>(counts: impl Iterator<Item = &'a CallCount>) -> Self {
        let mut sum = Self::default();
        for count in counts {
            let way = match count.direction {
                Direction::Inbound => 0,
                Direction::Outbound => 1,
                Direction::Internal => 2,
            };
            sum.talk[way] += count.talk_ms;
            let answered = count.outcome == "answered" || count.talk_ms > 0;
            if answered {
                sum.answered += count.calls;
            } else if count.direction == Direction::Outbound {
                sum.failed += count.calls;
            } else {
                sum.missed += count.calls;
                continue;
            }
            sum.by_direction[way] += count.calls;
        }
        sum
    }

    fn calls(&self) -> u64 {
        self.answered + self.missed + self.failed
    }

    fn talk_ms(&self) -> i64 {
        self.talk.iter().sum()
    }

    fn calls_by_series(&self) -> Vec<Part> {
        let [inbound, outbound, internal] = self.by_direction;
        let counts = [inbound, outbound, internal, self.missed];
        Series::ALL
            .into_iter()
            .zip(counts)
            .map(|(series, count)| Part { series, value: count as f64, words: count.to_string() })
            .collect()
    }

    fn talk_by_series(&self, unit: i64) -> Vec<Part> {
        let part = |(series, ms): (Series, &i64)| Part {
            series,
            value: *ms as f64 / unit as f64,
            words: format!("{}:{:02} h", ms / HOUR, ms % HOUR / MINUTE),
        };
        Series::ALL.into_iter().zip(&self.talk).map(part).collect()
    }
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday 22 November 2026, 13:40 in Berlin.
    const NOW: i64 = 1_795_351_200_000;

    fn count(quarter_ms: i64, direction: Direction, outcome: &str, calls: u64, talk_ms: i64) -> CallCount {
        CallCount { quarter_ms, direction, outcome: outcome.into(), calls, talk_ms }
    }

    fn quarter(before_ms: i64) -> i64 {
        (NOW - before_ms) / 900_000 * 900_000
    }

    /// DSH-01
    #[test]
    fn days_begin_at_the_midnight_of_the_companys_zone() {
        // 23:15 UTC on Saturday is Sunday in Berlin and Saturday in Denver.
        let late = NOW / DAY * DAY - 45 * MINUTE;
        let counts = vec![count(late, Direction::Inbound, "answered", 2, 60_000)];
        let berlin = Calls::new("Europe/Berlin", NOW, counts.clone());
        let last = |calls: &Calls, ago: usize| calls.days().bars[6 - ago].parts[0].value;
        assert_eq!((last(&berlin, 0), last(&berlin, 1)), (2.0, 0.0));
        let denver = Calls::new("America/Denver", NOW, counts.clone());
        assert_eq!((last(&denver, 0), last(&denver, 1)), (0.0, 2.0));
        assert_eq!(Calls::new("Nowhere/Land", NOW, counts).zone, Tz::UTC);
        assert!(berlin.days().bars[6].href.contains("from=2026-11-22&to=2026-11-22&tz=60"));
        assert_eq!(berlin.days().bars[6].label, "Sun");
    }

    /// DSH-01, DSH-02
    #[test]
    fn an_hour_is_a_bar_that_leads_to_its_calls() {
        let counts = vec![
            count(quarter(2 * HOUR), Direction::Outbound, "busy", 1, 0),
            count(quarter(0), Direction::Internal, "missed", 3, 0),
            count(quarter(0), Direction::Inbound, "answered", 4, 1),
        ];
        let hours = Calls::new("Asia/Kathmandu", NOW, counts).hours();
        assert_eq!(hours.bars.len(), 24);
        let values = |bar: &Bar| bar.parts.iter().map(|part| part.value).collect::<Vec<_>>();
        assert_eq!(values(&hours.bars[23]), [4.0, 0.0, 0.0, 3.0]);
        assert_eq!(values(&hours.bars[21]), [0.0, 1.0, 0.0, 0.0]);
        // Half past by the clock of Greenwich, a whole hour there.
        let (since, until) = hours.bars[23]
            .href
            .split_once("since=")
            .and_then(|(_, s)| s.split_once("&until="))
            .expect("a span");
        let (since, until): (i64, i64) = (since.parse().expect("ms"), until.parse().expect("ms"));
        assert_eq!((until - since, since % HOUR), (HOUR, 15 * MINUTE));
        assert!((since..until).contains(&NOW));
    }

    #[test]
    fn today_is_compared_with_a_week_ago_up_to_the_same_time() {
        let counts = vec![
            count(quarter(7 * DAY + HOUR), Direction::Inbound, "answered", 10, 5),
            count(quarter(7 * DAY - 2 * HOUR), Direction::Inbound, "answered", 90, 5),
            count(quarter(HOUR), Direction::Inbound, "answered", 9, 5),
            count(quarter(HOUR), Direction::Inbound, "missed", 3, 0),
        ];
        let today = Calls::new("Europe/Berlin", NOW, counts).today();
        assert_eq!((today.calls, today.change, today.missed), (12, Some(20), 3));
        assert_eq!((today.answered, today.points), (Some(75.0), Some(-25.0)));
        assert_eq!(today.weekday, "Sunday");
        let none = Calls::new("UTC", NOW, vec![]).today();
        assert_eq!((none.calls, none.change, none.answered, none.spark), (0, None, None, None));
    }

    #[test]
    fn long_talk_is_told_in_hours_and_short_talk_in_minutes() {
        let talk = |ms| {
            Calls::new("UTC", NOW, vec![count(quarter(0), Direction::Inbound, "answered", 1, ms)]).talk()
        };
        let (chart, unit) = talk(90 * MINUTE);
        assert_eq!((unit, chart.bars[6].parts[0].value), ("minutes", 90.0));
        assert_eq!(chart.bars[6].parts[0].words, "1:30 h");
        let (chart, unit) = talk(5 * HOUR);
        assert_eq!((unit, chart.bars[6].parts[0].value), ("hours", 5.0));
    }
}
