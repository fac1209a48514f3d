//! An eventfd with which one thread wakes another out of its wait for packets, and only out of it: a thread that is
//! busy looks at its commands anyway before it waits again.
#![allow(unsafe_code)]

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsRawFd, FromRawFd, RawFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst, fence},
    },
};

/// Wakes a worker thread. Clones wake the same thread.
#[derive(Debug, Clone)]
pub struct Waker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    event: File,
    /// The thread will look for what there is to do before it waits, or has been told to.
    awake: AtomicBool,
}

impl Waker {
    /// A waker that nobody waits for yet.
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; it returns a new descriptor or -1.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was made just above and has no other owner.
        let event = unsafe { File::from_raw_fd(fd) };
        Ok(Self(Arc::new(Inner { event, awake: AtomicBool::new(false) })))
    }
    /// Makes the descriptor readable, unless the thread is awake. Give it something to do first.
    pub fn wake(&self) {
        fence(SeqCst);
        if !self.0.awake.swap(true, SeqCst) {
            // Fails only when the counter is full, and then the thread is about to wake anyway.
            let _ = (&self.0.event).write(&1u64.to_ne_bytes());
        }
    }
    /// For the thread: it is awake, and calls [`Waker::rest`] before it waits for long.
    pub fn stay_awake(&self) {
        self.0.awake.store(true, SeqCst);
    }
    /// For the thread: it is about to wait. What was there to do before this call may not have woken it, so it looks
    /// once more after it.
    pub fn rest(&self) {
        self.0.awake.store(false, SeqCst);
        fence(SeqCst);
    }
    /// For the thread: makes the descriptor unreadable again.
    pub fn reset(&self) {
        let _ = (&self.0.event).read(&mut [0; 8]);
        self.rest();
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.event.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(waker: &Waker) -> Result<usize, io::ErrorKind> {
        (&waker.0.event).read(&mut [0; 8]).map_err(|e| e.kind())
    }

    #[test]
    fn a_reset_waker_is_not_readable() {
        let waker = Waker::new().unwrap();
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock));
        waker.clone().wake();
        waker.wake();
        waker.reset();
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock));
    }

    #[test]
    fn a_thread_that_is_awake_is_not_woken_until_it_rests() {
        let waker = Waker::new().unwrap();
        waker.stay_awake();
        waker.wake();
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock));
        waker.rest();
        waker.wake();
        assert_eq!(read(&waker), Ok(8));
        waker.wake();
        assert_eq!(read(&waker), Err(io::ErrorKind::WouldBlock), "told once is enough");
        waker.reset();
        waker.wake();
        assert_eq!(read(&waker), Ok(8));
    }
}
