//! An edit by any writer is in force for the next call, and no running call notices.

use serde_json::json;
use tests::{
    agent::{Phone, Talking, phone::Manner},
    patience::until_true,
    server::Server,
};

/// Calls the second phone and sees who answers; the revision the call ran under.
fn who_answers(server: &Server, caller: &Phone, callee: &Phone, number: &str) -> i64 {
    let before = callee.talking();
    let call = caller.dial(number).answered();
    until_true("the right phone to answer", || callee.talking() == before + 1);
    call.rtp.hears(10);
    call.hang_up();
    server.quiet();
    server.last_call("revision").parse().unwrap()
}

fn three(server: &Server) -> [Phone; 3] {
    let phones = server.phones();
    phones[1].set_manner(Manner::Answer);
    phones[2].set_manner(Manner::Answer);
    phones
}

/// OPS-02, OPS-04, RNG-07: the whole way of an edit by hand.
#[test]
fn a_forward_written_with_the_sqlite3_shell_is_obeyed_by_the_next_call() {
    let server = Server::start();
    let [alice, bob, carol] = three(&server);
    let (number, user) = (server.number(1), server.user(1));
    let before = who_answers(&server, &alice, &bob, &number);
    let edited =
        server.edit(&format!("UPDATE users SET forward_always = '{}' WHERE id = {user}", server.number(2)));
    assert!(edited > before);
    assert_eq!(who_answers(&server, &alice, &carol, &number), edited, "the trace names another revision");
    server.edit(&format!("UPDATE users SET forward_always = '' WHERE id = {user}"));
    who_answers(&server, &alice, &bob, &number);
}

/// OPS-02, RNG-07: the same through the form of the portal.
#[test]
fn a_forward_saved_in_the_portal_is_obeyed_by_the_next_call() {
    let server = Server::start();
    let [alice, _bob, carol] = three(&server);
    let portal = server.portal();
    let saved =
        portal.save(&format!("/admin/users/{}", server.user(1)), &[("forward_always", &server.number(2))]);
    assert!(saved.status < 400, "{saved:?}");
    let edited = server.in_force();
    assert_eq!(who_answers(&server, &alice, &carol, &server.number(1)), edited);
}

/// OPS-02: the same over REST.
#[test]
fn a_forward_sent_to_the_api_is_obeyed_by_the_next_call() {
    let server = Server::start();
    let [alice, _bob, carol] = three(&server);
    let portal = server.portal();
    let answer = portal
        .patch(&format!("/api/v1/users/{}", server.user(1)), &json!({ "forward_always": server.number(2) }));
    assert_eq!(answer.status, 200, "{answer:?}");
    let edited = server.in_force();
    assert_eq!(who_answers(&server, &alice, &carol, &server.number(1)), edited);
}

/// RNG-08
#[test]
fn a_busy_user_forwards() {
    let server = Server::start();
    let [alice, bob, carol] = three(&server);
    bob.set_manner(Manner::Refuse(486));
    server.edit(&format!(
        "UPDATE users SET forward_busy = '{}' WHERE id = {}",
        server.number(2),
        server.user(1)
    ));
    who_answers(&server, &alice, &carol, &server.number(1));
}

/// RNG-12
#[test]
fn the_call_beyond_the_busy_trigger_forwards() {
    let server = Server::start();
    let [alice, bob, carol] = three(&server);
    let (user, to) = (server.user(1), server.number(2));
    server.edit(&format!("UPDATE users SET busy_trigger = 1, forward_busy = '{to}' WHERE id = {user}"));
    let first = alice.dial(&server.number(1)).answered();
    assert_eq!(bob.talking(), 1);
    let second = alice.dial(&server.number(1)).answered();
    assert_eq!((bob.talking(), carol.talking()), (1, 1));
    first.hang_up();
    second.hang_up();
}

/// RNG-09, RNG-13
#[test]
fn an_unanswered_and_an_unregistered_user_forward() {
    let server = Server::start();
    let [alice, bob, carol] = three(&server);
    let (user, to) = (server.user(1), server.number(2));
    server.edit(&format!(
        "UPDATE users SET forward_no_answer = '{to}', forward_no_answer_after = 5 WHERE id = {user}"
    ));
    bob.set_manner(Manner::Ring);
    who_answers(&server, &alice, &carol, &server.number(1));
    assert!(bob.log().iter().any(|(ours, t)| !ours && t.method() == "CANCEL"), "bob still rings");
    bob.register_for(0);
    who_answers(&server, &alice, &carol, &server.number(1));
}

