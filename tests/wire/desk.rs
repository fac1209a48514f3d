//! The users' own portal with real phones: click to call, blocked callers, call history, reports.

use serde_json::json;
use tests::{
    agent::Text,
    patience::until_true,
    server::Server,
    smtp::SmtpSink,
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
    let set = visitor.post(&format!("/setup/{path}"), &form);
    assert_eq!((set.status, set.location.as_str()), (303, "/"), "{set:?}");
    visitor
}

/// A form of one of the user's own pages.
fn post(visitor: &Visitor, page: &str, to: &str, fields: &[(&str, &str)]) {
    let mut form: Form = visitor.form(page).into_iter().filter(|(name, _)| name == "csrf").take(1).collect();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = visitor.post(to, &form);
    assert_eq!(answer.status, 303, "{to}: {answer:?}");
}

fn header(invite: &Text, name: &str) -> String {
    invite.header(name).unwrap_or_default().to_owned()
}

/// CTC-03, CTC-04, CTC-06, CH-01, CH-05: INVITE to the own phone, 200, then INVITE to the number; both hear each other; both
/// histories have it.
#[test]
fn a_click_rings_the_own_phone_and_then_calls_the_number_from_it() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let portal = user(&server, 0);
    server.edit("UPDATE devices SET auto_answer = 1");
    post(&portal, "/call", "/call", &[("number", &server.number(1)), ("from", "")]);
    let summons = alice.incoming();
    assert!(header(&summons.invite, "From").contains(&format!("sip:{}@", server.number(1))));
    assert!(header(&summons.invite, "Call-Info").contains("answer-after=0"));
    assert!(!bob.is_called(), "the number is called before the own phone is answered");
    let by_alice = summons.ring().answer();
    let ringing = bob.incoming();
    assert!(header(&ringing.invite, "From").contains(&format!("sip:{}@", server.number(0))));
    assert_eq!(header(&ringing.invite, "Call-Info"), "");
    let by_bob = ringing.ring().answer();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_bob.hang_up();
    by_alice.ended();
    server.quiet();
    until_true("the record", || server.last_call("outcome") == "answered");
    assert_eq!(
        server.last_call("caller_number || ' ' || dialled"),
        format!("{} {}", server.number(0), server.number(1))
    );
    until_true("both histories", || server.sql("SELECT count(*) FROM call_parties") == "2");
    let history = portal.get("/api/v1/me/call-history").body;
    assert!(
        history.contains("\"type\":\"outbound\"") && history.contains("\"result\":\"answered\""),
        "{history}"
    );
    let theirs = user(&server, 1).get("/call-history").body;
    assert!(theirs.contains("Incoming") && theirs.contains(&format!("data-call=\"{}\"", server.number(0))));
}

/// CTC-04, NAV-18: cancelled in the portal, the phone stops ringing and nobody is called.
#[test]
fn a_cancelled_click_stops_the_ringing() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let portal = user(&server, 0);
    post(&portal, "/call", "/call", &[("number", &server.number(1)), ("from", "")]);
    let summons = alice.incoming().ring();
    let id = {
        let calls = portal.get("/api/v1/me/calls").body;
        let calls: serde_json::Value = serde_json::from_str(&calls).unwrap();
        calls["items"][0]["id"].as_str().unwrap().to_owned()
    };
    post(&portal, "/call", &format!("/call/{id}/cancel"), &[]);
    summons.cancelled();
    server.quiet();
    assert!(!bob.is_called());
    until_true("the record", || server.last_call("cause").contains("Cancelled in the portal"));
}

/// CH-17: blocked in the portal, refused with 603 before a phone rings, let through again after.
#[test]
fn a_caller_who_is_blocked_in_the_portal_is_refused_until_unblocked() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let portal = user(&server, 1);
    post(&portal, "/call-history/blocked", "/call-history/blocked", &[("number", &server.number(0))]);
    server.in_force();
    assert_eq!(alice.dial(&server.number(1)).refused().status(), Some(603));
    assert!(!bob.is_called());
    server.quiet();
    until_true("the trace", || server.sql("SELECT trace FROM call_ladders").contains("is blocked by"));
    until_true("the history", || portal.get("/call-history").body.contains("Blocked</span>"));
    let id = server.sql("SELECT id FROM blocked_callers");
    post(&portal, "/call-history/blocked", &format!("/call-history/blocked/{id}/unblock"), &[]);
    server.in_force();
    let dialling = alice.dial(&server.number(1));
    let by_bob = bob.incoming().answer();
    dialling.answered().hang_up();
    by_bob.ended();
}

/// ROL-10: a role without the permission is refused with 403, by dialling and by clicking.
#[test]
fn a_role_that_places_no_calls_is_refused() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let portal = user(&server, 0);
    server.sql(
        "INSERT INTO roles (tenant_id, name, level, permissions) VALUES (1, 'Lobby', '0', 'park_calls')",
    );
    server.edit(&format!(
        "UPDATE users SET role_id = (SELECT max(id) FROM roles) WHERE id = {}",
        server.user(0)
    ));
    assert_eq!(alice.dial(&server.number(1)).refused().status(), Some(403));
    assert!(!bob.is_called());
    let clicked = portal.add("/api/v1/me/calls", &json!({ "number": server.number(1) }));
    assert_eq!(clicked.status, 403, "{clicked:?}");
}

/// TRB-06: from live state: the check follows the registration.
#[test]
fn the_check_follows_what_the_phone_does() {
    let server = Server::start();
    let [alice, _] = server.phones();
    let portal = user(&server, 0);
    let answer = || portal.get("/api/v1/me/phone-check").body;
    until_true("the registration", || answer().contains("Nothing keeps the phone from ringing"));
    alice.register_for(0);
    until_true("the loss", || answer().contains("None of your phones is registered"));
}

/// TRB-08
#[test]
fn a_report_reaches_the_companys_support() {
    let (server, sink) = (Server::start(), SmtpSink::start());
    server.edit(&sink.sql());
    server.edit("UPDATE settings SET support_mail = 'help@example.com'");
    let portal = user(&server, 0);
    post(&portal, "/help/report", "/help/report", &[("what", "No sound"), ("error", "488")]);
    let mail = sink.mail_to("help@example.com");
    assert!(mail.text.contains("No sound") && mail.text.contains("Error text: 488"), "{}", mail.text);
    assert!(mail.text.contains(&format!("Extension: {}", server.number(0))));
}

const PASSWORD: &str = "Tea@Evening2025!";
