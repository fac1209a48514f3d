use super::*;
use crate::{
    audit,
    fixture::{Company, author, values, viewer},
    query::{ListQuery, QueryError},
    resources::{
        self, devices::DEVICES, extensions::EXTENSIONS, licences::LICENCES, ring_groups::RING_GROUPS,
        roles::ROLES, tenants::TENANTS, users::USERS,
    },
    write::WriteError,
};

/// An author with a role of first start.
fn with_role(company: &Company, name: &str) -> Author {
    let first_name = format!("Some {name}");
    let user = values([("first_name", &first_name), ("login", &name.replace(' ', ".").to_lowercase())]);
    let id = company.db.create(&author(1), &USERS, &user).unwrap().id;
    let role = values([("role", &role(company, name).to_string())]);
    company.db.update(&author(1), &USERS, id, &role, None).unwrap();
    let account = company.db.account(UserId(id)).unwrap().unwrap();
    Author { viewer: account.viewer, ..author(1) }
}

fn role(company: &Company, name: &str) -> i64 {
    company.number(&format!("SELECT id FROM roles WHERE tenant_id = 1 AND name = '{name}'"))
}

fn is_forbidden<T: std::fmt::Debug>(result: Result<T, WriteError>) -> bool {
    match result {
        Ok(_) => false,
        Err(WriteError::Forbidden(_)) => true,
        Err(other) => panic!("{other:?}"),
    }
}

const BY_LEVEL: [&str; 4] = ["User", "Site administrator", "Company administrator", "Primary administrator"];

#[test]
fn there_is_a_bit_for_each_verb_of_each_table() {
    assert!(resources::ALL.len() <= 96 && Permission::ALL.len() <= 64);
    for (key, _) in permission_choices() {
        let rights = Rights::of(key);
        assert_ne!(rights, Rights::NONE, "{key}");
        for (other, _) in permission_choices().iter().filter(|(other, _)| other != key && key != "all") {
            assert!(other == "all" || !rights.cover(&Rights::of(other)), "{key} gives {other}");
        }
    }
    let rights = Rights::of("users.view, devices.edit,nonsense,users.fly,place_calls");
    assert!(rights.allows(Verb::View, &USERS) && !rights.allows(Verb::Edit, &USERS));
    assert!(rights.allows(Verb::Edit, &DEVICES) && rights.has(Permission::PlaceCalls));
    assert!(!rights.has(Permission::ParkCalls) && !rights.cover(&Rights::ALL) && Rights::ALL.cover(&rights));
}

/// ROL-06, ROL-22
#[test]
fn the_default_roles_pass_their_own_checks() {
    let company = Company::new();
    let page = company.db.list(&viewer(1), &ROLES, &ListQuery::default()).unwrap();
    assert_eq!(page.total, 6);
    for row in page.rows {
        let problems = company.db.check(&author(1), &ROLES, Some(row.id), &row.values);
        assert_eq!(problems, [], "{:?}", row.values);
    }
    assert_eq!(
        Rights::plain(),
        Rights::of(&company.number::<String>("SELECT permissions FROM roles WHERE name = 'User'",))
    );
    let admin = company.db.account_by_login("admin", None).unwrap().unwrap();
    assert_eq!((admin.viewer.level, admin.viewer.reach), (3, Reach::All));
}

/// USR-09, ROL-07
#[test]
fn users_are_made_strictly_below_their_makers_level() {
    let company = Company::new();
    let authors = BY_LEVEL.map(|name| with_role(&company, name));
    for (own, by) in authors.iter().enumerate() {
        for (level, name) in BY_LEVEL.iter().enumerate() {
            let user = values([("first_name", "New"), ("role", &role(&company, name).to_string())]);
            let made = company.db.create(by, &USERS, &user);
            assert_eq!(is_forbidden(made), level >= own, "{own} makes {level}");
        }
    }
}

