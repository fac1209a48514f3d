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

/// All header lines in order, found by name without a search.
#[derive(Debug)]
pub(crate) struct Lines {
    all: SmallVec<[Line; INLINE]>,
    /// The first line of each name, by the name's number.
    first: [u8; Name::ALL.len()],
    /// The names that have further lines, as bits. No `u128`: its alignment costs each message a detour in the allocator.
    repeated: [u64; 2],
}

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

impl Lines {
    fn new() -> Self {
        Self { all: SmallVec::new(), first: [ABSENT; Name::ALL.len()], repeated: [0; 2] }
    }
    #[inline]
    fn push(&mut self, line: Line) {
        if let Some(name) = line.name {
            let first = &mut self.first[name as usize];
            if *first == ABSENT {
                *first = self.all.len() as u8;
            } else {
                self.repeated[name as usize / 64] |= 1 << (name as u32 % 64);
            }
        }
        self.all.push(line);
    }
    /// All of them in order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Line> {
        self.all.iter()
    }
    /// The first line of that name.
    #[inline]
    pub(crate) fn first(&self, name: Name) -> Option<Span> {
        match self.first[name as usize] {
            ABSENT => None,
            at => self.all.get(usize::from(at)).map(|line| line.value),
        }
    }
    /// The lines of that name in order.
    #[inline]
    pub(crate) fn of(&self, name: Name) -> impl Iterator<Item = Span> {
        let from = match self.first[name as usize] {
            ABSENT => self.all.len(),
            at => usize::from(at),
        };
        let end = if self.is_repeated(name) { self.all.len() } else { self.all.len().min(from + 1) };
        self.all[from..end].iter().filter(move |line| line.name == Some(name)).map(|line| line.value)
    }
    /// Whether there is more than one line of that name.
    #[inline]
    pub(crate) fn is_repeated(&self, name: Name) -> bool {
        self.repeated[name as usize / 64] & 1 << (name as u32 % 64) != 0
    }
}

/// Indexes the header lines that begin at `at`; also gives where the body begins.
///
/// `bytes` is at most [`super::MAX_MESSAGE`] long.
#[inline]
pub(crate) fn lex_lines(bytes: &[u8], mut at: usize) -> Result<(Lines, usize), LexError> {
    let mut lines = Lines::new();
    loop {
        let (name, name_end, colon) = match Name::canonical_at(&bytes[at..]) {
            Some((name, length)) => (Some(name), at + length, at + length),
            None => {
                let name_end = at + text::run(&text::TOKEN, &bytes[at..]);
                match bytes[at..] {
                    [b'\n', ..] => return Ok((lines, at + 1)),
                    [b'\r', b'\n', ..] => return Ok((lines, at + 2)),
                    [b' ' | b'\t', ..] => return Err(LexError::Folded),
                    [] => return Err(LexError::Malformed(ParseError::Unterminated)),
                    _ => {}
                }
                let colon = colon_behind(bytes, at, name_end).map_err(LexError::Malformed)?;
                (Name::from_bytes(&bytes[at..name_end]), name_end, colon)
            }
        };
        if lines.all.len() == MAX_HEADERS {
            return Err(LexError::Malformed(ParseError::TooManyHeaders));
        }
        let (end, next) = line_end(bytes, colon + 1).map_err(LexError::Malformed)?;
        if next - at > MAX_HEADER {
            return Err(LexError::Malformed(ParseError::HeaderTooLong));
        }
        let value = &bytes[colon + 1..end];
        let value = match value {
            // So it nearly always is.
            [b' ', inside @ ..] if inside.first() > Some(&b' ') && inside.last() > Some(&b' ') => inside,
            _ => text::trim(value),
        };
        let value = Span::within(bytes, value);
        lines.push(Line { name, name_span: Span::new(at, name_end), value });
        at = next;
    }
}

/// Where the colon stands behind blanks that follow the name.
fn colon_behind(bytes: &[u8], start: usize, name_end: usize) -> Result<usize, ParseError> {
    let blanks = bytes[name_end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let colon = name_end + blanks;
    if name_end > start && bytes.get(colon) == Some(&b':') {
        return Ok(colon);
    }
    // Whatever it is, an endless run of it is told apart: that is somebody trying.
    Err(if name_end - start > MAX_HEADER { ParseError::HeaderTooLong } else { LINE })
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

/// Where the line ends and where the next one begins. A carriage return alone is refused: copied into an answer, it
/// would be a line break to some peers and none to others.
#[inline]
fn line_end(bytes: &[u8], from: usize) -> Result<(usize, usize), ParseError> {
    match text::break_at(&bytes[from..]) {
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
/// No line has this number.
const ABSENT: u8 = u8::MAX;
// A line's number and a name's bit have room.
const _: () = assert!(MAX_HEADERS < ABSENT as usize && Name::ALL.len() <= 128);
const LINE: ParseError = ParseError::Header("header line");
