//! Where a message came from or goes to: transport, our address, their address.

use std::net::SocketAddr;

/// A transport of RFC 3261 §18. Reliable ones need no retransmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A byte stream framed by Content-Length.
    Tcp,
}

/// One path between us and a peer.
///
/// `local` is always the address of one of our *listeners*, also for connections that we opened, so that
/// Via and Contact can be written from it. `remote` is the peer's address as seen on the socket. The shell
/// finds an open connection by the whole value, and opens one to `remote` if there is none (TCP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// Datagram or stream.
    pub transport: Transport,
    /// Our listener.
    pub local: SocketAddr,
    /// The peer.
    pub remote: SocketAddr,
}

impl Transport {
    /// The token of a Via header and of a `transport=` parameter in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    /// Whether the transport itself delivers reliably (no timers A, E, G).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}
