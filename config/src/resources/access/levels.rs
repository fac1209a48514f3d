//! Who manages whom: people and roles of levels below one's own, and never a permission that one lacks. USR-09, ROL-07.
//!
//! A new user is strictly below whoever makes them. Level 3 manages level 3 too, so that one primary administrator can take
//! another's place: they are made by promoting somebody (ROL-08).

use rusqlite::{Connection, OptionalExtension};

use super::{PRIMARY, Reach, Rights, Viewer, sells};
use crate::{
    Problem, Resource,
    resource::Values,
    resources::{licences::LICENCES, roles::ROLES, users::USERS},
};

/// Why this author may not turn a row from `old` into `new` (`None`: make or delete it), if so.
pub(crate) fn refusal(
    rows: &Connection,
    author: &Viewer,
    of: &Resource,
    old: Option<&Values>,
    new: Option<&Values>,
) -> rusqlite::Result<Option<&'static str>> {
    if of.name == USERS.name {
        person(rows, author, old, new)
    } else if of.name == ROLES.name {
        Ok(role(author, old, new))
    } else if of.name == LICENCES.name {
        Ok(licence(author, old, new))
    } else {
        Ok(None)
    }
}

/// ROL-08: the last level 3 of a tenant cannot be deleted, suspended or demoted. For users and for roles.
pub(crate) fn one_primary_stays(
    rows: &Connection,
    tenant: i64,
    values: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let (field, was_primary) = match values.get("level") {
        Some(level) => ("level", level == "3"),
        None => ("role", level_of(rows, tenant, values)?.0 == PRIMARY),
    };
    if !was_primary {
        return Ok(None);
    }
    let alone: bool = rows
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM users u JOIN roles r ON r.id = u.role_id \
             WHERE u.tenant_id = ?1 AND r.tenant_id = ?1 AND r.level = '3' AND u.suspended = 0) \
             AND (?2 = 'role' OR EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = ?1 AND u.role_id IS NOT NULL))",
        )?
        .query_row((tenant, field), |row| row.get(0))?;
    let message = "The last primary administrator stays. Make somebody else primary first.";
    Ok(alone.then(|| Problem::of(field, message)))
}

fn person(
    rows: &Connection,
    author: &Viewer,
    old: Option<&Values>,
    new: Option<&Values>,
) -> rusqlite::Result<Option<&'static str>> {
    let of =
        |values: Option<&Values>| values.map(|values| level_of(rows, author.tenant.0, values)).transpose();
    let (before, after) = (of(old)?, of(new)?);
    if before.is_some_and(|(level, _)| level >= author.level && author.level < PRIMARY) {
        return Ok(Some("Only somebody of a higher level changes this user"));
    }
    let Some((level, rights)) = after else { return Ok(None) };
    // The program itself makes the first of them.
    let is_program = author.user.0 == 0;
    if level >= author.level && (author.level < PRIMARY || before.is_none() && !is_program) {
        return Ok(Some(if author.level == PRIMARY {
            "Nobody makes a user of their own level. Make a company administrator, then give them the other role"
        } else {
            "Nobody gives a role of their own level or above"
        }));
    }
    let gained = rights.without(&before.map_or(Rights::NONE, |(_, rights)| rights));
    let is_chosen = new.is_some_and(|values| values.get("role").is_some_and(|role| !role.is_empty()));
    Ok((is_chosen && !author.rights.cover(&gained)).then_some(LACKS))
}

fn role(author: &Viewer, old: Option<&Values>, new: Option<&Values>) -> Option<&'static str> {
    if author.reach != Reach::All {
        return Some("Roles are made by somebody whose own role reaches the whole company");
    }
    let above = |values: &Values| author.level < PRIMARY && number(values) >= author.level;
    if old.is_some_and(above) || new.is_some_and(above) {
        return Some("Roles of your own level and above are not yours to change");
    }
    let rights = |values: Option<&Values>| {
        values.and_then(|values| values.get("permissions")).map_or(Rights::NONE, |keys| Rights::of(keys))
    };
    (!author.rights.cover(&rights(new).without(&rights(old)))).then_some(LACKS)
}

/// A company uses its licences; what kind they are and how many is up to whoever runs the program.
fn licence(author: &Viewer, old: Option<&Values>, new: Option<&Values>) -> Option<&'static str> {
    let sold = |values: Option<&Values>, name: &str| values.and_then(|values| values.get(name)).cloned();
    let changed = ["kind", "quantity"].iter().any(|name| sold(old, name) != sold(new, name));
    (changed && !sells(author))
        .then_some("What a company has bought is changed by whoever runs this system. Ask them")
}

/// Level and rights of a user's role; 0 and those of an ordinary user without one.
fn level_of(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<(u8, Rights)> {
    let role = values.get("role").and_then(|id| id.parse::<i64>().ok());
    let Some(role) = role else { return Ok((0, Rights::plain())) };
    let found = rows
        .prepare_cached(
            "SELECT CAST(level AS INTEGER), permissions FROM roles WHERE tenant_id = ?1 AND id = ?2",
        )?
        .query_row([tenant, role], |row| Ok((row.get(0)?, Rights::of(row.get_ref(1)?.as_str()?))))
        .optional()?;
    Ok(found.unwrap_or((0, Rights::NONE)))
}

fn number(role: &Values) -> u8 {
    role.get("level").and_then(|level| level.parse().ok()).unwrap_or_default()
}

const LACKS: &str = "Nobody gives a permission that they lack themselves";
