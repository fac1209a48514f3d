//! Contacts from and for other address books: read, shown, put right, then stored. DIR-10, DIR-11, DIR-30, DIR-31.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{
    contacts::{
        self, Imported, MOST_OWN, Whose,
        formats::{self, Format, Sheet, TARGETS, Target},
    },
    resource::Values,
    write::WriteError,
};

use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "contacts_import.html")]
struct ImportPage {
    page: Page,
    source: String,
    text: String,
    problem: String,
    preview: Option<Preview>,
    shared: Option<bool>,
    kept: usize,
    most: usize,
}

/// What a file holds, as far as it is shown.
struct Preview {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    count: usize,
}

/// A column and what it seems to be.
struct Column {
    name: String,
    head: String,
    /// Key of the target; blank is left out.
    target: &'static str,
}

/// `GET /contacts/import`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    Asked::default().answer(&app, &who, None, String::new()).await
}

/// `POST /contacts/import`: shows what is understood; with `go=1` stores it, all or nothing.
pub(crate) async fn import(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let sent = Pairs::parse(&body);
    let asked = Asked {
        source: sent.get("source").to_owned(),
        text: sent.get("text").to_owned(),
        shared: sent.get("shared") == "1",
    };
    let only = Format::of(&asked.source).filter(|format| *format == Format::Phone);
    let mut sheet = match formats::read(asked.text.as_bytes(), only) {
        Ok(sheet) => sheet,
        Err(error) => return asked.answer(&app, &who, None, error.to_string()).await,
    };
    if sent.get("go") != "1" {
        return asked.answer(&app, &who, Some(sheet), String::new()).await;
    }
    for (at, target) in sheet.mapping.iter_mut().enumerate() {
        let key = format!("map.{at}");
        if sent.has(&key) {
            *target = Target::of(sent.get(&key));
        }
    }
    let contacts = match sheet.contacts() {
        Ok(contacts) => contacts,
        Err(error) => {
            return asked.answer(&app, &who, Some(sheet), format!("{error} Nothing was imported.")).await;
        }
    };
    let (author, whose) = (who.author("portal"), asked.whose());
    match app.db(move |db| Ok::<_, Fault>(db.add_contacts(&author, whose, &contacts))).await? {
        Ok(done) => Ok(reply::see_other("/contacts", &told(done))),
        Err(WriteError::Invalid(problems)) => {
            let text = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ");
            asked.answer(&app, &who, Some(sheet), text).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /contacts/import/example.csv`. DIR-10.
pub(crate) async fn example() -> Response {
    file(formats::example(), "text/csv; charset=utf-8", "contacts-example.csv")
}

/// `GET /contacts/export?what=own|shared|user|all&format=`. DIR-31.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let format =
        Format::of(asked.get("format")).ok_or_else(|| Fault::Malformed("there is no such format".into()))?;
    let kinds: &'static [Whose] = match asked.get("what") {
        "own" => &[Whose::Own],
        "shared" => &[Whose::Shared],
        "user" => &[Whose::User],
        "" | "all" => &[Whose::Own, Whose::Shared, Whose::User],
        _ => return Err(Fault::Malformed("there are no such contacts".into())),
    };
    let author = who.author("portal");
    let text = app
        .read(move |db| {
            let mut all: Vec<Values> = Vec::new();
            for kind in kinds {
                all.extend(db.all_contacts(&author.viewer, *kind)?);
            }
            // AUD-03; what somebody keeps for themselves is nobody else's business.
            if kinds != [Whose::Own] {
                db.note_export(&author, "Contacts")?;
            }
            Ok::<_, config::query::QueryError>(formats::write(format, &all))
        })
        .await?;
    Ok(file(text, format.mime(), &format!("contacts.{}", format.extension())))
}

/// What was asked for, kept from one page to the next.
#[derive(Default)]
struct Asked {
    source: String,
    text: String,
    shared: bool,
}

impl Asked {
    fn whose(&self) -> Whose {
        if self.shared { Whose::Shared } else { Whose::Own }
    }

    async fn answer(
        self,
        app: &App,
        who: &Who,
        sheet: Option<Sheet>,
        problem: String,
    ) -> Result<Response, Fault> {
        let user = who.user;
        let kept = app.read(move |db| db.own_contact_count(user)).await?;
        let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = Page::portal(who, "/contacts", "Import contacts").below("Contacts", "/contacts");
        let mut answer = reply::html(&ImportPage {
            preview: sheet.map(Preview::of),
            shared: contacts::may_share(&who.viewer).then_some(self.shared),
            source: self.source,
            text: self.text,
            page,
            problem,
            kept,
            most: MOST_OWN,
        })?;
        *answer.status_mut() = status;
        Ok(answer)
    }
}

impl Preview {
    fn of(sheet: Sheet) -> Self {
        let count = sheet.rows.len();
        let columns = sheet.columns.into_iter().zip(sheet.mapping).enumerate();
        let column = |(at, (head, target)): (usize, (String, Option<Target>))| Column {
            name: format!("map.{at}"),
            head: if head.is_empty() { format!("Column {}", at + 1) } else { head },
            target: target.map_or("", Target::key),
        };
        Self {
            columns: columns.map(column).collect(),
            rows: sheet.rows.into_iter().take(SHOWN).map(|row| row.cells).collect(),
            count,
        }
    }
}

/// What was done, for people.
pub(super) fn told(done: Imported) -> String {
    let plural = |count: usize| if count == 1 { "contact" } else { "contacts" };
    match done.known {
        0 => format!("{} {} imported", done.added, plural(done.added)),
        known => format!("{} {} imported, {known} already there", done.added, plural(done.added)),
    }
}

fn file(text: String, mime: &'static str, name: &str) -> Response {
    let mut answer = text.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        fields.insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}

/// Rows of the preview.
const SHOWN: usize = 5;
