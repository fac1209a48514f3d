//! The keys of a desk phone, drawn as the phone: an administrator's page for any phone, and everybody's for their own. DEV-12.
//!
//! Each key is a link, each change a form: it works with the keyboard and without script. What is saved is a row of
//! `device_buttons`, so that audit, undo, REST and text follow; the phone is told to fetch it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use config::{
    DeviceId,
    access::{Author, Verb, Viewer},
    phones::{Button, Profile, models::Model},
    resource::Values,
    resources::{
        device_buttons::{DEVICE_BUTTONS, TYPES, Wanted, wanted},
        devices::DEVICES,
    },
    write::{Step, WriteError},
};

use crate::{auth::Who, error::Fault, provisioning, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "buttons.html")]
struct ButtonsPage {
    page: Page,
    /// Where the form goes, without query.
    path: String,
    /// `Yealink T54W of Anna Berg`.
    whose: String,
    screen: Screen,
    chosen: Chosen,
    /// Other phones that keys can be taken from.
    others: Vec<(i64, String)>,
    may_edit: bool,
    problem: String,
}

/// One page of keys.
#[derive(Debug)]
struct Screen {
    name: String,
    number: String,
    left: Vec<KeyView>,
    right: Vec<KeyView>,
    /// Page, its address, whether it is shown.
    pages: Vec<(usize, String, bool)>,
}

#[derive(Debug)]
struct KeyView {
    position: usize,
    title: String,
    note: String,
    href: String,
    on: bool,
    is_set: bool,
}

/// The key whose form is open.
#[derive(Debug)]
struct Chosen {
    position: usize,
    value: String,
    label: String,
    is_set: bool,
    is_first: bool,
    is_last: bool,
    /// Key, label, chosen, note.
    types: Vec<TypeView>,
}

#[derive(Debug)]
struct TypeView {
    key: &'static str,
    label: &'static str,
    on: bool,
    /// The phone does nothing with it.
    idle: bool,
}

/// Whose phone, and who may change it by which way.
struct Editor {
    profile: Profile,
    path: String,
    author: Author,
    may_edit: bool,
    is_own: bool,
}

/// `GET /admin/devices/{id}/buttons`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let editor = for_administrator(&app, &who, id).await?;
    draw(&app, &who, editor, &Pairs::parse(&query.unwrap_or_default()), String::new()).await
}

/// `GET /phones/{id}/buttons`: of one's own phone.
pub(crate) async fn show_own(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let editor = for_owner(&app, &who, id).await?;
    draw(&app, &who, editor, &Pairs::parse(&query.unwrap_or_default()), String::new()).await
}

/// `POST /admin/devices/{id}/buttons`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let editor = for_administrator(&app, &who, id).await?;
    act(&app, &who, editor, &Pairs::parse(&body)).await
}

/// `POST /phones/{id}/buttons`.
pub(crate) async fn change_own(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let editor = for_owner(&app, &who, id).await?;
    act(&app, &who, editor, &Pairs::parse(&body)).await
}

async fn for_administrator(app: &App, who: &Who, id: i64) -> Result<Editor, Fault> {
    if !who.may_see(&DEVICES) || !who.may_see(&DEVICE_BUTTONS) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, &DEVICES, id)).await?.ok_or(Fault::NotFound)?;
    Ok(Editor {
        profile: profile(app, id).await?,
        path: format!("/admin/devices/{id}/buttons"),
        author: who.author("portal"),
        may_edit: who.may(Verb::Edit, &DEVICE_BUTTONS),
        is_own: false,
    })
}

/// Whose phone it is changes its keys, whatever their role says.
async fn for_owner(app: &App, who: &Who, id: i64) -> Result<Editor, Fault> {
    let (tenant, user) = (who.tenant, who.user);
    let owner = app.db(move |db| db.phone_owner(tenant, DeviceId(id))).await?;
    if owner != Some(user.0) {
        return Err(Fault::NotFound);
    }
    let viewer = Viewer { user, ..Viewer::primary(tenant) };
    Ok(Editor {
        profile: profile(app, id).await?,
        path: format!("/phones/{id}/buttons"),
        author: Author { viewer, ..who.author("portal") },
        may_edit: true,
        is_own: true,
    })
}

async fn profile(app: &App, id: i64) -> Result<Profile, Fault> {
    app.db(move |db| db.profile(DeviceId(id))).await?.ok_or(Fault::NotFound)
}

