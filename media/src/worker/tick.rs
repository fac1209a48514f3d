//! What is due: frames of tones, reports, figures, silence, digits whose end was lost.

use std::time::{Duration, Instant};

use super::{Event, Worker, output::Queued};
use crate::{session::Path, timers::Timer};

impl Worker {
    pub(super) fn tick(&mut self, now: Instant) {
        while let Some((index, timer, at)) = self.timers.take_due(now) {
            match timer {
                Timer::Frame => self.frame(now, index, at),
                Timer::Report => self.report(now, index),
                Timer::Quality => self.quality(now, index),
                Timer::Silence => self.silence(now, index),
                Timer::Digit => self.digit(now, index),
            }
        }
    }

    /// Frames follow each other by 20 ms from the first one on, however late we are called; after a long stop the
    /// missed ones are left out instead of being sent in a burst.
    fn frame(&mut self, now: Instant, index: u32, at: Instant) {
        let Some(place) = self.sessions.place(index) else { return };
        if let Some(Path::Mix(mix)) = self.sessions.get(index).map(|session| session.links.path) {
            let late = now.saturating_duration_since(at);
            let next = if late > BURST { now } else { at };
            self.mix(mix);
            return self.timers.set(index, Timer::Frame, next + FRAME_TIME);
        }
        let Some(player) = self.sessions.at(place).and_then(|session| session.player.as_mut()) else {
            return;
        };
        let late = now.saturating_duration_since(at);
        let skipped = if late > BURST { (late.as_millis() / FRAME_TIME.as_millis()) as u32 } else { 0 };
        player.skip(skipped);
        self.queue.push_back(Queued::Frame(place));
        self.timers.set(index, Timer::Frame, at + FRAME_TIME * (skipped + 1));
    }

    fn report(&mut self, now: Instant, index: u32) {
        let Some(place) = self.sessions.place(index) else { return };
        self.queue.push_back(Queued::Report(place));
        self.timers.set(index, Timer::Report, now + self.settings.rtcp_interval);
    }

    fn quality(&mut self, now: Instant, index: u32) {
        let Some(session) = self.sessions.get(index) else { return };
        let event = Event::Quality { session: session.id, statistics: session.statistics() };
        self.say(event);
        self.timers.set(index, Timer::Quality, now + QUALITY_INTERVAL);
    }

    /// The timer is not moved by packets; when it fires it looks when the last one came.
    fn silence(&mut self, now: Instant, index: u32) {
        let Some(session) = self.sessions.get(index) else { return };
        let setting = self.settings.silence;
        let since = now.saturating_duration_since(session.quiet_since);
        let times = (since.as_nanos() / setting.as_nanos()) as u32;
        let (id, next) = (session.id, session.quiet_since + setting * (times + 1));
        if times > 0 {
            self.say(Event::Silent { session: id, since });
        }
        self.timers.set(index, Timer::Silence, next);
    }

    fn digit(&mut self, now: Instant, index: u32) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        let (id, digit) = (session.id, session.digits.expire(now));
        if let Some(at) = session.digits.deadline() {
            self.timers.set(index, Timer::Digit, at);
        }
        if let Some(digit) = digit {
            self.say(Event::Digit { session: id, digit });
        }
    }
}

/// How often [`Event::Quality`] is sent.
pub(super) const QUALITY_INTERVAL: Duration = Duration::from_secs(5);
/// The packet time of tones.
pub(super) const FRAME_TIME: Duration = Duration::from_millis(20);
/// As much as a phone's jitter buffer bears at once.
const BURST: Duration = Duration::from_millis(60);
