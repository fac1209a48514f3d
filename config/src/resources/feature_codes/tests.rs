//! Codes against each other and against the other numbers of a company.

use proptest::prelude::*;

use crate::{
    access::Permission,
    codes::*,
    fixture::{Company, author, values, viewer},
    query::ListQuery,
    resources::{feature_codes::FEATURE_CODES, settings::SETTINGS, sites::SITES, users::USERS},
    write::WriteError,
};

fn refusal(error: WriteError) -> (String, String) {
    let WriteError::Invalid(problems) = error else { panic!("{error:?}") };
    (problems[0].field.clone(), problems[0].message.clone())
}

/// All codes of the first company with what follows them.
fn codes_of(company: &Company) -> Vec<(String, Argument)> {
    let query = ListQuery { limit: 200, ..ListQuery::default() };
    let rows = company.db.list(&viewer(1), &FEATURE_CODES, &query).unwrap().rows;
    let code = |values: &crate::resource::Values| {
        (values["code"].clone(), Function::of(&values["function"]).unwrap().argument())
    };
    rows.iter().map(|row| code(&row.values)).collect()
}

fn row_of(company: &Company, function: &str) -> i64 {
    company.number(&format!("SELECT id FROM feature_codes WHERE tenant_id = 1 AND function = '{function}'"))
}

fn assert_prefix_free(codes: &[(String, Argument)]) {
    for (at, one) in codes.iter().enumerate() {
        for other in &codes[at + 1..] {
            assert!(!clash((&one.0, one.1), (&other.0, other.1)), "{one:?} and {other:?}");
        }
    }
}

/// FC-01…15: a company begins with all codes of the table, each under its usual keys.
#[test]
fn every_function_has_its_usual_keys_from_the_start() {
    let company = Company::new();
    let mut stored = codes_of(&company);
    let mut declared: Vec<(String, Argument)> =
        FUNCTIONS.iter().map(|declared| (declared.code.to_owned(), declared.argument)).collect();
    stored.sort_by_key(|(code, argument)| (code.clone(), argument.is_wanted()));
    declared.sort_by_key(|(code, argument)| (code.clone(), argument.is_wanted()));
    assert_eq!(stored, declared);
    assert_prefix_free(&stored);
    for declared in FUNCTIONS {
        assert_eq!(Function::of(declared.key), Some(declared.function));
        let permission: String = company.number(&format!(
            "SELECT permission FROM feature_codes WHERE tenant_id = 1 AND function = '{}'",
            declared.key
        ));
        assert_eq!(Permission::by_key(&permission), declared.permission, "{}", declared.key);
    }
}

/// FC-01…15: the refusal says at the field what is in the way, also while it is typed.
#[test]
fn a_code_that_begins_another_number_is_refused_with_what_is_in_the_way() {
    let company = Company::new();
    let echo = row_of(&company, "echo");
    for (code, message) in [
        ("*7", "*7 is how feature code *70 (Park a call in another department) begins. Choose others."),
        ("*725", "*725 begins with feature code *72 (Forward all calls to). Choose others."),
        ("*69", "*69 is feature code *69 (Call back who called last) already. Choose others."),
        ("10", "10 is how extension 101 begins. Choose others."),
        ("1011", "1011 begins with extension 101. Choose others."),
        ("91", "91 is how emergency number 911 begins. Choose others."),
    ] {
        let given = values([("code", code)]);
        let problems = company.db.check(&author(1), &FEATURE_CODES, Some(echo), &given);
        let written = company.db.update(&author(1), &FEATURE_CODES, echo, &given, None).unwrap_err();
        assert_eq!(refusal(written), ("code".into(), problems[0].message.clone()));
        if code == "*7" {
            assert!(problems[0].message.starts_with("*7 is how feature code *70"), "{problems:?}");
        } else {
            assert_eq!(problems[0].message, message);
        }
    }
    company.change(&FEATURE_CODES, echo, &[("code", "*44")]);
    company.change(&FEATURE_CODES, echo, &[("code", "80")]);
    let user = company.db.create(&author(1), &USERS, &values([("first_name", "Eva"), ("extension", "8001")]));
    let (field, message) = refusal(user.unwrap_err());
    assert_eq!(
        (field.as_str(), message.as_str()),
        ("extension", "8001 begins with feature code 80. Choose others.")
    );
}

/// FC-01…15: the emergency numbers are those of the company's country.
#[test]
fn emergency_numbers_are_those_of_the_country() {
    let company = Company::new();
    let (echo, settings) =
        (row_of(&company, "echo"), company.number("SELECT id FROM settings WHERE tenant_id = 1"));
    company.change(&SETTINGS, settings, &[("country", "gb")]);
    let given = values([("code", "99")]);
    let problems = company.db.check(&author(1), &FEATURE_CODES, Some(echo), &given);
    assert_eq!(problems[0].message, "99 is how emergency number 999 begins. Choose others.");
    company.change(&SETTINGS, settings, &[("country", "de")]);
    assert_eq!(company.db.check(&author(1), &FEATURE_CODES, Some(echo), &given), []);
    company.add(&SITES, &[("name", "London"), ("time_zone", "Europe/London"), ("country", "gb")]);
    let problems = company.db.check(&author(1), &FEATURE_CODES, Some(echo), &given);
    assert_eq!(problems[0].message, "99 is how emergency number 999 begins. Choose others.", "of a site");
}

/// FC-05, FC-06, FC-08: the same keys do one thing alone and another with a number behind.
#[test]
fn the_same_keys_may_stand_alone_and_before_a_number() {
    assert!(!clash(("*86", Argument::None), ("*86", Argument::Extension)));
    assert!(clash(("*86", Argument::None), ("*86", Argument::None)));
    assert!(clash(("*86", Argument::Slot), ("*86", Argument::Extension)));
    assert!(clash(("*8", Argument::None), ("*86", Argument::Extension)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// FC-01…15: whatever is tried one after the other, what is stored stays prefix-free.
    #[test]
    fn no_edit_makes_codes_that_begin_each_other(
        edits in prop::collection::vec((0..FUNCTIONS.len(), "[*#]?[0-9*#]{1,3}", any::<bool>()), 1..40)
    ) {
        let company = Company::new();
        let mut taken = 0;
        for (at, code, as_new) in edits {
            let function = FUNCTIONS[at].key;
            taken += usize::from(match as_new {
                true => {
                    let row = values([("function", function), ("code", &code)]);
                    company.db.create(&author(1), &FEATURE_CODES, &row).is_ok()
                }
                false => {
                    let row = row_of(&company, function);
                    company.db.update(&author(1), &FEATURE_CODES, row, &values([("code", &code)]), None).is_ok()
                }
            });
            assert_prefix_free(&codes_of(&company));
        }
        prop_assert!(taken <= 40);
    }
}
