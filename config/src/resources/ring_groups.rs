//! Ring groups: a number at which several users ring together. GRP-01, 08, 12.

use std::time::Duration;

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, RingGroupId, TenantId, UserId,
    destination::{Cause, Destination},
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Members that ring together. GRP-01, 08, 12.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct RingGroup {
    pub id: RingGroupId,
    pub tenant: TenantId,
    pub name: String,
    pub number: Option<String>,
    /// In list order.
    pub members: Vec<UserId>,
    pub ring_time: Duration,
    pub overflow: Destination,
}

/// The declaration.
pub static RING_GROUPS: Resource = Resource {
    name: "ring_groups",
    one: "Ring group",
    many: "Ring groups",
    icon: "users",
    menu: "Organization",
    about: "A number at which several users ring at once; who answers first has the call.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::extension("extension", "Extension").required(),
        Field::many("members", "Members", "users").required(),
        Field::seconds("ring_time", "Ring time", 5, 300).required().default("20"),
        Field::destination("overflow", "If nobody answers").required().default("hangup:no_answer"),
    ],
    columns: &["extension", "name", "members", "overflow"],
    filters: &["members"],
    sort: "extension",
    cards: &[
        ("General", &["name", "extension"]),
        ("Ringing", &["members", "ring_time"]),
        ("Overflow", &["overflow"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(overflows_elsewhere),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for RingGroup {
    const TABLE: &'static str = "ring_groups";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, x.number, t.ring_time, t.overflow, \
        (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM ring_groups_members m \
         WHERE m.tenant_id = t.tenant_id AND m.owner = t.id) \
        FROM ring_groups t LEFT JOIN extensions x ON x.tenant_id = t.tenant_id AND x.ring_group_id = t.id";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let members: Option<String> = row.get(6)?;
        let overflow: Destination = row
            .get_ref(5)?
            .as_str()
            .map_err(rusqlite::Error::from)?
            .parse()
            .map_err(|_| Unreadable::Field { field: "overflow", message: "it is no destination." })?;
        Ok(Self {
            id: RingGroupId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            number: row.get(3)?,
            members: members
                .iter()
                .flat_map(|ids| ids.split(','))
                .filter_map(|id| id.parse().ok().map(UserId))
                .collect(),
            ring_time: Duration::from_secs(row.get(4)?),
            overflow,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

impl Default for RingGroup {
    fn default() -> Self {
        Self {
            id: RingGroupId(0),
            tenant: TenantId(0),
            name: String::new(),
            number: None,
            members: Vec::new(),
            ring_time: Duration::from_secs(20),
            overflow: Destination::Hangup(Cause::NoAnswer),
        }
    }
}

fn overflows_elsewhere(values: &Values) -> Result<(), Problem> {
    let number = values.get("extension").map_or("", String::as_str);
    if !number.is_empty() && values.get("overflow").is_some_and(|to| *to == format!("extension:{number}")) {
        return Err(Problem::of("overflow", "A group cannot overflow to itself."));
    }
    Ok(())
}