/// USR-09
#[test]
fn users_of_ones_own_level_are_not_managed() {
    let company = Company::new();
    let authors = BY_LEVEL.map(|name| with_role(&company, name));
    let name = values([("last_name", "Changed")]);
    for (own, by) in authors.iter().enumerate() {
        for (level, other) in authors.iter().enumerate() {
            let id = other.viewer.user.0;
            let changed = company.db.update(by, &USERS, id, &name, None);
            // A primary administrator manages another.
            assert_eq!(is_forbidden(changed), level >= own && own < 3, "{own} changes {level}");
        }
    }
    let promoted = values([("role", &role(&company, "Company administrator").to_string())]);
    assert!(is_forbidden(company.db.update(&authors[2], &USERS, 1, &promoted, None)), "nor made so");
    assert!(is_forbidden(company.db.delete(&authors[2], &USERS, 6)));
}

/// ROL-08
#[test]
fn the_last_primary_administrator_stays() {
    let company = Company::new();
    let problem = |result: Result<_, WriteError>| match result {
        Err(WriteError::Invalid(problems)) => problems[0].message.clone(),
        other => panic!("{other:?}"),
    };
    let change =
        |id, field, value: &str| company.db.update(&author(1), &USERS, id, &values([(field, value)]), None);
    assert!(problem(change(6, "role", "")).contains("last primary"));
    assert!(problem(change(6, "suspended", "on")).contains("last primary"));
    // As if suspended long ago.
    company.by_hand("UPDATE users SET suspended_at = 1");
    assert!(problem(company.db.delete(&author(1), &USERS, 6)).contains("last primary"));
    let role = role(&company, "Primary administrator");
    let lowered = values([("level", "2")]);
    assert!(problem(company.db.update(&author(1), &ROLES, role, &lowered, None)).contains("last primary"));
    company.db.update(&author(1), &ROLES, role, &values([("name", "Owner")]), None).unwrap();
    change(2, "role", &role.to_string()).unwrap();
    change(6, "suspended", "on").unwrap();
    company.by_hand("UPDATE users SET suspended_at = 1");
    company.db.delete(&author(1), &USERS, 6).unwrap();
    assert!(problem(change(2, "role", "")).contains("last primary"));
}

/// ROL-05, ROL-07
#[test]
fn nobody_gives_a_permission_that_they_lack() {
    let company = Company::new();
    let restricted = values([
        ("name", "Restricted"),
        ("level", "2"),
        ("scope", "all"),
        ("permissions", "users.view,users.edit,users.create,roles.view,roles.create,roles.edit,place_calls"),
    ]);
    company.db.create(&author(1), &ROLES, &restricted).unwrap();
    let by = with_role(&company, "Restricted");
    let role_with = |name: &str, level: &str, keys: &str| {
        let new = values([("name", name), ("level", level), ("scope", "all"), ("permissions", keys)]);
        company.db.create(&by, &ROLES, &new)
    };
    role_with("Clerk", "1", "users.view,users.edit").unwrap();
    assert!(is_forbidden(role_with("Spy", "1", "users.view,monitor")));
    assert!(is_forbidden(role_with("All", "1", "all")));
    assert!(is_forbidden(role_with("Peer", "2", "users.view")));
    let agent = role(&company, "Call centre agent");
    company.db.update(&by, &ROLES, agent, &values([("name", "Agent")]), None).unwrap();
    assert!(is_forbidden(company.db.update(&by, &ROLES, agent, &values([("permissions", "record")]), None)));
    // Nor by way of a user's role.
    let supervisor = role(&company, "Call centre supervisor").to_string();
    assert!(is_forbidden(company.db.update(&by, &USERS, 1, &values([("role", &supervisor)]), None)));
    let clerk = role(&company, "Clerk").to_string();
    company.db.update(&by, &USERS, 1, &values([("role", &clerk)]), None).unwrap();
}

