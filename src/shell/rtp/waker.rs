//! An eventfd with which one thread wakes another out of its wait for packets.
#![allow(unsafe_code)]

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsRawFd, FromRawFd, RawFd},
    sync::Arc,
};

/// Wakes a worker thread. Clones wake the same thread.
#[derive(Debug, Clone)]
pub struct Waker(Arc<File>);

impl Waker {
    /// A waker that nobody waits for yet.
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; it returns a new descriptor or -1.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was made just above and has no other owner.
        Ok(Self(Arc::new(unsafe { File::from_raw_fd(fd) })))
    }
    /// Makes the descriptor readable.
    pub fn wake(&self) {
        // Fails only when the counter is full, and then the thread is about to wake anyway.
        let _ = (&*self.0).write(&1u64.to_ne_bytes());
    }
    /// Makes it unreadable again.
    pub fn reset(&self) {
        let _ = (&*self.0).read(&mut [0; 8]);
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_waker_is_not_readable() {
        let waker = Waker::new().unwrap();
        let read = |w: &Waker| (&*w.0).read(&mut [0; 8]).map_err(|e| e.kind());
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock));
        waker.clone().wake();
        waker.wake();
        waker.reset();
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock));
    }
}
