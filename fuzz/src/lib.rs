//! What is tried on arbitrary bytes, one function a target. Beside not panicking, each says what must hold.
//!
//! The seeds in `seeds/` are run through these functions by the ordinary tests too.

mod csv;
mod media;
mod sip;

pub use csv::csv;
pub use media::{media, sdp};
pub use sip::{digest, framing, headers, message, stack};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 8] = [
    ("message", message),
    ("headers", headers),
    ("stack", stack),
    ("framing", framing),
    ("digest", digest),
    ("sdp", sdp),
    ("media", media),
    ("csv", csv),
];

/// Several inputs in one: each is led by its length (little-endian, two bytes), the last one may be short.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        bytes = rest;
        Some(piece)
    })
}
