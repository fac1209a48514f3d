//! A declared field as an input of a form: which control, which choices, what it holds, what is wrong with it.

use config::{
    Db, Field, Kind, Problem, Resource,
    query::{QueryError, Viewer},
    resource::Values,
};

use super::destination::{self, Offer};
use crate::{error::Fault, language};

pub(crate) mod kinds;

/// One field as the form template draws it.
#[derive(Debug)]
pub(crate) struct FieldView {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub required: bool,
    /// Shown but not to be changed.
    pub locked: bool,
    pub value: String,
    pub error: String,
    /// What somebody else saved meanwhile.
    pub theirs: Option<Theirs>,
    /// When the server is asked about it, in htmx' words; blank is never.
    pub check_on: &'static str,
    pub check_url: String,
    /// Only of interest when that field has that value.
    pub shown_when: Option<(&'static str, &'static str)>,
    pub hidden: bool,
    /// Where further choices are searched, if there are too many to list.
    pub search_url: String,
    pub input: Input,
}

/// What somebody else saved in a field meanwhile.
#[derive(Debug)]
pub(crate) struct Theirs {
    /// For people.
    pub shown: String,
    /// As the input holds it; none if the input cannot take it at a click.
    pub value: Option<String>,
    /// Both changed it: one of the two values is lost by the next save.
    pub both: bool,
}

/// The control.
#[derive(Debug)]
pub(crate) enum Input {
    Flag(bool),
    Many(Many),
    Select(Vec<Choice>),
    /// Where a call goes; chosen in the palette.
    Destination(Offer),
    /// Check boxes in groups.
    Set(Vec<Group>),
    Number(Number),
    Secret,
    Line(Line),
    /// Several lines, at most so many characters.
    Area(usize),
    /// Weekly hours: one line a day.
    Week(Vec<kinds::Day>),
    /// An uploaded file.
    File(kinds::Upload),
}

/// An ordered list and what can be added to it.
#[derive(Debug)]
pub(crate) struct Many {
    pub chosen: Vec<Choice>,
    pub others: Vec<Choice>,
}

/// Check boxes that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    pub title: String,
    pub choices: Vec<Choice>,
}

/// A whole number.
#[derive(Debug)]
pub(crate) struct Number {
    pub min: i64,
    pub max: i64,
    pub unit: &'static str,
}

/// A line of text.
#[derive(Debug)]
pub(crate) struct Line {
    pub kind: &'static str,
    pub mode: &'static str,
    pub max: usize,
    pub mono: bool,
}

/// One of several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub key: String,
    pub label: String,
    pub on: bool,
    /// Place in an ordered list, from 1.
    pub at: usize,
}

impl Choice {
    pub fn new(key: impl Into<String>, label: impl Into<String>, on: bool) -> Self {
        Self { key: key.into(), label: label.into(), on, at: 0 }
    }
    /// One whose label is a text of ours.
    pub fn ours(key: impl Into<String>, label: &str, on: bool) -> Self {
        Self::new(key, language::say(label), on)
    }
    /// The empty one that the page copies when something is added.
    pub fn blank() -> Self {
        Self::default()
    }
}

impl FieldView {
    /// For `label for` and links to the field.
    pub fn id(&self) -> String {
        format!("f-{}", self.name)
    }
    /// Takes the whole width of its card.
    pub fn wide(&self) -> bool {
        matches!(
            self.input,
            Input::Many(_)
                | Input::Flag(_)
                | Input::Set(_)
                | Input::Area(_)
                | Input::Week(_)
                | Input::File(_)
        )
    }
}

/// What a field's view is made from.
#[derive(Debug)]
pub(crate) struct Filled<'a> {
    pub of: &'static Resource,
    pub viewer: &'a Viewer,
    pub values: &'a Values,
    /// Titles of what the values refer to, as far as known.
    pub shown: &'a Values,
    pub problems: &'a [Problem],
    /// Present values of somebody else's edit, and the values that both began with.
    pub theirs: Option<(&'a Values, &'a Values)>,
    pub may_write: bool,
    pub id: Option<i64>,
}

