//! Answering rules and night mode as people set them in the portal, with real phones.

use serde_json::json;
use tests::{
    agent::{Phone, phone::Manner},
    server::Server,
    visitor::{Form, Visitor},
};

/// The user of that account, signed in to their own portal.
fn user(server: &Server, position: usize) -> Visitor {
    let admin = server.portal();
    let id = server.user(position);
    let page = admin.get(&format!("/admin/users/{id}")).body;
    let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let form: Form = vec![("csrf".into(), token.into())];
    assert_eq!(admin.post(&format!("/admin/users/{id}/setup-link"), &form).status, 303);
    let page = admin.get(&format!("/admin/users/{id}")).body;
    let path = page.split("/setup/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let visitor = Visitor::new(server.http());
    let form = [("password", PASSWORD), ("confirm", PASSWORD)];
    let form: Form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(visitor.post(&format!("/setup/{path}"), &form).status, 303);
    visitor
}

/// A form of one of the user's own pages; the change is in force afterwards.
fn post(server: &Server, visitor: &Visitor, page: &str, to: &str, fields: &[(&str, &str)]) {
    let mut form: Form = visitor.form(page).into_iter().filter(|(name, _)| name == "csrf").take(1).collect();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = visitor.post(to, &form);
    assert_eq!(answer.status, 303, "{to}: {answer:?}");
    server.in_force();
}

/// Phones that answer when they are called.
fn phones<const N: usize>(server: &Server) -> [Phone; N] {
    let phones: [Phone; N] = server.phones();
    phones.iter().for_each(|phone| phone.set_manner(Manner::Answer));
    phones
}

/// A call to the second user is answered by that phone.
fn answers(server: &Server, alice: &Phone, callee: &Phone) {
    let call = alice.dial(&server.number(1)).answered();
    assert_eq!(callee.talking(), 1);
    call.hang_up();
    server.quiet();
}

/// AR-01, AR-03, AR-06, AR-09: a time frame and a rule made on the user's own pages are in force for the next call, and so
/// are their switch and their end.
#[test]
fn a_rule_that_a_user_makes_is_in_force_for_the_next_call() {
    let server = Server::start();
    let [alice, bob, carol] = phones(&server);
    let portal = user(&server, 1);
    answers(&server, &alice, &bob);
    let always = [("name", "At any time"), ("kind", "always")];
    post(&server, &portal, "/timeframes/new", "/timeframes", &always);
    answers(&server, &alice, &bob);
    let (frame, to) = (server.sql("SELECT id FROM time_frames"), server.number(2));
    let rule = [
        ("time_frame", frame.as_str()),
        ("active", "1"),
        ("action", "forward"),
        ("forward_always", to.as_str()),
        ("no_answer_after", "20"),
        ("callers", "everybody"),
    ];
    post(&server, &portal, "/rules/new", "/rules", &rule);
    answers(&server, &alice, &carol);
    assert!(portal.get("/").body.contains("At any time"), "home shows the rule that is in force");
    let id = server.sql("SELECT id FROM answering_rules");
    post(&server, &portal, "/rules", &format!("/rules/{id}/active"), &[]);
    answers(&server, &alice, &bob);
    post(&server, &portal, "/rules", &format!("/rules/{id}/active"), &[]);
    answers(&server, &alice, &carol);
    post(&server, &portal, "/rules", &format!("/rules/{id}/delete"), &[]);
    answers(&server, &alice, &bob);
}

/// RNG-10, RNG-16: the switch of the portal is in force for the next call, and with it the forwards of the night.
#[test]
fn the_night_switch_of_the_portal_is_in_force_for_the_next_call() {
    let server = Server::start();
    let [alice, bob, carol] = phones(&server);
    let admin = server.portal();
    let change = |body: serde_json::Value, of: &str| {
        let answer = admin.patch(of, &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        server.in_force();
    };
    change(json!({ "night_always": server.number(2) }), &format!("/api/v1/users/{}", server.user(1)));
    change(json!({ "night_enabled": true }), "/api/v1/settings");
    answers(&server, &alice, &bob);
    post(&server, &admin, "/admin/night", "/admin/night", &[("to", "night")]);
    assert!(admin.get("/admin/night").body.contains("It is night."));
    answers(&server, &alice, &carol);
    post(&server, &admin, "/admin/night", "/admin/night", &[("to", "night"), ("until", "2020-01-01T00:00")]);
    assert!(admin.get("/admin/night").body.contains("It is day."), "a switch that is over is automatic");
    answers(&server, &alice, &bob);
}

/// RNG-13, RNG-14: do not disturb of the portal.
#[test]
fn do_not_disturb_of_the_portal_is_in_force_for_the_next_call() {
    let server = Server::start();
    let [alice, bob] = phones(&server);
    let portal = user(&server, 1);
    post(&server, &portal, "/rules", "/settings/dnd", &[]);
    assert_eq!(alice.dial(&server.number(1)).refused().status(), Some(486));
    post(&server, &portal, "/rules", "/settings/dnd", &[]);
    answers(&server, &alice, &bob);
}

const PASSWORD: &str = "Coffee@Morning2024!";
