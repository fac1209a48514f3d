//! Makes a re-INVITE with an offer one without: the description travels in the ACK instead (RFC 3261 §14.1). And what a
//! caller without an offer says of the responses in which it could get one.

use bytes::Bytes;

/// What a phone says of reliable provisional responses (RFC 3262) when it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliable {
    /// It supports them.
    Supported,
    /// It takes no other.
    Required,
    /// It does not know them.
    Unknown,
}

impl Reliable {
    /// What really goes out instead of this message.
    pub fn rewrite(self, message: Bytes) -> Bytes {
        if self == Self::Supported || !message.starts_with(b"INVITE ") {
            return message;
        }
        let text = String::from_utf8_lossy(&message).into_owned();
        let requires = if self == Self::Required { "Require: 100rel\r\n" } else { "" };
        text.replace("Supported: 100rel, ", &format!("{requires}Supported: ")).into()
    }
}

/// The description that was held back, with the CSeq of its re-INVITE.
#[derive(Debug, Default)]
pub struct LateOffer {
    held: Option<(String, String)>,
}

impl LateOffer {
    /// Whether a description was held back.
    pub fn was_used(&self) -> bool {
        self.held.is_some()
    }
    /// What really goes out instead of this message.
    pub fn rewrite(&mut self, message: Bytes) -> Bytes {
        let text = String::from_utf8_lossy(&message).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a SIP message");
        let cseq = header(head, "CSeq").split(' ').next().unwrap_or_default().to_owned();
        if text.starts_with("INVITE ") && header(head, "To").contains(";tag=") {
            self.held = Some((cseq, body.to_owned()));
            return print(head, "");
        }
        match &self.held {
            Some((held, body)) if text.starts_with("ACK ") && *held == cseq => print(head, body),
            _ => message,
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let of_name = |line: &'a str| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name));
    head.lines().find_map(of_name).map_or("", |(_, value)| value)
}

fn print(head: &str, body: &str) -> Bytes {
    let mut text = String::new();
    for line in head.lines().filter(|line| !line.starts_with("Content-")) {
        text += &format!("{line}\r\n");
    }
    if !body.is_empty() {
        text += "Content-Type: application/sdp\r\n";
    }
    (text + &format!("Content-Length: {}\r\n\r\n{body}", body.len())).into()
}
