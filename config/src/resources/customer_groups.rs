//! Customer groups: companies of this system that call each other by access code and extension. MT-03…10.
//!
//! Groups are those of who runs the program; which one a company is in stands in its row of `tenants`, its access code in
//! its `settings`.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Field, Problem, Resource, numbering,
    resource::{Hooks, Values},
};

/// The declaration.
pub static CUSTOMER_GROUPS: Resource = Resource {
    name: "customer_groups",
    one: "Customer group",
    many: "Customer groups",
    icon: "users-group",
    menu: "System",
    about: "Customers of one group call each other by access code and extension, and never use each other's trunks.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::number("customers", "Customers", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM tenants o WHERE {t}.tenant_id = 1 AND o.customer_group = {t}.name COLLATE NOCASE",
        ),
    ],
    columns: &["name", "customers"],
    filters: &[],
    sort: "name",
    cards: &[("General", &["name"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[],
    hooks: Hooks { may_go: Some(is_empty), ..Hooks::NONE },
};

/// A company of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    tenant: i64,
    name: String,
    country: String,
    code: String,
}

/// only a group without customers is deleted.
fn is_empty(rows: &Connection, tenant: i64, id: i64) -> rusqlite::Result<Option<Problem>> {
    let customers: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM tenants o JOIN customer_groups t ON t.name = o.customer_group COLLATE NOCASE \
             WHERE ?1 = 1 AND t.tenant_id = ?1 AND t.id = ?2",
        )?
        .query_row((tenant, id), |row| row.get(0))?;
    let message = "Customers are in it. Take them out of the group first.";
    Ok((customers > 0).then(|| Problem::of("name", message)))
}

/// For `tenants`: the group is there, all of it is on one call manager, and the new member's numbers fit. MT-03, MT-10.
pub(super) fn fits_its_group(
    rows: &Connection,
    tenant: i64,
    values: &Values,
) -> rusqlite::Result<Option<Problem>> {
    let group = values.get("customer_group").map_or("", String::as_str);
    if group.is_empty() {
        return Ok(None);
    }
    let known = "SELECT 1 FROM customer_groups WHERE tenant_id = 1 AND name = ?1";
    if !rows.prepare_cached(known)?.exists([group])? {
        let message = format!("There is no customer group {group}. Add it under Customer groups first.");
        return Ok(Some(Problem::of("customer_group", message)));
    }
    let managers: i64 = rows
        .prepare_cached(
            "SELECT count(DISTINCT COALESCE(NULLIF(t.cm_id, ''), n.node_name)) FROM tenants t, node_settings n \
             WHERE t.customer_group = ?1 COLLATE NOCASE",
        )?
        .query_row([group], |row| row.get(0))?;
    if managers > 1 {
        let message = "Customers of one group are on one call manager: their CM IDs must be the same.";
        return Ok(Some(Problem::of("cm_id", message)));
    }
    let member: Option<i64> = rows
        .prepare_cached("SELECT id FROM tenants WHERE name = ?1 AND domain = ?2")?
        .query_row(
            [values.get("name").map_or("", String::as_str), values.get("domain").map_or("", String::as_str)],
            |row| row.get(0),
        )
        .ok();
    let Some(wrong) = collision(rows, member.unwrap_or(tenant))? else { return Ok(None) };
    Ok(Some(Problem::of("customer_group", wrong)))
}

/// For `settings`: the access code fits the group. MT-10.
pub(super) fn code_fits_its_group(
    rows: &Connection,
    tenant: i64,
    _: &Values,
) -> rusqlite::Result<Option<Problem>> {
    Ok(collision(rows, tenant)?.map(|wrong| Problem::of("access_code", wrong)))
}

/// For every extension: why `number` cannot be one of that company, because somebody of its group dials it for something
/// else, or it is dialled for help. MT-10, GEO-07.
pub(crate) fn number_clash(rows: &Connection, tenant: i64, number: &str) -> rusqlite::Result<Option<String>> {
    let country: String = rows
        .prepare_cached("SELECT COALESCE((SELECT country FROM settings WHERE tenant_id = ?1), '')")?
        .query_row([tenant], |row| row.get(0))?;
    if numbering::emergency(&country, number).is_some() {
        return Ok(Some(format!("{number} is dialled for help. Choose another extension.")));
    }
    let members = members_with(rows, tenant)?;
    let Some(own) = members.iter().find(|member| member.tenant == tenant) else { return Ok(None) };
    for member in &members {
        if member.code.is_empty() || member.tenant == tenant {
            continue;
        }
        if number.starts_with(&member.code) && reaches(rows, member, number)? {
            return Ok(Some(format!(
                "{number} calls {} of the company group. Try another one.",
                member.name
            )));
        }
    }
    if own.code.is_empty() {
        return Ok(None);
    }
    let dialled = [&own.code, number].concat();
    Ok(internal(rows, &members, &dialled)?.map(|whose| {
        format!(
            "Others of the company group would dial {dialled} for it, and that is {whose}. Try another one."
        )
    }))
}

