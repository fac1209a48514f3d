//! The topmost Via of a response (RFC 3261 §18.2.1, RFC 3581 §4).

use std::net::SocketAddr;

use smallvec::SmallVec;

use super::number::{push_ip, push_number};
use crate::{Message, Name, headers::Via, wire::text};

/// Writes the value of the topmost Via line as a response from us carries it.
///
/// `received` is set where the peer's address differs from `sent-by`, or `rport` was asked for; `rport` is filled
/// with the peer's port. Values of either that the peer wrote itself are dropped: they are ours to say. Everything
/// else, and further values of the same line, is kept as written.
pub fn push_via(out: &mut Vec<u8>, line: &[u8], source: SocketAddr) {
    match Via::parse(&line[..text::value_end(line, &text::UNTIL_COMMA)]) {
        Some(via) => push(out, line, &via, source),
        None => out.extend_from_slice(line),
    }
}

/// The same for a message, which knows its topmost Via.
pub(super) fn push_top_via(out: &mut Vec<u8>, request: &Message, source: SocketAddr) {
    push(out, request.header(Name::Via).unwrap_or_default(), &request.via(), source);
}

/// `via` is the first value of `line`.
fn push(out: &mut Vec<u8>, line: &[u8], via: &Via<'_>, source: SocketAddr) {
    let (mut rport, mut received) = (false, false);
    let mut kept = SmallVec::<[&[u8]; 8]>::new();
    via.params.each(|param| {
        if param.name.eq_ignore_ascii_case(b"rport") {
            rport = true;
        } else if param.name.eq_ignore_ascii_case(b"received") {
            received = true;
        } else {
            kept.push(param.written);
        }
    });
    let address = source.ip().to_canonical();
    let differs = text::ip(via.host).map(|host| host.to_canonical()) != Some(address);
    if !rport && !differs && !received {
        out.extend_from_slice(line);
        return;
    }
    let (sent_by, rest) = match via.params.0 {
        [] => line.split_at(text::value_end(line, &text::UNTIL_COMMA)),
        params => {
            let start = offset(line, params);
            (&line[..start], &line[start + params.len()..])
        }
    };
    out.extend_from_slice(text::trim_end(sent_by));
    for param in kept {
        out.push(b';');
        out.extend_from_slice(param);
    }
    if rport {
        out.extend_from_slice(b";rport=");
        push_number(out, source.port().into());
    }
    if rport || differs {
        out.extend_from_slice(b";received=");
        push_ip(out, address);
    }
    out.extend_from_slice(rest);
}

/// Where `piece`, which was cut out of `line`, stands in it.
fn offset(line: &[u8], piece: &[u8]) -> usize {
    piece.as_ptr() as usize - line.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::push_via;

    fn printed(line: &str, source: &str) -> String {
        let mut out = vec![];
        push_via(&mut out, line.as_bytes(), source.parse().unwrap());
        String::from_utf8(out).unwrap()
    }

    /// RFC 3581 §6.1
    #[test]
    fn rport_is_filled_and_received_always_beside_it() {
        assert_eq!(
            printed("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", "192.0.2.1:9988"),
            "SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bKkjshdyff;rport=9988;received=192.0.2.1"
        );
        assert_eq!(
            printed("SIP/2.0/UDP 10.1.1.1;rport", "10.1.1.1:5060"),
            "SIP/2.0/UDP 10.1.1.1;rport=5060;received=10.1.1.1"
        );
    }

    /// RFC 3261 §18.2.1
    #[test]
    fn received_is_added_only_where_the_address_differs() {
        let line = "SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bKa";
        assert_eq!(printed(line, "192.0.2.4:7"), line);
        assert_eq!(printed(line, "[::ffff:192.0.2.4]:7"), line);
        assert_eq!(
            printed("SIP/2.0/TCP pc.example.com", "[2001:db8::9]:5"),
            "SIP/2.0/TCP pc.example.com;received=2001:db8::9"
        );
        let bracketed = "SIP/2.0/UDP [2001:db8::9];branch=1";
        assert_eq!(printed(bracketed, "[2001:db8::9]:5060"), bracketed);
    }

    /// SIP-07
    #[test]
    fn what_the_peer_claims_of_itself_is_replaced() {
        assert_eq!(
            printed("SIP/2.0/UDP a;received=9.9.9.9 ; RPORT=1;branch=b, SIP/2.0/TCP c", "10.0.0.1:2"),
            "SIP/2.0/UDP a;branch=b;rport=2;received=10.0.0.1, SIP/2.0/TCP c"
        );
    }
}
