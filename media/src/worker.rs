//! The sessions of one core. Packets and commands in; packets and events out. Knows no socket, only their numbers.
//!
//! ```text
//! datagram ► receive(now, socket, from, &mut bytes) ─► Some(Forward): send these same bytes there
//! deadline ► handle_timeout(now) ─► poll_output until None
//! command  ► handle(now, command) ─► poll_output until None
//! ```

mod commands;
mod mixing;
mod output;
mod packet;
mod player;
mod sealing;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod tick;

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};

use crate::{
    session::{Line, MixId, Path, SessionId},
    statistics::Statistics,
    timers::Timers,
};
use mixing::Mix;
use output::Queued;
use sessions::Sessions;

/// A socket that the worker asked for. An index, reused after [`Output::CloseSocket`], the longest unused first.
/// Even ones carry RTP, odd ones RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(pub u32);

/// From the engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
#[expect(clippy::large_enum_variant, reason = "a few per call; a box would cost more than the copy")]
pub enum Command {
    /// Open RTP on `port` and RTCP on `port + 1` of `local`.
    Open { session: SessionId, local: IpAddr, port: u16 },
    /// Offer and answer agreed (again).
    Agree { session: SessionId, line: Line },
    /// What the leg hears. For `Peer(b)` say it for both sides, each for itself; `b` may be opened later. A leg is
    /// heard by one other at a time: the one that asked last.
    Path { session: SessionId, path: Path },
    /// Close; [`Event::Closed`] tells the final figures.
    Close { session: SessionId },
}

/// To the engine. Bounded: when its channel is full the shell drops and counts them, except `Closed`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    /// A socket could not be opened, or failed for good; the session is gone and its sockets are closed.
    OpenFailed { session: SessionId },
    /// The first packet of the negotiated peer came, from here; again when the peer moved.
    Latched { session: SessionId, from: SocketAddr },
    /// One whole telephone-event (RFC 4733), reported once, `0`–`9`, `*`, `#`, `A`–`D`, `!` for flash.
    Digit { session: SessionId, digit: char },
    /// No RTP was received for this long though it should; repeated at each multiple of the setting. Only while the
    /// leg hears a peer and is not on hold. RTCP is no sign of life: phones send it with a dead microphone.
    Silent { session: SessionId, since: Duration },
    /// Figures so far, every 5 s.
    Quality { session: SessionId, statistics: Statistics },
    /// The session is closed; these are its last figures.
    Closed { session: SessionId, statistics: Statistics },
}

/// Send the packet that is in the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// From this socket.
    pub socket: SocketId,
    /// To there.
    pub to: SocketAddr,
    /// So many bytes of the buffer.
    pub len: usize,
}

/// What leaves a worker other than forwarded packets.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Output {
    /// Bind this; on failure call [`Worker::socket_failed`].
    OpenSocket { socket: SocketId, local: SocketAddr },
    /// Close it.
    CloseSocket { socket: SocketId },
    /// A packet of our own (tone, RTCP); it was written into the buffer given to `poll_output`.
    Transmit(Forward),
    /// Tell the engine.
    Event(Event),
}

/// What a worker is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Silence after which [`Event::Silent`] is sent; zero never. [default 30 s]
    pub silence: Duration,
    /// Interval of RTCP reports; zero never. [default 5 s]
    pub rtcp_interval: Duration,
}

/// The sessions of one core.
///
/// One input, then [`poll_output`](Self::poll_output) until `None`, then the next input; only commands may be given
/// several at a time, so that a packet meets all that was decided before it. Nothing is sent to an address
/// that was not negotiated or believed; what comes from strangers is counted and changes nothing.
#[derive(Debug)]
pub struct Worker {
    settings: Settings,
    random: StdRng,
    sessions: Sessions,
    timers: Timers,
    queue: VecDeque<Queued>,
    /// Sessions whose path names a peer that is not open yet.
    unlinked: Vec<u32>,
    mixes: HashMap<MixId, Mix>,
    /// Time of the last input.
    now: Option<Instant>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), rtcp_interval: Duration::from_secs(5) }
    }
}

impl Worker {
    /// A worker without sessions. `seed` feeds SSRCs, first sequence numbers and timestamps.
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        Self {
            settings,
            random: StdRng::from_seed(seed),
            sessions: Sessions::default(),
            timers: Timers::default(),
            queue: VecDeque::with_capacity(QUEUE),
            unlinked: vec![],
            mixes: HashMap::new(),
            now: None,
        }
    }
    /// A command of the engine. Commands for sessions that are not open do nothing.
    pub fn handle(&mut self, now: Instant, command: Command) {
        self.now = Some(now);
        self.obey(now, command);
    }
    /// A datagram of `socket`, rewritten in place if it is to be forwarded. Never allocates.
    ///
    /// It is the whole of `packet`: what would be longer encrypted has no room then and is dropped.
    pub fn receive(
        &mut self,
        now: Instant,
        socket: SocketId,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Option<Forward> {
        let len = packet.len();
        self.receive_in(now, (socket, from), packet, len)
    }
    /// The same for a datagram of `len` bytes at the beginning of a buffer that may be longer.
    pub fn receive_in(
        &mut self,
        now: Instant,
        (socket, from): (SocketId, SocketAddr),
        buffer: &mut [u8],
        len: usize,
    ) -> Option<Forward> {
        self.now = Some(now);
        self.datagram(now, (socket, from), buffer, len)
    }
    /// A socket could not be bound, or failed for good. Both sockets of its session are closed.
    pub fn socket_failed(&mut self, socket: SocketId) {
        self.give_up(socket);
    }
    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = Some(now);
        self.tick(now);
    }
    /// The earliest deadline (tone frames, RTCP, silence).
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    /// What is to be done, until `None`. `buffer` holds at least 1,500 bytes.
    pub fn poll_output(&mut self, buffer: &mut [u8]) -> Option<Output> {
        self.next_output(buffer)
    }
    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.sessions.open()
    }
}

impl SocketId {
    fn rtp(session: u32) -> Self {
        Self(session * 2)
    }
    fn rtcp(session: u32) -> Self {
        Self(session * 2 + 1)
    }
    fn session(self) -> u32 {
        self.0 / 2
    }
    fn is_rtcp(self) -> bool {
        self.0 % 2 == 1
    }
}

/// Room for the outputs of one input; a burst makes it grow once.
const QUEUE: usize = 256;
