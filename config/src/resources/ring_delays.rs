//! Ring delays: members of a ring group whose phones begin to ring later than those of the others. GRP-08, GRP-12.
//!
//! With one member at a time a delay has nothing to wait for, so it applies where all ring at once.

use std::time::Duration;

use rusqlite::{Connection, Row};

use crate::{
    Field, Problem, Resource, RingGroupId, TenantId, UserId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// When a member's phones begin to ring.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RingDelay {
    pub id: i64,
    pub tenant: TenantId,
    pub group: RingGroupId,
    pub user: UserId,
    /// 1–120 s after the others.
    pub delay: Duration,
}

/// The declaration.
pub static RING_DELAYS: Resource = Resource {
    name: "ring_delays",
    one: "Ring delay",
    many: "Ring delays",
    icon: "clock",
    menu: "",
    about: "Members of ring groups whose phones begin to ring later than those of the others.",
    fields: &[
        Field::text("name", "Name")
            .made_by(
                "COALESCE((SELECT u.name FROM users u WHERE u.id = {t}.user_id), '') || ', ' || {t}.delay || ' s'",
            )
            .titles(),
        Field::reference("ring_group", "Ring group", "ring_groups").required().follows(),
        Field::reference("user", "Member", "users").required().follows(),
        Field::seconds("delay", "Rings after", 1, 120)
            .required()
            .help("With Ring all; the others ring at once. Nobody who answers before is disturbed."),
    ],
    columns: &["name", "ring_group", "user", "delay"],
    filters: &["ring_group"],
    sort: "ring_group",
    cards: &[("General", &["ring_group", "user", "delay"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[one_delay_of_a_member],
    hooks: Hooks::NONE,
};

impl Typed for RingDelay {
    const TABLE: &'static str = "ring_delays";
    const SELECT: &'static str =
        "SELECT t.id, t.tenant_id, t.ring_group_id, t.user_id, t.delay FROM ring_delays t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            group: RingGroupId(row.get(2)?),
            user: UserId(row.get(3)?),
            delay: Duration::from_secs(row.get(4)?),
        })
    }
    fn id(&self) -> i64 {
        self.id
    }
}

/// A member begins to ring once.
fn one_delay_of_a_member(
    rows: &Connection,
    tenant: i64,
    given: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let id = |name: &str| given.get(name).map_or("", String::as_str);
    let delays: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM ring_delays WHERE tenant_id = ?1 AND ring_group_id = CAST(?2 AS INTEGER) \
             AND user_id = CAST(?3 AS INTEGER)",
        )?
        .query_row((tenant, id("ring_group"), id("user")), |row| row.get(0))?;
    Ok((delays > 1)
        .then(|| Problem::of("user", "This member has a delay in this group already. Change that one.")))
}
