//! Roles: what users may do, by level, scope and permissions. ROL-01…24. Decided upon in [`crate::access`].

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, RoleId, TenantId,
    access::{Reach, Rights, levels, permission_choices},
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// What users with it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Role {
    pub id: RoleId,
    pub tenant: TenantId,
    pub name: String,
    /// 0–3.
    pub level: u8,
    pub reach: Reach,
    pub rights: Rights,
}

/// The declaration.
pub static ROLES: Resource = Resource {
    name: "roles",
    one: "Role",
    many: "Roles and permissions",
    icon: "shield",
    menu: "Configuration",
    about: "What users may do. Each user has one role.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::choice("level", "Level", LEVELS)
            .required()
            .default("0")
            .help("Administrators manage users of lower levels only."),
        Field::choice("scope", "Reaches", SCOPES)
            .required()
            .default("own")
            .help("Lists, exports and changes are limited to it."),
        Field::set("permissions", "Permissions", permission_choices)
            .help("Nobody can give a permission that they lack."),
    ],
    columns: &["name", "level", "scope"],
    filters: &["level", "scope"],
    sort: "level",
    cards: &[("General", &["name", "level", "scope"]), ("Permissions", &["permissions"])],
    title: "name",
    single: false,
    tenant: true,
    check: Some(level_fits_permissions),
    rules: &[levels::one_primary_stays],
    hooks: Hooks::NONE,
};

impl Typed for Role {
    const TABLE: &'static str = "roles";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, CAST(t.level AS INTEGER), t.scope, t.permissions \
        FROM roles t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        Ok(Self {
            id: RoleId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            level: row.get(3)?,
            reach: Reach::of(text(4)?),
            rights: Rights::of(text(5)?),
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// ROL-01, ROL-06.
fn level_fits_permissions(values: &Values) -> Result<(), Problem> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let rights = Rights::of(text("permissions"));
    match text("level") {
        "0" if rights.administer() => {
            Err(Problem::of("permissions", "Level 0 has no admin panel: leave out what manages tables."))
        }
        "3" if rights != Rights::ALL => {
            Err(Problem::of("permissions", "Level 3 may do everything. Choose level 2 to restrict somebody."))
        }
        "3" if text("scope") != "all" => Err(Problem::of("scope", "Level 3 reaches the whole company.")),
        _ => Ok(()),
    }
}

const LEVELS: &[(&str, &str)] = &[
    ("0", "0 · User, no admin panel"),
    ("1", "1 · Limited administrator"),
    ("2", "2 · Company administrator"),
    ("3", "3 · Primary administrator"),
];
const SCOPES: &[(&str, &str)] = &[
    ("all", "The whole company"),
    ("site", "Their own site"),
    ("department", "Their own department"),
    ("own", "Themselves"),
];
