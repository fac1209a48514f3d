//! The past, and back to it. OPS-05.

use super::*;
use crate::{
    daily::Step,
    fixture::{Company, author, values, viewer},
    plan::{Action, Go, PlanError},
    resources::{self, devices::DEVICES, ring_groups::RING_GROUPS, users::USERS},
};

/// All rows of all tables as text, without versions.
fn all(company: &Company) -> String {
    let mut text = String::new();
    for of in resources::ALL.into_iter().filter(|of| of.name != "extensions") {
        let query = crate::query::ListQuery { limit: 200, ..Default::default() };
        for row in company.db.list(&viewer(1), of, &query).unwrap().rows {
            let row = company.db.get(&viewer(1), of, row.id).unwrap().unwrap();
            text += &format!("{} {} {:?} {:?}\n", of.name, row.id, row.values, row.shown);
        }
    }
    text
}

/// A day's work: new, changed, renumbered and removed rows, a password, and an edit by hand.
fn work(company: &Company) {
    let db = &company.db;
    let zoe =
        db.create(&author(1), &USERS, &values([("first_name", "Zoe"), ("extension", "150")])).unwrap().id;
    let device = [("name", "Zoe's"), ("username", "150"), ("user", &*zoe.to_string())];
    db.create(&author(1), &DEVICES, &values(device)).unwrap();
    db.update(&author(1), &RING_GROUPS, 1, &values([("members", &*format!("{zoe},1"))]), None).unwrap();
    db.renew_secret(&author(1), &DEVICES, 1, "secret").unwrap();
    // 101 and 102 change places.
    db.update(&author(1), &USERS, 1, &values([("extension", "199")]), None).unwrap();
    db.update(&author(1), &USERS, 2, &values([("extension", "101")]), None).unwrap();
    db.update(&author(1), &USERS, 1, &values([("extension", "102")]), None).unwrap();
    db.delete(&author(1), &DEVICES, 5).unwrap();
    company.by_hand(
        "UPDATE users SET suspended = 1 WHERE id = 5; UPDATE users SET suspended_at = 1 WHERE id = 5",
    );
    db.delete(&author(1), &USERS, 5).unwrap();
    company.by_hand("UPDATE settings SET country = 'de'");
}

#[test]
fn the_past_is_shown_as_it_was() {
    let company = Company::new();
    let then = company.revision();
    work(&company);
    let past = company.db.past(then).unwrap();
    let users = past.list(&viewer(1), &USERS, "", (0, 50)).unwrap();
    assert_eq!(users.total, 6);
    assert!(users.rows.iter().any(|row| row.title == "Anna Berg (101)"));
    assert_eq!(past.list(&viewer(1), &USERS, "elif", (0, 50)).unwrap().rows[0].values["extension"], "105");
    let group = past.list(&viewer(1), &RING_GROUPS, "", (0, 50)).unwrap().rows.remove(0);
    assert!(group.shown["members"].ends_with("Elif Fischer (105)"), "{:?}", group.shown);
    assert_eq!(past.list(&viewer(2), &USERS, "", (0, 50)).unwrap().total, 0);
    // The present is a revision, too.
    let now = company.db.past(company.revision()).unwrap();
    assert!(now.list(&viewer(1), &USERS, "zoe", (0, 50)).unwrap().total == 1);
    assert!(matches!(company.db.past(company.revision() + 1), Err(PastError::NotKept(..))));
}

#[test]
fn two_revisions_are_compared_row_by_row() {
    let company = Company::new();
    let then = company.revision();
    work(&company);
    let changes = company.db.compare(&viewer(1), then, company.revision()).unwrap();
    let of = |table: &str, id: i64| changes.iter().find(|c| (c.table, c.id) == (table, id)).unwrap();
    assert_eq!(of("users", 1).changes["extension"], ("101".into(), "102".into()));
    assert_eq!((of("users", 5).action, of("users", 7).action), (Action::Delete, Action::Create));
    assert_eq!(of("users", 5).title, "Elif Fischer (105)");
    assert_eq!(of("devices", 1).changes["secret"], ("•••".into(), "•••".into()));
    let members = &of("ring_groups", 1).shown["members"];
    assert!(members.0.starts_with("Anna Berg (101)") && members.1.starts_with("Zoe (150)"), "{members:?}");
    assert_eq!(of("settings", 1).changes["country"], ("us".into(), "de".into()));
    assert!(company.db.compare(&viewer(1), then, then).unwrap().is_empty());
}

