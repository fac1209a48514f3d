use super::*;
use crate::{
    fixture::{Company, author, values, viewer},
    query::ListQuery,
    resources::extensions::EXTENSIONS,
    resources::{
        devices::DEVICES, node_settings::NODE_SETTINGS, ring_groups::RING_GROUPS, settings::SETTINGS,
        users::USERS,
    },
};

fn problem(result: Result<Saved, WriteError>) -> (String, String) {
    match result {
        Err(WriteError::Invalid(problems)) => (problems[0].field.clone(), problems[0].message.clone()),
        other => panic!("{other:?}"),
    }
}

/// EXT-05
#[test]
fn an_extension_of_any_kind_is_refused_a_second_time() {
    let company = Company::new();
    let user = values([("first_name", "Zoe"), ("extension", "600")]);
    let (field, message) = problem(company.db.create(&author(1), &USERS, &user));
    assert_eq!(
        (field.as_str(), message.as_str()),
        ("extension", "600 is taken by Ring group Everyone (600).")
    );
    let group = values([("name", "Two"), ("extension", "101"), ("members", "1")]);
    let (_, message) = problem(company.db.create(&author(1), &RING_GROUPS, &group));
    assert_eq!(message, "101 is taken by User Anna Berg (101).");
    let row = values([("number", "102"), ("user", "1")]);
    let (field, message) = problem(company.db.create(&author(1), &EXTENSIONS, &row));
    assert_eq!((field.as_str(), message.as_str()), ("number", "102 is taken by Extension 102."));
    for number in ["1", "1234567", "12a", "+49"] {
        let user = values([("first_name", "Zoe"), ("extension", number)]);
        assert_eq!(problem(company.db.create(&author(1), &USERS, &user)).0, "extension", "{number}");
    }
}

#[test]
fn all_problems_come_together_and_nothing_is_written() {
    let company = Company::new();
    let (before, audit) = (company.revision(), company.number::<i64>("SELECT count(*) FROM audit"));
    let user = values([("extension", "x"), ("email", "nobody"), ("busy_trigger", "21"), ("colour", "red")]);
    let Err(WriteError::Invalid(problems)) = company.db.create(&author(1), &USERS, &user) else { panic!() };
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    for field in ["first_name", "extension", "email", "busy_trigger", "colour"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
    assert_eq!(company.db.check(&author(1), &USERS, None, &user), problems);
    assert_eq!(company.revision(), before);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM audit"), audit);
}

/// RNG-05
#[test]
fn one_device_of_a_user_rings() {
    let company = Company::new();
    let (author, off) = (author(1), values([("ring", "disabled")]));
    assert_eq!(problem(company.db.update(&author, &DEVICES, 1, &off, None)).0, "ring");
    let second = values([("name", "Second"), ("user", "1"), ("username", "101b")]);
    let second = company.db.create(&author, &DEVICES, &second).unwrap().id;
    company.db.update(&author, &DEVICES, 1, &off, None).unwrap();
    assert_eq!(problem(company.db.delete(&author, &DEVICES, second)).0, "ring");
    // Nor may it move to somebody else.
    let moved = values([("user", "2")]);
    assert_eq!(problem(company.db.update(&author, &DEVICES, second, &moved, None)).0, "ring");
    company.db.delete(&author, &DEVICES, 1).unwrap();
    company.db.delete(&author, &DEVICES, second).unwrap();
}

/// RNG-04, RNG-09, RNG-12
#[test]
fn ranges_are_those_of_the_features() {
    let company = Company::new();
    for (of, field, good, bad) in [
        (&DEVICES, "ring_delay", ["1", "60"], ["0", "61"]),
        (&USERS, "forward_no_answer_after", ["5", "120"], ["4", "121"]),
        (&USERS, "busy_trigger", ["1", "20"], ["0", "21"]),
        (&RING_GROUPS, "ring_time", ["5", "300"], ["4", "301"]),
    ] {
        for value in good {
            company.db.update(&author(1), of, 1, &values([(field, value)]), None).unwrap();
        }
        for value in bad {
            assert_eq!(
                problem(company.db.update(&author(1), of, 1, &values([(field, value)]), None)).0,
                field
            );
        }
    }
}

/// RNG-11
#[test]
fn forwards_go_to_extensions_that_exist_or_outside() {
    let company = Company::new();
    let forward =
        |to: &str| company.db.update(&author(1), &USERS, 1, &values([("forward_always", to)]), None);
    assert!(problem(forward("199")).1.contains("no extension 199"));
    assert!(problem(forward("101")).1.contains("itself"));
    forward("102").unwrap();
    forward("+49 (30) 123-456").unwrap();
    let row = company.db.get(&viewer(1), &USERS, 1).unwrap().unwrap();
    assert_eq!(row.values["forward_always"], "+4930123456");
    forward("").unwrap();
}

#[test]
fn a_row_that_others_use_stays() {
    let company = Company::new();
    let author = author(1);
    company.by_hand("UPDATE users SET suspended = 1; UPDATE users SET suspended_at = 1");
    let Err(WriteError::Used(by)) = company.db.delete(&author, &USERS, 1) else { panic!() };
    assert_eq!(by, ["Device Anna's phone", "Ring group Everyone (600)"]);
    company.db.update(&author, &USERS, 2, &values([("forward_busy", "101")]), None).unwrap();
    company
        .db
        .update(&author, &RING_GROUPS, 1, &values([("members", "2"), ("overflow", "extension:101")]), None)
        .unwrap();
    company.db.delete(&author, &DEVICES, 1).unwrap();
    let Err(WriteError::Used(by)) = company.db.delete(&author, &USERS, 1) else { panic!() };
    assert_eq!(by, ["Ring group Everyone (600)", "User Ben Castillo (102)"]);
    let (field, message) =
        problem(company.db.update(&author, &USERS, 1, &values([("extension", "201")]), None));
    assert_eq!(field, "extension");
    assert!(message.contains("101 is still dialled by"), "{message}");
    let group_number: i64 = company.number("SELECT id FROM extensions WHERE number = '600'");
    assert!(matches!(company.db.delete(&author, &EXTENSIONS, group_number), Err(WriteError::Used(_))));
    company.db.update(&author, &USERS, 2, &values([("forward_busy", "")]), None).unwrap();
    company.db.update(&author, &RING_GROUPS, 1, &values([("overflow", "hangup:busy")]), None).unwrap();
    company.db.delete(&author, &USERS, 1).unwrap();
    assert_eq!(company.number::<i64>("SELECT count(*) FROM extensions WHERE number = '101'"), 0);
}

#[test]
fn a_form_opened_before_another_save_is_refused() {
    let company = Company::new();
    let opened = company.db.get(&viewer(1), &USERS, 1).unwrap().unwrap().version;
    let mut ben = author(1);
    ben.name = "ben@example.com".into();
    company.db.update(&ben, &USERS, 1, &values([("extension", "201")]), Some(opened)).unwrap();
    let late = company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), Some(opened));
    let Err(WriteError::Conflict { by, now }) = late else { panic!("{late:?}") };
    assert_eq!((by.as_str(), now["extension"].as_str()), ("ben@example.com", "201"));
    let opened = company.db.get(&viewer(1), &USERS, 1).unwrap().unwrap().version;
    company.by_hand("UPDATE users SET last_name = 'Y' WHERE id = 1");
    let late = company.db.update(&author(1), &USERS, 1, &values([("last_name", "X")]), Some(opened));
    let Err(WriteError::Conflict { by, .. }) = late else { panic!("{late:?}") };
    assert_eq!(by, "somebody with access to the database file");
}

