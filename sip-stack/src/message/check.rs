//! What bytes must have to be a SIP message (RFC 3261 §8.1.1): the strict half of reading.

use super::{Facts, Method, ParseError};
use crate::{
    headers::{CSeq, NameAddr, Params, Via, params},
    name::Name,
    uri::Uri,
    wire::{Lines, Span, StartLine, lex_lines, read_start_line, text},
};

/// A message cut in pieces, nothing of it checked yet.
pub(super) struct Lexed {
    start: StartLine,
    pub(super) lines: Lines,
    body_at: usize,
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

/// What the message says, and where it ends, if everything that decides its identity is there once and well-formed.
pub(super) fn check(bytes: &[u8], lexed: &Lexed) -> Result<(Facts, usize), ParseError> {
    let Lexed { start, lines, body_at } = lexed;
    let (start, body_at) = (*start, *body_at);
    if let Some(name) = SINGLES.iter().find(|name| lines.is_repeated(**name)) {
        return Err(ParseError::Duplicate(name.as_str()));
    }
    let need = |name: Name| lines.first(name).ok_or(ParseError::Missing(name.as_str()));
    let via = check_vias(need(Name::Via)?, bytes)?;
    let from = check_party(need(Name::From)?, bytes, "From")?;
    let to = check_party(need(Name::To)?, bytes, "To")?;
    let call_id = check_call_id(need(Name::CallId)?, bytes)?;
    if let Some(hops) = lines.first(Name::MaxForwards) {
        text::decimal(hops.of(bytes))
            .filter(|hops| *hops <= 255)
            .ok_or(ParseError::Header("Max-Forwards"))?;
    }
    let (cseq, method, method_token) = check_cseq(need(Name::CSeq)?, bytes)?;
    if let StartLine::Request { method, uri } = start {
        if method.of(bytes) != method_token.of(bytes) {
            // RFC 4475 §3.1.2.16
            return Err(ParseError::Header("CSeq, its method is another"));
        }
        Uri::parse_visible(uri.of(bytes)).ok_or(ParseError::StartLine)?;
    }
    let end = match lines.first(Name::ContentLength) {
        None => bytes.len(),
        Some(length) => body_end(bytes.len(), body_at, length.of(bytes))?,
    };
    let body_at = body_at as u16;
    Ok((Facts { start, method, method_token, cseq, body_at, via, from, to, call_id }, end))
}

/// `word ["@" word]`; blanks would let two peers read two different ids.
fn check_call_id(value: Span, bytes: &[u8]) -> Result<Span, ParseError> {
    let call_id = value.of(bytes);
    if call_id.is_empty() || !text::is_all(&text::VISIBLE, call_id) {
        return Err(ParseError::Header("Call-ID"));
    }
    Ok(value)
}

fn check_cseq(value: Span, bytes: &[u8]) -> Result<(u32, Method, Span), ParseError> {
    let cseq = CSeq::parse(value.of(bytes)).ok_or(ParseError::Header("CSeq"))?;
    Ok((cseq.number, Method::from_token(cseq.method), value.end_piece(cseq.method.len())))
}

/// Each value of the topmost line, so that a reply never has to guess where the first one ends.
fn check_vias(line: Span, bytes: &[u8]) -> Result<TopVia, ParseError> {
    let line = line.of(bytes);
    // Nearly always one value stands in a line.
    let is_single = memchr::memchr(b',', line).is_none();
    let mut values = text::Commas::new(if is_single { b"" } else { line });
    let mut branch = None;
    let top = if is_single { Some(line) } else { values.next() };
    let top = top.and_then(|first| {
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

/// What may stand once only.
const SINGLES: [Name; 6] =
    [Name::From, Name::To, Name::CallId, Name::CSeq, Name::ContentLength, Name::MaxForwards];
