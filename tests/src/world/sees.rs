//! What a scenario looks at: phones, records, counters, and that all is quiet.

use super::*;

/// What can be seen.
impl World {
    /// The time.
    pub fn now(&self) -> Now {
        let passed = TimeDelta::from_std(self.clock - self.start.0).expect("a short simulation");
        Now { at: self.clock, utc: self.start.1 + passed }
    }
    /// Where the phone's call stands.
    pub fn state(&self, phone: PhoneId) -> State {
        self.phones[phone.0].state
    }
    /// How many calls reached a phone.
    pub fn invited(&self, phone: PhoneId) -> usize {
        self.phones[phone.0].invited
    }
    /// The answer to the phone's last REFER.
    pub fn referred(&self, phone: PhoneId) -> Option<u16> {
        self.phones[phone.0].referred
    }
    /// What became of the phone's last REFER, NOTIFY by NOTIFY.
    pub fn phones_notified(&self, phone: PhoneId) -> &[u16] {
        &self.phones[phone.0].notified
    }
    /// Whom the phone hears.
    pub fn hears(&self, phone: PhoneId) -> Vec<PhoneId> {
        let voices = self.phones[phone.0].hears(self.clock);
        voices.into_iter().map(|voice| PhoneId(usize::from(voice).wrapping_sub(1))).collect()
    }
    /// The record of the last call.
    pub fn record(&self) -> &CallRow {
        self.store.calls.values().next_back().expect("there was a call")
    }
    /// What the last call was for that user: kind, result, number of the other side.
    pub fn history(&mut self, number: &str) -> Option<(PartyKind, String, String)> {
        let user = self.company.user(number).id;
        let row = self.store.parties.iter().rev().find(|row| row.user == user)?;
        Some((row.kind, row.result.clone(), row.number.clone()))
    }
    /// The value of a metric.
    pub fn metric(&self, name: &str) -> f64 {
        self.engine.metrics().into_iter().find(|m| m.0 == name).map_or(f64::NAN, |m| m.1)
    }
    /// Whether these two hear each other and nobody else.
    pub fn assert_talking(&self, one: PhoneId, other: PhoneId) {
        assert_eq!(self.hears(one), [other], "whom {one:?} hears");
        assert_eq!(self.hears(other), [one], "whom {other:?} hears");
    }
    /// No call, leg, transaction, timer or port is left over, and every record is closed.
    pub fn assert_quiet(&self) {
        assert!(self.engine.is_quiet(), "the engine is not quiet: {:?}", self.engine.metrics());
        assert_eq!(self.workers.iter().map(Worker::sessions).sum::<usize>(), 0, "media sessions left");
        assert!(self.sockets.is_empty(), "sockets left: {:?}", self.sockets);
        assert!(self.live.is_empty(), "calls left in the view: {:?}", self.live);
        for row in self.store.calls.values() {
            assert!(row.ended_at.is_some() && !row.outcome.is_empty(), "record left open: {row:?}");
        }
    }
}
