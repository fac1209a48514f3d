//! What the pages' buttons do beside changing rows, for programs. OPS-15.

use config::{
    TenantId,
    records::{
        Change,
        outside::{AlertKind, AlertRow},
    },
    resources::{node_settings::NODE_SETTINGS, users::USERS},
};
use serde_json::{Value, json};

use crate::{
    api_keys,
    desk::values,
    world::{Answer, World, author},
};

/// Each, with what it answers about rows that are there; rows 9,999 are nobody's.
const ACTIONS: [(&str, &str, u16); 11] = [
    ("POST", "/api/v1/users/1/mail-check", 202),
    ("POST", "/api/v1/users/1/setup-link", 201),
    ("POST", "/api/v1/users/1/reset-password", 201),
    ("POST", "/api/v1/users/1/welcome-mail", 202),
    ("DELETE", "/api/v1/users/1/second-factor", 204),
    ("DELETE", "/api/v1/users/1/single-sign-on", 204),
    ("POST", "/api/v1/devices/1/allow", 204),
    ("POST", "/api/v1/devices/1/log-out", 204),
    ("POST", "/api/v1/trunks/9999/test", 404),
    ("POST", "/api/v1/ldap_settings/test", 200),
    ("DELETE", "/api/v1/provisioning/001122334455", 204),
];

async fn key_of(world: &World, scope: &str) -> String {
    let fields = json!({ "name": scope, "organization": scope, "configuration": scope, "system": scope });
    api_keys::key(world, fields).await.1
}

