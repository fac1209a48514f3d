//! The language of a page. Templates and declarations are written in English; this room says them in another. OPS-16.
//!
//! ```text
//! template ──values marked by the escaper──▶ page ──[`page`]: fixed texts looked up, values left alone──▶ browser
//! declarations, menu, messages ──[`t`], [`say`] where they are put on a page──▶ value
//! ```
//!
//! What people wrote (names, notes, numbers) is never looked up: it is a value. Who asks has their language for the time of
//! the request ([`within`]); texts for programs (REST, CSV) stay English because nobody asks for them in another.

mod catalogue;
mod page;

use std::cell::Cell;

use askama::filters::{Escaper, Html};
use axum::http::{HeaderMap, header};
use config::{Field, Kind};

use catalogue::GERMAN;
pub(crate) use page::page;

/// A language that the portal speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// That of the templates.
    #[default]
    English,
    #[allow(missing_docs)]
    German,
}

impl Language {
    /// By its code in the configuration; `None` if that is blank.
    pub fn of(code: &str) -> Option<Self> {
        match code {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// RFC 5646.
    pub fn code(self) -> &'static str {
        if self == Self::German { "de" } else { "en" }
    }

    /// All of them, each with what its speakers call it.
    pub fn all() -> [(Self, &'static str); 2] {
        [(Self::English, "English"), (Self::German, "Deutsch")]
    }

    /// Whether this page is in it.
    pub fn is_spoken(self) -> bool {
        self == spoken()
    }

    /// A text in this language; the English one if there is no other.
    pub fn say(self, english: &str) -> String {
        match self {
            Self::English => english.to_owned(),
            Self::German => GERMAN.message(english).unwrap_or_else(|| english.to_owned()),
        }
    }
}

tokio::task_local! {
    static SPOKEN: Cell<Language>;
}

/// Does something in a language, which [`speak`] may change meanwhile.
pub(crate) async fn within<F: Future>(language: Language, future: F) -> F::Output {
    SPOKEN.scope(Cell::new(language), future).await
}

/// The same on a thread that blocks.
pub(crate) fn within_thread<T>(language: Language, work: impl FnOnce() -> T) -> T {
    SPOKEN.sync_scope(Cell::new(language), work)
}

/// The language of who asks.
pub(crate) fn spoken() -> Language {
    SPOKEN.try_with(Cell::get).unwrap_or_default()
}

/// From now on this request is answered in that language.
pub(crate) fn speak(language: Language) {
    // Who is not asked by a browser needs no language.
    let _ = SPOKEN.try_with(|spoken| spoken.set(language));
}

/// A text of the program itself, in the language of who asks.
pub(crate) fn t(english: &'static str) -> &'static str {
    match spoken() {
        Language::English => english,
        Language::German => GERMAN.text(english).unwrap_or(english),
    }
}

/// A message that was put together, in the language of who asks: found by its pattern.
pub(crate) fn say(english: &str) -> String {
    spoken().say(english)
}

/// For templates: a value that is a text of ours, not of people.
pub(crate) fn ours(english: impl AsRef<str>) -> String {
    say(english.as_ref())
}

/// For templates: a noun of ours within a sentence, small in English as it is there.
pub(crate) fn small(noun: impl AsRef<str>) -> String {
    let noun = noun.as_ref();
    if spoken() == Language::English { noun.to_lowercase() } else { say(noun) }
}

/// For templates: the texts that the page's script says, as JSON; blank in the script's own language.
pub(crate) fn script() -> String {
    match spoken() {
        Language::English => String::new(),
        Language::German => {
            let texts = SCRIPT
                .iter()
                .map(|english| (*english, GERMAN.find(&catalogue::key(english)).unwrap_or(english)));
            serde_json::to_string(&texts.collect::<std::collections::BTreeMap<_, _>>()).unwrap_or_default()
        }
    }
}

/// A value of a field as people read it, in the language of who asks, if its words are ours.
pub(crate) fn shown(field: &Field, english: &str) -> String {
    match field.kind {
        Kind::Choice(_) | Kind::Flag | Kind::Country | Kind::Destination => say(english),
        Kind::Number { unit, .. } if !unit.is_empty() => say(english),
        Kind::Set(_) => english.split(", ").map(say).collect::<Vec<_>>().join(", "),
        _ => english.to_owned(),
    }
}

/// What a browser would rather read (RFC 9110 §12.5.4).
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weighed = text.split(',').take(MOST_RANGES).filter_map(|range| {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let language = Language::of(tag.trim().split('-').next()?.to_ascii_lowercase().as_str())?;
        Some((language, weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0)?))
    });
    // The first of equals.
    weighed
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(language, _)| language)
        .unwrap_or_default()
}

/// The templates' escaper: HTML as usual, and in other languages than theirs marks around each value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marked;

impl Escaper for Marked {
    fn write_escaped_str<W: std::fmt::Write>(&self, mut dest: W, value: &str) -> std::fmt::Result {
        if spoken() == Language::English {
            return Html.write_escaped_str(dest, value);
        }
        dest.write_char(BEGIN)?;
        // Nobody's name may end the mark around it.
        for part in value.split([BEGIN, END]) {
            Html.write_escaped_str(&mut dest, part)?;
        }
        dest.write_char(END)
    }
}

/// What was chosen on the sign-in page; before what the browser would rather read.
pub(crate) const COOKIE: &str = "language";
/// Around a value; HTML allows neither in a page, and [`page()`] lets neither out.
const BEGIN: char = '\u{2}';
const END: char = '\u{3}';
/// What `t("…")` of `assets/dialtone.js` asks for.
const SCRIPT: [&str; 21] = [
    "Copied",
    "Link copied",
    "That did not work. Try a smaller file.",
    "new file",
    "no file",
    "on",
    "off",
    "as it was",
    "{} unsaved changes: {}",
    "No changes",
    "{} instead of {}",
    "blank",
    "{} selected",
    "Select all {} that match",
    "Where does the call go?",
    "Name, extension, number, page, or a command",
    "met:",
    "not yet:",
    "Reconnecting, values are from {}.",
    "That did not work, or was cancelled. Try again.",
    "This browser has no passkeys here. They need https and the portal's name.",
];
const MOST_RANGES: usize = 20;

#[cfg(test)]
mod tests;
