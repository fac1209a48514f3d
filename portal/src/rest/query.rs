//! What stands behind the `?` of a REST address. Names and values that are not known are refused, so that a misspelt filter
//! does not quietly show everything.

use config::{Kind, Resource, query::ListQuery};

use super::schema;
use crate::{
    error::Fault,
    query::Pairs,
    tables::list::{LONGEST_SEARCH, MOST_ROWS, PAGE},
};

/// How a write is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Writing {
    /// Checked and told, not done.
    pub dry_run: bool,
}

impl Writing {
    /// Of a query string; only `dry_run` is known.
    pub fn read(query: &Option<String>) -> Result<Self, Fault> {
        let asked = Pairs::parse(query.as_deref().unwrap_or_default());
        only(&asked, &["dry_run"])?;
        Self::of(&asked)
    }

    /// Of a delete, with the row that what points to this one shall point to then.
    pub fn of_delete(query: &Option<String>) -> Result<(Self, Option<i64>), Fault> {
        let asked = Pairs::parse(query.as_deref().unwrap_or_default());
        only(&asked, &["dry_run", "move_to"])?;
        let to = match (asked.has("move_to"), asked.get("move_to").parse()) {
            (false, _) => None,
            (true, Ok(to)) if to > 0 => Some(to),
            (true, _) => return Err(Fault::Malformed("`move_to` is a row id".into())),
        };
        Ok((Self::of(&asked)?, to))
    }

    fn of(asked: &Pairs) -> Result<Self, Fault> {
        match asked.get("dry_run") {
            "1" | "true" => Ok(Self { dry_run: true }),
            "0" | "false" => Ok(Self { dry_run: false }),
            "" if !asked.has("dry_run") => Ok(Self { dry_run: false }),
            _ => Err(Fault::Malformed("`dry_run` is 1 or 0".into())),
        }
    }
}

/// Refuses all parameters.
pub(super) fn nothing(asked: &Pairs) -> Result<(), Fault> {
    only(asked, &[])
}

/// What a list's query asks of the database.
pub(super) fn list(of: &'static Resource, asked: &Pairs) -> Result<ListQuery, Fault> {
    let mut wanted = ListQuery::default();
    for (name, value) in asked.iter() {
        match name {
            "q" if value.chars().count() <= LONGEST_SEARCH => value.clone_into(&mut wanted.search),
            "q" => return Err(Fault::Malformed(format!("`q` has at most {LONGEST_SEARCH} characters"))),
            "sort" if sortable(of).any(|known| known == value) => value.clone_into(&mut wanted.sort),
            "sort" => return Err(Fault::Malformed(format!("{} cannot be sorted by `{value}`", of.name))),
            "desc" => wanted.descending = flag(name, value)?,
            "after" => value.clone_into(&mut wanted.after),
            "limit" => match value.parse() {
                Ok(limit) if (1..=MOST_ROWS).contains(&limit) => wanted.limit = limit,
                _ => return Err(Fault::Malformed(format!("`limit` is 1 to {MOST_ROWS}"))),
            },
            "fields" => {}
            _ => {
                let Some(name) = name.strip_prefix("f.") else { return Err(unknown(name)) };
                let value = filter(of, name, value)?;
                match wanted.filters.iter_mut().find(|(known, _)| known == name) {
                    Some((_, values)) if values.len() == MOST_VALUES => {
                        return Err(Fault::Malformed(format!("`f.{name}` has at most {MOST_VALUES} values")));
                    }
                    Some((_, values)) => values.push(value),
                    None => wanted.filters.push((name.to_owned(), vec![value])),
                }
            }
        }
    }
    if wanted.limit == 0 {
        wanted.limit = PAGE;
    }
    Ok(wanted)
}

/// The fields that an answer is limited to; empty for all.
pub(super) fn fields(of: &'static Resource, asked: &Pairs) -> Result<Vec<&'static str>, Fault> {
    let mut fields = Vec::new();
    for name in asked.all("fields").flat_map(|names| names.split(',')) {
        let field = of.field(name).filter(|field| !matches!(field.kind, Kind::Secret));
        match (field, name) {
            (Some(field), _) => fields.push(field.name),
            (None, "id" | "version") => {}
            (None, _) => return Err(Fault::Malformed(format!("{} have no field `{name}`", of.many))),
        }
    }
    Ok(fields)
}

/// The fields that a list can be sorted by.
pub(super) fn sortable(of: &'static Resource) -> impl Iterator<Item = &'static str> {
    let fields = of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret | Kind::Many(_)));
    fields.map(|field| field.name)
}

/// The suffixes that a field's filter can have.
pub(super) fn ways(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Secret => &[],
        Kind::Number { .. } | Kind::Duration { .. } => &["", ".not", ".min", ".max"],
        Kind::Choice(_) | Kind::Set(_) | Kind::Flag => &["", ".not"],
        _ => &["", ".not", ".has"],
    }
}

fn filter(of: &'static Resource, name: &str, value: &str) -> Result<String, Fault> {
    let (bare, way) = name.find('.').map_or((name, ""), |at| name.split_at(at));
    let field = of.field(bare).filter(|field| ways(field.kind).contains(&way));
    let field = field.ok_or_else(|| unknown(&format!("f.{name}")))?;
    if way == ".has" {
        let fits = !value.is_empty() && value.chars().count() <= schema::LONGEST_FILTER;
        return if fits {
            Ok(value.to_owned())
        } else {
            Err(Fault::Malformed(format!("`f.{name}` is empty or too long")))
        };
    }
    schema::filter_text(field, value).map_err(Fault::Malformed)
}

fn flag(name: &str, value: &str) -> Result<bool, Fault> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Fault::Malformed(format!("`{name}` is 1 or 0"))),
    }
}

fn only(asked: &Pairs, known: &[&str]) -> Result<(), Fault> {
    match asked.names().find(|name| !known.contains(name)) {
        Some(other) => Err(unknown(other)),
        None => Ok(()),
    }
}

fn unknown(name: &str) -> Fault {
    Fault::Malformed(format!("there is no parameter `{name}` here"))
}

/// Values of one filter.
pub(super) const MOST_VALUES: usize = 50;
