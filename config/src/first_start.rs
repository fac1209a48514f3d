//! What an empty folder becomes: a company that can telephone. OPS-01.

use crate::{
    Db, Resource, TenantId,
    access::Author,
    db::{OpenError, Welcome},
    resource::Values,
    resources::{devices::DEVICES, ring_groups::RING_GROUPS, tenants::TENANTS, users::USERS},
    secret, sign_in,
    transaction::Transaction,
    write::WriteError,
};

impl Db {
    /// Fills an empty database: tenant with its roles, administrator with setup link, five extensions with users, devices and generated
    /// passwords, one ring group; in one transaction. `None` if there is a tenant already. OPS-01.
    pub fn first_start(&self) -> Result<Option<Welcome>, OpenError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let tenants: i64 = transaction.query_row("SELECT count(*) FROM tenants", [], |row| row.get(0))?;
        if tenants > 0 {
            return Ok(None);
        }
        let welcome = self.fill(&transaction).map_err(|error| match error {
            WriteError::Sqlite(error) => OpenError::Sqlite(error),
            other => unreachable!("the first rows are valid, a test makes them: {other}"),
        })?;
        transaction.commit()?;
        Ok(Some(welcome))
    }

    fn fill(&self, transaction: &Transaction<'_>) -> Result<Welcome, WriteError> {
        let mut author = Author::program(crate::access::OPERATOR, "first start", "cli");
        let add = |author: &Author, of: &'static Resource, pairs: &[(&str, &str)]| {
            let values: Values = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            self.create_in(transaction, author, of, &values)
        };
        let tenant = add(&author, &TENANTS, &[("name", "My company"), ("domain", DOMAIN)])?;
        author.viewer.tenant = TenantId(tenant);
        let mut phones = Vec::new();
        let mut members = Vec::new();
        for (number, first, last) in PEOPLE {
            let user =
                add(&author, &USERS, &[("first_name", first), ("last_name", last), ("extension", number)])?;
            let user = user.to_string();
            let password = secret::generate();
            let name = format!("{first}'s phone");
            add(
                &author,
                &DEVICES,
                &[("name", &name), ("user", &user), ("username", number), ("secret", &password)],
            )?;
            phones.push((number.to_owned(), number.to_owned(), password));
            members.push(user);
        }
        let members = members.join(",");
        add(
            &author,
            &RING_GROUPS,
            &[
                ("name", "Everyone"),
                ("extension", GROUP),
                ("members", &members),
                ("ring_time", "30"),
                ("overflow", "hangup:no_answer"),
            ],
        )?;
        let setup_path = self.first_primary(transaction, &author)?;
        Ok(Welcome { setup_path, phones, group: GROUP.into() })
    }

    /// ROL-06: a primary administrator is there from the start. Made by the program, above whom nobody is.
    fn first_primary(&self, transaction: &Transaction<'_>, author: &Author) -> Result<String, WriteError> {
        let primary: i64 = transaction.query_row(
            "SELECT id FROM roles WHERE tenant_id = ?1 AND level = '3' ORDER BY id LIMIT 1",
            [author.viewer.tenant.0],
            |row| row.get(0),
        )?;
        let role = primary.to_string();
        let values = [("first_name", "Administrator"), ("login", "admin"), ("role", &role)];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let id = self.create_in(transaction, author, &USERS, &Values::from(values))?;
        Ok(sign_in::add_setup_token(transaction, id, sign_in::WEEK_MS)?)
    }
}

/// Phones that register with the server's address need not know it; it is the realm of their digest.
const DOMAIN: &str = "dialtone.local";
const GROUP: &str = "600";
const PEOPLE: [(&str, &str, &str); 5] = [
    ("101", "Anna", "Berg"),
    ("102", "Ben", "Castillo"),
    ("103", "Chloe", "Dubois"),
    ("104", "David", "Evans"),
    ("105", "Elif", "Fischer"),
];
