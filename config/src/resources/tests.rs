//! Every table through everything that follows from its declaration.

use crate::{
    Kind, Resource,
    access::Author,
    fixture::{Company, author, values, viewer},
    query::ListQuery,
    resource::Values,
    resources::{self, roles::ROLES, tenants::TENANTS, users::USERS},
    sql, triggers,
    write::WriteError,
};

/// Valid values of the `n`th new row of any table, made from the kinds of its fields.
fn sample(company: &Company, author: &Author, of: &'static Resource, n: usize) -> Values {
    let mut sample = Values::new();
    for field in of.settable() {
        // An extension belongs to a user or to a group, not to both; the same holds for numbers and devices.
        if matches!(
            (of.name, field.name),
            ("extensions" | "numbers", "ring_group") | ("devices", "site" | "hotdesk_user")
        ) {
            continue;
        }
        let value = match field.kind {
            Kind::Text { .. } if field.name == "recurrence" => format!("{n} 10 * * mon"),
            Kind::Text { max } => format!("={n} \"{}\", x", field.label).chars().take(max).collect(),
            Kind::Word { .. } => format!("{}{n}-of-{}", field.name.replace('_', "-"), author.viewer.tenant),
            Kind::Number { max, .. } => max.to_string(),
            Kind::Choice(of) => of[n % of.len()].0.to_owned(),
            Kind::Flag => (n % 2).to_string(),
            Kind::Extension => format!("7{n:03}{}", of.name.len()),
            Kind::PhoneNumber => format!("+49 30 12345{n}"),
            Kind::Email => format!("a{n}@example.com"),
            Kind::Reference(name) => target(company, author, name, n).to_string(),
            Kind::Many(name) => {
                format!("{},{}", target(company, author, name, 50 + n), target(company, author, name, 60 + n))
            }
            Kind::Destination => "hangup:busy".to_owned(),
            Kind::Set(of) => of()[1 + n % 3].0.clone(),
            Kind::Secret | Kind::File { .. } => String::new(),
            Kind::LongText { .. } if field.name == "caller_list" => format!("+49 30 1234{n}\n10*"),
            Kind::LongText { .. } if field.name == "days" => format!("2026-12-1{n} Day off\n12-25"),
            Kind::LongText { .. } => format!("{}\n{n}", field.label),
            Kind::Duration { max, .. } => max.to_string(),
            Kind::TimeOfDay => format!("1{n}:30"),
            Kind::Date if field.name == "ends" => format!("2026-12-1{n}"),
            Kind::Date => format!("2026-11-1{n}"),
            Kind::Moment if field.name == "ends" => format!("2026-12-1{n}T08:00:00Z"),
            Kind::Moment => format!("2026-11-1{n}T08:00:00Z"),
            Kind::TimeZone => ["Europe/Berlin", "America/Denver", "UTC"][n % 3].to_owned(),
            Kind::Week => format!("mo 0{n}:00-17:00"),
            Kind::Url => format!("https://example.com/{n}"),
            Kind::Colour => format!("#00000{n}"),
            Kind::Country => ["de", "fr", "us"][n % 3].to_owned(),
            Kind::WrittenNumber => format!("030 / 1234-{n}"),
            Kind::OutsideNumber => format!("+49301234{}{n}", author.viewer.tenant),
            Kind::Code => format!("#0{n}"),
            Kind::Mac => format!("0000000000{}{n}", author.viewer.tenant),
        };
        sample.insert(field.name.to_owned(), value);
    }
    // RNG-05 and ROL-08 are tested by themselves.
    if of.name == "devices" {
        sample.insert("ring".into(), "immediate".into());
    }
    if of.name == ROLES.name {
        sample.insert("level".into(), (1 + n % 2).to_string());
    }
    // What it holds depends on the type.
    if of.name == "device_buttons" {
        sample.insert("value".into(), format!("7{n}"));
    }
    // Each number goes one way, and a time frame is named where it counts.
    if of.name == "inbound_routes" {
        sample.insert("numbers".into(), target(company, author, "numbers", 70 + n).to_string());
    }
    if of.name == "trunks" {
        sample.insert("host".into(), format!("sip{n}.example"));
        sample.insert("outbound_proxy".into(), format!("proxy{n}.example:5070"));
        sample.insert("domain".into(), format!("carrier{n}.example"));
        sample.insert("username".into(), format!("line{n}"));
        sample.insert("auth_name".into(), format!("line{n}@carrier.example"));
        sample.insert("sources".into(), format!("198.51.100.{n}, 203.0.113.0/24"));
        sample.insert("transport".into(), ["tls", "tcp"][n % 2].into());
        let pem = format!("-----BEGIN CERTIFICATE-----\nAAA{n}\n-----END CERTIFICATE-----");
        sample.insert("certificate".into(), pem);
        sample.insert("caller_prefix".into(), format!("9{n}"));
        sample.insert("identity".into(), ["pass", "off"][n % 2].into());
        sample.insert("sign_key".into(), String::new());
        sample.insert("identity_check".into(), "off".into());
    }
    // These hold addresses, patterns, and names of other rows.
    for (name, value) in
        [("notify", "a@example.com"), ("alert_mail", "a@example.com"), ("patterns", "0."), ("add_front", "9")]
    {
        if let Some(text) = sample.get_mut(name) {
            value.clone_into(text);
        }
    }
    if let Some(group) = sample.get_mut("customer_group") {
        group.clear();
    }
    if of.name == "park_lots" {
        sample.insert("first_slot".into(), (80_000 + n * 100).to_string());
    }
    // These hold digits only.
    for name in ["area_code", "park_code", "access_code"] {
        if let Some(code) = sample.get_mut(name) {
            *code = format!("03{n}");
        }
    }
    sample
}

