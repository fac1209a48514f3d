use std::sync::Arc;

use super::*;
use crate::{
    TenantId, UserId,
    fixture::{Company, author, values},
    resources::{devices::DEVICES, ring_groups::RING_GROUPS, tenants::TENANTS, users::USERS},
    snapshot::{Cause, Destination, Ha1, Ring, Target},
};

const ONE: TenantId = TenantId(1);

fn next(feed: &mut Feed) -> Arc<Snapshot> {
    feed.poll().unwrap().expect("something changed")
}

/// OPS-01
#[test]
fn first_start_makes_a_company_that_can_telephone() {
    let company = Company::new();
    let (mut feed, snapshot) = Feed::open(&company.db).unwrap();
    assert!(feed.poll().unwrap().is_none());
    let tenant = snapshot.tenant_by_host("192.0.2.1").unwrap();
    assert_eq!((tenant.id, tenant.domain.as_str()), (ONE, "dialtone.local"));
    assert_eq!(company.welcome.phones.len(), 5);
    for (number, username, password) in &company.welcome.phones {
        let extension = snapshot.extension(ONE, number).unwrap();
        let Target::User(user) = extension.target else { panic!("{extension:?}") };
        let user = snapshot.user(ONE, user).unwrap();
        assert_eq!(user.number.as_deref(), Some(number.as_str()));
        assert_eq!(user.forwards, crate::snapshot::Forwards::default());
        let device = snapshot.device_by_username(ONE, username).unwrap();
        assert_eq!(device.ha1, Ha1::new(username, "dialtone.local", password));
        assert_eq!(device.ring, Ring::Immediate);
        assert_eq!(snapshot.devices_of(ONE, user.id)[0].id, device.id);
        assert_eq!(snapshot.device_by_unique_username(username).unwrap().id, device.id);
    }
    let Target::RingGroup(group) = snapshot.extension(ONE, &company.welcome.group).unwrap().target else {
        panic!("600 is a group")
    };
    let group = snapshot.ring_group(ONE, group).unwrap();
    assert_eq!(group.members.len(), 5);
    assert_eq!(group.ring_time.as_secs(), 30);
    assert_eq!(group.overflow, Destination::Hangup(Cause::NoAnswer));
    assert!(company.db.first_start().unwrap().is_none(), "only once");
}

/// OPS-02, OPS-05
#[test]
fn each_change_is_one_revision_and_reaches_the_next_snapshot_only() {
    let company = Company::new();
    let (mut feed, before) = Feed::open(&company.db).unwrap();
    let author = author(1);
    let group = company.db.create(
        &author,
        &RING_GROUPS,
        &values([("name", "Two"), ("extension", "601"), ("members", "2,1"), ("overflow", "extension:103")]),
    );
    let group = group.unwrap();
    assert_eq!(group.revision, before.revision + 1);
    let user = company.db.update(&author, &USERS, 1, &values([("forward_always", "102")]), None).unwrap();
    assert_eq!(user.revision, before.revision + 2);
    let after = next(&mut feed);
    assert_eq!(after.revision, user.revision);
    assert!(before.extension(ONE, "601").is_none());
    let Target::RingGroup(id) = after.extension(ONE, "601").unwrap().target else { panic!() };
    assert_eq!(after.ring_group(ONE, id).unwrap().members, [UserId(2), UserId(1)]);
    assert_eq!(after.user(ONE, UserId(1)).unwrap().forwards.always.as_deref(), Some("102"));
    assert!(Arc::ptr_eq(after.user(ONE, UserId(2)).unwrap(), before.user(ONE, UserId(2)).unwrap()));
    company.db.delete(&author, &RING_GROUPS, group.id).unwrap();
    assert!(next(&mut feed).extension(ONE, "601").is_none());
}

/// A renumbered user carries the new number; a new domain makes new digests.
#[test]
fn what_contains_something_of_a_changed_row_changes_with_it() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    let author = author(1);
    let values_of_user = values([("extension", "201")]);
    company.db.update(&author, &USERS, 1, &values_of_user, None).unwrap();
    let snapshot = next(&mut feed);
    assert!(snapshot.extension(ONE, "101").is_none());
    assert_eq!(snapshot.user(ONE, UserId(1)).unwrap().number.as_deref(), Some("201"));
    company.db.update(&author, &TENANTS, 1, &values([("domain", "Phones.Example.com")]), None).unwrap();
    let snapshot = next(&mut feed);
    let (_, username, password) = &company.welcome.phones[0];
    let device = snapshot.device_by_username(ONE, username).unwrap();
    assert_eq!(device.ha1, Ha1::new(username, "phones.example.com", password));
    assert_eq!(snapshot.tenant_by_host("PHONES.example.com").unwrap().id, ONE);
    company.by_hand("UPDATE settings SET country = 'de', inband_ringback = 1");
    let tenant = next(&mut feed).tenant(ONE).unwrap().clone();
    assert_eq!((tenant.country.as_str(), tenant.inband_ringback), ("de", true));
    company.by_hand("UPDATE node_settings SET rtp_silence_timeout = 5");
    assert_eq!(next(&mut feed).node().rtp_silence_timeout.as_secs(), 5);
}

