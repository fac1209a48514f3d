//! That nothing is left English: each fixed text of each template, each declaration, each text that the code looks up.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use config::resources;

use super::{
    catalogue::{GERMAN, key},
    *,
};

mod templates;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(below: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![here().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Without anything to look up: no letters, or values alone.
fn is_text(text: &str) -> bool {
    key(text).replace("{}", "").contains(char::is_alphabetic)
}

fn lacking(texts: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let lacks = |text: &str| is_text(text) && GERMAN.find(&key(text)).is_none();
    let found: BTreeSet<_> =
        texts.into_iter().filter(|(_, text)| lacks(text)).map(|(at, text)| format!("{at}: {text}")).collect();
    found.into_iter().collect()
}

/// OPS-16
#[test]
fn every_template_reads_in_german() {
    let mut texts = Vec::new();
    // Within a tag from beginning to end; and for programmers, who read English.
    let others = ["field_state.html", "api_docs.html"];
    for path in files("templates", ".html")
        .into_iter()
        .filter(|path| !others.iter().any(|other| path.ends_with(other)))
    {
        let name = path.strip_prefix(here()).expect("below").display().to_string();
        let text = fs::read_to_string(&path).expect("readable");
        texts.extend(templates::texts(&text).into_iter().map(|text| (name.clone(), text)));
    }
    assert!(texts.len() > 300, "{} texts", texts.len());
    let lacking = lacking(texts);
    assert!(lacking.is_empty(), "{} texts lack German:\n{}", lacking.len(), lacking.join("\n"));
}

/// OPS-16
#[test]
fn every_declaration_reads_in_german() {
    let mut texts = Vec::new();
    for of in resources::ALL {
        let mut add = |text: &str| texts.push((of.name.to_owned(), text.to_owned()));
        for text in [of.one, of.many, of.about, of.menu] {
            add(text);
        }
        of.cards.iter().for_each(|(title, _)| add(title));
        of.fields.iter().flat_map(of_field).for_each(|text| add(&text));
    }
    let lacking = lacking(texts);
    assert!(lacking.is_empty(), "{} texts lack German:\n{}", lacking.len(), lacking.join("\n"));
}

fn of_field(field: &Field) -> Vec<String> {
    let mut texts = vec![field.label.to_owned(), field.help.to_owned()];
    match field.kind {
        // Makes and models have one name in all languages.
        Kind::Choice(_) if field.name == "model" => {}
        Kind::Choice(of) => texts.extend(of.iter().map(|(_, label)| (*label).to_owned())),
        Kind::Set(of) => {
            texts.extend(of().iter().flat_map(|(_, label)| label.split(": ").map(str::to_owned)))
        }
        Kind::Number { unit, .. } => texts.push(unit.to_owned()),
        _ => {}
    }
    texts
}

/// OPS-16: what stands in the calls themselves, and in the script.
#[test]
fn every_text_that_is_looked_up_by_the_code_is_there_in_german() {
    let script = fs::read_to_string(here().join("assets/dialtone.js")).expect("readable");
    let asked: BTreeSet<_> = literals(&script, "t(\"").into_iter().collect();
    assert_eq!(
        asked,
        SCRIPT.iter().map(|text| (*text).to_owned()).collect(),
        "SCRIPT is what the script asks for"
    );
    let mut texts = Vec::new();
    for (path, calls) in files("src", ".rs")
        .into_iter()
        .map(|path| (path, ["t(\"", "say(\"", "small(\"", "ours(\"", "Choice::ours(\""].as_slice()))
        .chain([(here().join("assets/dialtone.js"), ["t(\""].as_slice())])
    {
        let text = fs::read_to_string(&path).expect("readable");
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        for call in calls {
            texts.extend(literals(&text, call).into_iter().map(|literal| (name.clone(), literal)));
        }
    }
    let lacking = lacking(texts);
    assert!(lacking.is_empty(), "{} texts lack German:\n{}", lacking.len(), lacking.join("\n"));
}

/// The literals that calls of that name begin with.
fn literals(text: &str, call: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(call) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "_.!".contains(c)) {
            continue;
        }
        let rest = &text[at + call.len()..];
        found.push(rest[..rest.find('"').unwrap_or(rest.len())].to_owned());
    }
    found
}

/// OPS-16: placeholders and numbers go along; no text is empty.
#[test]
fn translations_keep_their_values() {
    for (english, german) in GERMAN.pairs() {
        if english.contains(|c: char| c.is_ascii_digit()) {
            assert!(!german.contains('{'), "{english} = {german}");
            continue;
        }
        let (theirs, ours) = (english.matches('{').count(), german.matches('{').count());
        assert!(ours <= theirs, "{english} = {german}");
        assert!(!german.trim().is_empty(), "{english}");
    }
}

/// OPS-16
#[tokio::test]
async fn values_are_left_alone_whatever_they_say() {
    let page = within(Language::German, async {
        let mut text = String::from("<p title=\"Close\">");
        Marked.write_escaped_str(&mut text, "Close \u{3}<b>").expect("memory");
        text + "</p><p> Close </p><textarea>Close</textarea>"
    });
    let page = super::page(&page.await, Language::German);
    assert_eq!(
        page,
        "<p title=\"Schließen\">Close &#60;b&#62;</p><p> Schließen </p><textarea>Close</textarea>"
    );
}

/// OPS-16: RFC 9110 §12.5.4
#[test]
fn a_browser_says_what_it_would_rather_read() {
    let asks = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, text.parse().expect("a value"));
        preferred(&headers)
    };
    assert_eq!(asks("de-AT,de;q=0.9,en;q=0.8"), Language::German);
    assert_eq!(asks("en-US,en;q=0.9,de;q=0.8"), Language::English);
    assert_eq!(asks("fr, de;q=0.5, en;q=0.4"), Language::German);
    assert_eq!(asks("en;q=0, de;q=0.1"), Language::German);
    for other in ["", "fr", "*", ";;q=,", "de;q=x"] {
        assert_eq!(asks(other), Language::English, "{other}");
    }
}
