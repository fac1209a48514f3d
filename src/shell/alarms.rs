//! What is wrong right now, shown on every page of the portal until it is gone.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portal::live::Alarm;

use super::clock::unix_ms;

/// Alarms by topic; one per topic at a time.
#[derive(Debug, Clone, Default)]
pub struct Alarms(Arc<Mutex<BTreeMap<&'static str, Alarm>>>);

impl Alarms {
    /// Shows `text` under this topic; it keeps the time since when the topic is wrong. Whether the text is another.
    pub fn raise(&self, topic: &'static str, text: String) -> bool {
        let mut all = self.lock();
        let before = all.get(topic);
        let other = before.is_none_or(|alarm| alarm.text != text);
        let since = before.map_or_else(unix_ms, |alarm| alarm.since);
        all.insert(topic, Alarm { text, since });
        other
    }
    /// The topic is right again.
    pub fn clear(&self, topic: &'static str) {
        self.lock().remove(topic);
    }
    /// All of them.
    pub fn list(&self) -> Vec<Alarm> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Alarm>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
