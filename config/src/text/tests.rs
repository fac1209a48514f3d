//! The text twin. OPS-05.

use proptest::prelude::*;

use super::*;
use crate::{
    Db,
    fixture::{Company, author, values, viewer},
    plan::{Action, Go, Plan},
    query::ListQuery,
    resources::{self, devices::DEVICES, ring_groups::RING_GROUPS, tenants::TENANTS, users::USERS},
};

fn text(db: &Db) -> String {
    db.export_text(&viewer(1), "", Secrets::LeftOut).unwrap()
}

fn import(db: &Db, text: &str, go: Go) -> Plan {
    db.import_text(&author(1), text, go).unwrap()
}

fn applied(db: &Db, text: &str) -> Plan {
    let plan = import(db, text, Go::Apply(None));
    assert!(plan.problems.is_empty(), "{:#?}", plan.problems);
    plan
}

fn problems(db: &Db, text: &str) -> Vec<String> {
    import(db, text, Go::Rehearse).problems.iter().map(ToString::to_string).collect()
}

/// A database with nothing in it.
fn empty() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path()).unwrap();
    (folder, db)
}

#[test]
fn the_text_names_no_ids_no_defaults_and_no_secrets() {
    let company = Company::new();
    let text = text(&company.db);
    assert!(text.starts_with("# Configuration of Dialtone."), "{text}");
    assert!(text.contains("\n[[tenants]]\nname = \"My company\"\ndomain = \"dialtone.local\"\n"), "{text}");
    let anna = "\n[[tenants.users]]\nfirst_name = \"Anna\"\nlast_name = \"Berg\"\nextension = \"101\"\n";
    assert!(text.contains(anna), "{text}");
    assert!(text.contains("user = \"Anna Berg (101)\"\nusername = \"101\"\n"), "{text}");
    assert!(text.contains("members = [\n    \"Anna Berg (101)\",\n"), "{text}");
    assert!(!text.contains("secret") && !text.contains("[[tenants.extensions]]"));
    assert!(!text.contains("busy_trigger"), "defaults are left out");
    let clear = company.db.export_text(&viewer(1), "", Secrets::InClear).unwrap();
    assert!(clear.contains(&format!("secret = \"{}\"", company.welcome.phones[0].2)));
    assert!(!clear.contains("v1:"));
}

#[test]
fn what_was_exported_changes_nothing() {
    let company = Company::new();
    let before = company.revision();
    for secrets in [Secrets::LeftOut, Secrets::InClear] {
        let text = company.db.export_text(&viewer(1), "", secrets).unwrap();
        let plan = applied(&company.db, &text);
        assert!(plan.rows.is_empty(), "{:?}", plan.rows);
    }
    assert_eq!(company.revision(), before);
}

#[test]
fn an_empty_system_becomes_the_same() {
    let company = Company::new();
    let whole = company.db.export_text(&viewer(1), "", Secrets::InClear).unwrap();
    let (_folder, db) = empty();
    let plan = applied(&db, &whole);
    assert_eq!(plan.count(Action::Delete), 0);
    assert_eq!(db.export_text(&viewer(1), "", Secrets::InClear).unwrap(), whole);
    assert!(db.first_start().unwrap().is_none(), "it is no first start any more");
    let (mut feed, snapshot) = crate::Feed::open(&db).unwrap();
    assert!(feed.poll().unwrap().is_none());
    assert!(snapshot.rows().devices.get(&5).is_some());
}

#[test]
fn an_edited_text_is_a_plan_and_then_one_revision() {
    let company = Company::new();
    let db = &company.db;
    let edited = text(db)
        .replace("first_name = \"Anna\"", "first_name = \"Anneliese\"")
        .replace("\"Anna Berg (101)\"", "\"Anneliese Berg (101)\"")
        .replace("ring_time = 30", "ring_time = 45")
        .replace("    \"Elif Fischer (105)\",\n", "")
        .replace("[[tenants.devices]]\nname = \"Elif's phone\"\nuser = \"Elif Fischer (105)\"\nusername = \"105\"\n", "")
        + "\n[[tenants.users]]\nfirst_name = \"Zoe\"\nextension = \"150\"\n";
    let before = company.revision();
    let plan = import(db, &edited, Go::Rehearse);
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let said: Vec<_> = plan.rows.iter().map(|row| (row.table, row.action, row.title.as_str())).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said.contains(&("users", Action::Change, "Anneliese Berg (101)")), "{said:?}");
    assert!(said.contains(&("users", Action::Create, "Zoe (150)")));
    assert!(said.contains(&("devices", Action::Delete, "Elif's phone")));
    let group = plan.rows.iter().find(|row| row.table == "ring_groups").unwrap();
    assert_eq!(group.shown["ring_time"], ("30 s".to_owned(), "45 s".to_owned()));
    assert!(group.shown["members"].0.contains("Elif") && !group.shown["members"].1.contains("Elif"));
    let affected: Vec<_> = plan.affected.iter().map(|a| (a.number.as_str(), a.what)).collect();
    assert!(affected.contains(&("150", "new")) && affected.contains(&("600", "changed")), "{affected:?}");
    assert!(affected.contains(&("105", "changed")), "its phone goes: {affected:?}");
    assert_eq!(company.revision(), before);
    let done = import(db, &edited, Go::Apply(Some(plan.base)));
    assert_eq!((done.revision, company.revision()), (Some(before + 1), before + 1));
    assert_eq!(done.rows, plan.rows);
    // A new user has a licence as anywhere; the text does not name it yet.
    let again = import(db, &edited, Go::Rehearse).rows;
    assert!(again.iter().all(|row| row.table == "licence_assignments"), "{again:?}");
    let (mut feed, snapshot) = crate::Feed::open(db).unwrap();
    assert!(feed.poll().unwrap().is_none() && snapshot.revision == before + 1);
}

