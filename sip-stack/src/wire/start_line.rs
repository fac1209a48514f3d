//! Request line and status line (RFC 3261 §7.1, §7.2).

use super::{MAX_HEADER, Span, text};
use crate::parse_error::ParseError;

/// The first line of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StartLine {
    /// `METHOD uri SIP/2.0`
    Request { method: Span, uri: Span },
    /// `SIP/2.0 status reason`
    Response { status: u16, reason: Span },
}

/// Reads the first line; also gives where the headers begin.
pub(crate) fn read_start_line(bytes: &[u8]) -> Result<(StartLine, usize), ParseError> {
    let feed = memchr::memchr(b'\n', bytes).ok_or(ParseError::StartLine)?;
    let end = if feed > 0 && bytes[feed - 1] == b'\r' { feed - 1 } else { feed };
    let line = &bytes[..end];
    if line.len() > MAX_HEADER {
        return Err(ParseError::StartLine);
    }
    let start = if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
        status_line(line)?
    } else {
        request_line(line)?
    };
    Ok((start, feed + 1))
}

fn status_line(line: &[u8]) -> Result<StartLine, ParseError> {
    let version_end = memchr::memchr(b' ', line).ok_or(ParseError::StartLine)?;
    check_version(&line[..version_end])?;
    let code_end = version_end + 4;
    let code = line.get(version_end + 1..code_end).ok_or(ParseError::StartLine)?;
    let status = text::decimal(code).filter(|s| (100..=699).contains(s)).ok_or(ParseError::StartLine)?;
    if memchr::memchr(b'\r', line).is_some() {
        return Err(ParseError::StartLine);
    }
    let reason_start = match line.get(code_end) {
        None => code_end,
        Some(b' ') => code_end + 1,
        Some(_) => return Err(ParseError::StartLine),
    };
    Ok(StartLine::Response { status: status as u16, reason: Span::new(reason_start, line.len()) })
}

fn request_line(line: &[u8]) -> Result<StartLine, ParseError> {
    let method_end = text::run(&text::TOKEN, line);
    let uri_end = match line.strip_suffix(b" SIP/2.0") {
        Some(before) => before.len(),
        None => {
            let end = memchr::memrchr(b' ', line).ok_or(ParseError::StartLine)?;
            check_version(&line[end + 1..])?;
            end
        }
    };
    if method_end == 0 || method_end >= uri_end || line[method_end] != b' ' {
        return Err(ParseError::StartLine);
    }
    // Exactly one blank between the parts, and none inside the URI (RFC 3261 §7.1).
    let uri = &line[method_end + 1..uri_end];
    if !text::is_all(&TARGET, uri) {
        return Err(ParseError::StartLine);
    }
    Ok(StartLine::Request { method: Span::new(0, method_end), uri: Span::new(method_end + 1, uri_end) })
}

fn check_version(version: &[u8]) -> Result<(), ParseError> {
    match version {
        b"SIP/2.0" => Ok(()),
        v if v.eq_ignore_ascii_case(b"SIP/2.0") => Ok(()),
        [s, i, p, b'/', rest @ ..]
            if [*s, *i, *p].eq_ignore_ascii_case(b"SIP")
                && !rest.is_empty()
                && rest.iter().all(|b| b.is_ascii_digit() || *b == b'.') =>
        {
            Err(ParseError::Version)
        }
        _ => Err(ParseError::StartLine),
    }
}

/// What may stand in a Request-URI; [`crate::uri`] reads the rest of it.
static TARGET: text::Class = text::visible_but(b"<>\"");
