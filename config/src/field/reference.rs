//! A row of another table, by its id.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    match given.parse::<i64>() {
        Ok(id) if id > 0 => Ok(id.to_string()),
        _ => Err(format!("There is no entry `{given}`.")),
    }
}
