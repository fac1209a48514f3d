//! What narrows a call history: words, a span of time, sides, types. CH-03, 07…10.

use config::records::parties::{PartyKind, PartyQuery};

use crate::{query::Pairs, tables::field::Choice, zone::Clock};

/// What the filter bar holds.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub q: String,
    /// One of [`RANGES`], or `custom` while `from` or `to` is given.
    pub range: String,
    pub from: String,
    pub to: String,
    pub caller: String,
    pub dialled: String,
    pub kind: String,
    /// The same in an address.
    pub link: String,
}

impl Filter {
    /// Of an address; `usual` is the span of time where none is asked for.
    pub fn read(asked: &Pairs, usual: &str) -> Self {
        let get = |name: &str| asked.get(name).trim().chars().take(100).collect::<String>();
        let range = match (get("range"), get("from").is_empty() && get("to").is_empty()) {
            (_, false) => "custom".to_owned(),
            (range, true) if is_range(&range) => range,
            _ if is_range(usual) => usual.to_owned(),
            _ => RANGES[0].0.to_owned(),
        };
        let link = asked.without(&["after", "limit"]);
        let link = if link.has("range") { link } else { link.with("range", &range) };
        Self {
            q: get("q"),
            range,
            from: get("from"),
            to: get("to"),
            caller: get("caller"),
            dialled: get("dialled"),
            kind: get("type"),
            link: link.text(),
        }
    }

    /// Whether more than the span of time narrows.
    pub fn active(&self) -> bool {
        [&self.q, &self.caller, &self.dialled, &self.kind].iter().any(|text| !text.is_empty())
    }

    /// Spans of time to choose from.
    pub fn ranges(&self) -> Vec<Choice> {
        RANGES.iter().map(|(key, label, _)| Choice::new(*key, *label, *key == self.range)).collect()
    }

    /// Types to choose from. CH-10.
    pub fn kinds(&self) -> Vec<Choice> {
        KINDS.iter().map(|(key, label)| Choice::new(*key, *label, *key == self.kind)).collect()
    }

    /// The query, with days by that clock. A day in the search counts more than the span.
    pub fn query(&self, clock: &Clock) -> PartyQuery {
        let (words, day) = without_day(&self.q, clock);
        let ago = RANGES.iter().find(|(key, ..)| *key == self.range).and_then(|(.., days)| *days);
        let (from, to) = match day {
            Some((from, to)) => (Some(from), Some(to)),
            None if self.range == "custom" => (clock.moment(&self.from, false), clock.moment(&self.to, true)),
            None => (ago.map(|days| clock.now_ms() - days * 86_400_000), None),
        };
        PartyQuery {
            search: words,
            kind: PartyKind::of(&self.kind),
            caller: digits(&self.caller),
            dialled: digits(&self.dialled),
            from,
            to,
            ..PartyQuery::default()
        }
    }
}

/// Whether that is a span of time to choose.
pub(super) fn is_range(key: &str) -> bool {
    RANGES.iter().any(|(other, ..)| *other == key)
}

/// The words of a search that are no day, and the day.
fn without_day(search: &str, clock: &Clock) -> (String, Option<(i64, i64)>) {
    let words: Vec<&str> = search.split_whitespace().collect();
    for length in [2, 1] {
        for start in 0..(words.len() + 1).saturating_sub(length) {
            if let Some(span) = clock.span(&words[start..start + length].join(" ")) {
                let rest = [&words[..start], &words[start + length..]].concat();
                return (rest.join(" "), Some(span));
            }
        }
    }
    (search.to_owned(), None)
}

/// Without what people write between the digits.
fn digits(number: &str) -> String {
    number.chars().filter(|c| !" -()/.".contains(*c)).collect()
}

/// Key, label, days back. The first is what a history opens with. C-3.
const RANGES: [(&str, &str, Option<i64>); 4] = [
    ("24h", "24 hours", Some(1)),
    ("3d", "3 days", Some(3)),
    ("7d", "7 days", Some(7)),
    ("all", "All", None),
];
const KINDS: [(&str, &str); 4] =
    [("", "All"), ("inbound", "Inbound"), ("outbound", "Outbound"), ("missed", "Missed")];

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn clock() -> Clock {
        Clock::new("Europe/Berlin", DateTime::from_timestamp_millis(1_795_343_400_000).unwrap())
    }

    /// CH-07: 24 hours at first, then what was chosen last.
    #[test]
    fn the_history_opens_on_a_day_unless_another_span_was_chosen() {
        let now = clock().now_ms();
        let from = |asked: &str, last: &str| Filter::read(&Pairs::parse(asked), last).query(&clock()).from;
        assert_eq!(from("", ""), Some(now - 86_400_000));
        assert_eq!(from("", "7d"), Some(now - 7 * 86_400_000));
        assert_eq!(from("range=3d", "7d"), Some(now - 3 * 86_400_000));
        assert_eq!((from("range=all", ""), from("range=x", "")), (None, Some(now - 86_400_000)));
    }

    /// CH-03, CH-08
    #[test]
    fn a_day_in_the_search_and_given_times_replace_the_span() {
        let query = |asked: &str| Filter::read(&Pairs::parse(asked), "").query(&clock());
        let day = query("q=berg+18+Nov");
        assert_eq!((day.search.as_str(), day.from), ("berg", Some(1_794_956_400_000)));
        assert_eq!(day.to, Some(1_794_956_400_000 + 86_400_000));
        assert_eq!(query("q=yesterday").search, "");
        let given = query("from=2026-11-18&to=2026-11-18");
        assert_eq!((given.from, given.to), (day.from, day.to));
        assert_eq!(query("caller=%2B49+(30)+1").caller, "+49301");
        assert_eq!(query("type=missed").kind, Some(PartyKind::Missed));
    }
}
