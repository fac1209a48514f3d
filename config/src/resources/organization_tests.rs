//! The rules of sites, departments, licences, numbers and suspension, each with its figure.

use crate::{
    Feed, Resource, UserId,
    fixture::{Company, author, values, viewer},
    query::ListQuery,
    resource::Values,
    resources::{
        departments::DEPARTMENTS, devices::DEVICES, extensions::EXTENSIONS, licences::LICENCES,
        numbers::NUMBERS, ring_groups::RING_GROUPS, settings::SETTINGS, sites::SITES, users::USERS,
    },
    sign_in::Stage,
    write::WriteError,
};

fn create(company: &Company, of: &'static Resource, given: &[(&str, &str)]) -> Result<i64, WriteError> {
    let values: Values = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    company.db.create(&author(1), of, &values).map(|saved| saved.id)
}

/// The message at a field.
fn refused<T: std::fmt::Debug>(result: Result<T, WriteError>, field: &str) -> String {
    match result {
        Err(WriteError::Invalid(problems)) if problems[0].field == field => problems[0].message.clone(),
        other => panic!("{other:?}"),
    }
}

fn value(company: &Company, of: &'static Resource, id: i64, field: &str) -> String {
    company.db.get(&viewer(1), of, id).unwrap().unwrap().values[field].clone()
}

fn suspended(company: &Company, ago: &str) -> i64 {
    let id = create(company, &USERS, &[("first_name", "Gone"), ("suspended", "on")]).unwrap();
    company.by_hand(&format!(
        "UPDATE users SET suspended_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) - ({ago}) * 1000 WHERE id = {id}"
    ));
    id
}

/// USR-06
#[test]
fn who_is_suspended_for_11_h_59_stays_and_is_told_when_they_can_go() {
    let company = Company::new();
    let id = suspended(&company, "12 * 3600 - 60");
    let message = refused(company.db.delete(&author(1), &USERS, id), "suspended");
    let when: String = company.number("SELECT strftime('%Y-%m-%d %H:%M', unixepoch() + 60, 'unixepoch')");
    assert!(message.contains(&when), "{message}");
}

/// USR-06, LIC-04
#[test]
fn who_is_suspended_for_12_h_goes_and_frees_the_licence() {
    let company = Company::new();
    let before = value(&company, &LICENCES, 1, "in_use");
    let id = suspended(&company, "12 * 3600");
    assert_ne!(value(&company, &LICENCES, 1, "in_use"), before);
    company.db.delete(&author(1), &USERS, id).unwrap();
    assert_eq!(value(&company, &LICENCES, 1, "in_use"), before);
}

/// USR-06
#[test]
fn the_clock_of_suspension_begins_again_after_an_end_of_it() {
    let company = Company::new();
    let id = suspended(&company, "13 * 3600");
    for flag in ["off", "on"] {
        company.db.update(&author(1), &USERS, id, &values([("suspended", flag)]), None).unwrap();
    }
    refused(company.db.delete(&author(1), &USERS, id), "suspended");
    let active = create(&company, &USERS, &[("first_name", "Here")]).unwrap();
    let message = refused(company.db.delete(&author(1), &USERS, active), "suspended");
    assert!(message.contains("Suspend"), "{message}");
}

/// USR-10, LIC-02, LIC-13
#[test]
fn a_new_user_takes_a_free_licence_or_is_refused() {
    let company = Company::new();
    let used: i64 = company.number("SELECT count(*) FROM users");
    company
        .db
        .update(&author(1), &LICENCES, 1, &values([("quantity", &format!("{}", used + 1))]), None)
        .unwrap();
    let id = create(&company, &USERS, &[("first_name", "Last")]).unwrap();
    assert_eq!(value(&company, &USERS, id, "status"), "active");
    let message = refused(create(&company, &USERS, &[("first_name", "Late")]), "licensed");
    assert!(message.contains("Advanced User"), "{message}");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM users"), used + 1, "nothing is written");
}

