//! Ordered rows of another table, by their ids joined with `,`.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let mut ids: Vec<String> = Vec::new();
    for part in given.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let id = super::reference::normalise(part)?;
        if ids.contains(&id) {
            return Err("An entry is there twice.".into());
        }
        ids.push(id);
    }
    if ids.len() > MAX_ENTRIES {
        return Err(format!("At most {MAX_ENTRIES} entries."));
    }
    Ok(ids.join(","))
}

/// More members than any ring group has use for.
const MAX_ENTRIES: usize = 500;
