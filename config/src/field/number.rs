//! A whole number in a range.

pub(super) fn normalise(given: &str, min: i64, max: i64, unit: &str) -> Result<String, String> {
    let bare = given.strip_suffix(unit).unwrap_or(given).trim_end();
    match bare.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
        _ => Err(format!("A whole number from {min} to {max} {unit}").trim_end().to_owned() + "."),
    }
}
