//! TOML, always written the same way.

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(crate) struct Printer(String);

impl Printer {
    pub(crate) fn comment(&mut self, text: &str) {
        self.0.push_str(&format!("# {text}\n"));
    }

    /// `[a.b]`
    pub(crate) fn table(&mut self, path: &str) {
        self.0.push_str(&format!("\n[{path}]\n"));
    }

    /// `[[a.b]]`
    pub(crate) fn row(&mut self, path: &str) {
        self.0.push_str(&format!("\n[[{path}]]\n"));
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    /// A number, a flag, an empty list.
    pub(crate) fn raw(&mut self, key: &str, value: &str) {
        self.0.push_str(&format!("{key} = {value}\n"));
    }

    /// One entry a line if there are several, so that a change of one is a change of one line.
    pub(crate) fn list(&mut self, key: &str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        match values.as_slice() {
            [] => self.raw(key, "[]"),
            [one] => self.raw(key, &format!("[{one}]")),
            several => self.raw(key, &format!("[\n    {},\n]", several.join(",\n    "))),
        }
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A basic string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn each_text_is_read_back_as_it_was(text in proptest::arbitrary::any::<String>(), list in proptest::collection::vec(".*", 0..4)) {
            let mut printer = Printer::default();
            printer.text("a", &text);
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            printer.list("b", &list);
            let printed = printer.finish();
            let read = toml::de::DeTable::parse(&printed).unwrap();
            let read = read.get_ref();
            proptest::prop_assert_eq!(read["a"].get_ref().as_str(), Some(text.as_str()));
            let entries = read["b"].get_ref().as_array().unwrap();
            let entries: Vec<&str> = entries.iter().map(|e| e.get_ref().as_str().unwrap()).collect();
            proptest::prop_assert_eq!(entries, list);
        }
    }
}
