//! Live updates: one stream of server-sent events a page, `GET /live?parts=calls,regs:5.6`. Events are ready HTML that
//! htmx puts in place; only what changed is sent, at most four times a second, and a beat every two seconds tells the page
//! that the stream lives.

pub(crate) mod api;

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Response, Sse, sse::Event},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    auth::{self, Who},
    error::Fault,
    language,
    pages::{call, click_to_call, contacts, dashboard, lamps, live_calls, parked, test_call},
    query::Pairs,
    state::App,
    tables::{devices, trunks},
    text, view,
};

/// A part of a page that moves by itself.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Alarms,
    Stats,
    /// So many running calls.
    Calls(usize),
    /// The status of these devices.
    Regs(Vec<i64>),
    /// The status of these trunks.
    Trunks(Vec<i64>),
    /// The last test calls of one trunk.
    TestCalls(i64),
    /// The contacts of one device.
    Contacts(i64),
    /// One running call.
    Call(String),
    /// The banner of who placed a call.
    Calling,
    /// Which phones watch what.
    Lamps,
    /// What these colleagues are doing.
    People(Vec<i64>),
    /// Who is parked.
    Parked,
}

impl Part {
    fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        Some(match name {
            "alarms" => Self::Alarms,
            "calling" => Self::Calling,
            "parked" => Self::Parked,
            "stats" => Self::Stats,
            "calls" => Self::Calls(rest.parse().unwrap_or(50)),
            "regs" => Self::Regs(rest.split('.').filter_map(|id| id.parse().ok()).take(MOST_IDS).collect()),
            "trunks" => {
                Self::Trunks(rest.split('.').filter_map(|id| id.parse().ok()).take(MOST_IDS).collect())
            }
            "test-calls" => Self::TestCalls(rest.parse().ok()?),
            "contacts" => Self::Contacts(rest.parse().ok()?),
            "lamps" => Self::Lamps,
            "call" => Self::Call(text::decode(rest)),
            "people" => {
                Self::People(rest.split('.').filter_map(|id| id.parse().ok()).take(MOST_IDS).collect())
            }
            _ => return None,
        })
    }

    /// Whether ordinary users may see it move.
    fn is_everybodys(&self) -> bool {
        matches!(self, Self::People(_) | Self::Calling | Self::Parked)
    }
}

/// `GET /live?parts=`.
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let parts: Vec<Part> = asked.get("parts").split(',').filter_map(Part::read).take(MOST_PARTS).collect();
    if who.viewer.level == 0 && !parts.iter().all(Part::is_everybodys) {
        return Err(Fault::NoAdministrator);
    }
    let slot = app.streams.clone().try_acquire_owned().map_err(|_| Fault::Busy)?;
    let (out, events) = mpsc::channel(1);
    let feed = Feed { app, who, headers, parts, sent: HashMap::new(), out };
    tokio::spawn(language::within(language::spoken(), feed.run(slot)));
    Ok(Sse::new(Events(events)).into_response())
}

/// One page's stream.
struct Feed {
    app: Arc<App>,
    who: Who,
    headers: HeaderMap,
    parts: Vec<Part>,
    /// Target → hash of what it was last given.
    sent: HashMap<String, u64>,
    out: mpsc::Sender<Event>,
}

impl Feed {
    /// Until the page goes, or its session ends, or it does not read.
    async fn run(mut self, _slot: OwnedSemaphorePermit) {
        let mut changed = self.app.live.changed();
        let mut check = Instant::now() + SESSION_CHECK;
        let mut open = true;
        loop {
            changed.mark_unchanged();
            if !self.send_changes().await || !self.send(Event::default().event("beat").data("")).await {
                return;
            }
            if Instant::now() >= check {
                check = Instant::now() + SESSION_CHECK;
                // Whoever went to a customer, or came back from there, is no longer who this page was for.
                let now = auth::who(&self.app, &self.headers).await;
                if !matches!(now, Ok(Some(now)) if now.tenant == self.who.tenant) {
                    self.send(Event::default().event("signed-out").data("")).await;
                    return;
                }
            }
            let beat = Instant::now() + BEAT;
            sleep_until(Instant::now() + PACE).await;
            tokio::select! {
                more = changed.changed(), if open => open = more.is_ok(),
                () = sleep_until(beat) => {}
                () = self.out.closed() => return,
            }
        }
    }

