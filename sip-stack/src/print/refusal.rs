//! The answer to a request that cannot be read: what its lines still give (RFC 4475 §3.1.2, SIP-10).

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Writer, push_via, push_word};
use crate::{Name, message::ParseError, wire};

/// A stateless response to bytes that [`crate::Message::parse`] refused, or `None` if they must not be answered.
///
/// Answered is what begins like a request other than ACK and has a Via. Status and phrase come from `error`. From, To,
/// Call-ID and CSeq are echoed where they are; `to_tag` is put behind a To that shows none.
pub fn refusal(bytes: &[u8], error: &ParseError, source: SocketAddr, to_tag: &str) -> Option<Bytes> {
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n'))?;
    let bytes = &bytes[start..bytes.len().min(start + wire::MAX_MESSAGE)];
    let (end, mut at) = wire::logical_line(bytes, 0)?;
    if !is_answerable(&bytes[..end]) {
        return None;
    }
    let mut writer = Writer::response(error.status(), Some(&error.to_string()));
    let mut seen: Vec<Name> = vec![];
    while let Some((end, next)) = wire::logical_line(bytes, at) {
        if end == at || seen.len() == MAX_ECHOED {
            break;
        }
        if let Some((name, value)) = echoed(&bytes[at..end])
            && (name == Name::Via || !seen.contains(&name))
        {
            push_line(&mut writer, (name, &value), !seen.contains(&name), (source, to_tag));
            seen.push(name);
        }
        at = next;
    }
    seen.contains(&Name::Via).then(|| writer.finish(None))
}

/// A request line as far as one can tell. A response is never answered, and neither is an ACK.
fn is_answerable(line: &[u8]) -> bool {
    let method_end = memchr::memchr(b' ', line).unwrap_or(0);
    let method = &line[..method_end];
    let is_response = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    !is_response && wire::text::is_token(method) && method != b"ACK"
}

/// Name and value in one line, if it is one that a response echoes.
fn echoed(line: &[u8]) -> Option<(Name, Vec<u8>)> {
    let colon = memchr::memchr(b':', line)?;
    let name = Name::from_bytes(wire::text::trim_end(&line[..colon]))?;
    let wanted = matches!(name, Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq);
    let value = wire::text::trim(&line[colon + 1..]);
    let one_line = || value.iter().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { *b }).collect();
    (wanted && value.len() <= wire::MAX_HEADER).then(|| (name, one_line()))
}

fn push_line(
    writer: &mut Writer,
    (name, value): (Name, &[u8]),
    is_first: bool,
    (source, to_tag): (SocketAddr, &str),
) {
    writer.named(name);
    match name {
        Name::Via if is_first => push_via(&mut writer.out, value, source),
        _ => writer.out.extend_from_slice(value),
    }
    if name == Name::To && memchr::memmem::find(&value.to_ascii_lowercase(), b"tag=").is_none() {
        writer.out.extend_from_slice(b";tag=");
        push_word(&mut writer.out, to_tag.as_bytes());
    }
}

/// The most lines that are echoed.
const MAX_ECHOED: usize = 32;

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::message::ParseError;

    fn refused(text: &str, error: &ParseError) -> Option<String> {
        let bytes = refusal(text.as_bytes(), error, "192.0.2.9:5061".parse().unwrap(), "our")?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// RFC 4475 §3.1.2.3
    #[test]
    fn a_broken_request_is_answered_from_what_can_be_read() {
        let text = "INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.4;rport\r\nno colon\r\nt: <sip:a@b\r\nf: sip:x@y;tag=1\r\n\
                    Call-ID:\r\n i\r\nCSeq: 0 INVITE\r\nX: y\r\n\r\n";
        assert_eq!(
            refused(text, &ParseError::Header("To")).unwrap(),
            "SIP/2.0 400 Malformed To\r\nVia: SIP/2.0/UDP 192.0.2.4;rport=5061;received=192.0.2.9\r\nTo: <sip:a@b;tag=our\r\n\
             From: sip:x@y;tag=1\r\nCall-ID: i\r\nCSeq: 0 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
    }

    /// RFC 4475 §3.1.2.16
    #[test]
    fn another_version_gets_505() {
        let text = "OPTIONS sip:a@b SIP/7.0\r\nVia: SIP/7.0/UDP c\r\n\r\n";
        assert!(
            refused(text, &ParseError::Version)
                .unwrap()
                .starts_with("SIP/2.0 505 Unsupported SIP version\r\n")
        );
    }

    /// SIP-10
    #[test]
    fn responses_acks_and_noise_are_not_answered() {
        for text in [
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP c\r\n\r\n",
            "ACK sip:a SIP/2.0\r\nVia: SIP/2.0/UDP c\r\n\r\n",
            "",
            "x",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(refused(text, &ParseError::StartLine), None, "{text}");
        }
    }
}
