//! Which methods an address takes from whoever asks, and what a request with another one is told (RFC 9110 §15.5.6). What
//! somebody may not do is neither in their `Allow` nor in their OpenAPI document.

use axum::{
    http::{Method, Uri},
    response::Response,
};
use config::{Resource, access::Verb, resources};

use crate::{auth::Who, error::Fault};

/// An address of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Table,
    Row,
    Bulk,
    /// Of one secret field of a row.
    Secret,
    /// Of a file for one field.
    Upload,
}

/// The methods of a place, in the letters of an OpenAPI document.
pub(super) fn at(who: &Who, of: &Resource, place: Place) -> Vec<&'static str> {
    let may = |verb| who.may(verb, of);
    let all: &[(&'static str, bool)] = match place {
        Place::Table if of.single => &[("get", true), ("patch", may(Verb::Edit))],
        Place::Table => &[("get", true), ("post", may(Verb::Create))],
        Place::Row => &[
            ("get", true),
            ("patch", may(Verb::Edit)),
            ("put", may(Verb::Edit)),
            ("delete", may(Verb::Delete)),
        ],
        Place::Bulk => &[("post", !of.single && (may(Verb::Edit) || may(Verb::Delete)))],
        Place::Secret => &[("post", may(Verb::Edit))],
        Place::Upload => &[("put", may(Verb::Edit) || may(Verb::Create))],
    };
    all.iter().filter(|(_, may)| *may).map(|(method, _)| *method).collect()
}

/// The refusal of a method at a place of a table.
pub(super) fn refused(who: &Who, of: &Resource, place: Place) -> Fault {
    let mut allowed: Vec<String> = at(who, of, place).iter().map(|method| method.to_uppercase()).collect();
    if let Some(get) = allowed.iter().position(|method| method == "GET") {
        allowed.insert(get + 1, "HEAD".to_owned());
    }
    Fault::Method(allowed.join(", "))
}

/// Whether a method is refused where it is sent, whatever else the request holds: there is none such, or none for them.
pub(super) fn is_refused(who: &Who, method: &Method, path: &str) -> bool {
    let name = method.as_str().to_ascii_lowercase();
    place_of(who, path).is_some_and(|(of, place)| !at(who, of, place).contains(&name.as_str()))
}

/// Answers a method that no handler takes.
pub(crate) async fn fallback(who: Who, uri: Uri) -> Response {
    match place_of(&who, uri.path()) {
        Some((of, place)) => refused(&who, of, place).problem(),
        // The router names what it has there.
        None => Fault::Method(String::new()).problem(),
    }
}

fn place_of(who: &Who, path: &str) -> Option<(&'static Resource, Place)> {
    let path = path.strip_prefix("/api/v1/").unwrap_or_default();
    let mut segments = path.split('/');
    let of = segments.next().and_then(resources::by_name).filter(|of| who.may_see(of));
    let place = match segments.collect::<Vec<_>>()[..] {
        [] => Some(Place::Table),
        ["bulk"] => Some(Place::Bulk),
        // What a table of one row has beside it is no row.
        ["test"] if of.is_some_and(|of| of.single) => None,
        [_] => Some(Place::Row),
        ["upload", _] => Some(Place::Upload),
        [_, _, "renew"] => Some(Place::Secret),
        _ => None,
    };
    of.zip(place)
}
