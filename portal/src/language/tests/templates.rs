//! The fixed texts of a template, as they can come out of it: alternatives are followed, values are `{}`.

use std::collections::BTreeSet;

use crate::language::page::{READ, VERBATIM};

/// Every text between tags and in attributes that people read.
pub(super) fn texts(template: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut pieces = cut(template).into_iter().peekable();
    let end = walk(&mut pieces, BTreeSet::from([State::default()]), &mut out);
    end.into_iter().for_each(|state| state.emit(&mut out));
    out
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Html(String),
    Value,
    /// The words of a `{% … %}`.
    Tag(String),
}

/// Where in the page a text has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    place: Place,
    text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    #[default]
    Text,
    /// In `<…>`; what was read since the last blank.
    Tag(String),
    /// In an attribute; whether people read it, and the tag's name.
    Value(bool, String),
    /// In an element that is taken as it is.
    Verbatim(String),
}

impl State {
    fn emit(&self, out: &mut BTreeSet<String>) {
        if matches!(self.place, Place::Text | Place::Value(true, _)) {
            out.insert(self.text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }

    fn value(&mut self) {
        if !self.text.ends_with("{}") {
            self.text.push_str("{}");
        }
    }

    fn take(&mut self, letter: char, out: &mut BTreeSet<String>) {
        let place = std::mem::take(&mut self.place);
        self.place = match (place, letter) {
            (Place::Text, '<') => {
                self.emit(out);
                self.text.clear();
                Place::Tag(String::new())
            }
            (Place::Tag(word), '>') => {
                self.text.clear();
                let name = word.split(' ').next().unwrap_or_default().to_owned();
                if VERBATIM.contains(&name.as_str()) { Place::Verbatim(name) } else { Place::Text }
            }
            (Place::Tag(word), '"') => {
                let attribute = word.rsplit(' ').next().unwrap_or_default().trim_end_matches('=');
                self.text.clear();
                let name = word.split(' ').next().unwrap_or_default().to_owned();
                Place::Value(READ.contains(&attribute), name)
            }
            // The tag's name and what was read since.
            (Place::Tag(word), blank) if blank.is_whitespace() => {
                Place::Tag(format!("{} ", word.split(' ').next().unwrap_or_default()))
            }
            (Place::Tag(word), letter) => Place::Tag(format!("{word}{letter}")),
            (Place::Value(read, name), '"') => {
                State { place: Place::Value(read, String::new()), text: self.text.clone() }.emit(out);
                self.text.clear();
                Place::Tag(name)
            }
            (Place::Verbatim(name), letter) => {
                self.text.push(letter);
                let is_over = self.text.ends_with(&format!("</{name}"));
                if is_over { Place::Tag(String::new()) } else { Place::Verbatim(name) }
            }
            (place, letter) => {
                self.text.push(letter);
                place
            }
        };
    }
}

type Pieces = std::iter::Peekable<std::vec::IntoIter<Piece>>;

/// Follows the pieces up to the end of the block that they are in.
fn walk(pieces: &mut Pieces, mut states: BTreeSet<State>, out: &mut BTreeSet<String>) -> BTreeSet<State> {
    while let Some(piece) = pieces.peek().cloned() {
        match piece {
            Piece::Html(html) => {
                states = states
                    .into_iter()
                    .map(|mut state| {
                        html.chars().for_each(|c| state.take(c, out));
                        state
                    })
                    .collect();
            }
            Piece::Value => {
                states = states
                    .into_iter()
                    .map(|mut state| {
                        state.value();
                        state
                    })
                    .collect();
            }
            Piece::Tag(words) => {
                let word = words.split_whitespace().next().unwrap_or_default().to_owned();
                match word.as_str() {
                    "else" | "when" | "elif" | "endif" | "endfor" | "endmatch" | "endblock" | "endmacro"
                    | "endcall" => return states,
                    "if" | "match" | "for" => {
                        pieces.next();
                        states = branches(pieces, &word, states, out);
                        continue;
                    }
                    // Both make elements of their own.
                    "call" => {
                        pieces.next();
                        walk(pieces, BTreeSet::new(), out);
                        states = interrupted(states, out);
                    }
                    "include" => states = interrupted(states, out),
                    "block" | "macro" => {
                        pieces.next();
                        states = walk(pieces, states, out);
                    }
                    _ => {}
                }
            }
        }
        pieces.next();
    }
    states
}

/// The states after each of the alternatives.
fn branches(
    pieces: &mut Pieces,
    word: &str,
    from: BTreeSet<State>,
    out: &mut BTreeSet<String>,
) -> BTreeSet<State> {
    let mut after = BTreeSet::new();
    let mut is_whole = false;
    let first = walk(pieces, from.clone(), out);
    if word == "match" {
        // Between `match` and the first `when` there is nothing.
        drop(first);
    } else {
        after.extend(first);
    }
    while let Some(Piece::Tag(words)) = pieces.next() {
        let next = words.split_whitespace().next().unwrap_or_default();
        if next.starts_with("end") {
            break;
        }
        is_whole |= words.trim() == "else" || next == "when";
        after.extend(walk(pieces, from.clone(), out));
    }
    if !is_whole || word == "for" {
        after.extend(from);
    }
    after
}

fn interrupted(states: BTreeSet<State>, out: &mut BTreeSet<String>) -> BTreeSet<State> {
    let cut = |mut state: State| {
        if state.place == Place::Text {
            state.emit(out);
            state.text.clear();
        }
        state
    };
    states.into_iter().map(cut).collect()
}

fn cut(template: &str) -> Vec<Piece> {
    let (mut pieces, mut rest) = (Vec::new(), template);
    while let Some(at) = rest.find('{') {
        let (open, close) = match rest.get(at..at + 2) {
            Some("{{") => ("{{", "}}"),
            Some("{%") => ("{%", "%}"),
            Some("{#") => ("{#", "#}"),
            _ => {
                pieces.push(Piece::Html(rest[..=at].to_owned()));
                rest = &rest[at + 1..];
                continue;
            }
        };
        pieces.push(Piece::Html(rest[..at].to_owned()));
        let end = rest[at..].find(close).map_or(rest.len(), |end| at + end);
        let inner = rest[at + open.len()..end].trim_matches('-').trim().to_owned();
        match open {
            "{{" => pieces.push(Piece::Value),
            "{%" => pieces.push(Piece::Tag(inner)),
            _ => {}
        }
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    pieces.push(Piece::Html(rest.to_owned()));
    pieces
}

/// OPS-16: the walker itself.
#[test]
fn alternatives_are_followed() {
    let found = texts(
        "<p title=\"A\">{{ n }} code{% if n != 1 %}s{% endif %} left.</p>{% if a %}Yes{% else %}No{% endif %}<b>{% call p::icon(\"x\") %}{% endcall %}Go</b>{% match x %}{% when A %}One{% when B %}Two{% endmatch %}",
    );
    for text in ["A", "{} code left.", "{} codes left.", "Yes", "No", "Go", "One", "Two"] {
        assert!(found.contains(text), "{text}: {found:?}");
    }
    assert!(!found.contains("x"));
}
