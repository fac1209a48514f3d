//! What is somebody's own, for programs that act for one person: `/api/v1/me`; and what an administrator asks of a phone or a trunk.

use config::{
    access::Verb,
    contacts::FIELDS,
    resources::{devices::DEVICES, trunks::TRUNKS, users::USERS},
};
use serde_json::{Map, Value, json};

use super::{Describe, LISTED, MOMENT, ONE, WRITTEN, page, text, text_id};
use crate::{
    auth::Who,
    pages::{contacts, own_calls, profile},
    rest::openapi::{Group, answers::json_answer, id_parameter},
};

/// What is open to somebody.
pub(super) fn groups(who: &Who) -> Vec<Group> {
    let (see, change) = (who.may(Verb::View, &USERS), who.may(Verb::Edit, &USERS));
    let mut groups = Vec::new();
    if see {
        groups.extend([me(change), history(change), contacts_of(change), checks()]);
    }
    if who.may_see(&DEVICES) {
        groups.push(phones());
    }
    if who.may_write(&TRUNKS) {
        groups.push(trunks());
    }
    groups
}

fn me(change: bool) -> Group {
    let mut group = Group {
        name: "Me",
        about: "Who owns the key, or is signed in, and where their calls go.",
        paths: Vec::new(),
    };
    let mut fields: Map<String, Value> = profile::api_names().map(|name| (name.to_owned(), text())).collect();
    let mut changed = fields.clone();
    changed.remove("email");
    fields.extend([
        ("extension".to_owned(), text()),
        ("id".to_owned(), json!({ "type": "integer" })),
        ("may_place_calls".to_owned(), json!({ "type": "boolean" })),
    ]);
    let whole = json!({ "type": "object", "properties": fields, "required": ["id", "may_place_calls"] });
    group
        .add("/api/v1/me", "get", "get_me", "Profile and settings")
        .answers(json!({ "200": json_answer("They.", whole.clone()) }), LISTED);
    if change {
        let body = json!({ "type": "object", "properties": changed, "additionalProperties": false });
        group
            .add(
                "/api/v1/me",
                "patch",
                "change_me",
                "Change what is given; the e-mail address is changed on the page",
            )
            .takes_key()
            .body("application/json", body, true)
            .answers(json!({ "200": json_answer("They as they are now.", whole) }), WRITTEN);
    }
    let answering = json!({ "type": "object", "properties": {
        "rule": text(), "until": { "type": ["string", "null"] }, "do_not_disturb": { "type": "boolean" },
        "forward_always": {}, "forward_busy": {}, "forward_no_answer": {}, "night": { "type": "boolean" },
        "passed_over": { "type": "array" },
    }, "required": ["rule", "do_not_disturb", "night"] });
    group
        .add(
            "/api/v1/me/answering",
            "get",
            "get_answering",
            "What becomes of a call right now, and by which rule",
        )
        .answers(json!({ "200": json_answer("What is in force.", answering) }), ONE);
    let phone = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "name": text(), "kind": text(), "ring": text(), "in_call": { "type": "boolean" },
        "contacts": { "type": "array" },
    }, "required": ["id", "name", "kind", "ring", "in_call", "contacts"] });
    group
        .add("/api/v1/me/phones", "get", "list_my_phones", "Phones, and whether they are registered")
        .answers(json!({ "200": json_answer("All of them.", all(phone)) }), LISTED);
    group
        .add("/api/v1/me/phone-check", "get", "check_my_phones", "Why does my phone not ring?")
        .answers(json!({ "200": json_answer("What was looked at.", found()) }), ONE);
    group
        .add("/api/v1/me/mail-check", "get", "check_my_mail", "Why does my mail not arrive?")
        .answers(json!({ "200": json_answer("What was looked at.", arrives()) }), ONE);
    if change {
        let report = json!({ "type": "object", "properties": {
            "what": { "type": "string", "minLength": 1 }, "error": text(), "feature": text(), "steps": text(), "call": text(),
        }, "required": ["what"], "additionalProperties": false });
        group
            .add("/api/v1/me/reports", "post", "report", "Report a problem to whoever helps")
            .takes_key()
            .body("application/json", report, true)
            .answers(
                json!({ "202": json_answer("It is on its way.", json!({ "type": "object" })) }),
                WRITTEN,
            );
    }
    group
}

