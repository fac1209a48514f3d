//! Appointments of an iCalendar file (RFC 5545) as a list of days: VEVENT with DTSTART, DTEND or DURATION, RRULE, RDATE,
//! EXDATE, RECURRENCE-ID and the zone's id. What is cancelled or over is left out; what comes again is written out for the
//! next two years.

mod lines;

use std::{collections::HashSet, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use rrule::RRuleSet;

use super::{
    days::{Day, DayList, MOST},
    zone,
};
use lines::{Event, Property};

/// Reads a calendar; `now` is the moment from which on appointments count.
///
/// # Errors
/// In words that name the appointment: what is no calendar, what cannot be understood, and more than there is room for.
pub fn read(text: &str, now: DateTime<Utc>) -> Result<DayList, String> {
    if text.len() > LARGEST {
        return Err(format!("The calendar has more than {} kB. Export fewer appointments.", LARGEST / 1000));
    }
    let events = lines::events(text)?;
    let moved: HashSet<(String, NaiveDateTime)> =
        events.iter().filter_map(|event| Some((event.uid().to_owned(), replaced(event)?))).collect();
    let mut days = Vec::new();
    for event in events.iter().filter(|event| !event.is_cancelled()) {
        let named = |problem: String| format!("Appointment “{}”: {problem}", event.name());
        let found = occurrences(event, &moved, now).map_err(named)?;
        days.extend(found);
        if days.len() > MOST {
            return Err(format!("More than {MOST} appointments in two years. Export fewer."));
        }
    }
    if days.is_empty() {
        return Err("The calendar has no appointment that is still to come.".into());
    }
    days.sort_by_key(|(from, _)| *from);
    DayList::of(days.into_iter().map(|(_, day)| day).collect())
}

/// A value of DTSTART and its like.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stamp {
    /// On the clocks of its zone.
    at: NaiveDateTime,
    zone: Clocks,
}

/// Whose clocks a time is on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Clocks {
    /// Whole days, wherever one is.
    Day,
    /// Wherever one is (RFC 5545 §3.3.5, form 1).
    Any,
    Zone(Tz),
}

/// Those of an event that are not over, with their beginnings for the order.
fn occurrences(
    event: &Event,
    moved: &HashSet<(String, NaiveDateTime)>,
    now: DateTime<Utc>,
) -> Result<Vec<(NaiveDateTime, Day)>, String> {
    let start = stamp(event.get("DTSTART").ok_or("it has no beginning (DTSTART).")?)?;
    let lasts = length(event, start)?;
    let day = |at: NaiveDateTime| match start.zone {
        Clocks::Day | Clocks::Any => Day::local(at, at + lasts, event.name()),
        Clocks::Zone(tz) => Day::moments(zone::begins(at, tz), zone::begins(at + lasts, tz), event.name()),
    };
    let oldest = now.naive_utc() - TimeDelta::days(1) - lasts;
    let begins = if event.get("RRULE").is_some() || event.get("RDATE").is_some() {
        expanded(event, start, oldest)?
    } else {
        vec![start.at]
    };
    let replaced = |at: &NaiveDateTime| {
        event.get("RECURRENCE-ID").is_none() && moved.contains(&(event.uid().to_owned(), *at))
    };
    let kept = begins.into_iter().filter(|at| lasts > TimeDelta::zero() && *at > oldest && !replaced(at));
    Ok(kept.map(|at| (at, day(at))).collect())
}

/// The beginnings of what comes again, from `oldest` on for two years. All on the clocks of its own zone, which are given
/// to the crate as if they were those of UTC: it sees no clock being set.
fn expanded(event: &Event, start: Stamp, oldest: NaiveDateTime) -> Result<Vec<NaiveDateTime>, String> {
    let print = |at: NaiveDateTime| at.format("%Y%m%dT%H%M%SZ").to_string();
    let mut text = format!("DTSTART:{}\n", print(start.at));
    for rule in event.all("RRULE") {
        text.push_str(&format!("RRULE:{}\n", rule_in_local_time(&rule.value, start)?));
    }
    for name in ["RDATE", "EXDATE"] {
        for property in event.all(name) {
            for value in property.value.split(',') {
                let at = stamp(&Property { value: value.to_owned(), ..property.clone() })?;
                text.push_str(&format!("{name}:{}\n", print(on_clocks_of(at, start))));
            }
        }
    }
    let set =
        RRuleSet::from_str(text.trim_end()).map_err(|_| "its recurrence is not understood.".to_owned())?;
    let utc = |at: NaiveDateTime| at.and_utc().with_timezone(&rrule::Tz::UTC);
    let found = set.after(utc(oldest)).before(utc(oldest + HORIZON)).all(MOST as u16 + 1);
    Ok(found.dates.into_iter().map(|at| at.naive_utc()).collect())
}

