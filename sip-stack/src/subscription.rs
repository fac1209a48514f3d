//! The notifier's side of subscriptions: dialogs that peers made by SUBSCRIBE or REFER, and the NOTIFYs in them. RFC 6665.
//!
//! ```text
//!   SUBSCRIBE ──► accept ──► idle ──notify──► outstanding ──2xx──► idle
//!                             ▲  └─last notify──► gone   └─481, time-out──► gone
//!                             └──── 5xx, broken connection (told, may be tried again)
//! ```
//!
//! Small on purpose: there are thousands. What is watched, until when, and what to say is the application's; here is only
//! how to say it, one NOTIFY at a time.

use std::{collections::hash_map::Entry, sync::Arc, time::Instant};

use crate::{
    Flow, Message, Name,
    dialog::{Dialog, Local, push_contact},
    event::{KeptDialog, NotifyOutcome, SubscriptionId, SubscriptionState, Termination},
    map::{IdMap, shrink},
    message::Method,
    print::number::{push_hex, push_number, text},
    transaction::{
        layer::{ClientId, Layer, Owner, What},
        send::Draft,
    },
};

/// One subscription of a peer.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) dialog: Dialog,
    /// `Event` of its NOTIFYs: package and id.
    event: Box<str>,
    /// The NOTIFY that waits for its answer.
    outstanding: Option<ClientId>,
}

/// All subscriptions of peers to us.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    // In boxes, so that a growing map moves pointers.
    rows: IdMap<SubscriptionId, Box<Subscription>>,
    last: u64,
}

impl Subscription {
    /// Of an accepted SUBSCRIBE or REFER; `tag` is ours.
    pub(crate) fn of_request(layer: &Layer, (flow, request): (Flow, &Message), tag: &str) -> Self {
        let to = request.header(Name::To).unwrap_or_default();
        let contact = |out: &mut Vec<u8>| push_contact(out, &layer.settings, flow, tag.as_bytes());
        let local = Local::new(request.call_id(), to, tag.as_bytes(), contact);
        let event = match request.method() {
            // Its dialog has no other subscription that an id would tell it from (RFC 3515 §2.4.6).
            Method::Refer => "refer".into(),
            _ => request.header(Name::Event).map(event_of).unwrap_or_default(),
        };
        Self { dialog: Dialog::of_request(Arc::new(local), request, flow), event, outstanding: None }
    }
    /// One that was kept over a restart.
    pub(crate) fn of_kept(kept: &KeptDialog, event: &str) -> Self {
        Self { dialog: Dialog::of_kept(kept, RESTART_GAP), event: event.into(), outstanding: None }
    }
    /// `Event` of its NOTIFYs.
    pub(crate) fn event(&self) -> &str {
        &self.event
    }
    /// Sends a NOTIFY; `false` if the one before is not answered yet. The last one is nobody's: whatever is answered to it,
    /// the subscription is over.
    pub(crate) fn notify(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        id: SubscriptionId,
        state: SubscriptionState,
        body: Option<(&str, &[u8])>,
    ) -> bool {
        if self.outstanding.is_some() {
            return false;
        }
        let cseq = self.dialog.next_cseq();
        let headers = [(Name::Event, self.event.to_string()), (Name::SubscriptionState, print_state(state))];
        let mut draft: Draft<'_> = self.dialog.draft("NOTIFY", cseq);
        draft.headers = &headers;
        draft.body = body;
        let is_last = matches!(state, SubscriptionState::Terminated(_));
        let owner = if is_last { Owner::Nobody } else { Owner::Subscription(id) };
        let client = layer.send(now, self.dialog.hop(), &draft, owner);
        self.outstanding = Some(client);
        true
    }
    /// What the NOTIFY's transaction heard; `None` while it goes on.
    pub(crate) fn hear(&mut self, what: &What) -> Option<NotifyOutcome> {
        let outcome = match what {
            What::Response { client, message, .. } if self.outstanding == Some(*client) => {
                outcome_of(message.status().filter(|status| *status >= 200)?)
            }
            What::NoResponse { client, cause, .. } if self.outstanding == Some(*client) => match cause {
                crate::transaction::layer::NoResponse::TimedOut => NotifyOutcome::Lost,
                crate::transaction::layer::NoResponse::TransportFailed => NotifyOutcome::Undelivered,
            },
            What::Response { .. }
            | What::NoResponse { .. }
            | What::Ended { .. }
            | What::CallerGone { .. } => {
                return None;
            }
        };
        self.outstanding = None;
        Some(outcome)
    }
}

