//! Who asked for a call by REFER and hears what becomes of it: what each was told. RFC 3515 §2.4.4.

use std::collections::HashMap;

use sip_stack::SubscriptionId;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct References(HashMap<SubscriptionId, Reference>);

/// One NOTIFY is under way at a time; of what happens meanwhile only the newest is told.
#[derive(Debug)]
struct Reference {
    /// What it came to so far.
    status: u16,
    /// That was not told yet.
    is_news: bool,
    is_under_way: bool,
}

impl References {
    /// One whose call is being tried.
    pub(crate) fn begin(&mut self, id: SubscriptionId) {
        self.0.insert(id, Reference { status: 100, is_news: true, is_under_way: false });
    }
    /// The call came so far; 200 to 699 is all.
    pub(crate) fn come_to(&mut self, id: SubscriptionId, status: u16) {
        if let Some(row) = self.0.get_mut(&id).filter(|row| row.status < 200 && row.status != status) {
            (row.status, row.is_news) = (status, true);
        }
    }
    /// They asked how it stands.
    pub(crate) fn ask(&mut self, id: SubscriptionId) {
        if let Some(row) = self.0.get_mut(&id) {
            row.is_news = true;
        }
    }
    /// What is to be told now. After the last status there is no such reference any more.
    pub(crate) fn take(&mut self, id: SubscriptionId) -> Option<u16> {
        let row = self.0.get_mut(&id).filter(|row| row.is_news && !row.is_under_way)?;
        (row.is_under_way, row.is_news) = (true, false);
        let status = row.status;
        if status >= 200 {
            self.0.remove(&id);
        }
        Some(status)
    }
    /// The NOTIFY under way is through.
    pub(crate) fn answered(&mut self, id: SubscriptionId) {
        if let Some(row) = self.0.get_mut(&id) {
            row.is_under_way = false;
        }
    }
    /// They hear no more.
    pub(crate) fn forget(&mut self, id: SubscriptionId) {
        self.0.remove(&id);
    }
    /// Whether a subscription is one of these.
    pub(crate) fn has(&self, id: SubscriptionId) -> bool {
        self.0.contains_key(&id)
    }
    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-22, RFC 3515 §2.4.4
    #[test]
    fn what_happens_while_a_notify_is_under_way_is_told_once_after_it_and_the_end_is_all() {
        let (mut references, id) = (References::default(), SubscriptionId(7));
        references.begin(id);
        assert_eq!((references.take(id), references.take(id)), (Some(100), None));
        references.come_to(id, 180);
        references.come_to(id, 180);
        references.come_to(id, 200);
        references.come_to(id, 486);
        assert_eq!(references.take(id), None, "one at a time");
        references.answered(id);
        assert_eq!(references.take(id), Some(200));
        assert!(references.is_empty() && !references.has(id));
        references.begin(id);
        references.take(id);
        references.answered(id);
        references.ask(id);
        assert_eq!(references.take(id), Some(100), "who asks is told again");
        references.forget(id);
        assert!(references.is_empty());
    }
}
