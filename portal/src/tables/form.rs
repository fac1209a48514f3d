//! The form of any declared table: cards, defaults, errors at the field, a notice when somebody else saved meanwhile.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use config::{
    Db, Kind, Problem, Resource,
    access::Verb,
    query::{ListQuery, QueryError, Row},
    references::Use,
    resource::Values,
    write::{Saved, WriteError},
};

use super::{
    Beside,
    bulk::GIVEN,
    field::{self, Choice, FieldView, Filled, Input, SET},
    list::filters,
};
use crate::{
    auth::Who,
    error::Fault,
    language::{say, t},
    query::Pairs,
    reply,
    state::App,
    view::{self, Page},
};

/// What the template draws.
#[derive(Debug)]
pub(crate) struct Form {
    pub id: Option<i64>,
    pub action: String,
    pub back: String,
    pub title: String,
    pub sentence: String,
    pub cards: Vec<Card>,
    pub problems: Vec<ProblemView>,
    pub conflict: Option<String>,
    pub version: Option<i64>,
    pub may_write: bool,
    pub may_delete: bool,
    /// What the page that belongs to the table adds.
    pub beside: Beside,
    /// The rows that a delete would be refused for.
    pub uses: Vec<Use>,
    /// The values that the form began with, so that a change by somebody else can be told from one's own.
    pub was: Vec<(&'static str, String)>,
    /// Where what belongs to the row can move when it is deleted.
    pub move_to: Vec<Choice>,
}

/// Fields under a heading.
#[derive(Debug)]
pub(crate) struct Card {
    pub title: &'static str,
    pub fields: Vec<FieldView>,
}

/// A problem as the banner says it.
#[derive(Debug)]
pub(crate) struct ProblemView {
    pub field: String,
    pub label: String,
    pub text: String,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage {
    page: Page,
    of: &'static Resource,
    form: Form,
}

/// What the form is filled with.
#[derive(Debug, Default)]
struct Filling {
    id: Option<i64>,
    values: Values,
    shown: Values,
    version: Option<i64>,
    problems: Vec<Problem>,
    /// The values that the form began with.
    was: Values,
    conflict: Option<Conflict>,
}

/// Somebody else saved since the form was opened.
#[derive(Debug)]
struct Conflict {
    by: String,
    /// Their values, and those that both began with.
    now: Values,
    was: Values,
}

/// `GET /admin/{table}/new`; values in the query fill the form.
pub(crate) async fn blank(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    if of.single {
        return Err(Fault::NotFound);
    }
    if !who.may(Verb::Create, of) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let asked = Pairs::parse(&query.unwrap_or_default());
    let with = super::asked_with(of).into_iter().flat_map(Resource::settable);
    let defaults = of.settable().chain(with).map(|f| {
        let given = Some(asked.get(f.name)).filter(|given| !given.is_empty()).unwrap_or(f.default);
        (f.name.to_owned(), given.to_owned())
    });
    show(app, who, of, Filling { values: defaults.collect(), ..Filling::default() }, StatusCode::OK).await
}

/// `GET /admin/{table}/{id}`.
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    show(app, who, of, Filling::from(row), StatusCode::OK).await
}

/// The form of a table with one row.
pub(crate) async fn single(app: Arc<App>, who: Who, of: &'static Resource) -> Result<Response, Fault> {
    let row = only_row(&app, &who, of).await?;
    show(app, who, of, Filling::from(row), StatusCode::OK).await
}

/// The row of a table with one.
pub(crate) async fn only_row(app: &App, who: &Who, of: &'static Resource) -> Result<Row, Fault> {
    let viewer = who.viewer();
    let query = ListQuery { limit: 1, ..ListQuery::default() };
    let row = app.db(move |db| db.list(&viewer, of, &query)).await?.rows.into_iter().next();
    // A list holds its columns only.
    let (viewer, id) = (who.viewer(), row.ok_or(Fault::NotFound)?.id);
    app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)
}

/// `POST /admin/{table}`: a new row; for a table with one row, its change.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    if of.single {
        let id = only_row(&app, &who, of).await?.id;
        return save(app, who, of, Some(id), &body).await;
    }
    save(app, who, of, None, &body).await
}

/// `POST /admin/{table}/{id}`: a change.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    save(app, who, of, Some(id), &body).await
}

