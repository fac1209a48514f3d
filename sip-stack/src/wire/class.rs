//! Sets of bytes and runs of them: what may stand where (RFC 3261 §25.1), looked up in a table.

/// A set of bytes.
pub(crate) type Class = [bool; 256];

/// How many bytes at the start of `text` are of this class.
#[inline]
pub(crate) fn run(class: &Class, text: &[u8]) -> usize {
    // In steps of eight, which the compiler unrolls: this is where a message's time goes.
    let (steps, rest) = text.as_chunks::<8>();
    let mut length = 0;
    for step in steps {
        for (offset, byte) in step.iter().enumerate() {
            if !class[usize::from(*byte)] {
                return length + offset;
            }
        }
        length += step.len();
    }
    length + rest.iter().position(|byte| !class[usize::from(*byte)]).unwrap_or(rest.len())
}

/// Whether all bytes are of this class.
#[inline]
pub(crate) fn is_all(class: &Class, text: &[u8]) -> bool {
    run(class, text) == text.len()
}

/// Letters, digits and these marks.
pub(crate) const fn alphanumeric_and(marks: &[u8]) -> Class {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
}

/// All bytes but controls, blanks and these marks.
pub(crate) const fn visible_but(marks: &[u8]) -> Class {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte > 0x20 && byte != 0x7f;
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = false;
        at += 1;
    }
    table
}

/// All bytes but these marks.
const fn all_but(marks: &[u8]) -> Class {
    let mut table = [true; 256];
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = false;
        at += 1;
    }
    table
}

/// `token` of RFC 3261 §25.1.
pub(crate) static TOKEN: Class = alphanumeric_and(b"-.!%*_+`'~");
/// Bytes of a host name or an IPv4 address.
pub(crate) static HOST: Class = alphanumeric_and(b"-._");
/// What may stand in the URI of a header: no blank, quote or bracket.
pub(crate) static URI: Class = visible_but(b"\"<>");
/// What needs no escape in a quoted string: all but quotes, backslashes and controls. U+0080 to U+009F are controls too.
pub(crate) static PLAIN: Class = {
    let mut table = visible_but(b"\"\\\xc2");
    table[b' ' as usize] = true;
    table
};
/// All that is neither control nor blank.
pub(crate) static VISIBLE: Class = visible_but(b"");
/// All but commas, and what hides them.
pub(crate) static UNTIL_COMMA: Class = all_but(b",\"<");
/// All but semicolons, and what hides them.
pub(crate) static UNTIL_SEMICOLON: Class = all_but(b";\"<");
/// All but quotes and backslashes: the inside of a quoted string up to what may end it.
pub(crate) static UNTIL_QUOTE: Class = all_but(b"\"\\");
/// All but commas and quotes.
pub(crate) static UNTIL_COMMA_OR_QUOTE: Class = all_but(b",\"");
/// ASCII digits.
pub(crate) static DIGIT: Class = {
    let mut table = [false; 256];
    let mut byte = b'0';
    while byte <= b'9' {
        table[byte as usize] = true;
        byte += 1;
    }
    table
};