/// The view of `field`.
///
/// # Errors
/// When choices cannot be read.
pub(crate) fn view(db: &Db, field: &'static Field, filled: &Filled<'_>) -> Result<FieldView, Fault> {
    let value = filled.values.get(field.name).cloned().unwrap_or_default();
    let error = filled.problems.iter().filter(|p| p.field == field.name).map(|p| language::say(&p.message));
    let theirs = theirs(db, field, &value, filled)?;
    let (input, cut) = input(db, field, &value, filled)?;
    let own = filled.id.map(|id| format!("?id={id}")).unwrap_or_default();
    let search_url =
        if cut { format!("/admin/{}/choices/{}", filled.of.name, field.name) } else { String::new() };
    Ok(FieldView {
        name: field.name,
        label: field.label,
        help: field.help,
        required: field.required,
        locked: field.read_only || !filled.may_write,
        error: error.collect::<Vec<_>>().join(" "),
        theirs,
        check_on: match (&input, field.kind) {
            // What can be taken by somebody else, or has a form of its own, is asked about while it is typed.
            (
                Input::Line(_),
                Kind::Extension
                | Kind::PhoneNumber
                | Kind::Word { .. }
                | Kind::Email
                | Kind::OutsideNumber
                | Kind::WrittenNumber
                | Kind::Mac
                | Kind::Code
                | Kind::Duration { .. }
                | Kind::Url,
            ) => "change, input changed delay:300ms",
            (Input::Line(_) | Input::Number(_) | Input::Area(_), _) => "change",
            _ => "",
        },
        check_url: format!("/admin/{}/check/{}{own}", filled.of.name, field.name),
        shown_when: field.shown_when,
        hidden: field
            .shown_when
            .is_some_and(|(other, wanted)| filled.values.get(other).is_none_or(|v| v != wanted)),
        search_url,
        value: kinds::as_typed(field, value),
        input,
    })
}

/// What somebody else saved in a field meanwhile, if it is not what the form holds or was taken over into it.
fn theirs(db: &Db, field: &'static Field, value: &str, filled: &Filled<'_>) -> Result<Option<Theirs>, Fault> {
    let Some((now, was)) = filled.theirs else { return Ok(None) };
    let (Some(now), was) = (now.get(field.name), was.get(field.name)) else { return Ok(None) };
    let they_changed = was.is_none_or(|was| was != now);
    if !they_changed {
        return Ok(None);
    }
    let shown = match field.kind {
        _ if now.is_empty() => language::say("blank"),
        Kind::Reference(table) | Kind::Many(table) => {
            let target = config::resources::by_name(table);
            let ids = now.split(',').filter_map(|id| id.parse().ok());
            let titles = ids.filter_map(|id| Some(title_of(db, target?, id, filled.viewer)));
            titles.collect::<Result<Vec<_>, _>>()?.join(", ")
        }
        _ => language::shown(field, &field.show(now)),
    };
    let at_a_click = !matches!(field.kind, Kind::Many(_) | Kind::Destination);
    let both = now != value;
    Ok(Some(Theirs { shown, value: (both && at_a_click).then(|| now.clone()), both }))
}

/// The control of a field, and whether there are more choices than it lists.
fn input(db: &Db, field: &Field, value: &str, filled: &Filled<'_>) -> Result<(Input, bool), Fault> {
    let line = |kind, mode, max, mono| Input::Line(Line { kind, mode, max, mono });
    let simple = match field.kind {
        Kind::Text { max } => line("text", "", max, false),
        Kind::Word { max } => line("text", "", max, true),
        Kind::Extension => line("text", "numeric", 6, true),
        Kind::PhoneNumber => line("text", "tel", 33, true),
        Kind::Email => line("email", "email", 254, false),
        Kind::Number { min, max, unit } => Input::Number(Number { min, max, unit }),
        Kind::Choice(of) => Input::Select(kinds::choices(of, value, field.required)),
        Kind::Set(of) => Input::Set(set(of(), value)),
        Kind::Flag => Input::Flag(value == SET),
        Kind::Secret => Input::Secret,
        Kind::Reference(table) => return Ok(reference(db, field, table, value, filled)?),
        Kind::Many(table) => return Ok(many(db, table, value, filled)?),
        Kind::Destination => Input::Destination(destination::offer(db, filled.viewer, value)?),
        _ => kinds::input(field, value, filled.of),
    };
    Ok((simple, false))
}

