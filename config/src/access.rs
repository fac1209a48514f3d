//! Who sees and changes which rows: the one place that decides it. Rows of a tenant are its own; tenants and the settings
//! of the program belong to the tenant that runs it.

use crate::{Resource, TenantId, resources::tenants::TENANTS};

/// Who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The tenant whose rows are visible.
    pub tenant: TenantId,
    /// 0–3, see ROL-01…06.
    pub level: u8,
}

/// Who changes something, for the audit log.
#[derive(Debug, Clone)]
pub struct Author {
    /// Whose rows.
    pub tenant: TenantId,
    /// `anna@example.com`, `setup`, `api:reports`.
    pub name: String,
    /// Address of the browser, if any.
    pub address: String,
    /// `portal`, `api`, `phone`, `cli`.
    pub via: &'static str,
    /// 0–3.
    pub level: u8,
}

/// The rows of a table that somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those of this tenant.
    Tenant(TenantId),
    /// The row with this id.
    Row(i64),
    /// None.
    Nothing,
}

/// What a viewer of a tenant, of some level, sees of a table.
pub fn scope(tenant: TenantId, level: u8, of: &Resource) -> Scope {
    if of.tenant {
        return Scope::Tenant(tenant);
    }
    if tenant == OPERATOR && level >= PRIMARY {
        return Scope::All;
    }
    if of.name == TENANTS.name { Scope::Row(tenant.0) } else { Scope::Nothing }
}

/// Whether somebody of that level may change rows that they see.
pub fn may_change(level: u8) -> bool {
    level > 0
}

/// Whether rows of the table may be added and removed, not only changed.
pub fn may_add(tenant: TenantId, level: u8, of: &Resource) -> bool {
    !of.single && may_change(level) && (of.tenant || scope(tenant, level, of) == Scope::All)
}

impl Scope {
    /// The condition on `t`, with `?1` for what [`Scope::parameter`] gives.
    pub fn condition(self) -> &'static str {
        match self {
            Self::All => "?1 = 0",
            Self::Tenant(_) => "t.tenant_id = ?1",
            Self::Row(_) => "t.id = ?1",
            Self::Nothing => "?1 <> 0",
        }
    }
    /// See [`Scope::condition`].
    pub fn parameter(self) -> i64 {
        match self {
            Self::Tenant(TenantId(id)) | Self::Row(id) => id,
            Self::All | Self::Nothing => 0,
        }
    }
}

/// The tenant that first start makes: whose primary administrators run the program.
pub const OPERATOR: TenantId = TenantId(1);
/// ROL-06.
pub(crate) const PRIMARY: u8 = 3;
