//! Many datagrams by one system call (`recvmmsg`, `sendmmsg`).
#![allow(unsafe_code)]

use std::{io, net::SocketAddr, os::fd::RawFd};

use bytes::Bytes;

use super::rtp::address::{RAW_LEN, RawAddress};

/// Datagrams that came by one call, in buffers that are used again.
pub struct Inbox {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    names: Box<[RawAddress]>,
    buffers: Box<[u8]>,
    came: usize,
}

/// Datagrams that are to leave by one call.
#[derive(Default)]
pub struct Outbox {
    queued: Vec<(RawAddress, Bytes)>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

impl Inbox {
    /// Room for [`BATCH`] datagrams of any length; memory is taken as it is used.
    pub fn new() -> Self {
        let vector = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: LARGEST };
        let mut inbox = Self {
            headers: (0..BATCH).map(|_| empty_header()).collect(),
            vectors: vec![vector; BATCH].into(),
            names: vec![RawAddress::EMPTY; BATCH].into(),
            buffers: vec![0; BATCH * LARGEST].into(),
            came: 0,
        };
        // The boxes never move or change their length, so these pointers stay good.
        for (at, buffer) in inbox.buffers.chunks_exact_mut(LARGEST).enumerate() {
            inbox.vectors[at].iov_base = buffer.as_mut_ptr().cast();
            let header = &mut inbox.headers[at].msg_hdr;
            header.msg_iov = &mut inbox.vectors[at];
            header.msg_iovlen = 1;
            header.msg_name = inbox.names[at].as_mut_ptr().cast();
        }
        inbox
    }
    /// Takes what is there, at most [`BATCH`]; how many that were. Does not wait.
    pub fn receive(&mut self, fd: RawFd) -> io::Result<usize> {
        self.came = 0;
        for header in &mut self.headers {
            header.msg_hdr.msg_namelen = RAW_LEN as u32;
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: BATCH headers whose vectors and names point into boxes that `self` owns and nobody borrows.
        let came =
            unsafe { libc::recvmmsg(fd, headers, BATCH as u32, libc::MSG_DONTWAIT, std::ptr::null_mut()) };
        if came < 0 {
            return Err(io::Error::last_os_error());
        }
        self.came = came as usize;
        Ok(self.came)
    }
    /// A datagram of the last [`Inbox::receive`]: who sent it, and its bytes.
    pub fn get(&self, at: usize) -> Option<(SocketAddr, &[u8])> {
        let header = self.headers[..self.came].get(at)?;
        let bytes = self.buffers.get(at * LARGEST..at * LARGEST + header.msg_len as usize)?;
        Some((self.names[at].to_socket_addr()?, bytes))
    }
}

impl Outbox {
    /// Queues a datagram; how many wait then.
    pub fn push(&mut self, to: SocketAddr, bytes: Bytes) -> usize {
        self.queued.push((to.into(), bytes));
        self.queued.len()
    }
    /// Sends all that wait. A full network drops them, as networks do; `failed` hears of peers that cannot be reached.
    pub fn flush(&mut self, fd: RawFd, mut failed: impl FnMut(SocketAddr)) {
        if self.queued.is_empty() {
            return;
        }
        self.vectors.clear();
        self.headers.clear();
        self.vectors.extend(self.queued.iter().map(|(_, bytes)| libc::iovec {
            // The kernel only reads what is sent.
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        }));
        for ((to, _), vector) in self.queued.iter_mut().zip(&mut self.vectors) {
            let mut header = empty_header();
            header.msg_hdr.msg_namelen = to.len();
            header.msg_hdr.msg_name = to.as_mut_ptr().cast();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            self.headers.push(header);
        }
        let mut done = 0;
        while done < self.headers.len() {
            match send(fd, &mut self.headers[done..]) {
                Ok(sent) => done += sent.max(1),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.queued[done].0.to_socket_addr().into_iter().for_each(&mut failed);
                    done += 1;
                }
            }
        }
        self.queued.clear();
    }
}

/// How many of them were sent; an error is that of the first.
fn send(fd: RawFd, headers: &mut [libc::mmsghdr]) -> io::Result<usize> {
    // SAFETY: each header's name and vector point into what `Outbox` owns and does not change during the call.
    let sent = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), headers.len() as u32, libc::MSG_DONTWAIT) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(sent as usize) }
}

fn empty_header() -> libc::mmsghdr {
    // SAFETY: all-zero bytes are a valid mmsghdr (null pointers, zero lengths).
    unsafe { std::mem::zeroed() }
}

/// Datagrams taken at once.
pub const BATCH: usize = 32;
/// The largest datagram there is. [bytes]
const LARGEST: usize = 65_535;

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::fd::AsRawFd};

    use super::*;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    /// SIP-01
    #[test]
    fn what_is_queued_arrives_in_order_whatever_its_length() {
        let ((ours, our_address), (theirs, their_address)) = (socket(), socket());
        let mut outbox = Outbox::default();
        let lengths = [1, 0, 1_400, LARGEST - 28];
        for (n, len) in lengths.into_iter().enumerate() {
            assert_eq!(outbox.push(their_address, vec![n as u8; len].into()), n + 1);
        }
        outbox.flush(ours.as_raw_fd(), |peer| panic!("{peer} cannot be reached"));
        let mut inbox = Inbox::new();
        let mut heard = vec![];
        while heard.len() < lengths.len() {
            let came = inbox.receive(theirs.as_raw_fd()).unwrap_or_default();
            heard.extend((0..came).filter_map(|at| inbox.get(at)).map(|(from, bytes)| {
                assert_eq!(from, our_address);
                bytes.len()
            }));
            assert_eq!(inbox.get(came), None);
        }
        assert_eq!(heard, lengths);
        assert_eq!(inbox.receive(theirs.as_raw_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(inbox.get(0), None);
    }

    #[test]
    fn a_peer_that_cannot_be_reached_is_told_and_the_others_are_sent_to() {
        let ((ours, _), (theirs, reachable)) = (socket(), socket());
        let mut outbox = Outbox::default();
        // No socket may send there without permission to broadcast.
        let broadcast: SocketAddr = "255.255.255.255:9".parse().unwrap();
        for to in [reachable, broadcast, reachable, broadcast] {
            outbox.push(to, Bytes::from_static(b"x"));
        }
        let mut failed = vec![];
        outbox.flush(ours.as_raw_fd(), |peer| failed.push(peer));
        assert_eq!(failed, [broadcast, broadcast]);
        for _ in 0..2 {
            assert_eq!(theirs.recv(&mut [0; 8]).unwrap(), 1);
        }
        outbox.flush(ours.as_raw_fd(), |_| panic!("nothing waits any more"));
    }
}
