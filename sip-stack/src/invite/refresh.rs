//! Session timers: RFC 4028. Who refreshes, when, and what happens if nobody does.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{EXPIRED, Invite, REFRESH, Stage, Timer, has_option, number_of, offer::Why};
use crate::{
    Message, Name, Response,
    event::{EndCause, Settings},
    headers::{Refresher, SessionExpires},
    message::Method,
    timers::Deadlines,
    transaction::layer::Layer,
};

/// The session timer of one invite, and the descriptions that a refresh repeats.
#[derive(Debug)]
pub(crate) struct Session {
    /// What we ask for; raised by 422.
    asked: Option<Duration>,
    /// The least we accept, then the least that somebody on the way accepts.
    min_se: Duration,
    interval: Option<Duration>,
    pub(super) we_refresh: bool,
    /// The peer takes part, so silence means that it is gone.
    pub(super) is_agreed: bool,
    /// A refresh waits for something else to end.
    pub(super) is_due: bool,
    pub(super) local_sdp: Bytes,
    pub(super) remote_sdp: Bytes,
}

impl Session {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            asked: settings.session_expires.map(|asked| asked.max(settings.min_se)),
            min_se: settings.min_se.max(LEAST_MIN_SE),
            interval: None,
            we_refresh: false,
            is_agreed: false,
            is_due: false,
            local_sdp: Bytes::new(),
            remote_sdp: Bytes::new(),
        }
    }
    /// Headers of an INVITE, re-INVITE or UPDATE of ours (§7.1). The refresher is named once it is known.
    pub(super) fn push_request_headers(&self, headers: &mut Vec<(Name, String)>, we_refresh: Option<bool>) {
        let Some(interval) = self.interval.or(self.asked) else { return };
        let known = we_refresh.filter(|_| self.is_agreed);
        let refresher = known.map(|ours| if ours { Refresher::Uac } else { Refresher::Uas });
        let asked = SessionExpires { seconds: interval.as_secs() as u32, refresher };
        headers.push((Name::SessionExpires, asked.to_string()));
        headers.push((Name::MinSe, self.min_se.as_secs().to_string()));
    }
    /// The 422 for a request whose session interval is too small (§9).
    pub(super) fn too_small(&self, request: &Message) -> Option<Response> {
        let asked = request.header(Name::SessionExpires).and_then(SessionExpires::parse)?;
        let is_small = Duration::from_secs(asked.seconds.into()) < self.min_se;
        (is_small && has_option(request, Name::Supported, "timer")).then(|| self.refusal())
    }
    fn refusal(&self) -> Response {
        Response::new(422).with(Name::MinSe, self.min_se.as_secs().to_string())
    }
    /// Reads the peer's request: the headers of our 2xx, or 422 (§9).
    pub(super) fn hear_request(&mut self, request: &Message) -> Result<Vec<(Name, String)>, Response> {
        let supports = has_option(request, Name::Supported, "timer");
        let asked = request.header(Name::SessionExpires).and_then(SessionExpires::parse);
        let wanted = asked.map(|asked| Duration::from_secs(asked.seconds.into()));
        if supports && wanted.is_some_and(|wanted| wanted < self.min_se) {
            return Err(self.refusal());
        }
        let floor = number_of(request, Name::MinSe).map_or(self.min_se, |s| Duration::from_secs(s.into()));
        let ours = self.interval.or(self.asked).map(|asked| asked.max(floor));
        let interval = match (wanted, ours) {
            (Some(wanted), Some(ours)) => Some(wanted.min(ours)),
            (wanted, ours) => wanted.or(ours),
        };
        let Some(interval) = interval.map(|interval| interval.max(self.min_se)) else { return Ok(vec![]) };
        let refresher = match asked.and_then(|asked| asked.refresher) {
            Some(refresher) if supports => refresher,
            _ if supports => Refresher::Uac,
            _ => Refresher::Uas,
        };
        self.interval = Some(interval);
        self.we_refresh = refresher == Refresher::Uas;
        self.is_agreed = supports;
        let mut headers = Vec::with_capacity(2);
        if refresher == Refresher::Uac {
            headers.push((Name::Require, "timer".to_owned()));
        }
        let granted = SessionExpires { seconds: interval.as_secs() as u32, refresher: Some(refresher) };
        headers.push((Name::SessionExpires, granted.to_string()));
        Ok(headers)
    }
    /// Reads the 2xx to our request (§7.2) and starts the timers.
    pub(super) fn hear_answer<const N: usize>(
        &mut self,
        now: Instant,
        timers: &mut Deadlines<N>,
        response: &Message,
    ) {
        match response.header(Name::SessionExpires).and_then(SessionExpires::parse) {
            Some(granted) => {
                self.interval = Some(Duration::from_secs(granted.seconds.into()).max(self.min_se));
                self.we_refresh = granted.refresher != Some(Refresher::Uas);
                self.is_agreed = true;
            }
            // The peer does not know session timers: our refreshes alone show whether it lives.
            None => {
                self.interval = self.asked;
                self.we_refresh = true;
                self.is_agreed = false;
            }
        }
        self.start(now, timers);
    }
    /// A refresh succeeded: the session lasts one interval more (§10).
    pub(super) fn start<const N: usize>(&mut self, now: Instant, timers: &mut Deadlines<N>) {
        self.is_due = false;
        timers.clear(REFRESH);
        timers.clear(EXPIRED);
        let Some(interval) = self.interval else { return };
        if self.we_refresh {
            timers.set(REFRESH, now + interval / 2);
        }
        if self.is_agreed {
            timers.set(EXPIRED, now + interval - (interval / 3).min(BYE_BEFORE));
        }
    }
    /// 422: asks for what the peer wants at least (§7.3). `false` if that is not more than we asked for.
    pub(super) fn hear_too_small(&mut self, response: &Message) -> bool {
        let Some(least) = number_of(response, Name::MinSe).map(|s| Duration::from_secs(s.into())) else {
            return false;
        };
        if self.interval.or(self.asked).is_none_or(|asked| asked >= least) || least > MOST_INTERVAL {
            return false;
        }
        self.min_se = self.min_se.max(least);
        self.asked = Some(least);
        if self.interval.is_some() {
            self.interval = Some(least);
        }
        true
    }
    /// Keeps the peer's description: a copy, so that it does not hold the whole message.
    pub(super) fn keep_remote(&mut self, sdp: &Bytes) {
        self.remote_sdp = Bytes::copy_from_slice(sdp);
    }
    /// Lets the descriptions go.
    pub(super) fn forget(&mut self) {
        self.local_sdp = Bytes::new();
        self.remote_sdp = Bytes::new();
    }
}

