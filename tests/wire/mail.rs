//! Mail: from its cause to the mailbox, and what the link in it opens. OPS-11, AUTH-17…20.

use tests::{
    http_sink::{Call, HttpSink},
    patience::until_true,
    server::Server,
    smtp::SmtpSink,
    visitor::Visitor,
};

const PASSWORD: &str = "Tea@Evening2025!";

fn with_mail() -> (Server, SmtpSink) {
    let (server, sink) = (Server::start(), SmtpSink::start());
    server.edit(&sink.sql());
    (server, sink)
}

fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// AUTH-20: made in the portal, welcomed by mail, signed in by the link.
#[test]
fn a_new_user_gets_mail_sets_a_password_and_signs_in() {
    let (server, sink) = with_mail();
    let saved = server.portal().save(
        "/admin/users/new",
        &[("first_name", "Zoe"), ("email", "zoe@example.com"), ("extension", "301")],
    );
    assert!(saved.status < 400, "{saved:?}");
    let mail = sink.mail_to("zoe@example.com");
    assert_eq!(mail.from, "pbx@example.com");
    assert!(mail.text.contains("Your login name: zoe@example.com"), "{}", mail.text);
    until_true("the state", || server.sql("SELECT state || content FROM outbox") == "sent");
    let zoe = Visitor::new(server.http());
    let set = zoe.post(&mail.link(), &form(&[("password", PASSWORD), ("confirm", PASSWORD)]));
    assert_eq!((set.status, set.location.as_str()), (303, "/"), "{set:?}");
    assert!(zoe.get("/").body.contains("Zoe"));
    assert_eq!(zoe.get("/admin").status, 403);
    let again = Visitor::new(server.http());
    let login = format!("301@{}", server.sql("SELECT domain FROM tenants"));
    again.post("/login", &form(&[("login", &login), ("password", PASSWORD)]));
    assert_eq!(again.get("/").status, 200, "by extension@tenant");
}

/// AUTH-17: the page says the same to everybody; only who has an account gets mail.
#[test]
fn a_forgotten_password_is_mailed_to_who_has_an_account() {
    let (server, sink) = with_mail();
    server.edit(&format!("UPDATE users SET email = 'anna@example.com' WHERE id = {}", server.user(0)));
    let stranger = Visitor::new(server.http());
    let ask = |login: &str| stranger.post("/forgot", &form(&[("login", login)]));
    let (unknown, known) = (ask("nobody@example.com"), ask("Anna@example.com"));
    assert_eq!((unknown.status, &unknown.body), (200, &known.body));
    let mail = sink.mail_to("anna@example.com");
    assert!(mail.text.contains("within 30 minutes"), "{}", mail.text);
    let set = stranger.post(&mail.link(), &form(&[("password", PASSWORD), ("confirm", PASSWORD)]));
    assert_eq!(set.status, 303, "{set:?}");
    let second = Visitor::new(server.http());
    assert_eq!(second.get(&mail.link()).status, 403, "the link works once");
    assert_eq!(sink.count(), 0, "nobody else got mail");
}

/// OPS-11: a server that is down is asked again; what it will never take is given up.
#[test]
fn mail_waits_while_the_server_refuses_and_goes_out_after() {
    let (server, sink) = with_mail();
    sink.refuse(Some("451 come back later"));
    let portal = server.portal();
    let add =
        |name: &str, email: &str| portal.save("/admin/users/new", &[("first_name", name), ("email", email)]);
    add("Zoe", "zoe@example.com");
    until_true("the first failure", || server.sql("SELECT max(attempts) FROM outbox") == "1");
    let page = portal.get("/admin/mail").body;
    assert!(page.contains("zoe@example.com") && page.contains("451") && page.contains("waiting"), "{page}");
    sink.refuse(None);
    let id = server.sql("SELECT id FROM outbox");
    let token = portal.form("/admin/mail");
    portal.post(&format!("/admin/mail/{id}/retry"), &token);
    sink.mail_to("zoe@example.com");
    sink.refuse(Some("550 no such mailbox"));
    add("Yan", "yan@example.com");
    until_true("the end", || server.sql("SELECT state FROM outbox WHERE recipient LIKE 'yan%'") == "failed");
    assert_eq!(server.sql("SELECT count(*) FROM outbox WHERE content <> ''"), "0");
}

