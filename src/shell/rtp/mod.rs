//! Moving RTP and RTCP datagrams between sockets and a receiver, in batches, without allocation.
//!
//! Two implementations of [`PacketIo`]: [`epoll`] works everywhere, [`uring`] costs less where io_uring is
//! permitted. Chosen once at start. No telephony in here: who may send what to whom is the receiver's.

pub mod address;
pub mod epoll;
pub mod limits;
pub mod sockets;
#[cfg(test)]
mod tests;
pub mod uring;
pub mod waker;

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use media::{Forward, SocketId};

/// Whoever looks at each datagram.
pub trait Receiver {
    /// A datagram of `socket`, the first `len` bytes of a buffer that may be longer; rewritten in place if it is to be sent
    /// on, and longer then where it is encrypted.
    fn receive(
        &mut self,
        socket: SocketId,
        from: SocketAddr,
        buffer: &mut [u8],
        len: usize,
    ) -> Option<Forward>;
}

/// The sockets of one worker thread. Used by the thread that made it only.
pub trait PacketIo {
    /// Binds `local` and begins to receive. Returns the bound address (`local` may name port 0).
    fn open(&mut self, socket: SocketId, local: SocketAddr) -> io::Result<SocketAddr>;
    /// Stops to receive. Datagrams of this socket that are on their way are forgotten. The system's socket may be kept
    /// for the next [`PacketIo::open`] of its address.
    fn close(&mut self, socket: SocketId);
    /// Sends a packet that the receiver did not get from here (a tone, RTCP). Dropped if the network is full.
    fn send(&mut self, forward: Forward, packet: &[u8]);
    /// Waits for datagrams, the waker or `until`, whichever is first, and gives what came to the receiver.
    /// When traffic is dense it returns about once per gather interval.
    fn turn(&mut self, until: Option<Instant>, receiver: &mut impl Receiver) -> io::Result<()>;
    /// What it did so far.
    fn counters(&self) -> Counters;
}

/// What the packet path did since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams received.
    pub received: u64,
    /// Datagrams sent, forwarded or our own.
    pub sent: u64,
    /// Datagrams that the network did not take, or longer than [`PACKET_LIMIT`].
    pub dropped: u64,
    /// Times the thread woke up.
    pub turns: u64,
}

/// Which implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Multishot receive into provided buffers, batched sends. Linux 6.1 or newer, if permitted.
    Uring,
    /// `epoll` with `recvmmsg` and `sendmmsg`.
    Epoll,
}

/// How the sockets behave.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long datagrams may be gathered before they are looked at together. Zero wakes for each. [default 1 ms]
    pub gather: Duration,
    /// Receive buffer of each socket. [bytes]
    pub receive_buffer: usize,
    /// Sockets that are kept open at once though nobody uses them, about 3 KiB of the kernel's memory each. [default 0]
    pub kept: usize,
    /// How long they are kept at least; half as long again at most.
    pub keep: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let gather = Duration::from_millis(1);
        Self { gather, receive_buffer: 256 * 1024, kept: 0, keep: Duration::ZERO }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Uring => "io_uring",
            Self::Epoll => "epoll",
        })
    }
}

/// The longest datagram that is received. [bytes]
pub const PACKET_LIMIT: usize = 2000;
