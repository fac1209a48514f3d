use super::*;
use crate::fixture::{Company, author, values};

const HOUR: i64 = 60 * 60 * 1000;

fn now(company: &Company) -> i64 {
    company.number("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)")
}

/// OPS-01
#[test]
fn a_setup_link_works_once_and_not_for_ever() {
    let company = Company::new();
    let (db, now) = (&company.db, now(&company));
    let first = company.welcome.setup_path.strip_prefix("/setup/").unwrap();
    assert_eq!(db.setup_account(first, now).unwrap().unwrap().login, "admin");
    assert!(db.setup_account(first, now + 8 * 24 * HOUR).unwrap().is_none());
    let again = db.new_setup_link(None).unwrap();
    assert_eq!(again.login, "admin");
    assert!(db.setup_account(first, now).unwrap().is_none(), "a new link ends the old one");
    let token = again.path.strip_prefix("/setup/").unwrap();
    let before = company.revision();
    assert_eq!(db.use_setup_link(token, "$argon2id$x", now).unwrap().id, AdministratorId(1));
    assert!(matches!(db.use_setup_link(token, "$argon2id$y", now), Err(SignInError::Link)));
    let account = db.account_by_login(" Admin ").unwrap().unwrap();
    assert_eq!(account.password.as_deref(), Some("$argon2id$x"));
    assert_eq!((account.level, account.password_changed_at), (3, Some(now)));
    assert_eq!(company.revision(), before, "no configuration revision");
    assert!(matches!(db.new_setup_link(Some("nobody")), Err(SignInError::NoAdministrator(_))));
    assert_eq!(db.new_setup_link(Some("ADMIN")).unwrap().login, "admin");
}

#[test]
fn a_session_lasts_while_it_is_used() {
    let company = Company::new();
    let (db, admin) = (&company.db, AdministratorId(1));
    let token = db.new_session(admin, ("192.0.2.7", "Firefox"), 0, HOUR).unwrap();
    let other = db.new_session(admin, ("192.0.2.8", &"x".repeat(1000)), 1, HOUR).unwrap();
    let session = db.session(&token, HOUR - 1).unwrap().unwrap();
    assert_eq!((session.account.login.as_str(), session.address.as_str()), ("admin", "192.0.2.7"));
    assert!(db.session(&token, HOUR).unwrap().is_none());
    db.touch_session(session.id, HOUR - 1, HOUR).unwrap();
    assert!(db.session(&token, HOUR).unwrap().is_some());
    assert_eq!(db.sessions_of(admin, 10).unwrap().len(), 2);
    assert!(!db.end_session(AdministratorId(2), session.id).unwrap(), "not theirs");
    assert!(db.end_session(admin, session.id).unwrap());
    assert!(db.session(&token, 10).unwrap().is_none());
    db.set_password(admin, "$argon2id$x", 10).unwrap();
    assert!(db.session(&other, 10).unwrap().is_none(), "a new password ends all");
    assert!(db.session("", 10).unwrap().is_none());
}

#[test]
fn a_suspended_administrator_is_out_at_once() {
    let company = Company::new();
    let second = values([("login", "ben"), ("level", "3")]);
    let id = company.db.create(&author(1), &ADMINISTRATORS, &second).unwrap().id;
    let token = company.db.new_session(AdministratorId(id), ("", ""), 0, HOUR).unwrap();
    company.db.update(&author(1), &ADMINISTRATORS, id, &values([("suspended", "on")]), None).unwrap();
    assert!(company.db.session(&token, 1).unwrap().is_none());
    company.db.delete(&author(1), &ADMINISTRATORS, id).unwrap();
    assert_eq!(company.number::<i64>("SELECT count(*) FROM sessions"), 0);
}

/// AUTH-28
#[test]
fn ten_failures_in_a_quarter_of_an_hour_lock_for_another() {
    let company = Company::new();
    let db = &company.db;
    let minute = HOUR / 60;
    for n in 0..9 {
        assert_eq!(db.sign_in_failed("admin", "192.0.2.7", n * minute).unwrap(), None);
    }
    assert_eq!(db.sign_in_lock("admin", "192.0.2.7", 9 * minute).unwrap(), None);
    let lock = db.sign_in_failed("Admin", "192.0.2.7", 9 * minute).unwrap().unwrap();
    assert_eq!(lock.until_ms, 24 * minute);
    assert_eq!(db.sign_in_lock("admin", "192.0.2.7", 10 * minute).unwrap(), Some(lock));
    assert_eq!(db.sign_in_lock("admin", "192.0.2.8", 10 * minute).unwrap(), None, "another address");
    assert_eq!(
        db.sign_in_lock("admin", "192.0.2.7", 23 * minute).unwrap(),
        Some(lock),
        "a quarter of an hour"
    );
    assert_eq!(db.sign_in_lock("admin", "192.0.2.7", 24 * minute).unwrap(), None);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM audit WHERE action = 'locked'"), 1);
    db.sign_in_succeeded("admin", "192.0.2.7").unwrap();
    assert_eq!(company.number::<i64>("SELECT count(*) FROM sign_in_failures"), 0);
}
