//! Digits in telephone-event packets (RFC 4733): each event is reported once, when it ends.
//!
//! The last packet of an event is sent three times; any packet may be lost. So an event ends with its first end bit,
//! with the beginning of another one, or when nothing more is heard of it.

use std::time::{Duration, Instant};

/// The events of one peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digits {
    running: Option<Running>,
    /// Timestamp of the newest event that ended.
    ended: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    event: u8,
    start: u32,
    duration: u16,
    heard_at: Instant,
}

/// Up to two events that ended with one packet: one whose end was lost, and the packet's own.
pub(crate) type Ended = [Option<char>; 2];

impl Digits {
    /// The payload of a telephone-event packet. Malformed ones and unknown events end nothing.
    pub(crate) fn packet(&mut self, now: Instant, timestamp: u32, payload: &[u8]) -> Ended {
        let [event, flags, high, low, ..] = *payload else { return [None; 2] };
        if self.ended.is_some_and(|ended| !is_after(timestamp, ended)) {
            return [None; 2];
        }
        let duration = u16::from_be_bytes([high, low]);
        let mut before = None;
        match &mut self.running {
            Some(running) if running.start == timestamp || running.goes_on(event, timestamp) => {
                running.start = timestamp;
                running.duration = running.duration.max(duration);
                running.heard_at = now;
            }
            Some(running) if !is_after(timestamp, running.start) => return [None; 2],
            _ => {
                before = self.end();
                self.running = Some(Running { event, start: timestamp, duration, heard_at: now });
            }
        }
        let own = if flags & END != 0 { self.end() } else { None };
        [before, own]
    }

    /// When to look whether the running event was given up by its sender.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running.map(|running| running.heard_at + LOST_END)
    }

    /// The running event, if nothing was heard of it for too long.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<char> {
        self.deadline().filter(|at| *at <= now).and_then(|_| self.end())
    }

    /// The peer's timestamps begin anew.
    pub(crate) fn restart(&mut self) -> Option<char> {
        let digit = self.end();
        self.ended = None;
        digit
    }

    fn end(&mut self) -> Option<char> {
        let running = self.running.take()?;
        self.ended = Some(running.start);
        digit(running.event)
    }
}

impl Running {
    /// An event longer than its counter goes on in a further segment (RFC 4733 §2.5.1.3).
    fn goes_on(&self, event: u8, timestamp: u32) -> bool {
        self.event == event
            && self.duration == u16::MAX
            && timestamp == self.start.wrapping_add(u32::from(self.duration))
    }
}

fn is_after(timestamp: u32, other: u32) -> bool {
    timestamp.wrapping_sub(other).cast_signed() > 0
}

/// RFC 4733 §3.2, table 3.
fn digit(event: u8) -> Option<char> {
    b"0123456789*#ABCD!".get(usize::from(event)).map(|digit| char::from(*digit))
}

/// The E bit (RFC 4733 §2.3.2).
const END: u8 = 0x80;
/// Updates come every 50 ms at the latest (RFC 4733 §2.5.1.2): so long after the last one, four were lost.
const LOST_END: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    fn event(digits: &mut Digits, ts: u32, code: u8, end: bool, duration: u16) -> String {
        let [high, low] = duration.to_be_bytes();
        let payload = [code, if end { 0x8a } else { 0x0a }, high, low];
        digits.packet(Instant::now(), ts, &payload).into_iter().flatten().collect()
    }

    /// MED-01, RFC 4733 §2.5.1.4: the end is sent three times.
    #[test]
    fn event_is_reported_once_at_its_end() {
        let mut d = Digits::default();
        assert_eq!(event(&mut d, 1_000, 5, false, 160), "");
        assert_eq!(event(&mut d, 1_000, 5, false, 320), "");
        assert_eq!(event(&mut d, 1_000, 5, true, 480), "5");
        assert_eq!(event(&mut d, 1_000, 5, true, 480), "");
        assert_eq!(event(&mut d, 1_000, 5, true, 480), "");
        assert_eq!(event(&mut d, 3_000, 5, true, 480), "5");
        assert_eq!(event(&mut d, 1_000, 5, false, 160), "", "late packets of an old event are no event");
    }

    #[test]
    fn lost_end_is_made_up_by_the_next_event_or_by_time() {
        let mut d = Digits::default();
        event(&mut d, 1_000, 1, false, 160);
        assert_eq!(event(&mut d, 2_000, 11, true, 160), "1#");
        let now = Instant::now();
        d.packet(now, 5_000, &[16, 0, 0, 160]);
        assert_eq!(d.expire(now + Duration::from_millis(199)), None);
        assert_eq!(d.expire(now + LOST_END), Some('!'));
        assert_eq!((d.expire(now + LOST_END), d.deadline()), (None, None));
    }

    #[test]
    fn long_event_in_segments_is_one() {
        let mut d = Digits::default();
        event(&mut d, 0xffff_0000, 10, false, 400);
        event(&mut d, 0xffff_0000, 10, false, u16::MAX);
        assert_eq!(event(&mut d, 0xffff_ffff, 10, false, 800), "");
        assert_eq!(event(&mut d, 0xffff_ffff, 10, true, 1_200), "*");
    }

    #[test]
    fn garbage_is_no_digit() {
        let mut d = Digits::default();
        assert_eq!(d.packet(Instant::now(), 1, &[5, 0x80, 0]), [None; 2]);
        assert_eq!(event(&mut d, 7, 36, true, 160), "", "a fax tone is no digit");
        assert_eq!(event(&mut d, 8, 15, true, 160), "D");
        assert_eq!(d.restart(), None);
        assert_eq!(event(&mut d, 2, 3, true, 160), "3", "another source counts from anywhere");
    }
}
