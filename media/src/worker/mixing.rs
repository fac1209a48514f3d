//! Sessions whose parties hear all others of a mix. One of them keeps the time for all.

use std::time::Instant;

use super::{
    Forward, Worker,
    output::{HEADER, Queued},
    session::{Place, Session},
    tick::FRAME_TIME,
};
use crate::{
    mixer::{FRAME, Law, Voice},
    session::{Line, MixId, Path},
    timers::Timer,
};

/// Who is in a mix. The first one keeps the time.
#[derive(Debug, Default)]
pub(super) struct Mix {
    members: Vec<Place>,
}

/// A session's part of a mix.
#[derive(Debug)]
pub(super) struct Mixed {
    voice: Voice,
    /// The payload types that are read, and of which the first is written.
    laws: [Option<(u8, Law)>; 2],
    /// What is to be sent.
    frame: [u8; FRAME],
}

impl Worker {
    /// The session takes part in the mix of its path.
    pub(super) fn join_mix(&mut self, index: u32) {
        let (Some(place), Some(session)) = (self.sessions.place(index), self.sessions.get_mut(index)) else {
            return;
        };
        let Path::Mix(mix) = session.links.path else { return };
        session.mixed = Some(Box::new(Mixed::new(session.line.as_ref())));
        self.mixes.entry(mix).or_default().members.push(place);
    }

    /// The session is in no mix any more; another keeps the time if it did.
    pub(super) fn leave_mix(&mut self, index: u32) {
        let Some(Path::Mix(mix)) = self.sessions.get(index).map(|session| session.links.path) else { return };
        if let Some(session) = self.sessions.get_mut(index) {
            session.mixed = None;
        }
        let Some(found) = self.mixes.get_mut(&mix) else { return };
        let kept_time = found.members.first().is_some_and(|first| first.index == index);
        found.members.retain(|place| place.index != index);
        match (found.members.first(), self.now) {
            (None, _) => drop(self.mixes.remove(&mix)),
            (Some(next), Some(now)) if kept_time => {
                self.timers.set(next.index, Timer::Frame, now + FRAME_TIME)
            }
            (Some(_), _) => {}
        }
    }

    /// Whether the session keeps the time of its mix.
    pub(super) fn keeps_time(&self, index: u32) -> bool {
        let Some(Path::Mix(mix)) = self.sessions.get(index).map(|session| session.links.path) else {
            return false;
        };
        self.mixes.get(&mix).and_then(|mix| mix.members.first()).is_some_and(|first| first.index == index)
    }

    /// A frame of everybody.
    pub(super) fn mix(&mut self, mix: MixId) {
        let Some(Mix { members }) = self.mixes.get(&mix) else { return };
        let mut sum = [0; FRAME];
        for place in members {
            if let Some(mixed) = self.sessions.at(*place).and_then(|session| session.mixed.as_mut()) {
                mixed.voice.say(&mut sum);
            }
        }
        for place in members {
            let Some(session) = self.sessions.at(*place).filter(|session| session.may_send()) else {
                continue;
            };
            let Some(Mixed { voice, laws, frame }) = session.mixed.as_deref_mut() else { continue };
            if let Some((_, law)) = laws.iter().flatten().next() {
                voice.told(&sum, law.encode, frame);
                self.queue.push_back(Queued::Mixed(*place));
            }
        }
    }
}

impl Session {
    /// Speech of the session's own peer goes into the mix. `false` if the session is in none.
    #[inline]
    pub(super) fn mix_in(&mut self, number: u8, payload: &[u8]) -> bool {
        let Some(mixed) = &mut self.mixed else { return false };
        let law = mixed.laws.iter().flatten().find(|(own, _)| *own == number);
        if let Some((_, law)) = law {
            mixed.voice.hear(payload, law.decode);
        }
        true
    }

    pub(super) fn write_mixed(&mut self, now: Instant, index: u32, buffer: &mut [u8]) -> Option<Forward> {
        let mixed = self.mixed.as_ref()?;
        let (number, _) = *mixed.laws.iter().flatten().next()?;
        buffer.get_mut(HEADER..HEADER + FRAME)?.copy_from_slice(&mixed.frame);
        self.send_own(now, index, buffer, (number, FRAME as u32))
    }
}

impl Mixed {
    fn new(line: Option<&Line>) -> Self {
        let mut mixed = Self { voice: Voice::new(), laws: [None; 2], frame: [0; FRAME] };
        mixed.agree(line);
        mixed
    }

    /// What was negotiated says which payload types are G.711.
    pub(super) fn agree(&mut self, line: Option<&Line>) {
        let payloads = line.map_or(&[][..], |line| &line.payloads);
        let law = |payload: &crate::session::Payload| {
            let law = payload.codec.is_pcmu().then_some(Law::ULAW);
            Some((payload.number, law.or(payload.codec.is_pcma().then_some(Law::ALAW))?))
        };
        let mut laws = payloads.iter().filter_map(law);
        self.laws = [laws.next(), laws.next()];
    }
}
