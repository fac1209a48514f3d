//! What a reseller does with customers, beside the table of tenants., LIC-13.

use config::{
    Kind,
    access::Verb,
    customers::opening::BEGINNING,
    resources::{licences::LICENCES, tenants::TENANTS},
};
use serde_json::{Map, Value, json};

use super::{Describe, ONE, WRITTEN, text};
use crate::{
    auth::Who,
    rest::openapi::{Group, answers::json_answer, id_parameter},
};

/// For who runs the program.
pub(super) fn group(who: &Who) -> Option<Group> {
    if !who.may(Verb::Create, &TENANTS) || !who.may(Verb::Edit, &TENANTS) {
        return None;
    }
    let mut group = Group {
        name: "Customers",
        about: "What a reseller does with a customer, beside its row among the tenants.",
        paths: Vec::new(),
    };
    opening(&mut group);
    usage(&mut group);
    selling(&mut group);
    let person = json!({ "type": "object", "properties": {
        "first_name": { "type": "string", "minLength": 1, "maxLength": 64 }, "last_name": { "type": "string", "maxLength": 64 },
        "email": { "type": "string", "format": "email", "maxLength": 254 },
    }, "required": ["first_name", "email"], "additionalProperties": false });
    let made = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "login": text(), "setup_link": { "type": "string", "description": "Told this once. It works once, for a week." },
    }, "required": ["id", "login", "setup_link"] });
    group
        .add(
            "/api/v1/tenants/{id}/administrator",
            "post",
            "appoint_administrator",
            "Make the first primary administrator",
        )
        .at(id_parameter())
        .takes_key()
        .body("application/json", person, true)
        .answers(json!({ "201": json_answer("They, with their setup link.", made) }), WRITTEN);
    Some(group)
}

fn opening(group: &mut Group) {
    let fields = TENANTS.settable().chain(BEGINNING.settable());
    let properties: Map<String, Value> =
        fields.map(|field| (field.name.to_owned(), kind(&field.kind))).collect();
    let customer = json!({ "type": "object", "properties": properties, "required": ["name", "domain"], "additionalProperties": false });
    let made = json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
    let about = "Add a customer with site, numbers, licences and first administrator, or nothing";
    group
        .add("/api/v1/customers", "post", "open_customer", about)
        .takes_key()
        .body("application/json", customer, true)
        .answers(json!({ "201": json_answer("The row of `tenants`.", made) }), WRITTEN);
}

fn usage(group: &mut Group) {
    let number = || json!({ "type": "integer" });
    let usage = json!({ "type": "object", "properties": {
        "cm_id": text(), "domain": text(), "customer_group": { "type": ["string", "null"] }, "suspended": { "type": "boolean" },
        "users": number(), "devices": number(), "numbers": number(), "calls_this_month": number(),
        "licences_in_use": number(),
        "licences_sold": { "type": ["integer", "null"], "description": "null: one of them is without limit." },
    }, "required": ["cm_id", "domain", "suspended", "users", "devices", "numbers", "calls_this_month", "licences_in_use"] });
    group
        .add("/api/v1/tenants/{id}/usage", "get", "get_usage", "What a customer has and does")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("Its usage.", usage) }), ONE);
}

fn selling(group: &mut Group) {
    let kinds = match LICENCES.field("kind").map(|field| field.kind) {
        Some(Kind::Choice(kinds)) => kinds.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let quantity = json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000, "description": "null is without limit." });
    let licence = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "name": text(), "kind": { "enum": kinds }, "quantity": quantity, "in_use": { "type": "integer" },
    }, "required": ["id", "name", "kind", "quantity", "in_use"] });
    let bought = json!({ "type": "object", "properties": { "items": { "type": "array", "items": licence }, "total": { "type": "integer" } }, "required": ["items", "total"] });
    let sale = json!({ "type": "object", "properties": {
        "id": { "type": ["integer", "null"], "minimum": 1, "maximum": 9_007_199_254_740_991_i64, "description": "One that it has; without, a new one with `name` and `kind`." },
        "name": { "type": ["string", "null"], "maxLength": 64 }, "kind": { "enum": kinds }, "quantity": quantity,
    }, "required": ["quantity"], "additionalProperties": false });
    let sales = json!({ "type": "object", "properties": { "licences": { "type": "array", "maxItems": 100, "items": sale } }, "required": ["licences"], "additionalProperties": false });
    let at = "/api/v1/tenants/{id}/licences";
    group
        .add(at, "get", "list_customer_licences", "What a customer has bought")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("All of them.", bought.clone()) }), ONE);
    group
        .add(at, "patch", "sell_licences", "How many of each licence a customer has; all of it, or nothing")
        .at(id_parameter())
        .takes_key()
        .body("application/json", sales, true)
        .answers(json!({ "200": json_answer("What it has now.", bought) }), WRITTEN);
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number { min, max, .. } => {
            json!({ "type": ["integer", "null"], "minimum": min, "maximum": max })
        }
        _ => text(),
    }
}
