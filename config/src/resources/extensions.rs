//! Extensions: which internal number is whose. EXT-05: unique in the tenant over all kinds, because one table holds them.

use rusqlite::Row;

use crate::{
    ExtensionId, Field, Problem, Resource, RingGroupId, TenantId, UserId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// An internal number.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Extension {
    pub id: ExtensionId,
    pub tenant: TenantId,
    pub number: String,
    pub target: Target,
}

/// Whose number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Target {
    User(UserId),
    RingGroup(RingGroupId),
}

/// The declaration.
pub static EXTENSIONS: Resource = Resource {
    name: "extensions",
    one: "Extension",
    many: "Extensions",
    icon: "hash",
    menu: "Configuration",
    about: "All internal numbers and whose they are. A user's or a group's own page edits them too.",
    fields: &[
        Field::extension("number", "Number").required().unique(),
        Field::reference("user", "User", "users").unique(),
        Field::reference("ring_group", "Ring group", "ring_groups").unique(),
        Field::choice("kind", "Type", KINDS)
            .made_by("CASE WHEN {t}.user_id IS NULL THEN 'ring_group' ELSE 'user' END"),
        Field::text("owner", "Name").made_by(
            "COALESCE((SELECT u.name FROM users u WHERE u.id = {t}.user_id), \
             (SELECT g.name FROM ring_groups g WHERE g.id = {t}.ring_group_id), '')",
        ),
        // DEV-15: the phone that rings first, by what it is and its hardware address.
        Field::text("mac", "MAC address").made_by(
            "COALESCE((SELECT CASE d.kind WHEN 'softphone' THEN 'HW-' WHEN 'mobile' THEN 'HM-' ELSE 'HP-' END || \
             CASE d.mac WHEN '' THEN d.username ELSE upper(d.mac) END FROM devices d \
             WHERE d.tenant_id = {t}.tenant_id AND d.user_id = {t}.user_id \
             ORDER BY d.ring <> 'immediate', d.ring = 'disabled', d.id LIMIT 1), '')",
        ),
    ],
    columns: &["number", "kind", "owner", "mac"],
    filters: &["kind"],
    sort: "number",
    cards: &[("General", &["number"]), ("Belongs to", &["user", "ring_group"])],
    title: "number",
    single: false,
    tenant: true,
    check: Some(has_one_owner),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for Extension {
    const TABLE: &'static str = "extensions";
    const SELECT: &'static str =
        "SELECT t.id, t.tenant_id, t.number, t.user_id, t.ring_group_id FROM extensions t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let target = match (row.get::<_, Option<i64>>(3)?, row.get::<_, Option<i64>>(4)?) {
            (Some(user), None) => Target::User(UserId(user)),
            (None, Some(group)) => Target::RingGroup(RingGroupId(group)),
            _ => return Err(Unreadable::Field { field: "user", message: ONE_OWNER }),
        };
        Ok(Self { id: ExtensionId(row.get(0)?), tenant: TenantId(row.get(1)?), number: row.get(2)?, target })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

fn has_one_owner(values: &Values) -> Result<(), Problem> {
    let owners = ["user", "ring_group"].iter().filter(|f| values.get(**f).is_some_and(|v| !v.is_empty()));
    if owners.count() == 1 { Ok(()) } else { Err(Problem::of("user", ONE_OWNER)) }
}

const ONE_OWNER: &str = "A number belongs to one user or to one ring group.";
const KINDS: &[(&str, &str)] = &[("user", "User"), ("ring_group", "Ring group")];
