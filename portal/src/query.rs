//! Query strings and form bodies as ordered pairs, because a name may come several times.

use crate::text::{decode, encode};

/// `name=value` pairs in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `application/x-www-form-urlencoded` text; at most [`MOST`] pairs.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MOST).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The first value of that name, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// Whether the name occurs.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// All values of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The pairs whose name begins so, without that beginning.
    pub fn beginning<'a>(&'a self, with: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(n, v)| Some((n.strip_prefix(with)?, v.as_str())))
    }

    /// The same without these names and without empty values.
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(n, v)| !v.is_empty() && !names.contains(&n.as_str())).cloned().collect())
    }

    /// The same with one pair more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `path?a=b&…`, or the path alone.
    pub fn link(&self, path: &str) -> String {
        let text = self.text();
        if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
    }

    /// `a=b&…`, as it stands behind the `?` of an address.
    pub fn text(&self) -> String {
        let text: Vec<_> = self.0.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        text.join("&")
    }

    /// All pairs in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The names in the order they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(n, _)| n.as_str())
    }
}

/// More pairs than any form of ours has.
const MOST: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_several_times() {
        let pairs = Pairs::parse("members=3&members=1&name=A%26B+C&flag");
        assert_eq!(pairs.all("members").collect::<Vec<_>>(), ["3", "1"]);
        assert_eq!((pairs.get("name"), pairs.get("flag"), pairs.get("none")), ("A&B C", "", ""));
        assert!(pairs.has("flag") && !pairs.has("none"));
        assert_eq!(Pairs::parse(pairs.link("/x").split_once('?').expect("has a query").1), pairs);
    }

    #[test]
    fn an_endless_body_is_cut() {
        assert_eq!(Pairs::parse(&"a=1&".repeat(10_000)).0.len(), MOST);
    }
}
