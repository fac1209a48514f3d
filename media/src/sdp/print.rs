//! Our own descriptions, printed canonically (RFC 8866 §5), and when their version counts (RFC 3264 §8).

use std::net::SocketAddr;

use bytes::Bytes;
use smallvec::SmallVec;

use super::{Audio, Crypto, Description, Direction};
use crate::{
    session::Payload,
    text::{push_ip, push_number},
};

/// Our side of one leg's line; counts the `o=` version up when what is printed changes.
#[derive(Clone)]
pub struct Local {
    /// Our RTP address; RTCP is port + 1.
    pub address: SocketAddr,
    /// `o=` session id.
    pub id: u64,
    /// `o=` version.
    pub version: u64,
    /// How our next description says that speech is encrypted.
    pub sealing: Sealing,
    /// What was printed last, without `o=`; keys are in it.
    printed: Box<str>,
}

/// How a description says that speech is encrypted (RFC 4568).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealing {
    /// An offer says so by its profile; otherwise whoever cannot may talk in clear.
    pub required: bool,
    /// The keys to choose from, in an answer the one that was chosen; none talks in clear.
    pub cryptos: SmallVec<[Crypto; 1]>,
}

impl Local {
    /// A fresh line.
    pub fn new(address: SocketAddr, id: u64) -> Self {
        Self { address, id, version: 0, sealing: Sealing::default(), printed: Box::default() }
    }

    /// An offer with these payload types.
    pub fn offer(&mut self, payloads: &[Payload], direction: Direction, ptime: Option<u8>) -> Bytes {
        let mut text = self.begin();
        let profile = if self.sealing.required { "RTP/SAVP" } else { "RTP/AVP" };
        self.audio(&mut text, profile, payloads);
        end_audio(&mut text, direction, ptime, false);
        self.print(text)
    }

    /// The answer to `offer` that accepts `payloads` (a subset of the offered ones, by their numbers), refusing all other
    /// media lines with port 0. `direction` is ours, already the mirror of theirs. Without any payload the audio line is
    /// refused too.
    pub fn answer(&mut self, offer: &Description, payloads: &[Payload], direction: Direction) -> Bytes {
        let mut text = self.begin();
        for (index, line) in offer.lines.iter().enumerate() {
            match &offer.audio {
                Some(audio) if index == offer.audio_index && !payloads.is_empty() => {
                    self.answer_audio(&mut text, audio, payloads, direction);
                }
                _ => refuse(&mut text, line),
            }
        }
        self.print(text)
    }

    /// A later offer, which keeps the number of media lines of what the peer said last (RFC 3264 §8).
    pub fn offer_again(&mut self, last: &Description, payloads: &[Payload], direction: Direction) -> Bytes {
        let mut last = last.clone();
        if let Some(audio) = last.audio.as_mut().filter(|_| self.sealing.required) {
            audio.profile = audio.profile.replace("RTP/AVP", "RTP/SAVP");
        }
        self.answer(&last, payloads, direction)
    }

    fn answer_audio(&self, out: &mut String, audio: &Audio, payloads: &[Payload], direction: Direction) {
        self.audio(out, &audio.profile, payloads);
        end_audio(out, direction, audio.ptime, audio.rtcp_mux);
    }

    fn audio(&self, out: &mut String, profile: &str, payloads: &[Payload]) {
        out.push_str("m=audio ");
        push_number(out, self.address.port().into());
        out.push(' ');
        out.push_str(profile);
        for payload in payloads {
            out.push(' ');
            push_number(out, payload.number.into());
        }
        out.push_str("\r\n");
        for Payload { number, codec } in payloads {
            out.push_str("a=rtpmap:");
            push_number(out, (*number).into());
            out.push(' ');
            out.push_str(&codec.name);
            out.push('/');
            push_number(out, codec.rate.into());
            if codec.channels > 1 {
                out.push('/');
                push_number(out, codec.channels.into());
            }
            out.push_str("\r\n");
            if !codec.fmtp.is_empty() {
                out.push_str("a=fmtp:");
                push_number(out, (*number).into());
                push_all(out, [" ", &codec.fmtp, "\r\n"]);
            }
        }
        for crypto in &self.sealing.cryptos {
            push_all(out, ["a=crypto:", &crypto.to_string(), "\r\n"]);
        }
    }

    /// The session lines behind `o=`.
    fn begin(&self) -> String {
        let mut text = String::with_capacity(USUAL);
        text.push_str("s=-\r\nc=");
        self.push_connection(&mut text);
        text.push_str("t=0 0\r\n");
        text
    }

    /// `o=` before the rest. The version counts only if something else changed (RFC 3264 §8).
    fn print(&mut self, rest: String) -> Bytes {
        if *rest != *self.printed {
            self.version += 1;
            self.printed = rest.into_boxed_str();
        }
        let mut text = String::with_capacity(ORIGIN + self.printed.len());
        text.push_str("v=0\r\no=- ");
        push_number(&mut text, self.id);
        text.push(' ');
        push_number(&mut text, self.version);
        text.push(' ');
        self.push_connection(&mut text);
        text.push_str(&self.printed);
        Bytes::from(text)
    }

    fn push_connection(&self, out: &mut String) {
        let ip = self.address.ip();
        out.push_str(if ip.is_ipv4() { "IN IP4 " } else { "IN IP6 " });
        push_ip(out, ip);
        out.push_str("\r\n");
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Local({}, version {})", self.address, self.version)
    }
}

fn end_audio(out: &mut String, direction: Direction, ptime: Option<u8>, mux: bool) {
    if let Some(ptime) = ptime {
        out.push_str("a=ptime:");
        push_number(out, ptime.into());
        out.push_str("\r\n");
    }
    if mux {
        out.push_str("a=rtcp-mux\r\n");
    }
    push_all(out, ["a=", direction.name(), "\r\n"]);
}

/// The same line with port 0 (RFC 3264 §6); its formats mean nothing then, but the grammar wants one.
fn refuse(out: &mut String, line: &str) {
    let mut words = line.split(' ');
    let media = words.next().unwrap_or("audio");
    let profile = words.nth(1).unwrap_or("RTP/AVP");
    let format = words.next().unwrap_or("0");
    push_all(out, ["m=", media, " 0 ", profile]);
    push_all(out, [" ", format, "\r\n"]);
}

fn push_all<const N: usize>(out: &mut String, parts: [&str; N]) {
    parts.into_iter().for_each(|part| out.push_str(part));
}

/// A usual description, and the lines up to `o=`. [bytes]
const USUAL: usize = 400;
const ORIGIN: usize = 80;