/// OPS-05, AUD-02
#[test]
fn each_change_has_one_audit_entry_and_secrets_are_masked() {
    let company = Company::new();
    let before = company.db.audit(&viewer(1), None, None, 1).unwrap()[0].id;
    let author = author(1);
    let change = values([("extension", "201"), ("forward_busy", "102")]);
    let saved = company.db.update(&author, &USERS, 1, &change, None).unwrap();
    company.db.update(&author, &USERS, 1, &change, None).unwrap();
    let secret = company.db.renew_secret(&author, &DEVICES, 1, "secret").unwrap();
    let chosen = values([("secret", "Geheim-12345")]);
    company.db.update(&author, &DEVICES, 2, &chosen, None).unwrap();
    assert_eq!(company.db.reveal_secret(&author, &DEVICES, 1, "secret").unwrap(), secret);
    let entries = company.db.audit(&viewer(1), None, None, 200).unwrap();
    let entries: Vec<_> = entries.into_iter().filter(|entry| entry.id > before).collect();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["reveal", "renew", "renew", "update"]);
    let update = &entries[3];
    assert_eq!(update.revision, saved.revision);
    assert_eq!(
        (update.author.as_str(), update.address.as_str(), update.via.as_str()),
        ("anna@example.com", "192.0.2.7", "portal")
    );
    assert_eq!(update.title, "Anna Berg (201)");
    assert_eq!(update.changes["extension"], ("101".to_owned(), "201".to_owned()));
    assert_eq!(update.changes["forward_busy"], (String::new(), "102".to_owned()));
    assert_eq!(update.changes.len(), 2);
    let all: String = company.number("SELECT group_concat(changes || title) FROM audit");
    assert!(!all.contains(&secret) && !all.contains("Geheim"));
    assert!(company.number::<i64>("SELECT min(at_ms) FROM audit") > 1_700_000_000_000);
    assert_eq!(company.db.audit(&viewer(1), Some((&USERS, 1)), None, 200).unwrap()[0].id, update.id);
    assert!(company.db.audit(&viewer(2), None, None, 200).unwrap().is_empty());
}