/// `POST /admin/{table}/{id}/delete`.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let (author, viewer) = (who.author("portal"), who.viewer());
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    let to = Pairs::parse(&body).get("move_to").parse().ok();
    let done = app.db(move |db| Ok::<_, Fault>(db.delete_moving(&author, of, id, to))).await?;
    match done {
        Ok(saved) => {
            let toast = reply::undoable(&format!("{} deleted", title(of, &row)), Some(saved.revision));
            Ok(reply::see_other(&format!("/admin/{}", of.name), &toast))
        }
        Err(WriteError::Used(by)) => {
            let text = format!("Cannot be deleted: still used by {}. Change that first.", by.join(", "));
            let filling = Filling {
                problems: vec![Problem { field: String::new(), message: text }],
                ..Filling::from(row)
            };
            show(app, who, of, filling, StatusCode::CONFLICT).await
        }
        Err(WriteError::Invalid(problems)) => {
            show(app, who, of, Filling { problems, ..Filling::from(row) }, StatusCode::UNPROCESSABLE_ENTITY)
                .await
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /admin/{table}/check/{field}`: what is wrong with one field, as the fragment below it.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, field)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let id = Pairs::parse(&query.unwrap_or_default()).get("id").parse().ok();
    let (author, values) = (who.author("portal"), read(of, &Pairs::parse(&body), id.is_some()));
    let problems = app.db(move |db| Ok::<_, Fault>(db.check(&author, of, id, &values))).await?;
    let error = problems
        .into_iter()
        .filter(|p| p.field == field)
        .map(|p| say(&p.message))
        .collect::<Vec<_>>()
        .join(" ");
    Ok(Html(ErrorPart { field: OneError { error } }.render()?).into_response())
}

/// `GET /admin/{table}/choices/{field}?q=`: options of a reference field that match; with `as=filter` the boxes of a filter,
/// with `as=bulk` the options of a bulk change.
pub(crate) async fn choices(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, field)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let (Kind::Reference(target) | Kind::Many(target)) = of.field(&field).ok_or(Fault::NotFound)?.kind else {
        return Err(Fault::NotFound);
    };
    let (viewer, asked) = (who.viewer(), Pairs::parse(&query.unwrap_or_default()));
    if asked.get("as") == "filter" {
        let name = format!("f.{field}");
        let boxes = name.clone();
        let choices = app
            .db(move |db| {
                let chosen: Vec<&str> = asked.all(&boxes).filter(|key| !key.is_empty()).collect();
                filters::others(db, &viewer, target, asked.get("search"), &chosen)
            })
            .await?;
        return Ok(Html(BoxesPart { name, choices }.render()?).into_response());
    }
    let search = asked.get("q").to_owned();
    let (mut choices, _) = app.db(move |db| field::others(db, target, &search, &viewer)).await?;
    if asked.get("as") == "bulk" {
        choices.iter_mut().for_each(|choice| choice.key = format!("{GIVEN}{}", choice.key));
    }
    Ok(Html(OptionsPart { choices }.render()?).into_response())
}

#[derive(Template)]
#[template(path = "parts/boxes.html")]
struct BoxesPart {
    name: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "field_error.html")]
struct ErrorPart {
    field: OneError,
}

struct OneError {
    error: String,
}

#[derive(Template)]
#[template(path = "options.html")]
struct OptionsPart {
    choices: Vec<Choice>,
}

async fn save(
    app: Arc<App>,
    who: Who,
    of: &'static Resource,
    id: Option<i64>,
    body: &str,
) -> Result<Response, Fault> {
    let pairs = Pairs::parse(body);
    let mut values = read(of, &pairs, id.is_some());
    let with = super::asked_with(of).filter(|_| id.is_none()).map(|with| read(with, &pairs, false));
    let version = pairs.get("version").parse().ok();
    let was: Values = pairs.beginning("was.").map(|(name, was)| (name.to_owned(), was.to_owned())).collect();
    let (author, given, further) = (who.author("portal"), values.clone(), with.clone());
    let written = app
        .db(move |db| {
            Ok::<_, Fault>(match id {
                Some(id) => db.update(&author, of, id, &given, version),
                None => match &further {
                    Some(further) => db.open_account(&author, &given, further),
                    None => db.create(&author, of, &given),
                },
            })
        })
        .await?;
    // All that was typed stays for another try.
    values.extend(with.unwrap_or_default());
    match written {
        Ok(saved) => {
            super::after_save(&app, &who, of, id.is_none(), saved.id, &values).await?;
            saved_page(&app, &who, of, saved, version).await
        }
        Err(WriteError::Invalid(problems)) => {
            let filling = Filling { id, values, version, problems, was, ..Filling::default() };
            show(app, who, of, filling, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        // What was typed stays for another try.
        Err(WriteError::Forbidden(why)) => {
            let problems = vec![Problem { field: String::new(), message: format!("{why}.") }];
            let filling = Filling { id, values, version, problems, was, ..Filling::default() };
            show(app, who, of, filling, StatusCode::FORBIDDEN).await
        }
        Err(WriteError::Conflict { by, now }) => {
            let (viewer, row) = (who.viewer(), id.ok_or(Fault::NotFound)?);
            let version = app.db(move |db| db.get(&viewer, of, row)).await?.ok_or(Fault::NotFound)?.version;
            let filling = Filling {
                id,
                values: combined(of, &values, &was, &now),
                version: Some(version),
                was: now.clone(),
                conflict: Some(Conflict { by, now, was }),
                ..Filling::default()
            };
            show(app, who, of, filling, StatusCode::CONFLICT).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Where a save leads: the row's page, with a toast that offers to take it back.
async fn saved_page(
    app: &App,
    who: &Who,
    of: &'static Resource,
    saved: Saved,
    version: Option<i64>,
) -> Result<Response, Fault> {
    let (name, viewer) = (of.name, who.viewer());
    let row = app.db(move |db| db.get(&viewer, of, saved.id)).await?;
    // Values that changed nothing made no revision: the last one is somebody else's.
    let is_change = row.as_ref().is_none_or(|row| version != Some(row.version));
    let what = row.map_or_else(|| of.one.to_owned(), |row| title(of, &row));
    let to = if of.single { format!("/admin/{name}") } else { format!("/admin/{name}/{}", saved.id) };
    let toast = format!("{what} saved. New calls follow it.");
    Ok(reply::see_other(&to, &reply::undoable(&toast, is_change.then_some(saved.revision))))
}

/// What a form holds after somebody else saved: their values where its own were not touched, otherwise its own.
fn combined(of: &Resource, mine: &Values, was: &Values, now: &Values) -> Values {
    let mut values = mine.clone();
    for field in of.settable() {
        // Some kinds are shown in other words than they are stored in.
        let own = mine.get(field.name).and_then(|text| field.normalise(text).ok());
        let untouched = was.get(field.name).is_some_and(|was| own.as_ref() == Some(was));
        if let (true, Some(theirs)) = (untouched, now.get(field.name)) {
            values.insert(field.name.to_owned(), theirs.clone());
        }
    }
    values
}

/// The values that a form of ours sends. A secret that is left empty is not a change.
fn read(of: &Resource, pairs: &Pairs, existing: bool) -> Values {
    let mut values = Values::new();
    for field in of.settable() {
        let value = match field.kind {
            Kind::Flag => if pairs.get(field.name) == SET { SET } else { "0" }.to_owned(),
            Kind::Many(_) | Kind::Set(_) => {
                pairs.all(field.name).filter(|id| !id.is_empty()).collect::<Vec<_>>().join(",")
            }
            // What a form does not contain, it does not change.
            _ if existing && !pairs.has(field.name) => continue,
            Kind::Week => field::kinds::week(pairs, field.name),
            Kind::Secret if existing && pairs.get(field.name).is_empty() => continue,
            _ => pairs.get(field.name).to_owned(),
        };
        values.insert(field.name.to_owned(), value);
    }
    values
}

async fn show(
    app: Arc<App>,
    who: Who,
    of: &'static Resource,
    filling: Filling,
    status: StatusCode,
) -> Result<Response, Fault> {
    let verb = if filling.id.is_some() { Verb::Edit } else { Verb::Create };
    let (viewer, may_write) = (who.viewer(), who.may(verb, of));
    let (filling, cards, uses, move_to) = app
        .db(move |db| {
            let cards = cards(db, of, &filling, &viewer, may_write)?;
            let uses = match filling.id.filter(|_| !of.single) {
                Some(id) => db.used_by(&viewer, of, id).map_err(QueryError::from)?,
                None => Vec::new(),
            };
            let move_to = move_to(db, of, &filling, &viewer)?;
            Ok::<_, Fault>((filling, cards, uses, move_to))
        })
        .await?;
    let name = name_of(of, &filling);
    let path = format!("/admin/{}", of.name);
    let beside = super::beside(&app, &who, of, filling.id).await?;
    let mut page = Page::new(&app, &who, &path, &name).listening(&beside.parts);
    page.crumbs.clear();
    page.title.clone_from(&name);
    if !of.single {
        page.crumbs.push(view::Crumb { label: t(of.many).to_owned(), href: path.clone() });
    }
    page.crumbs.push(view::Crumb { label: name.clone(), href: String::new() });
    let action = filling.id.filter(|_| !of.single).map_or_else(|| path.clone(), |id| format!("{path}/{id}"));
    let form = Form {
        id: filling.id,
        back: if of.single { "/admin".to_owned() } else { path },
        action,
        title: name,
        sentence: if filling.id.is_some() && !of.single { of.one.to_owned() } else { of.about.to_owned() },
        problems: filling.problems.iter().map(|p| problem_view(of, p)).collect(),
        conflict: filling.conflict.as_ref().map(|conflict| conflict.by.clone()),
        version: filling.version,
        may_write,
        may_delete: filling.id.is_some() && who.may(Verb::Delete, of),
        cards,
        beside,
        uses: super::seen(&who, uses),
        was: of
            .settable()
            .filter_map(|field| Some((field.name, filling.was.get(field.name)?.clone())))
            .collect(),
        move_to,
    };
    let mut answer = reply::html(&FormPage { page, of, form })?;
    *answer.status_mut() = status;
    Ok(answer)
}

fn cards(
    db: &Db,
    of: &'static Resource,
    filling: &Filling,
    viewer: &config::query::Viewer,
    may_write: bool,
) -> Result<Vec<Card>, Fault> {
    let filled = Filled {
        of,
        viewer,
        values: &filling.values,
        shown: &filling.shown,
        problems: &filling.problems,
        theirs: filling.conflict.as_ref().map(|conflict| (&conflict.now, &conflict.was)),
        may_write,
        id: filling.id,
    };
    let mut cards = Vec::new();
    for (title, names) in of.cards {
        let fields = names.iter().filter_map(|name| of.field(name));
        let fields = fields.map(|f| field::view(db, f, &filled)).collect::<Result<Vec<_>, _>>()?;
        cards.push(Card { title, fields });
    }
    let with = super::asked_with(of).filter(|_| filling.id.is_none());
    for (title, names) in with.map_or(&[][..], |with| with.cards) {
        let fields = names.iter().filter_map(|name| with?.field(name));
        let alone = |f| Ok::<_, Fault>(FieldView { check_on: "", ..field::view(db, f, &filled)? });
        cards.push(Card { title, fields: fields.map(alone).collect::<Result<Vec<_>, _>>()? });
    }
    Ok(cards)
}

/// The other rows of a table whose rows can be left by moving.
fn move_to(
    db: &Db,
    of: &'static Resource,
    filling: &Filling,
    viewer: &config::query::Viewer,
) -> Result<Vec<Choice>, Fault> {
    let Some(id) = filling.id.filter(|_| config::resources::can_be_left(of)) else { return Ok(Vec::new()) };
    let (mut others, _) = field::others(db, of.name, "", viewer)?;
    others.retain(|other| other.key != id.to_string());
    Ok(others)
}

fn problem_view(of: &Resource, problem: &Problem) -> ProblemView {
    let with = || super::asked_with(of).and_then(|with| with.field(&problem.field));
    let label = of.field(&problem.field).or_else(with).map_or("", |field| field.label).to_owned();
    let field = if label.is_empty() { String::new() } else { problem.field.clone() };
    ProblemView { field, label, text: problem.message.clone() }
}

fn name_of(of: &Resource, filling: &Filling) -> String {
    if of.single {
        return t(of.many).to_owned();
    }
    if filling.id.is_none() {
        return say(&format!("New {}", of.one.to_lowercase()));
    }
    let shown =
        filling.shown.get(of.title).or_else(|| filling.values.get(of.title)).filter(|t| !t.is_empty());
    shown.cloned().unwrap_or_else(|| t(of.one).to_owned())
}

/// What people call a row.
pub(crate) fn title(of: &Resource, row: &Row) -> String {
    if of.single {
        return t(of.many).to_owned();
    }
    row.shown
        .get(of.title)
        .filter(|t| !t.is_empty())
        .cloned()
        .unwrap_or_else(|| format!("{} {}", t(of.one), row.id))
}

impl From<Row> for Filling {
    fn from(row: Row) -> Self {
        Self {
            id: Some(row.id),
            was: row.values.clone(),
            values: row.values,
            shown: row.shown,
            version: Some(row.version),
            ..Self::default()
        }
    }
}