fn mail_server(world: &World) {
    let server = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    world.db.update(&author(), &NODE_SETTINGS, 1, &server, None).unwrap();
    world.db.update(&author(), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
}

/// OPS-15: a program presses every button that a person may, and none that it may not, whether or not the row is there.
#[tokio::test]
async fn every_button_of_a_page_is_there_for_programs_with_the_right_to_it() {
    let world = World::new();
    mail_server(&world);
    let (write, read) = (key_of(&world, "write").await, key_of(&world, "read").await);
    let other = world.other_tenant().await;
    for (method, path, expected) in ACTIONS {
        for refused in [path.to_owned(), path.replace("/1/", "/9999/")] {
            let answer = api_keys::ask(&world, &read, method, &refused, Value::Null).await;
            assert_eq!(answer.status.as_u16(), 403, "{method} {refused}: {}", answer.body);
        }
        let answer = api_keys::ask(&world, &write, method, path, Value::Null).await;
        assert_eq!(answer.status.as_u16(), expected, "{method} {path}: {}", answer.body);
        if path.contains("/1/") {
            let gone = path.replace("/1/", "/9999/");
            assert_eq!(
                api_keys::ask(&world, &write, method, &gone, Value::Null).await.status.as_u16(),
                404,
                "{gone}"
            );
            assert_eq!(
                other.json(method, path, Value::Null).await.status.as_u16(),
                404,
                "another company's {path}"
            );
        }
    }
}

/// OPS-15, AUTH-18: what is told once is good, and the audit log has it.
#[tokio::test]
async fn a_link_and_a_temporary_password_that_a_program_makes_are_good() {
    let world = World::new();
    mail_server(&world);
    let write = key_of(&world, "write").await;
    let told = async |path: &str, what: &str| {
        let made: Answer = api_keys::ask(&world, &write, "POST", path, Value::Null).await;
        made.value()[what].as_str().unwrap_or_default().to_owned()
    };
    let password = told("/api/v1/users/1/reset-password", "password").await;
    let hash = world.db.account(config::UserId(1)).unwrap().unwrap().password.unwrap();
    assert!(password.len() >= 10 && !hash.contains(&password));
    let link = told("/api/v1/users/1/setup-link", "url").await;
    let token = link.rsplit_once("/setup/").expect("a link").1;
    let now = chrono::Utc::now().timestamp_millis();
    assert_eq!(world.db.setup_account(token, now).unwrap().unwrap().id, config::UserId(1));
    api_keys::ask(&world, &write, "POST", "/api/v1/users/1/mail-check", Value::Null).await;
    let audit = world.db.audit(&config::access::Viewer::primary(TenantId(1)), None, None, 10).unwrap();
    for action in ["reset_password", "setup_link", "test_mail"] {
        let entry = audit.iter().find(|entry| entry.action == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!((entry.via.as_str(), entry.author.as_str()), ("api", "api:write"), "{action}");
    }
}

/// TRB-07, OPS-15: a test message by a program; what is missing is told at its field, and nobody's mailbox is filled.
#[tokio::test]
async fn a_program_sends_a_test_mail_or_is_told_what_is_missing() {
    let world = World::new();
    let write = key_of(&world, "write").await;
    world.db.update(&author(), &USERS, 1, &values([("email", "")]), None).unwrap();
    let ask = async || {
        let answer = api_keys::ask(&world, &write, "POST", "/api/v1/users/1/mail-check", Value::Null).await;
        let field = if answer.body.is_empty() { Value::Null } else { answer.value() };
        (answer.status.as_u16(), field["problems"][0]["field"].as_str().map(str::to_owned))
    };
    assert_eq!(ask().await, (422, Some("email".to_owned())));
    world.db.update(&author(), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    assert_eq!(ask().await, (422, Some("smtp_host".to_owned())));
    mail_server(&world);
    assert_eq!(ask().await, (202, None));
    assert_eq!(ask().await, (409, None), "one a minute");
    let last = world.db.last_mail_to(config::UserId(1)).unwrap().unwrap();
    assert_eq!((last.kind.as_str(), last.recipient.as_str()), ("test", "anna@example.com"));
    // A waiting message is tried at once.
    let retried = format!("/api/v1/mail/{}/retry", last.id);
    let admin = world.admin().await;
    assert_eq!(admin.json("POST", &retried, Value::Null).await.status.as_u16(), 204);
    assert_eq!(admin.json("POST", "/api/v1/mail/9999/retry", Value::Null).await.status.as_u16(), 404);
    let user = world.account("nobody@example.com", 0).await;
    assert_eq!(user.json("POST", &retried, Value::Null).await.status.as_u16(), 403);
}

/// GEO-08, OPS-15
#[tokio::test]
async fn a_program_sees_an_alert_and_says_so() {
    let world = World::new();
    let admin = world.admin().await;
    let alert = AlertRow {
        tenant: TenantId(1),
        at: 1000,
        kind: AlertKind::Emergency,
        text: "Anna called 112".into(),
        user: None,
        mail: vec![],
    };
    world.db.write_records(&[Change::Alert(Box::new(alert))]).unwrap();
    let listed = admin.get("/api/v1/alerts").await.value();
    assert_eq!((&listed["items"][0]["text"], &listed["total"]), (&json!("Anna called 112"), &json!(1)));
    let seen = format!("/api/v1/alerts/{}/seen", listed["items"][0]["id"]);
    let (other, user) = (world.other_tenant().await, world.account("nobody@example.com", 0).await);
    assert_eq!(other.json("POST", &seen, Value::Null).await.status.as_u16(), 404);
    assert_eq!(user.json("POST", &seen, Value::Null).await.status.as_u16(), 403);
    assert_eq!(admin.json("POST", &seen, Value::Null).await.status.as_u16(), 204);
    assert_eq!(admin.get("/api/v1/alerts").await.value()["total"], 0);
}

/// OPS-15: the document has each of them for who may do it.
#[tokio::test]
async fn the_document_describes_the_actions() {
    let world = World::new();
    let document = world.admin().await.get("/api/v1/openapi.json").await.value();
    for (method, path, _) in ACTIONS {
        let path = path.replace("/1/", "/{id}/").replace("/9999/", "/{id}/").replace("001122334455", "{mac}");
        assert!(document["paths"][&path][method.to_lowercase()].is_object(), "{method} {path}");
    }
    let user = world.account("nobody@example.com", 0).await;
    let theirs = user.get("/api/v1/openapi.json").await.value();
    assert!(theirs["paths"]["/api/v1/users/{id}/reset-password"].is_null());
}
