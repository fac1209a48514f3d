//! INFO within the dialog (RFC 6086): handed up, answered at once.

use std::time::Instant;

use super::Invite;
use crate::{
    Message, Name, Response,
    event::Event,
    transaction::layer::{Layer, ServerId},
};

impl Invite {
    pub(super) fn hear_info(&mut self, now: Instant, layer: &mut Layer, server: ServerId, request: &Message) {
        layer.respond(now, server, &Response::new(200), None);
        let kind = request.header(Name::ContentType).unwrap_or_default();
        let content_type = String::from_utf8_lossy(kind).into_owned();
        self.tell(layer, Event::Info { id: self.id, content_type, body: request.body() });
    }
}
