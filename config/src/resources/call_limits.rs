//! Guards against toll fraud: how much may be talked where. One row each, made with the tenant. SIP-44.

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, TenantId,
    field::country::COUNTRIES,
    numbering::Class,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// What may be talked outside. `None` is without limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CallLimits {
    pub id: i64,
    pub tenant: TenantId,
    /// Calls abroad, or to costly numbers, at once.
    pub abroad_at_once: Limit,
    /// Minutes a day (UTC) abroad.
    pub abroad: Limit,
    /// Minutes a day to costly numbers.
    pub premium: Limit,
    /// Minutes a day within the country.
    pub national: Limit,
    /// ISO 3166-1; none is all countries.
    pub countries: Vec<String>,
    /// Addresses that get mail when a limit stops a call.
    pub alert_mail: Vec<String>,
    /// Numbers of this system are reached without a trunk, where both companies want it.
    pub own_numbers_inside: bool,
}

/// A limit of each user, and of the company. `None` is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Limit {
    pub user: Option<u32>,
    pub tenant: Option<u32>,
}

/// The declaration.
pub static CALL_LIMITS: Resource = Resource {
    name: "call_limits",
    one: "Call limits",
    many: "Call limits",
    icon: "gauge",
    menu: "Configuration",
    about: "What calls outside may cost: a call beyond is refused, and administrators are told. Emergency calls are never held back.",
    fields: &[
        Field::number("abroad_at_once_user", "Calls abroad at once, a user", 0, 1000, "")
            .default("3")
            .help("Abroad and costly numbers together. Blank is without limit."),
        Field::number("abroad_at_once", "Calls abroad at once, the company", 0, 10_000, "").default("20"),
        Field::number("abroad_minutes_user", "Minutes a day abroad, a user", 0, 100_000, "min"),
        Field::number("abroad_minutes", "Minutes a day abroad, the company", 0, 1_000_000, "min")
            .default("1200"),
        Field::number("premium_minutes_user", "Minutes a day to premium numbers, a user", 0, 100_000, "min"),
        Field::number(
            "premium_minutes",
            "Minutes a day to premium numbers, the company",
            0,
            1_000_000,
            "min",
        )
        .default("120"),
        Field::number("national_minutes_user", "Minutes a day within the country, a user", 0, 100_000, "min"),
        Field::number(
            "national_minutes",
            "Minutes a day within the country, the company",
            0,
            1_000_000,
            "min",
        ),
        Field::set("countries", "Countries", country_choices)
            .help("Only these are called abroad. None chosen is all of them."),
        Field::text("alert_mail", "E-mail to")
            .max(2000)
            .help("These addresses, with commas between, are told when a limit stops a call."),
        Field::flag("own_numbers_inside", "Own numbers without a trunk")
            .help("A call to a number of this system stays inside, if its company wants that too."),
    ],
    columns: &["abroad_at_once", "abroad_minutes", "premium_minutes"],
    filters: &[],
    sort: "abroad_minutes",
    cards: &[
        ("At once", &["abroad_at_once_user", "abroad_at_once"]),
        (
            "Minutes a day",
            &[
                "abroad_minutes_user",
                "abroad_minutes",
                "premium_minutes_user",
                "premium_minutes",
                "national_minutes_user",
                "national_minutes",
            ],
        ),
        ("Countries", &["countries"]),
        ("When a limit is reached", &["alert_mail"]),
        ("Numbers of this system", &["own_numbers_inside"]),
    ],
    title: "abroad_minutes",
    single: true,
    tenant: true,
    check: Some(addresses_are_sound),
    rules: &[],
    hooks: Hooks::NONE,
};

impl CallLimits {
    /// Without any limit.
    pub fn none(tenant: TenantId) -> Self {
        Self {
            id: tenant.0,
            tenant,
            abroad_at_once: Limit::default(),
            abroad: Limit::default(),
            premium: Limit::default(),
            national: Limit::default(),
            countries: vec![],
            alert_mail: vec![],
            own_numbers_inside: false,
        }
    }
    /// Minutes a day of a class of calls.
    pub fn minutes(&self, class: Class) -> Limit {
        match class {
            Class::International => self.abroad,
            Class::Premium => self.premium,
            Class::Local | Class::National => self.national,
            Class::Internal | Class::Emergency => Limit::default(),
        }
    }
    /// Calls of a class at once.
    pub fn at_once(&self, class: Class) -> Limit {
        match class {
            Class::International | Class::Premium => self.abroad_at_once,
            Class::Local | Class::National | Class::Internal | Class::Emergency => Limit::default(),
        }
    }
    /// Whether calls to that country are wanted; to one's own they always are.
    pub fn lets_call(&self, country: Option<&str>, own: &str) -> bool {
        self.countries.is_empty()
            || country
                .is_some_and(|country| country == own || self.countries.iter().any(|one| one == country))
    }
}

impl Typed for CallLimits {
    const TABLE: &'static str = "call_limits";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.abroad_at_once_user, t.abroad_at_once, t.abroad_minutes_user, \
        t.abroad_minutes, t.premium_minutes_user, t.premium_minutes, t.national_minutes_user, t.national_minutes, \
        t.countries, t.alert_mail, t.own_numbers_inside FROM call_limits t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let limit = |at: usize| -> rusqlite::Result<Limit> {
            Ok(Limit { user: row.get(at)?, tenant: row.get(at + 1)? })
        };
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            abroad_at_once: limit(2)?,
            abroad: limit(4)?,
            premium: limit(6)?,
            national: limit(8)?,
            countries: text(10)?.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
            alert_mail: super::addresses(text(11)?),
            own_numbers_inside: row.get(12)?,
        })
    }
    fn id(&self) -> i64 {
        self.id
    }
}

fn addresses_are_sound(values: &Values) -> Result<(), Problem> {
    super::are_addresses(values, "alert_mail")
}

fn country_choices() -> &'static [(String, String)] {
    static CHOICES: std::sync::LazyLock<Vec<(String, String)>> = std::sync::LazyLock::new(|| {
        COUNTRIES.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect()
    });
    &CHOICES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-44
    #[test]
    fn only_the_countries_named_are_called() {
        let all = CallLimits::none(TenantId(1));
        assert!(all.lets_call(Some("jm"), "de") && all.lets_call(None, "de"));
        let some = CallLimits { countries: vec!["at".into()], ..CallLimits::none(TenantId(1)) };
        assert!(some.lets_call(Some("at"), "de") && some.lets_call(Some("de"), "de"));
        assert!(!some.lets_call(Some("jm"), "de") && !some.lets_call(None, "de"));
    }
}
