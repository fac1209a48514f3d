//! What the pages' buttons do beside changing rows: mail, sign-in, phones, trunks, alerts.

use config::{
    access::Verb,
    resources::{devices::DEVICES, ldap_settings::LDAP_SETTINGS, trunks::TRUNKS, users::USERS},
};
use serde_json::{Value, json};

use super::{Describe, LISTED, MOMENT, WRITTEN, text};
use crate::{
    auth::Who,
    rest::openapi::{Group, answers::json_answer, id_parameter},
};

/// What is open to somebody.
pub(super) fn group(who: &Who) -> Group {
    let mut group = Group {
        name: "Actions",
        about: "What the pages' buttons do beside changing rows. None takes a body.",
        paths: Vec::new(),
    };
    group
        .add("/api/v1/me/mail-check", "post", "test_my_mail", "Send a test message to oneself")
        .takes_key()
        .answers(on_its_way(), WRITTEN);
    if who.may_write(&USERS) {
        users(&mut group);
    }
    if who.may(Verb::Edit, &DEVICES) {
        devices(&mut group);
    }
    if who.may_write(&TRUNKS) {
        let asked = json!({ "type": "object", "properties": { "asked": { "type": "boolean" } }, "required": ["asked"] });
        let answer = json!({ "202": json_answer("Whether it is asked; not while it is not in use.", asked) });
        act(
            &mut group,
            "/api/v1/trunks/{id}/test",
            "post",
            "test_trunk",
            "Ask a trunk whether it answers",
            answer,
        );
    }
    if who.may_write(&LDAP_SETTINGS) {
        let said = json!({ "type": "object", "properties": { "good": { "type": "boolean" }, "text": text() }, "required": ["good", "text"] });
        group
            .add("/api/v1/ldap_settings/test", "post", "test_directory", "Ask the customer's directory")
            .takes_key()
            .answers(json!({ "200": json_answer("What it said.", said) }), WRITTEN);
    }
    if who.may_see_mail() {
        act(
            &mut group,
            "/api/v1/mail/{id}/retry",
            "post",
            "retry_mail",
            "Try a waiting message now",
            gone("It is tried."),
        );
    }
    if who.viewer.level > 0 {
        alerts(&mut group);
    }
    group
}

fn users(group: &mut Group) {
    let told = |name: &str| json!({ "type": "object", "properties": { name: text() }, "required": [name] });
    let made = |name: &str| json!({ "201": json_answer("Told this once.", told(name)) });
    let at = |end: &str| format!("/api/v1/users/{{id}}/{end}");
    act(group, &at("mail-check"), "post", "test_mail", "Send a test message to a user", on_its_way());
    act(
        group,
        &at("setup-link"),
        "post",
        "make_setup_link",
        "A link by which a user sets a password",
        made("url"),
    );
    act(
        group,
        &at("reset-password"),
        "post",
        "reset_password",
        "Give a user a temporary password",
        made("password"),
    );
    act(
        group,
        &at("welcome-mail"),
        "post",
        "send_welcome_mail",
        "Send a user login name and link once more",
        on_its_way(),
    );
    let about = "Remove the second factor of who lost it";
    act(
        group,
        &at("second-factor"),
        "delete",
        "remove_second_factor",
        about,
        gone("There is none any more."),
    );
    let about = "Forget who a user is at the identity provider";
    act(group, &at("single-sign-on"), "delete", "unlink", about, gone("Nothing is linked any more."));
}

fn devices(group: &mut Group) {
    let about = "Let the shared address give a phone its settings once more";
    act(group, "/api/v1/devices/{id}/allow", "post", "allow_device", about, gone("It may come."));
    let about = "Log out whoever sits at a hotdesk phone";
    act(group, "/api/v1/devices/{id}/log-out", "post", "log_out_device", about, gone("Nobody sits there."));
    let mac = json!({ "name": "mac", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1, "maxLength": 100 } });
    group
        .add("/api/v1/provisioning/{mac}", "delete", "forget_phone", "Take a phone that asked off the list")
        .at(mac)
        .takes_key()
        .answers(gone("It is off the list until it asks again."), WRITTEN);
}

fn alerts(group: &mut Group) {
    let alert = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "at": MOMENT.json(), "kind": text(), "text": text(),
    }, "required": ["id", "at", "kind", "text"] });
    let list = json!({ "type": "object", "properties": { "items": { "type": "array", "items": alert }, "total": { "type": "integer" } }, "required": ["items", "total"] });
    group
        .add("/api/v1/alerts", "get", "list_alerts", "What no administrator has seen yet, newest first")
        .answers(json!({ "200": json_answer("At most 20.", list) }), LISTED);
    act(group, "/api/v1/alerts/{id}/seen", "post", "see_alert", "Somebody has seen it", gone("It is seen."));
}

/// A button of a row.
fn act(group: &mut Group, path: &str, method: &'static str, id: &str, about: &str, answers: Value) {
    group.add(path, method, id, about).at(id_parameter()).takes_key().answers(answers, WRITTEN);
}

fn on_its_way() -> Value {
    json!({ "202": { "description": "It is on its way; `mail-check` tells what becomes of it." } })
}

fn gone(about: &str) -> Value {
    json!({ "204": { "description": about } })
}