fn target(company: &Company, author: &Author, table: &str, n: usize) -> i64 {
    let of = resources::by_name(table).unwrap();
    let field = of.settable().next().unwrap().name;
    let name = format!("Target{n} of a {table}");
    let mut values = values([(field, &name)]);
    match table {
        "licences" => drop(values.insert("kind".into(), "call_center".into())),
        "devices" => {
            values.insert("username".into(), format!("target{n}"));
            // Once a company keeps locations no phone is without one.
            values.insert("geolocation".into(), target(company, author, "geolocations", n).to_string());
        }
        "geolocations" => {
            values.insert("city".into(), "Berlin".into());
            values.insert("street".into(), "Main Street".into());
        }
        "trunks" => {
            values.insert("host".into(), format!("sip{n}.example"));
            values.insert("username".into(), format!("line{n}"));
        }
        "ring_groups" => {
            values.insert("extension".into(), format!("8{n:03}"));
            values.insert("members".into(), target(company, author, "users", n).to_string());
        }
        "time_frames" => drop(values.insert("kind".into(), "always".into())),
        "numbers" => drop(values.insert(field.into(), format!("+4989{}{n:05}", author.viewer.tenant))),
        _ => {}
    }
    let there = company.db.choices(&author.viewer, of, &values[field]).unwrap();
    // Several fields point to the same table.
    there.first().map_or_else(|| company.db.create(author, of, &values).unwrap().id, |(id, _)| *id)
}

/// Two tenants: rows of the second must not be seen by the first's administrators and the other way round.
fn two_tenants() -> (Company, Author, i64) {
    let company = Company::new();
    let other =
        company.db.create(&author(1), &TENANTS, &values([("name", "Two"), ("domain", "two.example")]));
    let other = other.unwrap().id;
    (company, author(1), other)
}

#[test]
fn declarations_are_sound() {
    let company = Company::new();
    let reader = company.db.reader().unwrap();
    for of in resources::ALL {
        assert_eq!(of.lint(), Vec::<String>::new());
        for field in of.fields {
            reader
                .prepare(&format!(
                    "SELECT {}, {} FROM {} t",
                    sql::value(of, field),
                    sql::title(of, "t"),
                    of.name
                ))
                .unwrap();
            if let Kind::Reference(name) | Kind::Many(name) = field.kind {
                assert!(resources::by_name(name).is_some(), "{}.{}", of.name, field.name);
            }
        }
        reader.prepare(&format!("SELECT version FROM {}", of.name)).unwrap();
        assert!(resources::by_name(of.name).is_some());
    }
}

#[test]
fn lint_finds_what_is_wrong() {
    static WRONG: Resource = Resource {
        columns: &["missing"],
        cards: &[],
        fields: &[crate::Field::text("name", "")],
        ..resources::ring_groups::RING_GROUPS
    };
    let wrong = WRONG.lint().join("\n");
    for word in ["`missing`", "on no card", "no label"] {
        assert!(wrong.contains(word), "{wrong}");
    }
}

#[test]
fn triggers_are_installed_once() {
    let company = Company::new();
    let mut writer = company.db.writer();
    let version =
        |c: &rusqlite::Connection| c.query_row("PRAGMA schema_version", [], |r| r.get::<_, i64>(0)).unwrap();
    let before = version(&writer);
    triggers::install(&mut writer).unwrap();
    assert_eq!(version(&writer), before);
}

