//! Filters of a list: one for every column that can be read, and chips for those that are active. NAV-15.

use config::{
    Db, Field, Kind, Resource,
    query::{ListQuery, Viewer},
};

use crate::{
    error::Fault,
    language,
    query::Pairs,
    tables::field::{self, Choice},
};

/// A column to filter by.
#[derive(Debug)]
pub(crate) struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub on: bool,
    /// Shown beside the search field at once; the rest is under More.
    pub ready: bool,
    pub input: FilterInput,
}

/// How the values are chosen.
#[derive(Debug)]
pub(crate) enum FilterInput {
    /// Any of these.
    Choices(Vec<Choice>),
    /// Any rows of another table, which are asked for when the menu opens; those that are chosen.
    Others(Vec<Choice>),
    /// Numbers from and to.
    Range { min: String, max: String, unit: &'static str },
    /// Text that is part of the value.
    Contains(String),
}

/// An active filter.
#[derive(Debug)]
pub(crate) struct Chip {
    pub label: String,
    pub value: String,
    pub remove: String,
}

/// All filters of a table, and the chips of those that are active.
pub(crate) fn of(
    db: &Db,
    viewer: &Viewer,
    of: &'static Resource,
    wanted: &ListQuery,
    plain: &Pairs,
) -> Result<(Vec<Filter>, Vec<Chip>), Fault> {
    let path = &*format!("/admin/{}", of.name);
    let (mut filters, mut chips) = (Vec::new(), Vec::new());
    if !wanted.search.is_empty() {
        chips.push(Chip {
            label: "Contains".into(),
            value: wanted.search.clone(),
            remove: plain.without(&["q"]).link(path),
        });
    }
    let declared = of.filters.iter().filter_map(|name| of.field(name));
    let others = super::view::listable(of).filter(|field| !of.filters.contains(&field.name));
    for field in declared.chain(others) {
        let input = input(db, viewer, field, wanted)?;
        let mut on = false;
        for (suffix, verb) in WAYS {
            let name = format!("{}{suffix}", field.name);
            let Some(accepted) = accepted(wanted, &name) else { continue };
            on = true;
            chips.push(Chip {
                label: format!("{} {verb}", field.label),
                value: in_words(db, viewer, field, accepted)?,
                remove: plain.without(&[&format!("f.{name}")]).link(path),
            });
        }
        let ready = on || of.filters.contains(&field.name);
        filters.push(Filter { name: field.name, label: field.label, on, ready, input });
    }
    Ok((filters, chips))
}

/// The rows of a reference's filter that match a search, those chosen already first.
pub(crate) fn others(
    db: &Db,
    viewer: &Viewer,
    table: &'static str,
    search: &str,
    chosen: &[&str],
) -> Result<Vec<Choice>, Fault> {
    let mut choices = titled(db, viewer, table, chosen)?;
    if search.is_empty() && !chosen.contains(&NONE) {
        choices.push(Choice::ours(NONE, "None", false));
    }
    let (found, _) = field::others(db, table, search, viewer)?;
    let fresh = found.into_iter().filter(|choice| !chosen.contains(&choice.key.as_str()));
    choices.extend(fresh.take(MOST_OFFERED));
    Ok(choices)
}

fn input(db: &Db, viewer: &Viewer, field: &'static Field, wanted: &ListQuery) -> Result<FilterInput, Fault> {
    let active = accepted(wanted, field.name).unwrap_or_default();
    let one = |suffix: &str| {
        let accepted = accepted(wanted, &format!("{}{suffix}", field.name));
        accepted.and_then(|values| values.first()).cloned().unwrap_or_default()
    };
    let chosen = |choices: Vec<(&str, &str)>| {
        let on = |key: &str| active.iter().any(|value| value == key);
        choices.into_iter().map(|(key, label)| Choice::ours(key, label, on(key))).collect()
    };
    Ok(match field.kind {
        Kind::Choice(of) => FilterInput::Choices(chosen(of.to_vec())),
        Kind::Set(of) => FilterInput::Choices(chosen(
            of().iter().map(|(key, label)| (key.as_str(), label.as_str())).collect(),
        )),
        Kind::Flag => FilterInput::Choices(chosen(vec![("1", "Yes"), ("0", "No")])),
        Kind::Reference(table) | Kind::Many(table) => {
            let keys: Vec<&str> = active.iter().map(|key| key_of(key)).collect();
            FilterInput::Others(titled(db, viewer, table, &keys)?)
        }
        Kind::Number { unit, .. } => FilterInput::Range { min: one(".min"), max: one(".max"), unit },
        Kind::Duration { .. } => FilterInput::Range { min: one(".min"), max: one(".max"), unit: "s" },
        _ => FilterInput::Contains(one(".has")),
    })
}

/// Accepted values as a chip says them.
fn in_words(db: &Db, viewer: &Viewer, field: &'static Field, accepted: &[String]) -> Result<String, Fault> {
    let words: Vec<String> = match field.kind {
        Kind::Reference(table) | Kind::Many(table) => {
            let keys: Vec<&str> = accepted.iter().map(|key| key_of(key)).collect();
            titled(db, viewer, table, &keys)?.into_iter().map(|choice| choice.label).collect()
        }
        _ => accepted
            .iter()
            .map(|value| {
                if value.is_empty() {
                    language::say("blank")
                } else {
                    language::shown(field, &field.show(value))
                }
            })
            .collect(),
    };
    Ok(words.join(", "))
}

/// Chosen rows of another table with what they are called.
fn titled(db: &Db, viewer: &Viewer, table: &str, keys: &[&str]) -> Result<Vec<Choice>, Fault> {
    let target = config::resources::by_name(table);
    let mut choices = Vec::new();
    for key in keys.iter().take(MOST_CHOSEN) {
        let title = match (target, key.parse()) {
            (_, _) if *key == NONE => language::say("None"),
            (Some(target), Ok(id)) => field::title_of(db, target, id, viewer)?,
            _ => (*key).to_owned(),
        };
        choices.push(Choice::new(*key, title, true));
    }
    Ok(choices)
}

fn accepted<'a>(wanted: &'a ListQuery, name: &str) -> Option<&'a [String]> {
    wanted.filters.iter().find(|(n, _)| n == name).map(|(_, values)| values.as_slice())
}

fn key_of(value: &str) -> &str {
    if value.is_empty() { NONE } else { value }
}

/// What stands for a blank value in an address.
pub(crate) const NONE: &str = "none";
/// Suffix of a filter's name, and how a chip says it.
const WAYS: [(&str, &str); 5] =
    [("", "is"), (".not", "is not"), (".has", "contains"), (".min", "at least"), (".max", "at most")];
/// Chosen values that are named one by one.
const MOST_CHOSEN: usize = 20;
const MOST_OFFERED: usize = 50;
