//! Who has which licence. A new user has the default one, made by the database. LIC-02, 04, 05, 11…13.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static LICENCE_ASSIGNMENTS: Resource = Resource {
    name: "licence_assignments",
    one: "Licence assignment",
    many: "Licence assignments",
    icon: "certificate",
    menu: "",
    about: "Who has which licence.",
    fields: &[
        Field::text("name", "Assignment").made_by(
            "COALESCE((SELECT l.name FROM licences l WHERE l.id = {t}.licence_id), '?') || ': ' || \
             COALESCE((SELECT u.name FROM users u WHERE u.id = {t}.user_id), '?')",
        ),
        Field::reference("licence", "Licence", "licences").required(),
        Field::reference("user", "User", "users").required().follows(),
    ],
    columns: &["user", "licence"],
    filters: &["licence", "user"],
    sort: "user",
    cards: &[("General", &["licence", "user"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[one_each, one_is_free],
    hooks: Hooks::NONE,
};

fn one_each(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let count: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM licence_assignments WHERE tenant_id = ?1 AND licence_id = ?2 AND user_id = ?3",
        )?
        .query_row((tenant, of.get("licence"), of.get("user")), |row| row.get(0))?;
    Ok((count > 1).then(|| Problem::of("user", "They have this licence already.")))
}

/// LIC-13
fn one_is_free(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let full: Option<(String, i64)> = rows
        .prepare_cached(
            "SELECT name, quantity FROM licences WHERE tenant_id = ?1 AND id = ?2 AND in_use > quantity",
        )?
        .query_row((tenant, of.get("licence")), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(full.map(|(name, quantity)| {
        let message = format!("All {quantity} {name} licences are in use. Take one back first, or buy more.");
        Problem::of("licence", message)
    }))
}
