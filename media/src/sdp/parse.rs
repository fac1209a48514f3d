//! Reading a description: lenient about what we do not use, exact about what we do (RFC 8866 §5, §9).

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use smallvec::SmallVec;

use super::{Audio, Codec, Crypto, Description, Direction, Encryption, SdpError};
use crate::session::Payload;

impl Description {
    /// Reads a body. Lenient: unknown lines are skipped; numbers are checked; 64 KiB, 32 media lines and 64 payload
    /// types at most.
    ///
    /// Without any audio line, or with a refused one (port 0), `audio` is `None`.
    ///
    /// # Errors
    /// `Line` for text that is no SDP, `TooLarge` beyond the limits, `NoAudio` if all audio is other than plain RTP.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        Self::read(body, Encryption::Off)
    }

    /// The same for a line that may be encrypted, or must be. Of several audio lines the first encrypted one is taken.
    ///
    /// # Errors
    /// As above, and `NotEncrypted` if audio must be and none can.
    pub fn read(body: &[u8], encryption: Encryption) -> Result<Self, SdpError> {
        if body.len() > MAX_BODY {
            return Err(SdpError::TooLarge);
        }
        // What is not UTF-8 (a session name, say) must not hinder; what we use is ASCII.
        let text = std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
        let mut reader = Reader { encryption, ..Reader::default() };
        for (index, line) in text.split('\n').enumerate() {
            let line = end_trimmed(line);
            if !line.is_empty() {
                reader.line(index + 1, line)?;
            }
        }
        reader.finish()
    }
}

/// Without the line break's other half, and what careless writers leave at the end.
fn end_trimmed(line: &str) -> &str {
    let is_left = |byte: &u8| !matches!(byte, b'\r' | b' ' | b'\t' | b'\0');
    let end = line.as_bytes().iter().rposition(is_left).map_or(0, |last| last + 1);
    &line[..end]
}

/// What is known after some lines.
#[derive(Default)]
struct Reader {
    encryption: Encryption,
    begun: bool,
    origin: String,
    session: Level,
    media: Vec<Media>,
    lines: Vec<String>,
}

/// What can be said for the whole session or for one media line.
#[derive(Default, Clone)]
struct Level {
    connection: Option<(usize, Option<IpAddr>)>,
    direction: Option<Direction>,
    ptime: Option<u8>,
    maxptime: Option<u8>,
    mux: bool,
}

