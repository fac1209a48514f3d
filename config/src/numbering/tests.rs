use proptest::prelude::*;

use super::*;
use crate::field::country::COUNTRIES;

fn read_in(country: &str, area: &str, dialled: &str) -> Option<(String, Class)> {
    let called = read(dialled, Home { country, area })?;
    Some((called.e164.unwrap_or_default(), called.class))
}

#[test]
fn the_table_is_in_order_and_knows_each_country_with_numbers_of_its_own() {
    assert!(PLANS.is_sorted_by(|a, b| a.country < b.country));
    // Nobody lives there, or they have the numbers of a neighbour and are not told apart.
    let without = ["aq", "bv", "eh", "gs", "hm", "pn", "tf", "um"];
    for (code, name) in COUNTRIES {
        assert!(without.contains(code) || plan(code).country == *code, "{name}");
    }
    for plan in PLANS {
        assert!(!plan.emergency.is_empty(), "{}", plan.country);
        let digits = [plan.code, plan.international, plan.trunk, plan.emergency, plan.test, plan.premium];
        assert!(
            digits.iter().all(|list| list.bytes().all(|b| b == b' ' || b.is_ascii_digit())),
            "{}",
            plan.country
        );
        assert!(!plan.code.is_empty() && !plan.international.is_empty(), "{}", plan.country);
    }
}

/// SIP-40, PRF-02
#[test]
fn a_number_is_read_as_people_dial_it_at_home() {
    use Class::{International, Local, National, Premium};
    for (country, area, dialled, whole, class) in [
        ("de", "030", "1234567", "+49301234567", Local),
        ("de", "30", "0301234567", "+49301234567", Local),
        ("de", "30", "089123456", "+4989123456", National),
        ("de", "30", "+4989123456", "+4989123456", National),
        ("de", "30", "004989123456", "+4989123456", National),
        ("de", "30", "0043123456789", "+43123456789", International),
        ("de", "30", "09001234567", "+499001234567", Premium),
        ("de", "30", "11833", "", Premium),
        ("de", "30", "08001234567", "+498001234567", National),
        ("de", "30", "115", "", National),
        ("de", "30", "116117", "", National),
        ("us", "208", "5550100", "+12085550100", Local),
        ("us", "208", "2085550100", "+12085550100", Local),
        ("us", "208", "12125550100", "+12125550100", National),
        ("us", "208", "18765550100", "+18765550100", International),
        ("us", "208", "14165550100", "+14165550100", International),
        ("us", "208", "01149301234567", "+49301234567", International),
        ("us", "208", "19005550100", "+19005550100", Premium),
        ("gb", "020", "02079460000", "+442079460000", Local),
        ("gb", "20", "0044207946", "+44207946", Local),
        ("dk", "", "32123456", "+4532123456", National),
        ("it", "06", "0612345678", "+390612345678", Local),
        ("hu", "1", "06201234567", "+36201234567", National),
        ("ru", "495", "84951234567", "+74951234567", Local),
        ("de", "30", "+881612345678", "+881612345678", Premium),
        ("de", "30", "+97900000000", "+97900000000", Premium),
        ("de", "30", "+33899123456", "+33899123456", Premium),
    ] {
        assert_eq!(
            read_in(country, area, dialled),
            Some((whole.into(), class)),
            "{dialled} in {country} {area}"
        );
    }
}

/// SIP-40
#[test]
fn what_is_no_number_is_none() {
    for nonsense in ["", "+", "abc", "*43", "+0301234567", "12345678901234567890123", "+1234567890123456"] {
        assert_eq!(read(nonsense, Home { country: "de", area: "30" }), None, "{nonsense}");
    }
}

/// SIP-44: a country that shares its code is told apart, the dear islands of +1 above all.
#[test]
fn countries_that_share_a_code_are_told_apart() {
    for (digits, country) in [
        ("12125550100", Some("us")),
        ("18095550100", Some("do")),
        ("14165550100", Some("ca")),
        ("77012345678", Some("kz")),
        ("74951234567", Some("ru")),
        ("441534123456", Some("je")),
        ("3906698123", Some("va")),
        ("49301234567", Some("de")),
        ("420123456789", Some("cz")),
        ("88161234567", None),
    ] {
        assert_eq!(country_of(digits), country, "{digits}");
    }
}

/// GEO-07
#[test]
fn each_country_has_its_own_numbers_for_help() {
    assert_eq!(emergency("de", "110"), Some(Emergency::Help));
    assert_eq!(emergency("de", "911"), None);
    assert_eq!(emergency("us", "911"), Some(Emergency::Help));
    assert_eq!(emergency("us", "933"), Some(Emergency::Test));
    assert_eq!(emergency("gb", "999"), Some(Emergency::Help));
    assert_eq!(emergency("au", "000"), Some(Emergency::Help));
    assert_eq!(emergency("nowhere", "112"), Some(Emergency::Help));
    assert_eq!(emergency("de", "1120"), None);
}

proptest! {
    /// Whatever is dialled, what comes out is a number in full or none; reading that again changes nothing.
    #[test]
    fn a_number_in_full_stays_itself(dialled in "\\+?[0-9*#]{0,24}", area in "0?[1-9]{0,4}", at in 0..PLANS.len()) {
        let home = Home { country: PLANS[at].country, area: &area };
        if let Some(called) = read(&dialled, home)
            && let Some(whole) = &called.e164
            && whole.len() <= 16
        {
            prop_assert!(whole.starts_with('+') && whole[1..].bytes().all(|b| b.is_ascii_digit()));
            if (LEAST_WHOLE..=MOST_WHOLE).contains(&(whole.len() - 1)) {
                prop_assert_eq!(read(whole, home), Some(called.clone()));
            }
        }
    }
}
