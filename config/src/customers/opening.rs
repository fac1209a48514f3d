//! A customer with all it begins with: site, numbers, licences and first administrator, or none of it. R-02, AUTH-20, ROL-06.

use rusqlite::Connection;

use crate::{
    Db, Field, Problem, Resource, TenantId,
    access::{Author, Viewer},
    check,
    refusal::invalid,
    resource::{Hooks, Values},
    resources::{
        licences::LICENCES, numbers::NUMBERS, settings::SETTINGS, sites::SITES, tenants::TENANTS,
        users::USERS,
    },
    transaction::Transaction,
    write::{Edit, Saved, WriteError},
};

/// What is asked beside the fields of a new tenant. No table: each field says by its beginning where it goes.
pub static BEGINNING: Resource = Resource {
    name: "beginning",
    one: "Customer",
    many: "Customers",
    icon: "building",
    menu: "System",
    about: "",
    fields: &[
        Field::text("site_street", "Street and number").max(128),
        Field::text("site_postal_code", "Postal code").max(16),
        Field::text("site_city", "City"),
        Field::text("site_region", "State or region"),
        Field::country("site_country", "Country").help("Of the company and its default site."),
        Field::time_zone("site_time_zone", "Time zone"),
        Field::text("administrator_first_name", "First name"),
        Field::text("administrator_last_name", "Last name"),
        Field::email("administrator_email", "E-mail")
            .help("They sign in with it, get the welcome mail, and make everybody else."),
        Field::number("advanced_user", "Advanced User", 0, MOST_LICENCES, "").help("Blank is without limit."),
        Field::number("call_center", "Call center", 0, MOST_LICENCES, "").help("Blank is none."),
        Field::number("transcription", "Voicemail transcription", 0, MOST_LICENCES, "")
            .help("Blank is none."),
        Field::number("softphone", "Softphone", 0, MOST_LICENCES, "").help("Blank is none."),
        Field::outside_number("first_number", "First number").help("With country code: +49 30 123456."),
        Field::number("number_count", "How many", 1, MOST_NUMBERS, "")
            .help("So many numbers, one after the other. Blank is one."),
    ],
    columns: &[],
    filters: &[],
    sort: "site_city",
    cards: &[
        (
            "Default site",
            &[
                "site_street",
                "site_postal_code",
                "site_city",
                "site_region",
                "site_country",
                "site_time_zone",
            ],
        ),
        (
            "First administrator",
            &["administrator_first_name", "administrator_last_name", "administrator_email"],
        ),
        ("Licences", &["advanced_user", "call_center", "transcription", "softphone"]),
        ("Phone numbers", &["first_number", "number_count"]),
    ],
    title: "site_city",
    single: false,
    tenant: true,
    check: Some(administrator_is_whole),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Db {
    /// Adds a customer with what [`BEGINNING`] says of it, as one revision.
    ///
    /// # Errors
    /// One problem a field, by the name that it has in `tenants` or in [`BEGINNING`]; then nothing is written.
    pub fn open_account(
        &self,
        author: &Author,
        tenant: &Values,
        beginning: &Values,
    ) -> Result<Saved, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let (given, mut wrong) = check::normalise(&BEGINNING, beginning);
        wrong.extend(administrator_is_whole(&given).err());
        let id = match self.create_in(&transaction, author, &TENANTS, tenant) {
            Ok(id) => id,
            Err(WriteError::Invalid(mut problems)) => {
                problems.extend(wrong);
                return Err(WriteError::Invalid(problems));
            }
            Err(other) => return Err(other),
        };
        invalid(wrong)?;
        let opening = Opening {
            db: self,
            rows: &transaction,
            author: Author { viewer: Viewer::primary(TenantId(id)), ..author.clone() },
            given: &given,
        };
        opening.site()?;
        opening.licences()?;
        opening.numbers()?;
        opening.administrator()?;
        Ok(Saved { id, revision: transaction.commit()? })
    }
}

/// A customer that is there, and gets the rest.
struct Opening<'a> {
    db: &'a Db,
    rows: &'a Connection,
    /// Whoever makes it, within it.
    author: Author,
    given: &'a Values,
}

