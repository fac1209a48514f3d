//! Cutting a byte stream into messages by Content-Length (RFC 3261 §18.3), with keep-alives (RFC 5626 §3.5.1).
//!
//! Contract: after each [`Framer::push`] call [`Framer::next_frame`] until it gives `Ok(None)` or an error; then the
//! framer holds less than one message. Each byte is looked at a bounded number of times, however it is cut.

use bytes::Bytes;

use crate::{
    name::Name,
    wire::{self, text},
};

/// What a stream contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Bytes),
    /// A double CRLF; answer it with one CRLF.
    Ping,
    /// A single CRLF: the answer to our ping. A ping that the network cut in two reads as a pong and a ping: who sent
    /// no ping itself lets pongs pass.
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
    /// Where the bytes begin that are in no frame yet.
    start: usize,
    /// How many bytes behind `start` are known to hold no end of headers.
    scanned: usize,
    /// The length of the message at `start`, once its headers have ended.
    length: Option<usize>,
    /// One CRLF has just been given as a pong; another one makes it a ping.
    half_ping: bool,
    broken: Option<FrameError>,
}

impl Framer {
    /// Adds what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }
    /// The next frame, `Ok(None)` if more bytes are needed.
    ///
    /// # Errors
    /// Once it failed it fails for ever: the stream has lost its place.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let frame = match self.keep_alive() {
            None => self.message(),
            some => Ok(some),
        };
        match &frame {
            Ok(None) => self.release(),
            Err(error) => {
                self.broken = Some(*error);
                self.buffer = Vec::new();
            }
            Ok(Some(_)) => {}
        }
        frame
    }
    /// How many bytes wait for the rest of their message.
    pub fn held(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Line breaks between messages. Single LFs are dropped.
    fn keep_alive(&mut self) -> Option<Frame> {
        while self.scanned == 0 && self.length.is_none() {
            match &self.buffer[self.start..] {
                [b'\r', b'\n', b'\r', b'\n', ..] if !self.half_ping => {
                    self.start += 4;
                    return Some(Frame::Ping);
                }
                [b'\r', b'\n', ..] => {
                    self.start += 2;
                    self.half_ping = !self.half_ping;
                    return Some(if self.half_ping { Frame::Pong } else { Frame::Ping });
                }
                [b'\n', ..] => self.start += 1,
                [] | [b'\r'] => return None,
                _ => {
                    self.half_ping = false;
                    return None;
                }
            }
        }
        None
    }

    fn message(&mut self) -> Result<Option<Frame>, FrameError> {
        let length = match self.length {
            Some(length) => length,
            None => match self.read_head()? {
                Some(length) => *self.length.insert(length),
                None => return Ok(None),
            },
        };
        let Some(message) = self.buffer.get(self.start..self.start + length) else { return Ok(None) };
        // A copy of its own, so that a message that is kept does not keep the whole read alive.
        let message = Bytes::copy_from_slice(message);
        self.start += length;
        (self.scanned, self.length) = (0, None);
        Ok(Some(Frame::Message(message)))
    }

    /// The whole length of the message, once its headers are there.
    fn read_head(&mut self) -> Result<Option<usize>, FrameError> {
        let waiting = &self.buffer[self.start..];
        if matches!(waiting, [] | [b'\r']) {
            // Nothing, or half a line break between messages.
            return Ok(None);
        }
        let head = match head_end(waiting, self.scanned) {
            Ok(end) => &waiting[..end],
            Err(scanned) => {
                self.scanned = scanned;
                let too_long = waiting.len() > wire::MAX_MESSAGE;
                return if too_long { Err(FrameError::HeadersTooLong) } else { Ok(None) };
            }
        };
        if head.len() > wire::MAX_MESSAGE {
            return Err(FrameError::HeadersTooLong);
        }
        let length = head.len().saturating_add(content_length(head).ok_or(FrameError::NoLength)?);
        if length > wire::MAX_MESSAGE { Err(FrameError::BodyTooLong) } else { Ok(Some(length)) }
    }

    /// Forgets what is in frames. An idle connection keeps no buffer.
    fn release(&mut self) {
        if self.held() == 0 {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..self.start);
        }
        self.start = 0;
    }
}

/// Whether a datagram is nothing but line breaks: a keep-alive, not a message.
pub fn is_keep_alive(datagram: &[u8]) -> bool {
    datagram.iter().all(|b| matches!(b, b'\r' | b'\n' | 0))
}

/// Where the empty line ends, or from where to look on when there are more bytes.
fn head_end(bytes: &[u8], mut from: usize) -> Result<usize, usize> {
    while let Some(offset) = memchr::memchr(b'\n', &bytes[from..]) {
        let feed = from + offset;
        match bytes[feed + 1..] {
            [b'\n', ..] => return Ok(feed + 2),
            [b'\r', b'\n', ..] => return Ok(feed + 3),
            [] | [b'\r'] => return Err(feed),
            _ => from = feed + 1,
        }
    }
    Err(bytes.len())
}

/// The one Content-Length of these headers. Read as [`crate::Message::parse`] reads it, or two readers would see two
/// different messages.
fn content_length(head: &[u8]) -> Option<usize> {
    let (_, mut at) = wire::logical_line(head, 0)?;
    let mut found = None;
    while let Some((end, next)) = wire::logical_line(head, at) {
        let line = &head[at..end];
        at = next;
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        if Name::from_bytes(text::trim_end(&line[..colon])) == Some(Name::ContentLength) {
            let length = text::decimal(text::trim(&line[colon + 1..]))? as usize;
            if found.replace(length).is_some() {
                return None;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
