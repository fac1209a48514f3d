//! A phone's media: says a known voice in G.711, keeps everything it hears.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Srtp, Text};
use crate::{
    audio::{FRAME, align, from_alaw, from_ulaw, level, to_alaw, to_ulaw, voice},
    patience::{PATIENCE, within},
};

/// One media socket, cloning shares it. Silent until told whom to talk to.
#[derive(Debug, Clone)]
pub struct Rtp(Arc<Line>);

#[derive(Debug)]
struct Line {
    socket: UdpSocket,
    local: SocketAddr,
    voice: u32,
    payload: AtomicU8,
    sent: AtomicU32,
    /// Every so manieth packet is not sent; 0 sends all.
    gap: AtomicU32,
    stopped: AtomicBool,
    remote: Mutex<Option<SocketAddr>>,
    heard: Mutex<Vec<Packet>>,
    srtp: Mutex<Option<Srtp>>,
    /// Packets that were not encrypted as agreed.
    foreign: AtomicU32,
}

/// One packet that came.
#[derive(Debug, Clone)]
pub struct Packet {
    pub from: SocketAddr,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

/// What the comparison of said and heard gives.
#[derive(Debug, Clone, Copy)]
pub struct Hearing {
    /// −1.0–1.0; above 0.99 for a clean G.711 path.
    pub correlation: f32,
    /// Gaps in the sequence numbers.
    pub lost: usize,
    /// Root mean square of what was heard.
    pub level: f32,
}

impl Rtp {
    /// A socket of the system's choosing on that address.
    pub fn open(ip: IpAddr) -> Self {
        static VOICES: AtomicU32 = AtomicU32::new(1);
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        let local = socket.local_addr().unwrap();
        let line = Arc::new(Line {
            socket,
            local,
            voice: VOICES.fetch_add(1, Ordering::Relaxed),
            payload: AtomicU8::new(0),
            sent: AtomicU32::new(0),
            gap: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            remote: Mutex::default(),
            heard: Mutex::default(),
            srtp: Mutex::default(),
            foreign: AtomicU32::new(0),
        });
        let worker = Arc::downgrade(&line);
        thread::spawn(move || run(&worker));
        Self(line)
    }
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }
    /// Says its voice to that address; `None` keeps silent.
    pub fn talk_to(&self, remote: Option<SocketAddr>) {
        *self.0.remote.lock().unwrap() = remote;
    }
    /// Where it talks to.
    pub fn remote(&self) -> Option<SocketAddr> {
        *self.0.remote.lock().unwrap()
    }
    /// 0 (PCMU) or 8 (PCMA).
    pub fn set_payload(&self, number: u8) {
        self.0.payload.store(number, Ordering::Relaxed);
    }
    /// Loses every `nth` packet of what it says.
    pub fn leave_out_every(&self, nth: u32) {
        self.0.gap.store(nth, Ordering::Relaxed);
    }
    /// Ends the sending and the hearing.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
    /// Encrypts what it says with a key of its own, and takes nothing in clear once the other side told its key.
    pub fn encrypt(&self, srtp: Srtp) {
        *self.0.srtp.lock().unwrap() = Some(srtp);
    }
    /// The description with its key, if it has one.
    pub fn describe(&self, description: String) -> String {
        self.0.srtp.lock().unwrap().as_ref().map(|srtp| srtp.describe(&description)).unwrap_or(description)
    }
    /// Takes the other side's key. Without one both talk in clear.
    pub fn hear_key(&self, description: &Text) {
        let mut srtp = self.0.srtp.lock().unwrap();
        if srtp.as_mut().is_some_and(|srtp| !srtp.hear(description)) {
            *srtp = None;
        }
    }
    /// Whether it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.srtp.lock().unwrap().is_some()
    }
    /// How many packets came that were not encrypted as agreed.
    pub fn foreign(&self) -> u32 {
        self.0.foreign.load(Ordering::Relaxed)
    }
    /// Sends bytes as they are, from the media socket.
    pub fn send_raw(&self, to: SocketAddr, bytes: &[u8]) {
        let _ = self.0.socket.send_to(bytes, to);
    }
    /// What it says, as samples, repeated without end.
    pub fn says(&self) -> Vec<i16> {
        voice(self.0.voice)
    }
    /// Everything heard so far.
    pub fn heard(&self) -> Vec<Packet> {
        self.0.heard.lock().unwrap().clone()
    }
    /// How many packets were heard so far.
    pub fn count(&self) -> usize {
        self.0.heard.lock().unwrap().len()
    }
    /// Waits until `more` further packets were heard.
    pub fn hears(&self, more: usize) {
        let before = self.count();
        let enough = || (self.count() >= before + more).then_some(());
        let heard = within(PATIENCE, enough);
        assert!(
            heard.is_some(),
            "{} heard {} instead of {more} packets",
            self.0.local,
            self.count() - before
        );
    }
    /// Waits for a second of sound and compares it with what `other` says.
    pub fn compare(&self, other: &Rtp) -> Hearing {
        self.compare_to(&other.says())
    }
    fn compare_to(&self, said: &[i16]) -> Hearing {
        let before = self.count();
        self.hears(60);
        let packets = self.heard()[before..].to_vec();
        let samples = samples(&packets);
        let lost = packets
            .windows(2)
            .map(|w| usize::from(w[1].sequence.wrapping_sub(w[0].sequence).wrapping_sub(1)))
            .sum();
        Hearing { correlation: align(said, &samples).1, lost, level: level(&samples) }
    }
    /// Asserts that it hears what `other` says: a whole second of it, which a busy machine may cut up a few times first.
    pub fn hears_voice_of(&self, other: &Rtp) {
        self.hears_sound(&other.says());
    }
    /// Asserts that it hears a second of `said`, wherever in it.
    pub fn hears_sound(&self, said: &[i16]) {
        let mut last = None;
        let heard = within(PATIENCE, || {
            let hearing = self.compare_to(said);
            last = Some(hearing);
            (hearing.correlation > 0.97).then_some(())
        });
        assert!(heard.is_some(), "another sound than the one that was sent: {last:?}");
    }
}

