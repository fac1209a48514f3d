//! The form of a row of one's own, below the list of such rows: what the editors of answering rules and of time frames share.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use config::{Problem, Resource, access::Viewer, resource::Values, write::WriteError};

use super::{own_calls::blocked::own_author, profile::OwnForm};
use crate::{
    auth::Who,
    error::Fault,
    query::Pairs,
    reply,
    state::App,
    tables::{field::Input, form::Card},
    view::Page,
};

#[derive(Template)]
#[template(path = "own_form.html")]
struct RowPage {
    page: Page,
    form: OwnForm,
}

/// An editor.
pub(crate) struct Editor {
    pub of: &'static Resource,
    /// Of the list; a row is below it.
    pub path: &'static str,
    /// Of the list.
    pub title: &'static str,
    pub sentence: &'static str,
    /// Titles and fields.
    pub cards: &'static [(&'static str, &'static [&'static str])],
}

/// What stands in the form.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Of the row, if it is there already.
    pub id: Option<i64>,
    pub values: Values,
    pub problems: Vec<Problem>,
}

impl Draft {
    /// A row as it is.
    pub fn of(id: i64, values: Values) -> Self {
        Self { id: Some(id), values, problems: vec![] }
    }
}

impl Editor {
    /// What a new row begins with.
    pub fn blank(&self) -> Draft {
        let fields = self.of.fields.iter();
        let values = fields.map(|field| (field.name.to_owned(), field.default.to_owned())).collect();
        Draft { id: None, values, problems: vec![] }
    }

    /// What a form brought: of a row, or of one to be made.
    pub fn sent(&self, id: Option<i64>, body: &str) -> Draft {
        let names: Vec<_> = self.cards.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        Draft { id, values: OwnForm::sent(self.of, &names, &Pairs::parse(body)), problems: vec![] }
    }

    /// Stores it: back to the list with that toast, or the draft with what is wrong with it. Whose row it is was looked at before.
    pub async fn store(
        &self,
        app: &App,
        who: &Who,
        mut draft: Draft,
        toast: &str,
    ) -> Result<Result<Response, Draft>, Fault> {
        let (author, of, id, given) = (own_author(who), self.of, draft.id, draft.values.clone());
        let stored = app.db(move |db| {
            Ok::<_, Fault>(match id {
                Some(id) => db.update(&author, of, id, &given, None).map(drop),
                None => db.create(&author, of, &given).map(drop),
            })
        });
        match stored.await? {
            Ok(()) => Ok(Ok(reply::see_other(self.path, toast))),
            Err(WriteError::Invalid(problems)) => {
                draft.problems = problems;
                Ok(Err(draft))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The fields of a draft.
    pub async fn cards(&self, app: &App, who: &Who, draft: &Draft) -> Result<Vec<Card>, Fault> {
        let (of, cards, viewer, draft) = (self.of, self.cards, Viewer::primary(who.tenant), draft.clone());
        app.db(move |db| OwnForm::cards(db, of, &viewer, (&draft.values, &draft.problems), cards)).await
    }

    /// The page of a draft with those fields; 422 if something is wrong with it.
    pub fn page(&self, who: &Who, draft: &Draft, title: &str, cards: Vec<Card>) -> Result<Response, Fault> {
        let form = OwnForm {
            id: draft.id,
            action: draft.id.map_or_else(|| self.path.to_owned(), |id| format!("{}/{id}", self.path)),
            back: self.path.to_owned(),
            title: title.to_owned(),
            sentence: self.sentence.to_owned(),
            cards,
            caller_id: None,
            asks_password: false,
            problem: String::new(),
        };
        let page = Page::portal(who, self.path, title).below(self.title, self.path);
        let mut answer = reply::html(&RowPage { page, form })?;
        if !draft.problems.is_empty() {
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Ok(answer)
    }
}
