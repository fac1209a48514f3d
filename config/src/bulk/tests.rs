//! Bulk actions are whole or not at all.

use super::*;
use crate::{
    fixture::{Company, author, values, viewer},
    resources::{devices::DEVICES, roles::ROLES, users::USERS},
};

fn user(company: &Company, name: &str) -> i64 {
    company.db.create(&author(1), &USERS, &values([("first_name", name)])).unwrap().id
}

/// OPS-05
#[test]
fn many_rows_change_in_one_revision() {
    let company = Company::new();
    let ids: Vec<i64> = (0..5).map(|n| user(&company, &format!("Bulk {n}"))).collect();
    let before = company.revision();
    let act = Act::Set(values([("suspended", "1")]));
    let done = company.db.bulk(&author(1), &USERS, &Chosen::These(ids.clone()), &act).unwrap();
    assert_eq!(done, Done { rows: 5, revision: before + 1 });
    assert_eq!(company.revision(), before + 1);
    let again = company.db.bulk(&author(1), &USERS, &Chosen::These(ids), &act).unwrap();
    assert_eq!(again, Done { rows: 0, revision: before + 1 }, "nothing is left to change");
    let audited: i64 = company.number(&format!("SELECT count(*) FROM audit WHERE revision = {}", before + 1));
    assert_eq!(audited, 5);
}

#[test]
fn one_row_in_the_way_leaves_all_as_they_were() {
    let company = Company::new();
    let role = |name: &str| company.db.create(&author(1), &ROLES, &values([("name", name)])).unwrap().id;
    let ids = vec![role("Free"), role("Tied role"), role("Free too")];
    let holder = [("first_name", "Tied"), ("role", &*ids[1].to_string())];
    company.db.create(&author(1), &USERS, &values(holder)).unwrap();
    let before = company.revision();
    let refused = company.db.bulk(&author(1), &ROLES, &Chosen::These(ids.clone()), &Act::Delete);
    let Err(BulkError::Obstacles(obstacles)) = refused else { panic!("{refused:?}") };
    assert_eq!(obstacles.len(), 1);
    assert_eq!(obstacles[0].id, ids[1]);
    assert!(obstacles[0].why.contains("Tied"), "{obstacles:?}");
    assert_eq!(company.revision(), before);
    assert!(company.db.get(&viewer(1), &ROLES, ids[0]).unwrap().is_some());
}

#[test]
fn all_that_match_are_meant_beyond_the_page() {
    let company = Company::new();
    for n in 0..60 {
        user(&company, &format!("Many {n}"));
    }
    let query = ListQuery { search: "many".into(), limit: 10, ..ListQuery::default() };
    let act = Act::Set(values([("last_name", "Changed")]));
    let done = company.db.bulk(&author(1), &USERS, &Chosen::Matching(query), &act).unwrap();
    assert_eq!(done.rows, 60);
}

#[test]
fn rows_of_another_tenant_stand_in_the_way() {
    let company = Company::new();
    let before = company.revision();
    let act = Act::Set(values([("name", "Taken")]));
    let refused = company.db.bulk(&author(2), &DEVICES, &Chosen::These(vec![1]), &act);
    assert!(matches!(refused, Err(BulkError::Obstacles(_))), "{refused:?}");
    assert_eq!(company.revision(), before);
}