#[test]
fn numbers_and_names_may_change_places() {
    let company = Company::new();
    let db = &company.db;
    let mut ids = Vec::new();
    for (first, email) in [("One", "one@example.com"), ("Two", "two@example.com")] {
        let user = [
            ("first_name", first),
            ("extension", if first == "One" { "201" } else { "202" }),
            ("email", email),
        ];
        ids.push(db.create(&author(1), &USERS, &values(user)).unwrap().id);
    }
    let swapped = text(db)
        .replace("one@example.com", "x@example.com")
        .replace("two@example.com", "one@example.com")
        .replace("x@example.com", "two@example.com")
        .replace("username = \"101\"", "username = \"x\"")
        .replace("username = \"102\"", "username = \"101\"")
        .replace("username = \"x\"", "username = \"102\"");
    let plan = applied(db, &swapped);
    assert_eq!((plan.rows.len(), plan.count(Action::Change)), (4, 4), "{:#?}", plan.rows);
    let email = |id| db.get(&viewer(1), &USERS, id).unwrap().unwrap().values["email"].clone();
    assert_eq!((email(ids[0]).as_str(), email(ids[1]).as_str()), ("two@example.com", "one@example.com"));
    // Renumbered in a ring, with those who dial the numbers.
    db.update(&author(1), &USERS, 3, &values([("forward_busy", "101")]), None).unwrap();
    let turned = text(db)
        .replace("extension = \"101\"", "extension = \"x\"")
        .replace("extension = \"102\"", "extension = \"101\"")
        .replace("extension = \"x\"", "extension = \"102\"")
        .replace("(101)", "(x)")
        .replace("(102)", "(101)")
        .replace("(x)", "(102)");
    applied(db, &turned);
    let number = |id| db.get(&viewer(1), &USERS, id).unwrap().unwrap().values["extension"].clone();
    assert_eq!((number(1).as_str(), number(2).as_str()), ("102", "101"));
}

