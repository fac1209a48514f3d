//! Taking back and looking back. AUD-02, OPS-05.

use super::*;
use crate::{
    Db, Resource,
    audit::AuditEntry,
    fixture::{Company, author, values, viewer},
    query::Row,
    resources::{self, devices::DEVICES, ring_groups::RING_GROUPS, users::USERS},
};

fn newest(company: &Company) -> AuditEntry {
    company.db.audit(&viewer(1), None, None, 1).unwrap().remove(0)
}

fn row(company: &Company, of: &'static Resource, id: i64) -> Option<Row> {
    company.db.get(&viewer(1), of, id).unwrap()
}

fn value(company: &Company, of: &'static Resource, id: i64, field: &str) -> String {
    row(company, of, id).unwrap().values[field].clone()
}

fn secret(db: &Db, id: i64) -> String {
    db.reveal_secret(&author(1), &DEVICES, id, "secret").unwrap()
}

#[test]
fn a_changed_row_gets_its_old_values_back() {
    let company = Company::new();
    let before = row(&company, &USERS, 1).unwrap();
    let given = values([("first_name", "Anneliese"), ("extension", "111"), ("forward_busy", "102")]);
    company.db.update(&author(1), &USERS, 1, &given, None).unwrap();
    let entry = newest(&company);
    let undone = company.db.undo(&author(1), entry.id).unwrap();
    let after = row(&company, &USERS, 1).unwrap();
    assert_eq!(after.values, before.values);
    assert!(after.version > before.version, "an open form must notice");
    assert_eq!(undone.revision, company.revision());
    let made = newest(&company);
    assert_eq!((made.action.as_str(), made.undoes), ("update", Some(entry.id)));
    let all = company.db.audit(&viewer(1), None, None, 10).unwrap();
    assert_eq!(all.iter().find(|e| e.id == entry.id).unwrap().undone_by, Some(made.id));
    company.db.undo(&author(1), made.id).unwrap();
    assert_eq!(value(&company, &USERS, 1, "extension"), "111", "an undo can be undone");
}

#[test]
fn a_deleted_row_comes_back_with_its_id_lists_extension_and_password() {
    let company = Company::new();
    let db = &company.db;
    let (group, device) = (row(&company, &RING_GROUPS, 1).unwrap(), row(&company, &DEVICES, 1).unwrap());
    let password = secret(db, 1);
    db.delete(&author(1), &RING_GROUPS, 1).unwrap();
    let group_entry = newest(&company).id;
    db.delete(&author(1), &DEVICES, 1).unwrap();
    let device_entry = newest(&company).id;
    db.undo(&author(1), group_entry).unwrap();
    db.undo(&author(1), device_entry).unwrap();
    let back = row(&company, &RING_GROUPS, 1).unwrap();
    assert_eq!((back.id, &back.values), (1, &group.values));
    assert_eq!(back.values["extension"], "600");
    assert_eq!(back.values["members"], "1,2,3,4,5");
    assert!(back.version > group.version);
    assert_eq!(row(&company, &DEVICES, 1).unwrap().values, device.values);
    assert_eq!(secret(db, 1), password);
    let audit: String = company.number("SELECT group_concat(changes) FROM audit");
    assert!(!audit.contains(&password) && !audit.contains("v1:"));
    let kept: String = company.number("SELECT group_concat(before) FROM history");
    assert!(!kept.contains(&password) && kept.contains("v1:"), "it is kept encrypted");
}

#[test]
fn a_created_row_goes_unless_something_uses_it() {
    let company = Company::new();
    let db = &company.db;
    let user = db.create(&author(1), &USERS, &values([("first_name", "Zoe"), ("extension", "150")])).unwrap();
    let entry = newest(&company).id;
    let device = values([("name", "Zoe's"), ("username", "150"), ("user", &user.id.to_string())]);
    let device = db.create(&author(1), &DEVICES, &device).unwrap();
    let refused = db.undo(&author(1), entry).unwrap_err();
    assert!(matches!(&refused, UndoError::Refused(p) if p[0].message.contains("Zoe's")), "{refused}");
    assert!(row(&company, &USERS, user.id).is_some());
    db.undo_revision(&author(1), device.revision).unwrap();
    db.undo(&author(1), entry).unwrap();
    assert!(row(&company, &USERS, user.id).is_none() && row(&company, &DEVICES, device.id).is_none());
    assert_eq!(company.number::<i64>("SELECT count(*) FROM extensions WHERE number = '150'"), 0);
}

