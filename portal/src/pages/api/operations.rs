//! What the OpenAPI document says of what is no table: calls, the live stream, the audit log, the history, trials, import and
//! export, mail. OPS-15.

mod actions;
mod own;
mod reselling;

use config::{
    access::Verb,
    resources::{inbound_routes::INBOUND_ROUTES, users::USERS},
};
use serde_json::{Map, Value, json};

use crate::{
    auth::Who,
    entry,
    pages::{audit, call_list, history, routing as call_flow, simulator, transfer},
    rest::{
        openapi::{
            Group,
            answers::{Faults, TOO_LONG, json_answer, with_faults},
            id_parameter, idempotency_key,
        },
        param::Param,
    },
};

/// What is open to somebody.
pub(super) fn groups(who: &Who) -> Vec<Group> {
    let mut groups = vec![calls(), live()];
    if entry::allowed(who).is_ok() {
        groups.extend([audit_log(), revisions(entry::may_restore(who)), trials()]);
    }
    if entry::may_restore(who) {
        groups.push(whole());
    }
    if who.may(Verb::Edit, &USERS) {
        groups.push(pins());
    }
    if who.viewer.level >= 2 {
        groups.push(simulation());
    }
    if who.may_see(&INBOUND_ROUTES) {
        groups.push(routing());
    }
    if who.may_see_mail() {
        groups.push(mail());
    }
    groups.extend(reselling::group(who));
    groups.extend(own::groups(who));
    groups.push(actions::group(who));
    groups
}

fn pins() -> Group {
    let mut group = Group {
        name: "PINs",
        about: "The digits by which users prove themselves at a phone that is not their own. Nobody can read them.",
        paths: Vec::new(),
    };
    let pin = json!({ "type": "object", "properties": { "pin": { "type": "string", "pattern": "^[0-9]{4,8}$" } }, "required": ["pin"], "additionalProperties": false });
    group
        .add("/api/v1/users/{id}/pin", "put", "set_pin", "Set a user's PIN")
        .at(id_parameter())
        .takes_key()
        .body("application/json", pin, true)
        .answers(json!({ "204": { "description": "It is set." } }), WRITTEN);
    group
        .add("/api/v1/users/{id}/pin", "delete", "remove_pin", "Take a user's PIN away")
        .at(id_parameter())
        .takes_key()
        .answers(json!({ "204": { "description": "There is none any more." } }), WRITTEN);
    group
}

fn simulation() -> Group {
    let mut group = Group {
        name: "Simulation",
        about: "What would become of a call, and which rule decides each step. Nobody is rung, nothing is changed.",
        paths: Vec::new(),
    };
    let properties = json!({
        "revision": { "type": "integer" }, "answered_by": text(), "cause": text(), "took_ms": { "type": "integer" },
        "trace": {},
    });
    let came = json!({
        "type": "object", "properties": properties, "required": ["revision", "answered_by", "cause", "took_ms", "trace"],
    });
    group
        .add("/api/v1/simulation", "get", "simulate_call", "What would become of a call")
        .takes(&simulator::PARAMETERS)
        .answers(json!({ "200": json_answer("How it goes.", came), TOO_LONG: too_long() }), ASKED);
    group
}

fn routing() -> Group {
    let mut group = Group {
        name: "Call flow",
        about: "Where calls from outside go at a moment: what the inbound routes come to.",
        paths: Vec::new(),
    };
    let route = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "name": text(), "enabled": { "type": "boolean" }, "open": { "type": "boolean" },
        "why": text(), "to": text(), "numbers": { "type": "array", "items": text() },
    }, "required": ["id", "name", "enabled", "open", "to", "numbers"] });
    let held = json!({ "type": "object", "properties": {
        "number": text(), "table": text(), "id": { "type": "integer" }, "name": text(),
    }, "required": ["number", "table", "id", "name"] });
    let flow = json!({ "type": "object", "properties": {
        "at": MOMENT.json(), "routes": { "type": "array", "items": route },
        "bypassing": { "type": "array", "items": held }, "nowhere": { "type": "array", "items": text() },
    }, "required": ["at", "routes", "bypassing", "nowhere"] });
    group
        .add("/api/v1/routing", "get", "get_routing", "Where calls from outside go now, or at another time")
        .takes(&call_flow::PARAMETERS)
        .answers(json!({ "200": json_answer("The ways.", flow), TOO_LONG: too_long() }), ASKED);
    group
}

