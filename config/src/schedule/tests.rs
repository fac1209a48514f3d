use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

fn weekly(hours: &str) -> Schedule {
    Schedule::Weekly(hours.parse().unwrap())
}

fn days(lines: &str) -> Schedule {
    Schedule::Days(lines.parse().unwrap())
}

fn recurring(text: &str, minutes: u64) -> Schedule {
    Schedule::Recurring(Recurrence::new(text, std::time::Duration::from_secs(60 * minutes)).unwrap())
}

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// The moments of a span at which a schedule begins and ends to hold, found by looking at each minute.
fn minute_by_minute(schedule: &Schedule, zone: Tz, from: &str, to: &str) -> Vec<String> {
    let (mut at, to) = (utc(from), utc(to));
    let mut was = schedule.contains(at, zone);
    let mut edges = Vec::new();
    while at < to {
        at += TimeDelta::minutes(1);
        let is = schedule.contains(at, zone);
        if is != was {
            edges.push(format!("{} {}", if is { "on" } else { "off" }, at.format("%d %H:%M")));
        }
        was = is;
    }
    edges
}

/// OPS-12: what the clock on the wall shows counts. Clocks set forward in Berlin on 28 March 2027 at 01:00 UTC.
#[test]
fn hours_in_a_gap_of_berlin_do_not_hold() {
    let edges = |hours| {
        minute_by_minute(&weekly(hours), Tz::Europe__Berlin, "2027-03-28T00:00:00Z", "2027-03-28T06:00:00Z")
    };
    assert_eq!(edges("su 02:00-03:00"), Vec::<String>::new());
    assert_eq!(edges("su 02:30-04:00"), ["on 28 01:00", "off 28 02:00"]);
    assert_eq!(edges("su 01:30-02:30"), ["on 28 00:30", "off 28 01:00"]);
    assert_eq!(edges("su 07:00-08:00"), ["on 28 05:00", "off 28 06:00"]);
}

/// OPS-12: an hour that comes twice holds twice. Clocks set back in New York on 7 November 2027 at 06:00 UTC.
#[test]
fn hours_of_new_york_that_come_twice_hold_twice() {
    let edges = |hours| {
        minute_by_minute(
            &weekly(hours),
            Tz::America__New_York,
            "2027-11-07T04:00:00Z",
            "2027-11-07T09:00:00Z",
        )
    };
    assert_eq!(edges("su 01:00-02:00"), ["on 07 05:00", "off 07 07:00"]);
    assert_eq!(edges("su 01:15-01:30"), ["on 07 05:15", "off 07 05:30", "on 07 06:15", "off 07 06:30"]);
    assert_eq!(edges("su 00:30-02:30"), ["on 07 04:30", "off 07 07:30"]);
}

/// OPS-12: Lord Howe Island sets its clocks by half an hour: back on 4 April 2027 at 15:00 UTC the day before.
#[test]
fn half_an_hour_of_lord_howe_counts_as_an_hour_elsewhere() {
    let zone = Tz::Australia__Lord_Howe;
    let edges =
        minute_by_minute(&weekly("su 01:45-02:15"), zone, "2027-04-03T14:00:00Z", "2027-04-03T18:00:00Z");
    assert_eq!(edges, ["on 03 14:45", "off 03 15:00", "on 03 15:15", "off 03 15:45"]);
    let forward =
        minute_by_minute(&weekly("su 01:30-02:45"), zone, "2027-10-02T13:00:00Z", "2027-10-02T18:00:00Z");
    assert_eq!(forward, ["on 02 15:00", "off 02 15:45"]);
}

