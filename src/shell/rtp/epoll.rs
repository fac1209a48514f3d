//! Packet I/O by `epoll`, `recvmmsg` and `sendmmsg`: works on every Linux.
#![allow(unsafe_code)]

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    time::Instant,
};

use media::{Forward, SocketId};

use super::{
    Counters, PACKET_LIMIT, PacketIo, Receiver, Settings,
    address::{RAW_LEN, RawAddress},
    sockets::{Opened, Sockets},
    waker::Waker,
};

/// The sockets of one worker under one `epoll` descriptor, level-triggered.
#[derive(Debug)]
pub struct Epoll {
    epoll: OwnedFd,
    waker: Waker,
    sockets: Sockets,
    settings: Settings,
    events: Vec<libc::epoll_event>,
    batch: Batch,
    dense: bool,
    counters: Counters,
}

impl Epoll {
    /// Without sockets; `waker` interrupts [`PacketIo::turn`].
    pub fn new(waker: Waker, settings: Settings) -> io::Result<Self> {
        // SAFETY: no pointers; returns a new descriptor or -1.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the descriptor was made just above and has no other owner.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        let events = vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        let this = Self {
            epoll,
            waker,
            settings,
            events,
            sockets: Sockets::new(settings),
            batch: Batch::new(),
            dense: false,
            counters: Counters::default(),
        };
        this.watch(this.waker.as_raw_fd(), WAKE)?;
        Ok(this)
    }

    fn watch(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: both descriptors are open, `event` lives through the call.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &mut event) })?;
        Ok(())
    }

    /// How many descriptors are readable.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<usize> {
        let until = until.into_iter().chain(self.sockets.sweep_at()).min();
        let left = until.map(|at| at.saturating_duration_since(Instant::now()));
        if self.dense {
            std::thread::sleep(left.map_or(self.settings.gather, |left| left.min(self.settings.gather)));
        }
        let ms = match left {
            _ if self.dense => 0,
            Some(left) => left.as_micros().div_ceil(1000).min(60_000) as i32,
            None => -1,
        };
        let (events, len) = (self.events.as_mut_ptr(), self.events.len() as i32);
        // SAFETY: `events` has room for `len` entries.
        match check(unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), events, len, ms) }) {
            Ok(ready) => Ok(ready as usize),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(e) => Err(e),
        }
    }

    /// Takes one batch from a socket; what is left is reported by the next wait.
    fn read(&mut self, place: u32, receiver: &mut impl Receiver) {
        let Some(fd) = self.sockets.at(place).map(AsRawFd::as_raw_fd) else { return };
        let came = self.batch.receive(fd);
        // What comes to a socket that is only kept is forgotten.
        let Some(id) = self.sockets.user(place) else { return };
        self.counters.received += came as u64;
        let mut queued: Option<SocketId> = None;
        for at in 0..came {
            let Some((from, buffer, len)) = self.batch.packet(at) else {
                self.counters.dropped += 1;
                continue;
            };
            let Some(forward) = receiver.receive(id, from, buffer, len) else { continue };
            if queued.is_some_and(|socket| socket != forward.socket) {
                self.flush(queued);
            }
            queued = Some(forward.socket);
            self.batch.queue(at, forward);
        }
        self.flush(queued);
    }

    fn flush(&mut self, socket: Option<SocketId>) {
        let Some(socket) = socket else { return };
        let wanted = self.batch.queued();
        let fd = self.sockets.get(socket).map(AsRawFd::as_raw_fd);
        let sent = fd.map_or(0, |fd| self.batch.send(fd));
        self.batch.clear();
        self.counters.sent += sent as u64;
        self.counters.dropped += (wanted - sent) as u64;
    }
}

impl PacketIo for Epoll {
    fn open(&mut self, id: SocketId, local: SocketAddr) -> io::Result<SocketAddr> {
        let (opened, bound) = self.sockets.open(id, local)?;
        if let (Opened::New(place), Some(socket)) = (opened, self.sockets.get(id)) {
            self.watch(socket.as_raw_fd(), u64::from(place))?;
        }
        Ok(bound)
    }
    fn close(&mut self, id: SocketId) {
        // Closing the last descriptor of a socket takes it out of the epoll set.
        drop(self.sockets.close(id));
    }
    fn send(&mut self, forward: Forward, packet: &[u8]) {
        let sent = self.sockets.send(forward, packet);
        *(if sent { &mut self.counters.sent } else { &mut self.counters.dropped }) += 1;
    }
    fn turn(&mut self, until: Option<Instant>, receiver: &mut impl Receiver) -> io::Result<()> {
        let ready = self.wait(until)?;
        self.counters.turns += 1;
        let before = self.counters.received;
        for at in 0..ready {
            match self.events[at].u64 {
                WAKE => self.waker.reset(),
                place => self.read(place as u32, receiver),
            }
        }
        drop(self.sockets.expired(Instant::now()));
        self.dense = !self.settings.gather.is_zero() && self.counters.received - before >= DENSE;
        Ok(())
    }
    fn counters(&self) -> Counters {
        self.counters
    }
}