#[test]
fn a_restored_revision_is_as_it_was_and_one_revision_more() {
    let company = Company::new();
    let (then, before) = (company.revision(), all(&company));
    let password = company.db.reveal_secret(&author(1), &DEVICES, 1, "secret").unwrap();
    work(&company);
    let busy = (company.revision(), all(&company));
    let plan = company.db.restore(&author(1), then, Go::Rehearse).unwrap();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    // With each user a phone.
    assert_eq!((plan.count(Action::Create), plan.count(Action::Delete)), (2, 2));
    assert!(plan.affected.iter().any(|a| a.number == "150" && a.what == "gone"), "{:?}", plan.affected);
    assert!(plan.affected.iter().any(|a| a.number == "105" && a.what == "new"));
    assert_eq!((company.revision(), all(&company)), busy, "a plan changes nothing");
    let done = company.db.restore(&author(1), then, Go::Apply(Some(plan.base))).unwrap();
    assert_eq!(done.rows, plan.rows);
    assert_eq!(all(&company), before);
    assert_eq!(company.revision(), busy.0 + 1);
    assert_eq!(company.db.reveal_secret(&author(1), &DEVICES, 1, "secret").unwrap(), password);
    let (mut feed, _) = crate::Feed::open(&company.db).unwrap();
    assert!(feed.poll().unwrap().is_none(), "the program takes it");
    company.db.undo_revision(&author(1), done.revision.unwrap()).unwrap();
    assert_eq!(all(&company), busy.1, "and it can be taken back");
}

#[test]
fn a_plan_for_a_configuration_that_has_changed_is_refused() {
    let company = Company::new();
    let then = company.revision();
    work(&company);
    let plan = company.db.restore(&author(1), then, Go::Rehearse).unwrap();
    company.db.update(&author(1), &USERS, 3, &values([("last_name", "X")]), None).unwrap();
    let refused = company.db.restore(&author(1), then, Go::Apply(Some(plan.base)));
    assert!(matches!(refused, Err(PlanError::Moved { .. })));
    assert_eq!(company.db.get(&viewer(1), &USERS, 3).unwrap().unwrap().values["last_name"], "X");
}

#[test]
fn other_tenants_stay_as_they_are() {
    let company = Company::new();
    let tenant = values([("name", "Other"), ("domain", "other.example")]);
    let other = company.db.create(&author(1), &resources::tenants::TENANTS, &tenant).unwrap().id;
    let then = company.revision();
    let theirs = company.db.create(&author(other), &USERS, &values([("first_name", "Ola")])).unwrap().id;
    company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    let plan = company.db.restore(&author(1), then, Go::Apply(None)).unwrap();
    assert_eq!(plan.rows.len(), 1);
    assert!(company.db.get(&viewer(other), &USERS, theirs).unwrap().is_some());
    assert!(
        company.db.compare(&viewer(other), then, company.revision()).unwrap().iter().any(|c| c.id == theirs)
    );
}

/// Does the jobs of that day; how many rows went.
fn prune(company: &Company, now_ms: i64, limit: usize) -> usize {
    let now = chrono::DateTime::from_timestamp_millis(now_ms).unwrap();
    let mut gone = 0;
    for due in company.db.due_jobs(now).unwrap() {
        while let Step::Gone(rows) = company.db.run_daily(due, now, limit).unwrap() {
            gone += rows;
        }
    }
    gone
}