impl Opening<'_> {
    fn site(&self) -> Result<(), WriteError> {
        let tenant = self.author.viewer.tenant.0;
        let (settings, site): (i64, i64) = self.rows.query_row(
            "SELECT id, default_site_id FROM settings WHERE tenant_id = ?1",
            [tenant],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let names = ["street", "postal_code", "city", "region", "country", "time_zone"];
        let values: Values = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.filled(&["site_", name].concat())?.to_owned())))
            .collect();
        self.update(&SITES, site, &values, |field| ["site_", field].concat())?;
        match self.filled("site_country") {
            Some(country) => {
                let values = Values::from([("country".to_owned(), country.to_owned())]);
                self.update(&SETTINGS, settings, &values, |_| "site_country".to_owned())
            }
            None => Ok(()),
        }
    }

    fn licences(&self) -> Result<(), WriteError> {
        let tenant = self.author.viewer.tenant.0;
        for (kind, name) in SOLD {
            let Some(quantity) = self.filled(kind) else { continue };
            let quantity = ("quantity".to_owned(), quantity.to_owned());
            let first: Option<i64> = self.rows.query_row(
                "SELECT max(id) FROM licences WHERE tenant_id = ?1 AND kind = ?2",
                (tenant, kind),
                |row| row.get(0),
            )?;
            let at = |_: &str| kind.to_owned();
            match first {
                Some(id) => self.update(&LICENCES, id, &Values::from([quantity]), at)?,
                None => {
                    let named = [("name", name), ("kind", kind)];
                    let named = named.map(|(field, value)| (field.to_owned(), value.to_owned()));
                    let values = named.into_iter().chain([quantity]).collect();
                    self.create(&LICENCES, &values, at)?;
                }
            }
        }
        Ok(())
    }

    fn numbers(&self) -> Result<(), WriteError> {
        let Some(first) = self.filled("first_number") else {
            let alone = self.filled("number_count").is_some();
            let message = "Enter the first of the numbers.";
            return invalid(alone.then(|| Problem::of("first_number", message)).into_iter().collect());
        };
        let count: u64 = self.filled("number_count").and_then(|count| count.parse().ok()).unwrap_or(1);
        let digits = first.trim_start_matches('+');
        let Ok(start) = digits.parse::<u64>() else {
            return invalid(vec![Problem::of("first_number", "Enter it in digits, with country code.")]);
        };
        for next in 0..count {
            let number = format!("+{}", start + next);
            // One digit more would be another number's beginning.
            if number.len() != digits.len() + 1 {
                let message = "So many numbers do not follow this one.";
                return invalid(vec![Problem::of("number_count", message)]);
            }
            let values = Values::from([("number".to_owned(), number)]);
            self.create(&NUMBERS, &values, |_| "first_number".to_owned())?;
        }
        Ok(())
    }

    fn administrator(&self) -> Result<(), WriteError> {
        if self.filled("administrator_email").is_none() {
            return Ok(());
        }
        let role: i64 = self.rows.query_row(
            "SELECT min(id) FROM roles WHERE tenant_id = ?1 AND level = '3'",
            [self.author.viewer.tenant.0],
            |row| row.get(0),
        )?;
        let names = ["first_name", "last_name", "email"];
        let mut values: Values = names
            .into_iter()
            .filter_map(|name| {
                Some((name.to_owned(), self.filled(&["administrator_", name].concat())?.to_owned()))
            })
            .collect();
        values.insert("role".to_owned(), role.to_string());
        self.create(&USERS, &values, |field| match field {
            "licensed" => "advanced_user".to_owned(),
            other => ["administrator_", other].concat(),
        })
    }

    fn filled(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn create(
        &self,
        of: &'static Resource,
        values: &Values,
        at: impl Fn(&str) -> String,
    ) -> Result<(), WriteError> {
        self.db.create_in(self.rows, &self.author, of, values).map(|_| ()).map_err(|error| moved(error, at))
    }

    fn update(
        &self,
        of: &'static Resource,
        id: i64,
        values: &Values,
        at: impl Fn(&str) -> String,
    ) -> Result<(), WriteError> {
        let edit = Edit { of, id, version: None };
        self.db.update_in(self.rows, &self.author, edit, values).map(|_| ()).map_err(|error| moved(error, at))
    }
}

