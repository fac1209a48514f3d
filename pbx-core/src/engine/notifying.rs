//! Watchers are told: one NOTIFY at a time for each, so many at a time for all. SIP-27.

use std::{rc::Rc, time::Duration};

use config::DeviceId;
use sip_stack::{
    Name, Request, SubscriptionId,
    stack::{Notice, NotifyOutcome, SubscriptionState},
};

use super::{Engine, outgoing::split_path};
use crate::{
    io::Now,
    limits,
    presence::{
        dialog_info::{self, Frame},
        feature_event::{MULTIPART, PARTS},
        lamp::{Dialog, digest},
        package::Package,
        pidf, summary,
        watched::Watched,
        watchers::Told,
    },
    resync::Target,
};

/// Calls of what is watched, with the number that stands for them: watchers of one thing follow each other in the queue.
type Seen = Option<(Watched, Rc<[Dialog]>, u64)>;

/// A document for one watcher.
struct Document {
    told: Told,
    content_type: &'static str,
    body: String,
}

impl Engine {
    /// Tells whose turn it is. Whether anything was done.
    pub(super) fn tell_watchers(&mut self, now: Now) -> bool {
        self.look_at_touched(now);
        let mut seen: Seen = None;
        let mut told = 0;
        while let Some(id) = self.presence.watchers.take(now.at) {
            self.tell_watcher(now, id, &mut seen);
            told += 1;
        }
        for device in std::mem::take(&mut self.presence.unasked) {
            self.tell_unasked(now, device);
        }
        told > 0
    }

    /// Whose subscription is over, or who is to be told later.
    pub(super) fn wake_watchers(&mut self, now: Now) {
        self.presence.watchers.wake(now.at);
        if self.presence.clock.is_some() {
            self.look_at_clock(now);
        }
        while let Some(user) = self.presence.publications.expire(now.at) {
            self.presence.touch(Watched::User(user));
        }
    }

    /// A NOTIFY is through.
    pub(super) fn on_notify_answered(&mut self, now: Now, id: SubscriptionId, outcome: NotifyOutcome) {
        let watchers = &mut self.presence.watchers;
        let Some(row) = watchers.get_mut(id) else { return };
        match outcome {
            NotifyOutcome::Delivered => {
                row.failures = 0;
                if row.package == Package::FeatureEvent && !row.takes_parts {
                    // Other parts may wait behind the one that it was told.
                    watchers.want(id);
                }
            }
            NotifyOutcome::Undelivered => {
                row.failures += 1;
                row.told.is_stale = true;
                if row.failures >= limits::NOTIFY_TRIES {
                    self.stack.forget_subscription(id);
                    return self.forget_watcher(id);
                }
                let wait = limits::NOTIFY_RETRY * u32::from(row.failures);
                watchers.want_at(id, now.at + wait);
            }
            NotifyOutcome::Lost => {
                tracing::debug!(device.id = %row.device, "a watcher does not know its subscription any more");
                return self.forget_watcher(id);
            }
        }
        watchers.answered(id);
    }

    fn tell_watcher(&mut self, now: Now, id: SubscriptionId, seen: &mut Seen) {
        let Some(row) = self.presence.watchers.get(id) else { return };
        let (ending, is_stale, left) = (row.ending, row.told.is_stale, row.left(now.at));
        let document = self.document(now, id, seen);
        let is_news = |document: &Document, before: &Told| is_stale || document.told.digest != before.digest;
        let document = match (document, ending) {
            (Some(document), _) if is_news(&document, &row.told) => Some(document),
            (_, Some(_)) => None,
            // Nothing new, or what it watches is gone and its end is on the way.
            (_, None) => return,
        };
        let state = ending.map_or(SubscriptionState::Active(left), SubscriptionState::Terminated);
        let body = document.as_ref().map(|document| (document.content_type, document.body.as_bytes()));
        if !self.stack.notify(now.at, id, Notice { state, body }) {
            return;
        }
        self.counters.notifies += 1;
        if ending.is_some() {
            return self.forget_watcher(id);
        }
        self.presence.watchers.sent(id);
        if let (Some(row), Some(document)) = (self.presence.watchers.get_mut(id), document) {
            row.told = document.told;
        }
    }

    fn document(&self, now: Now, id: SubscriptionId, seen: &mut Seen) -> Option<Document> {
        let row = self.presence.watchers.get(id)?;
        let tenant = self.snapshot.tenant(row.tenant)?;
        let (number, domain) = (&*row.number, tenant.domain.as_str());
        let plain = |digest, body| {
            let told = Told { digest, ..Told::default() };
            Some(Document { told, content_type: row.package.content_type(), body })
        };
        match (row.package, row.watched) {
            (Package::Dialog, watched) => {
                let (dialogs, digest) = self.seen(now, watched, seen);
                let sees = self.seen_by(row.tenant, row.device, watched);
                let is_full = row.told.is_stale;
                let frame = Frame { number, domain, version: self.stack.notifies(id), is_full };
                let body = if !is_full && digest == row.told.digest {
                    String::new()
                } else {
                    dialog_info::print(frame, &dialogs, &row.told.dialogs, sees)
                };
                let told = Told { digest, dialogs: dialog_info::ids(&dialogs), is_stale: false };
                Some(Document { told, content_type: row.package.content_type(), body })
            }
            (Package::Presence, Watched::User(user)) => {
                let doing = self.doing(now, self.snapshot.user_anywhere(user)?);
                plain(digest(&doing), pidf::print(doing, number, domain))
            }
            (Package::Summary, Watched::User(user)) => {
                let counts = self.presence.mailboxes.get(&user).copied().unwrap_or_default();
                plain(digest(&counts), summary::print(counts, number, domain))
            }
            (Package::FeatureEvent, Watched::User(user)) => self.features_document(now, id, user),
            (Package::Presence | Package::Summary | Package::FeatureEvent, _) => None,
        }
    }