    /// Sends what differs from what the page has; `false` when the page is gone.
    async fn send_changes(&mut self) -> bool {
        let mut html = String::new();
        let mut ended = false;
        for part in self.parts.clone() {
            match self.render(&part).await {
                Ok(Some(targets)) => {
                    targets.into_iter().for_each(|(target, text)| self.note(&mut html, target, &text))
                }
                Ok(None) => ended = true,
                Err(fault) => tracing::debug!("portal: a live part could not be drawn: {fault}"),
            }
        }
        if !html.is_empty() && !self.send(Event::default().data(html.replace('\r', " "))).await {
            return false;
        }
        if ended {
            self.parts.retain(|part| !matches!(part, Part::Call(_)));
            return self.send(Event::default().event("ended").data("")).await;
        }
        true
    }

    fn note(&mut self, html: &mut String, target: String, text: &str) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        if self.sent.get(&target) != Some(&hash) {
            *html += &format!(
                "<hx-partial hx-target=\"#{target}\" hx-swap=\"innerMorph\">{}</hx-partial>",
                language::page(text, language::spoken())
            );
            self.sent.insert(target, hash);
        }
    }

    /// The targets of a part with their content; `None` when a running call is over.
    async fn render(&self, part: &Part) -> Result<Option<Vec<(String, String)>>, Fault> {
        let (app, who) = (&*self.app, &self.who);
        let one = |target: &str, text: String| vec![(target.to_owned(), text)];
        Ok(Some(match part {
            Part::Alarms => view::alarm_parts(app)?,
            Part::Stats => one("stats", dashboard::stats_part(dashboard::stats(app, who).await?)?),
            Part::Calls(most) => one("live-calls-part", live_calls::part(app, who, *most)?),
            Part::Regs(ids) => {
                let registered = devices::registered(app, who);
                ids.iter()
                    .map(|id| (format!("reg-{id}"), devices::state(registered.contains_key(id))))
                    .collect()
            }
            Part::Trunks(ids) => {
                let all = app.live.trunks(who.tenant);
                ids.iter().map(|id| (format!("reg-{id}"), trunks::state(&all, *id))).collect()
            }
            Part::TestCalls(id) => one(&format!("test-calls-{id}"), test_call::part(app, who, *id).await?),
            Part::Contacts(id) => {
                let contacts = devices::registered(app, who).remove(id).unwrap_or_default();
                one(&format!("contacts-{id}"), devices::contacts(&contacts)?)
            }
            Part::Lamps => one("lamps-part", lamps::part(app, who).await?),
            Part::Parked => one("parked-part", parked::part(app, who).await?),
            Part::Calling => one("calling", click_to_call::part(app, who).await?),
            Part::Call(id) => match call::parts(app, who, id).await? {
                Some((legs, trace)) => vec![("call-legs".to_owned(), legs), ("call-trace".to_owned(), trace)],
                None => return Ok(None),
            },
            Part::People(users) => contacts::live(app, who, users).await?,
        }))
    }

    async fn send(&self, event: Event) -> bool {
        matches!(timeout(PATIENCE, self.out.send(event)).await, Ok(Ok(())))
    }
}

/// The receiving end as a stream.
struct Events(mpsc::Receiver<Event>);

impl futures_core::Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// At most four events a second.
const PACE: Duration = Duration::from_millis(250);
/// The page calls the stream stale after 5 s without one.
const BEAT: Duration = Duration::from_secs(2);
/// A page that does not read for so long is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// How soon a page notices that its session ended.
const SESSION_CHECK: Duration = Duration::from_secs(10);
const MOST_PARTS: usize = 8;
const MOST_IDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_strangers_ignored() {
        assert_eq!(Part::read("regs:5.x.6"), Some(Part::Regs(vec![5, 6])));
        assert_eq!(Part::read("call:a%20b"), Some(Part::Call("a b".into())));
        assert_eq!(Part::read("calls:8"), Some(Part::Calls(8)));
        assert_eq!((Part::read("nonsense"), Part::read("contacts:x")), (None, None));
    }
}