#[test]
fn each_table_is_created_listed_found_sorted_edited_and_deleted() {
    let (company, author, _) = two_tenants();
    for of in resources::ALL.into_iter().filter(|of| !of.single) {
        let given = sample(&company, &author, of, 1);
        let saved = company.db.create(&author, of, &given).unwrap_or_else(|e| panic!("{}: {e:?}", of.name));
        let other = company.db.create(&author, of, &sample(&company, &author, of, 2)).unwrap();
        assert!(other.revision > saved.revision);
        let row = company.db.get(&viewer(1), of, saved.id).unwrap().unwrap();
        for field in of.settable().filter(|field| given.contains_key(field.name)) {
            let stored = row.values.get(field.name).cloned();
            match field.kind {
                Kind::Secret => assert_eq!(stored, None, "{}.{}", of.name, field.name),
                _ => assert_eq!(stored, Some(field.normalise(&given[field.name]).unwrap()), "{}", field.name),
            }
        }
        for field in of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret | Kind::Many(_))) {
            for descending in [false, true] {
                let mut query =
                    ListQuery { sort: field.name.into(), descending, limit: 3, ..ListQuery::default() };
                let mut seen = Vec::new();
                loop {
                    let page = company.db.list(&viewer(1), of, &query).unwrap();
                    seen.extend(page.rows.iter().map(|row| row.id));
                    assert_eq!(page.total, page.of);
                    let Some(next) = page.next else {
                        assert_eq!(seen.len() as u64, page.total, "{}.{}", of.name, field.name);
                        break;
                    };
                    query.after = next;
                }
                seen.sort_unstable();
                seen.dedup();
                assert!(seen.contains(&saved.id) && seen.contains(&other.id));
            }
        }
        for name in of.filters {
            let accepted = row.values[*name].split(',').map(str::to_owned).collect();
            let query = ListQuery { filters: vec![((*name).to_owned(), accepted)], ..ListQuery::default() };
            let page = company.db.list(&viewer(1), of, &query).unwrap();
            assert!(page.rows.iter().any(|found| found.id == saved.id), "{}.{name}", of.name);
        }
        // By what people see as its title.
        let titles = of.fields.iter().find(|field| field.titles).map_or(of.title, |field| field.name);
        let search = ListQuery { search: row.values[titles].clone(), ..ListQuery::default() };
        let page = company.db.list(&viewer(1), of, &search).unwrap();
        assert!(page.rows.iter().any(|found| found.id == saved.id), "{}", of.name);
        let third = sample(&company, &author, of, 3);
        company.db.update(&author, of, saved.id, &third, Some(row.version)).unwrap();
        let changed = company.db.get(&viewer(1), of, saved.id).unwrap().unwrap();
        assert!(changed.version > row.version && changed.values != row.values);
        // USR-06 is tested by itself.
        company.by_hand("UPDATE users SET suspended_at = 1");
        company.db.delete(&author, of, saved.id).unwrap_or_else(|e| panic!("{}: {e:?}", of.name));
        assert_eq!(company.db.get(&viewer(1), of, saved.id).unwrap(), None);
    }
}

#[test]
fn each_table_makes_the_round_trip_through_csv() {
    let (company, author, _) = two_tenants();
    for of in resources::ALL.into_iter().filter(|of| !of.single) {
        company.db.create(&author, of, &sample(&company, &author, of, 1)).unwrap();
        let all = ListQuery::default();
        let csv = company.db.export_csv(&viewer(1), of, &all).unwrap();
        let before = company.revision();
        assert_eq!(company.db.import_csv(&author, of, &csv).unwrap(), 0, "{}: {csv}", of.name);
        assert_eq!(company.revision(), before, "nothing changed");
    }
    // Without ids the rows are new ones, in another tenant with the same values.
    let berg = ListQuery { search: "berg".into(), ..ListQuery::default() };
    let csv = company.db.export_csv(&viewer(1), &USERS, &berg).unwrap();
    let fresh: String = csv.lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect();
    let into = crate::fixture::author(2);
    let lines = csv.lines().count() - 1;
    assert_eq!(company.db.import_csv(&into, &USERS, &fresh).unwrap(), lines);
    let there = company.db.list(&viewer(2), &USERS, &ListQuery::default()).unwrap();
    assert_eq!(there.total, lines as u64);
}

#[test]
fn another_tenant_sees_and_changes_nothing() {
    let (company, author, other) = two_tenants();
    let them = crate::fixture::author(other);
    for of in resources::ALL {
        let id = if of.single {
            1
        } else {
            company.db.create(&author, of, &sample(&company, &author, of, 1)).unwrap().id
        };
        let page = company.db.list(&viewer(other), of, &ListQuery::default()).unwrap();
        let own = page.rows.iter().all(|row| match of.name {
            "tenants" => row.id == other,
            _ => row.id != id,
        });
        assert!(own, "{}: {:?}", of.name, page.rows);
        assert_eq!(company.db.get(&viewer(other), of, id).unwrap(), None, "{}", of.name);
        assert!(!company.db.choices(&viewer(other), of, "").unwrap().iter().any(|(found, _)| *found == id));
        assert!(
            !company
                .db
                .export_csv(&viewer(other), of, &ListQuery::default())
                .unwrap()
                .contains(&format!("\n{id},"))
        );
        let change = company.db.update(&them, of, id, &Values::new(), None);
        assert!(matches!(change, Err(WriteError::Gone)), "{}: {change:?}", of.name);
        assert!(company.db.delete(&them, of, id).is_err(), "{}", of.name);
        for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
            assert!(company.db.reveal_secret(&them, of, id, field.name).is_err());
        }
    }
    // Nor can they point to rows of the first.
    let device = values([("name", "x"), ("username", "x"), ("user", "1")]);
    let error = company.db.create(&them, &resources::devices::DEVICES, &device).unwrap_err();
    assert!(matches!(error, WriteError::Invalid(ref p) if p[0].field == "user"), "{error:?}");
}