/// A stolen database file reveals no secret, nor does a copied value work elsewhere.
#[test]
fn the_database_file_reveals_no_secret() {
    let company = Company::new();
    let mut secrets: Vec<String> = company.welcome.phones.iter().map(|phone| phone.2.clone()).collect();
    secrets.push(company.db.renew_secret(&author(1), &DEVICES, 1, "secret").unwrap());
    secrets.push(company.welcome.setup_path.trim_start_matches("/setup/").to_owned());
    let session = company
        .db
        .new_session(crate::UserId(1), ("192.0.2.7", "x"), crate::sign_in::Stage::Whole, (0, 1000))
        .unwrap();
    secrets.push(session);
    for entry in std::fs::read_dir(company.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "key") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} in {}", secret, path.display());
        }
    }
    company.by_hand("UPDATE devices SET secret = (SELECT secret FROM devices WHERE id = 2) WHERE id = 1");
    assert!(company.db.reveal_secret(&author(1), &DEVICES, 1, "secret").is_err());
}

#[test]
fn the_programs_own_rows_are_not_there_for_others() {
    let company = Company::new();
    let mut level_two = author(1);
    level_two.viewer.level = 2;
    let program = values([("session_timer", "600")]);
    assert!(matches!(
        company.db.update(&level_two, &NODE_SETTINGS, 1, &program, None),
        Err(WriteError::Gone)
    ));
    company.db.update(&author(1), &NODE_SETTINGS, 1, &program, None).unwrap();
    assert!(company.db.create(&author(1), &SETTINGS, &Values::new()).is_err(), "one row a tenant");
}

#[test]
fn a_csv_is_taken_whole_or_not_at_all() {
    let company = Company::new();
    let author = author(1);
    let bad = "first_name,Extension,last_name\nZoe,301,\"A, B\"\nYan,101,\nXu,3,\n";
    let Err(WriteError::Invalid(problems)) = company.db.import_csv(&author, &USERS, bad) else { panic!() };
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["line 3: 101 is taken by User Anna Berg (101).", "line 4: 2 to 6 digits."]);
    assert_eq!(company.db.list(&viewer(1), &USERS, &ListQuery::default()).unwrap().total, 6);
    let before = company.revision();
    let good = "\u{feff}First name,Extension,last_name\r\n'=Zoe,301,\"A, B\"\r\nYan,302,\r\n";
    assert_eq!(company.db.import_csv(&author, &USERS, good).unwrap(), 2);
    assert_eq!(company.revision(), before + 1);
    let devices = "name,user,username,ring\nZ,301,z,Rings after a delay\nY,Yan (302),y,immediate\nX,yan,x,\n";
    assert_eq!(company.db.import_csv(&author, &DEVICES, devices).unwrap(), 3);
    for (csv, word) in [
        ("name,colour\nx,y\n", "no field `colour`"),
        ("name,user,username\nx,Nobody,x\n", "line 2: There is no user `Nobody`"),
        ("name,username\nx\n", "line 2: 1 cells"),
        ("id,name\n77,x\n", "line 2: this entry is gone"),
    ] {
        let error = company.db.import_csv(&author, &DEVICES, csv).unwrap_err();
        let WriteError::Invalid(problems) = &error else { panic!("{error}") };
        assert!(problems[0].message.contains(word), "{problems:?}");
    }
    let csv = company.db.export_csv(&viewer(1), &USERS, &ListQuery::default()).unwrap();
    assert!(csv.contains(",'=Zoe,\"A, B\",301,"), "{csv}");
}

/// A full disk is said in words, and nothing is half-written.
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let company = Company::new();
    let pages: i64 = company.number("PRAGMA page_count");
    company.db.writer().pragma_update(None, "max_page_count", pages).unwrap();
    let before = company.revision();
    let mut failed = None;
    for n in 0..2000 {
        let user = values([("first_name", &"x".repeat(60)), ("extension", &(1000 + n).to_string())]);
        if let Err(error) = company.db.create(&author(1), &USERS, &user) {
            failed = Some((n, error));
            break;
        }
    }
    let (made, error) = failed.expect("the disk was full");
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(company.revision(), before + made);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM users"), 6 + made);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM extensions"), 6 + made);
    assert_eq!(company.number::<i64>("SELECT held FROM revision"), 0);
}

#[test]
fn a_tenant_with_rows_stays_and_an_empty_one_goes() {
    let company = Company::new();
    let two = values([("name", "Two"), ("domain", "two.example")]);
    let two = company.db.create(&author(1), &crate::resources::tenants::TENANTS, &two).unwrap().id;
    assert_eq!(company.number::<i64>("SELECT count(*) FROM settings"), 2);
    let user = author(two);
    let id = company.db.create(&user, &USERS, &values([("first_name", "Zoe")])).unwrap().id;
    let Err(WriteError::Used(by)) = company.db.delete(&author(1), &crate::resources::tenants::TENANTS, two)
    else {
        panic!()
    };
    assert_eq!(by, ["1 Users"]);
    company.by_hand("UPDATE users SET suspended = 1; UPDATE users SET suspended_at = 1");
    company.db.delete(&user, &USERS, id).unwrap();
    company.db.delete(&author(1), &crate::resources::tenants::TENANTS, two).unwrap();
    assert_eq!(company.number::<i64>("SELECT count(*) FROM settings"), 1);
    assert_eq!(company.number::<i64>("SELECT count(DISTINCT tenant_id) FROM roles"), 1);
}