async fn draw(
    app: &App,
    who: &Who,
    editor: Editor,
    asked: &Pairs,
    problem: String,
) -> Result<Response, Fault> {
    let Editor { profile, path, may_edit, is_own, .. } = editor;
    let model = profile.model;
    let most = usize::from(model.keys);
    let position = asked.get("key").parse().unwrap_or(1_usize).clamp(1, most);
    let others = if may_edit && !is_own { others(app, who, &profile).await? } else { Vec::new() };
    let mut chosen = Chosen::of(&profile, position);
    if !problem.is_empty() {
        chosen.keep(asked);
    }
    let whose = format!("{} of {}", model.label, profile.line.display_name);
    let page = if is_own {
        Page::portal(who, "/phones", "Buttons").below("Phones", "/phones")
    } else {
        let device = format!("/admin/devices/{}", profile.device);
        Page::new(app, who, "/admin/devices/buttons", "Buttons")
            .below("Devices", "/admin/devices")
            .below(&profile.name, &device)
    };
    let screen = Screen::of(&profile, &path, position);
    let answer = ButtonsPage { page, path, whose, screen, chosen, others, may_edit, problem };
    reply::html(&answer)
}

async fn others(app: &App, who: &Who, profile: &Profile) -> Result<Vec<(i64, String)>, Fault> {
    let (viewer, own) = (who.viewer(), profile.device.0);
    let found = app.db(move |db| db.choices(&viewer, &DEVICES, "")).await?;
    Ok(found.into_iter().filter(|(id, _)| *id != own).take(MOST_OTHERS).collect())
}

