//! History-Info (RFC 7044): through which addresses a request came here.

use std::fmt;

use super::NameAddr;
use crate::wire::text;

/// One entry: `<sip:bob@example.com;cause=302>;index=1.1;mp=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryInfo {
    /// The address that was targeted, with a `cause` parameter (RFC 4458) where it was retargeted to.
    pub uri: String,
    /// `1`, `1.1`, `1.1.2`: whose child an entry is, and which one (§10.3).
    pub index: Vec<u32>,
    /// How this address came of another.
    pub origin: Option<(Origin, Vec<u32>)>,
}

/// How an address came of another one (§5, header parameters `rc`, `mp`, `np`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A contact of the same user: `rc`.
    Contact,
    /// Another user: `mp`.
    Mapped,
    /// The same address again: `np`.
    NoChange,
}

impl HistoryInfo {
    /// Reads one value (already cut at commas). `None` without a well-formed index.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let address = NameAddr::parse(value)?;
        let numbers = |name: &str| index(address.params.get(name)?);
        let origin = Origin::ALL.iter().find_map(|origin| Some((*origin, numbers(origin.name())?)));
        Some(Self { uri: text::token_text(address.uri).to_owned(), index: numbers("index")?, origin })
    }

    /// The entries of a call that was forwarded from the first address to the last, each by its reason (RFC 4458 §2).
    pub fn chain(first: String, forwards: impl IntoIterator<Item = (String, u16)>) -> Vec<Self> {
        let mut entries = vec![Self { uri: first, index: vec![1], origin: None }];
        for (to, cause) in forwards {
            let before = entries.last().map(|entry| entry.index.clone()).unwrap_or_default();
            let mut index = before.clone();
            index.push(1);
            entries.push(Self {
                uri: format!("{to};cause={cause}"),
                index,
                origin: Some((Origin::Mapped, before)),
            });
        }
        entries
    }
}

impl Origin {
    const ALL: [Self; 3] = [Self::Contact, Self::Mapped, Self::NoChange];

    fn name(self) -> &'static str {
        match self {
            Self::Contact => "rc",
            Self::Mapped => "mp",
            Self::NoChange => "np",
        }
    }
}

impl fmt::Display for HistoryInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>;index={}", self.uri, dotted(&self.index))?;
        match &self.origin {
            Some((origin, of)) => write!(f, ";{}={}", origin.name(), dotted(of)),
            None => Ok(()),
        }
    }
}

fn index(text: &[u8]) -> Option<Vec<u32>> {
    let parts: Vec<&[u8]> = text.split(|b| *b == b'.').take(DEEPEST + 1).collect();
    let number = |part: &[u8]| {
        let digits = (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
        digits.then(|| part.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    if parts.len() > DEEPEST { None } else { parts.into_iter().map(number).collect() }
}

fn dotted(index: &[u32]) -> String {
    index.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// More retargetings than any proxy allows hops.
const DEEPEST: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7044 §5.3 and §10: entries of the examples.
    #[test]
    fn the_examples_of_the_rfc_round_trip() {
        for (value, index, origin) in [
            ("<sip:bob@example.com>;index=1", vec![1], None),
            ("<sip:bob@192.0.2.4>;index=1.1;rc=1", vec![1, 1], Some((Origin::Contact, vec![1]))),
            (
                "<sip:office@example.com;cause=480>;index=1.2;mp=1",
                vec![1, 2],
                Some((Origin::Mapped, vec![1])),
            ),
            (
                "<sip:bob@biloxi.example.com?Reason=SIP%3Bcause%3D302>;index=1.1.1;np=1.1",
                vec![1, 1, 1],
                Some((Origin::NoChange, vec![1, 1])),
            ),
        ] {
            let read = HistoryInfo::parse(value.as_bytes()).unwrap();
            assert_eq!((read.index.clone(), read.origin.clone()), (index, origin), "{value}");
            assert_eq!(read.to_string(), value);
        }
    }

    /// RNG-17
    #[test]
    fn a_chain_of_forwards_names_each_with_its_reason() {
        let to = |number: u32, cause| (format!("sip:{number}@example.test"), cause);
        let said: Vec<String> =
            HistoryInfo::chain("sip:102@example.test".into(), [to(103, 302), to(104, 486)])
                .iter()
                .map(ToString::to_string)
                .collect();
        assert_eq!(
            said,
            [
                "<sip:102@example.test>;index=1",
                "<sip:103@example.test;cause=302>;index=1.1;mp=1",
                "<sip:104@example.test;cause=486>;index=1.1.1;mp=1.1"
            ]
        );
    }

    #[test]
    fn malformed_entries_are_refused() {
        let deep = format!("<sip:a@b>;index=1{}", ".1".repeat(80));
        for value in
            ["", "<sip:a@b>", "<sip:a@b>;index=", "<sip:a@b>;index=1.", "<sip:a@b>;index=99999", &deep]
        {
            assert_eq!(HistoryInfo::parse(value.as_bytes()), None, "{value}");
        }
    }
}