fn history(change: bool) -> Group {
    let mut group = Group {
        name: "My calls",
        about: "One's own calls, as they were and as they are.",
        paths: Vec::new(),
    };
    let call = json!({ "type": "object", "properties": {
        "id": text(), "type": text(), "result": text(), "number": text(), "name": text(), "started_at": MOMENT.json(),
        "answered_at": MOMENT.or_null(), "ended_at": MOMENT.or_null(), "device": { "type": ["integer", "null"] },
    }, "required": ["id", "type", "number", "started_at"] });
    let list = page(call.clone(), json!({ "type": ["string", "null"] }));
    group
        .add("/api/v1/me/call-history", "get", "list_my_history", "Search one's own calls, newest first")
        .takes(&own_calls::PARAMETERS)
        .answers(json!({ "200": json_answer("A page.", list), super::TOO_LONG: super::too_long() }), LISTED);
    group
        .add("/api/v1/me/call-history/{id}", "get", "get_my_call", "One of them")
        .at(text_id())
        .answers(json!({ "200": json_answer("The call.", call) }), ONE);
    let running = json!({ "type": "object", "properties": { "id": text(), "state": text() }, "required": ["id", "state"] });
    group
        .add("/api/v1/me/calls", "get", "list_my_calls", "One's own calls that are up")
        .answers(json!({ "200": json_answer("All of them.", all(running)) }), LISTED);
    let blocked = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "number": text(), "note": text(), "since": text(),
    }, "required": ["id", "number"] });
    group
        .add("/api/v1/me/blocked-callers", "get", "list_my_blocked", "Callers who do not reach one")
        .answers(json!({ "200": json_answer("All of them.", all(blocked)) }), LISTED);
    if change {
        placing(&mut group);
        blocking(&mut group);
    }
    group
}

fn placing(group: &mut Group) {
    let order = json!({ "type": "object", "properties": {
        "number": { "type": "string", "pattern": "^\\+?[0-9*#]{1,20}$" },
        "device": { "type": ["integer", "null"], "minimum": 1, "maximum": 9_007_199_254_740_991_i64, "description": "One of one's phones; all ring if none is given." },
        "extension": { "type": ["string", "null"], "description": "Where one sits, instead of `device`." },
    }, "required": ["number"], "additionalProperties": false });
    group
        .add("/api/v1/me/calls", "post", "place_call", "Call a number: the own phone rings first")
        .takes_key()
        .body("application/json", order, true)
        .answers(json!({ "202": json_answer("It is placed.", made()) }), WRITTEN);
    group
        .add("/api/v1/me/calls/{id}", "delete", "cancel_my_call", "Cancel a call that was placed, or hang up")
        .at(text_id())
        .takes_key()
        .answers(json!({ "204": { "description": "It ends." } }), WRITTEN);
}

fn blocking(group: &mut Group) {
    let caller = json!({ "type": "object", "properties": { "number": { "type": "string", "minLength": 1 }, "note": text() }, "required": ["number"], "additionalProperties": false });
    group
        .add("/api/v1/me/blocked-callers", "post", "block_caller", "Block a caller")
        .takes_key()
        .body("application/json", caller, true)
        .answers(json!({ "201": json_answer("Blocked.", json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] })) }), WRITTEN);
    group
        .add("/api/v1/me/blocked-callers/{id}", "delete", "unblock_caller", "Unblock a caller")
        .at(id_parameter())
        .takes_key()
        .answers(json!({ "204": { "description": "They reach one again." } }), WRITTEN);
}

fn contacts_of(change: bool) -> Group {
    let mut group = Group {
        name: "My contacts",
        about: "One's own contacts; what all share is the table.",
        paths: Vec::new(),
    };
    let person = json!({ "type": "object", "properties": {
        "kind": text(), "id": { "type": "integer" }, "name": text(), "organization": text(), "group": text(),
        "extension": text(), "numbers": { "type": "array" }, "email": text(), "favourite": { "type": "boolean" },
    }, "required": ["kind", "id", "name"] });
    let list = json!({ "type": "object", "properties": { "rows": { "type": "array", "items": person }, "next": { "type": ["string", "null"] } }, "required": ["rows", "next"] });
    group
        .add("/api/v1/me/contacts", "get", "list_my_contacts", "Search contacts")
        .takes(&contacts::api::PARAMETERS)
        .answers(
            json!({ "200": json_answer("At most 200.", list), super::TOO_LONG: super::too_long() }),
            LISTED,
        );
    let one = json!({ "type": "object", "properties": { "id": { "type": "integer" }, "version": { "type": "integer" }, "values": { "type": "object" } }, "required": ["id", "version", "values"] });
    group
        .add("/api/v1/me/contacts/{id}", "get", "get_my_contact", "One of one's own")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("The contact.", one) }), ONE);
    if change {
        let fields: Map<String, Value> = FIELDS
            .settable()
            .filter(|field| !field.read_only)
            .map(|field| (field.name.to_owned(), text()))
            .collect();
        let contact = json!({ "type": "object", "properties": fields, "additionalProperties": false });
        let id =
            json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
        group
            .add("/api/v1/me/contacts", "post", "add_my_contact", "Add one")
            .takes_key()
            .body("application/json", contact.clone(), true)
            .answers(json!({ "201": json_answer("Added.", id.clone()) }), WRITTEN);
        group
            .add("/api/v1/me/contacts/{id}", "patch", "change_my_contact", "Change the fields that are given")
            .at(id_parameter())
            .takes_key()
            .body("application/json", contact, true)
            .answers(json!({ "200": json_answer("Changed.", id) }), WRITTEN);
        group
            .add("/api/v1/me/contacts/{id}", "delete", "delete_my_contact", "Delete one")
            .at(id_parameter())
            .takes_key()
            .answers(json!({ "204": { "description": "It is gone." } }), WRITTEN);
        group
            .add(
                "/api/v1/me/contacts/import",
                "post",
                "import_my_contacts",
                "Add those of a file of Outlook, Google or Apple, all or none",
            )
            .takes_key()
            .body("text/csv", text(), true)
            .answers(json!({ "200": json_answer("What was added.", json!({})) }), WRITTEN);
    }
    let numbers = json!({ "name": "number", "in": "query", "required": false, "description": "Repeated; the first 200 are looked up.", "schema": { "type": "array", "items": { "type": "string" } } });
    let row = json!({ "type": "object", "properties": { "number": text(), "contact": {} }, "required": ["number", "contact"] });
    let rows = json!({ "type": "object", "properties": { "rows": { "type": "array", "items": row } }, "required": ["rows"] });
    group
        .add("/api/v1/me/known-numbers", "get", "known_numbers", "Whom numbers belong to")
        .at(numbers)
        .answers(
            json!({ "200": json_answer("One row a number.", rows), super::TOO_LONG: super::too_long() }),
            LISTED,
        );
    group
}