/// The same refusal, at the field that was asked for.
fn moved(error: WriteError, at: impl Fn(&str) -> String) -> WriteError {
    match error {
        WriteError::Invalid(problems) => WriteError::Invalid(
            problems.into_iter().map(|problem| Problem { field: at(&problem.field), ..problem }).collect(),
        ),
        other => other,
    }
}

/// Whoever is named can sign in.
fn administrator_is_whole(values: &Values) -> Result<(), Problem> {
    let blank = |name: &str| values.get(name).is_none_or(|value| value.trim().is_empty());
    let (first, last, email) =
        (blank("administrator_first_name"), blank("administrator_last_name"), blank("administrator_email"));
    match (first && last && email, first, email) {
        (true, ..) | (_, false, false) => Ok(()),
        (_, _, true) => Err(Problem::of("administrator_email", "They sign in with their e-mail address.")),
        (_, true, _) => Err(Problem::of("administrator_first_name", "Enter a name.")),
    }
}

const MOST_LICENCES: i64 = 1_000_000;
/// A block of numbers that is added at once.
const MOST_NUMBERS: i64 = 1000;
/// Kinds of licences, and what the first of each is called.
const SOLD: [(&str, &str); 4] = [
    ("advanced_user", "Advanced User"),
    ("call_center", "Call Center"),
    ("transcription", "Voicemail Transcription"),
    ("softphone", "Softphone"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Company, author};

    const TABLES: [&str; 4] = ["tenants", "numbers", "licences", "users"];

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn counts(company: &Company) -> [i64; 4] {
        TABLES.map(|table| company.number(&format!("SELECT count(*) FROM {table}")))
    }

    /// one wrong field anywhere, and nothing is there.
    #[test]
    fn a_customer_is_opened_whole_or_not_at_all() {
        let company = Company::new();
        let (db, before) = (&company.db, counts(&company));
        let tenant = values(&[("name", "Crane"), ("domain", "crane.example")]);
        let whole = values(&[
            ("site_city", "Kiel"),
            ("site_country", "de"),
            ("site_time_zone", "Europe/Berlin"),
            ("administrator_first_name", "Cora"),
            ("administrator_email", "cora@crane.example"),
            ("advanced_user", "3"),
            ("softphone", "2"),
            ("first_number", "+4943155500"),
            ("number_count", "10"),
        ]);
        for (name, value, field) in [
            ("first_number", "+9999999995", "number_count"),
            ("administrator_email", "", "administrator_email"),
            ("administrator_email", "nobody", "administrator_email"),
            ("site_time_zone", "Mars/Base", "site_time_zone"),
            ("advanced_user", "0", "advanced_user"),
            ("number_count", "0", "number_count"),
        ] {
            let mut wrong = whole.clone();
            wrong.insert(name.to_owned(), value.to_owned());
            let Err(WriteError::Invalid(problems)) = db.open_account(&author(1), &tenant, &wrong) else {
                panic!("{name} = {value} was taken");
            };
            assert!(problems.iter().any(|problem| problem.field == field), "{name}: {problems:?}");
            assert_eq!(counts(&company), before);
        }
        let id = db.open_account(&author(1), &tenant, &whole).unwrap().id;
        let rows = db.reader().unwrap();
        let stored: (String, String, String, i64, String) = rows
            .query_row(
                "SELECT s.city, s.time_zone, o.country, (SELECT quantity FROM licences WHERE tenant_id = ?1 \
                 AND kind = 'softphone'), (SELECT max(number) FROM numbers WHERE tenant_id = ?1) \
                 FROM sites s JOIN settings o ON o.default_site_id = s.id WHERE s.tenant_id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
            .unwrap();
        let expected = ("Kiel", "Europe/Berlin", "de", 2, "+4943155509");
        assert_eq!((&*stored.0, &*stored.1, &*stored.2, stored.3, &*stored.4), expected);
    }
}
