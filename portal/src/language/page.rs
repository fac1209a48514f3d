//! A page in another language: fixed texts are looked up, marked values stay as they are.

use super::{
    BEGIN, END, Language,
    catalogue::{Catalogue, GERMAN, filled, key, push_value},
};

/// The page in that language. A text that the language lacks stays English.
pub(crate) fn page(html: &str, language: Language) -> String {
    match language {
        Language::English => html.to_owned(),
        Language::German => translated(html, &GERMAN).replacen("<html lang=\"en\"", "<html lang=\"de\"", 1),
    }
}

fn translated(html: &str, by: &Catalogue) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    loop {
        let at = rest.find('<').unwrap_or(rest.len());
        out.push_str(&text(&rest[..at], by));
        rest = &rest[at..];
        if rest.is_empty() {
            return out;
        }
        let end = end_of_tag(rest);
        tag(&rest[..end], by, &mut out);
        let name = rest[1..end].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        rest = &rest[end..];
        if VERBATIM.contains(&name) {
            let stop = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            out.extend(rest[..stop].chars().filter(|c| !is_mark(*c)));
            rest = &rest[stop..];
        }
    }
}

/// Behind the `>` of a tag, which may stand in its attributes, too.
fn end_of_tag(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

/// A tag with those of its attributes looked up that people read or hear.
fn tag(whole: &str, by: &Catalogue, out: &mut String) {
    let mut rest = whole;
    while let Some(at) = rest.find("=\"") {
        let (before, value) = rest.split_at(at + 2);
        let end = value.find('"').unwrap_or(value.len());
        let name = before[..at].rsplit(|c: char| c.is_whitespace() || c == '"').next().unwrap_or_default();
        out.extend(before.chars().filter(|c| !is_mark(*c)));
        if READ.contains(&name) {
            out.push_str(&text(&value[..end], by).replace('"', "&#34;"));
        } else {
            out.extend(value[..end].chars().filter(|c| !is_mark(*c)));
        }
        rest = &value[end..];
    }
    out.extend(rest.chars().filter(|c| !is_mark(*c)));
}

/// A text between tags, with the blanks around it.
fn text(raw: &str, by: &Catalogue) -> String {
    let plain = || raw.chars().filter(|c| !is_mark(*c)).collect();
    let inner = raw.trim();
    if !inner.contains(|c: char| c.is_alphabetic()) {
        return plain();
    }
    let (key, values) = segment(inner);
    // All of it is a value: people's own words.
    if !key.replace("{}", "").contains(char::is_alphabetic) {
        return plain();
    }
    let Some(other) = by.find(&key) else { return plain() };
    let lead = &raw[..raw.len() - raw.trim_start().len()];
    let tail = &raw[raw.trim_end().len()..];
    format!("{lead}{}{tail}", filled(other, &values))
}

/// The key of a text with marked values, and these.
fn segment(text: &str) -> (String, Vec<String>) {
    let (mut out, mut values): (String, Vec<String>) = (String::new(), Vec::new());
    let mut add = |out: &mut String, value: &str| {
        if out.ends_with("{}") {
            if let Some(last) = values.last_mut() {
                last.push_str(value);
            }
        } else {
            values.push(value.to_owned());
        }
        push_value(out);
    };
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(marked) = rest.strip_prefix(BEGIN) {
            let end = marked.find(END).unwrap_or(marked.len());
            add(&mut out, &marked[..end]);
            rest = marked.get(end + 1..).unwrap_or_default();
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            add(&mut out, &rest[..digits]);
            rest = &rest[digits..];
            continue;
        }
        let end = rest.find(|c: char| c == BEGIN || c.is_ascii_digit()).unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    (key(&out), values)
}

fn is_mark(c: char) -> bool {
    c == BEGIN || c == END
}

/// Attributes that people read or hear.
pub(super) const READ: [&str; 8] =
    ["title", "aria-label", "placeholder", "alt", "data-tip", "data-done", "data-label", "label"];
/// Elements whose content is taken as it is.
pub(super) const VERBATIM: [&str; 5] = ["script", "style", "textarea", "pre", "code"];
