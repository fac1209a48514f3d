//! The sessions of one core. Packets and commands in; packets and events out. Knows no socket, only their numbers.
//!
//! ```text
//! datagram ► receive(now, socket, from, &mut bytes) ─► Some(Forward): send these same bytes there
//! deadline ► handle_timeout(now) ─► poll_output until None
//! command  ► handle(now, command) ─► poll_output until None
//! ```

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use crate::{Line, Path, SessionId, Statistics};

/// A socket that the worker asked for. An index, reused after [`Output::CloseSocket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(pub u32);

/// From the engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Command {
    /// Open RTP on `port` and RTCP on `port + 1` of `local`.
    Open { session: SessionId, local: IpAddr, port: u16 },
    /// Offer and answer agreed (again).
    Agree { session: SessionId, line: Line },
    /// What the leg hears. For `Peer(b)` say it for both sides, each for itself.
    Path { session: SessionId, path: Path },
    /// Close; [`Event::Closed`] tells the final figures.
    Close { session: SessionId },
}

/// To the engine. Bounded: when its channel is full the shell drops and counts them, except `Closed`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    /// A socket could not be opened; the session is gone.
    OpenFailed { session: SessionId },
    /// The first packet of the negotiated peer came, from here.
    Latched { session: SessionId, from: SocketAddr },
    /// One whole telephone-event (RFC 4733), reported once, `0`–`9`, `*`, `#`, `A`–`D`, `!` for flash.
    Digit { session: SessionId, digit: char },
    /// Nothing was received for this long though it should; repeated at each multiple.
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
    /// Interval of RTCP reports. [default 5 s]
    pub rtcp_interval: Duration,
}

/// The sessions of one core.
#[derive(Debug)]
pub struct Worker {
    _settings: Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), rtcp_interval: Duration::from_secs(5) }
    }
}

impl Worker {
    /// A worker without sessions. `seed` feeds SSRCs, first sequence numbers and timestamps.
    pub fn new(settings: Settings, _seed: [u8; 32]) -> Self {
        Self { _settings: settings }
    }
    /// A command of the engine.
    pub fn handle(&mut self, _now: Instant, _command: Command) {}
    /// A datagram of `socket`, rewritten in place if it is to be forwarded. Never allocates.
    pub fn receive(
        &mut self,
        _now: Instant,
        _socket: SocketId,
        _from: SocketAddr,
        _packet: &mut [u8],
    ) -> Option<Forward> {
        None
    }
    /// A socket could not be bound, or failed for good.
    pub fn socket_failed(&mut self, _socket: SocketId) {}
    /// Time has come.
    pub fn handle_timeout(&mut self, _now: Instant) {}
    /// The earliest deadline (tone frames, RTCP, silence).
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    /// What is to be done, until `None`. `buffer` holds at least 1,500 bytes.
    pub fn poll_output(&mut self, _buffer: &mut [u8]) -> Option<Output> {
        None
    }
    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        0
    }
}