/// LIC-05, LIC-13
#[test]
fn assigning_needs_an_open_licence() {
    let company = Company::new();
    let licence =
        create(&company, &LICENCES, &[("name", "Queues"), ("kind", "call_center"), ("quantity", "1")]);
    let licence = licence.unwrap();
    let held = values([("licences", &*licence.to_string())]);
    let set = |user, values: &Values| company.db.update(&author(1), &USERS, user, values, None);
    set(1, &held).unwrap();
    let message = refused(set(2, &held), "licences");
    assert!(message.contains("All 1 Queues"), "{message}");
    assert_eq!(value(&company, &LICENCES, licence, "in_use"), "1");
    set(1, &values([("licences", "")])).unwrap();
    set(2, &held).unwrap();
    let fewer = company.db.update(&author(1), &LICENCES, licence, &values([("quantity", "0")]), None);
    assert!(refused(fewer, "quantity").contains("1 are in use"));
    assert!(matches!(company.db.delete(&author(1), &LICENCES, licence), Err(WriteError::Used(_))));
    let second = create(&company, &LICENCES, &[("name", "Twice"), ("kind", "advanced_user")]);
    refused(second, "kind");
}

/// LIC-03
#[test]
fn without_the_licence_a_user_neither_calls_nor_is_called() {
    let company = Company::new();
    let (mut feed, before) = Feed::open(&company.db).unwrap();
    let user = |snapshot: &crate::Snapshot| snapshot.users().find(|user| user.id.0 == 1).unwrap().suspended;
    assert!(!user(&before));
    let set = |flag| company.db.update(&author(1), &USERS, 1, &values([("licensed", flag)]), None).unwrap();
    set("off");
    assert!(user(&feed.poll().unwrap().unwrap()));
    assert_eq!(value(&company, &USERS, 1, "status"), "unlicensed");
    set("on");
    assert!(!user(&feed.poll().unwrap().unwrap()));
}

/// LIC-03
#[test]
fn without_the_licence_an_ordinary_user_does_not_sign_in() {
    let company = Company::new();
    let admin = company.db.account_by_login("admin", None).unwrap().unwrap().id.0;
    for (id, out) in [(1, true), (admin, false)] {
        let token = company.db.new_session(UserId(id), ("", ""), Stage::Whole, (0, 3_600_000)).unwrap();
        assert!(company.db.session(&token, 1).unwrap().is_some());
        company.db.update(&author(1), &USERS, id, &values([("licensed", "off")]), None).unwrap();
        assert_eq!(company.db.session(&token, 1).unwrap().is_none(), out, "{id}");
        assert_eq!(company.db.account(UserId(id)).unwrap().unwrap().suspended, out);
    }
}

///
#[test]
fn a_session_ends_when_it_was_not_used_for_the_companys_time() {
    let company = Company::new();
    let settings: i64 = company.number("SELECT id FROM settings WHERE tenant_id = 1");
    let length = values([("session_length", "5 min")]);
    company.db.update(&author(1), &SETTINGS, settings, &length, None).unwrap();
    let token = company.db.new_session(UserId(1), ("", ""), Stage::Whole, (0, 3_600_000)).unwrap();
    assert!(company.db.session(&token, 299_999).unwrap().is_some());
    assert!(company.db.session(&token, 300_000).unwrap().is_none());
}

