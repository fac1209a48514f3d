//! The least that a relay with io_uring does: multishot receive into provided buffers, sends from them, one wait for
//! about each millisecond. Addresses fixed, nothing looked at, no socket ever closed.
#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc_zeroed},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    sync::atomic::{AtomicU16, Ordering},
};

use dialtone::shell::rtp::address::RawAddress;
use io_uring::{IoUring, cqueue, opcode, squeue, types};

/// Relays what socket `n` gets out of socket `n ^ 1` to phone `n ^ 1`.
pub fn relay(phones: &[SocketAddr]) {
    let open = |_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let sockets: Vec<UdpSocket> = phones.iter().map(open).collect();
    let addresses: Vec<RawAddress> = phones.iter().map(|&p| p.into()).collect();
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_cqsize(8192);
    let mut ring: IoUring = builder.build(1024).expect("io_uring is permitted");
    let mut buffers = Buffers::new();
    // SAFETY: the memory is never freed.
    unsafe { ring.submitter().register_buf_ring_with_flags(buffers.ring as u64, COUNT, 0, 0) }
        .expect("a buffer ring");
    for at in 0..sockets.len() {
        push(&mut ring, &receive(&sockets, at));
    }
    crate::say_ports(&sockets.iter().map(|s| s.local_addr().expect("bound").port()).collect::<Vec<_>>());
    let mut done: Vec<cqueue::Entry> = Vec::with_capacity(8192);
    let gather = types::Timespec::new().nsec(1_000_000);
    let mut sending = 0;
    loop {
        let args = types::SubmitArgs::new().timespec(&gather);
        let _ = ring.submitter().submit_with_args(sending + 256, &args);
        done.extend(ring.completion());
        for entry in done.drain(..) {
            let Some(at) = entry.user_data().checked_sub(SEND_END) else {
                sending -= 1;
                buffers.give_back(entry.user_data() as u16);
                continue;
            };
            let at = at as usize;
            if !cqueue::more(entry.flags()) {
                push(&mut ring, &receive(&sockets, at));
            }
            let Some(buffer) = cqueue::buffer_select(entry.flags()) else { continue };
            let fd = types::Fd(sockets[at ^ 1].as_raw_fd());
            let address = &addresses[at ^ 1];
            let send = opcode::Send::new(fd, buffers.at(buffer), entry.result() as u32)
                .dest_addr(address.as_ptr().cast())
                .dest_addr_len(address.len())
                .build();
            push(&mut ring, &send.user_data(u64::from(buffer)));
            sending += 1;
        }
        buffers.publish();
    }
}

fn receive(sockets: &[UdpSocket], at: usize) -> squeue::Entry {
    opcode::RecvMulti::new(types::Fd(sockets[at].as_raw_fd()), 0).build().user_data(SEND_END + at as u64)
}

fn push(ring: &mut IoUring, entry: &squeue::Entry) {
    // SAFETY: buffers and addresses live as long as the process.
    while unsafe { ring.submission().push(entry) }.is_err() {
        ring.submit().expect("the ring takes entries");
    }
}

/// Buffers that are never freed.
struct Buffers {
    ring: *mut types::BufRingEntry,
    memory: *mut u8,
    tail: u16,
}

impl Buffers {
    fn new() -> Self {
        let allocate = |len: usize| {
            let layout = Layout::from_size_align(len, 4096).expect("a page is a power of two");
            // SAFETY: the size is not zero.
            unsafe { alloc_zeroed(layout) }
        };
        let ring = allocate(usize::from(COUNT) * size_of::<types::BufRingEntry>()).cast();
        let mut this = Self { ring, memory: allocate(usize::from(COUNT) * SIZE), tail: 0 };
        (0..COUNT).for_each(|id| this.give_back(id));
        this.publish();
        this
    }
    fn at(&self, id: u16) -> *const u8 {
        // SAFETY: the kernel names only ids that were given to it.
        unsafe { self.memory.add(usize::from(id) * SIZE) }
    }
    fn give_back(&mut self, id: u16) {
        // SAFETY: inside the ring.
        let entry = unsafe { &mut *self.ring.add(usize::from(self.tail & (COUNT - 1))) };
        entry.set_addr(self.at(id) as u64);
        entry.set_len(SIZE as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }
    fn publish(&self) {
        // SAFETY: the ring's first entry holds the tail.
        unsafe { &*types::BufRingEntry::tail(self.ring).cast::<AtomicU16>() }
            .store(self.tail, Ordering::Release);
    }
}

const COUNT: u16 = 4096;
const SIZE: usize = 2048;
/// User data below are buffers being sent, from here on sockets receiving.
const SEND_END: u64 = 1 << 16;