/// AUD-01
#[test]
fn the_audit_log_and_the_history_keep_ninety_days() {
    const DAY: i64 = 86_400_000;
    let company = Company::new();
    let age = |revision: i64, days: i64| {
        company.by_hand(&format!(
            "UPDATE audit SET at_ms = {days} * {DAY} WHERE revision = {revision}; \
             UPDATE history SET at_ms = {days} * {DAY} WHERE revision = {revision}"
        ));
    };
    let change = |name: &str| {
        company.db.update(&author(1), &USERS, 1, &values([("last_name", name)]), None).unwrap().revision
    };
    let (first, second) = (change("X"), change("Y"));
    age(1, 5);
    age(first, 10);
    age(second, 11);
    let now = 101 * DAY;
    prune(&company, now - 1, 3);
    let entries = company.db.audit(&viewer(1), None, None, 200).unwrap();
    assert_eq!(entries.len(), 1, "ten days after the tenth are more than ninety, eleven are not");
    assert_eq!(entries[0].revision, second);
    assert_eq!(company.db.history_bounds().unwrap().oldest, first);
    let past = company.db.past(first).unwrap().list(&viewer(1), &USERS, "anna", (0, 1)).unwrap();
    assert_eq!(past.rows[0].values["last_name"], "X");
    assert!(company.db.past(first - 1).is_err());
    // Longer can be chosen, shorter not.
    let of = &resources::node_settings::NODE_SETTINGS;
    assert!(company.db.update(&author(1), of, 1, &values([("audit_retention_days", "89")]), None).is_err());
    company.db.update(&author(1), of, 1, &values([("audit_retention_days", "91")]), None).unwrap();
    assert_eq!(prune(&company, now + DAY - 1, 100), 0);
    assert!(prune(&company, now + DAY + 1, 100) > 0);
}

/// AUD-01
#[test]
fn a_company_may_keep_its_audit_log_for_longer_than_the_others() {
    const DAY: i64 = 86_400_000;
    let company = Company::new();
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let other = company.db.create(&author(1), &resources::tenants::TENANTS, &other).unwrap().id;
    let site = values([("name", "Theirs")]);
    company.db.create(&author(other), &resources::sites::SITES, &site).unwrap();
    let settings = &resources::settings::SETTINGS;
    let of = |tenant| company.db.list(&viewer(tenant), settings, &Default::default()).unwrap().rows[0].id;
    let longer = |days: &str| {
        company.db.update(&author(other), settings, of(other), &values([("audit_days", days)]), None)
    };
    assert!(longer("89").is_err());
    longer("100").unwrap();
    company.by_hand("UPDATE audit SET at_ms = 0; UPDATE history SET at_ms = 0");
    let count =
        |tenant| -> i64 { company.number(&format!("SELECT count(*) FROM audit WHERE tenant_id = {tenant}")) };
    prune(&company, 95 * DAY, 10);
    assert_eq!((count(1), count(other) > 0), (0, true));
    assert!(company.db.history_bounds().unwrap().oldest < company.revision(), "kept for the longest");
    prune(&company, 101 * DAY, 10);
    assert_eq!(count(other), 0);
}

#[test]
fn a_moment_has_its_revision() {
    let company = Company::new();
    let first = company.revision();
    company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    company.by_hand("UPDATE history SET at_ms = revision * 1000");
    assert_eq!(company.db.revision_at((first + 1) * 1000 - 1).unwrap(), first);
    assert_eq!(company.db.revision_at((first + 1) * 1000).unwrap(), first + 1);
    assert_eq!(company.db.revision_time(first + 1).unwrap(), Some((first + 1) * 1000));
    let revisions = company.db.revisions(&viewer(1), None, 10).unwrap();
    assert_eq!((revisions[0].revision, revisions[0].entries), (first + 1, 1));
    assert_eq!(revisions[0].titles, ["Anna X (101)"]);
    assert_eq!(company.db.revisions(&viewer(1), Some(first + 1), 10).unwrap()[0].revision, first);
}
