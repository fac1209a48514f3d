//! Finding the session description in a message: alone, or as a part of a multipart body (RFC 5621, RFC 2046 §5.1).

use bytes::Bytes;

use crate::{Message, Name, headers::Params};

/// The session description of a message, if it has one.
pub(crate) fn sdp_of(message: &Message) -> Option<Bytes> {
    let body = message.body();
    if body.is_empty() {
        return None;
    }
    let Some(value) = message.header(Name::ContentType) else {
        // Content-Type is mandatory with a body (RFC 3261 §20.15); some devices forget it.
        return body.starts_with(b"v=0").then_some(body);
    };
    let (kind, params) = cut_kind(value);
    if kind.eq_ignore_ascii_case(SDP.as_bytes()) {
        return Some(body);
    }
    let is_multipart = kind.len() > 10 && kind[..10].eq_ignore_ascii_case(b"multipart/");
    let boundary = params.get("boundary").filter(|boundary| is_multipart && !boundary.is_empty())?;
    part(&body, boundary)
}

/// Whether the body is of a kind that we do not understand, though its sender insists on it (RFC 3261 §8.2.3). Several
/// parts are looked through instead; one without a type may be anything.
pub(crate) fn is_strange(message: &Message) -> bool {
    let Some(value) = message.header(Name::ContentType).filter(|_| !message.body().is_empty()) else {
        return false;
    };
    let (kind, _) = cut_kind(value);
    let is_multipart = kind.len() > 10 && kind[..10].eq_ignore_ascii_case(b"multipart/");
    if is_multipart || kind.eq_ignore_ascii_case(SDP.as_bytes()) {
        return false;
    }
    let handling = message.header(Name::ContentDisposition).map(|value| cut_kind(value).1);
    !handling
        .is_some_and(|params| params.get("handling").is_some_and(|h| h.eq_ignore_ascii_case(b"optional")))
}

/// The first part that is a session description.
fn part(body: &Bytes, boundary: &[u8]) -> Option<Bytes> {
    let delimiter = [b"--", boundary].concat();
    let mut starts = memchr::memmem::find_iter(body, &delimiter).take(MOST_PARTS);
    let mut start = starts.next()? + delimiter.len();
    for end in starts {
        if let Some((from, to)) = description_in(&body[start..end]) {
            return Some(body.slice(start + from..start + to));
        }
        start = end + delimiter.len();
    }
    None
}

/// Where the content of a part lies, if the part is a description.
fn description_in(part: &[u8]) -> Option<(usize, usize)> {
    let head = memchr::memmem::find(part, b"\r\n\r\n")?;
    let is_sdp = part[..head].split(|b| *b == b'\n').any(|line| {
        let Some(colon) = memchr::memchr(b':', line) else { return false };
        let name = line[..colon].trim_ascii();
        let (kind, _) = cut_kind(line[colon + 1..].trim_ascii());
        (name.eq_ignore_ascii_case(b"Content-Type") || name.eq_ignore_ascii_case(b"c"))
            && kind.eq_ignore_ascii_case(SDP.as_bytes())
    });
    let end = part.len().checked_sub(2).filter(|end| part[*end..] == *b"\r\n").unwrap_or(part.len());
    (is_sdp && head + 4 < end).then_some((head + 4, end))
}

fn cut_kind(value: &[u8]) -> (&[u8], Params<'_>) {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    (value[..end].trim_ascii(), Params(&value[end..]))
}

/// The media type of a session description, RFC 8866 §8.
pub(crate) const SDP: &str = "application/sdp";
/// Parts looked at.
const MOST_PARTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn described(kind: &str, body: &str) -> Option<String> {
        let sdp = sdp_of(&invite(kind, body))?;
        Some(String::from_utf8(sdp.to_vec()).unwrap())
    }

    fn invite(kind: &str, body: &str) -> Message {
        let text = format!(
            "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
             Call-ID: 1\r\nCSeq: 1 INVITE\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Message::parse(Bytes::from(text)).unwrap()
    }

    /// RFC 3261 §8.2.3, §20.11
    #[test]
    fn a_strange_body_is_one_of_an_unknown_kind_that_is_not_optional() {
        for (kind, body, strange) in [
            ("Content-Type: application/unknown\r\n", "<x/>", true),
            (
                "Content-Type: application/unknown\r\nContent-Disposition: render;handling=Optional\r\n",
                "<x/>",
                false,
            ),
            ("Content-Type: application/unknown\r\nContent-Disposition: session\r\n", "<x/>", true),
            ("Content-Type: application/unknown\r\n", "", false),
            ("Content-Type: Application/SDP; charset=x\r\n", "v=0", false),
            ("Content-Type: multipart/mixed;boundary=b\r\n", "--b--", false),
            ("", "<x/>", false),
        ] {
            assert_eq!(is_strange(&invite(kind, body)), strange, "{kind}");
        }
    }

    #[test]
    fn description_is_found_alone_and_among_parts() {
        assert_eq!(
            described("Content-Type: Application/SDP;charset=utf-8\r\n", "v=0\r\n").as_deref(),
            Some("v=0\r\n")
        );
        assert_eq!(described("c: application/sdp\r\n", "v=0\r\n").as_deref(), Some("v=0\r\n"));
        assert_eq!(described("", "v=0\r\n").as_deref(), Some("v=0\r\n"));
        assert_eq!(described("Content-Type: text/plain\r\n", "v=0\r\n"), None);
        let parts = "--b1\r\nContent-Type: application/pidf+xml\r\n\r\n<x/>\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n\
                     v=0\r\no=-\r\n\r\n--b1--\r\n";
        let kind = "Content-Type: multipart/mixed;boundary=\"b1\"\r\n";
        assert_eq!(described(kind, parts).as_deref(), Some("v=0\r\no=-\r\n"));
        assert_eq!(described(kind, "--b1\r\nContent-Type: application/sdp\r\n\r\n"), None);
        assert_eq!(described(kind, "--b1--b1--b1"), None);
    }
}