/// OPS-04
#[test]
fn a_change_by_hand_is_picked_up() {
    let company = Company::new();
    let (mut feed, before) = Feed::open(&company.db).unwrap();
    company.by_hand("UPDATE users SET first_name = 'Anne' WHERE id = 1");
    let after = next(&mut feed);
    assert_eq!(after.user(ONE, UserId(1)).unwrap().first_name, "Anne");
    assert_eq!(after.revision, before.revision + 1);
    assert_eq!(company.number::<i64>("SELECT version FROM users WHERE id = 1"), 2);
    let noticed: String = company.number("SELECT via FROM audit ORDER BY id DESC LIMIT 1");
    assert_eq!(noticed, "file");
    assert!(feed.poll().unwrap().is_none());
    company.by_hand("DELETE FROM ring_groups_members WHERE target = 3");
    assert_eq!(next(&mut feed).ring_group(ONE, crate::RingGroupId(1)).unwrap().members.len(), 4);
}

/// OPS-04: refused as a whole, the last good revision stays, mended rows come into force.
#[test]
fn invalid_content_is_refused_until_it_is_mended() {
    for (wrong, word, mend) in [
        (
            "UPDATE users SET forward_always = '999' WHERE id = 2",
            "no extension 999",
            "UPDATE users SET forward_always = ''",
        ),
        (
            "UPDATE devices SET ring = 'disabled' WHERE id = 1",
            "must ring",
            "UPDATE devices SET ring = 'immediate'",
        ),
        (
            "UPDATE ring_groups SET overflow = 'menu:1'",
            "no destination",
            "UPDATE ring_groups SET overflow = 'hangup:busy'",
        ),
        (
            "UPDATE devices SET user_id = 77 WHERE id = 1",
            "no user with the id 77",
            "UPDATE devices SET user_id = 1 WHERE id = 1",
        ),
        (
            "UPDATE devices SET secret = 'v1:00' WHERE id = 1",
            "Write plain:",
            "UPDATE devices SET secret = 'plain:Geheim-12345' WHERE id = 1",
        ),
        (
            "UPDATE tenants SET domain = 'a b'",
            "is not possible here",
            "UPDATE tenants SET domain = 'dialtone.local'",
        ),
    ] {
        let company = Company::new();
        let (mut feed, before) = Feed::open(&company.db).unwrap();
        // A valid change beside it does not come into force either.
        company.by_hand(&format!("BEGIN; UPDATE users SET last_name = 'X' WHERE id = 3; {wrong}; COMMIT;"));
        let rejected = feed.poll().unwrap_err();
        assert!(rejected.problems.iter().any(|p| p.contains(word)), "{wrong}: {:?}", rejected.problems);
        assert_eq!(rejected.revision, company.revision());
        assert!(feed.poll().unwrap().is_none(), "reported once");
        assert_eq!(feed.snapshot().revision, before.revision);
        company.by_hand("UPDATE users SET last_name = 'Y' WHERE id = 4");
        assert!(feed.poll().is_err(), "still wrong");
        company.by_hand(mend);
        let after = next(&mut feed);
        assert_eq!(after.user(ONE, UserId(3)).unwrap().last_name, "X", "{wrong}");
    }
}

/// OPS-04: foreign keys are off in the shell.
#[test]
fn a_row_deleted_by_hand_that_others_point_to_is_refused() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    company.by_hand("DELETE FROM users WHERE id = 2");
    let problems = feed.poll().unwrap_err().problems;
    for word in ["Extension 102", "Device Ben's phone", "Ring group Everyone"] {
        assert!(problems.iter().any(|problem| problem.contains(word)), "{word}: {problems:?}");
    }
    company.by_hand(
        "DELETE FROM extensions WHERE user_id = 2; DELETE FROM devices WHERE user_id = 2; \
         DELETE FROM ring_groups_members WHERE target = 2",
    );
    let snapshot = next(&mut feed);
    assert!(snapshot.user(ONE, UserId(2)).is_none());
    assert!(snapshot.extension(ONE, "102").is_none());
}

/// OPS-04: at the start there is no last good snapshot; the offending rows are left out.
#[test]
fn a_start_with_invalid_rows_leaves_them_out_and_says_so() {
    let company = Company::new();
    company.by_hand("UPDATE devices SET username = 'a b' WHERE id = 1; DELETE FROM users WHERE id = 2");
    let (mut feed, snapshot) = Feed::open(&company.db).unwrap();
    assert!(snapshot.device(ONE, crate::DeviceId(1)).is_none());
    assert!(snapshot.device(ONE, crate::DeviceId(2)).is_none(), "its user is gone");
    assert!(snapshot.device(ONE, crate::DeviceId(3)).is_some());
    assert_eq!(snapshot.ring_group(ONE, crate::RingGroupId(1)).unwrap().members.len(), 4);
    assert!(feed.poll().unwrap_err().problems.len() >= 2);
    assert!(feed.poll().unwrap().is_none());
    company.by_hand(
        "UPDATE devices SET username = '101' WHERE id = 1;
         INSERT INTO users (id, tenant_id, first_name) VALUES (2, 1, 'Ben')",
    );
    let snapshot = next(&mut feed);
    for id in 1..=5 {
        assert!(snapshot.device(ONE, crate::DeviceId(id)).is_some(), "{id}");
    }
}