#[test]
fn what_somebody_changed_since_is_told_and_not_overwritten() {
    let company = Company::new();
    let db = &company.db;
    db.update(&author(1), &USERS, 1, &values([("last_name", "Bergmann"), ("busy_trigger", "5")]), None)
        .unwrap();
    let entry = newest(&company).id;
    let mut ben = author(1);
    ben.name = "ben@example.com".into();
    db.update(&ben, &USERS, 1, &values([("last_name", "Bergstein")]), None).unwrap();
    let before = company.revision();
    let Err(UndoError::Later(later)) = db.undo(&author(1), entry) else { panic!("overwritten") };
    assert_eq!(later.len(), 1);
    assert_eq!((later[0].label.as_str(), later[0].now.as_str()), ("Last name", "Bergstein"));
    assert_eq!(later[0].by, "ben@example.com");
    assert!(later[0].at_ms > 0);
    assert_eq!((company.revision(), value(&company, &USERS, 1, "busy_trigger")), (before, "5".to_owned()));
    // Another field of the row is nobody's hindrance.
    db.undo(&author(1), newest(&company).id).unwrap();
    db.update(&ben, &USERS, 1, &values([("email", "b@example.com")]), None).unwrap();
    db.undo(&author(1), entry).unwrap();
    assert_eq!(value(&company, &USERS, 1, "last_name"), "Berg");
    assert_eq!(value(&company, &USERS, 1, "email"), "b@example.com");
}

#[test]
fn a_new_password_is_taken_back_unless_there_is_a_newer_one() {
    let company = Company::new();
    let db = &company.db;
    let first = secret(db, 1);
    let second = db.renew_secret(&author(1), &DEVICES, 1, "secret").unwrap();
    let entry = newest(&company);
    assert_eq!(entry.action, "renew");
    db.renew_secret(&author(1), &DEVICES, 1, "secret").unwrap();
    let third_entry = newest(&company).id;
    assert!(matches!(db.undo(&author(1), entry.id), Err(UndoError::Later(_))));
    db.undo(&author(1), third_entry).unwrap();
    assert_eq!(secret(db, 1), second);
    let stale = db.undo(&author(1), entry.id);
    assert!(matches!(stale, Err(UndoError::Later(_))), "the same password, but set since: {stale:?}");
    assert_ne!(first, second);
}

#[test]
fn what_the_old_value_pointed_to_must_still_be_there() {
    let company = Company::new();
    let db = &company.db;
    let zoe = db.create(&author(1), &USERS, &values([("first_name", "Zoe")])).unwrap().id;
    db.update(&author(1), &DEVICES, 1, &values([("user", &zoe.to_string())]), None).unwrap();
    db.update(&author(1), &DEVICES, 1, &values([("user", "1")]), None).unwrap();
    let entry = newest(&company).id;
    company.by_hand("UPDATE users SET suspended = 1 WHERE first_name = 'Zoe'; UPDATE users SET suspended_at = 1 WHERE first_name = 'Zoe'");
    db.delete(&author(1), &USERS, zoe).unwrap();
    let refused = db.undo(&author(1), entry).unwrap_err();
    assert!(matches!(&refused, UndoError::Refused(p) if p[0].field == "user"), "{refused}");
}

#[test]
fn a_number_that_somebody_else_has_by_now_is_told() {
    let company = Company::new();
    let db = &company.db;
    db.delete(&author(1), &RING_GROUPS, 1).unwrap();
    let entry = newest(&company).id;
    db.create(&author(1), &USERS, &values([("first_name", "Zoe"), ("extension", "600")])).unwrap();
    let refused = db.undo(&author(1), entry).unwrap_err().to_string();
    assert!(refused.contains("600 is taken by User Zoe"), "{refused}");
}