/// A rule with its end on the clocks of the beginning.
fn rule_in_local_time(rule: &str, start: Stamp) -> Result<String, String> {
    let mut parts = Vec::new();
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or("its recurrence is not understood.")?;
        let often = matches!(value.to_ascii_uppercase().as_str(), "SECONDLY" | "MINUTELY" | "HOURLY");
        if name.eq_ignore_ascii_case("FREQ") && often {
            return Err("it comes again within a day, which is not taken.".into());
        }
        if name.eq_ignore_ascii_case("UNTIL") {
            let until = stamp(&Property::plain(value))?;
            let at = match until.zone {
                // The whole day is meant.
                Clocks::Day => until.at + TimeDelta::seconds(86_399),
                _ => on_clocks_of(until, start),
            };
            parts.push(format!("UNTIL={}", at.format("%Y%m%dT%H%M%SZ")));
        } else {
            parts.push(part.to_owned());
        }
    }
    Ok(parts.join(";"))
}

/// What the clocks of the beginning show at a time; a day is the time of the beginning on that day.
fn on_clocks_of(at: Stamp, start: Stamp) -> NaiveDateTime {
    match (at.zone, start.zone) {
        (Clocks::Zone(from), Clocks::Zone(to)) => zone::local(zone::begins(at.at, from), to),
        (Clocks::Day, _) => at.at.date().and_time(start.at.time()),
        _ => at.at,
    }
}

/// How long it lasts on the clock: DTEND, DURATION, or by RFC 5545 §3.6.1 a day, or no time at all.
fn length(event: &Event, start: Stamp) -> Result<TimeDelta, String> {
    let lasts = match (event.get("DTEND"), event.get("DURATION")) {
        (Some(end), _) => on_clocks_of_end(stamp(end)?, start) - start.at,
        (None, Some(duration)) => {
            lines::duration(&duration.value).ok_or("its duration is not understood.")?
        }
        (None, None) if start.zone == Clocks::Day => TimeDelta::days(1),
        (None, None) => TimeDelta::zero(),
    };
    if lasts < TimeDelta::zero() || lasts > TimeDelta::days(366) {
        return Err("it ends before it begins, or lasts more than a year.".into());
    }
    Ok(lasts)
}

fn on_clocks_of_end(end: Stamp, start: Stamp) -> NaiveDateTime {
    if end.zone == Clocks::Day { end.at } else { on_clocks_of(end, start) }
}

/// The beginning of another occurrence that this event stands for.
fn replaced(event: &Event) -> Option<NaiveDateTime> {
    let start = stamp(event.get("DTSTART")?).ok()?;
    Some(on_clocks_of(stamp(event.get("RECURRENCE-ID")?).ok()?, start))
}

fn stamp(property: &Property) -> Result<Stamp, String> {
    let wrong = || format!("`{}` is no date.", property.value.chars().take(30).collect::<String>());
    if property.value.len() == 8 {
        let day = NaiveDate::parse_from_str(&property.value, "%Y%m%d").map_err(|_| wrong())?;
        return in_range(Stamp { at: day.and_time(NaiveTime::MIN), zone: Clocks::Day });
    }
    let (text, utc) = match property.value.strip_suffix('Z') {
        Some(text) => (text, true),
        None => (property.value.as_str(), false),
    };
    let at = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| wrong())?;
    let at = at - TimeDelta::seconds(i64::from(at.second()));
    let zone = match property.zone.as_deref() {
        _ if utc => Clocks::Zone(Tz::UTC),
        Some(id) => Clocks::Zone(zone_of(id).ok_or_else(|| {
            format!("the time zone `{id}` is not known. Name it as the IANA database does: Europe/Berlin.")
        })?),
        None => Clocks::Any,
    };
    in_range(Stamp { at, zone })
}

fn in_range(stamp: Stamp) -> Result<Stamp, String> {
    let year = chrono::Datelike::year(&stamp.at);
    if (1900..2200).contains(&year) { Ok(stamp) } else { Err(format!("the year {year} is too far away.")) }
}

/// By its name in the IANA database, also behind the prefix of a maker: `/example.org/2026/Europe/Berlin`.
fn zone_of(id: &str) -> Option<Tz> {
    let parts: Vec<&str> = id.trim_matches(['"', '/']).split('/').collect();
    let from = parts.len().saturating_sub(3);
    (from..parts.len()).find_map(|at| parts[at..].join("/").parse().ok())
}

/// Bytes.
pub const LARGEST: usize = 1_000_000;
/// How far into the future what comes again is written out.
const HORIZON: TimeDelta = TimeDelta::days(2 * 366);

#[cfg(test)]
mod tests;