impl Subscriptions {
    /// An id that no subscription has, and the tag that leads to it.
    pub(crate) fn new_id(&mut self, random: u32) -> (SubscriptionId, String) {
        self.last += 1;
        let id = SubscriptionId(self.last);
        let tag = text(26, |out| {
            out.push(MARK);
            push_hex(out, id.0, 1);
            out.push(b'.');
            push_hex(out, random.into(), 8);
        });
        (id, tag)
    }
    pub(crate) fn insert(&mut self, id: SubscriptionId, subscription: Subscription) {
        self.last = self.last.max(id.0);
        match self.rows.entry(id) {
            Entry::Occupied(mut row) => **row.get_mut() = subscription,
            Entry::Vacant(row) => {
                row.insert(Box::new(subscription));
            }
        }
    }
    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.rows.get(&id).map(|row| &**row)
    }
    pub(crate) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.rows.get_mut(&id).map(|row| &mut **row)
    }
    pub(crate) fn remove(&mut self, id: SubscriptionId) {
        self.rows.remove(&id);
        shrink(&mut self.rows);
    }
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
    /// The subscription whose dialog a request of the peer belongs to.
    pub(crate) fn of(&self, request: &Message) -> Option<SubscriptionId> {
        let tag = request.to_tag()?;
        let (id, _) = std::str::from_utf8(tag).ok()?.strip_prefix(char::from(MARK))?.split_once('.')?;
        let id = SubscriptionId(u64::from_str_radix(id, 16).ok()?);
        let row = self.rows.get(&id).filter(|row| row.dialog.local.tag() == tag)?;
        row.dialog.is_of(request.call_id(), request.from_tag().unwrap_or_default()).then_some(id)
    }
}

/// Package and id of an Event header; other parameters (`sla`) are the peer's and not repeated.
fn event_of(value: &[u8]) -> Box<str> {
    let Some(event) = crate::headers::Event::parse(value) else { return Box::default() };
    let mut text = String::from_utf8_lossy(event.package).into_owned();
    if let Some(id) = event.id {
        text.push_str(";id=");
        text.push_str(&String::from_utf8_lossy(id));
    }
    text.into()
}

/// RFC 5057 §5.3: which answers end the usage or the dialog, and which concern one NOTIFY only.
fn outcome_of(status: u16) -> NotifyOutcome {
    match status {
        200..=299 => NotifyOutcome::Delivered,
        404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604 => NotifyOutcome::Lost,
        _ => NotifyOutcome::Undelivered,
    }
}

fn print_state(state: SubscriptionState) -> String {
    text(32, |out| match state {
        SubscriptionState::Active(left) => {
            out.extend_from_slice(b"active;expires=");
            push_number(out, left.as_millis().div_ceil(1000) as u64);
        }
        SubscriptionState::Terminated(why) => {
            out.extend_from_slice(b"terminated;reason=");
            out.extend_from_slice(match why {
                Termination::Deactivated => b"deactivated",
                Termination::Rejected => b"rejected",
                Termination::Timeout => b"timeout",
                Termination::NoResource => b"noresource",
            });
        }
    })
}

/// Begins the tag of a subscription; those of invites begin with a digit of their number.
const MARK: u8 = b's';
/// More NOTIFYs than one dialog sees between two of its SUBSCRIBEs: a row on disk knows the CSeq of the last one only.
const RESTART_GAP: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// SIP-27: parameters that we do not know are accepted and not repeated.
    #[test]
    fn the_event_of_a_notify_is_package_and_id() {
        assert_eq!(&*event_of(b"dialog;sla;id=7"), "dialog;id=7");
        assert_eq!(&*event_of(b" message-summary "), "message-summary");
        assert_eq!(&*event_of(b""), "");
    }

    /// RFC 6665 §4.1.3
    #[test]
    fn states_are_printed_with_time_or_reason() {
        let active = SubscriptionState::Active(Duration::from_millis(59_001));
        assert_eq!(print_state(active), "active;expires=60");
        let over = SubscriptionState::Terminated(Termination::Deactivated);
        assert_eq!(print_state(over), "terminated;reason=deactivated");
    }

    /// RFC 5057 §5.3
    #[test]
    fn answers_that_end_the_usage_are_told_from_those_that_do_not() {
        for (status, outcome) in [
            (200, NotifyOutcome::Delivered),
            (202, NotifyOutcome::Delivered),
            (481, NotifyOutcome::Lost),
            (489, NotifyOutcome::Lost),
            (500, NotifyOutcome::Undelivered),
            (503, NotifyOutcome::Undelivered),
        ] {
            assert_eq!(outcome_of(status), outcome, "{status}");
        }
    }
}