/// The sound of consecutive packets.
pub fn samples(packets: &[Packet]) -> Vec<i16> {
    packets
        .iter()
        .flat_map(|p| {
            p.payload.iter().map(|&b| if p.payload_type == 8 { from_alaw(b) } else { from_ulaw(b) })
        })
        .collect()
}

/// Sends a frame each 20 ms while there is somebody to talk to, keeps what comes in between; ends with the last holder of
/// the line, so that no stray stream reaches the ports of a later test.
fn run(line: &Weak<Line>) {
    let Some(said) = line.upgrade().map(|line| voice(line.voice)) else { return };
    let mut due = Instant::now();
    let mut buffer = [0; 2_048];
    while let Some(line) = line.upgrade().filter(|line| !line.stopped.load(Ordering::Relaxed)) {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            line.say(&said);
            due += Duration::from_millis(20);
            continue;
        }
        line.socket.set_read_timeout(Some(left)).unwrap();
        let Ok((length, from)) = line.socket.recv_from(&mut buffer) else { continue };
        let Some(length) = line.open(&mut buffer[..length]) else { continue };
        if let Some(packet) = read(&buffer[..length], from) {
            line.heard.lock().unwrap().push(packet);
        }
    }
}

impl Line {
    fn say(&self, said: &[i16]) {
        let Some(remote) = *self.remote.lock().unwrap() else { return };
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let gap = self.gap.load(Ordering::Relaxed);
        if gap > 0 && number % gap == gap - 1 {
            return;
        }
        let payload = self.payload.load(Ordering::Relaxed);
        let at = number as usize * FRAME % said.len();
        let encode = if payload == 8 { to_alaw } else { to_ulaw };
        let sound: Vec<u8> = said[at..at + FRAME].iter().map(|&s| encode(s)).collect();
        let mut packet = packet(payload, number, self.voice, &sound);
        if let Some(srtp) = self.srtp.lock().unwrap().as_mut() {
            srtp.seal(&mut packet);
        }
        let _ = self.socket.send_to(&packet, remote);
    }
    fn open(&self, packet: &mut [u8]) -> Option<usize> {
        let mut srtp = self.srtp.lock().unwrap();
        let Some(srtp) = srtp.as_mut() else { return Some(packet.len()) };
        let opened = srtp.open(packet);
        self.foreign.fetch_add(opened.is_none().into(), Ordering::Relaxed);
        opened
    }
}

/// An RTP packet of the `number`th frame (RFC 3550 §5.1).
pub fn packet(payload_type: u8, number: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, payload_type | if number == 0 { 0x80 } else { 0 }];
    bytes.extend((number as u16).to_be_bytes());
    bytes.extend((number.wrapping_mul(FRAME as u32)).to_be_bytes());
    bytes.extend((0x5eed_0000 | ssrc).to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn read(bytes: &[u8], from: SocketAddr) -> Option<Packet> {
    if bytes.len() < 12 || bytes[0] >> 6 != 2 {
        return None;
    }
    let start = 12 + usize::from(bytes[0] & 0x0f) * 4;
    Some(Packet {
        from,
        payload_type: bytes[1] & 0x7f,
        marker: bytes[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
        timestamp: u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        ssrc: u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
        payload: bytes.get(start..)?.to_vec(),
    })
}