    /// What of a user's features this watcher does not know: all in one body, or one part after the other.
    fn features_document(&self, now: Now, id: SubscriptionId, user: config::UserId) -> Option<Document> {
        let row = self.presence.watchers.get(id)?;
        let features = self.features(now, self.snapshot.user(row.tenant, user)?);
        let digests = features.digests();
        let is_told =
            |part: usize| (row.told.digest >> (16 * part)) as u16 == digests[part] && !row.told.is_stale;
        let mut news = (0..PARTS).filter(|part| !is_told(*part));
        let whole = |parts: &[u16]| parts.iter().rev().fold(0u64, |all, part| all << 16 | u64::from(*part));
        if row.takes_parts {
            let told = Told { digest: whole(&digests), ..Told::default() };
            let body = features.print_all(news, &row.number);
            return Some(Document { told, content_type: MULTIPART, body });
        }
        let told_before = row.told.digest;
        let Some(part) = news.next() else {
            let told = Told { digest: told_before, ..Told::default() };
            return Some(Document { told, content_type: row.package.content_type(), body: String::new() });
        };
        // Those behind it look untold as long as their digest is another than theirs is.
        let mut known: [u16; PARTS] = std::array::from_fn(|part| (told_before >> (16 * part)) as u16);
        if row.told.is_stale {
            known = digests.map(|digest| !digest);
        }
        known[part] = digests[part];
        let told = Told { digest: whole(&known), ..Told::default() };
        let body = features.print(part, &row.number);
        Some(Document { told, content_type: row.package.content_type(), body })
    }

    fn seen(&self, now: Now, watched: Watched, seen: &mut Seen) -> (Rc<[Dialog]>, u64) {
        if let Some((of, dialogs, digest)) = seen.as_ref().filter(|(of, ..)| *of == watched) {
            debug_assert!(*of == watched);
            return (dialogs.clone(), *digest);
        }
        let dialogs: Rc<[Dialog]> = self.dialogs_of(now, watched).into();
        let digest = digest(&dialogs);
        *seen = Some((watched, dialogs.clone(), digest));
        (dialogs, digest)
    }

    /// Phones that are set so are told of their messages without having subscribed. SIP-30
    fn tell_unasked(&mut self, now: Now, device: DeviceId) {
        let Some(device) = self.snapshot.device_anywhere(device).cloned() else { return };
        let Some(tenant) = self.snapshot.tenant(device.tenant).cloned() else { return };
        let Some(user) = device.user.filter(|_| device.unasked_counts) else { return };
        let counts = self.presence.mailboxes.get(&user).copied().unwrap_or_default();
        let number = self.snapshot.user(tenant.id, user).and_then(|user| user.number.clone());
        let number = number.unwrap_or_else(|| device.username.clone());
        let targets: Vec<Target> =
            self.office.bindings.borrow().of(device.id).iter().map(Target::from).collect();
        for target in targets {
            let body = summary::print(counts, &number, &tenant.domain);
            let request = Request {
                method: "NOTIFY",
                from: format!("<sip:{number}@{}>", tenant.domain),
                to: format!("<{}>", target.contact),
                uri: target.contact.to_string(),
                route: split_path(target.path.as_deref().unwrap_or_default()),
                headers: vec![
                    (Name::Contact, format!("<sip:{}>", target.flow.local)),
                    (Name::Event, Package::Summary.name().to_owned()),
                    (Name::SubscriptionState, "terminated;reason=timeout".to_owned()),
                ],
                body: Some((Package::Summary.content_type(), body.into())),
            };
            self.stack.request(now.at, target.flow, request);
        }
    }

    /// A phone is reached by another flow than before: so are its subscriptions that hung on the old one.
    pub(super) fn follow_watchers(
        &mut self,
        now: Now,
        device: DeviceId,
        gone: &[sip_stack::Flow],
        flow: sip_stack::Flow,
    ) {
        let ids: Vec<_> = self.presence.watchers.of_device(device).to_vec();
        for id in ids {
            if self.stack.subscription_flow(id).is_none_or(|old| !gone.contains(&old)) {
                continue;
            }
            self.stack.reroute_subscription(id, flow);
            self.keep_watcher(id);
            if self.presence.watchers.get(id).is_some_and(|row| row.failures > 0) {
                self.presence.watchers.want_at(id, now.at + Duration::ZERO);
            }
        }
    }
}
