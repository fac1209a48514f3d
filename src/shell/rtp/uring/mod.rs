//! Packet I/O by io_uring: one multishot `recvmsg` per socket into provided buffers, forwarded from those same
//! buffers, all sends of a turn submitted together with the wait for the next packets.
//!
//! The ring is made and used by one thread (`SINGLE_ISSUER`), and completions are posted only while that
//! thread waits (`DEFER_TASKRUN`), so nothing interrupts it while it works.
#![allow(unsafe_code)]

mod buffers;
mod probe;
mod token;

use std::{
    io,
    net::SocketAddr,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use io_uring::{IoUring, cqueue, opcode, squeue, types};
use media::{Forward, SocketId};

pub use self::probe::probe;
use self::{buffers::Buffers, token::Token};
use super::{
    Counters, PACKET_LIMIT, PacketIo, Receiver, Settings,
    address::{self, RAW_LEN, RawAddress},
    sockets::{Closing, Opened, Sockets},
    waker::Waker,
};

/// The sockets of one worker on one ring. The ring is the first field: it must go before what it points to.
pub struct Uring {
    ring: IoUring,
    buffers: Buffers,
    /// What a multishot `recvmsg` reserves in each buffer: a name, no control data.
    shape: Box<libc::msghdr>,
    /// Where each buffer is being sent. Never resized.
    destinations: Box<[RawAddress]>,
    waker: Waker,
    sockets: Sockets,
    settings: Settings,
    /// Completions of this turn.
    done: Vec<cqueue::Entry>,
    /// Places of sockets whose receive ended because no buffer was left.
    starved: Vec<u32>,
    sending: usize,
    dense: bool,
    counters: Counters,
}

impl Uring {
    /// Without sockets; `waker` interrupts [`PacketIo::turn`]. Fails where io_uring is missing or not permitted.
    pub fn new(waker: Waker, settings: Settings) -> io::Result<Self> {
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_submit_all()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        // SAFETY: all-zero bytes are a valid msghdr.
        let mut shape = Box::new(unsafe { std::mem::zeroed::<libc::msghdr>() });
        shape.msg_namelen = RAW_LEN as u32;
        let mut this = Self {
            ring,
            buffers: Buffers::new(BUFFERS, BUFFER_SIZE)?,
            shape,
            destinations: vec![RawAddress::EMPTY; usize::from(BUFFERS)].into(),
            waker,
            settings,
            sockets: Sockets::new(settings),
            done: Vec::with_capacity(COMPLETIONS as usize),
            starved: Vec::new(),
            sending: 0,
            dense: false,
            counters: Counters::default(),
        };
        this.buffers.register(&this.ring, GROUP)?;
        this.watch_waker()?;
        Ok(this)
    }

    fn watch_waker(&mut self) -> io::Result<()> {
        let waker = types::Fd(self.waker.as_raw_fd());
        let entry = opcode::PollAdd::new(waker, libc::POLLIN as u32).multi(true).build();
        self.push(entry.user_data(Token::Wake.into()))
    }

    /// Starts the multishot receive of the socket in this place.
    fn arm(&mut self, place: u32) -> io::Result<()> {
        let Some(socket) = self.sockets.at(place) else { return Ok(()) };
        let token = Token::Receive { place, generation: self.sockets.generation(place) };
        let entry = opcode::RecvMsgMulti::new(types::Fd(socket.as_raw_fd()), &*self.shape, GROUP).build();
        self.push(entry.user_data(token.into()))
    }

    fn push(&mut self, entry: squeue::Entry) -> io::Result<()> {
        loop {
            // SAFETY: what entries point to (shape, buffers, destinations) is owned by `self` and outlives the ring;
            // a buffer is not touched between its send and that send's completion.
            if unsafe { self.ring.submission().push(&entry) }.is_ok() {
                return Ok(());
            }
            self.ring.submit()?;
        }
    }

    /// Submits what is queued and waits as the trait says.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        let until = until.into_iter().chain(self.sockets.sweep_at()).min();
        let left = until.map_or(LONGEST_WAIT, |at| at.saturating_duration_since(Instant::now()));
        let at_most = if self.dense { left.min(self.settings.gather) } else { left };
        // Sends complete while they are submitted; only what comes after them ends the wait early.
        let want = self.sending + if self.dense { BURST } else { 1 };
        let timespec = types::Timespec::from(at_most.min(LONGEST_WAIT));
        let args = types::SubmitArgs::new().timespec(&timespec);
        match self.ring.submitter().submit_with_args(want, &args) {
            Err(e)
                if !matches!(
                    e.raw_os_error(),
                    Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN)
                ) =>
            {
                Err(e)
            }
            _ => Ok(()),
        }
    }

    /// A receive completed, with a datagram or for good.
    fn received(&mut self, place: u32, generation: u16, entry: &cqueue::Entry, receiver: &mut impl Receiver) {
        let current = self.sockets.generation(place) == generation && self.sockets.at(place).is_some();
        if current && !cqueue::more(entry.flags()) {
            self.starved.push(place);
        }
        let Some(buffer) = cqueue::buffer_select(entry.flags()) else { return };
        // What comes to a socket that is only kept is forgotten.
        let user = self.sockets.user(place).filter(|_| current);
        let forward = user.and_then(|id| self.look_at(id, buffer, entry.result(), receiver));
        let queued = forward.is_some_and(|forward| self.forward(buffer, forward));
        if !queued {
            self.buffers.give_back(buffer);
        }
    }

    fn look_at(
        &mut self,
        id: SocketId,
        buffer: u16,
        result: i32,
        receiver: &mut impl Receiver,
    ) -> Option<Forward> {
        self.counters.received += 1;
        let len = usize::try_from(result).ok()?.checked_sub(PAYLOAD_AT)?;
        let (head, packet) = self.buffers.get(buffer).split_at_mut_checked(PAYLOAD_AT)?;
        let flags = u32::from_ne_bytes(head[FLAGS_AT..NAME_AT].try_into().ok()?);
        if flags & libc::MSG_TRUNC as u32 != 0 {
            self.counters.dropped += 1;
            return None;
        }
        receiver.receive(id, address::read(&head[NAME_AT..])?, packet, len)
    }

    /// Queues the send of a received buffer; whether the buffer is in use by it.
    fn forward(&mut self, buffer: u16, forward: Forward) -> bool {
        let Some(fd) = self.sockets.get(forward.socket).map(AsRawFd::as_raw_fd) else { return false };
        let Some(packet) = self.buffers.get(buffer).get(PAYLOAD_AT..PAYLOAD_AT + forward.len) else {
            return false;
        };
        let packet = packet.as_ptr();
        let name = &mut self.destinations[usize::from(buffer)];
        *name = forward.to.into();
        // A full socket buffer refuses the packet instead of keeping it waiting: late voice is worth nothing.
        let entry = opcode::Send::new(types::Fd(fd), packet, forward.len as u32)
            .flags(libc::MSG_DONTWAIT)
            .dest_addr(name.as_ptr().cast())
            .dest_addr_len(name.len())
            .build();
        let queued = self.push(entry.user_data(Token::Send { buffer }.into())).is_ok();
        self.sending += usize::from(queued);
        queued
    }

    fn cancel(&mut self, closing: Closing) {
        let receive = Token::Receive { place: closing.place, generation: closing.generation };
        // The ring holds the socket open until the receive is cancelled, so that is submitted first.
        let cancel = opcode::AsyncCancel::new(receive.into()).build().user_data(Token::Cancel.into());
        let _ = self.push(cancel);
        let _ = self.ring.submit();
        drop(closing);
    }

    fn sent(&mut self, buffer: u16, result: i32) {
        self.sending = self.sending.saturating_sub(1);
        self.buffers.give_back(buffer);
        *(if result < 0 { &mut self.counters.dropped } else { &mut self.counters.sent }) += 1;
    }
}

