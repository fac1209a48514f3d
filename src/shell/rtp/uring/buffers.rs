//! Receive buffers that the kernel picks from (a provided-buffer ring, `io_uring_register_buf_ring(3)`).
#![allow(unsafe_code)]

use std::{
    io,
    sync::atomic::{AtomicU16, Ordering},
};

use io_uring::{IoUring, types::BufRingEntry};

/// `count` buffers of `size` bytes and the ring that offers them. A buffer belongs to the kernel from
/// [`Buffers::give_back`] until a completion names it, and to us from then on.
#[derive(Debug)]
pub struct Buffers {
    ring: Mapping,
    memory: Mapping,
    count: u16,
    size: usize,
    tail: u16,
}

impl Buffers {
    /// Maps the memory; the kernel knows nothing of it yet. `count` is a power of two.
    pub fn new(count: u16, size: usize) -> io::Result<Self> {
        debug_assert!(count.is_power_of_two());
        let ring = Mapping::new(usize::from(count) * size_of::<BufRingEntry>())?;
        let memory = Mapping::new(usize::from(count) * size)?;
        Ok(Self { ring, memory, count, size, tail: 0 })
    }
    /// Makes all buffers known to the kernel as this group. `self` must outlive `uring`.
    pub fn register(&mut self, uring: &IoUring, group: u16) -> io::Result<()> {
        let ring = self.ring.at as u64;
        // SAFETY: page-aligned memory for `count` entries that lives until after the ring (see `Uring`'s field order).
        unsafe { uring.submitter().register_buf_ring_with_flags(ring, self.count, group, 0) }?;
        (0..self.count).for_each(|id| self.give_back(id));
        self.publish();
        Ok(())
    }
    /// The bytes of a buffer that a completion named. An unknown number is an empty buffer.
    pub fn get(&mut self, id: u16) -> &mut [u8] {
        if id >= self.count {
            return &mut [];
        }
        // SAFETY: inside the mapping; the kernel writes to it only after `give_back`, and `&mut self` excludes other borrows.
        unsafe { std::slice::from_raw_parts_mut(self.memory.at.add(usize::from(id) * self.size), self.size) }
    }
    /// Offers a buffer to the kernel again, from the next [`Buffers::publish`] on.
    pub fn give_back(&mut self, id: u16) {
        if id >= self.count {
            return;
        }
        let address = self.memory.at as u64 + u64::from(id) * self.size as u64;
        let slot = usize::from(self.tail & (self.count - 1));
        // SAFETY: `slot < count`, inside the ring's mapping; the kernel does not read entries beyond the tail.
        // Field by field, because the first entry's reserved half is the tail itself.
        let entry = unsafe { &mut *self.ring.at.cast::<BufRingEntry>().add(slot) };
        entry.set_addr(address);
        entry.set_len(self.size as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }
    /// Shows the kernel what was given back.
    pub fn publish(&self) {
        // SAFETY: `at` is the first entry of the ring; its tail is an aligned u16 that only we write.
        let tail = unsafe { &*BufRingEntry::tail(self.ring.at.cast()).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Anonymous memory, zeroed and page-aligned.
#[derive(Debug)]
struct Mapping {
    at: *mut u8,
    len: usize,
}

impl Mapping {
    fn new(len: usize) -> io::Result<Self> {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh anonymous mapping; nothing else is touched.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { at: at.cast(), len })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped; all borrows ended with `&mut self`.
        unsafe { libc::munmap(self.at.cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_do_not_overlap_and_unknown_ones_are_empty() {
        let mut buffers = Buffers::new(4, 64).unwrap();
        for id in 0..4 {
            buffers.get(id).fill(id as u8 + 1);
        }
        for id in 0..4 {
            assert!(buffers.get(id).iter().all(|b| *b == id as u8 + 1));
        }
        assert!(buffers.get(4).is_empty());
    }
}