fn calls() -> Group {
    let mut group = Group {
        name: "Calls",
        about: "The calls of the past: who called whom, and why it went where it went.",
        paths: Vec::new(),
    };
    let call = |more: Value| {
        let mut properties = json!({
            "id": { "type": "string" }, "started_at": MOMENT.json(), "answered_at": MOMENT.or_null(),
            "ended_at": MOMENT.or_null(), "caller_number": text(), "caller_name": text(), "dialled": text(),
            "answered_by": text(), "outcome": text(), "cause": text(), "revision": { "type": "integer" },
            "signature": { "type": "string", "enum": ["", "verified", "failed", "none"] },
        });
        merge(&mut properties, more);
        json!({ "type": "object", "properties": properties, "required": ["id", "started_at", "outcome"] })
    };
    let list = page(call(json!({})), json!({ "type": ["string", "null"] }));
    group
        .add("/api/v1/calls", "get", "list_calls", "Search calls, newest first")
        .takes(&call_list::PARAMETERS)
        .answers(json!({ "200": json_answer("A page.", list), TOO_LONG: too_long() }), LISTED);
    let whole = call(
        json!({ "trace": {}, "legs": {}, "ladder": { "type": "array" }, "live": { "type": ["object", "null"] } }),
    );
    group
        .add("/api/v1/calls/{id}", "get", "get_call", "One call with its decisions, parties and SIP messages")
        .at(text_id())
        .answers(json!({ "200": json_answer("The call.", whole) }), ONE);
    group
}

fn live() -> Group {
    let mut group = Group { name: "Live", about: "What is going on right now.", paths: Vec::new() };
    let leg = json!({ "type": "object", "properties": { "party": text(), "address": text(), "state": text(), "codec": text() }, "required": ["party", "state"] });
    let call = json!({ "type": "object", "properties": {
        "id": text(), "started_at": MOMENT.json(), "answered_at": MOMENT.or_null(), "caller_number": text(),
        "caller_name": text(), "dialled": text(), "state": text(), "revision": { "type": "integer" },
        "legs": { "type": "array", "items": leg },
    }, "required": ["id", "started_at", "state", "legs"] });
    let list = json!({ "type": "object", "properties": { "items": { "type": "array", "items": call }, "total": { "type": "integer" } }, "required": ["items", "total"] });
    group
        .add("/api/v1/live/calls", "get", "list_live_calls", "Every call that is up, oldest first")
        .answers(json!({ "200": json_answer("All of them.", list) }), &[]);
    let lamp = json!({ "type": "object", "properties": {
        "number": text(), "state": text(), "package": text(), "device": { "type": "integer" }, "device_name": text(),
        "expires_at": MOMENT.json(),
    }, "required": ["number", "state", "package", "device", "expires_at"] });
    let lamps = json!({ "type": "object", "properties": { "items": { "type": "array", "items": lamp }, "total": { "type": "integer" } }, "required": ["items", "total"] });
    group
        .add("/api/v1/live/lamps", "get", "list_lamps", "Which phones watch what, and how that stands")
        .answers(json!({ "200": json_answer("At most 500 of them.", lamps) }), &[]);
    group
        .add("/api/v1/live/calls/{id}", "delete", "hang_up", "Hang up")
        .at(text_id())
        .takes_key()
        .answers(json!({ "204": { "description": "It ends." } }), WRITTEN);
    let asked = json!({ "type": "object", "properties": { "to": { "type": "string", "minLength": 1, "maxLength": 34, "pattern": "^[0-9+*#]+$" }, "who": { "enum": ["caller", "callee"], "default": "caller" } }, "required": ["to"], "additionalProperties": false });
    group
        .add(
            "/api/v1/live/calls/{id}/transfer",
            "post",
            "transfer",
            "Send one party of a call to a number, as the other party would",
        )
        .at(text_id())
        .takes_key()
        .body("application/json", asked, true)
        .answers(
            json!({ "202": { "description": "It is tried; the call's decisions tell what became of it." } }),
            WRITTEN,
        );
    let stream = "Server-sent events. `call` and `call_ended`: a call that is up began, changed, ended. `device`: `{\"id\":…,\"registered\":…}`. \
        `configuration`: `{\"revision\":…}` took effect. `beat` every two seconds. What is up when the stream begins comes first.";
    group.add("/api/v1/live/events", "get", "events", "Follow calls, phones and the configuration").answers(
        json!({ "200": { "description": stream, "content": { "text/event-stream": { "schema": { "type": "string" } } } } }),
        &[],
    );
    group
}