/// OPS-12: what begins in a gap begins at its end, what begins twice begins at the first.
#[test]
fn recurrences_begin_once_where_clocks_are_set() {
    let daily = recurring("30 2 * * *", 30);
    let berlin = Tz::Europe__Berlin;
    let gap = minute_by_minute(&daily, berlin, "2027-03-27T12:00:00Z", "2027-03-29T12:00:00Z");
    assert_eq!(gap, ["on 28 01:00", "off 28 01:30", "on 29 00:30", "off 29 01:00"]);
    let fold = minute_by_minute(&daily, berlin, "2027-10-30T12:00:00Z", "2027-11-01T12:00:00Z");
    assert_eq!(fold, ["on 31 00:30", "off 31 01:00", "on 01 01:30", "off 01 02:00"]);
    let lord_howe = recurring("15 2 * * *", 10);
    let gap = minute_by_minute(
        &lord_howe,
        Tz::Australia__Lord_Howe,
        "2027-10-02T12:00:00Z",
        "2027-10-02T18:00:00Z",
    );
    assert_eq!(gap, ["on 02 15:30", "off 02 15:40"]);
    // It is still on when the hour comes a second time.
    let long = recurring("45 2 * * *", 60);
    let fold = minute_by_minute(&long, berlin, "2027-10-31T00:00:00Z", "2027-10-31T04:00:00Z");
    assert_eq!(fold, ["on 31 00:45", "off 31 01:45"]);
}

/// AR-08: what administrators of cron are used to.
#[test]
fn recurrences_are_written_as_cron_has_them() {
    let on = |text: &str, at: &str| recurring(text, 60).contains(utc(at), Tz::UTC);
    // 22 November 2026 is a Sunday.
    for text in [
        "30 9 * * 0",
        "30 9 * * 7",
        "30 9 * * sun",
        "30 9 * * Fri-Sun",
        "30 9 * * 5-7",
        "*/30 9 22 11 *",
        "30 9 * * */7",
    ] {
        assert!(on(text, "2026-11-22T09:45:00Z"), "{text}");
        assert!(!on(text, "2026-11-22T10:45:00Z"), "{text}");
    }
    assert!(!on("30 9 * * 1-5", "2026-11-22T09:45:00Z"));
    assert!(on("30 9 * * 1-5", "2026-11-23T09:45:00Z"));
    assert!(on("0 10 1-7 * mon", "2026-12-07T10:00:00Z"), "the first Monday");
    assert!(!on("0 10 1-7 * mon", "2026-12-14T10:00:00Z"));
    for wrong in [
        "",
        "* * * *",
        "0 30 9 * * 1-5",
        "61 * * * *",
        "0 0 L * *",
        "0 0 * * 8",
        "0 0 30 2 *",
        "@daily",
        "0 0 * * mon#1",
    ] {
        assert!(Recurrence::new(wrong, std::time::Duration::from_secs(60)).is_err(), "{wrong}");
    }
}

/// AR-01, AR-08
#[test]
fn a_list_of_days_holds_on_them() {
    let list = days(
        "2026-12-24 12:00-18:00 Party\n2026-12-25/2026-12-26 Christmas\n01-01 New Year\n2026-11-30T22:00Z/2026-11-30T23:00Z",
    );
    let at = |text: &str| list.contains(utc(text), Tz::Europe__Berlin);
    assert!(!at("2026-12-24T10:59:00Z") && at("2026-12-24T11:00:00Z") && !at("2026-12-24T17:00:00Z"));
    assert!(at("2026-12-24T23:00:00Z") && at("2026-12-26T22:59:00Z") && !at("2026-12-26T23:00:00Z"));
    assert!(at("2026-12-31T23:00:00Z") && at("2031-01-01T12:00:00Z"));
    assert!(at("2026-11-30T22:30:00Z") && !at("2026-11-30T21:30:00Z"));
    assert_eq!(list.why_not(utc("2026-11-22T10:00:00Z"), Tz::Europe__Berlin), "from 30 Nov 2026 23:00");
    assert_eq!(days("2026-05-01").why_not(utc("2026-11-22T10:00:00Z"), Tz::UTC), "it ended 2 May 2026");
    assert_eq!(
        weekly("mo-fr 09:00-17:00").why_not(utc("2026-11-22T10:00:00Z"), Tz::UTC),
        "only Mon–Fri 09:00–17:00"
    );
}

