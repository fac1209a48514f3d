//! Between moments and what the clocks of a zone show, where clocks are set forward and back. OPS-12.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// What the clocks show.
pub(super) fn local(utc: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    utc.with_timezone(&zone).naive_local()
}

/// When something begins that begins at a time of day: of two such times at the first, and where there is none at the
/// moment when clocks were set forward.
pub fn begins(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.with_timezone(&Utc),
        MappedLocalTime::None => transition_near(local, zone).unwrap_or_else(|| local.and_utc()),
    }
}

/// All moments around a time of day at which something may begin or end to hold: each that shows it, and when clocks are
/// set near it.
pub(super) fn edges(local: NaiveDateTime, zone: Tz) -> impl Iterator<Item = DateTime<Utc>> {
    let shows = match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => [Some(at), None],
        MappedLocalTime::Ambiguous(first, second) => [Some(first), Some(second)],
        MappedLocalTime::None => [None, None],
    };
    shows.into_iter().flatten().map(|at| at.with_timezone(&Utc)).chain(transition_near(local, zone))
}

/// When the clocks of a zone are set within about a day of a time that they show, or would.
fn transition_near(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let (mut before, mut after) = (local.and_utc() - FARTHEST, local.and_utc() + FARTHEST);
    let old = offset(before);
    if old == offset(after) {
        return None;
    }
    while after - before > TimeDelta::seconds(1) {
        let middle = before + (after - before) / 2;
        if offset(middle) == old { before = middle } else { after = middle }
    }
    DateTime::from_timestamp(after.timestamp(), 0)
}

/// No zone is further from UTC than 14 hours.
const FARTHEST: TimeDelta = TimeDelta::hours(26);
