//! "Why isn't my phone ringing?", answered from what is set and what goes on right now. TRB-02, TRB-06.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use config::{
    UserId,
    access::Viewer,
    query::{ListQuery, Row},
    records::parties::{PartyKind, PartyQuery, PartyRow},
    resources::{blocked_callers::BLOCKED_CALLERS, users::USERS},
};
use serde_json::json;

use crate::{
    auth::Who,
    calls,
    error::{Answer, Fault},
    pages::own_phones::{self, OwnPhone},
    reply,
    sent::RowId,
    state::App,
    view::Page,
    zone::Clock,
};

#[derive(Template)]
#[template(path = "phone_check.html")]
struct CheckPage {
    page: Page,
    name: String,
    /// About themselves.
    own: bool,
    answer: String,
    rings: bool,
    findings: Vec<Finding>,
}

/// One thing that was looked at, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Finding {
    /// `registered`, `forward_always` …
    pub check: &'static str,
    pub good: bool,
    pub sentence: String,
    /// Where it is changed; blank if nowhere.
    #[serde(skip)]
    pub href: String,
}

/// What the checks look at.
#[derive(Debug, Default)]
struct Situation {
    suspended: bool,
    extension: String,
    forward_always: String,
    busy_trigger: u32,
    no_answer_after: u64,
    calls: u32,
    phones: Vec<OwnPhone>,
    blocks: usize,
    /// The last call that they did not answer, when, and what was decided about it.
    last: Option<(PartyRow, String, Vec<String>)>,
}

/// `GET /help/phone-check`: about themselves.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let found = look(&app, &who, who.user).await?.ok_or(Fault::NotFound)?;
    let page = Page::portal(&who, "/help/phone-check", "Why isn't my phone ringing?").below("Help", "/help");
    reply::html(&found.page(page, true))
}

/// `GET /admin/users/{id}/phone-check`: about a user whom they see.
pub(crate) async fn show_user(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let found = of_user(&app, &who, id).await?;
    let path = format!("/admin/users/{id}");
    let page = Page::new(&app, &who, &format!("{path}/phone-check"), "Why isn't the phone ringing?")
        .below("Users", "/admin/users")
        .below(&found.name.clone(), &path);
    reply::html(&found.page(page, false))
}

/// `GET /api/v1/me/phone-check`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let found = look(&app, &who, who.user).await?.ok_or(Fault::NotFound)?;
    Ok(found.json())
}

/// `GET /api/v1/users/{id}/phone-check`.
pub(crate) async fn api_user(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    Ok(of_user(&app, &who, id).await?.json())
}

/// What was found about somebody.
struct Found {
    name: String,
    findings: Vec<Finding>,
}

impl Found {
    /// The first thing that keeps the phone from ringing, or that nothing does.
    fn answer(&self) -> String {
        let bad = self.findings.iter().find(|finding| !finding.good);
        bad.map_or_else(|| RINGS.to_owned(), |finding| finding.sentence.clone())
    }
    fn rings(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }
    fn page(self, page: Page, own: bool) -> CheckPage {
        let (answer, rings) = (self.answer(), self.rings());
        CheckPage { page, name: self.name, own, answer, rings, findings: self.findings }
    }
    fn json(self) -> Response {
        Json(json!({ "rings": self.rings(), "answer": self.answer(), "checks": self.findings }))
            .into_response()
    }
}

/// About a user in their scope.
async fn of_user(app: &App, who: &Who, id: i64) -> Result<Found, Fault> {
    let of = who.table(USERS.name)?;
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    look(app, who, UserId(id)).await?.ok_or(Fault::NotFound)
}

async fn look(app: &App, who: &Who, user: UserId) -> Result<Option<Found>, Fault> {
    let viewer = Viewer::primary(who.tenant);
    let row = app.db(move |db| db.get(&viewer, &USERS, user.0)).await?;
    let Some(row) = row else { return Ok(None) };
    let own = user == who.user;
    let name = row.shown.get("name").cloned().unwrap_or_default();
    let state = situation(app, who, user, &row).await?;
    Ok(Some(Found { findings: findings(&state, &Places::of(own, user)), name }))
}

