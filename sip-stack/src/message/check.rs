//! What bytes must have to be a SIP message (RFC 3261 §8.1.1): the strict half of reading.

use std::sync::Arc;

use bytes::Bytes;

use super::{Message, Method, ParseError, Read};
use crate::{
    headers::{CSeq, NameAddr, Params, Via, params},
    name::Name,
    uri::Uri,
    wire::{Lines, Span, StartLine, lex_lines, read_start_line, text},
};

/// A message cut in pieces, nothing of it checked yet.
pub(super) struct Lexed {
    start: StartLine,
    lines: Lines,
    body_at: usize,
}

/// The values of the headers that may stand once only.
#[derive(Default)]
struct Singles {
    from: Option<Span>,
    to: Option<Span>,
    call_id: Option<Span>,
    cseq: Option<Span>,
    content_length: Option<Span>,
    max_forwards: Option<Span>,
    /// The first of possibly many lines.
    via: Option<Span>,
}

/// The topmost Via in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TopVia {
    transport: Span,
    host: Span,
    port: Option<u16>,
    params: Span,
    pub(super) branch: Option<Span>,
}

/// From or To in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Party {
    display: Span,
    uri: Span,
    params: Span,
    pub(super) tag: Option<Span>,
}

impl TopVia {
    pub(super) fn of(self, bytes: &[u8]) -> Via<'_> {
        let Self { transport, host, port, params, branch: _ } = self;
        Via { transport: transport.of(bytes), host: host.of(bytes), port, params: Params(params.of(bytes)) }
    }
}

impl Party {
    pub(super) fn of(self, bytes: &[u8]) -> NameAddr<'_> {
        let Self { display, uri, params, tag: _ } = self;
        NameAddr { display: display.of(bytes), uri: uri.of(bytes), params: Params(params.of(bytes)) }
    }
}

pub(super) fn lex(bytes: &[u8]) -> Result<Lexed, crate::wire::LexError> {
    let (start, headers_at) = read_start_line(bytes).map_err(crate::wire::LexError::Malformed)?;
    let (lines, body_at) = lex_lines(bytes, headers_at)?;
    Ok(Lexed { start, lines, body_at })
}

/// The message, if everything that decides its identity is there once and well-formed.
pub(super) fn check(mut bytes: Bytes, lexed: Lexed) -> Result<Message, ParseError> {
    let Lexed { start, lines, body_at } = lexed;
    let singles = Singles::collect(&lines)?;
    let (via, from, to, call_id) = singles.check_values(&bytes)?;
    let cseq_span = singles.cseq.ok_or(ParseError::Missing("CSeq"))?;
    let cseq = CSeq::parse(cseq_span.of(&bytes)).ok_or(ParseError::Header("CSeq"))?;
    let method = Method::from_token(cseq.method);
    let method_token = cseq_span.end_piece(cseq.method.len());
    if let StartLine::Request { method, uri } = start {
        if method.of(&bytes) != cseq.method {
            // RFC 4475 §3.1.2.16
            return Err(ParseError::Header("CSeq, its method is another"));
        }
        Uri::parse(uri.of(&bytes)).ok_or(ParseError::StartLine)?;
    }
    let end = match singles.content_length {
        None => bytes.len(),
        Some(length) => body_end(bytes.len(), body_at, length.of(&bytes))?,
    };
    let cseq = cseq.number;
    bytes.truncate(end);
    let body_at = body_at as u16;
    let read = Read { bytes, start, method, method_token, cseq, lines, body_at, via, from, to, call_id };
    Ok(Message { read: Arc::new(read) })
}

impl Singles {
    fn collect(lines: &Lines) -> Result<Self, ParseError> {
        let mut singles = Self::default();
        for line in lines {
            let (slot, name) = match line.name {
                Some(Name::From) => (&mut singles.from, "From"),
                Some(Name::To) => (&mut singles.to, "To"),
                Some(Name::CallId) => (&mut singles.call_id, "Call-ID"),
                Some(Name::CSeq) => (&mut singles.cseq, "CSeq"),
                Some(Name::ContentLength) => (&mut singles.content_length, "Content-Length"),
                Some(Name::MaxForwards) => (&mut singles.max_forwards, "Max-Forwards"),
                Some(Name::Via) => {
                    singles.via.get_or_insert(line.value);
                    continue;
                }
                _ => continue,
            };
            if slot.replace(line.value).is_some() {
                return Err(ParseError::Duplicate(name));
            }
        }
        Ok(singles)
    }

    fn check_values(&self, bytes: &[u8]) -> Result<(TopVia, Party, Party, Span), ParseError> {
        let via = check_vias(self.via.ok_or(ParseError::Missing("Via"))?, bytes)?;
        let from = check_party(self.from.ok_or(ParseError::Missing("From"))?, bytes, "From")?;
        let to = check_party(self.to.ok_or(ParseError::Missing("To"))?, bytes, "To")?;
        let call_id_span = self.call_id.ok_or(ParseError::Missing("Call-ID"))?;
        let call_id = call_id_span.of(bytes);
        // `word ["@" word]`; blanks would let two peers read two different ids.
        if call_id.is_empty() || call_id.iter().any(|b| *b <= b' ' || *b == 0x7f) {
            return Err(ParseError::Header("Call-ID"));
        }
        match self.max_forwards.map(|span| text::decimal(span.of(bytes))) {
            None | Some(Some(0..=255)) => Ok((via, from, to, call_id_span)),
            Some(_) => Err(ParseError::Header("Max-Forwards")),
        }
    }
}

/// Each value of the topmost line, so that a reply never has to guess where the first one ends.
fn check_vias(line: Span, bytes: &[u8]) -> Result<TopVia, ParseError> {
    let mut values = text::Commas::new(line.of(bytes));
    let mut branch = None;
    let top = values.next().and_then(|first| {
        Via::parse_noting(first, |param| {
            if branch.is_none() && param.name.eq_ignore_ascii_case(b"branch") {
                branch = Some(Span::within(bytes, params::unquote(param.value)));
            }
        })
    });
    match top {
        Some(via) if values.all(|value| Via::parse(value).is_some()) => Ok(TopVia {
            transport: Span::within(bytes, via.transport),
            host: Span::within(bytes, via.host),
            port: via.port,
            params: Span::within(bytes, via.params.0),
            branch,
        }),
        _ => Err(ParseError::Header("Via")),
    }
}

fn check_party(value: Span, bytes: &[u8], name: &'static str) -> Result<Party, ParseError> {
    let mut tag = None;
    let party = NameAddr::parse_noting(value.of(bytes), |param| {
        if tag.is_none() && param.name.eq_ignore_ascii_case(b"tag") {
            tag = Some(Span::within(bytes, params::unquote(param.value)));
        }
    });
    match party {
        Some(party) if party.uri != b"*" => Ok(Party {
            display: Span::within(bytes, party.display),
            uri: Span::within(bytes, party.uri),
            params: Span::within(bytes, party.params.0),
            tag,
        }),
        _ => Err(ParseError::Header(name)),
    }
}

/// Where the body ends by its announced length (RFC 3261 §18.3).
fn body_end(total: usize, body_at: usize, length: &[u8]) -> Result<usize, ParseError> {
    let length = text::decimal(length).ok_or(ParseError::Header("Content-Length"))?;
    let end = body_at.saturating_add(length as usize);
    if end > total { Err(ParseError::BodyTooShort) } else { Ok(end) }
}
