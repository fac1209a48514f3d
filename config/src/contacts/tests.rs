use super::*;
use crate::{
    TenantId,
    access::{Author, Reach, Rights},
    fixture::{Company, author, values},
    resources::{departments::DEPARTMENTS, sites::SITES, users::USERS},
};

/// Users 1 to 5 of first start are ordinary ones.
fn plain(user: i64) -> Author {
    let viewer = Viewer {
        user: UserId(user),
        level: 0,
        reach: Reach::Own,
        rights: Rights::plain(),
        ..Viewer::primary(TenantId(1))
    };
    Author { viewer, ..author(1) }
}

fn manager(user: i64) -> Author {
    let viewer = Viewer { level: 1, rights: Rights::of("shared_contacts"), ..plain(user).viewer };
    Author { viewer, ..author(1) }
}

fn named(name: &str, number: &str) -> Values {
    values([("last_name", name), ("work", number)])
}

fn names(company: &Company, viewer: &Viewer, query: &PeopleQuery) -> Vec<String> {
    company.db.people(viewer, query).unwrap().0.into_iter().map(|person| person.name).collect()
}

fn of(people: People) -> PeopleQuery {
    PeopleQuery { people, ..PeopleQuery::default() }
}

/// DIR-28, DIR-19
#[test]
fn what_somebody_keeps_nobody_else_sees_not_even_an_administrator() {
    let company = Company::new();
    let id =
        company.db.add_contact(&plain(1), Whose::Own, &named("Secret Friend", "030 1234567")).unwrap().id;
    assert_eq!(names(&company, &plain(1).viewer, &of(People::Own)), ["Secret Friend"]);
    let administrator = Viewer { user: UserId(6), ..Viewer::primary(TenantId(1)) };
    for other in [plain(2).viewer, administrator] {
        let all = names(&company, &other, &PeopleQuery { limit: 200, ..PeopleQuery::default() });
        assert!(!all.contains(&"Secret Friend".to_owned()));
        assert_eq!(company.db.contact(&other, Whose::Own, id).unwrap(), None);
        assert_eq!(company.db.person(&other, Whose::Own, id).unwrap(), None);
        assert_eq!(company.db.known_numbers(&other, &["+49301234567"]).unwrap(), [None]);
        let them = Author { viewer: other, ..author(1) };
        for refused in [
            company.db.change_contact(&them, (Whose::Own, id), &named("x", "1"), None).map(drop),
            company.db.delete_contacts(&them, &[(Whose::Own, id)]),
            company.db.set_favourite(&other, (Whose::Own, id), true),
        ] {
            assert!(matches!(refused, Err(WriteError::Gone)), "{refused:?}");
        }
    }
    let log = company.db.audit_csv(&administrator, &Default::default()).unwrap();
    let text = company.db.export_text(&administrator, "", crate::text::Secrets::LeftOut).unwrap();
    assert!(!log.contains("Secret") && !text.contains("Secret"), "neither the log nor the text has it");
    let history: i64 = company.number("SELECT count(*) FROM history WHERE before LIKE '%Secret%'");
    assert_eq!(history, 0);
}

/// DIR-18, DIR-29, ROL-20
#[test]
fn shared_contacts_are_everybodys_to_see_and_managers_to_change() {
    let company = Company::new();
    let shared = named("ACME", "030 7654321");
    let refused = company.db.add_contact(&plain(1), Whose::Shared, &shared);
    assert!(matches!(refused, Err(WriteError::Forbidden(_))), "{refused:?}");
    // The permission alone does not lift somebody of level 0.
    let lifted = Viewer { level: 0, ..manager(1).viewer };
    assert!(!may_share(&lifted) && may_share(&manager(1).viewer) && !may_share(&plain(1).viewer));
    let id = company.db.add_contact(&manager(2), Whose::Shared, &shared).unwrap().id;
    assert_eq!(names(&company, &plain(1).viewer, &of(People::Shared)), ["ACME"]);
    for refused in [
        company.db.change_contact(&plain(1), (Whose::Shared, id), &named("x", "1"), None).map(drop),
        company.db.delete_contacts(&plain(1), &[(Whose::Shared, id)]),
        company.db.delete_contacts(&manager(1), &[(Whose::User, 2)]),
    ] {
        assert!(matches!(refused, Err(WriteError::Forbidden(_))), "{refused:?}");
    }
    // All or none: an own one beside one that is not theirs stays.
    let own = company.db.add_contact(&plain(1), Whose::Own, &named("Mine", "1")).unwrap().id;
    assert!(company.db.delete_contacts(&plain(1), &[(Whose::Own, own), (Whose::Shared, id)]).is_err());
    assert_eq!(company.db.own_contact_count(UserId(1)).unwrap(), 1);
    let log = company.db.audit(&manager(2).viewer, Some((&CONTACTS, id)), None, 9).unwrap();
    assert_eq!(log.len(), 1);
    company.db.delete_contacts(&manager(3), &[(Whose::Shared, id)]).unwrap();
    assert!(names(&company, &plain(1).viewer, &of(People::Shared)).is_empty());
}