fn audit_log() -> Group {
    let mut group = Group {
        name: "Audit log",
        about: "Who changed what, with the values before and after.",
        paths: Vec::new(),
    };
    let entry = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "at_ms": MOMENT.json(), "author": text(), "address": text(), "via": text(), "action": text(),
        "table": text(), "row": { "type": "integer" }, "title": text(), "revision": { "type": "integer" },
        "undoes": { "type": ["integer", "null"] }, "undone_by": { "type": ["integer", "null"] },
        "changes": { "type": "object" }, "shown": { "type": "object" },
    }, "required": ["id", "at_ms", "author", "action", "table", "row", "title", "revision", "changes"] });
    let mut list = page(entry, json!({ "type": ["integer", "null"] }));
    list["properties"]["total"] = json!({ "type": "integer" });
    group
        .add("/api/v1/audit", "get", "list_audit", "Search the audit log, newest first")
        .takes(&audit::PARAMETERS)
        .answers(json!({ "200": json_answer("A page.", list), TOO_LONG: too_long() }), LISTED);
    let undone = json!({ "type": "object", "properties": { "revision": { "type": "integer" }, "rows": rows() }, "required": ["revision", "rows"] });
    group
        .add("/api/v1/audit/{id}/undo", "post", "undo", "Take an entry back")
        .at(id_parameter())
        .takes_key()
        .answers(json!({ "200": json_answer("What became of which row.", undone) }), WRITTEN);
    group
}

fn revisions(may_restore: bool) -> Group {
    let mut group =
        Group { name: "History", about: "The configuration as it was at each revision.", paths: Vec::new() };
    let item = json!({ "type": "object", "properties": {
        "revision": { "type": "integer" }, "at_ms": MOMENT.json(), "author": text(), "via": text(),
        "entries": { "type": "integer" }, "titles": { "type": "array", "items": text() },
    }, "required": ["revision", "at_ms", "author"] });
    let list = json!({ "type": "object", "properties": {
        "oldest": { "type": "integer" }, "newest": { "type": "integer" }, "items": { "type": "array", "items": item },
    }, "required": ["oldest", "newest", "items"] });
    group
        .add("/api/v1/history", "get", "list_history", "Revisions, newest first")
        .takes(&history::PARAMETERS)
        .answers(json!({ "200": json_answer("A page.", list) }), LISTED);
    let compared = json!({ "type": "object", "properties": { "from": { "type": "integer" }, "to": { "type": "integer" }, "rows": rows() }, "required": ["from", "to", "rows"] });
    group
        .add("/api/v1/history/compare", "get", "compare", "What became of each row between two revisions")
        .takes(&history::COMPARED)
        .answers(json!({ "200": json_answer("Row by row.", compared) }), ONE);
    if may_restore {
        let revision = json!({ "name": "revision", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } });
        let how = json!({ "type": "object", "properties": {
            "dry_run": { "type": "boolean", "description": "Tell what would change, write nothing." },
            "base": { "type": "integer", "description": "The revision that the plan was made at; a later one is a conflict." },
            "minutes": minutes("On trial for so long; blank or 0 is for good.", 0),
        }, "additionalProperties": false });
        group
            .add("/api/v1/history/{revision}/restore", "post", "restore", "Go back to a revision")
            .at(revision)
            .takes_key()
            .body("application/json", how, false)
            .answers(planned(), WRITTEN);
    }
    group
}

fn trials() -> Group {
    let about = "Changes that are taken back at a deadline unless somebody confirms them.";
    let mut group = Group { name: "Trials", about, paths: Vec::new() };
    let trial =
        json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
    let how = json!({ "type": "object", "properties": { "minutes": minutes("Until the deadline; 10 if not given.", 1) }, "additionalProperties": false });
    group
        .add("/api/v1/trials", "post", "begin_trial", "From now on the key's changes are on trial")
        .takes_key()
        .body("application/json", how, false)
        .answers(json!({ "201": json_answer("The trial.", trial) }), WRITTEN);
    group
        .add("/api/v1/trials/{id}/confirm", "post", "confirm_trial", "Keep the changes")
        .at(id_parameter())
        .takes_key()
        .answers(json!({ "204": { "description": "They stay." } }), WRITTEN);
    let taken_back = json!({ "type": "object", "properties": {
        "revision": { "type": "integer" }, "rows": rows(), "kept": { "type": "array", "items": text() },
    }, "required": ["revision", "rows", "kept"] });
    group
        .add("/api/v1/trials/{id}", "delete", "cancel_trial", "Take the changes back at once")
        .at(id_parameter())
        .takes_key()
        .answers(json!({ "200": json_answer("What was taken back, and what stayed.", taken_back) }), WRITTEN);
    group
}

fn whole() -> Group {
    let about = "The whole configuration as text, out and in; extensions of other systems in.";
    let mut group = Group { name: "Import and export", about, paths: Vec::new() };
    let text = json!({ "200": { "description": "The text.", "content": { "application/toml": { "schema": { "type": "string" } } } } });
    group
        .add("/api/v1/configuration", "get", "export", "The configuration as text")
        .takes(&transfer::EXPORTED)
        .answers(text, LISTED);
    group
        .add("/api/v1/configuration", "post", "import", "Make the configuration what a text says")
        .takes(&transfer::IMPORTED)
        .takes_key()
        .body("text/plain", json!({ "type": "string" }), true)
        .answers(planned(), WRITTEN);
    group
}

