//! Where a message came from or goes to: transport, our address, their address.

use std::net::SocketAddr;

/// A transport of RFC 3261 §18. Reliable ones need no retransmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A byte stream framed by Content-Length.
    Tcp,
    /// The same, encrypted (RFC 3261 §26.2.1).
    Tls,
}

/// One path between us and a peer.
///
/// `local` is always the address of one of our *listeners*, also for connections that we opened, so that
/// Via and Contact can be written from it. `remote` is the peer's address as seen on the socket. The shell
/// finds an open connection by the whole value, and opens one to `remote` if there is none (TCP, TLS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// Datagrams, a stream, or an encrypted one.
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
            Self::Tls => "TLS",
        }
    }

    /// What a URI says that is to be reached by it: nothing for UDP, which is usual.
    pub fn uri_param(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls => ";transport=tls",
        }
    }

    /// The token in lower case, as people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The transport of that [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|transport| transport.name() == name)
    }

    /// Whether nobody between us and the peer can read what is said.
    pub fn is_encrypted(self) -> bool {
        self == Self::Tls
    }

    /// Whether the transport itself delivers reliably (no timers A, E, G).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}
