//! Administrators: who may sign in, and how much they may do. ROL-02…08. Passwords are in [`crate::sign_in`].

use rusqlite::Connection;

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static ADMINISTRATORS: Resource = Resource {
    name: "administrators",
    one: "Administrator",
    many: "Administrators",
    icon: "shield",
    menu: "System",
    about: "Who may sign in here.",
    fields: &[
        Field::word("login", "E-mail or name")
            .required()
            .unique_everywhere()
            .max(254)
            .help("They sign in with it."),
        Field::text("name", "Name"),
        Field::choice("level", "Level", LEVELS).required().default("2"),
        Field::flag("suspended", "Suspended").help("Cannot sign in."),
    ],
    columns: &["login", "name", "level", "suspended"],
    filters: &["level", "suspended"],
    sort: "login",
    cards: &[("General", &["login", "name"]), ("Rights", &["level", "suspended"])],
    title: "login",
    single: false,
    tenant: true,
    check: None,
    rules: &[one_primary_stays],
    hooks: Hooks::NONE,
};

/// ROL-08: the last level 3 of a tenant cannot be deleted, suspended or demoted.
fn one_primary_stays(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    if values.get("level").is_none_or(|level| level != "3") {
        return Ok(None);
    }
    let left: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM administrators WHERE tenant_id = ?1 AND level = '3' AND suspended = 0",
        )?
        .query_row([tenant], |row| row.get(0))?;
    let message = "The last primary administrator stays. Make somebody else primary first.";
    Ok((left == 0).then(|| Problem::of("level", message)))
}

const LEVELS: &[(&str, &str)] =
    &[("1", "Limited administrator"), ("2", "Company administrator"), ("3", "Primary administrator")];
