//! A body of several parts: the offer, and what goes with it (RFC 5621 §3, RFC 2046 §5.1).

use bytes::Bytes;

use super::SDP;
use crate::event::Part;

/// The body of an INVITE that carries more than an offer; `None` if the offer is all.
pub(super) fn body(offer: Option<&Bytes>, parts: &[Part]) -> Option<Vec<u8>> {
    if parts.is_empty() {
        return None;
    }
    let mut body = Vec::new();
    if let Some(offer) = offer {
        push(&mut body, SDP, None, offer);
    }
    for part in parts {
        push(&mut body, part.kind, Some(&part.id), &part.body);
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Some(body)
}

fn push(out: &mut Vec<u8>, kind: &str, id: Option<&str>, body: &[u8]) {
    out.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Type: {kind}\r\n").as_bytes());
    if let Some(id) = id {
        // By reference: whoever does not know the kind may leave it (RFC 6442 §4.1).
        let handling = "Content-Disposition: by-reference;handling=optional";
        out.extend_from_slice(format!("Content-ID: <{id}>\r\n{handling}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}

/// Content-Type of such a body.
pub(super) const KIND: &str = "multipart/mixed;boundary=dialtone-part-7f3a9c";
/// In no description and no XML that we write.
const BOUNDARY: &str = "dialtone-part-7f3a9c";
