//! The companies of a group, for people: whom one can call by access code. MT-07, MT-09…14.

pub mod opening;
pub mod selling;
pub mod usage;

use rusqlite::{OptionalExtension, Row};

use crate::{Db, TenantId};

/// A group of companies that call each other.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Group {
    pub name: String,
    /// By name.
    pub members: Vec<GroupMember>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The company.
    pub tenant: TenantId,
    /// As the portal calls the company.
    pub name: String,
    /// What is dialled before its extensions; blank if it has none.
    pub code: String,
    /// It is the company that asks.
    pub own: bool,
    /// The call manager that it is on.
    pub cm_id: String,
}

impl Db {
    /// The group that a company is in, with all its companies; `None` if it is in none.
    pub fn group_of(&self, tenant: TenantId) -> rusqlite::Result<Option<Group>> {
        let reader = self.reader()?;
        let name: Option<String> = reader
            .prepare_cached("SELECT customer_group FROM tenants WHERE id = ?1 AND customer_group <> ''")?
            .query_row([tenant.0], |row| row.get(0))
            .optional()?;
        let Some(name) = name else { return Ok(None) };
        let members = self.customers(&name, tenant)?;
        Ok(Some(Group { name, members }))
    }

    /// All groups by name, with their companies, for who runs the program. At most 200. MT-06, MT-07.
    pub fn customer_groups(&self, asks: TenantId) -> rusqlite::Result<Vec<Group>> {
        let names: Vec<String> = {
            let reader = self.reader()?;
            let mut statement = reader.prepare_cached(
                "SELECT name FROM customer_groups WHERE tenant_id = 1 ORDER BY name LIMIT 200",
            )?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        let group = |name: String| Ok(Group { members: self.customers(&name, asks)?, name });
        names.into_iter().map(group).collect()
    }

    /// The companies of a group, or with a blank name those that are in none. At most 200. MT-07
    pub fn customers(&self, group: &str, asks: TenantId) -> rusqlite::Result<Vec<GroupMember>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT t.id, COALESCE(NULLIF(s.display_name, ''), t.name), s.access_code, t.id = ?2, \
             COALESCE(NULLIF(t.cm_id, ''), n.node_name) FROM tenants t JOIN settings s ON s.tenant_id = t.id, node_settings n \
             WHERE t.customer_group = ?1 COLLATE NOCASE ORDER BY 2, t.id LIMIT 200",
        )?;
        statement.query_map((group, asks.0), member)?.collect()
    }

    /// What others dial before a company's extensions; blank if it has no code.
    pub fn access_code(&self, tenant: TenantId) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT access_code FROM settings WHERE tenant_id = ?1")?;
        Ok(statement.query_row([tenant.0], |row| row.get(0)).optional()?.unwrap_or_default())
    }
}

fn member(row: &Row<'_>) -> rusqlite::Result<GroupMember> {
    let tenant = TenantId(row.get(0)?);
    Ok(GroupMember { tenant, name: row.get(1)?, code: row.get(2)?, own: row.get(3)?, cm_id: row.get(4)? })
}
