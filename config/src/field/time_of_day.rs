//! A time of day to the minute, on a clock of 24 hours: `08:30`.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    minutes(given)
        .filter(|minutes| *minutes < DAY)
        .map(print)
        .ok_or_else(|| "A time such as 08:30 or 17:00.".into())
}

/// Minutes since midnight of `8`, `8:30`, `08:30`, `8:30 pm`; 24:00 is the end of the day.
pub(crate) fn minutes(given: &str) -> Option<u16> {
    let given = given.trim().to_ascii_lowercase();
    let (clock, afternoon) = match (given.strip_suffix("am"), given.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(false)),
        (_, Some(clock)) => (clock, Some(true)),
        _ => (given.as_str(), None),
    };
    let (hour, minute) = clock.trim().split_once([':', '.']).unwrap_or((clock.trim(), "00"));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(hour, 2) || !digits(minute, 2) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(late) => hour % 12 + if late { 12 } else { 0 },
    };
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

/// `08:30` of minutes since midnight.
pub(crate) fn print(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Minutes.
pub(crate) const DAY: u16 = 24 * 60;
