//! Continuation lines joined to one line each (RFC 3261 §7.3.1). Rare, so it may copy.

/// The message with every line break of its head that is followed by a blank removed. The body stays as it is.
pub(crate) fn unfold(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'\n', &bytes[at..]) {
        let feed = at + offset;
        let end = if feed > at && bytes[feed - 1] == b'\r' { feed - 1 } else { feed };
        if end == at {
            break;
        }
        let folded = matches!(bytes.get(feed + 1), Some(b' ' | b'\t'));
        out.extend_from_slice(&bytes[at..if folded { end } else { feed + 1 }]);
        at = feed + 1;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}