/// Saves, clears or moves a key, or takes all keys of another phone.
async fn act(app: &App, who: &Who, editor: Editor, form: &Pairs) -> Result<Response, Fault> {
    if !editor.may_edit {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let most = usize::from(editor.profile.model.keys);
    let position = form.get("position").parse().unwrap_or(1_usize).clamp(1, most);
    let (mut stays_at, profile) = (position, &editor.profile);
    let steps = match form.get("act") {
        "clear" => clear(profile, position),
        "up" if position > 1 => {
            stays_at = position - 1;
            exchange(profile, position, position - 1)
        }
        "down" if position < most => {
            stays_at = position + 1;
            exchange(profile, position, position + 1)
        }
        "reset" => profile.buttons.iter().map(delete).collect(),
        "copy" => copy(app, who, profile, form.get("from")).await?,
        "save" => save(profile, position, form),
        _ => Vec::new(),
    };
    let author = editor.author.clone();
    let written = app.db(move |db| Ok::<_, Fault>(db.write_all(&author, &steps))).await?;
    match written {
        Ok(saved) => {
            let registered = app.live.bindings(who.tenant).iter().any(|b| b.device == editor.profile.device);
            let toast = if registered {
                "Saved. The phone fetches it now."
            } else {
                "Saved. The phone fetches it when it is there."
            };
            let toast =
                if editor.is_own { toast.to_owned() } else { reply::undoable(toast, Some(saved.revision)) };
            Ok(reply::see_other(&address(&editor.path, stays_at), &toast))
        }
        Err(WriteError::Invalid(problems)) => {
            let problem = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ");
            let asked = form.clone().with("key", &position.to_string());
            draw(app, who, editor, &asked, problem).await
        }
        Err(other) => Err(other.into()),
    }
}

fn save(profile: &Profile, position: usize, form: &Pairs) -> Vec<Step> {
    let kind = form.get("type");
    if kind.is_empty() {
        return clear(profile, position);
    }
    let value = if wanted(kind).is_some() { form.get("value") } else { "" };
    match at(profile, position) {
        Some(button) => vec![Step::Update {
            of: &DEVICE_BUTTONS,
            id: button.id,
            values: values(&[("type", kind), ("value", value), ("label", form.get("label"))]),
        }],
        None => vec![create(profile, position, (kind, value, form.get("label")))],
    }
}

fn clear(profile: &Profile, position: usize) -> Vec<Step> {
    at(profile, position).map(delete).into_iter().collect()
}

/// What stands at two keys changes places; positions stay, so that no key has two buttons meanwhile.
fn exchange(profile: &Profile, one: usize, other: usize) -> Vec<Step> {
    let step = |to: usize, from: usize| match (at(profile, to), at(profile, from)) {
        (Some(there), Some(button)) => {
            let content =
                [("type", button.kind.as_str()), ("value", &button.value), ("label", &button.label)];
            Some(Step::Update { of: &DEVICE_BUTTONS, id: there.id, values: values(&content) })
        }
        (None, Some(button)) => {
            let to = to.to_string();
            Some(Step::Update { of: &DEVICE_BUTTONS, id: button.id, values: values(&[("position", &to)]) })
        }
        _ => None,
    };
    [step(one, other), step(other, one)].into_iter().flatten().collect()
}

async fn copy(app: &App, who: &Who, profile: &Profile, from: &str) -> Result<Vec<Step>, Fault> {
    let (viewer, id) = (who.viewer(), from.parse::<i64>().map_err(|_| Fault::NotFound)?);
    let theirs = app
        .db(move |db| {
            db.get(&viewer, &DEVICES, id)?.ok_or(Fault::NotFound)?;
            Ok::<_, Fault>(db.phone_buttons(DeviceId(id))?)
        })
        .await?;
    let most = usize::from(profile.model.keys);
    let new = theirs.iter().filter(|button| button.position <= most);
    let new =
        new.map(|button| create(profile, button.position, (&button.kind, &button.value, &button.label)));
    Ok(profile.buttons.iter().map(delete).chain(new).collect())
}

fn at(profile: &Profile, position: usize) -> Option<&Button> {
    profile.buttons.iter().find(|button| button.position == position)
}

fn delete(button: &Button) -> Step {
    Step::Delete { of: &DEVICE_BUTTONS, id: button.id }
}

fn create(profile: &Profile, position: usize, (kind, value, label): (&str, &str, &str)) -> Step {
    let (device, position) = (profile.device.to_string(), position.to_string());
    let given = [
        ("device", device.as_str()),
        ("position", &position),
        ("type", kind),
        ("value", value),
        ("label", label),
    ];
    Step::Create { of: &DEVICE_BUTTONS, values: values(&given) }
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn address(path: &str, position: usize) -> String {
    format!("{path}?key={position}")
}

impl Screen {
    fn of(profile: &Profile, path: &str, chosen: usize) -> Self {
        let (most, size) = (usize::from(profile.model.keys), usize::from(profile.model.page));
        let shown = (chosen - 1) / size;
        let keys: Vec<KeyView> = (shown * size + 1..=((shown + 1) * size).min(most))
            .map(|position| KeyView::of(profile, path, position, position == chosen))
            .collect();
        let pages =
            (0..most.div_ceil(size)).map(|page| (page + 1, address(path, page * size + 1), page == shown));
        let half = keys.len().div_ceil(2);
        let mut keys = keys.into_iter();
        Self {
            name: profile.line.display_name.clone(),
            number: profile.line.number.clone(),
            left: keys.by_ref().take(half).collect(),
            right: keys.collect(),
            pages: pages.collect(),
        }
    }
}

impl KeyView {
    fn of(profile: &Profile, path: &str, position: usize, on: bool) -> Self {
        let button = at(profile, position);
        let (title, note) = match button {
            Some(button) => (title(profile, button), note(button)),
            None if position == 1 => ("Line".to_owned(), profile.line.number.clone()),
            None => ("Empty".to_owned(), "press to set".to_owned()),
        };
        Self {
            position,
            title,
            note,
            href: address(path, position),
            on,
            is_set: button.is_some() || position == 1,
        }
    }
}

impl Chosen {
    fn of(profile: &Profile, position: usize) -> Self {
        let button = at(profile, position);
        let kind = button.map_or(if position == 1 { "line" } else { "" }, |button| button.kind.as_str());
        Self {
            position,
            value: button.map(|button| button.value.clone()).unwrap_or_default(),
            label: button.map(|button| button.label.clone()).unwrap_or_default(),
            is_set: button.is_some(),
            is_first: position == 1,
            is_last: position == usize::from(profile.model.keys),
            types: types(profile.model, kind),
        }
    }

    /// What was given and refused stays in the form.
    fn keep(&mut self, form: &Pairs) {
        self.value = form.get("value").to_owned();
        self.label = form.get("label").to_owned();
        self.types.iter_mut().for_each(|one| one.on = one.key == form.get("type"));
    }
}

fn types(model: &Model, chosen: &str) -> Vec<TypeView> {
    let view = |&(key, label): &(&'static str, &'static str)| TypeView {
        key,
        label,
        on: key == chosen,
        idle: !provisioning::does(model.vendor, key),
    };
    TYPES.iter().map(view).collect()
}

fn title(profile: &Profile, button: &Button) -> String {
    let usual = match wanted(&button.kind) {
        Some(Wanted::Number | Wanted::Digits | Wanted::Url) => button.value.clone(),
        None if button.kind == "line" => profile.line.number.clone(),
        None => label_of(&button.kind).to_owned(),
    };
    Some(button.label.clone()).filter(|label| !label.is_empty()).unwrap_or(usual)
}

fn note(button: &Button) -> String {
    let kind = label_of(&button.kind);
    if button.value.is_empty() { kind.to_owned() } else { format!("{kind} {}", button.value) }
}

/// As short as a key is wide.
fn label_of(kind: &str) -> &'static str {
    match kind {
        "line" => "Line",
        "blf" => "BLF",
        "speed_dial" => "Dial",
        "park" => "Park",
        "dtmf" => "Digits",
        "voicemail" => "Voicemail",
        "dnd" => "Do not disturb",
        "forward" => "Forward",
        "pickup" => "Pickup",
        "queue" => "Queue",
        _ => "Web",
    }
}

/// Phones that keys can be copied from.
const MOST_OTHERS: usize = 200;