/// Choices whose labels begin alike, `Users: View`, stand in one group.
fn set(of: &[(String, String)], value: &str) -> Vec<Group> {
    let chosen: Vec<&str> = value.split(',').collect();
    let mut groups: Vec<Group> = Vec::new();
    for (key, label) in of {
        let (title, label) = label.split_once(": ").unwrap_or(("", label));
        let choice = Choice::ours(key, label, chosen.contains(&key.as_str()));
        match groups.last_mut().filter(|group| group.title == title) {
            Some(group) => group.choices.push(choice),
            None => groups.push(Group { title: title.to_owned(), choices: vec![choice] }),
        }
    }
    groups
}

fn reference(
    db: &Db,
    field: &Field,
    table: &str,
    value: &str,
    filled: &Filled<'_>,
) -> Result<(Input, bool), QueryError> {
    let (mut choices, cut) = others(db, table, "", filled.viewer)?;
    choices.iter_mut().for_each(|choice| choice.on = choice.key == value);
    if !value.is_empty() && !choices.iter().any(|choice| choice.on) {
        let title = filled.shown.get(field.name).map_or(value, String::as_str);
        choices.insert(0, Choice::new(value, title, true));
    }
    choices.insert(0, Choice::ours("", kinds::nothing(table), value.is_empty()));
    Ok((Input::Select(choices), cut))
}

fn many(db: &Db, table: &str, value: &str, filled: &Filled<'_>) -> Result<(Input, bool), QueryError> {
    let (offered, cut) = others(db, table, "", filled.viewer)?;
    let target = config::resources::by_name(table);
    let mut chosen = Vec::new();
    for id in value.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let known = offered.iter().find(|choice| choice.key == id).map(|choice| choice.label.clone());
        let title = match (known, target, id.parse()) {
            (Some(title), ..) => title,
            (None, Some(target), Ok(row)) => title_of(db, target, row, filled.viewer)?,
            _ => id.to_owned(),
        };
        chosen.push(Choice { key: id.to_owned(), label: title, on: true, at: chosen.len() + 1 });
    }
    let others = offered.into_iter().filter(|o| !chosen.iter().any(|c| c.key == o.key)).collect();
    Ok((Input::Many(Many { chosen, others }), cut))
}

/// What a reference to `table` can point to, and whether there is more.
pub(crate) fn others(
    db: &Db,
    table: &str,
    search: &str,
    viewer: &Viewer,
) -> Result<(Vec<Choice>, bool), QueryError> {
    let Some(target) = config::resources::by_name(table) else { return Ok((vec![], false)) };
    let rows = db.choices(viewer, target, search)?;
    let cut = rows.len() >= MOST;
    Ok((rows.into_iter().map(|(id, title)| Choice::new(id.to_string(), title, false)).collect(), cut))
}

/// What a row of another table is called.
pub(crate) fn title_of(
    db: &Db,
    of: &'static Resource,
    id: i64,
    viewer: &Viewer,
) -> Result<String, QueryError> {
    let row = db.get(viewer, of, id)?;
    Ok(row
        .and_then(|row| row.shown.get(of.title).cloned())
        .unwrap_or_else(|| format!("{} {id}", language::t(of.one))))
}

/// How a flag that is set is stored and sent.
pub(crate) const SET: &str = "1";
/// As many choices as the database lists at once.
const MOST: usize = 200;