fn checks() -> Group {
    let mut group = Group {
        name: "Checks",
        about: "Why somebody's phone does not ring, or their mail does not arrive.",
        paths: Vec::new(),
    };
    group
        .add("/api/v1/users/{id}/mail-check", "get", "check_mail", "Why does their mail not arrive?")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("What was looked at.", arrives()) }), ONE);
    group
        .add("/api/v1/users/{id}/phone-check", "get", "check_phones", "Why does their phone not ring?")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("What was looked at.", found()) }), ONE);
    group
}

fn phones() -> Group {
    let mut group = Group { name: "Phones", about: "What a phone is told to do.", paths: Vec::new() };
    let how = json!({ "type": "object", "properties": { "reboot": { "type": "boolean" } }, "additionalProperties": false });
    let told = json!({ "type": "object", "properties": { "told": { "type": "boolean", "description": "Whether it is registered, so that it could be told." } }, "required": ["told"] });
    group
        .add(
            "/api/v1/devices/{id}/resync",
            "post",
            "resync",
            "Have a phone fetch its settings, or start anew",
        )
        .at(id_parameter())
        .takes_key()
        .body("application/json", how, false)
        .answers(json!({ "202": json_answer("What came of it.", told) }), WRITTEN);
    group
}

fn trunks() -> Group {
    let mut group = Group {
        name: "Test calls",
        about: "A trunk is tried by a call, whatever the outbound routes say.",
        paths: Vec::new(),
    };
    let order = json!({ "type": "object", "properties": {
        "number": { "type": "string", "pattern": "^(\\+[0-9]{1,20}|[0-9]{7,20})$" },
        "device": { "type": ["integer", "null"], "minimum": 1, "maximum": 9_007_199_254_740_991_i64, "description": "One of one's phones; all ring if none is given." },
        "extension": { "type": ["string", "null"], "description": "Where one sits, instead of `device`." },
    }, "required": ["number"], "additionalProperties": false });
    let test = json!({ "type": "object", "properties": {
        "id": text(), "number": text(), "author": text(), "at_ms": { "type": "integer" }, "state": text(),
        "answered": { "type": "boolean" }, "cause": text(), "said": { "type": "string", "description": "What the trunk said, or why it was not tried." },
    }, "required": ["id", "number", "state", "answered"] });
    group
        .add("/api/v1/trunks/{id}/test-calls", "get", "list_test_calls", "What came of the last test calls")
        .at(id_parameter())
        .answers(json!({ "200": json_answer("The newest first.", all(test)) }), ONE);
    group
        .add(
            "/api/v1/trunks/{id}/test-calls",
            "post",
            "place_test_call",
            "Call a number by this trunk alone: the own phone rings first",
        )
        .at(id_parameter())
        .takes_key()
        .body("application/json", order, true)
        .answers(json!({ "202": json_answer("It is placed.", made()) }), WRITTEN);
    group
}

fn found() -> Value {
    looked_at("rings")
}

fn arrives() -> Value {
    looked_at("arrives")
}

/// What was checked, and under `well` whether all of it is in order.
fn looked_at(well: &str) -> Value {
    let check = json!({ "type": "object", "properties": { "check": text(), "good": { "type": "boolean" }, "sentence": text() }, "required": ["check", "good", "sentence"] });
    json!({ "type": "object", "properties": { well: { "type": "boolean" }, "answer": text(), "checks": { "type": "array", "items": check } }, "required": [well, "answer", "checks"] })
}

fn all(item: Value) -> Value {
    json!({ "type": "object", "properties": { "items": { "type": "array", "items": item }, "total": { "type": "integer" } }, "required": ["items", "total"] })
}

fn made() -> Value {
    json!({ "type": "object", "properties": { "id": text() }, "required": ["id"] })
}