#[test]
fn a_change_in_the_file_has_its_old_and_new_values_and_can_be_undone() {
    let company = Company::new();
    let (mut feed, _) = crate::Feed::open(&company.db).unwrap();
    company.by_hand("UPDATE ring_groups SET ring_time = 33; UPDATE ring_groups SET ring_time = 44");
    company.by_hand("DELETE FROM ring_groups_members WHERE target = 3");
    company.by_hand(
        "UPDATE devices SET secret = 'plain:Geheim-12345' WHERE id = 2; DELETE FROM devices WHERE id = 5",
    );
    feed.poll().unwrap().unwrap();
    let entries = company.db.audit(&viewer(1), None, None, 3).unwrap();
    let of = |table: &str, row: i64| entries.iter().find(|e| e.table == table && e.row == row).unwrap();
    let group = of("ring_groups", 1);
    assert_eq!((group.action.as_str(), group.title.as_str()), ("noticed", "Everyone (600)"));
    assert_eq!(group.changes["ring_time"], ("30".into(), "44".into()));
    assert_eq!(group.changes["members"], ("1,2,3,4,5".into(), "1,2,4,5".into()));
    assert_eq!(of("devices", 2).changes["secret"].0, "•••");
    let gone = of("devices", 5);
    assert_eq!((gone.title.as_str(), gone.changes["username"].0.as_str()), ("Elif's phone", "105"));
    company.db.undo(&author(1), group.id).unwrap();
    assert_eq!(value(&company, &RING_GROUPS, 1, "ring_time"), "30");
    assert_eq!(value(&company, &RING_GROUPS, 1, "members"), "1,2,3,4,5");
    company.db.undo(&author(1), gone.id).unwrap();
    assert_eq!(value(&company, &DEVICES, 5, "username"), "105");
    let kept: String = company.number("SELECT group_concat(before) FROM history");
    assert!(!kept.contains("Geheim"), "a password in clear is not kept");
}

#[test]
fn our_own_changes_beside_pending_ones_in_the_file_are_not_taken_for_foreign() {
    let company = Company::new();
    let (mut feed, _) = crate::Feed::open(&company.db).unwrap();
    company.by_hand("UPDATE ring_groups SET ring_time = 33");
    company
        .db
        .update(&author(1), &USERS, 1, &values([("last_name", "B"), ("extension", "111")]), None)
        .unwrap();
    feed.poll().unwrap().unwrap();
    let noticed: i64 = company.number("SELECT count(*) FROM audit WHERE action = 'noticed'");
    assert_eq!(noticed, 1);
}

#[test]
fn only_changes_of_rows_and_of_the_own_tenant_can_be_undone() {
    let company = Company::new();
    secret(&company.db, 1);
    let reveal = newest(&company);
    assert_eq!(reveal.action, "reveal");
    assert!(matches!(company.db.undo(&author(1), reveal.id), Err(UndoError::Never(_))));
    company.db.update(&author(1), &USERS, 1, &values([("last_name", "B")]), None).unwrap();
    let entry = newest(&company).id;
    assert!(matches!(company.db.undo(&author(2), entry), Err(UndoError::Gone)));
    let mut limited = author(1);
    limited.viewer = crate::access::Viewer::nobody();
    limited.viewer.tenant = crate::TenantId(1);
    assert!(matches!(company.db.undo(&limited, entry), Err(UndoError::Write(_))));
    assert!(matches!(company.db.undo(&author(1), i64::MAX), Err(UndoError::Gone)));
}

#[test]
fn the_settings_of_the_program_are_in_the_log_of_those_who_run_it() {
    let company = Company::new();
    let of = &crate::resources::node_settings::NODE_SETTINGS;
    company.db.update(&author(1), of, 1, &values([("session_timer", "900")]), None).unwrap();
    let entry = newest(&company);
    assert_eq!(entry.table, "node_settings");
    company.db.undo(&author(1), entry.id).unwrap();
    assert_eq!(value(&company, of, 1, "session_timer"), "1800");
}

/// AUD-02: a company that comes back is the one that went.
#[test]
fn a_deleted_tenant_comes_back_with_its_settings_sites_and_licences() {
    let company = Company::new();
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let id = company.db.create(&author(1), &resources::tenants::TENANTS, &other).unwrap().id;
    let (settings, sites) = (&resources::settings::SETTINGS, &resources::sites::SITES);
    let licences = &resources::licences::LICENCES;
    let rows = |of| company.db.list(&viewer(id), of, &Default::default()).unwrap().rows;
    let site = company.db.create(&author(id), sites, &values([("name", "Boise")])).unwrap().id.to_string();
    let chosen = values([("country", "de"), ("default_site", &site)]);
    company.db.update(&author(id), settings, rows(settings)[0].id, &chosen, None).unwrap();
    let sold = values([("quantity", "7")]);
    company.db.update(&author(id), licences, rows(licences)[0].id, &sold, None).unwrap();
    let content =
        |of| -> Vec<crate::resource::Values> { rows(of).into_iter().map(|row| row.values).collect() };
    let before = [content(settings), content(sites), content(licences), content(&resources::roles::ROLES)];
    let gone = company.db.delete(&author(1), &resources::tenants::TENANTS, id).unwrap().revision;
    assert!(rows(sites).is_empty());
    let undone = company.db.undo_revision(&author(1), gone).unwrap();
    assert_eq!(undone.kept, Vec::<String>::new());
    assert_eq!(
        [content(settings), content(sites), content(licences), content(&resources::roles::ROLES)],
        before
    );
}
