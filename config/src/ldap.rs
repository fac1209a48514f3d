//! What the customer directory needs of the database: whom to ask, and names of numbers to keep, so that no call waits for
//! the directory. The asking itself is the portal's. DIR-13, DIR-14, DIR-34.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use crate::{
    Db, TenantId,
    access::OPERATOR,
    resources::ldap_settings::{ATTRIBUTES, LDAP_NAMES, LDAP_SETTINGS},
    secret::Place,
    transaction::Transaction,
};

/// How a company's directory is asked.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LdapSettings {
    pub url: String,
    pub start_tls: bool,
    /// Blank is anonymous.
    pub bind_dn: String,
    pub password: String,
    pub base: String,
    /// With `{}` for what somebody types.
    pub filter: String,
    /// Name, organization, work, mobile, home, e-mail; blank for those that are not read.
    pub attributes: [String; 6],
    /// Its server may stand beside this machine: only for the company that runs the program.
    pub may_be_inside: bool,
}

impl Db {
    /// How a company's directory is asked; `None` if it is switched off.
    pub fn ldap_settings(&self, tenant: TenantId) -> rusqlite::Result<Option<LdapSettings>> {
        self.ldap_settings_where(tenant, "enabled = 1")
    }

    /// The same for a test, before it is switched on; `None` if no server is named.
    pub fn ldap_settings_to_test(&self, tenant: TenantId) -> rusqlite::Result<Option<LdapSettings>> {
        self.ldap_settings_where(tenant, "url <> ''")
    }

    fn ldap_settings_where(
        &self,
        tenant: TenantId,
        condition: &str,
    ) -> rusqlite::Result<Option<LdapSettings>> {
        let reader = self.reader()?;
        let text = format!(
            "SELECT id, url, start_tls, bind_dn, password, base, filter, {} FROM ldap_settings \
             WHERE tenant_id = ?1 AND {condition}",
            ATTRIBUTES.join(", ")
        );
        reader
            .prepare_cached(&text)?
            .query_row([tenant.0], |row| {
                let place = Place { table: LDAP_SETTINGS.name, field: "password", row: row.get(0)? };
                let sealed: String = row.get(4)?;
                let mut attributes = <[String; 6]>::default();
                for (at, attribute) in attributes.iter_mut().enumerate() {
                    *attribute = row.get(7 + at)?;
                }
                Ok(LdapSettings {
                    url: row.get(1)?,
                    start_tls: row.get(2)?,
                    bind_dn: row.get(3)?,
                    password: self.cipher().open(place, &sealed).unwrap_or_default(),
                    base: row.get(5)?,
                    filter: row.get(6)?,
                    attributes,
                    may_be_inside: tenant == OPERATOR,
                })
            })
            .optional()
    }

    /// Whether a company has a customer directory.
    pub fn has_ldap(&self, tenant: TenantId) -> rusqlite::Result<bool> {
        let text = "SELECT 1 FROM ldap_settings WHERE tenant_id = ?1 AND enabled = 1";
        self.reader()?.prepare_cached(text)?.exists([tenant.0])
    }

    /// The companies whose calls show names of their directory; and those that have names left of one that is switched off.
    pub fn ldap_companies(&self) -> rusqlite::Result<(Vec<TenantId>, Vec<TenantId>)> {
        let reader = self.reader()?;
        let all = |text: &str| -> rusqlite::Result<Vec<TenantId>> {
            reader.prepare_cached(text)?.query_map([], |row| row.get(0).map(TenantId))?.collect()
        };
        let on = "SELECT tenant_id FROM ldap_settings WHERE enabled = 1 AND caller_names = 1";
        let off = "SELECT DISTINCT tenant_id FROM ldap_names WHERE tenant_id NOT IN \
            (SELECT tenant_id FROM ldap_settings WHERE enabled = 1 AND caller_names = 1)";
        Ok((all(on)?, all(off)?))
    }