/// One m= line.
struct Media {
    line: usize,
    index: usize,
    is_offered_audio: bool,
    may_be_encrypted: bool,
    crypto: Option<Box<Crypto>>,
    port: u16,
    profile: String,
    numbers: Vec<u8>,
    level: Level,
    rtcp: Option<(u16, Option<IpAddr>)>,
    maps: Vec<Payload>,
    parameters: Vec<(u8, String)>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        let (kind, value) = match line.split_at_checked(1) {
            Some((kind, rest)) if rest.starts_with('=') => (kind, rest[1..].trim_start()),
            _ => return Err(SdpError::Line(number)),
        };
        // v= comes first (RFC 8866 §5); text that happens to hold an equals sign is caught by it.
        if !self.begun && kind != "v" {
            return Err(SdpError::Line(number));
        }
        match kind {
            "v" => self.version(value).ok_or(SdpError::Line(number)),
            "o" => {
                self.origin = value.to_owned();
                Ok(())
            }
            "m" => self.media(number, value),
            "c" => {
                self.level().connection = Some((number, connection(value)));
                Ok(())
            }
            "a" => self.attribute(value).map_err(|fault| fault.at(number)),
            _ => Ok(()),
        }
    }

    fn version(&mut self, value: &str) -> Option<()> {
        self.begun = true;
        (value == "0").then_some(())
    }

    fn media(&mut self, number: usize, value: &str) -> Result<(), SdpError> {
        if self.lines.len() == MAX_MEDIA {
            return Err(SdpError::TooLarge);
        }
        let index = self.lines.len();
        let words: SmallVec<[&str; USUAL_WORDS]> = value.split_ascii_whitespace().collect();
        let [kind, port, profile, formats @ ..] = words.as_slice() else {
            return Err(SdpError::Line(number));
        };
        let port =
            port.split('/').next().and_then(|p| p.parse::<u16>().ok()).ok_or(SdpError::Line(number))?;
        self.lines.push(words.join(" "));
        let mut media = Media::new(number, index, port, profile);
        media.is_offered_audio = kind.eq_ignore_ascii_case("audio") && port != 0;
        media.may_be_encrypted = self.encryption != Encryption::Off;
        // Formats of other media are not ours to judge.
        if media.is_candidate() {
            media.numbers(formats)?;
        }
        self.media.push(media);
        Ok(())
    }

    /// The level that attributes belong to at this place.
    fn level(&mut self) -> &mut Level {
        match self.media.last_mut() {
            Some(media) => &mut media.level,
            None => &mut self.session,
        }
    }

    fn attribute(&mut self, value: &str) -> Result<(), Fault> {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        let value = value.trim();
        match name {
            "ptime" => self.level().ptime = packet_time(value),
            "maxptime" => self.level().maxptime = packet_time(value),
            "rtcp-mux" => self.level().mux = true,
            "crypto" => {
                if let Some(media) = self.media.last_mut().filter(|media| media.crypto.is_none()) {
                    media.crypto =
                        media.may_be_encrypted.then(|| Crypto::parse(value)).flatten().map(Box::new);
                }
            }
            "rtpmap" | "fmtp" | "rtcp" => {
                if let Some(media) = self.media.last_mut().filter(|media| media.is_candidate()) {
                    media.attribute(name, value)?;
                }
            }
            _ => {
                if let Some(direction) = Direction::from_name(name) {
                    self.level().direction = Some(direction);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Description, SdpError> {
        if !self.begun {
            return Err(SdpError::Line(1));
        }
        let is_offered = self.media.iter().any(|media| media.is_offered_audio);
        let (encryption, media) = (self.encryption, self.media);
        let sealed = media.iter().position(|media| media.is_candidate() && media.crypto.is_some());
        let plain = media.iter().position(|media| media.is_candidate() && !media.is_secure());
        let at = match encryption {
            Encryption::Off => plain,
            Encryption::Optional => sealed.or(plain),
            Encryption::Required => sealed,
        };
        let chosen = at.and_then(|at| media.into_iter().nth(at));
        if chosen.is_none() && is_offered {
            let lacks_key = encryption == Encryption::Required;
            return Err(if lacks_key { SdpError::NotEncrypted } else { SdpError::NoAudio });
        }
        let audio_index = chosen.as_ref().map_or(0, |media| media.index);
        let audio = chosen.map(|media| media.audio(&self.session, &self.origin)).transpose()?;
        Ok(Description { audio, lines: self.lines, origin: self.origin, audio_index })
    }
}

impl Media {
    fn new(line: usize, index: usize, port: u16, profile: &str) -> Self {
        Self {
            line,
            index,
            is_offered_audio: false,
            may_be_encrypted: false,
            crypto: None,
            port,
            profile: profile.to_owned(),
            numbers: Vec::with_capacity(USUAL_PAYLOADS),
            level: Level::default(),
            rtcp: None,
            maps: Vec::with_capacity(USUAL_PAYLOADS),
            parameters: vec![],
        }
    }

    /// Audio over RTP, encrypted where that may be, that is not refused.
    fn is_candidate(&self) -> bool {
        let is_rtp = matches!(self.profile.as_str(), "RTP/AVP" | "RTP/AVPF");
        self.is_offered_audio && (is_rtp || self.may_be_encrypted && self.is_secure())
    }

    /// Encrypted by its profile (RFC 3711 §12, RFC 5124).
    fn is_secure(&self) -> bool {
        matches!(self.profile.as_str(), "RTP/SAVP" | "RTP/SAVPF")
    }

    fn numbers(&mut self, formats: &[&str]) -> Result<(), SdpError> {
        if formats.len() > MAX_PAYLOADS {
            return Err(SdpError::TooLarge);
        }
        for format in formats {
            let number = format.parse().ok().filter(|n| *n <= 127).ok_or(SdpError::Line(self.line))?;
            if !self.numbers.contains(&number) {
                self.numbers.push(number);
            }
        }
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        if name == "rtcp" {
            self.rtcp = Some(rtcp(value).ok_or(Fault::Malformed)?);
            return Ok(());
        }
        let (number, value) = value.split_once([' ', '\t']).ok_or(Fault::Malformed)?;
        let number: u8 = number.parse().ok().filter(|n| *n <= 127).ok_or(Fault::Malformed)?;
        let value = value.trim();
        if name == "rtpmap" {
            self.maps.push(Payload { number, codec: codec(value).ok_or(Fault::Malformed)? });
        } else {
            self.parameters.push((number, without_controls(value)));
        }
        let most = self.maps.len().max(self.parameters.len());
        if most > MAX_PAYLOADS { Err(Fault::TooLarge) } else { Ok(()) }
    }

    fn audio(mut self, session: &Level, origin: &str) -> Result<Audio, SdpError> {
        let ip = self.address(session, origin)?;
        let address = SocketAddr::new(ip, self.port);
        let rtcp = match self.rtcp {
            Some((port, other)) => SocketAddr::new(other.unwrap_or(ip), port),
            None => SocketAddr::new(ip, self.port.saturating_add(1)),
        };
        let mut direction = self.level.direction.or(session.direction).unwrap_or_default();
        if ip.is_unspecified() {
            // The hold of RFC 2543 (RFC 3264 §8.4): the writer does not want to receive.
            direction = Direction::new(direction.sends(), false);
        }
        Ok(Audio {
            address,
            rtcp,
            rtcp_mux: self.level.mux || session.mux,
            payloads: self.payloads(),
            direction,
            ptime: self.packet_time(session),
            profile: self.profile,
            crypto: self.crypto,
        })
    }

    /// c= of the line, else of the session, else the address of o=, which careless writers rely on.
    fn address(&self, session: &Level, origin: &str) -> Result<IpAddr, SdpError> {
        match self.level.connection.or(session.connection) {
            Some((line, ip)) => ip.ok_or(SdpError::Line(line)),
            None => {
                let at = origin.match_indices("IN IP").next().map_or(origin.len(), |(at, _)| at);
                connection(&origin[at..]).ok_or(SdpError::Line(self.line))
            }
        }
    }

    fn packet_time(&self, session: &Level) -> Option<u8> {
        let wanted = self.level.ptime.or(session.ptime);
        match self.level.maxptime.or(session.maxptime) {
            Some(most) if wanted.unwrap_or(DEFAULT_PTIME) > most => Some(most),
            _ => wanted,
        }
    }

    /// A number without rtpmap is known if RFC 3551 gives it a meaning, else skipped.
    fn payloads(&mut self) -> Vec<Payload> {
        let Self { numbers, maps, parameters, .. } = self;
        let known = numbers.iter().filter_map(|number| {
            let mapped = maps.iter().position(|map| map.number == *number).map(|at| maps.remove(at).codec);
            let mut codec = mapped.or_else(|| static_codec(*number))?;
            if let Some((_, value)) = parameters.iter_mut().find(|(n, _)| n == number) {
                codec.fmtp = std::mem::take(value);
            }
            Some(Payload { number: *number, codec })
        });
        known.collect()
    }
}

/// What is wrong with an attribute.
enum Fault {
    Malformed,
    TooLarge,
}

impl Fault {
    fn at(self, line: usize) -> SdpError {
        match self {
            Self::Malformed => SdpError::Line(line),
            Self::TooLarge => SdpError::TooLarge,
        }
    }
}

/// `IN IP4 192.0.2.1/127`, `IN IP6 2001:db8::1`. `None` for names and other networks.
fn connection(value: &str) -> Option<IpAddr> {
    let mut words = value.split_ascii_whitespace();
    let (network, family, address) = (words.next()?, words.next()?, words.next()?);
    if network != "IN" {
        return None;
    }
    let address = address.split('/').next()?;
    match family {
        "IP4" => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "IP6" => address.parse().ok().map(IpAddr::V6),
        _ => None,
    }
}

/// `53020` or `53020 IN IP4 192.0.2.1` (RFC 3605).
fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let (port, rest) = value.split_once(' ').unwrap_or((value, ""));
    let port = port.parse().ok().filter(|port| *port != 0)?;
    if rest.trim().is_empty() { Some((port, None)) } else { Some((port, Some(connection(rest)?))) }
}

/// `opus/48000/2`.
fn codec(value: &str) -> Option<Codec> {
    let mut parts = value.split_ascii_whitespace().next()?.split('/');
    let name = parts.next().filter(|name| !name.is_empty() && name.chars().all(is_token))?;
    let rate = parts.next()?.parse().ok().filter(|rate| (1..=MAX_RATE).contains(rate))?;
    let channels = match parts.next() {
        Some(channels) => channels.parse().ok().filter(|channels| *channels > 0)?,
        None => 1,
    };
    Some(Codec { channels, ..Codec::new(name, rate) })
}

fn without_controls(value: &str) -> String {
    if value.contains(char::is_control) { value.replace(char::is_control, "") } else { value.to_owned() }
}

fn is_token(c: char) -> bool {
    c.is_ascii_graphic()
}

/// Milliseconds, perhaps with a fraction; what is out of range says nothing.
fn packet_time(value: &str) -> Option<u8> {
    value.split('.').next()?.parse().ok().filter(|ms| (1..=MAX_PTIME).contains(ms))
}

/// RFC 3551 §6, table 4.
fn static_codec(number: u8) -> Option<Codec> {
    let (name, rate, channels) = match number {
        0 => ("PCMU", 8000, 1),
        3 => ("GSM", 8000, 1),
        4 => ("G723", 8000, 1),
        5 => ("DVI4", 8000, 1),
        6 => ("DVI4", 16_000, 1),
        7 => ("LPC", 8000, 1),
        8 => ("PCMA", 8000, 1),
        9 => ("G722", 8000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8000, 1),
        13 => ("CN", 8000, 1),
        14 => ("MPA", 90_000, 1),
        15 => ("G728", 8000, 1),
        16 => ("DVI4", 11_025, 1),
        17 => ("DVI4", 22_050, 1),
        18 => ("G729", 8000, 1),
        _ => return None,
    };
    Some(Codec { channels, ..Codec::new(name, rate) })
}

/// A description that is larger is refused. [bytes]
const MAX_BODY: usize = 64 * 1024;
const MAX_MEDIA: usize = 32;
const MAX_PAYLOADS: usize = 64;
/// Words of an m= line, and payload types, that need no further memory.
const USUAL_WORDS: usize = 16;
const USUAL_PAYLOADS: usize = 8;
/// Above every registered clock rate. [Hz]
const MAX_RATE: u32 = 1_000_000;
/// Longer packets do not occur. [ms]
const MAX_PTIME: u8 = 200;
/// RFC 3551 §4.2. [ms]
const DEFAULT_PTIME: u8 = 20;
