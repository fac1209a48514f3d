//! A day: `2026-11-22`, as ISO 8601 writes it; `22.11.2026` is taken too.

use chrono::{Datelike, NaiveDate};

pub(super) fn normalise(given: &str) -> Result<String, String> {
    day(given).map(|day| day.format("%Y-%m-%d").to_string()).ok_or_else(|| "A day such as 2026-11-22.".into())
}

/// The day, if it is one between 1900 and 2199.
pub(super) fn day(given: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%d.%m.%Y"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(given, form).ok())
        .filter(|day| (1900..2200).contains(&day.year()))
}
