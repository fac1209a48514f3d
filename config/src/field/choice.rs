//! One of a fixed list: the key is stored, the label shown, either is taken.

type Choices = [(&'static str, &'static str)];

pub(super) fn normalise(given: &str, of: &Choices) -> Result<String, String> {
    of.iter()
        .find(|(key, label)| key.eq_ignore_ascii_case(given) || label.eq_ignore_ascii_case(given))
        .map(|(key, _)| (*key).to_owned())
        .ok_or_else(|| {
            let labels: Vec<&str> = of.iter().map(|(_, label)| *label).collect();
            format!("`{given}` is none of the choices: {}.", labels.join(", "))
        })
}

pub(super) fn show(stored: &str, of: &Choices) -> String {
    of.iter().find(|(key, _)| *key == stored).map_or(stored, |(_, label)| label).to_owned()
}