/// OPS-11: a message that was queued when the program was killed goes out after it starts again.
#[test]
fn mail_outlives_the_program() {
    let (mut server, sink) = with_mail();
    sink.refuse(Some("451 come back later"));
    server.portal().save("/admin/users/new", &[("first_name", "Zoe"), ("email", "zoe@example.com")]);
    until_true("the first failure", || server.sql("SELECT max(attempts) FROM outbox") == "1");
    server.kill();
    sink.refuse(None);
    server.restart();
    server.sql("UPDATE outbox SET next_at = 0");
    assert!(sink.mail_to("zoe@example.com").text.contains("/setup/"));
}

/// LIC-10: whoever gets a licence of another product exists there too, also when that product is down for a while.
#[test]
fn another_product_is_told_of_its_licences_and_again_until_it_takes_it() {
    let (server, sink) = (Server::start(), HttpSink::start());
    sink.answer(503);
    server.edit(&format!(
        "INSERT INTO licences (tenant_id, name, kind, webhook) VALUES (1, 'CX', 'external', '{}/hook')",
        sink.address()
    ));
    let licence = server.sql("SELECT id FROM licences WHERE name = 'CX'");
    let portal = server.portal();
    let user = format!("/admin/users/{}", server.user(0));
    let page = portal.save(&user, &[("licences", licence.as_str())]);
    assert!(page.status < 400, "{page:?}");
    let first = sink.next();
    assert!(first.head.starts_with("POST /hook HTTP/1.1"), "{}", first.head);
    assert!(first.body.contains("\"event\":\"licence.assigned\""), "{}", first.body);
    until_true("the note", || server.sql("SELECT error FROM outbox WHERE kind = 'webhook'").contains("503"));
    assert!(portal.get("/admin/mail").body.contains("/hook"), "administrators see that it waits");
    sink.answer(200);
    server.sql("UPDATE outbox SET next_at = 0");
    let second = sink.next();
    let key = |call: &Call| {
        call.head.lines().find(|line| line.to_lowercase().starts_with("idempotency-key")).map(str::to_owned)
    };
    assert_eq!((&second.body, key(&second)), (&first.body, key(&first)), "the same call once more");
    until_true("the end", || server.sql("SELECT state FROM outbox WHERE kind = 'webhook'") == "sent");
    server.edit(&format!("DELETE FROM users_licences WHERE target = {licence}"));
    assert!(sink.next().body.contains("\"event\":\"licence.unassigned\""), "also by another hand");
}

/// EXTL-05: who subscribed in the portal gets the announced issue by e-mail.
#[test]
fn an_announced_issue_is_mailed_to_who_subscribed() {
    let (server, sink) = with_mail();
    server.edit(&format!("UPDATE users SET email = 'anna@example.com' WHERE id = {}", server.user(0)));
    let anna = Visitor::new(server.http());
    anna.post("/forgot", &form(&[("login", "anna@example.com")]));
    anna.post(
        &sink.mail_to("anna@example.com").link(),
        &form(&[("password", PASSWORD), ("confirm", PASSWORD)]),
    );
    let home = anna.get("/").body;
    assert!(home.contains("Everything works") && home.contains("id=\"subscribe\""), "{home}");
    let token = anna.form("/");
    let mut wants = token;
    wants.push(("wants".to_owned(), "1".to_owned()));
    assert_eq!(anna.post("/status/subscription", &wants).status, 303);
    let saved = server.portal().save(
        "/admin/announcements/new",
        &[("title", "No calls to mobiles"), ("text", "We are on it."), ("issue", "1")],
    );
    assert!(saved.status < 400, "{saved:?}");
    let mail = sink.mail_to("anna@example.com");
    assert!(
        mail.text.contains("No calls to mobiles") && mail.text.contains("We are on it."),
        "{}",
        mail.text
    );
    assert!(anna.get("/").body.contains("Something does not work"));
}

/// TRB-07: a test to a user, refused and then taken: the page says which, with the server's words for administrators.
#[test]
fn a_test_message_says_what_became_of_it() {
    let (server, sink) = with_mail();
    let user = server.user(0);
    server.edit(&format!("UPDATE users SET email = 'anna@example.com' WHERE id = {user}"));
    let (portal, page) = (server.portal(), format!("/admin/users/{user}/mail-check"));
    sink.refuse(Some("550 no such mailbox"));
    let token = portal.form(&page);
    let sent = portal.post(&page, &token);
    assert_eq!(sent.location, page, "{sent:?} {token:?}");
    until_true("the end", || {
        portal.get(&page).body.contains("could not be delivered: permanent error (550): no such mailbox")
    });
    sink.refuse(None);
    server.sql("UPDATE outbox SET created_at = created_at - 60001");
    portal.post(&page, &token);
    assert!(sink.mail_to("anna@example.com").text.contains("Mail goes out"), "the test itself");
    until_true("the end", || portal.get(&page).body.contains("was taken by the mail server"));
}
