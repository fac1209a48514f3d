//! The SIP messages of a call as a picture: a column per party, an arrow per message, drawn by the server.

use config::records::ladder::Message;

use crate::text;

/// The picture.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    pub width: i32,
    pub height: i32,
    pub lines: Vec<Lifeline>,
    pub arrows: Vec<Arrow>,
    pub bands: Vec<Band>,
    /// The same as a list, for windows too narrow for columns.
    pub steps: Vec<Step>,
    pub messages: usize,
    /// Messages past [`MOST_ROWS`].
    pub left_out: usize,
}

/// A party's column.
#[derive(Debug)]
pub(crate) struct Lifeline {
    pub x: i32,
    pub who: String,
    pub address: String,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Arrow {
    pub at: usize,
    pub y: i32,
    pub from: i32,
    pub to: i32,
    pub tip: i32,
    pub barb: i32,
    pub middle: i32,
    pub time: String,
    pub label: String,
    /// `req`, `ok`, `bad` or nothing (provisional).
    pub class: &'static str,
    pub again: bool,
    pub chosen: bool,
}

/// A message in words.
#[derive(Debug)]
pub(crate) struct Step {
    pub at: usize,
    pub time: String,
    pub from: String,
    pub to: String,
    pub label: String,
    /// As [`Arrow::class`].
    pub class: &'static str,
    pub again: bool,
    pub chosen: bool,
    /// What flowed from here on, or blank.
    pub audio: String,
}

/// The time in which audio flowed.
#[derive(Debug)]
pub(crate) struct Band {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub middle: i32,
    pub text: String,
}

/// Draws `messages`; `name` says who is at an address, `audio` is what the band of the conversation says.
pub(crate) fn draw(
    messages: &[Message],
    chosen: Option<usize>,
    name: impl Fn(&str) -> Option<String>,
    audio: &str,
) -> Ladder {
    let mut parties: Vec<&str> = Vec::new();
    for message in messages.iter().take(MOST_ROWS) {
        for party in [message.from.as_str(), message.to.as_str()] {
            if !parties.contains(&party) && parties.len() < MOST_PARTIES {
                parties.push(party);
            }
        }
    }
    let x = |party: &str| {
        FIRST + parties.iter().position(|p| *p == party).unwrap_or(MOST_PARTIES - 1) as i32 * STEP
    };
    let mut ladder = Ladder {
        messages: messages.len(),
        left_out: messages.len().saturating_sub(MOST_ROWS),
        ..Ladder::default()
    };
    let mut y = TOP;
    let mut band = None;
    for (at, message) in messages.iter().enumerate().take(MOST_ROWS) {
        let arrow = arrow(at, message, y, x(&message.from), x(&message.to), chosen == Some(at));
        let mut step = step(&arrow, message, &name);
        ladder.arrows.push(arrow);
        y += ROW;
        if band.is_none() && !audio.is_empty() && establishes(messages, at) {
            band = Some(y - 10);
            audio.clone_into(&mut step.audio);
            y += ROW;
        }
        ladder.steps.push(step);
    }
    ladder.lines = parties.iter().map(|party| lifeline(party, x(party), name(party))).collect();
    ladder.width = FIRST + (parties.len() as i32 - 1).max(1) * STEP + 70;
    ladder.height = y + 10;
    let last = ladder.lines.last().map_or(FIRST, |line| line.x);
    ladder.bands = band
        .into_iter()
        .map(|y| Band {
            x: FIRST,
            y,
            width: last - FIRST,
            middle: (FIRST + last) / 2,
            text: audio.to_owned(),
        })
        .collect();
    ladder
}

fn arrow(at: usize, message: &Message, y: i32, from: i32, to: i32, chosen: bool) -> Arrow {
    let barb = if to >= from { -8 } else { 8 };
    let (label, class) = label(&message.text);
    Arrow {
        at,
        y,
        from,
        to,
        tip: to + barb * 3 / 4,
        barb,
        middle: (from + to) / 2,
        time: text::offset(i64::try_from(message.at_ms).unwrap_or(i64::MAX)),
        label,
        class,
        again: message.again,
        chosen,
    }
}

fn step(arrow: &Arrow, message: &Message, name: impl Fn(&str) -> Option<String>) -> Step {
    let who = |party: &str| shorten(&name(party).unwrap_or_else(|| party.to_owned()), 26);
    Step {
        at: arrow.at,
        time: arrow.time.clone(),
        from: who(&message.from),
        to: who(&message.to),
        label: arrow.label.clone(),
        class: arrow.class,
        again: arrow.again,
        chosen: arrow.chosen,
        audio: String::new(),
    }
}

fn lifeline(party: &str, x: i32, name: Option<String>) -> Lifeline {
    match name.filter(|name| name != party) {
        Some(name) => Lifeline { x, who: shorten(&name, 24), address: shorten(party, 28) },
        None => Lifeline { x, who: shorten(party, 26), address: String::new() },
    }
}

/// `INVITE`, `180 Ringing`, and the colour.
fn label(text: &str) -> (String, &'static str) {
    let first = first_line(text);
    match first.strip_prefix("SIP/2.0 ") {
        Some(status) => {
            let class = match status.as_bytes().first() {
                Some(b'1') => "",
                Some(b'2') => "ok",
                Some(b'3') => "req",
                _ => "bad",
            };
            (shorten(status, 24), class)
        }
        None => {
            let method = first.split(' ').next().unwrap_or_default();
            (shorten(method, 24), if method == "CANCEL" { "bad" } else { "req" })
        }
    }
}

/// The ACK that ends the last handshake before audio: the first one after which no 2xx to INVITE comes before a BYE.
fn establishes(messages: &[Message], at: usize) -> bool {
    let is_ack = |message: &Message| message.text.starts_with("ACK ");
    let is_end = |message: &Message| message.text.starts_with("BYE ") || message.text.starts_with("CANCEL ");
    if !is_ack(&messages[at]) || !messages[..at].iter().any(|m| m.text.starts_with("SIP/2.0 200")) {
        return false;
    }
    messages[at + 1..].iter().take_while(|m| !is_end(m)).all(|m| !is_ack(m))
}

/// The one address that every message comes from or goes to: ours.
pub(crate) fn common_party(messages: &[Message]) -> Option<&str> {
    let first = messages.first()?;
    let in_all = |party: &&str| messages.iter().all(|m| m.from == *party || m.to == *party);
    // The call comes to us, so in doubt (only two parties) it is whom the first message is for.
    [first.to.as_str(), first.from.as_str()].into_iter().find(in_all)
}

/// The start line and the rest of a message, for the reading pane.
pub(crate) fn split(text: &str) -> (String, String) {
    let text = text.replace("\r\n", "\n");
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    (first.to_owned(), rest.to_owned())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

const FIRST: i32 = 140;
const STEP: i32 = 180;
const TOP: i32 = 70;
const ROW: i32 = 25;
/// More columns than fit are drawn on the last one.
const MOST_PARTIES: usize = 8;
/// More messages than anybody reads in a picture.
const MOST_ROWS: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, to: &str, text: &str) -> Message {
        Message { from: from.into(), to: to.into(), text: text.into(), ..Message::default() }
    }

