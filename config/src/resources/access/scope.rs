//! Which rows of a table somebody reaches, as a condition of SQL.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use super::{OPERATOR, PRIMARY, Reach, Viewer};
use crate::{
    Kind, Resource, TenantId, WhenGone,
    resources::{self, tenants::TENANTS, users::USERS},
};

/// The rows of a table that somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those of this tenant.
    Tenant(TenantId),
    /// Those of a tenant that belong to a site, a department or a user: the condition on `t` with its id as `?2`, where 0
    /// stands for those that belong to none. ROL-03.
    Part(TenantId, &'static str, i64),
    /// The row with this id.
    Row(i64),
    /// None.
    Nothing,
}

/// What a viewer sees of a table.
pub fn scope(viewer: &Viewer, of: &Resource) -> Scope {
    if of.tenant {
        let (table, id) = match viewer.reach {
            Reach::All => return Scope::Tenant(viewer.tenant),
            Reach::Site => (SITES, viewer.site.unwrap_or_default()),
            Reach::Department => (DEPARTMENTS, viewer.department.unwrap_or_default()),
            Reach::Own => (USERS.name, viewer.user.0),
        };
        return match part_of(of, table) {
            Some(condition) => Scope::Part(viewer.tenant, condition, id),
            None => Scope::Tenant(viewer.tenant),
        };
    }
    if viewer.tenant == OPERATOR && viewer.level >= PRIMARY {
        return Scope::All;
    }
    if of.name == TENANTS.name { Scope::Row(viewer.tenant.0) } else { Scope::Nothing }
}

impl Scope {
    /// The condition on `t`, with `?1` and `?2` for what [`Scope::parameters`] gives. `?1` is the tenant of tables that have
    /// one.
    pub fn condition(self) -> &'static str {
        match self {
            Self::All => "?1 = 0 AND ?2 = 0",
            Self::Tenant(_) => "t.tenant_id = ?1 AND ?2 = 0",
            Self::Part(_, condition, _) => condition,
            Self::Row(_) => "t.id = ?1 AND ?2 = 0",
            Self::Nothing => "?1 <> 0 AND ?2 = 0",
        }
    }
    /// See [`Scope::condition`].
    pub fn parameters(self) -> [i64; 2] {
        match self {
            Self::Tenant(TenantId(id)) | Self::Row(id) => [id, 0],
            Self::Part(TenantId(tenant), _, id) => [tenant, id],
            Self::All | Self::Nothing => [0, 0],
        }
    }
    /// The whole of which it is a part.
    pub fn whole(self) -> Self {
        match self {
            Self::Part(tenant, ..) => Self::Tenant(tenant),
            other => other,
        }
    }
}

/// The field that says where a new row belongs, and the author's own place for it, if their role reaches no further.
pub(crate) fn place_of_new(viewer: &Viewer, of: &Resource) -> Option<(&'static str, i64)> {
    let (table, id) = match viewer.reach {
        Reach::Site => (SITES, viewer.site?),
        Reach::Department => (DEPARTMENTS, viewer.department?),
        Reach::All | Reach::Own => return None,
    };
    Some((pointer(of, table)?, id))
}

/// The field of a table that points to the rows of `to`.
pub(crate) fn pointer(of: &Resource, to: &str) -> Option<&'static str> {
    let points = |kind: &Kind| matches!(kind, Kind::Reference(name) if *name == to);
    of.fields.iter().find(|field| points(&field.kind)).map(|field| field.name)
}

/// The condition that a row belongs to a row of `to`: it is that row, points to it, or points to a user who does. Whoever
/// names no site is at the company's default site. `None` if the table has nothing to do with it.
fn part_of(of: &Resource, to: &'static str) -> Option<&'static str> {
    let key = (of.name, to);
    if let Some(known) = PARTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return *known;
    }
    // A condition for each pair of declared tables: as much as is leaked is bounded by the declarations.
    let text = condition(of, to).map(|text| &*Box::leak(text.into_boxed_str()));
    PARTS.write().unwrap_or_else(PoisonError::into_inner).insert(key, text);
    text
}

fn condition(of: &Resource, to: &str) -> Option<String> {
    if of.name == to {
        return Some(format!(
            "t.tenant_id = ?1 AND t.id IS {}",
            or_default(to, &["NULLIF(?2, 0)".to_owned()])
        ));
    }
    let mut places: Vec<String> = pointer(of, to).map(|field| format!("t.{field}_id")).into_iter().collect();
    let of_users = resources::by_name(USERS.name).and_then(|users| pointer(users, to));
    if let (Some(user), Some(field)) = (pointer(of, USERS.name), of_users) {
        places.push(format!(
            "(SELECT u.{field}_id FROM users u WHERE u.tenant_id = t.tenant_id AND u.id = t.{user}_id)"
        ));
    }
    if places.is_empty() {
        return of_owner(of, to);
    }
    let here = or_default(to, &["NULLIF(?2, 0)".to_owned()]);
    Some(format!("t.tenant_id = ?1 AND {} IS {here}", or_default(to, &places)))
}

/// What goes with another row is where that one is: a phone's keys are where the phone is.
fn of_owner(of: &Resource, to: &str) -> Option<String> {
    let follows = of.fields.iter().find(|field| field.when_gone == WhenGone::Follow)?;
    let Kind::Reference(owner) = follows.kind else { return None };
    let owner = resources::by_name(owner)?;
    let theirs = condition(owner, to)?;
    let (column, table) = (follows.name, owner.name);
    Some(format!("t.tenant_id = ?1 AND t.{column}_id IN (SELECT t.id FROM {table} t WHERE {theirs})"))
}

/// The first of these places that is named; for sites, the default one if none is.
fn or_default(to: &str, places: &[String]) -> String {
    let default =
        (to == SITES).then(|| "(SELECT o.default_site_id FROM settings o WHERE o.tenant_id = ?1)".to_owned());
    let all: Vec<String> = places.iter().cloned().chain(default).collect();
    match all.as_slice() {
        [only] => only.clone(),
        several => format!("COALESCE({})", several.join(", ")),
    }
}

type Parts = HashMap<(&'static str, &'static str), Option<&'static str>>;
static PARTS: LazyLock<RwLock<Parts>> = LazyLock::new(RwLock::default);
/// The tables that a role's scope can name. A user's row points to theirs.
pub(crate) const SITES: &str = "sites";
pub(crate) const DEPARTMENTS: &str = "departments";
