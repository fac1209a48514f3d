//! The live stream for programs, `GET /api/v1/live/events`: calls, phones and revisions as JSON, each when it changed. OPS-15.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Sse, sse::Event},
};
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep_until, timeout},
};

use super::{BEAT, Events, PACE, PATIENCE, SESSION_CHECK};
use crate::{
    auth::{self, Who, api_key},
    error::{Answer, Fault},
    live::LiveCall,
    state::App,
};

/// `GET /api/v1/live/events`.
pub(crate) async fn stream(State(app): State<Arc<App>>, who: Who, headers: HeaderMap) -> Answer {
    let slot = app.streams.clone().try_acquire_owned().map_err(|_| Fault::Busy)?;
    let (out, events) = mpsc::channel(1);
    tokio::spawn(Feed { app, who, headers, known: Known::default(), out }.run(slot));
    Ok(Sse::new(Events(events)).into_response())
}

/// One program's stream.
struct Feed {
    app: Arc<App>,
    who: Who,
    headers: HeaderMap,
    known: Known,
    out: mpsc::Sender<Event>,
}

/// What the program was told last.
#[derive(Debug, Default)]
struct Known {
    calls: BTreeMap<String, LiveCall>,
    /// Contacts a device.
    devices: BTreeMap<i64, usize>,
    revision: i64,
}

/// Name of an event and its JSON.
type Told = (&'static str, serde_json::Value);

impl Feed {
    /// Until the program goes or does not read, or its key ends.
    async fn run(mut self, _slot: OwnedSemaphorePermit) {
        let mut changed = self.app.live.changed();
        let mut check = Instant::now() + SESSION_CHECK;
        let mut open = true;
        loop {
            changed.mark_unchanged();
            for (name, told) in self.news() {
                if !self.send(Event::default().event(name).data(told.to_string())).await {
                    return;
                }
            }
            if !self.send(Event::default().event("beat").data("{}")).await {
                return;
            }
            if Instant::now() >= check {
                check = Instant::now() + SESSION_CHECK;
                if !self.still_welcome().await {
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

    fn news(&mut self) -> Vec<Told> {
        let live = &self.app.live;
        let calls = live.calls(self.who.tenant).into_iter().map(|call| (call.id.clone(), call)).collect();
        let mut devices = BTreeMap::new();
        for binding in live.bindings(self.who.tenant) {
            *devices.entry(binding.device.0).or_default() += 1;
        }
        self.known.learn(Known { calls, devices, revision: live.revision() })
    }

    async fn still_welcome(&self) -> bool {
        let program =
            matches!(api_key::who(&self.app, &self.headers).await, Ok(Some(_)) | Err(Fault::TooMany(_)));
        program || matches!(auth::who(&self.app, &self.headers).await, Ok(Some(_)))
    }

    async fn send(&self, event: Event) -> bool {
        matches!(timeout(PATIENCE, self.out.send(event)).await, Ok(Ok(())))
    }
}

impl Known {
    /// What is new; from then on it is known.
    fn learn(&mut self, now: Self) -> Vec<Told> {
        let mut told = Vec::new();
        if now.revision != self.revision {
            told.push(("configuration", json!({ "revision": now.revision })));
        }
        for (id, contacts) in &now.devices {
            if self.devices.get(id) != Some(contacts) {
                told.push(("device", json!({ "id": id, "registered": true, "contacts": contacts })));
            }
        }
        for id in self.devices.keys().filter(|id| !now.devices.contains_key(id)) {
            told.push(("device", json!({ "id": id, "registered": false, "contacts": 0 })));
        }
        for (id, call) in &now.calls {
            if self.calls.get(id) != Some(call) {
                told.push(("call", json!(call)));
            }
        }
        for id in self.calls.keys().filter(|id| !now.calls.contains_key(*id)) {
            told.push(("call_ended", json!({ "id": id })));
        }
        *self = now;
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-15
    #[test]
    fn only_what_changed_is_told() {
        let mut known = Known::default();
        let state = |revision, devices: &[(i64, usize)]| Known {
            revision,
            devices: devices.iter().copied().collect(),
            ..Known::default()
        };
        let names = |told: Vec<Told>| told.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(known.learn(state(1, &[(5, 1)]))), ["configuration", "device"]);
        assert!(known.learn(state(1, &[(5, 1)])).is_empty());
        assert_eq!(
            known.learn(state(1, &[])),
            [("device", json!({ "id": 5, "registered": false, "contacts": 0 }))]
        );
        assert_eq!(names(known.learn(state(2, &[]))), ["configuration"]);
    }
}
