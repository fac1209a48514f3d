//! SIP over UDP: the sockets of all listeners, read in turn, written at once.

use std::{collections::HashMap, future::poll_fn, io, net::SocketAddr, task::Poll};

use bytes::Bytes;
use sip_stack::{Flow, Transport};
use tokio::net::UdpSocket;

/// All UDP sockets of the node.
pub struct Udp {
    sockets: Vec<(SocketAddr, UdpSocket)>,
    by_address: HashMap<SocketAddr, usize>,
    next: usize,
    buffer: Box<[u8]>,
}

impl Udp {
    /// Without sockets.
    pub fn new() -> Self {
        Self { sockets: vec![], by_address: HashMap::new(), next: 0, buffer: vec![0; LARGEST].into() }
    }
    /// Reads from this socket too. Within a runtime only.
    pub fn add(&mut self, address: SocketAddr, socket: std::net::UdpSocket) -> io::Result<()> {
        self.by_address.insert(address, self.sockets.len());
        self.sockets.push((address, UdpSocket::from_std(socket)?));
        Ok(())
    }
    /// Waits until one socket has a datagram.
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|cx| {
            let mut ready = Poll::Pending;
            for (_, socket) in &self.sockets {
                if socket.poll_recv_ready(cx)?.is_ready() {
                    ready = Poll::Ready(Ok(()));
                }
            }
            ready
        })
        .await
    }
    /// A datagram that is there already. A busy socket does not starve the others.
    pub fn try_receive(&mut self) -> Option<(Flow, Bytes)> {
        for _ in 0..self.sockets.len() {
            let at = self.next % self.sockets.len();
            self.next = at + 1;
            let (local, socket) = &self.sockets[at];
            // Errors other than "nothing there" belong to earlier sends; the socket itself goes on.
            let Ok((len, remote)) = socket.try_recv_from(&mut self.buffer) else { continue };
            let flow = Flow { transport: Transport::Udp, local: *local, remote };
            return Some((flow, Bytes::copy_from_slice(&self.buffer[..len])));
        }
        None
    }
    /// Sends one datagram. A full network drops it, as networks do; an error says that the peer cannot be reached.
    pub fn send(&self, flow: &Flow, bytes: &[u8]) -> io::Result<()> {
        let at = self.by_address.get(&flow.local).ok_or(io::ErrorKind::AddrNotAvailable)?;
        match self.sockets[*at].1.try_send_to(bytes, flow.remote) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(()),
        }
    }
}

/// The largest datagram there is. [bytes]
const LARGEST: usize = 65_535;