/// DIR-06
#[test]
fn the_hundred_and_first_is_refused_and_an_import_says_how_many_fit() {
    let company = Company::new();
    let many = |from: usize, to: usize| -> Vec<Values> {
        (from..to).map(|n| named(&format!("C {n:03}"), "1234567")).collect()
    };
    let done = company.db.add_contacts(&plain(1), Whose::Own, &many(0, 98)).unwrap();
    assert_eq!(done, Imported { added: 98, known: 0 });
    let before = company.revision();
    let error = company.db.add_contacts(&plain(1), Whose::Own, &many(200, 203)).unwrap_err();
    let WriteError::Invalid(problems) = error else { panic!() };
    assert!(
        problems[0].message.contains("so 2 more fit") && problems[0].message.contains("Nothing was added"),
        "{problems:?}"
    );
    assert_eq!((company.db.own_contact_count(UserId(1)).unwrap(), company.revision()), (98, before));
    company.db.add_contacts(&plain(1), Whose::Own, &many(200, 202)).unwrap();
    let error = company.db.add_contact(&plain(1), Whose::Own, &named("One more", "1")).unwrap_err();
    assert!(
        matches!(&error, WriteError::Invalid(p) if p[0].message.contains("100 is the limit")),
        "{error:?}"
    );
    // Somebody else has room, and so has the company.
    company.db.add_contact(&plain(2), Whose::Own, &named("One more", "1")).unwrap();
    assert_eq!(company.db.add_contacts(&manager(1), Whose::Shared, &many(0, 101)).unwrap().added, 101);
    // The same contacts again are the same contacts.
    assert_eq!(
        company.db.add_contacts(&plain(1), Whose::Own, &many(0, 98)).unwrap(),
        Imported { added: 0, known: 98 }
    );
}

/// DIR-05
#[test]
fn a_contact_needs_a_name_and_has_a_group() {
    let company = Company::new();
    let error = company.db.add_contact(&plain(1), Whose::Own, &values([("work", "1")])).unwrap_err();
    assert!(matches!(&error, WriteError::Invalid(p) if p[0].field == "last_name"), "{error:?}");
    let error = company.db.add_contact(&plain(1), Whose::Own, &named("x", "abc")).unwrap_err();
    assert!(matches!(&error, WriteError::Invalid(p) if p[0].field == "work"), "{error:?}");
    let id = company.db.add_contact(&plain(1), Whose::Own, &named("x", "1")).unwrap().id;
    let row = company.db.contact(&plain(1).viewer, Whose::Own, id).unwrap().unwrap();
    assert_eq!(row.values["group_name"], "All Contacts");
    company
        .db
        .add_contact(&plain(1), Whose::Own, &values([("last_name", "y"), ("group_name", "Clients")]))
        .unwrap();
    let groups = company.db.contact_groups(&plain(1).viewer).unwrap();
    assert_eq!(groups, ["All Contacts", "Clients"]);
}

/// DIR-07, DIR-27
#[test]
fn of_two_who_edit_one_contact_the_second_is_told() {
    let company = Company::new();
    let id = company.db.add_contact(&plain(1), Whose::Own, &named("x", "1")).unwrap().id;
    company.db.change_contact(&plain(1), (Whose::Own, id), &named("y", "1"), Some(1)).unwrap();
    let late = company.db.change_contact(&plain(1), (Whose::Own, id), &named("z", "1"), Some(1));
    assert!(matches!(late, Err(WriteError::Conflict { .. })), "{late:?}");
    assert_eq!(
        company.db.contact(&plain(1).viewer, Whose::Own, id).unwrap().unwrap().values["last_name"],
        "y"
    );
}

/// DIR-32, CH-12
#[test]
fn a_further_number_fills_the_first_free_field() {
    let company = Company::new();
    let id = company.db.add_contact(&plain(1), Whose::Own, &named("x", "1")).unwrap().id;
    for n in 2..=8 {
        company.db.add_number(&plain(1), (Whose::Own, id), &format!("55{n}")).unwrap();
    }
    let row = company.db.contact(&plain(1).viewer, Whose::Own, id).unwrap().unwrap();
    assert_eq!((&*row.values["mobile"], &*row.values["home"], &*row.values["fax"]), ("552", "553", "558"));
    let full = company.db.add_number(&plain(1), (Whose::Own, id), "559").unwrap_err();
    assert!(matches!(&full, WriteError::Invalid(p) if p[0].message.contains("in each field")), "{full:?}");
}

