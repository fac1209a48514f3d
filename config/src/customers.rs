//! The companies of a group, for people: whom one can call by access code. MT-07, MT-09…14.

use rusqlite::OptionalExtension;

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
        let mut statement = reader.prepare_cached(
            "SELECT COALESCE(NULLIF(s.display_name, ''), t.name), s.access_code, t.id = ?2, \
             COALESCE(NULLIF(t.cm_id, ''), n.node_name) FROM tenants t JOIN settings s ON s.tenant_id = t.id, node_settings n \
             WHERE t.customer_group = ?1 COLLATE NOCASE ORDER BY 1, t.id LIMIT 200",
        )?;
        let members = statement.query_map((&name, tenant.0), |row| {
            Ok(GroupMember { name: row.get(0)?, code: row.get(1)?, own: row.get(2)?, cm_id: row.get(3)? })
        })?;
        let members = members.collect::<Result<_, _>>()?;
        Ok(Some(Group { name, members }))
    }

    /// What others dial before a company's extensions; blank if it has no code.
    pub fn access_code(&self, tenant: TenantId) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT access_code FROM settings WHERE tenant_id = ?1")?;
        Ok(statement.query_row([tenant.0], |row| row.get(0)).optional()?.unwrap_or_default())
    }
}
