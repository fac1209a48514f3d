//! Trying io_uring out before anything depends on it.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use media::{Forward, SocketId};

use super::{
    super::{PacketIo, Receiver, Settings, waker::Waker},
    Uring,
};

/// Whether io_uring does here what [`Uring`] needs of it: one datagram is received and sent on.
pub fn probe() -> io::Result<()> {
    struct Echo(SocketAddr);
    impl Receiver for Echo {
        fn receive(&mut self, socket: SocketId, _: SocketAddr, _: &mut [u8], len: usize) -> Option<Forward> {
            Some(Forward { socket, to: self.0, len })
        }
    }
    let mut uring = Uring::new(Waker::new()?, Settings::default())?;
    let ours = uring.open(SocketId(0), SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let peer = std::net::UdpSocket::bind(("127.0.0.1", 0))?;
    peer.send_to(b"probe", ours)?;
    let (mut echo, give_up) = (Echo(peer.local_addr()?), Instant::now() + Duration::from_millis(500));
    while uring.counters.sent == 0 {
        if Instant::now() > give_up {
            return Err(io::Error::other("io_uring does not deliver datagrams"));
        }
        // A send that completed does not end a turn early, so turns are short: the program's start waits for this.
        uring.turn(Some(Instant::now() + Duration::from_millis(1)), &mut echo)?;
        if uring.counters.dropped > 0 {
            return Err(io::Error::other(
                "io_uring cannot send to an address (Linux 6.1 or newer is needed)",
            ));
        }
    }
    Ok(())
}
