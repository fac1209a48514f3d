//! Session descriptions as phones write and read them: one audio line.

use std::net::SocketAddr;

use super::Text;

/// `sendrecv`, `sendonly`, …
pub type Direction = &'static str;

/// An offer or answer for that socket. `payloads` as `(number, name)`; `version` grows with each change.
pub fn compose(at: SocketAddr, payloads: &[(u8, &str)], direction: Direction, version: u32) -> String {
    let family = if at.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (at.ip(), at.port());
    let numbers: String = payloads.iter().map(|(n, _)| format!(" {n}")).collect();
    let maps: String = payloads.iter().map(|(n, name)| format!("a=rtpmap:{n} {name}\r\n")).collect();
    format!(
        "v=0\r\no=phone 4711 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP{numbers}\r\n{maps}a=ptime:20\r\na={direction}\r\n"
    )
}

/// Where the other side wants audio, and what it agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub at: SocketAddr,
    pub payloads: Vec<u8>,
    pub direction: String,
}

/// Reads the audio line of a message's body.
pub fn read(message: &Text) -> Option<Described> {
    let body = message.body_text();
    let line = |prefix: &str| body.lines().find_map(|l| l.strip_prefix(prefix)).map(str::to_owned);
    let ip = line("c=IN IP4 ").or_else(|| line("c=IN IP6 "))?;
    let audio = line("m=audio ")?;
    let mut words = audio.split_whitespace();
    let port: u16 = words.next()?.parse().ok()?;
    let payloads = words.skip(1).filter_map(|w| w.parse().ok()).collect();
    let direction = ["sendonly", "recvonly", "inactive", "sendrecv"]
        .into_iter()
        .find(|d| body.lines().any(|l| l.trim() == format!("a={d}")))
        .unwrap_or("sendrecv");
    Some(Described {
        at: SocketAddr::new(ip.trim().parse().ok()?, port),
        payloads,
        direction: direction.into(),
    })
}

/// What a phone offers unless a test says otherwise.
pub const USUAL: &[(u8, &str)] = &[(0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000")];
