//! Counts what this thread allocates, and what of it lives.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator, counted.
pub struct Counting;

/// Allocations so far, and their bytes.
#[allow(dead_code, reason = "benches that share this file ask for what lives alone")]
pub fn so_far() -> (u64, u64) {
    (ALLOCATIONS.get(), BYTES.get())
}

/// Blocks that live, and their bytes.
pub fn alive() -> (i64, i64) {
    (BLOCKS.get(), HELD.get())
}

// SAFETY: each call is handed on to the system's allocator as it came; counting touches only thread-locals that need
// neither construction nor destruction, so it cannot allocate itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        asked(layout.size());
        held(1, layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        held(-1, -(layout.size() as i64));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        asked(size);
        held(0, size as i64 - layout.size() as i64);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn asked(size: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    BYTES.set(BYTES.get() + size as u64);
}

fn held(blocks: i64, bytes: i64) {
    BLOCKS.set(BLOCKS.get() + blocks);
    HELD.set(HELD.get() + bytes);
}

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static BLOCKS: Cell<i64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}
