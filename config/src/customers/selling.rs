//! What whoever runs the system has sold, over all customers, and how the system itself is set up to reach people. R-06.

use crate::{Db, Field, Kind, resources::licences::LICENCES};

/// Licences of one kind, over all companies of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stock {
    /// As the licences' own form names the kind.
    pub kind: &'static str,
    pub companies: i64,
    pub in_use: i64,
    /// `None` if some company has it without limit.
    pub sold: Option<i64>,
}

/// What a system has to do with customers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Selling {
    /// Companies beside the one that runs the system.
    pub customers: i64,
    pub suspended: i64,
    pub groups: i64,
    /// In the order of the licences' form; kinds that nobody has are left out.
    pub stock: Vec<Stock>,
    /// The mail server; blank if none is named, so that no mail leaves.
    pub mail_server: String,
    pub mail_from: String,
}

impl Db {
    /// What the system has to do with customers.
    pub fn selling(&self) -> rusqlite::Result<Selling> {
        let reader = self.reader()?;
        let mut selling = reader.query_row(
            "SELECT (SELECT count(*) FROM tenants WHERE id <> 1), \
             (SELECT count(*) FROM tenants WHERE id <> 1 AND suspended = 1), \
             (SELECT count(*) FROM customer_groups), smtp_host, mail_from FROM node_settings",
            [],
            |row| {
                Ok(Selling {
                    customers: row.get(0)?,
                    suspended: row.get(1)?,
                    groups: row.get(2)?,
                    mail_server: row.get(3)?,
                    mail_from: row.get(4)?,
                    stock: Vec::new(),
                })
            },
        )?;
        let mut statement = reader.prepare_cached(
            "SELECT count(DISTINCT l.tenant_id), CASE WHEN count(*) = count(l.quantity) THEN sum(l.quantity) END, \
             COALESCE(sum(CASE l.kind WHEN 'advanced_user' THEN \
             (SELECT count(*) FROM users u WHERE u.tenant_id = l.tenant_id AND u.licensed = 1) ELSE \
             (SELECT count(*) FROM users_licences m WHERE m.tenant_id = l.tenant_id AND m.target = l.id) END), 0) \
             FROM licences l WHERE l.kind = ?1",
        )?;
        for (key, kind) in kinds() {
            let stock = statement.query_row([key], |row| {
                Ok(Stock { kind, companies: row.get(0)?, sold: row.get(1)?, in_use: row.get(2)? })
            })?;
            selling.stock.extend(Some(stock).filter(|stock| stock.companies > 0));
        }
        Ok(selling)
    }
}

/// The kinds of licences with their names.
fn kinds() -> &'static [(&'static str, &'static str)] {
    match LICENCES.field("kind").map(|field: &Field| &field.kind) {
        Some(Kind::Choice(kinds)) => kinds,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{licences::ADVANCED_USER, tenants::TENANTS},
    };

    /// what all companies have bought together; one without limit has no sum.
    #[test]
    fn licences_are_summed_over_all_companies() {
        let company = Company::new();
        let sell = |tenant: i64, quantity: &str| {
            let row = values([("name", "Softphones"), ("kind", "softphone"), ("quantity", quantity)]);
            company.db.create(&author(tenant), &LICENCES, &row).unwrap().id
        };
        let softphones = || {
            let stock = company.db.selling().unwrap().stock;
            stock.into_iter().find(|stock| stock.kind.starts_with("Softphone"))
        };
        assert_eq!(softphones(), None);
        let other = values([("name", "Other"), ("domain", "other.example")]);
        assert_eq!(company.db.create(&author(1), &TENANTS, &other).unwrap().id, 2);
        sell(1, "5");
        let second = sell(2, "7");
        let sum = softphones().unwrap();
        assert_eq!((sum.companies, sum.in_use, sum.sold), (2, 0, Some(12)));
        company.db.update(&author(2), &LICENCES, second, &values([("quantity", "")]), None).unwrap();
        assert_eq!(softphones().unwrap().sold, None);
        assert_eq!(kinds().first().map(|(key, _)| *key), Some(ADVANCED_USER));
    }
}
