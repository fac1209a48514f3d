use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::*;
use crate::{
    fixture::{Company, author, values, viewer},
    resources::{contacts::CONTACTS, devices::DEVICES, extensions::EXTENSIONS, users::USERS},
};

fn titles(company: &Company, query: &ListQuery) -> Vec<String> {
    let page = company.db.list(&viewer(1), &USERS, query).unwrap();
    page.rows.into_iter().map(|row| row.values["first_name"].clone()).collect()
}

fn plan(company: &Company, text: &str, parameters: impl rusqlite::Params) -> String {
    let reader = company.db.reader().unwrap();
    let mut statement = reader.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let steps = statement.query_map(parameters, |row| row.get::<_, String>(3)).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[test]
fn who_has_no_extension_comes_last_both_ways() {
    let company = Company::new();
    for (name, extension) in [("None1", ""), ("Long", "1001"), ("None2", ""), ("Short", "99")] {
        let user = values([("first_name", name), ("extension", extension)]);
        company.db.create(&author(1), &USERS, &user).unwrap();
    }
    let mut query = ListQuery { sort: "extension".into(), ..ListQuery::default() };
    assert_eq!(
        titles(&company, &query),
        ["Short", "Anna", "Ben", "Chloe", "David", "Elif", "Long", "Administrator", "None1", "None2"]
    );
    query.descending = true;
    let down = ["Long", "Elif", "David", "Chloe", "Ben", "Anna", "Short", "None2", "None1", "Administrator"];
    assert_eq!(titles(&company, &query), down);
    query.limit = 1;
    for name in down {
        let page = company.db.list(&viewer(1), &USERS, &query).unwrap();
        assert_eq!(page.rows[0].values["first_name"], name);
        query.after = page.next.unwrap_or_default();
    }
    assert_eq!(query.after, "");
}

#[test]
fn a_search_finds_names_addresses_and_numbers() {
    let company = Company::new();
    let user = values([
        ("first_name", "Zoë"),
        ("last_name", "O%Hara"),
        ("email", "z@example.com"),
        ("extension", "777"),
    ]);
    company.db.create(&author(1), &USERS, &user).unwrap();
    for search in ["zoë", "o%h zo", "Z@EXAMPLE", "777", "77 zo", "  hara  "] {
        let query = ListQuery { search: search.into(), ..ListQuery::default() };
        let page = company.db.list(&viewer(1), &USERS, &query).unwrap();
        assert_eq!((page.total, page.rows.len()), (1, 1), "{search}");
        assert_eq!(titles(&company, &query), ["Zoë"]);
        let sorted = ListQuery { sort: "extension".into(), ..query };
        assert_eq!(titles(&company, &sorted), ["Zoë"]);
    }
    let nobody = ListQuery { search: "zoë ben".into(), ..ListQuery::default() };
    assert_eq!(company.db.list(&viewer(1), &USERS, &nobody).unwrap().total, 0);
}

#[test]
fn filters_take_blank_and_nonsense() {
    let company = Company::new();
    let device = values([("name", "Spare"), ("username", "spare")]);
    company.db.create(&author(1), &DEVICES, &device).unwrap();
    for (accepted, total) in [(vec![""], 1), (vec!["1"], 1), (vec!["1", "", "x"], 2), (vec!["x"], 0)] {
        let accepted: Vec<String> = accepted.into_iter().map(str::to_owned).collect();
        let query = ListQuery { filters: vec![("user".into(), accepted.clone())], ..ListQuery::default() };
        assert_eq!(company.db.list(&viewer(1), &DEVICES, &query).unwrap().total, total, "{accepted:?}");
    }
}

/// The indexes are of the expressions that the declarations lead to.
#[test]
fn lists_use_their_indexes() {
    let company = Company::new();
    for (of, index) in [(&USERS, "users_search"), (&DEVICES, "devices_search")] {
        let query = ListQuery { search: "a".into(), ..ListQuery::default() };
        let conditions = Conditions::of(access::scope(&viewer(1), of), of, &query).unwrap();
        let text = format!("SELECT t.id FROM {} t WHERE {}", of.name, conditions.text());
        let plan = plan(&company, &text, conditions.parameters());
        assert!(plan.contains(&format!("USING COVERING INDEX {index}")), "{plan}");
    }
    let order = sql::extension_order("x.number");
    let text = format!(
        "SELECT t.name FROM extensions x JOIN users t ON t.id = x.user_id \
         WHERE x.tenant_id = ?1 AND t.tenant_id = ?1 ORDER BY {order} LIMIT 51"
    );
    let steps = plan(&company, &text, [1]);
    assert!(steps.contains("COVERING INDEX extensions_in_order") && !steps.contains("TEMP"), "{steps}");
    for filter in ["suspended IN (1)", "suspended IN (0)"] {
        let text = format!(
            "SELECT t.* FROM users t WHERE t.tenant_id = ?1 AND t.{filter} ORDER BY t.name COLLATE NOCASE, t.id LIMIT 51"
        );
        let steps = plan(&company, &text, [1]);
        assert!(steps.contains("users_by_suspended") && !steps.contains("TEMP"), "{steps}");
    }
    let text = "SELECT 1 FROM users t WHERE t.tenant_id = 1 AND t.forward_busy = ?1 AND t.forward_busy <> ''";
    let steps = plan(&company, text, ["101"]);
    assert!(steps.contains("users_by_forward_busy"), "{steps}");
}

/// NAV-15: the index for search has exactly the texts that the declaration says; with another field it would be of no use.
#[test]
fn search_in_large_tables_reads_their_index_alone() {
    let company = Company::new();
    for of in [&USERS, &DEVICES] {
        let conditions = Conditions::of(access::scope(&viewer(1), of), of, &searched("zzz")).unwrap();
        let text = format!("SELECT t.id FROM {} t WHERE {}", of.name, conditions.text());
        let steps = plan(&company, &text, conditions.parameters());
        assert!(
            steps.contains(&format!("COVERING INDEX {}_search", of.name)),
            "{}: {steps}\n{text}",
            of.name
        );
    }
}

fn filtered(filter: &str, value: &str) -> ListQuery {
    ListQuery { filters: vec![(filter.into(), vec![value.into()])], ..ListQuery::default() }
}

fn searched(text: &str) -> ListQuery {
    ListQuery { search: text.into(), ..ListQuery::default() }
}

/// EXT-03, DIR-25: what no index can answer, such as a part of the phone's hardware address, reads its rows by index: only the
/// tenant's, and of other tables only what belongs to each.
#[test]
fn a_filter_by_a_part_reads_no_table_from_end_to_end() {
    let company = Company::new();
    for (of, query) in [
        (&EXTENSIONS, filtered("mac.has", "zzz")),
        (&EXTENSIONS, filtered("owner.has", "zzz")),
        (&EXTENSIONS, searched("zzz")),
        (&DEVICES, filtered("mac.has", "zzz")),
        (&DEVICES, filtered("mac", "0004f2000001")),
        (&CONTACTS, searched("zzz")),
        (&CONTACTS, filtered("organization.has", "zzz")),
        (&USERS, filtered("last_name.has", "zzz")),
        (&USERS, filtered("department.not", "1")),
    ] {
        let conditions = Conditions::of(access::scope(&viewer(1), of), of, &query).unwrap();
        let text = format!("SELECT t.id FROM {} t WHERE {}", of.name, conditions.text());
        let steps = plan(&company, &text, conditions.parameters());
        assert!(!steps.contains("SCAN") && !steps.contains("B-TREE"), "{} {query:?}: {steps}", of.name);
    }
}

/// EXT-03: with nothing found, a list costs one look at each row, not one for the count and one for the page.
#[test]
fn what_has_to_look_at_each_row_looks_once() {
    let company = Company::new();
    for n in 0..300 {
        let (user, phone) = (format!("U{n}"), format!("p{n}"));
        let id = company.add(&USERS, &[("first_name", &user), ("extension", &(2000 + n).to_string())]);
        company.add(&DEVICES, &[("name", &phone), ("username", &phone), ("user", &id.to_string())]);
    }
    let steps = Arc::new(AtomicU64::new(0));
    company.db.reader().unwrap().count_steps(&steps);
    let cost = |work: &dyn Fn()| {
        work();
        let before = steps.load(Relaxed);
        work();
        steps.load(Relaxed) - before
    };
    for (of, query) in [
        (&EXTENSIONS, filtered("mac.has", "zzz")),
        (&EXTENSIONS, filtered("owner.has", "zzz")),
        (&USERS, filtered("last_name.has", "zzz")),
    ] {
        let conditions = Conditions::of(access::scope(&viewer(1), of), of, &query).unwrap();
        let look = cost(&|| drop(matching(&company.db.reader().unwrap(), of, &conditions).unwrap()));
        let list = cost(&|| assert_eq!(company.db.list(&viewer(1), of, &query).unwrap().total, 0));
        let everything = Conditions::everything(access::scope(&viewer(1), of));
        let all = cost(&|| assert!(count(&company.db.reader().unwrap(), of, &everything).unwrap() > 0));
        assert!(look > 1000 && list < look + all + look / 4, "{query:?}: {list} steps, {look} for a look");
    }
    let hit = company.db.list(&viewer(1), &EXTENSIONS, &filtered("mac.has", "p29")).unwrap();
    assert_eq!((hit.total, hit.rows.len()), (11, 11), "p29, p290 to p299");
}