/// DIR-15…17, DIR-20
#[test]
fn filters_narrow_and_search_stays_within_them() {
    let company = Company::new();
    let me = plain(1);
    let own = company.db.add_contact(&me, Whose::Own, &named("Kranz", "+49 (0)30 / 765-4321")).unwrap().id;
    let shared = company.db.add_contact(&manager(2), Whose::Shared, &named("kranz & co", "1")).unwrap().id;
    company
        .db
        .update(&author(1), &USERS, 2, &values([("last_name", "Kranz"), ("first_name", "Anna")]), None)
        .unwrap();
    let kranz = |people: People| {
        names(&company, &me.viewer, &PeopleQuery { people, search: "kranz".into(), ..PeopleQuery::default() })
    };
    assert_eq!(kranz(People::All), ["Anna Kranz", "Kranz", "kranz & co"]);
    assert_eq!(kranz(People::Own), ["Kranz"]);
    assert_eq!(kranz(People::Shared), ["kranz & co"]);
    assert_eq!(kranz(People::Colleagues), ["Anna Kranz"]);
    assert_eq!(kranz(People::Among(vec![2, 3])), ["Anna Kranz"]);
    assert!(kranz(People::Favourites).is_empty());
    for favourite in [(Whose::Own, own), (Whose::Shared, shared), (Whose::User, 2)] {
        company.db.set_favourite(&me.viewer, favourite, true).unwrap();
    }
    assert_eq!(kranz(People::Favourites), ["Anna Kranz", "Kranz", "kranz & co"]);
    company.db.set_favourite(&me.viewer, (Whose::User, 2), false).unwrap();
    assert_eq!(kranz(People::Favourites), ["Kranz", "kranz & co"]);
    assert!(names(&company, &plain(2).viewer, &of(People::Favourites)).is_empty(), "stars are one's own");
    let by = |search: &str| {
        names(&company, &me.viewer, &PeopleQuery { search: search.into(), ..PeopleQuery::default() })
    };
    for search in ["7654321", "30/765", "765-4321", "Kranz 7654"] {
        assert_eq!(by(search), ["Kranz"], "{search}");
    }
    assert!(by("kranz 99").is_empty());
}

/// DIR-21
#[test]
fn departments_and_sites_narrow_to_their_people() {
    let company = Company::new();
    let made = |table, pairs: &Values| company.db.create(&author(1), table, pairs).unwrap().id.to_string();
    let sales = made(&DEPARTMENTS, &values([("name", "Sales")]));
    let north = made(&DEPARTMENTS, &values([("name", "North"), ("parent", &sales)]));
    let boise = made(&SITES, &values([("name", "Boise")]));
    let put = |user, field, to: &str| {
        company.db.update(&author(1), &USERS, user, &values([(field, to)]), None).unwrap()
    };
    put(1, "department", &sales);
    put(2, "department", &north);
    put(3, "site", &boise);
    let me = plain(1).viewer;
    let ids = |people: People| -> Vec<i64> {
        let mut ids: Vec<i64> =
            company.db.people(&me, &of(people)).unwrap().0.iter().map(|person| person.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(People::Department(sales.parse().unwrap())), [1, 2]);
    assert_eq!(ids(People::Department(north.parse().unwrap())), [2]);
    assert_eq!(ids(People::Site(boise.parse().unwrap())), [3]);
    assert_eq!(ids(People::Site(1)), [1, 2, 4, 5], "who names no site is at the default one");
    let (departments, sites) = company.db.places(TenantId(1)).unwrap();
    assert_eq!(departments.iter().map(|place| &*place.name).collect::<Vec<_>>(), ["Sales", "Sales / North"]);
    assert_eq!(sites.len(), 2);
}

/// DIR-01, PRF-07
#[test]
fn colleagues_are_those_with_an_extension_who_are_listed_and_not_suspended() {
    let company = Company::new();
    let me = plain(1).viewer;
    let put = |user, pairs: Values| company.db.update(&author(1), &USERS, user, &pairs, None).unwrap();
    put(2, values([("in_directory", "0")]));
    put(3, values([("suspended", "1")]));
    put(4, values([("extension", "")]));
    put(5, values([("mobile", "+491701234567"), ("work_phone", "+49301234567")]));
    let (people, more) = company.db.people(&me, &of(People::Colleagues)).unwrap();
    assert!(!more);
    assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [1, 5]);
    assert_eq!(
        people[1].numbers,
        [("work", "+49301234567".to_owned()), ("mobile", "+491701234567".to_owned())]
    );
    assert!(!people[1].extension.is_empty());
}