/// A password written in clear works at once and does not stay in clear.
#[test]
fn a_password_in_clear_is_encrypted_when_noticed() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    company.by_hand("UPDATE devices SET secret = 'plain:Geheim-12345' WHERE id = 1");
    let snapshot = next(&mut feed);
    let expected = Ha1::new("101", "dialtone.local", "Geheim-12345");
    assert_eq!(snapshot.device_by_username(ONE, "101").unwrap().ha1, expected);
    let stored: String = company.number("SELECT secret FROM devices WHERE id = 1");
    assert!(stored.starts_with("v1:"));
    assert_eq!(next(&mut feed).device_by_username(ONE, "101").unwrap().ha1, expected);
    assert!(feed.poll().unwrap().is_none());
    assert_eq!(company.db.reveal_secret(&author(1), &DEVICES, 1, "secret").unwrap(), "Geheim-12345");
}

/// Records never cause a reload.
#[test]
fn records_make_no_snapshot() {
    let company = Company::new();
    let (mut feed, before) = Feed::open(&company.db).unwrap();
    let call = crate::records::CallRow { id: "1".into(), tenant: 1, ..Default::default() };
    company.db.write_records(&[crate::records::Change::CallClosed(Box::new(call))]).unwrap();
    assert!(feed.poll().unwrap().is_none());
    assert_eq!(company.revision(), before.revision);
}

/// What was checked once is not checked again at the next start.
#[test]
fn a_start_after_accepted_changes_by_hand_checks_nothing() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    company.by_hand("UPDATE users SET first_name = 'Anne' WHERE id = 1");
    next(&mut feed);
    let unchecked: i64 = company.number("SELECT number - checked FROM revision");
    assert_eq!(unchecked, 0);
}

/// SIP-03
#[test]
fn two_tenants_may_have_the_same_numbers() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    let two = company.db.create(&author(1), &TENANTS, &values([("name", "Two"), ("domain", "two.example")]));
    let two = TenantId(two.unwrap().id);
    let of_two = author(two.0);
    let user = values([("first_name", "Zoe"), ("extension", "101")]);
    let user = company.db.create(&of_two, &USERS, &user).unwrap().id.to_string();
    let device = values([("name", "Z"), ("user", &user), ("username", "101")]);
    company.db.create(&of_two, &DEVICES, &device).unwrap();
    let snapshot = next(&mut feed);
    assert_eq!(snapshot.tenant_by_host("two.example").unwrap().id, two);
    assert_eq!(snapshot.tenant_by_host("192.0.2.1").unwrap().id, ONE, "the default");
    assert_ne!(
        snapshot.device_by_username(ONE, "101").unwrap().id,
        snapshot.device_by_username(two, "101").unwrap().id
    );
    assert!(snapshot.device_by_unique_username("101").is_none());
    assert!(snapshot.device_by_unique_username("102").is_some());
    assert!(snapshot.user(ONE, UserId(user.parse().unwrap())).is_none());
}

/// RNG-05, when the device that rang is deleted by hand.
#[test]
fn a_delete_by_hand_that_breaks_a_rule_is_refused() {
    let company = Company::new();
    let second = values([("name", "Second"), ("user", "1"), ("username", "101b"), ("ring", "disabled")]);
    company.db.create(&author(1), &DEVICES, &second).unwrap();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    company.by_hand("DELETE FROM devices WHERE id = 1");
    let problems = feed.poll().unwrap_err().problems;
    assert!(problems[0].contains("Device Second") && problems[0].contains("must ring"), "{problems:?}");
    company.by_hand("UPDATE devices SET ring = 'delay' WHERE name = 'Second'");
    assert_eq!(next(&mut feed).devices_of(ONE, UserId(1)).len(), 1);
}

/// A backup restored under the running program is a change like any other.
#[test]
fn a_restored_backup_comes_into_force() {
    let company = Company::new();
    let backup = company.folder.path().join("dialtone.backup");
    company.by_hand(&format!("VACUUM INTO '{}'", backup.display()));
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    for name in ["A", "B", "C"] {
        company.db.update(&author(1), &USERS, 1, &values([("first_name", name)]), None).unwrap();
    }
    assert_eq!(next(&mut feed).user(ONE, UserId(1)).unwrap().first_name, "C");
    let mut shell = rusqlite::Connection::open(company.db.file()).unwrap();
    shell.restore("main", &backup, None::<fn(rusqlite::backup::Progress)>).unwrap();
    let restored = next(&mut feed);
    assert_eq!(restored.user(ONE, UserId(1)).unwrap().first_name, "Anna");
}
