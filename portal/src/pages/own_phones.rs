//! `/phones`: the phones of who is signed in, which are registered, and how each rings. DEV-11, DEV-13, RNG-01…05.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{
    DeviceId, Resource,
    access::Viewer,
    query::{ListQuery, Row},
    resource::Values,
    resources::devices::DEVICES,
    write::WriteError,
};
use serde_json::json;

use super::{own_calls::blocked::own_author, profile::OwnForm};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    live::LiveBinding,
    query::Pairs,
    reply,
    state::App,
    tables::field::Input,
    view::Page,
    zone::{Clock, Shown},
};

/// A phone of somebody's own.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct OwnPhone {
    pub id: i64,
    pub name: String,
    /// `desktop`, `softphone`, `mobile`.
    pub kind: String,
    pub mac: String,
    pub location: String,
    /// `immediate`, `disabled`, `delay`.
    pub ring: String,
    /// How it rings, in words.
    pub ringing: String,
    pub auto_answer: bool,
    pub contacts: Vec<LiveBinding>,
    /// In a call right now.
    pub in_call: bool,
}

#[derive(Template)]
#[template(path = "own_phones.html")]
struct PhonesPage {
    page: Page,
    phones: Vec<PhoneView>,
}

/// A phone with its times.
pub(crate) struct PhoneView {
    pub phone: OwnPhone,
    pub since: Option<Shown>,
    pub until: Option<Shown>,
}

#[derive(Template)]
#[template(path = "own_form.html")]
struct PhonePage {
    page: Page,
    form: OwnForm,
}

/// `GET /phones`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let phones = views(&app, &who, &Clock::of(&app, &who).await?).await?;
    reply::html(&PhonesPage { page: Page::portal(&who, "/phones", "Phones"), phones })
}

/// `GET /phones/{id}`: how one phone rings.
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let row = own(&app, &who, id).await?;
    page_of(&app, who, row, vec![], StatusCode::OK).await
}