/// DIR-15
#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let company = Company::new();
    let me = plain(1);
    let many: Vec<Values> = (0..60)
        .map(|n| values([("last_name", &*format!("n{}", n / 2)), ("work", &*format!("{n}00"))]))
        .collect();
    company.db.add_contacts(&me, Whose::Own, &many).unwrap();
    company.db.add_contacts(&manager(2), Whose::Shared, &many).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let query = PeopleQuery { limit: 7, after: after.take(), ..PeopleQuery::default() };
        let (page, more) = company.db.people(&me.viewer, &query).unwrap();
        after = page.last().map(|last| (last.name.clone(), last.kind, last.id));
        seen.extend(
            page.into_iter().map(|person| (person.name.to_lowercase(), person.kind.key(), person.id)),
        );
        if !more {
            break;
        }
    }
    assert_eq!(seen.len(), 125);
    assert!(seen.is_sorted());
    seen.dedup();
    assert_eq!(seen.len(), 125);
}

/// CH-11
#[test]
fn a_number_is_known_by_ones_own_contacts_first() {
    let company = Company::new();
    let me = plain(1);
    company.db.update(&author(1), &USERS, 2, &values([("mobile", "+491701234567")]), None).unwrap();
    let known = || company.db.known_numbers(&me.viewer, &["0170 1234567", "999", ""]).unwrap();
    let kind = |known: &[Option<Known>]| known[0].as_ref().map(|known| known.kind);
    assert_eq!(kind(&known()), Some(Whose::User));
    company.db.add_contact(&manager(2), Whose::Shared, &named("Shared", "+49 170 1234567")).unwrap();
    assert_eq!(kind(&known()), Some(Whose::Shared));
    company.db.add_contact(&me, Whose::Own, &named("Own", "1234567")).unwrap();
    assert_eq!(kind(&known()), Some(Whose::Own));
    assert_eq!(known()[1..], [None, None]);
}

/// DIR-04, DIR-12, DIR-33
#[test]
fn phone_books_hold_whoever_can_be_dialled_by_group() {
    let company = Company::new();
    let me = plain(1);
    let put = |name: &str, group: &str, number: &str| {
        let values = values([("last_name", name), ("group_name", group), ("mobile", number)]);
        company.db.add_contact(&me, Whose::Own, &values).unwrap()
    };
    put("Zeta", "Clients", "1");
    put("Alpha", "Vendors", "2");
    put("Without", "Clients", "");
    put("Plain", "", "3");
    let book = company.db.phone_book(TenantId(1), UserId(1), Book::Own).unwrap();
    let lines: Vec<_> = book.iter().map(|entry| (&*entry.group, &*entry.name)).collect();
    assert_eq!(lines, [("", "Plain"), ("Clients", "Zeta"), ("Vendors", "Alpha")]);
    assert_eq!(book[1].numbers, [("mobile", "1".to_owned())]);
    assert!(company.db.phone_book(TenantId(1), UserId(2), Book::Own).unwrap().is_empty());
    assert!(company.db.phone_book(TenantId(2), UserId(1), Book::Own).unwrap().is_empty());
    assert_eq!(company.db.phone_book(TenantId(1), UserId(2), Book::Directory).unwrap().len(), 5);
}

/// USR-06
#[test]
fn what_somebody_kept_goes_with_them() {
    let company = Company::new();
    company.db.add_contact(&plain(3), Whose::Own, &named("x", "1")).unwrap();
    company.db.set_favourite(&plain(1).viewer, (Whose::User, 3), true).unwrap();
    company.db.update(&author(1), &USERS, 3, &values([("suspended", "1")]), None).unwrap();
    company.by_hand("UPDATE users SET suspended_at = 1; DELETE FROM devices WHERE user_id = 3; DELETE FROM ring_groups_members WHERE target = 3");
    company.db.delete(&author(1), &USERS, 3).unwrap();
    let left: i64 =
        company.number("SELECT (SELECT count(*) FROM own_contacts) + (SELECT count(*) FROM favourites)");
    assert_eq!(left, 0);
}

/// DIR-25: a search among ten thousand goes through the rows of the company by an index, in the order that is shown, so that
/// nothing is sorted but the page.
#[test]
fn a_search_goes_by_index() {
    let company = Company::new();
    let reader = company.db.reader().unwrap();
    for search in ["", "zzz", "030 555"] {
        let query = PeopleQuery { search: search.into(), ..PeopleQuery::default() };
        let (text, parameters) = super::people::select(&plain(1).viewer, &query, 50);
        let mut statement = reader.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let steps = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        let steps = steps.collect::<Result<Vec<String>, _>>().unwrap();
        for table in ["t", "x", "f"] {
            let scan = format!("SCAN {table}");
            assert!(
                !steps.iter().any(|step| *step == scan || step.starts_with(&format!("{scan} "))),
                "{steps:?}"
            );
        }
        assert!(steps.iter().any(|step| step.contains("contacts_by_name")), "{steps:?}");
        let sorted = steps.iter().filter(|step| step.contains("B-TREE")).count();
        assert!(sorted <= 1, "the page alone: {steps:?}");
    }
}
