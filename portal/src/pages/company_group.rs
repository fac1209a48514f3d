//! `/admin/company-group`: the companies of one's group, what is dialled before their extensions, and one's own access code.
//! A-34, MT-09…14.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{
    customers::Group, query::QueryError, resource::Values, resources::settings::SETTINGS, write::WriteError,
};

use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "company_group.html")]
struct GroupPage {
    page: Page,
    group: Option<Group>,
    code: String,
    problem: String,
    may_change: bool,
}

/// `GET /admin/company-group`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    allowed(&who)?;
    page(&app, &who, None).await
}

/// `POST /admin/company-group`: the company's own access code.
pub(crate) async fn save(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    allowed(&who)?;
    who.writable(SETTINGS.name)?;
    let code = Pairs::parse(&body).get("access_code").trim().to_owned();
    let (author, given) = (who.author("portal"), code.clone());
    let saved = app
        .db(move |db| {
            let Some(settings) =
                db.list(&author.viewer, &SETTINGS, &Default::default())?.rows.into_iter().next()
            else {
                return Err(Fault::NotFound);
            };
            let values = Values::from([("access_code".to_owned(), given)]);
            Ok(db.update(&author, &SETTINGS, settings.id, &values, None))
        })
        .await?;
    match saved {
        Ok(saved) => Ok(reply::see_other(PATH, &reply::undoable("Saved.", Some(saved.revision)))),
        Err(WriteError::Invalid(problems)) => {
            let why: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            page(&app, &who, Some((code, why.join(" ")))).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(app: &App, who: &Who, refused: Option<(String, String)>) -> Result<Response, Fault> {
    let tenant = who.viewer.tenant;
    let (group, own) =
        app.db(move |db| Ok::<_, QueryError>((db.group_of(tenant)?, db.access_code(tenant)?))).await?;
    let (code, problem) = refused.unwrap_or((own, String::new()));
    let may_change = who.may(config::access::Verb::Edit, &SETTINGS);
    let page = Page::new(app, who, PATH, "Company group").below_menu("System");
    reply::html(&GroupPage { page, group, code, problem, may_change })
}

fn allowed(who: &Who) -> Result<(), Fault> {
    if who.viewer.level >= 2 { Ok(()) } else { Err(Fault::Forbidden("Your role does not allow this")) }
}

const PATH: &str = "/admin/company-group";
