//! A page of a list as the template draws it.

use config::{
    Db, Field, Kind, Resource,
    query::{ListQuery, Row, Viewer},
};

use super::filters::{self, Chip, Filter};
use crate::{
    error::Fault,
    language,
    query::Pairs,
    tables::{field::SET, form, views::Saved},
};

/// What the template draws.
#[derive(Debug)]
pub(crate) struct ListView {
    pub rows: Vec<RowView>,
    pub columns: Vec<Column>,
    pub chooser: Vec<ColumnChoice>,
    pub filters: Vec<Filter>,
    pub chips: Vec<Chip>,
    pub saved: Vec<Saved>,
    pub counts: Counts,
    pub links: Links,
    pub asked: Asked,
    pub cards: bool,
    /// Head of the live column that a page adds; empty if there is none.
    pub status: &'static str,
}

/// How many rows there are.
#[derive(Debug)]
pub(crate) struct Counts {
    /// That match.
    pub total: u64,
    /// Without search and filters.
    pub of: u64,
    /// `51–100`
    pub range: String,
}

/// Other views of the same rows.
#[derive(Debug)]
pub(crate) struct Links {
    pub first: String,
    /// Whether this is not the first page.
    pub later: bool,
    pub next: Option<String>,
    pub csv: String,
}

/// What was asked, to be asked again.
#[derive(Debug)]
pub(crate) struct Asked {
    pub search: String,
    pub sort: String,
    pub descending: bool,
    /// Search, filters and sort as an address has them behind the `?`.
    pub query: String,
}

/// A row with its cells in the order of the columns.
#[derive(Debug)]
pub(crate) struct RowView {
    pub id: i64,
    pub title: String,
    pub cells: Vec<Cell>,
    /// Ready HTML of the live column.
    pub status: Option<String>,
    /// Of tables whose rows can be.
    pub suspended: bool,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Cell {
    pub label: &'static str,
    pub text: String,
    pub class: &'static str,
    /// Place of the cell when a narrow list becomes cards.
    pub fold: &'static str,
}

/// A head that sorts.
#[derive(Debug)]
pub(crate) struct Column {
    pub label: &'static str,
    /// Empty if the column cannot be sorted by.
    pub href: String,
    /// `ascending`, `descending` or empty.
    pub sorted: &'static str,
}

/// A column that can be shown.
#[derive(Debug)]
pub(crate) struct ColumnChoice {
    pub name: &'static str,
    pub label: &'static str,
    pub on: bool,
}

/// One page of a list as somebody looks at it: what they ask, in the columns and form that they left it in.
pub(crate) fn list(
    db: &Db,
    viewer: &Viewer,
    owner: i64,
    of: &'static Resource,
    asked: &Pairs,
) -> Result<ListView, Fault> {
    let wanted = super::wanted(asked);
    let found = db.list(viewer, of, &wanted)?;
    let state = Pairs::parse(&db.list_state(owner, of.name).map_err(config::query::QueryError::from)?);
    let fields = columns(of, state.get("cols"));
    let path = format!("/admin/{}", of.name);
    let before: usize = asked.get("n").parse().unwrap_or(0);
    let last = before + found.rows.len();
    let plain = asked.without(&["after", "n", "limit", "view"]);
    let next = |cursor: &String| plain.clone().with("after", cursor).with("n", &last.to_string()).link(&path);
    let (filters, chips) = filters::of(db, viewer, of, &wanted, &plain)?;
    let view = Some(asked.get("view")).filter(|view| !view.is_empty()).unwrap_or(state.get("view"));
    Ok(ListView {
        rows: found.rows.iter().map(|row| row_view(of, &fields, row)).collect(),
        columns: fields.iter().map(|field| column(of, field, &wanted, &plain, &path)).collect(),
        chooser: listable(of)
            .map(|field| ColumnChoice {
                name: field.name,
                label: field.label,
                on: fields.iter().any(|shown| shown.name == field.name),
            })
            .collect(),
        filters,
        chips,
        saved: Saved::of(db, owner, of, &plain)?,
        counts: Counts {
            total: found.total,
            of: found.of,
            range: if last == 0 { "0".to_owned() } else { format!("{}–{last}", before + 1) },
        },
        links: Links {
            first: plain.link(&path),
            later: !wanted.after.is_empty(),
            next: found.next.as_ref().map(next),
            csv: plain.link(&format!("{path}/export.csv")),
        },
        cards: view == "cards",
        asked: Asked {
            search: wanted.search,
            sort: wanted.sort,
            descending: wanted.descending,
            query: plain.text(),
        },
        status: "",
    })
}

/// The fields that a list can show.
pub(crate) fn listable(of: &'static Resource) -> impl Iterator<Item = &'static Field> {
    of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret))
}

/// The columns that somebody chose, in the order of the declaration; the declared ones if they chose none.
fn columns(of: &'static Resource, chosen: &str) -> Vec<&'static Field> {
    let declared = of.columns.iter().filter_map(|name| of.field(name));
    let chosen: Vec<&str> = chosen.split(',').filter(|name| of.field(name).is_some()).collect();
    if chosen.is_empty() {
        return declared.collect();
    }
    let others = listable(of).filter(|field| !of.columns.contains(&field.name));
    declared.chain(others).filter(|field| chosen.contains(&field.name)).collect()
}

fn column(of: &Resource, field: &Field, wanted: &ListQuery, plain: &Pairs, path: &str) -> Column {
    let sort = if wanted.sort.is_empty() { of.sort } else { &wanted.sort };
    let sorted = match (sort == field.name, wanted.descending) {
        (false, _) => "",
        (true, false) => "ascending",
        (true, true) => "descending",
    };
    let mut to = plain.without(&["sort", "desc"]).with("sort", field.name);
    if sorted == "ascending" {
        to = to.with("desc", "1");
    }
    let href = if matches!(field.kind, Kind::Many(_)) { String::new() } else { to.link(path) };
    Column { label: field.label, href, sorted }
}

fn row_view(of: &Resource, fields: &[&'static Field], row: &Row) -> RowView {
    let cells = fields.iter().enumerate().map(|(at, field)| Cell {
        label: field.label,
        text: match field.kind {
            Kind::Flag if row.values.get(field.name).is_none_or(|v| v != SET) => String::new(),
            _ => language::shown(field, row.shown.get(field.name).map_or("", String::as_str)),
        },
        class: match field.kind {
            Kind::Extension | Kind::Code | Kind::PhoneNumber | Kind::Word { .. } => "mono",
            _ if at > 0 => "muted",
            _ => "",
        },
        fold: ["lead", "end", "sub"].get(at).copied().unwrap_or_default(),
    });
    let suspended = row.values.get("suspended").is_some_and(|flag| flag == SET);
    RowView { id: row.id, title: form::title(of, row), cells: cells.collect(), status: None, suspended }
}