/// For feature codes: which access code of another company of the group begins with those keys or the other way round, and
/// whose it is. MT-10.
pub(crate) fn access_code_like(
    rows: &Connection,
    tenant: i64,
    keys: &str,
) -> rusqlite::Result<Option<(String, String)>> {
    let members = members_with(rows, tenant)?;
    let others = members.into_iter().filter(|member| member.tenant != tenant && !member.code.is_empty());
    let is_like = |code: &str| code.starts_with(keys) || keys.starts_with(code);
    Ok(others.map(|member| (member.code, member.name)).find(|(code, _)| is_like(code)))
}

/// What is wrong with the access codes of the group that a company is in.
fn collision(rows: &Connection, tenant: i64) -> rusqlite::Result<Option<String>> {
    let members = members_with(rows, tenant)?;
    let Some(own) = members.iter().find(|member| member.tenant == tenant) else { return Ok(None) };
    for other in members.iter().filter(|other| other.tenant != tenant && !other.code.is_empty()) {
        if !own.code.is_empty() && (own.code.starts_with(&other.code) || other.code.starts_with(&own.code)) {
            return Ok(Some(format!(
                "{} has the access code {}: no code may begin like another. Try another one.",
                other.name, other.code
            )));
        }
        // Numbers of one's own that the others' codes would hide.
        if let Some(wrong) = hidden(rows, &members, other)? {
            return Ok(Some(wrong));
        }
    }
    if own.code.is_empty() { Ok(None) } else { hidden(rows, &members, own) }
}

/// What a member's code, alone or followed by one of its extensions, is already.
fn hidden(rows: &Connection, members: &[Member], member: &Member) -> rusqlite::Result<Option<String>> {
    let extensions: Vec<String> = rows
        .prepare_cached("SELECT number FROM extensions WHERE tenant_id = ?1 ORDER BY number")?
        .query_map([member.tenant], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let numbers = std::iter::once(String::new()).chain(extensions);
    for number in numbers {
        let dialled = [member.code.as_str(), &number].concat();
        if let Some(whose) = internal(rows, members, &dialled)? {
            return Ok(Some(format!(
                "With the access code {}, {dialled} would be dialled for {}, and that is {whose}. Try another code.",
                member.code, member.name
            )));
        }
    }
    Ok(None)
}

/// What a number is inside one of the companies, if it is something.
fn internal(rows: &Connection, members: &[Member], dialled: &str) -> rusqlite::Result<Option<String>> {
    for member in members {
        if numbering::emergency(&member.country, dialled).is_some() {
            return Ok(Some("dialled for help".to_owned()));
        }
        let taken = "SELECT 1 FROM extensions WHERE tenant_id = ?1 AND number = ?2";
        if rows.prepare_cached(taken)?.exists((member.tenant, dialled))? {
            return Ok(Some(format!("an extension of {}", member.name)));
        }
        let code: Option<String> = rows
            .prepare_cached(
                "SELECT code FROM feature_codes WHERE tenant_id = ?1 AND (substr(?2, 1, length(code)) = code \
                 OR substr(code, 1, length(?2)) = ?2) ORDER BY code LIMIT 1",
            )?
            .query_row((member.tenant, dialled), |row| row.get(0))
            .optional()?;
        if let Some(code) = code {
            return Ok(Some(format!("feature code {code} of {}, or how it begins", member.name)));
        }
    }
    Ok(None)
}

/// Whether a number is the code of a member, or one of its extensions behind it.
fn reaches(rows: &Connection, member: &Member, number: &str) -> rusqlite::Result<bool> {
    let rest = &number[member.code.len()..];
    let taken = "SELECT 1 FROM extensions WHERE tenant_id = ?1 AND number = ?2";
    Ok(rest.is_empty() || rows.prepare_cached(taken)?.exists((member.tenant, rest))?)
}

/// The companies of the group that this one is in; none if it is in none.
fn members_with(rows: &Connection, tenant: i64) -> rusqlite::Result<Vec<Member>> {
    rows.prepare_cached(
        "SELECT t.id, t.name, s.country, s.access_code FROM tenants o \
         JOIN tenants t ON t.customer_group = o.customer_group COLLATE NOCASE \
         JOIN settings s ON s.tenant_id = t.id WHERE o.id = ?1 AND o.customer_group <> '' ORDER BY t.id LIMIT 200",
    )?
    .query_map([tenant], |row| {
        Ok(Member { tenant: row.get(0)?, name: row.get(1)?, country: row.get(2)?, code: row.get(3)? })
    })?
    .collect()
}

#[cfg(test)]
mod tests;
