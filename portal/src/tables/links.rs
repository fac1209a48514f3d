//! Buttons above a list that lead to a page of its own about the same rows.

use askama::Template;
use config::{
    Resource,
    resources::{devices::DEVICES, feature_codes::FEATURE_CODES, inbound_routes::INBOUND_ROUTES},
};

use crate::error::Fault;

#[derive(Template)]
#[template(path = "parts/card_link.html")]
struct Card;

#[derive(Template)]
#[template(path = "parts/routing_link.html")]
struct Routing;

#[derive(Template)]
#[template(path = "parts/hotdesk_link.html")]
struct Hotdesk;

/// The button of a table; blank for one that has none.
pub(super) fn of(table: &Resource) -> Result<String, Fault> {
    Ok(match table.name {
        // HD-02
        name if name == DEVICES.name => Hotdesk.render()?,
        //
        name if name == INBOUND_ROUTES.name => Routing.render()?,
        //
        name if name == FEATURE_CODES.name => Card.render()?,
        _ => String::new(),
    })
}
