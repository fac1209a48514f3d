use super::*;
use crate::{
    TenantId, UserId,
    fixture::{Company, author, values},
    outbox::MailKind,
    resources::tenants::TENANTS,
};

const HOUR: i64 = 60 * 60 * 1000;
/// The administrator of first start, after the five people.
const ADMIN: UserId = UserId(6);

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
    assert_eq!(db.use_setup_link(token, "$argon2id$x", now).unwrap().id, ADMIN);
    assert!(matches!(db.use_setup_link(token, "$argon2id$y", now), Err(SignInError::Link)));
    let account = db.account_by_login(" Admin ", None).unwrap().unwrap();
    assert_eq!(account.password.as_deref(), Some("$argon2id$x"));
    assert_eq!((account.viewer.level, account.password_changed_at), (3, Some(now)));
    assert_eq!(company.revision(), before, "no configuration revision");
    assert!(matches!(db.new_setup_link(Some("nobody")), Err(SignInError::Nobody(_))));
    assert_eq!(db.new_setup_link(Some("ADMIN")).unwrap().login, "admin");
}

#[test]
fn a_session_lasts_while_it_is_used() {
    let company = Company::new();
    let (db, admin) = (&company.db, ADMIN);
    let token = db.new_session(admin, ("192.0.2.7", "Firefox"), Stage::Whole, (0, HOUR)).unwrap();
    let other = db.new_session(admin, ("192.0.2.8", &"x".repeat(1000)), Stage::Whole, (1, HOUR)).unwrap();
    let session = db.session(&token, HOUR - 1).unwrap().unwrap();
    assert_eq!((session.account.login.as_str(), session.address.as_str()), ("admin", "192.0.2.7"));
    assert!(db.session(&token, HOUR).unwrap().is_none());
    db.touch_session(session.id, HOUR - 1, HOUR).unwrap();
    assert!(db.session(&token, HOUR).unwrap().is_some());
    assert_eq!(db.sessions_of(admin, 10).unwrap().len(), 2);
    assert!(!db.end_session(UserId(2), session.id).unwrap(), "not theirs");
    assert!(db.end_session(admin, session.id).unwrap());
    assert!(db.session(&token, 10).unwrap().is_none());
    db.set_password(admin, "$argon2id$x", 10).unwrap();
    assert!(db.session(&other, 10).unwrap().is_none(), "a new password ends all");
    assert!(db.session("", 10).unwrap().is_none());
}