/// `POST /phones/{id}`.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let mut row = own(&app, &who, id).await?;
    let sent = OwnForm::sent(&DEVICES, FIELDS, &Pairs::parse(&body));
    let (author, values) = (own_author(&who), sent.clone());
    let saved = app.db(move |db| Ok::<_, Fault>(db.update(&author, &DEVICES, id, &values, None))).await?;
    match saved {
        Ok(_) => Ok(reply::see_other("/phones", "Saved")),
        Err(WriteError::Invalid(problems)) => {
            row.values.extend(sent);
            page_of(&app, who, row, problems, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /api/v1/me/phones`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let items = of(&app, &who).await?;
    Ok(Json(json!({ "items": items, "total": items.len() })).into_response())
}

/// The phones of who is signed in.
pub(crate) async fn of(app: &App, who: &Who) -> Result<Vec<OwnPhone>, Fault> {
    of_user(app, who, who.user.0).await
}

/// The phones of a user of the same company, in the order they were added.
pub(crate) async fn of_user(app: &App, who: &Who, user: i64) -> Result<Vec<OwnPhone>, Fault> {
    let viewer = Viewer::primary(who.tenant);
    let query = ListQuery {
        filters: vec![("user".into(), vec![user.to_string()])],
        limit: 200,
        ..ListQuery::default()
    };
    let rows = app
        .db(move |db| {
            let listed = db.list(&viewer, &DEVICES, &query)?.rows;
            let mut rows = Vec::new();
            for row in listed {
                rows.extend(db.get(&viewer, &DEVICES, row.id)?);
            }
            rows.sort_by_key(|row| row.id);
            Ok::<_, config::query::QueryError>(rows)
        })
        .await?;
    let bindings = app.live.bindings(who.tenant);
    let calls = app.live.calls(who.tenant);
    let phones = rows.into_iter().map(|row| {
        let id = DeviceId(row.id);
        let in_call = calls.iter().flat_map(|call| &call.legs).any(|leg| leg.device == Some(id));
        let contacts = bindings.iter().filter(|binding| binding.device == id).cloned().collect();
        OwnPhone::new(&row, contacts, in_call)
    });
    Ok(phones.collect())
}

/// The phones with the times of their registrations.
pub(crate) async fn views(app: &App, who: &Who, clock: &Clock) -> Result<Vec<PhoneView>, Fault> {
    let phones = of(app, who).await?;
    let view = |phone: OwnPhone| PhoneView {
        since: phone.contacts.first().map(|contact| clock.show(contact.registered_at)),
        until: phone.contacts.first().map(|contact| clock.show(contact.expires_at)),
        phone,
    };
    Ok(phones.into_iter().map(view).collect())
}

impl OwnPhone {
    fn new(row: &Row, contacts: Vec<LiveBinding>, in_call: bool) -> Self {
        let text = |name: &str| row.values.get(name).cloned().unwrap_or_default();
        let ring = text("ring");
        Self {
            id: row.id,
            name: text("name"),
            kind: text("kind"),
            mac: text("mac"),
            location: text("location"),
            ringing: match ring.as_str() {
                "immediate" => "Rings at once".to_owned(),
                "delay" => format!("Rings after {} s", text("ring_delay")),
                _ => "Does not ring".to_owned(),
            },
            ring,
            auto_answer: text("auto_answer") == "1",
            contacts,
            in_call,
        }
    }
    /// Whether it can be called.
    pub fn registered(&self) -> bool {
        !self.contacts.is_empty()
    }
    /// Maker and model as the phone says them, blank while it is not registered. CTC-02.
    pub fn model(&self) -> String {
        self.contacts.first().map(|contact| model(&contact.user_agent)).unwrap_or_default()
    }
    /// `Yealink T54W · Desk`.
    pub fn label(&self) -> String {
        let model = self.model();
        if model.is_empty() || model == self.name {
            self.name.clone()
        } else {
            format!("{model} · {}", self.name)
        }
    }
    /// The picture of its kind.
    pub fn icon(&self) -> &'static str {
        match self.kind.as_str() {
            "softphone" => crate::assets::icon("device-laptop"),
            "mobile" => crate::assets::icon("device-mobile"),
            _ => crate::assets::icon("device-landline-phone"),
        }
    }
}

/// Maker and model of a `User-Agent`: what stands before the version, in the makers' usual forms.
fn model(agent: &str) -> String {
    let words = agent.split(['/', ' ']).take_while(|word| {
        let version = word.trim_start_matches(['v', 'V']);
        !version.starts_with(|c: char| c.is_ascii_digit()) || !version.contains('.')
    });
    let words: Vec<&str> =
        words.map(|word| word.trim_start_matches("SIP-")).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(40).collect()
}

/// A device that is theirs.
async fn own(app: &App, who: &Who, id: i64) -> Result<Row, Fault> {
    let (viewer, user) = (Viewer::primary(who.tenant), who.user.0.to_string());
    let row = app.db(move |db| db.get(&viewer, &DEVICES, id)).await?;
    row.filter(|row| row.values.get("user") == Some(&user)).ok_or(Fault::NotFound)
}

async fn page_of(
    app: &App,
    who: Who,
    row: Row,
    problems: Vec<config::Problem>,
    status: StatusCode,
) -> Result<Response, Fault> {
    let name = row.values.get("name").cloned().unwrap_or_default();
    let (viewer, id) = (Viewer::primary(who.tenant), row.id);
    let cards = [("Ringing", FIELDS)];
    let of: &'static Resource = &DEVICES;
    let values: Values = row.values;
    let cards = app.db(move |db| OwnForm::cards(db, of, &viewer, (&values, &problems), &cards)).await?;
    let form = OwnForm {
        id: Some(id),
        action: format!("/phones/{id}"),
        back: "/phones".to_owned(),
        title: name.clone(),
        sentence: "How it rings when you are called.".to_owned(),
        cards,
        caller_id: None,
        asks_password: false,
        problem: String::new(),
    };
    let page = Page::portal(&who, "/phones", &name).below("Phones", "/phones");
    let mut answer = reply::html(&PhonePage { page, form })?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// What its user may change of a phone.
const FIELDS: &[&str] = &["location", "ring", "ring_delay", "auto_answer"];

#[cfg(test)]
mod tests {
    use super::model;

    /// CTC-02
    #[test]
    fn phones_are_called_by_their_model() {
        for (agent, named) in [
            ("Yealink SIP-T54W 96.86.0.20", "Yealink T54W"),
            ("Grandstream GXP2170 1.0.11.3", "Grandstream GXP2170"),
            ("snomD785/10.1.54.13", "snomD785"),
            ("baresip v1.0.0 (x86_64/linux)", "baresip"),
            ("Linphone", "Linphone"),
            ("", ""),
        ] {
            assert_eq!(model(agent), named);
        }
    }
}
