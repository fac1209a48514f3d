//! What a number that somebody dials for the outside means: in full by ITU-T E.164, and what kind of call it makes. SIP-40,
//! PRF-02, GEO-07.
//!
//! Pure, and all by tables: `plans` has how each country dials, `prefixes` whose numbers are whose.

mod plans;
mod prefixes;

use std::{collections::HashSet, sync::LazyLock};

use plans::{PLANS, UNKNOWN};
use prefixes::{COSTLY, SHARED};

/// How a country dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// ISO 3166-1, lower case.
    pub country: &'static str,
    /// Country code without its sign.
    pub code: &'static str,
    /// Dialled before a country code.
    pub international: &'static str,
    /// Dialled before an area code; blank where none is.
    pub trunk: &'static str,
    emergency: &'static str,
    test: &'static str,
    premium: &'static str,
    short_premium: &'static str,
}

/// What kind of call a number makes. ROL-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Class {
    Internal,
    Local,
    National,
    International,
    Premium,
    Emergency,
}

/// What a number is dialled for in an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergency {
    /// Help is sent.
    Help,
    /// Nobody is alarmed: a voice says which address a call for help would show.
    Test,
}

/// Where somebody dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home<'a> {
    /// ISO 3166-1, lower case.
    pub country: &'a str,
    /// Area code, with or without the prefix before it; blank if numbers are not dialled without.
    pub area: &'a str,
}

/// A number of the outside, as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// In full, ITU-T E.164 with its sign: `+49301234567`. `None` for what is reached within a country only: `115`.
    pub e164: Option<String>,
    /// What kind of call it makes.
    pub class: Class,
    /// Whose number it is; `None` if it is no country's, or of an unknown one.
    pub country: Option<&'static str>,
}

impl Class {
    /// All, with the key that is stored and what people call them.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Internal, "internal", "Internal"),
        (Self::Local, "local", "Local"),
        (Self::National, "national", "National"),
        (Self::International, "international", "International"),
        (Self::Premium, "premium", "Premium"),
        (Self::Emergency, "emergency", "Emergency"),
    ];

    /// As stored.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(class, ..)| *class == self).map_or("", |(_, key, _)| key)
    }
    /// The class that is stored so.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other, _)| *other == key).map(|(class, ..)| *class)
    }
}

impl Plan {
    /// The numbers dialled for help, without those that only test it.
    pub fn emergency_numbers(&self) -> impl Iterator<Item = &'static str> {
        self.emergency.split_ascii_whitespace()
    }

    /// The number in full that is `national` within this country, with its sign.
    fn whole(&self, national: &str) -> String {
        ["+", self.code, national].concat()
    }

    /// The area code without the prefix that is dialled before it.
    fn bare_area<'a>(&self, area: &'a str) -> &'a str {
        area.strip_prefix(self.trunk).unwrap_or(area)
    }
}

/// How a country dials, by its ISO 3166-1 code in lower case; of an unknown one, what most countries do.
pub fn plan(country: &str) -> &'static Plan {
    match PLANS.binary_search_by(|plan| plan.country.cmp(country)) {
        Ok(at) => &PLANS[at],
        Err(_) => &UNKNOWN,
    }
}

/// Whether a number as dialled calls for help in that country. GEO-07.
pub fn emergency(country: &str, dialled: &str) -> Option<Emergency> {
    let plan = plan(country);
    let among = |list: &str| list.split_ascii_whitespace().any(|number| number == dialled);
    match () {
        () if among(plan.emergency) => Some(Emergency::Help),
        () if among(plan.test) => Some(Emergency::Test),
        () => None,
    }
}

/// Whether a number as dialled calls for help in any country: what is worth a closer look.
pub fn calls_help_somewhere(dialled: &str) -> bool {
    // Each call asks.
    static ANYWHERE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        PLANS
            .iter()
            .flat_map(|plan| [plan.emergency, plan.test])
            .flat_map(str::split_ascii_whitespace)
            .collect()
    });
    dialled.len() <= LONGEST_HELP && ANYWHERE.contains(dialled)
}

/// The country of a number in full, its sign left out; `None` if it is nobody's.
pub fn country_of(digits: &str) -> Option<&'static str> {
    let shared = SHARED.iter().filter(|(beginning, _)| digits.starts_with(beginning));
    if let Some((_, country)) = shared.max_by_key(|(beginning, _)| beginning.len()) {
        return Some(country);
    }
    let of = |plan: &&Plan| !plan.code.is_empty() && digits.starts_with(plan.code);
    PLANS.iter().filter(of).max_by_key(|plan| plan.code.len()).map(|plan| plan.country)
}

