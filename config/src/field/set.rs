//! Any number of a fixed list, by their keys joined with `,` in the order given; labels are taken too, and `;` between
//! them as spreadsheets like it.

type Choices = [(String, String)];

pub(super) fn normalise(given: &str, of: &Choices) -> Result<String, String> {
    let mut chosen: Vec<&str> = Vec::new();
    for part in given.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let known = |(key, label): &(String, String)| {
            key.eq_ignore_ascii_case(part) || label.eq_ignore_ascii_case(part)
        };
        match of.iter().find(|choice| known(choice)) {
            Some((key, _)) if chosen.contains(&key.as_str()) => {}
            Some((key, _)) => chosen.push(key),
            None => return Err(format!("`{part}` is none of the choices.")),
        }
    }
    Ok(chosen.join(","))
}

pub(super) fn show(stored: &str, of: &Choices) -> String {
    let label =
        |key: &str| of.iter().find(|(known, _)| known == key).map_or(key.to_owned(), |(_, l)| l.clone());
    stored.split(',').filter(|key| !key.is_empty()).map(label).collect::<Vec<_>>().join("; ")
}
