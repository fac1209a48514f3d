//! A key is what its scopes say, and never more than its maker is.

use super::*;
use crate::access;
use crate::{
    fixture::{Company, author, values},
    resources::{devices::DEVICES, users::USERS},
};

const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 86_400_000;

/// A key made by the first user of the company, who is its primary administrator.
fn key(company: &Company, fields: &[(&str, &str)]) -> (i64, String) {
    let mut given = values([("name", "Reports")]);
    given.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let maker = company.db.account_by_login("admin", None).unwrap().unwrap();
    let author = Author { viewer: maker.viewer, ..author(1) };
    let id = company.db.create(&author, &API_KEYS, &given).unwrap().id;
    (id, company.db.issue_api_key(&author, id, NOW).unwrap())
}

/// OPS-15
#[test]
fn a_key_reaches_what_its_scopes_say() {
    let company = Company::new();
    let (id, token) = key(&company, &[("organization", "read")]);
    let found = company.db.api_key(&token, NOW + 1).unwrap().unwrap();
    assert_eq!((found.id, &*found.name, found.rate, found.last_used), (id, "Reports", 600, None));
    assert!(access::may(&found.viewer, Verb::View, &USERS));
    for verb in [Verb::Create, Verb::Edit, Verb::Delete] {
        assert!(!access::may(&found.viewer, verb, &USERS), "{verb:?}");
    }
    assert!(!access::may(&found.viewer, Verb::View, &API_KEYS));
    assert!(!access::may(&found.viewer, Verb::View, &resources::node_settings::NODE_SETTINGS));
    let stored: Vec<u8> = company.number("SELECT hash FROM api_keys");
    assert!(!stored.windows(8).any(|part| token.as_bytes().windows(8).any(|other| part == other)));
}

#[test]
fn no_key_makes_or_changes_keys() {
    let company = Company::new();
    let (_, token) =
        key(&company, &[("organization", "write"), ("configuration", "write"), ("system", "write")]);
    let found = company.db.api_key(&token, NOW).unwrap().unwrap();
    assert!(access::may(&found.viewer, Verb::Edit, &DEVICES));
    assert!(access::may(&found.viewer, Verb::View, &API_KEYS));
    for verb in [Verb::Create, Verb::Edit, Verb::Delete] {
        assert!(!access::may(&found.viewer, verb, &API_KEYS), "{verb:?}");
    }
    let author = Author { viewer: found.viewer, ..author(1) };
    assert!(company.db.issue_api_key(&author, found.id, NOW).is_err());
}

#[test]
fn a_key_ends_with_its_days_its_suspension_its_maker_and_its_successor() {
    let company = Company::new();
    let (id, token) = key(&company, &[("organization", "read"), ("valid_days", "1")]);
    assert!(company.db.api_key(&token, NOW + DAY - 1).unwrap().is_some());
    assert!(company.db.api_key(&token, NOW + DAY).unwrap().is_none(), "too old");
    assert!(company.db.api_key("dt_nonsense", NOW).unwrap().is_none());
    let suspend =
        |on: &str| company.db.update(&author(1), &API_KEYS, id, &values([("suspended", on)]), None).unwrap();
    suspend("1");
    assert!(company.db.api_key(&token, NOW).unwrap().is_none(), "suspended");
    suspend("0");
    let maker = company.db.account_by_login("admin", None).unwrap().unwrap();
    company.by_hand(&format!("UPDATE users SET suspended = 1 WHERE id = {}", maker.id.0));
    assert!(company.db.api_key(&token, NOW).unwrap().is_none(), "the maker may not sign in");
    company.by_hand("UPDATE users SET suspended = 0");
    let author = Author { viewer: maker.viewer, ..author(1) };
    let next = company.db.issue_api_key(&author, id, NOW).unwrap();
    assert!(company.db.api_key(&token, NOW).unwrap().is_none(), "the old one ends");
    company.db.touch_api_key(id, NOW).unwrap();
    assert_eq!(company.db.api_key(&next, NOW).unwrap().unwrap().last_used, Some(NOW));
    assert_eq!(company.number::<String>("SELECT last_used FROM api_keys"), "2027-01-15 08:00");
}
