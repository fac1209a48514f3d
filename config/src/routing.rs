//! What the portal shows of inbound routing as a whole: the routes of a company, its numbers, and whom they reach, read
//! without the rest of the configuration. A-21, ICR-01…05, NUM-07.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::{
    Db, NumberId, Snapshot, TenantId,
    destination::Destination,
    snapshot::{InboundRoute, Rows, Site, Tenant, TimeFrame},
};

/// Inbound routing of a company.
#[derive(Debug, Default)]
pub struct Routing {
    /// The company's clocks, its time frames and its night, and nothing else.
    pub snapshot: Snapshot,
    /// By their names; those that are for no number in particular come last.
    pub routes: Vec<InboundRoute>,
    /// In order.
    pub numbers: Vec<Listed>,
    /// Who has the extensions to which routes send calls.
    pub extensions: HashMap<String, Holder>,
}

/// A number of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Listed {
    pub id: NumberId,
    /// E.164 with its plus sign.
    pub number: String,
    pub description: String,
    /// Whom it rings without inbound routing. NUM-02, 03
    pub holder: Option<Holder>,
}

/// A user or a ring group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Holder {
    /// `users` or `ring_groups`.
    pub table: &'static str,
    pub id: i64,
    pub name: String,
}

impl Db {
    /// Inbound routing of a company; a row that cannot be read is left out, as calls leave it out.
    pub fn routing_of(&self, tenant: TenantId) -> rusqlite::Result<Routing> {
        let reader = self.reader()?;
        let mut rows = Rows::default();
        Rows::put(&mut rows.tenants, self.typed::<Tenant>(&reader, "t.id = ?1", (tenant.0,))?);
        Rows::put(&mut rows.sites, self.typed::<Site>(&reader, "t.tenant_id = ?1", (tenant.0,))?);
        let frames = "t.tenant_id = ?1 AND t.user_id IS NULL";
        Rows::put(&mut rows.time_frames, self.typed::<TimeFrame>(&reader, frames, (tenant.0,))?);
        let mut routes = self.typed::<InboundRoute>(&reader, "t.tenant_id = ?1", (tenant.0,))?;
        routes.sort_by_cached_key(|route| (route.numbers.is_empty(), route.name.to_lowercase()));
        let sent = routes.iter().flat_map(|route| [&route.open_to, &route.closed_to]);
        let dialled: Vec<&str> = sent
            .filter_map(
                |to| if let Destination::Extension(number) = to { Some(number.as_str()) } else { None },
            )
            .collect();
        let extensions = holders(&reader, tenant, &dialled)?;
        Ok(Routing {
            snapshot: Snapshot::of(0, rows),
            numbers: numbers(&reader, tenant)?,
            extensions,
            routes,
        })
    }
}

fn numbers(rows: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = rows.prepare_cached(
        "SELECT n.id, n.number, n.description, u.id, u.name, g.id, g.name FROM numbers n \
         LEFT JOIN users u ON u.id = n.user_id LEFT JOIN ring_groups g ON g.id = n.ring_group_id \
         WHERE n.tenant_id = ?1 ORDER BY n.number",
    )?;
    let found = statement.query_map([tenant.0], |row| {
        Ok(Listed {
            id: NumberId(row.get(0)?),
            number: row.get(1)?,
            description: row.get(2)?,
            holder: holder(row, 3)?,
        })
    })?;
    found.collect()
}

/// Who has these extensions.
fn holders(
    rows: &Connection,
    tenant: TenantId,
    dialled: &[&str],
) -> rusqlite::Result<HashMap<String, Holder>> {
    let mut statement = rows.prepare_cached(
        "SELECT e.number, u.id, u.name, g.id, g.name FROM extensions e \
         LEFT JOIN users u ON u.id = e.user_id LEFT JOIN ring_groups g ON g.id = e.ring_group_id \
         WHERE e.tenant_id = ?1 AND e.number IN (SELECT value FROM json_each(?2))",
    )?;
    let asked = serde_json::to_string(dialled).expect("texts are JSON");
    let found = statement.query_map((tenant.0, asked), |row| Ok((row.get(0)?, holder(row, 1)?)))?;
    found.filter_map(|row| row.map(|(number, holder)| Some((number, holder?))).transpose()).collect()
}

/// The user in the columns from there on, or else the group in the two after.
fn holder(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<Holder>> {
    for (table, at) in [("users", at), ("ring_groups", at + 2)] {
        if let Some(id) = row.get(at)? {
            return Ok(Some(Holder { table, id, name: row.get(at + 1)? }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{inbound_routes::INBOUND_ROUTES, numbers::NUMBERS},
    };

    /// A-21, NUM-02, NUM-07
    #[test]
    fn routes_come_in_order_and_numbers_with_whom_they_ring() {
        let company = Company::new();
        let number = |text: &str, user: &str| {
            company.db.create(&author(1), &NUMBERS, &values([("number", text), ("user", user)])).unwrap().id
        };
        let (main, own, other) =
            (number("+12025550100", ""), number("+12025550101", "1"), number("+12025550102", ""));
        let route = |name: &str, numbers: &str, enabled: &str| {
            let row = values([
                ("name", name),
                ("numbers", numbers),
                ("enabled", enabled),
                ("open_to", "hangup:busy"),
            ]);
            company.db.create(&author(1), &INBOUND_ROUTES, &row).unwrap().id
        };
        let named = route("Main line", &main.to_string(), "1");
        let off = route("Off", &other.to_string(), "0");
        let rest = route("All others", "", "1");
        let routing = company.db.routing_of(TenantId(1)).unwrap();
        let order: Vec<i64> = routing.routes.iter().map(|route| route.id.0).collect();
        assert_eq!(order, [named, off, rest], "the one for all others is last");
        let held = routing.numbers.iter().find(|listed| listed.id.0 == own).unwrap();
        assert_eq!(held.holder.as_ref().map(|holder| (holder.table, holder.id)), Some(("users", 1)));
        assert_eq!(company.db.routing_of(TenantId(2)).unwrap().numbers, []);
    }
}