fn mail() -> Group {
    let mut group = Group {
        name: "Mail",
        about: "What is on its way, what was sent, what could not be.",
        paths: Vec::new(),
    };
    let mail = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "kind": text(), "recipient": text(), "state": { "enum": ["waiting", "sent", "failed"] },
        "attempts": { "type": "integer" }, "created_at": MOMENT.json(), "next_at": MOMENT.json(),
        "sent_at": MOMENT.or_null(), "error": text(),
    }, "required": ["id", "kind", "recipient", "state"] });
    let list = json!({ "type": "object", "properties": { "items": { "type": "array", "items": mail }, "total": { "type": "integer" } }, "required": ["items", "total"] });
    group
        .add("/api/v1/mail", "get", "list_mail", "Messages, newest first")
        .answers(json!({ "200": json_answer("All of them.", list) }), &[]);
    group
}

/// A group that is being described.
trait Describe {
    /// A method at an address of the group; what it takes and answers follows.
    fn add(&mut self, path: &str, method: &'static str, id: &str, summary: &str) -> Draft<'_>;
}

impl Describe for Group {
    fn add(&mut self, path: &str, method: &'static str, id: &str, summary: &str) -> Draft<'_> {
        let at = self.paths.iter().position(|(known, _)| known == path).unwrap_or_else(|| {
            self.paths.push((path.to_owned(), json!({})));
            self.paths.len() - 1
        });
        let item = &mut self.paths[at].1;
        item[method] =
            json!({ "tags": [self.name], "operationId": id, "summary": summary, "parameters": [] });
        Draft(&mut item[method])
    }
}

/// An operation that is being described.
struct Draft<'a>(&'a mut Value);

impl Draft<'_> {
    fn at(self, parameter: Value) -> Self {
        self.parameter(parameter)
    }

    fn takes(self, known: &[Param]) -> Self {
        known.iter().fold(self, |draft, param| draft.parameter(param.described()))
    }

    fn takes_key(self) -> Self {
        self.parameter(idempotency_key())
    }

    fn parameter(self, parameter: Value) -> Self {
        if let Some(parameters) = self.0["parameters"].as_array_mut() {
            parameters.push(parameter);
        }
        self
    }

    fn body(self, kind: &str, schema: Value, required: bool) -> Self {
        self.0["requestBody"] = json!({ "required": required, "content": { kind: { "schema": schema } } });
        self
    }

    fn answers(self, answers: Value, faults: Faults) {
        self.0["responses"] = with_faults(answers, faults);
    }
}

/// What becomes of the configuration.
fn planned() -> Value {
    let plan = json!({ "type": "object", "properties": { "rows": rows(), "problems": { "type": "array" } }, "required": ["rows", "problems"] });
    json!({ "200": json_answer("What changed; what would, if it was a dry run.", plan) })
}

fn rows() -> Value {
    json!({ "type": "array", "items": { "type": "object", "properties": {
        "table": text(), "id": { "type": "integer" }, "title": text(), "action": text(), "changes": { "type": "object" },
    }, "required": ["table", "id", "title", "action"] } })
}

fn page(item: Value, next: Value) -> Value {
    json!({ "type": "object", "properties": { "items": { "type": "array", "items": item }, "next": next }, "required": ["items", "next"] })
}

fn minutes(about: &str, least: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": config::plan::LONGEST_MINUTES, "description": about })
}

fn text_id() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1, "maxLength": 100 } })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn too_long() -> Value {
    json!({ "description": "The address is longer than 65,534 bytes." })
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend::<Map<String, Value>>(more);
    }
}

/// A moment.
struct Moment;

impl Moment {
    fn json(&self) -> Value {
        json!({ "type": "integer", "description": "Unix milliseconds." })
    }

    fn or_null(&self) -> Value {
        json!({ "type": ["integer", "null"], "description": "Unix milliseconds." })
    }
}

const MOMENT: Moment = Moment;
const ASKED: Faults =
    &[("400", "A parameter is not known or does not fit."), ("422", "Values are wrong, named one by one.")];
const LISTED: Faults = &[("400", "A parameter is not known or does not fit.")];
const ONE: Faults = &[("400", "A parameter is not known or does not fit."), ("404", "There is none.")];
const WRITTEN: Faults = &[
    ("400", "The request makes no sense."),
    ("404", "There is none."),
    ("409", "Something stands in the way: later changes, a newer revision, a trial that runs."),
    ("422", "Values are wrong, named one by one."),
];
