//! Who called for help: for an hour, whoever calls back reaches them, whatever they set. SIP-42.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use config::{DeviceId, TenantId, UserId, records::outside::EmergencyRow};

/// The calls for help of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Callbacks(Vec<EmergencyRow>);

impl Callbacks {
    /// As stored.
    pub(crate) fn of(rows: Vec<EmergencyRow>) -> Self {
        Self(rows)
    }

    /// Somebody calls for help.
    pub(crate) fn add(&mut self, call: EmergencyRow) {
        let since = call.at - OPEN.as_millis() as i64;
        self.0.retain(|other| other.at >= since);
        if self.0.len() < MOST {
            self.0.push(call);
        }
    }

    /// Whether a user called for help within the last hour.
    pub(crate) fn awaits(&self, tenant: TenantId, user: UserId, utc: DateTime<Utc>) -> bool {
        self.open(utc).any(|call| call.tenant == tenant && call.user == Some(user))
    }

    /// Who showed that number when they last called for help: the user, and the phone.
    pub(crate) fn who_showed(
        &self,
        tenant: TenantId,
        number: &str,
        utc: DateTime<Utc>,
    ) -> Option<(Option<UserId>, Option<DeviceId>)> {
        let theirs = self.open(utc).filter(|call| call.tenant == tenant && call.shown == number);
        theirs.last().map(|call| (call.user, call.device))
    }

    fn open(&self, utc: DateTime<Utc>) -> impl Iterator<Item = &EmergencyRow> {
        let since = (utc - TimeDelta::seconds(OPEN.as_secs() as i64)).timestamp_millis();
        self.0.iter().filter(move |call| call.at > since)
    }
}

/// How long a call back reaches them. SIP-42.
pub const OPEN: Duration = Duration::from_secs(3600);
/// Calls for help that are remembered at once.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-42
    #[test]
    fn who_called_for_help_is_called_back_for_an_hour() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut callbacks = Callbacks::default();
        let (one, anna) = (TenantId(1), UserId(1));
        callbacks.add(EmergencyRow {
            call: "c".into(),
            tenant: one,
            at: at.timestamp_millis(),
            user: Some(anna),
            device: Some(DeviceId(7)),
            shown: "+4930123".into(),
            dialled: "112".into(),
        });
        let soon = at + TimeDelta::minutes(59);
        assert!(callbacks.awaits(one, anna, soon) && !callbacks.awaits(one, UserId(2), soon));
        assert!(!callbacks.awaits(TenantId(2), anna, soon));
        assert!(!callbacks.awaits(one, anna, at + TimeDelta::minutes(61)));
        assert_eq!(callbacks.who_showed(one, "+4930123", soon), Some((Some(anna), Some(DeviceId(7)))));
        assert_eq!(callbacks.who_showed(one, "+4930124", soon), None);
    }
}
