//! The SIP messages of one call as its record keeps them: packed by the engine, unpacked by who shows them. SIP-45.
//!
//! Per message a head line `at_ms from to again length`, then `length` bytes of the message as it was, then a line break:
//!
//! ```text
//! 0 192.0.2.21:5060 192.0.2.10:5060 0 412
//! INVITE sip:102@example.com SIP/2.0
//! …
//! ```
//!
//! `at_ms` counts from the begin of the call, `again` is `1` for a retransmission. So a call costs a copy of its messages
//! and no escaping, and `SELECT CAST(ladder AS TEXT)` can be read.

use serde::{Deserialize, Serialize};

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Milliseconds since the call began.
    pub at_ms: u64,
    /// Address that sent it, without white space.
    pub from: String,
    /// Address that received it, without white space.
    pub to: String,
    /// A retransmission.
    pub again: bool,
    /// The message; what is no UTF-8 was replaced.
    pub text: String,
}

/// What the head line of a message says beside the length.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Head<'a> {
    pub at_ms: u64,
    /// Address, without white space.
    pub from: &'a str,
    /// Address, without white space.
    pub to: &'a str,
    pub again: bool,
}

/// Adds a message to a packed ladder.
pub fn append(ladder: &mut Vec<u8>, head: Head<'_>, message: &[u8]) {
    let Head { at_ms, from, to, again } = head;
    ladder.reserve(HEAD + message.len());
    push_number(ladder, at_ms);
    ladder.push(b' ');
    ladder.extend_from_slice(from.as_bytes());
    ladder.push(b' ');
    ladder.extend_from_slice(to.as_bytes());
    ladder.extend_from_slice(if again { b" 1 " } else { b" 0 " });
    push_number(ladder, message.len() as u64);
    ladder.push(b'\n');
    ladder.extend_from_slice(message);
    ladder.push(b'\n');
}

fn push_number(ladder: &mut Vec<u8>, number: u64) {
    if number > 9 {
        push_number(ladder, number / 10);
    }
    ladder.push(b'0' + (number % 10) as u8);
}

/// The packed ladder of `messages`.
pub fn pack(messages: &[Message]) -> Vec<u8> {
    let mut ladder = Vec::new();
    for message in messages {
        let Message { at_ms, from, to, again, text } = message;
        append(&mut ladder, Head { at_ms: *at_ms, from, to, again: *again }, text.as_bytes());
    }
    ladder
}

/// The messages of a packed ladder, up to the first that cannot be read and at most [`MOST`]. A last one that is cut
/// short is given as far as it goes.
pub fn unpack(mut ladder: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < MOST
        && let Some((message, rest)) = first(ladder)
    {
        messages.push(message);
        ladder = rest;
    }
    messages
}

/// The first message, and what follows it.
fn first(ladder: &[u8]) -> Option<(Message, &[u8])> {
    let end = ladder.iter().take(LONGEST_HEAD).position(|byte| *byte == b'\n')?;
    let mut words = std::str::from_utf8(&ladder[..end]).ok()?.split(' ');
    let at_ms = words.next()?.parse().ok()?;
    let (from, to) = (words.next()?.to_owned(), words.next()?.to_owned());
    let again = words.next()? == "1";
    let length = words.next()?.parse::<usize>().ok()?;
    let rest = &ladder[end + 1..];
    let (text, rest) = rest.split_at(length.min(rest.len()));
    let text = String::from_utf8_lossy(text).into_owned();
    Some((Message { at_ms, from, to, again, text }, rest.strip_prefix(b"\n").unwrap_or(rest)))
}

/// Messages of one ladder that are read: more than any call keeps.
pub const MOST: usize = 1000;
/// A usual head line and the line break after the message. [bytes]
const HEAD: usize = 64;
/// [bytes]
const LONGEST_HEAD: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = Message> {
        (any::<u64>(), "[0-9a-f:.\\[\\]]{0,40}", "[0-9a-f:.\\[\\]]{0,40}", any::<bool>(), any::<String>())
            .prop_map(|(at_ms, from, to, again, text)| Message { at_ms, from, to, again, text })
    }

    /// SIP-45
    #[test]
    fn a_ladder_is_readable_text() {
        let bye = Message {
            at_ms: 70,
            from: "192.0.2.1:5060".into(),
            to: "[2001:db8::1]:5060".into(),
            again: true,
            text: "BYE sip:a SIP/2.0\r\n\r\n".into(),
        };
        let packed = pack(&[bye]);
        assert_eq!(packed, b"70 192.0.2.1:5060 [2001:db8::1]:5060 1 21\nBYE sip:a SIP/2.0\r\n\r\n\n");
    }

    #[test]
    fn what_cannot_be_read_ends_the_ladder() {
        let whole = pack(&[Message { text: "first".into(), ..Message::default() }]);
        let read =
            |tail: &[u8]| unpack(&[&whole, tail].concat()).into_iter().map(|m| m.text).collect::<Vec<_>>();
        assert_eq!(read(b"nonsense\n"), ["first"]);
        assert_eq!(read(b"1 a b 0 99999999999999999999\nx"), ["first"]);
        assert_eq!(read(b"1 a b 0 99\ncut"), ["first", "cut"]);
        assert_eq!(unpack(&whole.repeat(MOST + 1)).len(), MOST);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(messages in prop::collection::vec(message(), 0..8)) {
            prop_assert_eq!(unpack(&pack(&messages)), messages);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..200_usize) {
            unpack(&bytes);
            let mut ladder = pack(&[Message { text: "x".repeat(50), ..Message::default() }]).repeat(3);
            let at = at.min(ladder.len());
            ladder.splice(at..at, bytes);
            unpack(&ladder);
        }
    }
}
