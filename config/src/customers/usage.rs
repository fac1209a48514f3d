//! How much of the program a customer uses. R-03.

use rusqlite::OptionalExtension;

use crate::{Db, TenantId};

/// What a customer has and does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Usage {
    /// The call manager that it is on. MT-02
    pub cm_id: String,
    /// Its SIP domain.
    pub domain: String,
    /// The group it is in: row and name.
    pub group: Option<(i64, String)>,
    pub suspended: bool,
    pub users: u64,
    pub devices: u64,
    pub numbers: u64,
    /// Since the moment that was asked for.
    pub calls: u64,
    /// Of all kinds.
    pub licences_in_use: u64,
    /// `None` if one of them is without limit.
    pub licences_sold: Option<u64>,
}

impl Db {
    /// What a customer uses, its calls since a moment (Unix milliseconds); `None` if there is none with that id.
    pub fn usage_of(&self, tenant: TenantId, since_ms: i64) -> rusqlite::Result<Option<Usage>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT COALESCE(NULLIF(t.cm_id, ''), n.node_name), t.domain, g.id, g.name, t.suspended, \
             (SELECT count(*) FROM users o WHERE o.tenant_id = t.id), \
             (SELECT count(*) FROM devices o WHERE o.tenant_id = t.id), \
             (SELECT count(*) FROM numbers o WHERE o.tenant_id = t.id), \
             (SELECT count(*) FROM calls o WHERE o.tenant_id = t.id AND o.started_at >= ?2), \
             (SELECT count(*) FROM users o WHERE o.tenant_id = t.id AND o.licensed = 1) \
             + (SELECT count(*) FROM users_licences o WHERE o.tenant_id = t.id), \
             (SELECT CASE WHEN count(*) = count(o.quantity) THEN sum(o.quantity) END FROM licences o \
             WHERE o.tenant_id = t.id) \
             FROM tenants t JOIN node_settings n LEFT JOIN customer_groups g ON g.tenant_id = 1 \
             AND g.name = t.customer_group COLLATE NOCASE AND t.customer_group <> '' WHERE t.id = ?1",
        )?;
        statement
            .query_row((tenant.0, since_ms), |row| {
                let group: Option<i64> = row.get(2)?;
                Ok(Usage {
                    cm_id: row.get(0)?,
                    domain: row.get(1)?,
                    group: group.map(|id| Ok::<_, rusqlite::Error>((id, row.get(3)?))).transpose()?,
                    suspended: row.get(4)?,
                    users: row.get(5)?,
                    devices: row.get(6)?,
                    numbers: row.get(7)?,
                    calls: row.get(8)?,
                    licences_in_use: row.get(9)?,
                    licences_sold: row.get(10)?,
                })
            })
            .optional()
    }
}