/// The buffers of one `recvmmsg`, sent on from where they are by `sendmmsg`.
#[derive(Debug)]
struct Batch {
    received: Box<[libc::mmsghdr]>,
    sends: Box<[libc::mmsghdr]>,
    queued: usize,
    vectors: Box<[libc::iovec]>,
    send_vectors: Box<[libc::iovec]>,
    names: Box<[RawAddress]>,
    buffers: Box<[[u8; PACKET_LIMIT]]>,
}

impl Batch {
    fn new() -> Self {
        let vector = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        // SAFETY: all-zero bytes are a valid mmsghdr (null pointers, zero lengths).
        let header = || unsafe { std::mem::zeroed::<libc::mmsghdr>() };
        let headers = || (0..BATCH).map(|_| header()).collect::<Box<[_]>>();
        let mut batch = Self {
            received: headers(),
            sends: headers(),
            queued: 0,
            vectors: vec![vector; BATCH].into(),
            send_vectors: vec![vector; BATCH].into(),
            names: vec![RawAddress::EMPTY; BATCH].into(),
            buffers: vec![[0; PACKET_LIMIT]; BATCH].into(),
        };
        // The boxes never move or change their length, so these pointers stay good.
        for at in 0..BATCH {
            batch.vectors[at].iov_base = batch.buffers[at].as_mut_ptr().cast();
            batch.vectors[at].iov_len = PACKET_LIMIT;
            let header = &mut batch.received[at].msg_hdr;
            header.msg_iov = &mut batch.vectors[at];
            header.msg_iovlen = 1;
            header.msg_name = batch.names[at].as_mut_ptr().cast();
        }
        batch
    }
    /// How many datagrams came.
    fn receive(&mut self, fd: RawFd) -> usize {
        for message in &mut self.received {
            message.msg_hdr.msg_namelen = RAW_LEN as u32;
        }
        let messages = self.received.as_mut_ptr();
        // SAFETY: BATCH headers whose vectors and names point into boxes that `self` owns and nobody borrows.
        let came =
            unsafe { libc::recvmmsg(fd, messages, BATCH as u32, libc::MSG_DONTWAIT, std::ptr::null_mut()) };
        came.max(0) as usize
    }
    /// The buffer of a datagram of the last [`Self::receive`], and how much of it that is; `None` if it was cut, or its
    /// sender has no IP address.
    fn packet(&mut self, at: usize) -> Option<(SocketAddr, &mut [u8], usize)> {
        let message = &self.received[at];
        if message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 {
            return None;
        }
        let from = self.names[at].to_socket_addr()?;
        Some((from, &mut self.buffers[at], message.msg_len as usize))
    }
    /// Puts a received buffer into the next send. Its name field is used for the destination.
    fn queue(&mut self, at: usize, forward: Forward) {
        self.names[at] = forward.to.into();
        let name = &mut self.names[at];
        self.send_vectors[self.queued] = libc::iovec {
            iov_base: self.buffers[at].as_mut_ptr().cast(),
            iov_len: forward.len.min(PACKET_LIMIT),
        };
        let header = &mut self.sends[self.queued].msg_hdr;
        header.msg_namelen = name.len();
        header.msg_name = name.as_mut_ptr().cast();
        header.msg_iov = &mut self.send_vectors[self.queued];
        header.msg_iovlen = 1;
        self.queued += 1;
    }
    fn queued(&self) -> usize {
        self.queued
    }
    fn clear(&mut self) {
        self.queued = 0;
    }
    /// How many were sent; stops at the first that the network does not take.
    fn send(&mut self, fd: RawFd) -> usize {
        let (messages, len) = (self.sends.as_mut_ptr(), self.queued as u32);
        // SAFETY: `len` headers were filled by `queue`, pointing into boxes that `self` owns.
        unsafe { libc::sendmmsg(fd, messages, len, libc::MSG_DONTWAIT) }.max(0) as usize
    }
}

fn check(returned: i32) -> io::Result<i32> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

const WAKE: u64 = u64::MAX;
/// Datagrams in a turn from which gathering pays.
const DENSE: u64 = 2;
const EVENTS: usize = 512;
/// Datagrams of one socket taken at once.
const BATCH: usize = 16;