/// What a number means that is dialled there: digits, perhaps with a `+` before them. `None` if it is no number, or too
/// long for one. What is too short to have a country is taken as it stands, for numbers like 115.
pub fn read(dialled: &str, home: Home<'_>) -> Option<Called> {
    let plan = plan(home.country);
    let digits = dialled.strip_prefix('+').unwrap_or(dialled);
    if digits.is_empty() || digits.len() > MOST_DIALLED || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let international = dialled.strip_prefix('+').or_else(|| {
        // 00 alone goes nowhere.
        dialled.strip_prefix(plan.international).filter(|rest| rest.len() >= LEAST_WHOLE)
    });
    if let Some(whole) = international {
        return ((LEAST_WHOLE..=MOST_WHOLE).contains(&whole.len()) && !whole.starts_with('0'))
            .then(|| classed(whole, plan, home.area));
    }
    if plan.code.is_empty() {
        return Some(Called { e164: None, class: Class::National, country: None });
    }
    let called = match national(dialled, plan, home.area) {
        Some(national) => {
            let whole = plan.whole(&national);
            if whole.len() > 1 + MOST_WHOLE {
                return None;
            }
            classed(&whole[1..], plan, home.area)
        }
        None => as_it_stands(dialled, plan),
    };
    Some(called)
}

/// The number behind the country code, if it has an area or needs none.
fn national(dialled: &str, plan: &Plan, area: &str) -> Option<String> {
    if plan.code == "1" {
        return north_american(dialled, area);
    }
    if is_among(plan.short_premium, dialled) && dialled.len() <= MOST_SHORT {
        return None;
    }
    if plan.trunk.is_empty() {
        return (dialled.len() > MOST_SHORT).then(|| dialled.to_owned());
    }
    if let Some(national) = dialled.strip_prefix(plan.trunk) {
        return (national.len() > 2).then(|| national.to_owned());
    }
    // Services begin with 1, and subscribers do not: 115, 116117.
    if dialled.starts_with('1') && dialled.len() <= MOST_SHORT {
        return None;
    }
    let area = plan.bare_area(area);
    (!area.is_empty() && dialled.len() >= LEAST_LOCAL).then(|| [area, dialled].concat())
}

/// Area and subscriber have ten digits; 1 may be dialled before them, and the area be left out.
fn north_american(dialled: &str, area: &str) -> Option<String> {
    match dialled.len() {
        11 => dialled.strip_prefix('1').map(str::to_owned),
        10 => Some(dialled.to_owned()),
        7 if area.len() == 3 => Some([area, dialled].concat()),
        _ => None,
    }
}

/// A number in full, without its sign.
fn classed(whole: &str, home: &Plan, area: &str) -> Called {
    let e164 = Some(["+", whole].concat());
    if COSTLY.iter().any(|beginning| whole.starts_with(beginning)) {
        return Called { e164, class: Class::Premium, country: None };
    }
    let country = country_of(whole);
    let theirs = country.map_or(&UNKNOWN, plan);
    let national = whole.strip_prefix(theirs.code).unwrap_or(whole);
    let area = home.bare_area(area);
    let class = match () {
        () if is_among(theirs.premium, national) => Class::Premium,
        () if country != Some(home.country) => Class::International,
        () if !area.is_empty() && national.starts_with(area) => Class::Local,
        () => Class::National,
    };
    Called { e164, class, country }
}

/// What is dialled within the country only.
fn as_it_stands(dialled: &str, plan: &Plan) -> Called {
    let premium = is_among(plan.short_premium, dialled);
    let class = if premium { Class::Premium } else { Class::National };
    Called { e164: None, class, country: Some(plan.country) }
}

/// Whether a number begins with one of a list.
fn is_among(list: &str, number: &str) -> bool {
    list.split_ascii_whitespace().any(|beginning| number.starts_with(beginning))
}

/// Digits of the longest number for help.
const LONGEST_HELP: usize = 5;
/// Digits of a number in full: the shortest in use, and ITU-T E.164 §6.2.1.
const LEAST_WHOLE: usize = 6;
const MOST_WHOLE: usize = 15;
/// With the longest prefix before it.
const MOST_DIALLED: usize = 20;
/// Numbers of services have no more.
const MOST_SHORT: usize = 6;
/// Local numbers have no fewer.
const LEAST_LOCAL: usize = 3;

#[cfg(test)]
mod tests;