#[test]
fn rows_of_the_same_name_are_told_apart() {
    let company = Company::new();
    let db = &company.db;
    let mut ids = Vec::new();
    for email in ["a@example.com", "b@example.com"] {
        let user = values([("first_name", "Sam"), ("email", email)]);
        ids.push(db.create(&author(1), &USERS, &user).unwrap().id);
    }
    db.create(&author(1), &USERS, &values([("first_name", "Sam #2")])).unwrap();
    db.update(&author(1), &DEVICES, 1, &values([("user", &*ids[1].to_string())]), None).unwrap();
    let exported = text(db);
    assert!(exported.contains("user = \"Sam #2\"\n"), "{exported}");
    assert!(applied(db, &exported).rows.is_empty());
    let (_folder, other) = empty();
    applied(&other, &exported);
    assert_eq!(text(&other), exported);
    let doubtful = exported.replace("user = \"Sam #2\"", "user = \"Sam\"");
    let told = problems(db, &doubtful);
    assert!(told[0].starts_with("line ") && told[0].contains("Several are called `Sam`"), "{told:?}");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_nothing_is_written() {
    let company = Company::new();
    let db = &company.db;
    let whole = text(db);
    for (text, says) in [
        ("x = [", "This is not TOML"),
        ("", "begins with `format = 1`"),
        ("format = 2", "begins with `format = 1`"),
        ("format = 1\n[nonsense]", "line 2: nonsense: There is no such table"),
        (
            "format = 1\n[[tenants]]\ndomain = \"dialtone.local\"\nname = \"x\"\n[[tenants.users]]\nage = 3",
            "line 6: age: Users have no such field",
        ),
        (
            "format = 1\n[[tenants]]\ndomain = \"dialtone.local\"\nname = \"x\"\n[tenants.users]\n",
            "write each as a table in [[ ]]",
        ),
        (&whole.replace("\"Ben Castillo (102)\",", "\"Bernd\","), "There is no user `Bernd`"),
        (&whole.replace("ring_time = 30", "ring_time = 3000"), "Ring time"),
        (
            &whole.replace("extension = \"102\"", "extension = \"101\"").replace("(102)", "(101)"),
            "101 is taken by User",
        ),
        (&whole.replace("extension = \"102\"", "extension = \"1\""), "2 to 6 digits"),
        (&whole.replace("first_name = \"Ben\"\n", ""), "First name is required"),
        (&whole.replace("first_name = \"Ben\"\n", "first_name = [\"Ben\"]\n"), "One value, not a list"),
        (&whole.replace("first_name = \"Ben\"\n", "first_name = 1.5\n"), "A text, a number"),
    ] {
        let before = company.revision();
        let told = problems(db, text);
        assert!(told.iter().any(|told| told.contains(says)), "{says}: {told:?}");
        assert!(import(db, text, Go::Apply(None)).revision.is_none());
        assert_eq!(company.revision(), before);
    }
}

#[test]
fn a_row_that_others_need_does_not_go() {
    let company = Company::new();
    let anna = "\n[[tenants.users]]\nfirst_name = \"Anna\"\nlast_name = \"Berg\"\nextension = \"101\"\n";
    // Her phone and the group still name her.
    let told = problems(&company.db, &text(&company.db).replace(anna, ""));
    assert!(told.iter().any(|told| told.contains("There is no user `Anna Berg (101)`")), "{told:?}");
}

#[test]
fn tables_that_are_not_named_stay() {
    let company = Company::new();
    let part = "format = 1\n[[tenants]]\ndomain = \"dialtone.local\"\nname = \"My company\"\n\
        [[tenants.ring_groups]]\nname = \"Everyone\"\nextension = \"600\"\nmembers = [\"102\", \"anna berg\"]\n";
    let plan = applied(&company.db, part);
    assert_eq!(plan.rows.len(), 1, "{:?}", plan.rows);
    let group = company.db.get(&viewer(1), &RING_GROUPS, 1).unwrap().unwrap();
    assert_eq!((group.values["members"].as_str(), group.values["ring_time"].as_str()), ("2,1", "20"));
}

#[test]
fn a_tenant_has_its_own_text_and_touches_no_other() {
    let company = Company::new();
    let db = &company.db;
    let tenant = values([("name", "Other"), ("domain", "other.example")]);
    let other = db.create(&author(1), &TENANTS, &tenant).unwrap().id;
    db.create(&author(other), &USERS, &values([("first_name", "Ola"), ("extension", "101")])).unwrap();
    let theirs = db.export_text(&viewer(other), "", Secrets::LeftOut).unwrap();
    assert!(theirs.contains("Ola") && !theirs.contains("Anna") && !theirs.contains("node_settings"));
    assert_eq!(db.export_text(&viewer(1), "other.example", Secrets::LeftOut).unwrap(), theirs);
    let both = text(db);
    assert!(both.contains("Ola") && both.contains("Anna") && both.contains("[node_settings]"));
    assert!(db.export_text(&viewer(1), "nobody.example", Secrets::LeftOut).is_err());
    let renamed = theirs.replace("Ola", "Olaf");
    assert_eq!(db.import_text(&author(other), &renamed, Go::Apply(None)).unwrap().rows.len(), 1);
    assert!(db.import_text(&author(other), &both, Go::Apply(None)).is_err());
    // Whoever runs the program may read in another tenant's.
    assert_eq!(applied(db, &theirs).rows.len(), 1);
    let entry = db.audit(&viewer(other), None, None, 1).unwrap().remove(0);
    assert_eq!(entry.table, "users");
}

#[test]
fn a_new_row_gets_a_password_and_others_keep_theirs() {
    let company = Company::new();
    let db = &company.db;
    let more = text(db) + "\n[[tenants.devices]]\nname = \"Lobby\"\nusername = \"lobby\"\n";
    let plan = applied(db, &more);
    assert!(plan.notes.iter().any(|note| note.starts_with("1 new password")), "{:?}", plan.notes);
    let secret = |id| db.reveal_secret(&author(1), &DEVICES, id, "secret").unwrap();
    assert_eq!(secret(1), company.welcome.phones[0].2);
    assert_eq!(secret(6).len(), 24);
    let given =
        text(db).replace("username = \"lobby\"\n", "username = \"lobby\"\nsecret = \"Geheim-12345\"\n");
    let plan = applied(db, &given);
    assert_eq!(plan.rows[0].changes["secret"], ("•••".into(), "•••".into()));
    assert_eq!(secret(6), "Geheim-12345");
}

#[test]
fn each_computed_title_is_what_sqlite_makes_of_it() {
    let company = Company::new();
    for of in resources::ALL {
        let Some(field) = of.field(of.title).filter(|field| field.computed && field.made_by.is_empty())
        else {
            continue;
        };
        assert!(!field.made_of.is_empty(), "{}: say what `{}` is made of", of.name, field.name);
        for row in company.db.list(&viewer(1), of, &ListQuery::default()).unwrap().rows {
            let row = company.db.get(&viewer(1), of, row.id).unwrap().unwrap();
            let parts: Vec<&str> = field.made_of.iter().map(|name| row.values[*name].as_str()).collect();
            assert_eq!(row.values[field.name], parts.join(" ").trim());
        }
    }
}

/// OPS-05: the text of the past is the text of then.
#[test]
fn the_text_of_a_past_revision_is_what_it_was() {
    let company = Company::new();
    let (then, before) = (company.revision(), text(&company.db));
    company
        .db
        .update(&author(1), &USERS, 1, &values([("last_name", "X"), ("extension", "199")]), None)
        .unwrap();
    company.db.delete(&author(1), &DEVICES, 3).unwrap();
    let past = company.db.past(then).unwrap();
    assert_eq!(company.db.export_past(&viewer(1), &past).unwrap(), before);
}

/// Names that meet each other and the text's own signs.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[A-C]", "[A-C] #[12]", "[a-c\"'\\\\#(){}=,;é]{1,6}", "[A-C] \\([23]0[1-4]\\)"]
        .prop_map(|name| name.trim().to_owned())
        .prop_filter("no name", |name| !name.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// OPS-05: export → import → export is the same to the byte.
    #[test]
    fn a_generated_configuration_comes_back_to_the_byte(
        people in proptest::collection::vec((name(), name(), 0_usize..3, any::<bool>()), 1..8),
        phones in proptest::collection::vec((name(), 0_usize..8), 0..5),
        groups in proptest::collection::vec((name(), proptest::collection::vec(0_usize..5, 1..5)), 0..3),
    ) {
        let company = Company::new();
        let db = &company.db;
        let mut ids = vec![1, 2, 3, 4, 5];
        for (at, (first, last, number, suspended)) in people.iter().enumerate() {
            let number = if *number == 0 { String::new() } else { format!("{}", 200 + at) };
            let mut user = values([("first_name", first), ("last_name", last), ("extension", &number)]);
            if *suspended {
                user.extend(values([("suspended", "1"), ("forward_no_answer_after", "7"), ("forward_always", "+4930")]));
            }
            ids.push(db.create(&author(1), &USERS, &user).unwrap().id);
        }
        for (at, (title, whose)) in phones.iter().enumerate() {
            let whose = ids.get(*whose).map(ToString::to_string).unwrap_or_default();
            let device = values([("name", title), ("username", &format!("phone{at}")), ("user", &whose)]);
            db.create(&author(1), &DEVICES, &device).unwrap();
        }
        for (at, (title, members)) in groups.iter().enumerate() {
            let mut members: Vec<String> = members.iter().filter_map(|at| ids.get(*at)).map(ToString::to_string).collect();
            members.sort();
            members.dedup();
            let group = values([("name", &*format!("{title}{at}")), ("members", &members.join(",")), ("extension", &format!("{}", 800 + at))]);
            db.create(&author(1), &RING_GROUPS, &group).unwrap();
        }
        let exported = db.export_text(&viewer(1), "", Secrets::InClear).unwrap();
        prop_assert!(applied(db, &exported).rows.is_empty());
        let (_folder, other) = empty();
        applied(&other, &exported);
        prop_assert_eq!(other.export_text(&viewer(1), "", Secrets::InClear).unwrap(), exported.clone());
        let (mut feed, _) = crate::Feed::open(&other).unwrap();
        prop_assert!(feed.poll().unwrap().is_none());
        // And over another configuration.
        let company = Company::new();
        company.db.update(&author(1), &USERS, 2, &values([("last_name", "Z")]), None).unwrap();
        applied(&company.db, &exported);
        prop_assert_eq!(company.db.export_text(&viewer(1), "", Secrets::InClear).unwrap(), exported);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".*", lines in proptest::collection::vec("(format = 1|\\[+tenants(\\.users|\\.settings)?\\]+|[a-z_]{1,12} = (\"x\"|1|\\[\\]|\\[\"a\", 2\\]|1.5))", 0..12)) {
        let _ = super::read::read(&text);
        let _ = super::read::read(&lines.join("\n"));
    }
}
