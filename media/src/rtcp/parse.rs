//! Reading compound packets (RFC 3550 §6.1, A.2). Every length is checked before anything is believed.

use super::{Block, RECEIVER_REPORT, SENDER_REPORT};

/// One SR or RR.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report<'a> {
    /// Middle of the NTP timestamp, of a sender report.
    pub(crate) ntp_middle: Option<u32>,
    blocks: &'a [u8],
}

/// The SR and RR of a compound packet; `None` if its lengths, versions or padding are wrong anywhere. Reduced-size
/// packets (RFC 5506) are accepted.
pub(crate) fn reports(packet: &[u8]) -> Option<impl Iterator<Item = Report<'_>>> {
    let mut rest = packet;
    while !rest.is_empty() {
        let (_, body, next) = split(rest)?;
        let padded = rest[0] & PADDING != 0;
        // Only the last one may be padded, by whole words (RFC 3550 §6.4.1).
        if padded && (!next.is_empty() || !is_padding(body)) {
            return None;
        }
        rest = next;
    }
    (!packet.is_empty()).then_some(Reports { rest: packet })
}

impl Report<'_> {
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block> {
        self.blocks.chunks_exact(BLOCK).map(|bytes| Block {
            ssrc: word(bytes, 0),
            fraction: bytes[4],
            // 24 bits with sign: shifted up and arithmetically down again.
            lost: (word(bytes, 1) << 8).cast_signed() >> 8,
            highest: word(bytes, 2),
            jitter: word(bytes, 3),
            last_report: word(bytes, 4),
            delay: word(bytes, 5),
        })
    }
}

struct Reports<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Reports<'a> {
    type Item = Report<'a>;

    fn next(&mut self) -> Option<Report<'a>> {
        while !self.rest.is_empty() {
            let (head, body, rest) = split(self.rest)?;
            self.rest = rest;
            if let Some(report) = report(head, body) {
                return Some(report);
            }
        }
        None
    }
}

fn report(head: Head, body: &[u8]) -> Option<Report<'_>> {
    let before_blocks = match head.kind {
        SENDER_REPORT => SENDER,
        RECEIVER_REPORT => 4,
        _ => return None,
    };
    let blocks = body.get(before_blocks..before_blocks + BLOCK * head.count)?;
    let ntp_middle = (head.kind == SENDER_REPORT).then(|| (word(body, 1) << 16) | (word(body, 2) >> 16));
    Some(Report { ntp_middle, blocks })
}

struct Head {
    count: usize,
    kind: u8,
}

/// The first packet's head and body, and what follows.
fn split(packet: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let [first, kind, high, low, ..] = *packet else { return None };
    let length = usize::from(u16::from_be_bytes([high, low])) * 4;
    if first >> 6 != VERSION || packet.len() < 4 + length {
        return None;
    }
    let (body, rest) = packet[4..].split_at(length);
    Some((Head { count: usize::from(first & 0x1f), kind }, body, rest))
}

fn is_padding(body: &[u8]) -> bool {
    body.last().is_some_and(|n| *n != 0 && n % 4 == 0 && usize::from(*n) <= body.len())
}

fn word(bytes: &[u8], index: usize) -> u32 {
    bytes.get(index * 4..index * 4 + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
/// A report block. [bytes]
const BLOCK: usize = 24;
/// SSRC and sender information. [bytes]
const SENDER: usize = 24;
