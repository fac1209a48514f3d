//! What a phone shows of a caller: the name that the called knows the number by. DIR-34.

use tests::{agent::Phone, server::Server};

/// The display name of the From that the called phone gets.
fn shown(server: &Server, caller: &Phone, callee: &Phone) -> String {
    let dialling = caller.dial(&server.number(1));
    let incoming = callee.incoming();
    let from = incoming.invite.header("From").unwrap().to_owned();
    incoming.refuse(486);
    dialling.refused();
    server.quiet();
    from.split('"').nth(1).unwrap_or_default().to_owned()
}

/// DIR-34
#[test]
fn the_called_phone_shows_the_name_that_its_user_knows_the_number_by() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let (number, alices_user, bobs_user) = (server.number(0), server.user(0), server.user(1));
    let own_name = server.sql(&format!("SELECT name FROM users WHERE id = {alices_user}"));
    assert_eq!(shown(&server, &alice, &bob), own_name);
    server.edit(&format!(
        "INSERT INTO contacts (tenant_id, last_name, work) VALUES (1, 'Shared \"Name\"', '{number}')"
    ));
    assert_eq!(shown(&server, &alice, &bob), "Shared \\", "quotes are escaped");
    server.edit("DELETE FROM contacts");
    server
        .edit(&format!("INSERT INTO contacts (tenant_id, last_name, work) VALUES (1, 'Shared', '{number}')"));
    assert_eq!(shown(&server, &alice, &bob), "Shared");
    server.edit(&format!(
        "INSERT INTO own_contacts (tenant_id, user_id, last_name, mobile) VALUES (1, {bobs_user}, 'My Friend', '{number}')"
    ));
    assert_eq!(shown(&server, &alice, &bob), "My Friend");
    // What Bob keeps is his alone.
    server.edit(&format!("UPDATE own_contacts SET user_id = {alices_user}"));
    assert_eq!(shown(&server, &alice, &bob), "Shared");
    // The record has the caller's own name: it is everybody's.
    assert_eq!(server.last_call("caller_name"), own_name);
}

/// USR-13: who is renamed in the portal has that name with their extension, and on the next call.
#[test]
fn a_users_name_is_the_name_of_their_extension_on_the_next_call() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let portal = server.portal();
    let before = shown(&server, &alice, &bob);
    let renamed = portal
        .save(&format!("/admin/users/{}", server.user(0)), &[("first_name", "Ada"), ("last_name", "King")]);
    assert!(renamed.status < 400 && before != "Ada King", "{before}: {renamed:?}");
    server.in_force();
    assert_eq!(shown(&server, &alice, &bob), "Ada King");
    assert_eq!(server.last_call("caller_name"), "Ada King");
    let extensions = portal.get(&format!("/api/v1/extensions?q={}", server.number(0))).body;
    assert!(extensions.contains("\"owner\":\"Ada King\""), "{extensions}");
}

/// DIR-34: ten thousand contacts cost a call nothing that one can see. Prints what they cost.
#[test]
fn a_call_is_set_up_among_ten_thousand_contacts() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let cpu = || {
        let before = server.cpu();
        for _ in 0..20 {
            shown(&server, &alice, &bob);
        }
        server.cpu() - before
    };
    let few = cpu();
    server.edit(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
         INSERT INTO contacts (tenant_id, last_name, work, mobile) SELECT 1, 'Contact ' || i, '030 1' || printf('%06d', i), \
         '0170 2' || printf('%06d', i) FROM n",
    );
    let number = server.number(0);
    server.edit(&format!(
        "INSERT INTO contacts (tenant_id, last_name, work) VALUES (1, 'The one', '{number}')"
    ));
    assert_eq!(shown(&server, &alice, &bob), "The one");
    let many = cpu();
    eprintln!("processor ticks of 20 calls: {few} with none, {many} with 10,001 shared contacts");
}