/// AR-08: what is wrong is said with the line that it is in.
#[test]
fn lines_that_are_no_days_are_refused() {
    for wrong in [
        "tomorrow",
        "2026-02-30",
        "2026-12-26/2026-12-24",
        "13-01",
        "2026-12-24 18:00-12:00",
        "2026-12-24T12:00/2026-12-25",
    ] {
        let said = wrong.parse::<DayList>().unwrap_err();
        assert!(said.contains(wrong.split(' ').next().unwrap()), "{said}");
    }
    assert!("01-01\n".repeat(1001).parse::<DayList>().is_err());
    assert_eq!(
        "2026-12-25 10:00-11:00 x\n12-24 00:00-24:00 9:00-9:30 y".parse::<DayList>().unwrap().to_string(),
        "2026-12-25 10:00-11:00 x\n12-24 00:00-24:00 9:00-9:30 y"
    );
}

const ZONES: [Tz; 4] = [Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe];

fn hours() -> impl Strategy<Value = String> {
    let span = (0_u16..1440, 1_u16..600).prop_map(|(from, long)| {
        let to = (from + long).min(1440);
        format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    });
    let day = prop::sample::select(vec!["mo", "tu", "we", "th", "fr", "sa", "su"]);
    prop::collection::vec((day, span), 1..8).prop_map(|parts| {
        parts.into_iter().map(|(day, span)| format!("{day} {span}")).collect::<Vec<_>>().join("; ")
    })
}

/// What the clock shows, computed from the text of the hours alone.
fn by_the_clock(hours: &str, local: NaiveDateTime) -> bool {
    let names = ["mo", "tu", "we", "th", "fr", "sa", "su"];
    let today = names[local.weekday().num_days_from_monday() as usize];
    let now = local.format("%H:%M").to_string();
    hours.split("; ").filter_map(|part| part.split_once(' ')).any(|(day, span)| {
        let (from, to) = span.split_once('-').unwrap();
        day == today && from <= now.as_str() && now.as_str() < to
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// AR-08, OPS-12: each minute of a week, and each week in which clocks are set, as a look at the clock tells it.
    #[test]
    fn a_week_is_what_the_clock_on_the_wall_says(hours in hours(), zone in 0..4_usize, week in 0..54_i64) {
        let (schedule, zone) = (weekly(&hours), ZONES[zone]);
        let start = Utc.with_ymd_and_hms(2027, 1, 1, 0, 0, 0).unwrap() + TimeDelta::days(7 * week);
        for minute in 0..7 * 1440 {
            let at = start + TimeDelta::minutes(minute);
            let local = at.with_timezone(&zone).naive_local();
            prop_assert_eq!(schedule.contains(at, zone), by_the_clock(&hours, local), "{}", local);
        }
    }

    /// AR-07: the next change is the first minute that is otherwise.
    #[test]
    fn the_next_change_is_the_first_minute_that_differs(hours in hours(), zone in 0..4_usize, day in 0..400_i64, kind in 0..3) {
        let zone = ZONES[zone];
        let schedule = match kind {
            0 => weekly(&hours),
            1 => recurring("*/45 1-3 * * *", 40),
            _ => days("2027-03-28 01:30-02:30\n2027-10-31 02:10-02:20\n03-14 02:00-03:30\n11-07 01:00-01:30\n2027-10-03 02:00-02:20\n2027-04-04 01:40-01:50"),
        };
        let from = Utc.with_ymd_and_hms(2027, 1, 1, 0, 7, 0).unwrap() + TimeDelta::days(day);
        let was = schedule.contains(from, zone);
        let minutes = (1..8 * 1440).map(|minute| from + TimeDelta::minutes(minute) - TimeDelta::seconds(from.timestamp() % 60));
        let first = minutes.clone().find(|at| schedule.contains(*at, zone) != was);
        let said = schedule.next_change(from, zone).filter(|at| *at < from + TimeDelta::days(8) - TimeDelta::minutes(1));
        prop_assert_eq!(said, first.filter(|at| *at < from + TimeDelta::days(8) - TimeDelta::minutes(1)));
    }

    /// AR-08: days are written as they are read, and nothing that is written makes a panic.
    #[test]
    fn lists_of_days_read_as_they_are_written(text in "[0-9TZ:/ \\-ax\n]{0,60}") {
        if let Ok(list) = text.parse::<DayList>() {
            prop_assert_eq!(list.to_string().parse::<DayList>(), Ok(list));
        }
        let _ = Recurrence::new(&text, std::time::Duration::from_secs(60));
        let _ = ical::read(&text, DateTime::UNIX_EPOCH);
    }
}
