//! From bytes to spans: the part of the reader that knows lines, tokens, quotes and commas, and nothing of SIP's meaning.
//!
//! What may enter: scanning and cutting of bytes, without allocation except for unfolding. What a header *means*
//! belongs to [`crate::headers`], which headers a message must have to [`crate::message`].

mod class;
mod lexer;
mod start_line;
pub(crate) mod text;
mod unfold;

pub(crate) use lexer::{LexError, Line, Lines, Span, lex_lines, logical_line};
pub(crate) use start_line::{StartLine, read_start_line};
pub(crate) use unfold::unfold;

/// The longest message we read, head and body together [bytes]. A UDP datagram cannot be longer, and spans fit 16 bits.
pub const MAX_MESSAGE: usize = 65_535;
/// The most header lines of a message.
pub const MAX_HEADERS: usize = 128;
/// The longest header line, unfolded, name included [bytes].
pub const MAX_HEADER: usize = 8 * 1024;