    /// Makes the kept names of a company those of its directory. Writes only what differs; nothing and no revision if
    /// nothing does. What has no digits or is too long is left out. Returns how many rows changed.
    pub fn keep_ldap_names(&self, tenant: TenantId, names: &[(String, String)]) -> rusqlite::Result<usize> {
        let mut wanted: HashMap<String, String> = HashMap::new();
        for (number, name) in names {
            let number = LDAP_NAMES.fields[0].normalise(number).unwrap_or_default();
            let name = LDAP_NAMES.fields[1].normalise(name).unwrap_or_default();
            let is_number = number.len() <= MOST_LETTERS && crate::snapshot::Number::of(&number).is_some();
            if is_number && !name.is_empty() {
                wanted.entry(number).or_insert(name);
            }
        }
        let mut writer = self.writer();
        let mut present: HashMap<String, (i64, String)> = HashMap::new();
        {
            let mut statement =
                writer.prepare_cached("SELECT number, id, name FROM ldap_names WHERE tenant_id = ?1")?;
            let mut found = statement.query([tenant.0])?;
            while let Some(row) = found.next()? {
                present.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
            }
        }
        let gone: Vec<i64> = present
            .iter()
            .filter(|(number, _)| !wanted.contains_key(*number))
            .map(|(_, (id, _))| *id)
            .collect();
        wanted.retain(|number, name| present.get(number).is_none_or(|(_, known)| known != name));
        if gone.is_empty() && wanted.is_empty() {
            return Ok(0);
        }
        let transaction = Transaction::begin(&mut writer)?;
        for id in &gone {
            transaction.prepare_cached("DELETE FROM ldap_names WHERE id = ?1")?.execute([id])?;
        }
        for (number, name) in &wanted {
            transaction
                .prepare_cached(
                    "INSERT INTO ldap_names (tenant_id, number, name) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (tenant_id, number) DO UPDATE SET name = excluded.name",
                )?
                .execute((tenant.0, number, name))?;
        }
        transaction.commit()?;
        Ok(gone.len() + wanted.len())
    }
}

impl std::fmt::Debug for LdapSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LdapSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Of a number that is kept.
const MOST_LETTERS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Feed,
        fixture::{Company, author, values},
    };

    const ONE: TenantId = TenantId(1);

    /// DIR-13
    #[test]
    fn the_directory_is_off_until_it_is_switched_on_and_its_password_is_sealed() {
        let company = Company::new();
        assert!(!company.db.has_ldap(ONE).unwrap() && company.db.ldap_settings(ONE).unwrap().is_none());
        let given = values([
            ("enabled", "1"),
            ("url", "ldap://ldap.example.com"),
            ("bind_dn", "cn=reader"),
            ("password", "Geheim-12345"),
        ]);
        company.db.update(&author(1), &LDAP_SETTINGS, 1, &given, None).unwrap();
        let settings = company.db.ldap_settings(ONE).unwrap().unwrap();
        assert_eq!((&*settings.bind_dn, &*settings.password), ("cn=reader", "Geheim-12345"));
        assert_eq!(settings.attributes[2], "telephoneNumber");
        let stored: String = company.number("SELECT password FROM ldap_settings WHERE id = 1");
        assert!(stored.starts_with("v1:") && !format!("{settings:?}").contains("Geheim"));
        // Blank keeps it.
        company.db.update(&author(1), &LDAP_SETTINGS, 1, &values([("password", "")]), None).unwrap();
        assert_eq!(company.db.ldap_settings(ONE).unwrap().unwrap().password, "Geheim-12345");
    }

    #[test]
    fn settings_that_cannot_be_asked_are_refused() {
        let company = Company::new();
        for (field, pairs) in [
            ("url", values([("enabled", "1")])),
            ("url", values([("url", "http://ldap.example.com")])),
            ("url", values([("url", "ldap://host/dc=x??sub")])),
            ("start_tls", values([("url", "ldaps://h"), ("start_tls", "1")])),
            ("filter", values([("filter", "(cn=fixed)")])),
            ("work_attribute", values([("work_attribute", "a)(b")])),
        ] {
            let error = company.db.update(&author(1), &LDAP_SETTINGS, 1, &pairs, None).unwrap_err();
            assert!(
                matches!(&error, crate::write::WriteError::Invalid(p) if p[0].field == field),
                "{error:?}"
            );
        }
    }

    /// DIR-34
    #[test]
    fn names_are_kept_and_only_what_differs_is_written() {
        let company = Company::new();
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        let pair = |number: &str, name: &str| (number.to_owned(), name.to_owned());
        let names = vec![pair("030 1234567", "Ada"), pair("040 1", "Bob"), pair("none", "x"), pair("5", "")];
        assert_eq!(company.db.keep_ldap_names(ONE, &names).unwrap(), 2);
        let before = company.revision();
        assert_eq!(company.db.keep_ldap_names(ONE, &names).unwrap(), 0);
        assert_eq!(company.revision(), before);
        let snapshot = feed.poll().unwrap().unwrap();
        assert_eq!(snapshot.name_of_number(ONE, None, "+49301234567").as_deref(), Some("Ada"));
        assert_eq!(company.db.keep_ldap_names(ONE, &[pair("030 1234567", "Ada L.")]).unwrap(), 2);
        let snapshot = feed.poll().unwrap().unwrap();
        assert_eq!(snapshot.name_of_number(ONE, None, "0301234567").as_deref(), Some("Ada L."));
        assert_eq!(company.db.ldap_companies().unwrap(), (vec![], vec![ONE]));
    }
}
