//! XML as phones read it, written element by element; every value is escaped, and what XML has no sign for is left out.

/// A text that grows.
#[derive(Debug)]
pub(super) struct Xml(String);

impl Xml {
    /// With the declaration in front.
    pub(super) fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// `<name a="b">`; `name` and the names of attributes are ours.
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.tag(name, attributes, ">\n")
    }

    /// `<name a="b"/>`.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.tag(name, attributes, "/>\n")
    }

    /// `</name>`.
    pub(super) fn close(&mut self, name: &str) -> &mut Self {
        self.0 += &format!("</{name}>\n");
        self
    }

    /// `<name>text</name>`.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.with(name, &[], text)
    }

    /// `<name a="b">text</name>`.
    pub(super) fn with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> &mut Self {
        self.tag(name, attributes, ">");
        push_escaped(&mut self.0, text);
        self.close(name)
    }

    /// The whole.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) -> &mut Self {
        self.0 += &format!("<{name}");
        for (attribute, value) in attributes {
            self.0 += &format!(" {attribute}=\"");
            push_escaped(&mut self.0, value);
            self.0.push('"');
        }
        self.0 += end;
        self
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_leaves_its_place() {
        let mut xml = Xml::new();
        xml.open("a", &[("b", "x\" c=\"<&'")]).text("d", "</d><evil/>\u{0}\n").close("a");
        let text = xml.into_text();
        assert!(
            text.ends_with(
                "<a b=\"x&quot; c=&quot;&lt;&amp;&apos;\">\n<d>&lt;/d&gt;&lt;evil/&gt; </d>\n</a>\n"
            )
        );
    }
}
