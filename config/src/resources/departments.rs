//! Departments, and departments below them: who works together, by which lists are filtered. ORG-06…10.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    DepartmentId, Field, Problem, Resource, TenantId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A department. ORG-06, ORG-10.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Department {
    pub id: DepartmentId,
    pub tenant: TenantId,
    pub name: String,
    /// What it is part of.
    pub parent: Option<DepartmentId>,
    /// Parks a call here; blank is none.
    pub park_code: String,
}

/// The declaration.
pub static DEPARTMENTS: Resource = Resource {
    name: "departments",
    one: "Department",
    many: "Departments",
    icon: "sitemap",
    menu: "Organization",
    about: "Who works together. A department may have departments below it.",
    fields: &[
        Field::text("path", "Department").made_by(
            "COALESCE((SELECT p.name || ' / ' FROM departments p WHERE p.id = {t}.parent_id), '') || {t}.name",
        )
        .titles(),
        Field::text("name", "Name").required(),
        Field::reference("parent", "Part of", "departments").moves().help("Blank for one of its own."),
        Field::text("park_code", "Park code").max(6).help("Parks a call where the department's colleagues see it."),
        Field::number("users", "Users", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM users o WHERE o.tenant_id = {t}.tenant_id AND o.department_id = {t}.id",
        ),
    ],
    columns: &["path", "parent", "users", "park_code"],
    filters: &["parent"],
    sort: "path",
    cards: &[("General", &["name", "parent", "park_code"])],
    title: "name",
    single: false,
    tenant: true,
    check: Some(park_code_can_be_dialled),
    rules: &[two_levels_are_enough, siblings_have_names_of_their_own],
    hooks: Hooks::NONE,
};

impl Typed for Department {
    const TABLE: &'static str = "departments";
    const SELECT: &'static str =
        "SELECT t.id, t.tenant_id, t.name, t.parent_id, t.park_code FROM departments t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: DepartmentId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            parent: row.get::<_, Option<i64>>(3)?.map(DepartmentId),
            park_code: row.get(4)?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

fn park_code_can_be_dialled(values: &Values) -> Result<(), Problem> {
    let code = values.get("park_code").map_or("", String::as_str);
    if code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#')) {
        Ok(())
    } else {
        Err(Problem::of("park_code", "Digits, * and # only."))
    }
}

/// ORG-07: a department below another has none below it. A department is none below itself.
fn two_levels_are_enough(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let Some(parent) = of.get("parent").filter(|parent| !parent.is_empty()) else { return Ok(None) };
    let above: Option<i64> = rows
        .prepare_cached("SELECT parent_id FROM departments WHERE tenant_id = ?1 AND id = ?2")?
        .query_row((tenant, parent), |row| row.get(0))
        .optional()?
        .flatten();
    // The row itself is one of those with this parent: none of them may have departments below.
    let below: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM departments c JOIN departments d ON d.parent_id = c.id \
             WHERE c.tenant_id = ?1 AND d.tenant_id = ?1 AND c.parent_id = ?2)",
        )?
        .query_row((tenant, parent), |row| row.get(0))?;
    Ok(match (above, below) {
        (Some(_), _) => Some("That one is part of another. Choose one that is not."),
        (None, true) => Some("It has departments below it. Move those first."),
        (None, false) => None,
    }
    .map(|message| Problem::of("parent", message)))
}

fn siblings_have_names_of_their_own(
    rows: &Connection,
    tenant: i64,
    of: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let value = |name: &str| of.get(name).cloned().unwrap_or_default();
    let parent = value("parent").parse::<i64>().ok();
    let count: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM departments WHERE tenant_id = ?1 AND parent_id IS ?2 AND name = ?3",
        )?
        .query_row((tenant, parent, value("name")), |row| row.get(0))?;
    Ok((count > 1).then(|| Problem::of("name", format!("There is a department {} already.", value("name")))))
}