/// ROL-15
#[test]
fn each_verb_is_allowed_by_itself() {
    let company = Company::new();
    let mut by = author(1);
    let spare = values([("name", "Spare"), ("username", "spare")]);
    let id = company.db.create(&by, &DEVICES, &spare).unwrap().id;
    let changed = values([("name", "Other")]);
    let new = values([("name", "New"), ("username", "new")]);
    for keys in ["", "devices.view", "devices.edit", "devices.create", "devices.delete"] {
        by.viewer.rights = Rights::of(keys);
        by.viewer.level = 1;
        assert_eq!(
            is_forbidden(company.db.update(&by, &DEVICES, id, &changed, None)),
            keys != "devices.edit"
        );
        assert_eq!(is_forbidden(company.db.create(&by, &DEVICES, &new)), keys != "devices.create");
        assert_eq!(
            is_forbidden(company.db.reveal_secret(&by, &DEVICES, id, "secret")),
            keys != "devices.edit"
        );
        assert_eq!(is_forbidden(company.db.delete(&by, &DEVICES, id)), keys != "devices.delete");
        assert_eq!(may(&by.viewer, Verb::View, &DEVICES), keys == "devices.view");
    }
}

/// ROL-03: the mechanism by which a role reaches a part of the company, here the user alone.
#[test]
fn a_part_of_the_company_is_all_there_is() {
    let company = Company::new();
    let mut by = author(1);
    by.viewer = Viewer { user: UserId(1), reach: Reach::Own, level: 2, ..by.viewer };
    let ids = |of| {
        let page = company.db.list(&by.viewer, of, &ListQuery::default()).unwrap();
        page.rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(&USERS), ids(&DEVICES), ids(&EXTENSIONS)), (vec![1], vec![1], vec![1]));
    assert_eq!(ids(&RING_GROUPS), [1], "nobody's own, hence everybody's");
    assert!(matches!(company.db.get(&by.viewer, &DEVICES, 2), Err(QueryError::Beyond)));
    assert_eq!(company.db.get(&by.viewer, &DEVICES, 99).unwrap(), None);
    let csv = company.db.export_csv(&by.viewer, &DEVICES, &ListQuery::default()).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let sorted = ListQuery { sort: "extension".into(), search: "10".into(), ..ListQuery::default() };
    assert_eq!(company.db.list(&by.viewer, &USERS, &sorted).unwrap().total, 1);
    assert_eq!(company.db.choices(&by.viewer, &USERS, "").unwrap().len(), 1);
    // Neither changed, nor made elsewhere, nor moved there.
    let renamed = values([("name", "Mine")]);
    assert!(is_forbidden(company.db.update(&by, &DEVICES, 2, &renamed, None)));
    assert!(is_forbidden(company.db.delete(&by, &DEVICES, 2)));
    company.db.update(&by, &DEVICES, 1, &renamed, None).unwrap();
    assert!(is_forbidden(company.db.update(&by, &DEVICES, 1, &values([("user", "2")]), None)));
    let theirs = values([("name", "x"), ("username", "x"), ("user", "2")]);
    assert!(is_forbidden(company.db.create(&by, &DEVICES, &theirs)));
    let own = values([("name", "x"), ("username", "x"), ("user", "1")]);
    company.db.create(&by, &DEVICES, &own).unwrap();
    let entries: Vec<audit::AuditEntry> = company.db.audit(&by.viewer, None, None, 2).unwrap();
    assert_eq!(entries[0].author, "anna@example.com");
}

/// ROL-10: what calls ask.
#[test]
fn a_snapshot_knows_what_users_may_do() {
    let company = Company::new();
    let (mut feed, snapshot) = crate::Feed::open(&company.db).unwrap();
    let allows = |snapshot: &crate::Snapshot, id, permission| {
        snapshot.allows(snapshot.user(TenantId(1), UserId(id)).unwrap(), permission)
    };
    assert!(allows(&snapshot, 1, Permission::PlaceCalls) && !allows(&snapshot, 1, Permission::Monitor));
    assert!(allows(&snapshot, 6, Permission::Monitor));
    let mute = values([("name", "Mute"), ("permissions", "park_calls")]);
    let mute = company.db.create(&author(1), &ROLES, &mute).unwrap().id;
    company.db.update(&author(1), &USERS, 1, &values([("role", &mute.to_string())]), None).unwrap();
    let snapshot = feed.poll().unwrap().unwrap();
    assert!(!allows(&snapshot, 1, Permission::PlaceCalls) && allows(&snapshot, 1, Permission::ParkCalls));
    company.db.update(&author(1), &ROLES, mute, &values([("permissions", "place_calls")]), None).unwrap();
    assert!(allows(&feed.poll().unwrap().unwrap(), 1, Permission::PlaceCalls));
}