/// ORG-04
#[test]
fn a_site_goes_when_what_is_there_moves() {
    let company = Company::new();
    let site = create(&company, &SITES, &[("name", "Boise")]).unwrap();
    let at = site.to_string();
    let user = create(&company, &USERS, &[("first_name", "Ida"), ("site", &at)]).unwrap();
    let number = create(&company, &NUMBERS, &[("number", "+12085550100"), ("site", &at)]).unwrap();
    let phone =
        create(&company, &DEVICES, &[("name", "Lobby"), ("username", "lobby"), ("site", &at)]).unwrap();
    let error = company.db.delete(&author(1), &SITES, site).unwrap_err();
    let WriteError::Used(by) = error else { panic!("{error:?}") };
    assert_eq!(by.len(), 3, "{by:?}");
    assert!(matches!(
        company.db.delete_moving(&author(1), &SITES, site, Some(site)),
        Err(WriteError::Used(_))
    ));
    assert!(matches!(
        company.db.delete_moving(&author(1), &SITES, site, Some(999)),
        Err(WriteError::Invalid(_))
    ));
    company.db.delete_moving(&author(1), &SITES, site, Some(1)).unwrap();
    for (of, id) in [(&USERS, user), (&NUMBERS, number), (&DEVICES, phone)] {
        assert_eq!(value(&company, of, id, "site"), "1", "{}", of.name);
    }
}

/// ORG-02, ORG-03
#[test]
fn there_is_always_one_default_site() {
    let company = Company::new();
    assert_eq!(value(&company, &SITES, 1, "default"), "1");
    assert!(matches!(company.db.delete(&author(1), &SITES, 1), Err(WriteError::Used(_))));
    let other = create(&company, &SITES, &[("name", "Boise")]).unwrap();
    let settings: i64 = company.number("SELECT id FROM settings WHERE tenant_id = 1");
    company
        .db
        .update(&author(1), &SETTINGS, settings, &values([("default_site", &other.to_string())]), None)
        .unwrap();
    assert_eq!(
        (value(&company, &SITES, 1, "default"), value(&company, &SITES, other, "default")),
        ("0".into(), "1".into())
    );
    company.db.delete(&author(1), &SITES, 1).unwrap();
}

/// ORG-07
#[test]
fn departments_are_two_levels_deep() {
    let company = Company::new();
    let sales = create(&company, &DEPARTMENTS, &[("name", "Sales")]).unwrap();
    let inside =
        create(&company, &DEPARTMENTS, &[("name", "Inside"), ("parent", &sales.to_string())]).unwrap();
    refused(create(&company, &DEPARTMENTS, &[("name", "Deep"), ("parent", &inside.to_string())]), "parent");
    let other = create(&company, &DEPARTMENTS, &[("name", "Support")]).unwrap();
    let below = values([("parent", &*other.to_string())]);
    refused(company.db.update(&author(1), &DEPARTMENTS, sales, &below, None), "parent");
    refused(create(&company, &DEPARTMENTS, &[("name", "inside"), ("parent", &sales.to_string())]), "name");
    create(&company, &DEPARTMENTS, &[("name", "Inside"), ("parent", &other.to_string())]).unwrap();
    let paths: Vec<_> = company
        .db
        .list(&viewer(1), &DEPARTMENTS, &ListQuery::default())
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.shown["path"].clone())
        .collect();
    assert_eq!(paths, ["Sales", "Sales / Inside", "Support", "Support / Inside"]);
    assert!(matches!(company.db.delete(&author(1), &DEPARTMENTS, sales), Err(WriteError::Used(_))));
    // The same name is there already.
    refused(company.db.delete_moving(&author(1), &DEPARTMENTS, sales, Some(other)), "name");
    company.db.update(&author(1), &DEPARTMENTS, inside, &values([("name", "Field")]), None).unwrap();
    company.db.delete_moving(&author(1), &DEPARTMENTS, sales, Some(other)).unwrap();
    assert_eq!(value(&company, &DEPARTMENTS, inside, "path"), "Support / Field");
}

/// NUM-04
#[test]
fn a_number_rings_a_user_or_a_group() {
    let company = Company::new();
    let given = [("number", "+493012345"), ("user", "1"), ("ring_group", "1")];
    refused(create(&company, &NUMBERS, &given), "ring_group");
    let shell = rusqlite::Connection::open(company.db.file()).unwrap();
    let both =
        "INSERT INTO numbers (tenant_id, number, user_id, ring_group_id) VALUES (1, '+493012345', 1, 1)";
    assert!(shell.execute(both, []).is_err(), "nor by hand");
    let number = create(&company, &NUMBERS, &given[..2]).unwrap();
    assert_eq!(value(&company, &NUMBERS, number, "routed"), "user");
    refused(create(&company, &NUMBERS, &[("number", "+49 30 12345")]), "number");
}