/// OPS-02: a running call keeps what it began with.
#[test]
fn a_running_call_keeps_the_revision_it_began_with() {
    let server = Server::start();
    let [alice, _bob, _carol] = three(&server);
    let began: i64 = server.sql("SELECT number FROM revision").parse().unwrap();
    let call = alice.dial(&server.number(1)).answered();
    server.edit(&format!(
        "UPDATE users SET forward_always = '{}' WHERE id = {}",
        server.number(2),
        server.user(1)
    ));
    call.rtp.hears(20);
    call.hang_up();
    server.quiet();
    assert_eq!(server.last_call("revision"), began.to_string());
}

/// OPS-02, the bar: 50 calls up during 100 edits, none disturbed.
#[test]
fn fifty_calls_notice_nothing_of_a_hundred_edits() {
    let server = Server::start();
    server.edit("UPDATE users SET busy_trigger = 20");
    let phones: [Phone; 5] = server.phones();
    let calls = fifty_calls(&server, &phones);
    let sent = |phones: &[Phone]| {
        phones.iter().map(|p| p.log().iter().filter(|(ours, _)| !ours).count()).sum::<usize>()
    };
    let before = sent(&phones);
    for number in 0..100 {
        match number % 4 {
            0 => server.sql(&format!("UPDATE users SET first_name = 'N{number}'")),
            1 => server.sql(&format!("UPDATE users SET forward_always = '{}'", server.number(number % 5))),
            2 => server.sql(&format!("UPDATE ring_groups SET ring_time = {}", 5 + number)),
            _ => server.sql("UPDATE users SET forward_always = ''"),
        };
    }
    server.in_force();
    for (call, answered) in &calls {
        assert!(!call.is_ended() && !answered.is_ended());
        call.rtp.hears(10);
        answered.rtp.hears(10);
    }
    assert_eq!(sent(&phones), before, "a running call was signalled because of an edit");
    let (first, second) = &calls[17];
    first.rtp.hears_voice_of(&second.rtp);
    for (call, answered) in calls {
        call.hang_up();
        answered.ended();
    }
    server.quiet();
}

/// Ten pairs of five phones, five calls each: every user has twenty.
fn fifty_calls(server: &Server, phones: &[Phone; 5]) -> Vec<(Talking, Talking)> {
    let pairs = (0..5).flat_map(|a| (a + 1..5).map(move |b| (a, b)));
    pairs
        .flat_map(|(a, b)| (0..5).map(move |_| (a, b)))
        .map(|(a, b)| {
            let dialling = phones[a].dial(&server.number(b));
            let answered = phones[b].incoming().answer();
            (dialling.answered(), answered)
        })
        .collect()
}

/// OPS-04: what the checks refuse stays out as a whole, visibly, and the last good revision stays.
#[test]
fn an_invalid_row_by_hand_raises_an_alarm_and_the_last_good_revision_stays() {
    let server = Server::start();
    let [alice, bob, _carol] = three(&server);
    let portal = server.portal();
    let good = server.metric("dialtone_config_revision");
    server.sql(&format!(
        "BEGIN; UPDATE ring_groups SET overflow = 'extension:98765'; \
         UPDATE users SET forward_always = '{}' WHERE id = {}; COMMIT",
        server.number(2),
        server.user(1)
    ));
    until_true("the alarm in the portal", || portal.get("/admin").body.contains("98765"));
    assert_eq!(server.metric("dialtone_config_revision"), good, "part of an invalid revision is in force");
    assert!(server.metric("dialtone_config_refused_total") >= 1.0);
    who_answers(&server, &alice, &bob, &server.number(1));
    server.edit("UPDATE ring_groups SET overflow = 'hangup:busy'");
    until_true("the end of the alarm", || !portal.get("/admin").body.contains("98765"));
}

/// OPS-04: a device's password by hand is encrypted as soon as it is seen.
#[test]
fn a_device_added_by_hand_registers_and_its_password_is_not_left_readable() {
    let server = Server::start();
    server.edit(
        "INSERT INTO devices (tenant_id, name, user_id, username, secret) \
         SELECT tenant_id, 'by hand', user_id, 'by-hand', 'plain:Hand-made-7788' FROM devices ORDER BY id LIMIT 1",
    );
    let mut account = server.accounts()[0].clone();
    (account.user, account.password) = ("by-hand".into(), "Hand-made-7788".into());
    Phone::new(account, server.sip()).register();
    until_true("the encryption", || {
        server.sql("SELECT secret FROM devices WHERE username = 'by-hand'").starts_with("v1:")
    });
    let file = std::fs::read(server.database()).unwrap();
    assert!(!file.windows(14).any(|w| w == b"Hand-made-7788"), "the password is still in the file");
}
