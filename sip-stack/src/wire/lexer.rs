//! Header lines to spans, without a copy and without an allocation for up to [`INLINE`] lines.

use smallvec::SmallVec;

use super::{MAX_HEADER, MAX_HEADERS, text};
use crate::{name::Name, parse_error::ParseError};

/// A piece of the message: offset and length [bytes].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    at: u16,
    length: u16,
}

/// One header line. `name` is `None` for a name that has no number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) name: Option<Name>,
    pub(crate) name_span: Span,
    pub(crate) value: Span,
}

/// All header lines in order.
pub(crate) type Lines = SmallVec<[Line; INLINE]>;

/// Why the head could not be indexed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LexError {
    /// A line continues on the next one: unfold and read again.
    Folded,
    /// It is malformed.
    Malformed(ParseError),
}

impl Span {
    /// From `start` to before `end`. Both are inside a message, which is shorter than 64 KiB.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { at: start as u16, length: (end - start) as u16 }
    }
    /// Where `piece`, which was cut out of `bytes`, stands in them.
    pub(crate) fn within(bytes: &[u8], piece: &[u8]) -> Self {
        if piece.is_empty() {
            return Self::default();
        }
        let start = piece.as_ptr() as usize - bytes.as_ptr() as usize;
        Self::new(start, start + piece.len())
    }
    /// The last `length` bytes of it.
    pub(crate) fn end_piece(self, length: usize) -> Self {
        let end = usize::from(self.at) + usize::from(self.length);
        Self::new(end - length, end)
    }
    /// The bytes it stands for.
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        let start = usize::from(self.at);
        &bytes[start..start + usize::from(self.length)]
    }
}

/// Indexes the header lines that begin at `at`; also gives where the body begins.
///
/// `bytes` is at most [`super::MAX_MESSAGE`] long.
pub(crate) fn lex_lines(bytes: &[u8], mut at: usize) -> Result<(Lines, usize), LexError> {
    let mut lines = Lines::new();
    loop {
        match bytes[at..] {
            [b'\n', ..] => return Ok((lines, at + 1)),
            [b'\r', b'\n', ..] => return Ok((lines, at + 2)),
            [b' ' | b'\t', ..] => return Err(LexError::Folded),
            [] => return Err(LexError::Malformed(ParseError::Unterminated)),
            _ => {}
        }
        if lines.len() == MAX_HEADERS {
            return Err(LexError::Malformed(ParseError::TooManyHeaders));
        }
        let (line, next) = lex_line(bytes, at).map_err(LexError::Malformed)?;
        lines.push(line);
        at = next;
    }
}

/// The header line at `at` with its continuations: where it ends (before the line break) and where the next begins.
/// `None` if it is not complete.
pub(crate) fn logical_line(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut from = at;
    loop {
        let feed = from + memchr::memchr(b'\n', &bytes[from..])?;
        from = feed + 1;
        if !matches!(bytes.get(from), Some(b' ' | b'\t')) {
            let end = if feed > at && bytes[feed - 1] == b'\r' { feed - 1 } else { feed };
            return Some((end, from));
        }
    }
}

fn lex_line(bytes: &[u8], start: usize) -> Result<(Line, usize), ParseError> {
    let rest = &bytes[start..];
    let name_length = rest.iter().position(|b| !text::is_token_byte(*b)).unwrap_or(rest.len());
    let blanks = rest[name_length..].iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(0);
    let colon = start + name_length + blanks;
    if name_length == 0 || bytes.get(colon) != Some(&b':') {
        // Whatever it is, an endless run of it is told apart: that is somebody trying.
        return Err(if name_length > MAX_HEADER { ParseError::HeaderTooLong } else { LINE });
    }
    let (end, next) = line_end(bytes, colon + 1)?;
    if next - start > MAX_HEADER {
        return Err(ParseError::HeaderTooLong);
    }
    let name_end = start + name_length;
    let value = text::trim_start(&bytes[colon + 1..end]);
    let value_start = end - value.len();
    let value_end = value_start + text::trim_end(value).len();
    let line = Line {
        name: Name::from_bytes(&bytes[start..name_end]),
        name_span: Span::new(start, name_end),
        value: Span::new(value_start, value_end),
    };
    Ok((line, next))
}

/// Where the line ends and where the next one begins. A carriage return alone is refused: copied into an answer, it
/// would be a line break to some peers and none to others.
fn line_end(bytes: &[u8], from: usize) -> Result<(usize, usize), ParseError> {
    match memchr::memchr2(b'\r', b'\n', &bytes[from..]) {
        None if bytes.len() - from > MAX_HEADER => Err(ParseError::HeaderTooLong),
        None => Err(ParseError::Unterminated),
        Some(offset) => match bytes[from + offset..] {
            [b'\n', ..] => Ok((from + offset, from + offset + 1)),
            [_, b'\n', ..] => Ok((from + offset, from + offset + 2)),
            [_] => Err(ParseError::Unterminated),
            _ => Err(LINE),
        },
    }
}

/// Lines kept without allocation; a phone's INVITE has 12 to 18.
const INLINE: usize = 20;
const LINE: ParseError = ParseError::Header("header line");
