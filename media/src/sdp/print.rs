//! Our own descriptions, printed canonically (RFC 8866 §5), and when their version counts (RFC 3264 §8).

use std::{fmt::Write, net::SocketAddr};

use bytes::Bytes;

use super::{Audio, Description, Direction};
use crate::session::Payload;

/// Our side of one leg's line; counts the `o=` version up when what is printed changes.
#[derive(Debug, Clone)]
pub struct Local {
    /// Our RTP address; RTCP is port + 1.
    pub address: SocketAddr,
    /// `o=` session id.
    pub id: u64,
    /// `o=` version.
    pub version: u64,
    /// What was printed last, without `o=`.
    printed: String,
}

impl Local {
    /// A fresh line.
    pub fn new(address: SocketAddr, id: u64) -> Self {
        Self { address, id, version: 0, printed: String::new() }
    }

    /// An offer with these payload types.
    pub fn offer(&mut self, payloads: &[Payload], direction: Direction, ptime: Option<u8>) -> Bytes {
        let mut media = String::with_capacity(400);
        self.audio(&mut media, "RTP/AVP", payloads);
        end_audio(&mut media, direction, ptime, false);
        self.print(media)
    }

    /// The answer to `offer` that accepts `payloads` (a subset of the offered ones, by their numbers), refusing all other
    /// media lines with port 0. `direction` is ours, already the mirror of theirs. Without any payload the audio line is
    /// refused too.
    pub fn answer(&mut self, offer: &Description, payloads: &[Payload], direction: Direction) -> Bytes {
        let mut media = String::with_capacity(400);
        for (index, line) in offer.lines.iter().enumerate() {
            match &offer.audio {
                Some(audio) if index == offer.audio_index && !payloads.is_empty() => {
                    self.answer_audio(&mut media, audio, payloads, direction);
                }
                _ => refuse(&mut media, line),
            }
        }
        self.print(media)
    }

    fn answer_audio(&self, out: &mut String, audio: &Audio, payloads: &[Payload], direction: Direction) {
        self.audio(out, &audio.profile, payloads);
        end_audio(out, direction, audio.ptime, audio.rtcp_mux);
    }

    fn audio(&self, out: &mut String, profile: &str, payloads: &[Payload]) {
        put(out, format_args!("m=audio {} {profile}", self.address.port()));
        for payload in payloads {
            put(out, format_args!(" {}", payload.number));
        }
        out.push_str("\r\n");
        for Payload { number, codec } in payloads {
            put(out, format_args!("a=rtpmap:{number} {}/{}", codec.name, codec.rate));
            if codec.channels > 1 {
                put(out, format_args!("/{}", codec.channels));
            }
            out.push_str("\r\n");
            if !codec.fmtp.is_empty() {
                put(out, format_args!("a=fmtp:{number} {}\r\n", codec.fmtp));
            }
        }
    }

    /// Session lines around `media`. The version counts only if something else changed (RFC 3264 §8).
    fn print(&mut self, media: String) -> Bytes {
        let ip = self.address.ip();
        let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let rest = format!("s=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n{media}");
        if rest != self.printed {
            self.version += 1;
            self.printed = rest;
        }
        let Self { id, version, printed, .. } = self;
        Bytes::from(format!("v=0\r\no=- {id} {version} IN {family} {ip}\r\n{printed}"))
    }
}

fn end_audio(out: &mut String, direction: Direction, ptime: Option<u8>, mux: bool) {
    if let Some(ptime) = ptime {
        put(out, format_args!("a=ptime:{ptime}\r\n"));
    }
    if mux {
        out.push_str("a=rtcp-mux\r\n");
    }
    put(out, format_args!("a={}\r\n", direction.name()));
}

/// The same line with port 0 (RFC 3264 §6); its formats mean nothing then, but the grammar wants one.
fn refuse(out: &mut String, line: &str) {
    let mut words = line.split(' ');
    let media = words.next().unwrap_or("audio");
    let profile = words.nth(1).unwrap_or("RTP/AVP");
    let format = words.next().unwrap_or("0");
    put(out, format_args!("m={media} 0 {profile} {format}\r\n"));
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}
