use crate::{
    Feed, TenantId, UserId,
    access::{Author, Viewer},
    contacts::Whose,
    fixture::{Company, author, values},
    resources::{contacts::CONTACTS, users::USERS},
};

const ONE: TenantId = TenantId(1);
const ANNA: Option<UserId> = Some(UserId(1));

fn anna() -> Author {
    Author { viewer: Viewer { user: UserId(1), ..Viewer::primary(ONE) }, ..author(1) }
}

/// DIR-34: own contacts, then shared ones, then the company's people, then the customer directory.
#[test]
fn each_source_of_names_goes_before_the_next() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    let mut name = |callee| {
        feed.poll().unwrap();
        feed.snapshot().name_of_number(ONE, callee, "+49 170 7654321")
    };
    assert_eq!(name(ANNA), None);
    company
        .by_hand("INSERT INTO ldap_names (tenant_id, number, name) VALUES (1, '0170/7654321', 'From LDAP')");
    assert_eq!(name(ANNA).as_deref(), Some("From LDAP"));
    let mobile = values([("first_name", "Carl"), ("last_name", "Colleague"), ("mobile", "+491707654321")]);
    company.db.update(&author(1), &USERS, 3, &mobile, None).unwrap();
    assert_eq!(name(ANNA).as_deref(), Some("Carl Colleague"));
    let shared = values([("last_name", "Shared"), ("home_2", "0170 765 43 21")]);
    let shared = company.db.create(&author(1), &CONTACTS, &shared).unwrap().id;
    assert_eq!(name(ANNA).as_deref(), Some("Shared"));
    let own = values([("last_name", "Own"), ("other", "(0170) 7654321")]);
    let own = company.db.add_contact(&anna(), Whose::Own, &own).unwrap().id;
    assert_eq!(name(ANNA).as_deref(), Some("Own"));
    assert_eq!(name(Some(UserId(2))).as_deref(), Some("Shared"), "what Anna keeps is hers alone");
    assert_eq!(name(None).as_deref(), Some("Shared"));
    // And back again.
    let other = values([("other", "0170 1")]);
    company.db.change_contact(&anna(), (Whose::Own, own), &other, None).unwrap();
    assert_eq!(name(ANNA).as_deref(), Some("Shared"));
    company.db.delete(&author(1), &CONTACTS, shared).unwrap();
    assert_eq!(name(ANNA).as_deref(), Some("Carl Colleague"));
    company.db.update(&author(1), &USERS, 3, &values([("in_directory", "0")]), None).unwrap();
    assert_eq!(name(ANNA).as_deref(), Some("From LDAP"));
    company.by_hand("DELETE FROM ldap_names");
    assert_eq!(name(ANNA), None);
}

#[test]
fn another_company_knows_other_names() {
    let company = Company::new();
    company
        .db
        .create(&author(1), &CONTACTS, &values([("last_name", "Ours"), ("work", "030 1234567")]))
        .unwrap();
    let (feed, snapshot) = Feed::open(&company.db).unwrap();
    assert_eq!(snapshot.name_of_number(ONE, None, "0301234567").as_deref(), Some("Ours"));
    assert_eq!(snapshot.name_of_number(TenantId(2), None, "0301234567"), None);
    drop(feed);
}

/// DIR-12: what phones compare to know whether their book is old.
#[test]
fn own_contacts_are_the_same_until_one_of_them_changes() {
    let company = Company::new();
    company.db.add_contact(&anna(), Whose::Own, &values([("last_name", "x"), ("work", "1")])).unwrap();
    let (mut feed, first) = Feed::open(&company.db).unwrap();
    company.db.update(&author(1), &USERS, 2, &values([("last_name", "y")]), None).unwrap();
    let second = feed.poll().unwrap().unwrap();
    let same = |one: &crate::Snapshot, other: &crate::Snapshot| {
        std::ptr::eq(one.own_contacts(UserId(1)).as_ptr(), other.own_contacts(UserId(1)).as_ptr())
    };
    assert!(same(&first, &second));
    company.db.add_contact(&anna(), Whose::Own, &values([("last_name", "z"), ("work", "2")])).unwrap();
    let third = feed.poll().unwrap().unwrap();
    assert!(!same(&second, &third));
    assert_eq!(third.own_contacts(UserId(1)).len(), 2);
    assert_eq!(first.own_contacts(UserId(1)).len(), 1);
}

/// DIR-34: a contact written by hand shows, too, and its owner's log stays silent.
#[test]
fn a_contact_that_somebody_writes_into_the_file_is_known() {
    let company = Company::new();
    let (mut feed, _) = Feed::open(&company.db).unwrap();
    company.by_hand("INSERT INTO own_contacts (tenant_id, user_id, last_name, work) VALUES (1, 1, 'By hand', '030 9999999')");
    let snapshot = feed.poll().unwrap().unwrap();
    assert_eq!(snapshot.name_of_number(ONE, ANNA, "0309999999").as_deref(), Some("By hand"));
    let noted: i64 = company.number("SELECT count(*) FROM audit WHERE title = 'By hand'");
    assert_eq!(noted, 0);
    company.by_hand(
        "INSERT INTO own_contacts (tenant_id, user_id, last_name, work) VALUES (1, 1, 'Bad', 'letters')",
    );
    assert!(feed.poll().is_err(), "what cannot be a number is refused as anywhere");
}
