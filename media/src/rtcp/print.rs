//! Writing compound packets: SR or RR, CNAME, perhaps BYE (RFC 3550 §6.1).

use super::{BYE, Block, DESCRIPTION, RECEIVER_REPORT, SENDER_REPORT};

/// What a compound packet says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compound<'a> {
    /// Ours.
    pub(crate) ssrc: u32,
    /// We have sent since the report before the last.
    pub(crate) sender: Option<Sender>,
    /// On the peer's stream.
    pub(crate) block: Option<Block>,
    /// No more than 255 bytes.
    pub(crate) cname: &'a [u8],
    /// We leave.
    pub(crate) bye: bool,
}

/// Sender information (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) bytes: u32,
}

/// Writes it and tells its length; `None` if the buffer is too short.
pub(crate) fn write(buffer: &mut [u8], compound: &Compound<'_>) -> Option<usize> {
    let mut out = Writer { buffer, len: 0 };
    report(&mut out, compound)?;
    description(&mut out, compound)?;
    if compound.bye {
        out.head(1, BYE, 1)?;
        out.word(compound.ssrc)?;
    }
    Some(out.len)
}

fn report(out: &mut Writer<'_>, compound: &Compound<'_>) -> Option<()> {
    let blocks = u8::from(compound.block.is_some());
    let (kind, words) = if compound.sender.is_some() { (SENDER_REPORT, 6) } else { (RECEIVER_REPORT, 1) };
    out.head(blocks, kind, words + 6 * u16::from(blocks))?;
    out.word(compound.ssrc)?;
    if let Some(sender) = compound.sender {
        out.word((sender.ntp >> 32) as u32)?;
        out.word(sender.ntp as u32)?;
        out.word(sender.timestamp)?;
        out.word(sender.packets)?;
        out.word(sender.bytes)?;
    }
    if let Some(block) = compound.block {
        out.word(block.ssrc)?;
        out.word((u32::from(block.fraction) << 24) | (block.lost.cast_unsigned() & 0x00ff_ffff))?;
        out.word(block.highest)?;
        out.word(block.jitter)?;
        out.word(block.last_report)?;
        out.word(block.delay)?;
    }
    Some(())
}

/// One chunk: the item, at least one zero, up to a whole word (RFC 3550 §6.5).
fn description(out: &mut Writer<'_>, compound: &Compound<'_>) -> Option<()> {
    let cname = compound.cname;
    let length = u8::try_from(cname.len()).ok()?;
    let padded = (2 + cname.len() + 1).next_multiple_of(4);
    out.head(1, DESCRIPTION, 1 + (padded / 4) as u16)?;
    out.word(compound.ssrc)?;
    out.bytes(&[CNAME, length])?;
    out.bytes(cname)?;
    out.bytes(&[0; 4][..padded - 2 - cname.len()])
}

struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    /// `words`: length without the head itself.
    fn head(&mut self, count: u8, kind: u8, words: u16) -> Option<()> {
        self.bytes(&[0x80 | count, kind])?;
        self.bytes(&words.to_be_bytes())
    }
    fn word(&mut self, word: u32) -> Option<()> {
        self.bytes(&word.to_be_bytes())
    }
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.buffer.get_mut(self.len..self.len + bytes.len())?.copy_from_slice(bytes);
        self.len += bytes.len();
        Some(())
    }
}

/// SDES item (RFC 3550 §6.5.1).
const CNAME: u8 = 1;