async fn situation(app: &App, who: &Who, user: UserId, row: &Row) -> Result<Situation, Fault> {
    let text = |name: &str| row.values.get(name).cloned().unwrap_or_default();
    let phones = own_phones::of_user(app, who, user.0).await?;
    let is_in = |call: &&crate::live::LiveCall| {
        let leg = |id| phones.iter().any(|phone| Some(config::DeviceId(phone.id)) == id);
        call.caller == Some(user) || call.legs.iter().any(|one| leg(one.device))
    };
    let calls = app.live.calls(who.tenant).iter().filter(is_in).count();
    let (tenant, viewer) = (who.tenant, Viewer::primary(who.tenant));
    let mine = format!("{} {}", text("extension"), row.shown.get("name").cloned().unwrap_or_default());
    let blocked = ListQuery {
        filters: vec![("user".into(), vec![user.0.to_string()])],
        limit: 1,
        ..ListQuery::default()
    };
    let (blocks, missed) = app
        .db(move |db| {
            let blocks = db.list(&viewer, &BLOCKED_CALLERS, &blocked)?.total;
            let query = PartyQuery { kind: Some(PartyKind::Missed), limit: 1, ..PartyQuery::default() };
            let last = match db.calls_of(tenant, user, &query)?.rows.into_iter().next() {
                Some(party) => db.call(tenant, &party.call)?.map(|call| (party, call.trace)),
                None => None,
            };
            Ok::<_, config::query::QueryError>((blocks, last))
        })
        .await?;
    let clock = Clock::of(app, who).await?;
    let last = missed.map(|(party, trace)| {
        let at = clock.show(party.started_at).text;
        // Only what was decided about this user: the rest of the call is other people's.
        let steps = calls::trace(&trace).into_iter().filter(|step| step.detail.contains(mine.trim()));
        let steps = steps.map(|step| format!("{}: {}", step.what, step.detail)).collect();
        (party, at, steps)
    });
    Ok(Situation {
        suspended: text("suspended") == "1" || text("licensed") == "0",
        extension: text("extension"),
        forward_always: text("forward_always"),
        busy_trigger: text("busy_trigger").parse().unwrap_or(2),
        no_answer_after: text("forward_no_answer_after").parse().unwrap_or(20),
        calls: u32::try_from(calls).unwrap_or(u32::MAX),
        phones,
        blocks: usize::try_from(blocks).unwrap_or_default(),
        last,
    })
}

/// Where things are changed, and how people are called.
struct Places {
    user: String,
    phones: String,
    blocked: &'static str,
    /// `You have`, `They have` …
    own: bool,
}

impl Places {
    fn of(own: bool, user: UserId) -> Self {
        match own {
            true => Self {
                user: "/profile".into(),
                phones: "/phones".into(),
                blocked: "/call-history/blocked",
                own,
            },
            false => Self {
                user: format!("/admin/users/{}", user.0),
                phones: "/admin/devices".into(),
                blocked: "/admin/blocked_callers",
                own,
            },
        }
    }
}

/// Each check in one sentence, what keeps the phone from ringing as it stands.
fn findings(state: &Situation, places: &Places) -> Vec<Finding> {
    let finding =
        |check, good, sentence: String, href: &str| Finding { check, good, sentence, href: href.to_owned() };
    let (they, have, their) =
        if places.own { ("You", "have", "your") } else { ("This user", "has", "their") };
    let mut all = vec![match (state.suspended, state.extension.is_empty()) {
        (true, _) => finding(
            "suspended",
            false,
            format!(
                "{they} {} suspended or without a licence, so no call arrives: only an administrator can change that.",
                if places.own { "are" } else { "is" }
            ),
            &places.user,
        ),
        (_, true) => finding(
            "extension",
            false,
            format!("{they} {have} no extension, so nobody can call: only an administrator can change that."),
            &places.user,
        ),
        _ => finding(
            "extension",
            true,
            format!("{they} {have} the extension {}.", state.extension),
            &places.user,
        ),
    }];
    all.push(match state.forward_always.as_str() {
        "" => finding(
            "forward_always",
            true,
            "Calls are not forwarded before the phone rings.".to_owned(),
            &places.user,
        ),
        to => finding(
            "forward_always",
            false,
            format!("All calls are forwarded to {to} before a phone rings."),
            &places.user,
        ),
    });
    all.extend(phones(state, places, (they, have, their)));
    let trigger = state.busy_trigger.max(1);
    all.push(match state.calls {
        0 => finding(
            "busy",
            true,
            format!("{they} {} in no call right now.", if places.own { "are" } else { "is" }),
            &places.user,
        ),
        calls if calls < trigger => finding(
            "busy",
            true,
            format!(
                "{they} {} in {calls} of {trigger} calls before being busy.",
                if places.own { "are" } else { "is" }
            ),
            &places.user,
        ),
        calls => finding(
            "busy",
            false,
            format!(
                "{they} {} in {calls} calls, and busy means {trigger}: further callers hear busy.",
                if places.own { "are" } else { "is" }
            ),
            &places.user,
        ),
    });
    let blocks = match state.blocks {
        0 => "No caller is blocked.".to_owned(),
        1 => "One caller is blocked; calls from there do not ring.".to_owned(),
        many => format!("{many} callers are blocked; calls from there do not ring."),
    };
    all.push(finding("blocked", true, blocks, places.blocked));
    all.extend(state.last.as_ref().map(|last| finding("last_call", true, last_call(last), "")));
    all
}

