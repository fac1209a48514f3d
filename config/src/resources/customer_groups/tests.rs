use super::*;
use crate::{
    access::Author,
    fixture::{Company, author, values},
    resources::{feature_codes::FEATURE_CODES, settings::SETTINGS, tenants::TENANTS, users::USERS},
    write::WriteError,
};

/// A second company, both in the group `Twins`; the author of each.
fn twins() -> (Company, Author, Author) {
    let company = Company::new();
    company.add(&CUSTOMER_GROUPS, &[("name", "Twins")]);
    company.add(&TENANTS, &[("name", "Two"), ("domain", "two.example"), ("customer_group", "Twins")]);
    company.change(&TENANTS, 1, &[("customer_group", "Twins")]);
    (company, author(1), Author::program(crate::TenantId(2), "two", "portal"))
}

fn code(company: &Company, of: &Author, code: &str) -> Result<(), String> {
    let id: i64 = company.number(&format!("SELECT id FROM settings WHERE tenant_id = {}", of.viewer.tenant));
    told(company.db.update(of, &SETTINGS, id, &values([("access_code", code)]), None))
}

fn told(result: Result<crate::write::Saved, WriteError>) -> Result<(), String> {
    match result {
        Ok(_) => Ok(()),
        Err(WriteError::Invalid(problems)) => Err(format!("{}: {}", problems[0].field, problems[0].message)),
        Err(other) => panic!("{other}"),
    }
}

fn user(company: &Company, of: &Author, extension: &str) -> Result<(), String> {
    told(company.db.create(of, &USERS, &values([("first_name", "Anna"), ("extension", extension)])))
}

/// MT-10
#[test]
fn an_access_code_is_its_own_and_hides_no_number_of_the_group() {
    let (company, one, two) = twins();
    for short in ["7", "7x", "1234567"] {
        assert!(code(&company, &two, short).unwrap_err().starts_with("access_code"), "{short}");
    }
    code(&company, &one, "71").unwrap();
    assert!(code(&company, &two, "71").unwrap_err().contains("My company has the access code 71"));
    assert!(code(&company, &two, "7101").unwrap_err().contains("no code may begin like another"));
    assert!(code(&company, &two, "101").unwrap_err().contains("an extension of My company"));
    assert!(code(&company, &two, "911").unwrap_err().contains("dialled for help"));
    code(&company, &two, "72").unwrap();
    user(&company, &two, "33").unwrap();
    assert!(code(&company, &two, "91").is_ok() && user(&company, &two, "1").is_err());
    assert!(user(&company, &two, "10").is_ok());
    assert!(code(&company, &one, "10").unwrap_err().contains("an extension of Two"));
}

/// MT-10: what comes later is held against the codes, too.
#[test]
fn an_extension_that_a_code_hides_is_refused() {
    let (company, one, two) = twins();
    code(&company, &one, "71").unwrap();
    code(&company, &two, "72").unwrap();
    user(&company, &two, "33").unwrap();
    assert!(user(&company, &one, "7233").unwrap_err().contains("calls Two of the company group"));
    assert!(user(&company, &one, "72").unwrap_err().contains("calls Two"));
    user(&company, &one, "7299").unwrap();
    assert!(user(&company, &two, "99").unwrap_err().contains("Others of the company group would dial 7299"));
}

/// MT-10: neither may a feature code begin like an access code of the group, nor the other way round.
#[test]
fn feature_codes_and_access_codes_do_not_begin_each_other() {
    let (company, one, two) = twins();
    code(&company, &two, "72").unwrap();
    let echo: i64 = company.number("SELECT id FROM feature_codes WHERE tenant_id = 1 AND function = 'echo'");
    let set =
        |keys: &str| told(company.db.update(&one, &FEATURE_CODES, echo, &values([("code", keys)]), None));
    for (keys, says) in [
        ("721", "code: 721 begins with access code 72 of Two. Choose others."),
        ("72", "code: 72 is access code 72 of Two already. Choose others."),
    ] {
        assert_eq!(set(keys), Err(says.to_owned()));
    }
    set("81").unwrap();
    for keys in ["81", "817"] {
        assert!(code(&company, &two, keys).unwrap_err().contains("feature code 81 of My company"), "{keys}");
    }
    code(&company, &two, "82").unwrap();
}

/// GEO-07
#[test]
fn nobody_has_the_extension_that_is_dialled_for_help() {
    let company = Company::new();
    assert!(user(&company, &author(1), "911").unwrap_err().contains("911 is dialled for help"));
}

/// MT-03
#[test]
fn customers_of_one_group_are_on_one_call_manager() {
    let (company, ..) = twins();
    let moved = company.db.update(&author(1), &TENANTS, 2, &values([("cm_id", "other")]), None);
    assert!(told(moved).unwrap_err().starts_with("cm_id: "));
    let lost = company.db.update(&author(1), &TENANTS, 2, &values([("customer_group", "Nobody")]), None);
    assert!(told(lost).unwrap_err().contains("There is no customer group Nobody"));
    company.change(&TENANTS, 2, &[("customer_group", ""), ("cm_id", "other")]);
}

/// MT-05
#[test]
fn a_group_is_renamed_with_its_customers_and_deleted_when_it_is_empty() {
    let (company, one, _) = twins();
    let group: i64 = company.number("SELECT id FROM customer_groups");
    company.change(&CUSTOMER_GROUPS, group, &[("name", "Siblings")]);
    assert_eq!(company.number::<String>("SELECT customer_group FROM tenants WHERE id = 2"), "Siblings");
    assert!(
        told(company.db.delete(&one, &CUSTOMER_GROUPS, group)).unwrap_err().contains("Customers are in it")
    );
    for id in [1, 2] {
        company.change(&TENANTS, id, &[("customer_group", "")]);
    }
    company.db.delete(&one, &CUSTOMER_GROUPS, group).unwrap();
}