/// AUTH-27, USR-05
#[test]
fn a_suspended_user_is_out_at_once() {
    let company = Company::new();
    let second = values([("first_name", "Zoe"), ("login", "zoe")]);
    let id = company.db.create(&author(1), &USERS, &second).unwrap().id;
    let token = company.db.new_session(UserId(id), ("", ""), Stage::Whole, (0, HOUR)).unwrap();
    company.db.update(&author(1), &USERS, id, &values([("suspended", "on")]), None).unwrap();
    assert!(company.db.session(&token, 1).unwrap().is_none());
    company.by_hand("UPDATE users SET suspended_at = 1");
    company.db.delete(&author(1), &USERS, id).unwrap();
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

/// AUTH-01…03
#[test]
fn people_sign_in_by_login_name_address_or_extension_within_their_tenant() {
    let company = Company::new();
    let db = &company.db;
    let two = values([("name", "Two"), ("domain", "two.example")]);
    let two = TenantId(db.create(&author(1), &TENANTS, &two).unwrap().id);
    let one = TenantId(1);
    db.update(&author(1), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    let other = values([("first_name", "Anna"), ("email", "anna@example.com"), ("extension", "101")]);
    let other = UserId(db.create(&author(two.0), &USERS, &other).unwrap().id);
    let found = |login: &str, tenant| db.account_by_login(login, tenant).unwrap().map(|found| found.id);
    assert_eq!(found("ADMIN ", None), Some(ADMIN));
    assert_eq!(found("admin", Some(two)), None, "not at the other company's address");
    assert_eq!(found("anna@example.com", None), None, "whose?");
    assert_eq!(found("anna@example.com", Some(one)), Some(UserId(1)));
    assert_eq!(found("Anna@Example.com", Some(two)), Some(other));
    assert_eq!(found("101@dialtone.local", None), Some(UserId(1)));
    assert_eq!(found("101@two.example", None), Some(other));
    for nobody in ["", "@", "101", "600@dialtone.local", "102@two.example"] {
        assert_eq!(found(nobody, None), None, "{nobody}");
    }
    assert_eq!(db.tenant_of_host("Two.Example:8080").unwrap(), Some(two));
    assert_eq!(db.tenant_of_host("192.0.2.1:8080").unwrap(), None);
    let name = |id| db.account(id).unwrap().unwrap().login;
    assert_eq!((name(UserId(2)), name(other)), ("102@dialtone.local".into(), "anna@example.com".into()));
}

/// AUTH-05, AUTH-18
#[test]
fn a_reset_password_is_temporary_and_ends_sessions() {
    let company = Company::new();
    let db = &company.db;
    let id = UserId(1);
    db.set_password(id, "$argon2id$own", 5).unwrap();
    let token = db.new_session(id, ("", ""), Stage::Whole, (0, HOUR)).unwrap();
    db.reset_password(&author(1), id, "$argon2id$x", 7).unwrap();
    let account = db.account(id).unwrap().unwrap();
    assert!(account.password_temporary && account.password.as_deref() == Some("$argon2id$x"));
    assert!(db.session(&token, 1).unwrap().is_none());
    db.set_password(id, "$argon2id$y", 8).unwrap();
    assert!(!db.account(id).unwrap().unwrap().password_temporary);
    let mut weak = author(1);
    weak.viewer.level = 2;
    assert!(db.reset_password(&weak, ADMIN, "$argon2id$z", 9).is_err(), "not of somebody above");
    assert!(db.reset_password(&author(2), id, "$argon2id$z", 9).is_err(), "not of another tenant");
}

/// AUTH-22
#[test]
fn a_code_and_a_recovery_code_work_once() {
    let company = Company::new();
    let (db, id) = (&company.db, UserId(1));
    assert!(db.authenticator(id).unwrap().is_none());
    db.begin_authenticator(id, 1).unwrap();
    let made = db.authenticator(id).unwrap().unwrap();
    assert!(made.secret.len() == 20 && !made.confirmed);
    assert!(!db.account(id).unwrap().unwrap().has_second_factor, "not before it is shown to work");
    assert!(!db.take_step(id, 5).unwrap());
    let here = db.new_session(id, ("", ""), Stage::Whole, (0, HOUR)).unwrap();
    let elsewhere = db.new_session(id, ("", ""), Stage::Whole, (0, HOUR)).unwrap();
    let session = db.session(&here, 1).unwrap().unwrap().id;
    let codes = crate::password::recovery_codes();
    db.confirm_authenticator((id, session), 10, &codes).unwrap();
    assert!(db.session(&here, 1).unwrap().is_some() && db.session(&elsewhere, 1).unwrap().is_none());
    db.begin_authenticator(id, 2).unwrap();
    assert_eq!(db.authenticator(id).unwrap().unwrap().secret, made.secret, "a working one stays");
    assert!(
        !db.take_step(id, 10).unwrap() && db.take_step(id, 11).unwrap() && !db.take_step(id, 11).unwrap()
    );
    assert!(db.take_recovery_code(id, &codes[3]).unwrap() && !db.take_recovery_code(id, &codes[3]).unwrap());
    assert!(!db.take_recovery_code(UserId(2), &codes[4]).unwrap());
    assert_eq!(db.recovery_codes(id).unwrap(), 9);
    db.remove_authenticator_of(&author(1), id).unwrap();
    assert_eq!((db.authenticator(id).unwrap(), db.recovery_codes(id).unwrap()), (None, 0));
}

/// AUTH-22: a session that waits for the second factor is known as such, and is no sign-in yet.
#[test]
fn a_waiting_session_is_no_sign_in() {
    let company = Company::new();
    let db = &company.db;
    let token = db.new_session(ADMIN, ("192.0.2.7", ""), Stage::SecondFactor, (0, HOUR)).unwrap();
    assert_eq!(db.session(&token, 1).unwrap().unwrap().stage, Stage::SecondFactor);
    let account = db.account(ADMIN).unwrap().unwrap();
    assert!(db.last_sign_ins(&account).unwrap().is_empty() && db.sessions_of(ADMIN, 1).unwrap().is_empty());
    db.new_session(ADMIN, ("192.0.2.8", ""), Stage::Whole, (0, HOUR)).unwrap();
    db.sign_in_failed("admin", "192.0.2.9", 5).unwrap();
    let last = db.last_sign_ins(&account).unwrap();
    let seen: Vec<_> = last.iter().map(|entry| (entry.action.as_str(), entry.address.as_str())).collect();
    assert_eq!(seen, [("sign_in_failed", "192.0.2.9"), ("sign_in", "192.0.2.8")]);
}

/// AUTH-17, AUTH-19
#[test]
fn a_forgotten_password_is_answered_by_mail_within_limits() {
    let company = Company::new();
    let db = &company.db;
    let server = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    db.update(&author(1), &crate::resources::node_settings::NODE_SETTINGS, 1, &server, None).unwrap();
    db.update(&author(1), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    let now = now(&company);
    for login in ["nobody@example.com", "", "102@dialtone.local"] {
        db.mail_link(MailKind::Forgotten, login, None, now).unwrap();
    }
    assert!(db.due_mail(i64::MAX, 99).unwrap().is_empty(), "nobody, or nobody with an address");
    for _ in 0..9 {
        db.mail_link(MailKind::Forgotten, "101@dialtone.local", None, now).unwrap();
    }
    let due = db.due_mail(i64::MAX, 99).unwrap();
    assert_eq!(due.len(), 5, "five an hour");
    assert_eq!(
        (due[0].recipient.as_str(), due[0].content["login"].as_str()),
        ("anna@example.com", "anna@example.com")
    );
    let token = due[4].content["path"].strip_prefix("/setup/").unwrap();
    let half_an_hour = 30 * 60 * 1000;
    assert!(db.setup_account(token, now + half_an_hour - 5000).unwrap().is_some());
    assert!(db.setup_account(token, now + half_an_hour + 5000).unwrap().is_none());
    db.update(&author(1), &USERS, 1, &values([("suspended", "on")]), None).unwrap();
    db.mail_link(MailKind::NewUser, "anna@example.com", None, now).unwrap();
    assert_eq!(db.due_mail(i64::MAX, 99).unwrap().len(), 5, "nothing for who is suspended");
}

/// AUTH-24
#[test]
fn identities_and_passkeys_belong_to_one_user() {
    let company = Company::new();
    let db = &company.db;
    let known = |subject| Known { issuer: "https://id.example", subject, shown: "anna" };
    db.update(&author(1), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    let sought = Sought::Email("Anna@example.com");
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let tenant = TenantId(db.create(&author(1), &TENANTS, &other).unwrap().id);
    assert!(db.sign_in_as(tenant, known("a"), sought, 1).unwrap().is_none(), "another company");
    assert_eq!(db.sign_in_as(TenantId(1), known("a"), sought, 1).unwrap().unwrap().id, UserId(1));
    assert!(
        db.sign_in_as(TenantId(1), known("b"), sought, 1).unwrap().is_none(),
        "a second account of the same user"
    );
    assert_eq!(db.sign_in_as(TenantId(1), known("a"), Sought::Nothing, 1).unwrap().unwrap().id, UserId(1));
    assert!(matches!(db.link_identity(UserId(2), known("a"), 1), Err(SignInError::Taken)));
    let new = |credential: u8| NewPasskey {
        name: "Laptop".into(),
        rp: "pbx.example".into(),
        credential: vec![credential],
        handle: vec![0; 32],
        public_key: vec![1],
        counter: 5,
    };
    assert!(db.add_passkey((UserId(1), 0), &new(1), &["code".into()], 1).unwrap(), "the first");
    assert!(!db.add_passkey((UserId(1), 0), &new(2), &["other".into()], 1).unwrap());
    assert!(db.take_recovery_code(UserId(1), "code").unwrap(), "those of the first hold");
    assert!(matches!(db.add_passkey((UserId(2), 0), &new(1), &[], 1), Err(SignInError::Taken)));
    let id = db.passkeys_of(UserId(1)).unwrap()[0].id;
    assert!(!db.remove_passkey(UserId(2), id).unwrap(), "not theirs");
    assert!(!db.use_passkey(id, 5, 2).unwrap() && !db.use_passkey(id, 0, 2).unwrap(), "no step, or back");
    assert!(db.use_passkey(id, 6, 2).unwrap());
    for n in 3..=20 {
        db.add_passkey((UserId(1), 0), &new(n), &[], 1).unwrap();
    }
    assert!(
        matches!(db.add_passkey((UserId(1), 0), &new(21), &[], 1), Err(SignInError::Taken)),
        "20 are enough"
    );
}

/// AUTH-24
#[test]
fn only_the_operators_provider_may_be_on_this_machine() {
    let company = Company::new();
    let db = &company.db;
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let tenant = TenantId(db.create(&author(1), &TENANTS, &other).unwrap().id);
    company.by_hand("UPDATE settings SET oidc_issuer = 'http://127.0.0.1:9', oidc_client = 'x'");
    assert!(db.provider(TenantId(1)).unwrap().is_some() && db.provider(tenant).unwrap().is_none());
    company.by_hand("UPDATE settings SET oidc_issuer = 'https://id.example'");
    assert_eq!(db.provider(tenant).unwrap().unwrap().domain, "other.example");
}

/// AUTH-24: who signs in elsewhere is sent there, not to a form for a password that opens nothing.
#[test]
fn mail_leads_to_the_companys_own_sign_in_where_passwords_are_forbidden() {
    let company = Company::new();
    let db = &company.db;
    let server = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    db.update(&author(1), &crate::resources::node_settings::NODE_SETTINGS, 1, &server, None).unwrap();
    db.update(&author(1), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    company.by_hand(
        "UPDATE settings SET oidc_issuer = 'https://id.example', oidc_client = 'x', local_sign_in = 0",
    );
    db.mail_link(MailKind::NewUser, "anna@example.com", None, now(&company)).unwrap();
    assert_eq!(db.due_mail(i64::MAX, 9).unwrap()[0].content["path"], "/sign-in/dialtone.local");
    assert!(!db.account(UserId(1)).unwrap().unwrap().local_sign_in);
    assert!(db.account(ADMIN).unwrap().unwrap().local_sign_in, "the operator's administrator");
}
