//! Changes that go unless they are confirmed. OPS-05.

use super::*;
use crate::{
    Db,
    fixture::{Company, author, values, viewer},
    plan::Go,
    resources::{devices::DEVICES, users::USERS},
};

const START: i64 = 1_000_000;
const TEN_MINUTES: i64 = 600_000;

fn name(db: &Db, id: i64) -> String {
    db.get(&viewer(1), &USERS, id).unwrap().unwrap().values["last_name"].clone()
}

fn ben() -> crate::access::Author {
    crate::access::Author { name: "ben@example.com".into(), ..author(1) }
}

#[test]
fn what_nobody_confirms_is_taken_back_even_after_a_restart() {
    let company = Company::new();
    let trial = company.db.begin_trial(&author(1), START, 10).unwrap();
    company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    let zoe = values([("first_name", "Zoe"), ("extension", "150")]);
    let zoe = company.db.create(&author(1), &USERS, &zoe).unwrap().id;
    assert_eq!(trial.deadline_ms, START + TEN_MINUTES);
    assert!(company.db.end_trials(START + TEN_MINUTES - 1).unwrap().is_empty());
    // The program is gone without a word, and another one starts.
    let Company { folder, db, .. } = company;
    drop(db);
    let db = Db::open(folder.path()).unwrap();
    assert_eq!(db.trial(trial.tenant).unwrap(), Some(trial.clone()));
    let ended = db.end_trials(START + TEN_MINUTES).unwrap();
    assert_eq!((ended.len(), ended[0].undone.rows.len()), (1, 2));
    assert!(ended[0].undone.kept.is_empty(), "{:?}", ended[0].undone.kept);
    assert_eq!(name(&db, 1), "Berg");
    assert!(db.get(&viewer(1), &USERS, zoe).unwrap().is_none());
    assert_eq!(db.trial(trial.tenant).unwrap(), None);
    assert!(db.end_trials(i64::MAX).unwrap().is_empty());
    let entry = db.audit(&viewer(1), None, None, 1).unwrap().remove(0);
    assert_eq!((entry.author.as_str(), &*entry.via), ("not confirmed by anna@example.com", "trial"));
}

#[test]
fn what_is_confirmed_stays() {
    let company = Company::new();
    let trial = company.db.begin_trial(&author(1), START, 10).unwrap();
    company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    assert!(matches!(company.db.confirm_trial(&author(2), trial.id), Err(TrialError::Gone)));
    company.db.confirm_trial(&ben(), trial.id).unwrap();
    assert!(company.db.end_trials(i64::MAX).unwrap().is_empty());
    assert_eq!(name(&company.db, 1), "X");
    assert!(matches!(company.db.confirm_trial(&author(1), trial.id), Err(TrialError::Gone)));
}

#[test]
fn what_others_did_meanwhile_stays_and_is_told() {
    let company = Company::new();
    let db = &company.db;
    db.begin_trial(&author(1), START, 10).unwrap();
    db.update(&author(1), &USERS, 1, &values([("last_name", "X"), ("email", "x@example.com")]), None)
        .unwrap();
    db.update(&author(1), &USERS, 2, &values([("last_name", "X")]), None).unwrap();
    let zoe =
        db.create(&author(1), &USERS, &values([("first_name", "Zoe"), ("extension", "150")])).unwrap().id;
    db.update(&ben(), &USERS, 1, &values([("last_name", "Y")]), None).unwrap();
    db.update(&ben(), &USERS, 3, &values([("last_name", "Z")]), None).unwrap();
    db.update(&ben(), &DEVICES, 1, &values([("user", &*zoe.to_string())]), None).unwrap();
    let ended = db.end_trials(START + TEN_MINUTES).unwrap().remove(0);
    assert_eq!((name(db, 1).as_str(), name(db, 2).as_str(), name(db, 3).as_str()), ("Y", "Castillo", "Z"));
    let anna = db.get(&viewer(1), &USERS, 1).unwrap().unwrap();
    assert_eq!(anna.values["email"], "", "the field that nobody else touched is taken back");
    assert!(db.get(&viewer(1), &USERS, zoe).unwrap().is_some(), "a device points to it");
    let told = ended.undone.kept.join("\n");
    assert!(told.contains("ben@example.com made Last name “Y”") && told.contains("Anna's phone"), "{told}");
}

#[test]
fn between_ones_own_changes_somebody_elses_is_kept() {
    let company = Company::new();
    let db = &company.db;
    db.begin_trial(&author(1), START, 10).unwrap();
    db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    db.update(&ben(), &USERS, 1, &values([("last_name", "Y")]), None).unwrap();
    db.update(&author(1), &USERS, 1, &values([("last_name", "Z")]), None).unwrap();
    db.end_trials(START + TEN_MINUTES).unwrap();
    assert_eq!(name(db, 1), "Y");
}

#[test]
fn a_restored_revision_can_be_tried() {
    let company = Company::new();
    let db = &company.db;
    let then = company.revision();
    db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    let go = Go::Try { base: None, now_ms: START, minutes: 10 };
    let plan = db.restore(&author(1), then, go).unwrap();
    assert_eq!(name(db, 1), "Berg");
    assert_eq!(plan.trial.unwrap().first, plan.revision.unwrap());
    // What comes after it is not on trial, and there is one trial at a time.
    db.update(&author(1), &USERS, 2, &values([("last_name", "Q")]), None).unwrap();
    assert!(matches!(db.begin_trial(&ben(), START, 10), Err(TrialError::Running(_))));
    let refused = db.restore(&author(1), then, go);
    assert!(refused.is_err());
    assert_eq!(name(db, 2), "Q", "nothing is applied without its trial");
    db.end_trials(START + TEN_MINUTES).unwrap();
    assert_eq!((name(db, 1).as_str(), name(db, 2).as_str()), ("X", "Q"));
}

#[test]
fn a_trial_can_be_ended_at_once() {
    let company = Company::new();
    let db = &company.db;
    let trial = db.begin_trial(&author(1), START, 10).unwrap();
    db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), None).unwrap();
    let ended = db.cancel_trial(&ben(), trial.id).unwrap();
    assert_eq!((name(db, 1).as_str(), ended.undone.rows.len()), ("Berg", 1));
    assert!(matches!(db.cancel_trial(&ben(), trial.id), Err(TrialError::Gone)));
    assert!(matches!(db.begin_trial(&ben(), START, 0), Err(TrialError::Length)));
}
