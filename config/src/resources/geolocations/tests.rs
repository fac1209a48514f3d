use super::*;
use crate::{
    fixture::{Company, author, values},
    resources::{devices::DEVICES, numbers::NUMBERS, settings::SETTINGS, users::USERS},
    write::WriteError,
};

fn place(company: &Company, name: &str) -> i64 {
    company.add(
        &GEOLOCATIONS,
        &[("name", name), ("country", "de"), ("city", "Berlin"), ("street", "Main Street")],
    )
}

fn refused(result: Result<crate::write::Saved, WriteError>) -> Problem {
    match result {
        Err(WriteError::Invalid(mut problems)) => problems.remove(0),
        other => panic!("{other:?}"),
    }
}

/// GEO-06: a company without locations saves phones as before; one with them, none that help would not find.
#[test]
fn a_phone_without_a_location_is_not_saved_once_the_company_keeps_locations() {
    let company = Company::new();
    company.add(&DEVICES, &[("name", "Lobby"), ("username", "lobby")]);
    let office = place(&company, "Office").to_string();
    let phone = |name: &'static str| [("name", name), ("username", name)];
    let problem = refused(company.db.create(&author(1), &DEVICES, &values(phone("hall"))));
    assert!(problem.field == "geolocation" && problem.message.contains("Help would not know"), "{problem:?}");
    company.change(&USERS, 1, &[("geolocation", &office)]);
    company.add(&DEVICES, &[("name", "Home"), ("username", "home"), ("user", "1")]);
    company.add(&DEVICES, &[("name", "Gate"), ("username", "gate"), ("geolocation", &office)]);
    company.change(&SETTINGS, 1, &[("geolocation", &office)]);
    company.add(&DEVICES, &phone("hall"));
}

/// GEO-06
#[test]
fn a_location_with_phones_stays() {
    let company = Company::new();
    let office = place(&company, "Office");
    company.change(&SETTINGS, 1, &[("geolocation", &office.to_string())]);
    let problem = refused(company.db.delete(&author(1), &GEOLOCATIONS, office));
    assert!(problem.message.contains("5 phones are there"), "{problem:?}");
}

/// GEO-05, NUM-06: the callback number names the location in the list of numbers.
#[test]
fn a_number_shows_the_location_whose_callback_it_is() {
    let company = Company::new();
    let number = company.add(&NUMBERS, &[("number", "+49301234500")]);
    let office = place(&company, "Office");
    company.change(&GEOLOCATIONS, office, &[("callback", &number.to_string())]);
    let row = company.db.get(&crate::fixture::viewer(1), &NUMBERS, number).unwrap().unwrap();
    assert_eq!(row.values["geolocation"], "Office");
    let (_, snapshot) = crate::Feed::open(&company.db).unwrap();
    let seen = snapshot.geolocation(TenantId(1), GeolocationId(office)).unwrap();
    assert_eq!(seen.callback, Some(NumberId(number)));
    assert_eq!(seen.address.in_words(), "Main Street, Berlin, DE");
}

/// GEO-08
#[test]
fn only_addresses_get_mail() {
    let of = |notify: &str| addresses_are_sound(&values([("notify", notify)]));
    of("").unwrap();
    of("a@example.com, b@example.com").unwrap();
    assert_eq!(of("a@example.com, reception").unwrap_err().field, "notify");
}