impl Invite {
    /// It is our turn: UPDATE where the peer allows it, else the same offer in a re-INVITE (§7.4, §10).
    pub(super) fn refresh(&mut self, now: Instant, layer: &mut Layer) {
        if self.stage != Stage::Up {
            return;
        }
        if !self.may_offer() {
            // What is under way ends within 64*T1.
            self.session.is_due = true;
            self.timers.set(Timer::OfferAgain as usize, now + REFRESH_AGAIN);
            return;
        }
        self.session.is_due = false;
        if self.dialogs.first().is_some_and(|dialog| dialog.may_update) {
            self.send_ours(now, layer, ("UPDATE", Why::Refresh), None);
        } else {
            let sdp = Some(self.session.local_sdp.clone()).filter(|sdp| !sdp.is_empty());
            self.send_ours(now, layer, ("INVITE", Why::Refresh), sdp);
        }
    }
    /// The peer refused our refresh: without UPDATE by re-INVITE, otherwise later again; [`Invite::expire`] ends it.
    pub(super) fn refresh_refused(&mut self, now: Instant, layer: &mut Layer, method: Method, status: u16) {
        if method == Method::Update && matches!(status, 405 | 501) {
            if let Some(dialog) = self.dialogs.first_mut() {
                dialog.may_update = false;
            }
            self.refresh(now, layer);
        } else if self.session.is_agreed {
            self.timers.set(REFRESH, now + REFRESH_AGAIN);
        } else if let Some(interval) = self.session.interval {
            self.timers.set(REFRESH, now + interval / 2);
        }
    }
    /// Nobody refreshed in time.
    pub(super) fn expire(&mut self, now: Instant, layer: &mut Layer) {
        if self.stage == Stage::Up {
            self.send_bye(now, layer, None);
            self.end(now, layer, EndCause::SessionExpired, None);
        }
    }
}

/// The least Min-SE there may be, RFC 4028 §5.
const LEAST_MIN_SE: Duration = Duration::from_secs(90);
/// How long before the end the other side sends BYE at the latest, RFC 4028 §10.
const BYE_BEFORE: Duration = Duration::from_secs(32);
/// A 422 that wants more than this is not obeyed.
const MOST_INTERVAL: Duration = Duration::from_secs(86_400);
/// When a refresh that could not go out is tried again.
const REFRESH_AGAIN: Duration = Duration::from_secs(5);