/// Registered, ringing, and in time.
fn phones(state: &Situation, places: &Places, (they, have, their): (&str, &str, &str)) -> Vec<Finding> {
    let finding =
        |check, good, sentence: String| Finding { check, good, sentence, href: places.phones.clone() };
    if state.phones.is_empty() {
        return vec![finding("registered", false, format!("{they} {have} no phone."))];
    }
    let registered: Vec<&OwnPhone> = state.phones.iter().filter(|phone| phone.registered()).collect();
    let names =
        |phones: &[&OwnPhone]| phones.iter().map(|phone| phone.name.as_str()).collect::<Vec<_>>().join(", ");
    if registered.is_empty() {
        let all: Vec<&OwnPhone> = state.phones.iter().collect();
        let what = format!(
            "None of {their} phones is registered ({}): look at power, network and password of the phone.",
            names(&all)
        );
        return vec![finding("registered", false, what)];
    }
    let mut found = vec![finding("registered", true, format!("Registered: {}.", names(&registered)))];
    let ringing: Vec<&OwnPhone> =
        registered.iter().filter(|phone| phone.ring != "disabled").copied().collect();
    let silent: Vec<&OwnPhone> =
        registered.iter().filter(|phone| phone.ring == "disabled").copied().collect();
    found.push(match (ringing.is_empty(), silent.is_empty()) {
        (true, _) => {
            finding("rings", false, format!("Every registered phone is set not to ring: {}.", names(&silent)))
        }
        (false, false) => finding(
            "rings",
            true,
            format!("{} rings; {} is set not to ring.", names(&ringing), names(&silent)),
        ),
        (false, true) => finding("rings", true, format!("{} can ring.", names(&ringing))),
    });
    if !ringing.is_empty() {
        let late = |phone: &&OwnPhone| delay(phone) >= state.no_answer_after;
        found.push(match (ringing.iter().all(late), ringing.iter().any(|phone| delay(phone) == 0)) {
            (true, _) => finding(
                "at_once",
                false,
                format!(
                    "The phones ring only after {} s, when the call is already given up.",
                    state.no_answer_after
                ),
            ),
            (_, false) => finding(
                "at_once",
                true,
                "No phone rings at once: callers wait until the delay is over.".to_owned(),
            ),
            _ => finding("at_once", true, "At least one phone rings at once.".to_owned()),
        });
    }
    found
}

/// Seconds before a phone rings.
fn delay(phone: &OwnPhone) -> u64 {
    let digits: String = phone.ringing.chars().filter(char::is_ascii_digit).collect();
    if phone.ring == "delay" { digits.parse().unwrap_or(0) } else { 0 }
}

fn last_call((party, at, steps): &(PartyRow, String, Vec<String>)) -> String {
    let from = if party.name.is_empty() { &party.number } else { &party.name };
    let what = match party.kind {
        PartyKind::Blocked => "was refused, because this caller is blocked",
        _ => "was not answered",
    };
    let why = if steps.is_empty() { String::new() } else { format!(": {}", steps.join("; ")) };
    format!("The last call from {from} ({at}) {what}{why}.")
}

const RINGS: &str =
    "Nothing keeps the phone from ringing: it is registered, set to ring, and calls are not forwarded.";

#[cfg(test)]
mod tests;
