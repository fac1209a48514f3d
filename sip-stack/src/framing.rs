//! Cutting a byte stream into messages by Content-Length (RFC 3261 §18.3), with keep-alives (RFC 5626 §3.5.1).

use bytes::Bytes;

/// What a stream contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Bytes),
    /// A double CRLF; answer it with one CRLF.
    Ping,
    /// A single CRLF: the answer to our ping.
    Pong,
}

/// Why the connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No end of headers within the limit.
    #[error("headers longer than the limit")]
    HeadersTooLong,
    /// Content-Length missing or not a number: the stream cannot be followed any further.
    #[error("no usable Content-Length")]
    NoLength,
    /// Content-Length above the limit.
    #[error("body longer than the limit")]
    BodyTooLong,
}

/// Reassembles one connection's messages. Holds at most one message's worth of bytes.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
}

impl Framer {
    /// Adds what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
    /// The next frame, `Ok(None)` if more bytes are needed.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        Ok(None)
    }
}
