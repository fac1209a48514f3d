//! What is asked once, with the first administrator's password: who the company is and where. Answers become the name of
//! the tenant and its default site; all of them may stay blank. ORG-02.

use config::{
    Db, Problem,
    access::{Author, OPERATOR},
    field::{country::COUNTRIES, time_zone},
    query::ListQuery,
    resource::Values,
    resources::{settings::SETTINGS, sites::SITES, tenants::TENANTS},
    sign_in::Account,
    write::{Step, WriteError},
};

use crate::{error::Fault, query::Pairs};

/// What the page holds.
#[derive(Debug, Default)]
pub(crate) struct Company {
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub countries: Vec<Country>,
}

/// A country to choose.
#[derive(Debug)]
pub(crate) struct Country {
    pub key: &'static str,
    pub label: &'static str,
    pub on: bool,
}

impl Company {
    /// As it was typed; blank at first.
    pub fn of(form: &Pairs) -> Self {
        let text = |name: &str| form.get(name).to_owned();
        let chosen = form.get("country");
        let mut countries = vec![Country { key: "", label: "Choose…", on: chosen.is_empty() }];
        countries.extend(COUNTRIES.iter().map(|(key, label)| Country { key, label, on: *key == chosen }));
        Self {
            name: text("company"),
            street: text("street"),
            postal_code: text("postal_code"),
            city: text("city"),
            countries,
        }
    }
}

/// Whether somebody is asked: the first primary administrator, as long as nobody has touched the default site.
pub(crate) fn asks(db: &Db, account: &Account) -> Result<bool, Fault> {
    if account.tenant() != OPERATOR || account.viewer.level < config::access::PRIMARY {
        return Ok(false);
    }
    let sites = db.list(&account.viewer, &SITES, &ListQuery::default())?.rows;
    Ok(sites.len() == 1 && sites[0].version == 1 && account.password.is_none())
}

/// Writes the answers as one revision; what is wrong with them.
pub(crate) fn keep(db: &Db, account: &Account, form: &Pairs) -> Result<Vec<Problem>, Fault> {
    let given = |names: &[(&str, &str)]| -> Values {
        let pairs =
            names.iter().map(|(field, input)| ((*field).to_owned(), form.get(input).trim().to_owned()));
        // The browser says its own zone unasked, in names that may be older than ours.
        let is_known =
            |field: &str, value: &str| field != "time_zone" || time_zone::names().any(|name| name == value);
        pairs.filter(|(field, value)| !value.is_empty() && is_known(field, value)).collect()
    };
    let viewer = account.viewer;
    let only =
        |of| db.list(&viewer, of, &ListQuery::default()).map(|page| page.rows.first().map(|row| row.id));
    let (site, settings) = (only(&SITES)?, only(&SETTINGS)?);
    let place = [
        ("street", "street"),
        ("postal_code", "postal_code"),
        ("city", "city"),
        ("country", "country"),
        ("time_zone", "time_zone"),
    ];
    let all = [
        (&TENANTS, Some(OPERATOR.0), given(&[("name", "company")])),
        (&SITES, site, given(&place)),
        (&SETTINGS, settings, given(&[("country", "country")])),
    ];
    let steps: Vec<Step> = all
        .into_iter()
        .filter(|(_, _, values)| !values.is_empty())
        .filter_map(|(of, id, values)| Some(Step::Update { of, id: id?, values }))
        .collect();
    let author = Author { viewer, name: account.login.clone(), address: String::new(), via: "portal" };
    match db.write_all(&author, &steps) {
        Ok(_) => Ok(Vec::new()),
        Err(WriteError::Invalid(problems)) => Ok(problems),
        Err(other) => Err(other.into()),
    }
}

/// Names a field as the page does.
pub(crate) fn sentence(problem: &Problem) -> String {
    let labels = [&SITES, &SETTINGS, &TENANTS].into_iter().filter_map(|of| of.field(&problem.field));
    let label = labels.map(|field| field.label).next().unwrap_or_default();
    if label.is_empty() { problem.message.clone() } else { format!("{label}: {}", problem.message) }
}