impl PacketIo for Uring {
    fn open(&mut self, id: SocketId, local: SocketAddr) -> io::Result<SocketAddr> {
        let (opened, bound) = self.sockets.open(id, local)?;
        if let Opened::New(place) = opened {
            self.arm(place)?;
        }
        Ok(bound)
    }
    fn close(&mut self, id: SocketId) {
        if let Some(closing) = self.sockets.close(id) {
            self.cancel(closing);
        }
    }
    fn send(&mut self, forward: Forward, packet: &[u8]) {
        let sent = self.sockets.send(forward, packet);
        *(if sent { &mut self.counters.sent } else { &mut self.counters.dropped }) += 1;
    }
    fn turn(&mut self, until: Option<Instant>, receiver: &mut impl Receiver) -> io::Result<()> {
        self.buffers.publish();
        while let Some(place) = self.starved.pop() {
            self.arm(place)?;
        }
        self.wait(until)?;
        self.counters.turns += 1;
        let before = self.counters.received;
        let mut done = std::mem::take(&mut self.done);
        done.extend(self.ring.completion());
        for entry in done.drain(..) {
            match Token::from(entry.user_data()) {
                Token::Receive { place, generation } => self.received(place, generation, &entry, receiver),
                Token::Send { buffer } => self.sent(buffer, entry.result()),
                Token::Wake => {
                    self.waker.reset();
                    if !cqueue::more(entry.flags()) {
                        self.watch_waker()?;
                    }
                }
                Token::Cancel => {}
            }
        }
        self.done = done;
        for closing in self.sockets.expired(Instant::now()) {
            self.cancel(closing);
        }
        self.dense = !self.settings.gather.is_zero() && self.counters.received - before >= DENSE;
        Ok(())
    }
    fn counters(&self) -> Counters {
        self.counters
    }
}

/// The kernel writes `io_uring_recvmsg_out` (four u32: name, control, payload lengths, flags), the name, the payload.
const FLAGS_AT: usize = 12;
const NAME_AT: usize = 16;
const PAYLOAD_AT: usize = NAME_AT + RAW_LEN;
const BUFFER_SIZE: usize = PACKET_LIMIT + PAYLOAD_AT;
const GROUP: u16 = 0;
/// Packets that can be on their way through one worker at once: 80 ms of 500 calls.
const BUFFERS: u16 = 4096;
const SUBMISSIONS: u32 = 1024;
const COMPLETIONS: u32 = 8192;
/// Datagrams that end a gather interval early.
const BURST: usize = 256;
/// Datagrams in a turn from which gathering pays.
const DENSE: u64 = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(60);
