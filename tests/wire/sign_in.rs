//! Signing in: who may not is told nothing, neither in words nor by how long it takes. AUTH-04.

use tests::{
    server::Server,
    visitor::{PASSWORD, Page, Visitor, set},
};

fn sign_in(server: &Server, login: &str, password: &str) -> Page {
    let visitor = Visitor::new(server.http());
    let mut form = visitor.form("/login");
    set(&mut form, "login", login);
    set(&mut form, "password", password);
    visitor.post("/login", &form)
}

/// The page of a refusal without what the visitor typed.
fn refusal(server: &Server, login: &str, password: &str) -> (u16, String) {
    let page = sign_in(server, login, password);
    (page.status, page.body.replace(&format!("value=\"{login}\""), "value=\"…\""))
}

/// What so many refusals cost the program. [hundredths of a second of CPU]
fn cost(server: &Server, login: &str, password: &str) -> u64 {
    let before = server.cpu();
    for _ in 0..TRIES {
        assert_eq!(sign_in(server, login, password).status, 401, "{login}");
    }
    server.cpu() - before
}

/// AUTH-04: an unknown name, a wrong password and a suspended account with the right one: one hash each, one answer.
#[test]
fn every_refused_sign_in_does_the_same_work_and_gets_the_same_answer() {
    let server = Server::start();
    server.portal();
    let (known, user) =
        (server.sql("SELECT login FROM users WHERE login <> '' ORDER BY id LIMIT 1"), server.user(1));
    server.edit(&format!(
        "UPDATE users SET login = 'suspended', suspended = 1, role_id = (SELECT role_id FROM users WHERE login = '{known}') \
         WHERE id = {user}; \
         INSERT INTO sign_in (user_id, password, password_changed_at) \
         SELECT {user}, password, password_changed_at FROM sign_in ORDER BY user_id LIMIT 1"
    ));
    let wrong = refusal(&server, &known, "Wrong@Password2024!");
    assert_eq!(wrong.0, 401);
    assert_eq!(refusal(&server, "nobody", PASSWORD), wrong);
    assert_eq!(refusal(&server, "suspended", PASSWORD), wrong);
    assert!(sign_in(&server, &known, PASSWORD).status < 400, "the right password");

    let costs = [(known.as_str(), "Wrong@Password2024!"), ("nobody", PASSWORD), ("suspended", PASSWORD)]
        .map(|(login, password)| cost(&server, login, password));
    eprintln!(
        "{TRIES} refusals cost {costs:?} hundredths of a second of CPU: wrong password, unknown, suspended"
    );
    let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
    // A refusal without its hash costs a twentieth.
    assert!(most * 2 < least * 3, "one kind of refusal is cheaper: {costs:?}");
}

/// AUTH-23, AUTH-15: the portal asks for a second factor, the phone is asked for its own password alone; and a new password
/// of the user does not end its registration.
#[test]
fn a_phone_registers_whatever_the_portal_asks_of_its_user() {
    let server = Server::start();
    let portal = server.portal();
    let user = server.user(0);
    server.edit("UPDATE settings SET second_factor = 'required'");
    server.edit(&format!("UPDATE users SET login = 'anna' WHERE id = {user}"));
    server.edit(&format!(
        "INSERT INTO sign_in (user_id, password, password_changed_at) \
         SELECT {user}, password, password_changed_at FROM sign_in ORDER BY user_id LIMIT 1"
    ));
    let anna = Visitor::new(server.http());
    let pairs = [("login", "anna"), ("password", PASSWORD)];
    anna.post("/login", &pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    let asked = anna.get("/");
    assert_eq!((asked.status, asked.location.as_str()), (303, "/security/authenticator"), "{asked:?}");
    let phone = server.phone(0);
    phone.register();
    // The administrator, too, would be asked for a second factor first.
    server.edit("UPDATE settings SET second_factor = 'optional'");
    let reset = portal.post(&format!("/admin/users/{user}/reset-password"), &portal.form("/admin"));
    assert!(reset.status < 400, "{reset:?}");
    assert_eq!(anna.get("/").location, "/login", "the session ended");
    phone.register();
}

/// Ten lock an account (AUTH-28).
const TRIES: u32 = 8;
