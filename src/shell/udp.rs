//! SIP over UDP: the sockets of all listeners, read in turn and in batches; what is sent waits for the others of its turn.

use std::{collections::HashMap, future::poll_fn, io, net::SocketAddr, os::fd::AsRawFd, task::Poll};

use bytes::Bytes;
use sip_stack::{Flow, Transport};
use tokio::{io::Interest, net::UdpSocket};

use super::datagrams::{BATCH, Inbox, Outbox};

/// All UDP sockets of the node.
pub struct Udp {
    sockets: Vec<Socket>,
    by_address: HashMap<SocketAddr, usize>,
    /// The socket that is read next.
    next: usize,
    inbox: Inbox,
}

struct Socket {
    address: SocketAddr,
    socket: UdpSocket,
    outbox: Outbox,
}

impl Udp {
    /// Without sockets.
    pub fn new() -> Self {
        Self { sockets: vec![], by_address: HashMap::new(), next: 0, inbox: Inbox::new() }
    }
    /// Reads from this socket too. Within a runtime only.
    pub fn add(&mut self, address: SocketAddr, socket: std::net::UdpSocket) -> io::Result<()> {
        self.by_address.insert(address, self.sockets.len());
        let socket = UdpSocket::from_std(socket)?;
        self.sockets.push(Socket { address, socket, outbox: Outbox::default() });
        Ok(())
    }
    /// Waits until one socket has a datagram.
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|cx| {
            let mut ready = Poll::Pending;
            for one in &self.sockets {
                if one.socket.poll_recv_ready(cx)?.is_ready() {
                    ready = Poll::Ready(Ok(()));
                }
            }
            ready
        })
        .await
    }
    /// Takes the datagrams that are there from one socket, for [`Udp::datagram`]; `None` when there are none. A busy
    /// socket does not starve the others.
    pub fn receive(&mut self) -> Option<usize> {
        for _ in 0..self.sockets.len() {
            let one = &self.sockets[self.next % self.sockets.len()];
            self.next = (self.next + 1) % self.sockets.len();
            let (inbox, mut came) = (&mut self.inbox, 0);
            // Errors other than "nothing there" belong to earlier sends; the socket itself goes on.
            let _ = one.socket.try_io(Interest::READABLE, || {
                came = inbox.receive(one.socket.as_raw_fd())?;
                // Fewer than there is room for were all: saying so here spares asking once more.
                if came < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            if came > 0 {
                return Some(came);
            }
        }
        None
    }
    /// A datagram of the last [`Udp::receive`].
    pub fn datagram(&self, at: usize) -> Option<(Flow, Bytes)> {
        let last = (self.next + self.sockets.len()).checked_sub(1)? % self.sockets.len();
        let (remote, bytes) = self.inbox.get(at)?;
        let flow = Flow { transport: Transport::Udp, local: self.sockets[last].address, remote };
        Some((flow, Bytes::copy_from_slice(bytes)))
    }
    /// Has a datagram sent by the next [`Udp::flush`]. An error says that there is no such socket.
    pub fn send(&mut self, flow: &Flow, bytes: Bytes) -> io::Result<()> {
        let at = self.by_address.get(&flow.local).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let one = &mut self.sockets[*at];
        one.outbox.push(flow.remote, bytes);
        Ok(())
    }
    /// Sends what waits. A full network drops it, as networks do; `failed` hears of peers that cannot be reached.
    pub fn flush(&mut self, mut failed: impl FnMut(Flow)) {
        for Socket { address, socket, outbox } in &mut self.sockets {
            let flow = |remote| Flow { transport: Transport::Udp, local: *address, remote };
            outbox.flush(socket.as_raw_fd(), |remote| failed(flow(remote)));
        }
    }
}
