use super::*;
use crate::{
    UserId,
    fixture::{Company, author, values, viewer},
    resources::{
        announcements::ANNOUNCEMENTS, licences::LICENCES, node_settings::NODE_SETTINGS, users::USERS,
    },
};

const LATER: i64 = i64::MAX;

/// A company that can send mail.
fn company() -> Company {
    let company = Company::new();
    let server = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    company.db.update(&author(1), &NODE_SETTINGS, 1, &server, None).unwrap();
    company
}

/// AUTH-20: a new user with an address gets login name and link, by the same transaction.
#[test]
fn a_new_user_is_welcomed_with_a_link_that_works() {
    let company = company();
    let before = company.revision();
    let zoe = [("first_name", "Zoe"), ("email", "zoe@example.com"), ("extension", "301")];
    let id = company.db.create(&author(1), &USERS, &values(zoe)).unwrap().id;
    company.db.create(&author(1), &USERS, &values([("first_name", "No address")])).unwrap();
    assert_eq!(company.revision(), before + 2);
    let due = company.db.due_mail(LATER, 10).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].kind, due[0].recipient.as_str()), (MailKind::Welcome, "zoe@example.com"));
    assert_eq!(
        (due[0].content["login"].as_str(), due[0].content["name"].as_str()),
        ("zoe@example.com", "Zoe")
    );
    let token = due[0].content["path"].strip_prefix("/setup/").unwrap();
    assert_eq!(company.db.setup_account(token, 0).unwrap().unwrap().id, UserId(id));
    let refused = values([("first_name", "Yan"), ("email", "zoe@example.com")]);
    assert!(company.db.create(&author(1), &USERS, &refused).is_err());
    assert_eq!(company.db.due_mail(LATER, 10).unwrap().len(), 1, "no user, no mail");
    let file = std::fs::read(company.db.file()).unwrap();
    let wal = std::fs::read(company.db.file().with_extension("db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(token.len()).any(|window| window == token.as_bytes());
    assert!(!holds(&file) && !holds(&wal), "the link stands in the file");
}

#[test]
fn without_a_mail_server_nothing_is_queued() {
    let company = Company::new();
    let zoe = values([("first_name", "Zoe"), ("email", "zoe@example.com")]);
    company.db.create(&author(1), &USERS, &zoe).unwrap();
    company.db.queue_test_mail(TenantId(1), "a@example.com").unwrap();
    assert_eq!(company.db.mails(&viewer(1)).unwrap(), []);
}

/// OPS-11
#[test]
fn a_message_waits_is_tried_again_and_ends_sent_or_given_up() {
    let company = company();
    let db = &company.db;
    db.queue_test_mail(TenantId(1), "a@example.com").unwrap();
    db.queue_test_mail(TenantId(2), "b@example.com").unwrap();
    assert_eq!(db.due_mail(0, 10).unwrap(), [], "not before they were written");
    let due = db.due_mail(LATER, 10).unwrap();
    assert_eq!(
        due.iter().map(|due| due.recipient.as_str()).collect::<Vec<_>>(),
        ["a@example.com", "b@example.com"]
    );
    db.mail_failed(due[0].id, &"x".repeat(9999), Some(LATER - 1)).unwrap();
    assert_eq!(db.due_mail(LATER - 2, 10).unwrap().len(), 1);
    let mail = |id| db.mails(&viewer(1)).unwrap().into_iter().find(|mail| mail.id == id).unwrap();
    let waiting = mail(due[0].id);
    assert_eq!((waiting.state.as_str(), waiting.attempts, waiting.error.len()), ("waiting", 1, 500));
    assert!(!db.retry_mail(&viewer(2), due[0].id, 5).unwrap(), "not theirs");
    assert!(db.retry_mail(&viewer(1), due[0].id, 5).unwrap());
    assert_eq!(db.due_mail(5, 10).unwrap()[0].attempts, 1);
    db.mail_sent(due[0].id, 77).unwrap();
    db.mail_failed(due[1].id, "No such mailbox", None).unwrap();
    assert_eq!(db.due_mail(LATER, 10).unwrap(), []);
    assert_eq!((mail(due[0].id).state, mail(due[0].id).sent_at), ("sent".into(), Some(77)));
    assert_eq!(db.mails(&viewer(2)).unwrap().len(), 1, "their own only");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM outbox WHERE content <> ''"), 0);
    assert_eq!(db.trim_mail(LATER).unwrap(), 2);
}

#[test]
fn a_message_that_cannot_be_read_is_given_up() {
    let company = company();
    company.db.queue_test_mail(TenantId(1), "a@example.com").unwrap();
    company.by_hand("UPDATE outbox SET content = 'v1:00'");
    assert_eq!(company.db.due_mail(LATER, 10).unwrap(), []);
    assert_eq!(company.db.mails(&viewer(1)).unwrap()[0].state, "failed");
}

/// LIC-10: what another product was told follows who has its licence, whoever wrote that and in how many steps.
#[test]
fn another_product_is_told_who_got_its_licence_and_who_lost_it() {
    let company = Company::new();
    let cx = [("name", "CX"), ("kind", "external"), ("webhook", "https://cx.example/hook")];
    let cx = company.db.create(&author(1), &LICENCES, &values(cx)).unwrap().id.to_string();
    let soft =
        company.db.create(&author(1), &LICENCES, &values([("name", "Soft"), ("kind", "softphone")])).unwrap();
    let give =
        |list: &str| company.db.update(&author(1), &USERS, 1, &values([("licences", list)]), None).unwrap();
    give(&cx);
    assert_eq!((company.db.queue_webhooks(7).unwrap(), company.db.queue_webhooks(8).unwrap()), (1, 0));
    give(&format!("{},{cx}", soft.id));
    assert_eq!(company.db.queue_webhooks(9).unwrap(), 0, "one more licence is no news of this one");
    give("");
    give(&cx);
    assert_eq!(company.db.queue_webhooks(9).unwrap(), 0, "what was taken back at once is never told");
    company.by_hand("DELETE FROM users_licences WHERE owner = 1");
    assert_eq!(company.db.queue_webhooks(10).unwrap(), 1);
    let told = |limit| -> Vec<(i64, serde_json::Value)> {
        let due = company.db.due_webhooks(LATER, limit).unwrap();
        assert!(due.iter().all(|call| call.url == "https://cx.example/hook"));
        due.iter().map(|call| (call.id, serde_json::from_str(&call.body).unwrap())).collect()
    };
    let first = told(10);
    assert_eq!(first.len(), 1, "the second waits until the first was taken");
    assert_eq!((&first[0].1["event"], &first[0].1["user"]["id"]), (&"licence.assigned".into(), &1.into()));
    company.db.mail_failed(first[0].0, "it answered 500", Some(LATER - 1)).unwrap();
    assert_eq!(told(10)[0].0, first[0].0, "in order, also when it fails");
    company.db.mail_sent(first[0].0, 11).unwrap();
    assert_eq!(told(10)[0].1["event"], "licence.unassigned");
    assert_eq!(company.db.due_mail(LATER, 10).unwrap(), [], "no mail server gets it");
}

/// EXTL-05
#[test]
fn an_issue_goes_once_to_whom_it_is_for_when_it_begins() {
    let company = company();
    company.by_hand("UPDATE users SET email = 'a' || id || '@example.com' WHERE tenant_id = 1");
    for user in [1, 2, 6] {
        company.db.subscribe(UserId(user), true, 1).unwrap();
    }
    company.db.subscribe(UserId(2), false, 1).unwrap();
    assert!(company.db.is_subscribed(UserId(1)).unwrap() && !company.db.is_subscribed(UserId(2)).unwrap());
    let announce = |title: &str, more: [(&'static str, &'static str); 3]| {
        let mut row = values(more);
        row.insert("title".into(), title.into());
        company.db.create(&author(1), &ANNOUNCEMENTS, &row).unwrap();
    };
    announce("Soup", [("issue", "0"), ("starts", ""), ("audience", "everybody")]);
    announce("No calls", [("issue", "1"), ("starts", "2026-11-20T10:00"), ("audience", "everybody")]);
    announce("Disk", [("issue", "1"), ("starts", ""), ("audience", "administrators")]);
    let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
    let told = |now: i64| -> Vec<(String, String)> {
        company.db.tell_issues(now).unwrap();
        let due = company.db.due_mail(LATER, 10).unwrap();
        due.iter().for_each(|mail| company.db.mail_sent(mail.id, now).unwrap());
        due.into_iter().map(|mail| (mail.content["title"].clone(), mail.recipient)).collect()
    };
    let pair = |title: &str, user: i64| (title.to_owned(), format!("a{user}@example.com"));
    assert_eq!(told(at("2026-11-20T09:59:59Z")), [pair("Disk", 6)]);
    assert_eq!(told(at("2026-11-20T10:00:00Z")), [pair("No calls", 1), pair("No calls", 6)]);
    assert_eq!(told(at("2026-11-21T10:00:00Z")), []);
}