    #[test]
    fn each_party_has_a_column_and_each_message_an_arrow() {
        let messages = [
            message("a", "us", "INVITE sip:102@x SIP/2.0\r\n"),
            message("us", "a", "SIP/2.0 180 Ringing\r\n"),
            message("us", "b", "INVITE sip:102@y SIP/2.0\r\n"),
            message("b", "us", "SIP/2.0 486 Busy Here\r\n"),
        ];
        let ladder = draw(&messages, Some(1), |_| None, "");
        assert_eq!(ladder.lines.iter().map(|l| l.who.as_str()).collect::<Vec<_>>(), ["a", "us", "b"]);
        assert_eq!(
            ladder.arrows.iter().map(|a| (a.label.as_str(), a.class)).collect::<Vec<_>>(),
            [("INVITE", "req"), ("180 Ringing", ""), ("INVITE", "req"), ("486 Busy Here", "bad")]
        );
        assert!(ladder.arrows[1].chosen && ladder.arrows[1].tip > ladder.arrows[1].to);
    }

    #[test]
    fn each_message_is_told_in_words_for_narrow_windows() {
        let messages = [
            message("a", "us", "INVITE sip:b SIP/2.0"),
            message("us", "a", "SIP/2.0 200 OK"),
            message("a", "us", "ACK sip:us SIP/2.0"),
        ];
        let ladder = draw(&messages, Some(0), |party| (party == "us").then(|| "Dialtone".into()), "audio");
        let told = |s: &Step| format!("{} {} → {}{}", s.label, s.from, s.to, s.audio);
        assert_eq!(
            ladder.steps.iter().map(told).collect::<Vec<_>>(),
            ["INVITE a → Dialtone", "200 OK Dialtone → a", "ACK a → Dialtoneaudio"]
        );
        assert!(ladder.steps[0].chosen && !ladder.steps[1].chosen);
    }

    #[test]
    fn audio_is_drawn_after_the_last_handshake() {
        let messages = [
            message("a", "us", "INVITE sip:b SIP/2.0"),
            message("us", "a", "SIP/2.0 200 OK"),
            message("us", "b", "ACK sip:b SIP/2.0"),
            message("a", "us", "ACK sip:us SIP/2.0"),
            message("a", "us", "BYE sip:us SIP/2.0"),
        ];
        let ladder = draw(&messages, None, |_| None, "audio");
        assert_eq!(ladder.bands.len(), 1);
        assert!(ladder.bands[0].y > ladder.arrows[3].y && ladder.bands[0].y < ladder.arrows[4].y);
    }

    #[test]
    fn a_message_without_anything_is_drawn() {
        assert_eq!(draw(&[Message::default()], Some(9), |_| None, "audio").arrows.len(), 1);
        assert_eq!(draw(&[], Some(0), |_| None, "audio").arrows.len(), 0);
    }
}
