//! How long something takes, in whole seconds: `90`, `90 s`, `1:30`, `1 min 30 s` and `1.5 min` are the same.

pub(super) fn normalise(given: &str, min: i64, max: i64) -> Result<String, String> {
    match seconds(&given.to_lowercase()) {
        Some(seconds) if (min..=max).contains(&seconds) => Ok(seconds.to_string()),
        Some(_) => Err(format!("From {} to {}.", words(min), words(max))),
        None => {
            Err(format!("A duration such as 45 s, 1:30 or 2 min, from {} to {}.", words(min), words(max)))
        }
    }
}

pub(crate) fn show(stored: &str) -> String {
    stored.parse().map_or_else(|_| stored.to_owned(), words)
}

/// `1 h 30 min`.
fn words(seconds: i64) -> String {
    let parts = UNITS.iter().rev().scan(seconds, |rest, (unit, _, size)| {
        let count = *rest / size;
        *rest %= size;
        Some((count, *unit))
    });
    let said: Vec<_> = parts.filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
}

fn seconds(given: &str) -> Option<i64> {
    if given.contains(':') { clock(given) } else { with_units(given) }
}

/// `m:ss` or `h:mm:ss`.
fn clock(given: &str) -> Option<i64> {
    let parts: Vec<&str> = given.split(':').map(str::trim).collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut total = 0_i64;
    for (at, part) in parts.iter().enumerate() {
        let number = whole(part)?;
        if at > 0 && (number > 59 || part.len() != 2) {
            return None;
        }
        total = total.checked_mul(60)?.checked_add(number)?;
    }
    Some(total)
}

/// Numbers with their units, largest first or not; a bare number is seconds.
fn with_units(given: &str) -> Option<i64> {
    let mut rest = given.trim();
    let mut total = 0_i64;
    let mut first = true;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let size = match unit {
            "" if first && next.is_empty() => 1,
            name => UNITS.iter().find(|(unit, others, _)| *unit == name || others.contains(&name))?.2,
        };
        total = total.checked_add(thousandths(number)?.checked_mul(size)? / 1000)?;
        rest = next.trim_start_matches([' ', ',']);
        first = false;
    }
    (!first).then_some(total)
}

/// `1.5` as 1500; at most three decimals.
fn thousandths(number: &str) -> Option<i64> {
    let (whole_part, decimals) = number.split_once('.').unwrap_or((number, ""));
    if decimals.len() > 3 {
        return None;
    }
    let decimals = whole(&format!("{decimals:0<3}"))?;
    whole(whole_part)?.checked_mul(1000)?.checked_add(decimals)
}

fn whole(digits: &str) -> Option<i64> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// As shown, as written too, in seconds.
const UNITS: [(&str, &[&str], i64); 4] = [
    ("s", &["sec", "secs", "second", "seconds"], 1),
    ("min", &["m", "mins", "minute", "minutes"], 60),
    ("h", &["hr", "hrs", "hour", "hours"], 3600),
    ("d", &["day", "days"], 86_400),
];