/// LIC-13: what a company has bought is not for itself to raise; who runs the program decides it.
#[test]
fn a_company_uses_its_licences_and_whoever_runs_the_program_sells_them() {
    let company = Company::new();
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let other = company.db.create(&author(1), &TENANTS, &other).unwrap().id;
    let theirs = Author { viewer: Viewer { user: UserId(99), ..viewer(other) }, ..author(other) };
    let licence = company.db.list(&theirs.viewer, &LICENCES, &ListQuery::default()).unwrap().rows[0].id;
    for (field, value) in [("quantity", "500"), ("kind", "softphone")] {
        let refused = company.db.update(&theirs, &LICENCES, licence, &values([(field, value)]), None);
        assert!(is_forbidden(refused), "{field}");
    }
    company.db.update(&theirs, &LICENCES, licence, &values([("name", "Ours")]), None).unwrap();
    let more = values([("name", "More"), ("kind", "softphone")]);
    assert!(is_forbidden(company.db.create(&theirs, &LICENCES, &more)));
    assert!(is_forbidden(company.db.delete(&theirs, &LICENCES, licence)));
    company.db.update(&author(other), &LICENCES, licence, &values([("quantity", "500")]), None).unwrap();
    let operator = Author { viewer: Viewer { user: UserId(6), ..viewer(1) }, ..author(1) };
    company.db.create(&operator, &LICENCES, &more).unwrap();
}

/// OPS-06: the log of the company that runs the program says nothing of the others to whoever may not see them.
#[test]
fn changes_of_tenants_are_in_the_log_of_who_may_see_tenants() {
    let company = Company::new();
    let other = values([("name", "Other"), ("domain", "other.example")]);
    company.db.create(&author(1), &TENANTS, &other).unwrap();
    let seen = |level| {
        let viewer = Viewer { level, user: UserId(6), ..viewer(1) };
        let log = company.db.audit_log(&viewer, &Default::default()).unwrap();
        let csv = company.db.audit_csv(&viewer, &Default::default()).unwrap();
        let latest = company.db.audit(&viewer, None, None, 200).unwrap();
        let is_other = |entry: &audit::AuditEntry| entry.title == "Other";
        [
            log.entries.iter().any(|shown| is_other(&shown.entry)),
            csv.contains("Other"),
            latest.iter().any(is_other),
        ]
    };
    assert_eq!((seen(3), seen(2)), ([true; 3], [false; 3]));
}

/// ROL-23, ROL-24
#[test]
fn the_roles_of_first_start_are_those_that_people_know() {
    let company = Company::new();
    let of = |name| with_role(&company, name).viewer;
    let (user, agent) = (of("User"), of("Call centre agent"));
    let (supervisor, site, whole) =
        (of("Call centre supervisor"), of("Site administrator"), of("Company administrator"));
    assert_eq!([user, agent, supervisor, site, whole].map(|viewer| viewer.level), [0, 0, 1, 1, 2]);
    assert!(agent.has(Permission::QueueSelf) && !user.has(Permission::QueueSelf));
    assert!(supervisor.has(Permission::Monitor) && supervisor.has(Permission::QueueOthers));
    assert_eq!((supervisor.reach, site.reach, whole.reach), (Reach::All, Reach::Site, Reach::All));
    assert!(site.has(Permission::SharedContacts) && !user.has(Permission::SharedContacts));
    for permission in [Permission::CompanyMusic, Permission::Resync, Permission::CallerId] {
        assert!(whole.has(permission) && !user.has(permission));
    }
    for of in resources::ALL.into_iter().filter(|of| of.tenant) {
        assert!(may(&whole, Verb::Edit, of) && !may(&user, Verb::View, of), "{}", of.name);
    }
    assert!(!may(&whole, Verb::View, &TENANTS), "the program itself is not the company's");
}