/// NUM-04: what the number rang is gone, the number stays the company's.
#[test]
fn a_number_outlives_its_group() {
    let company = Company::new();
    let number = create(&company, &NUMBERS, &[("number", "+493012345"), ("ring_group", "1")]).unwrap();
    company.db.delete(&author(1), &RING_GROUPS, 1).unwrap();
    assert_eq!(value(&company, &NUMBERS, number, "routed"), "routing");
}

/// DEV-02
#[test]
fn a_phone_is_somebodys_or_stands_at_a_site() {
    let company = Company::new();
    let both = [("name", "x"), ("username", "x"), ("user", "1"), ("site", "1")];
    refused(create(&company, &DEVICES, &both), "site");
}

/// DEV-15, EXT-03
#[test]
fn an_extension_shows_the_first_phone_that_rings() {
    let company = Company::new();
    let extension: i64 = company.number("SELECT id FROM extensions WHERE number = '101'");
    let mac = |company: &Company| value(company, &EXTENSIONS, extension, "mac");
    assert_eq!(mac(&company), "HP-101");
    company.by_hand("UPDATE devices SET mac = '805ec01a7f22' WHERE username = '101'");
    assert_eq!(mac(&company), "HP-805EC01A7F22");
    for (kind, wanted) in [("softphone", "HW-805EC01A7F22"), ("mobile", "HM-805EC01A7F22")] {
        company.by_hand(&format!("UPDATE devices SET kind = '{kind}' WHERE username = '101'"));
        assert_eq!(mac(&company), wanted);
    }
    create(&company, &DEVICES, &[("name", "App"), ("username", "app"), ("user", "1"), ("kind", "softphone")])
        .unwrap();
    company.by_hand("UPDATE devices SET ring = 'disabled' WHERE username = '101'");
    assert_eq!(mac(&company), "HW-app");
}

/// LIC-09: where softphones are licensed, a softphone is for who has the licence, and the licence stays with it.
#[test]
fn a_softphone_is_for_who_has_the_licence() {
    let company = Company::new();
    let app = |name: &str, user: &str| {
        [("name", name), ("username", name), ("user", user), ("kind", "mobile")]
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
    };
    let add = |name: &str, user: &str| {
        company.db.create(&author(1), &DEVICES, &Values::from(app(name, user))).map(|saved| saved.id)
    };
    add("before", "2").unwrap();
    let soft = create(&company, &LICENCES, &[("name", "Soft"), ("kind", "softphone"), ("quantity", "1")]);
    let soft = soft.unwrap().to_string();
    let change = |user: i64, given: &[(&str, &str)]| {
        let values: Values = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        company.db.update(&author(1), &USERS, user, &values, None)
    };
    let message = refused(add("app", "1"), "kind");
    assert!(message.contains("no softphone licence"), "{message}");
    change(1, &[("licences", &soft)]).unwrap();
    let device = add("app", "1").unwrap();
    let message = refused(change(1, &[("licences", "")]), "licences");
    assert!(message.starts_with("app is a softphone"), "{message}");
    change(1, &[("first_name", "Ada")]).unwrap();
    // Who had one before there were licences is not stopped from other things; the phone is.
    change(2, &[("first_name", "Bob")]).unwrap();
    refused(change(2, &[("licences", &soft)]), "licences");
    company.db.delete(&author(1), &DEVICES, device).unwrap();
    change(1, &[("licences", "")]).unwrap();
    change(2, &[("licences", &soft)]).unwrap();
    // Desk phones need none, nor do phones of a site.
    create(&company, &DEVICES, &[("name", "d"), ("username", "d"), ("user", "3")]).unwrap();
    create(&company, &DEVICES, &[("name", "s"), ("username", "s"), ("site", "1"), ("kind", "softphone")])
        .unwrap();
}
