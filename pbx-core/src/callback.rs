//! Who called for help, and where their phone is: for an hour, whoever calls back reaches them, whatever they set, and
//! whether or not the phone may register. SIP-42.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use config::{
    DeviceId, TenantId, UserId,
    records::outside::{EmergencyRow, Reach},
};
use sip_stack::Flow;

use crate::bindings::parse_flow;

/// A phone that called for help, as it is called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Helped {
    pub tenant: TenantId,
    /// Contact address.
    pub contact: String,
    /// Route values before it, joined by `,`.
    pub path: String,
    pub flow: Flow,
}

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

    /// The phone with which a user last called for help.
    pub(crate) fn phone_of(&self, tenant: TenantId, user: UserId, utc: DateTime<Utc>) -> Option<DeviceId> {
        let theirs = self.open(utc).filter(|call| call.tenant == tenant && call.user == Some(user));
        theirs.last()?.device
    }

    /// Where a phone was when it last called for help, or tried to register since.
    pub(crate) fn phone(&self, device: DeviceId, utc: DateTime<Utc>) -> Option<Helped> {
        let theirs = self.open(utc).filter(|call| call.device == Some(device));
        let (tenant, reach) = theirs.filter_map(|call| Some((call.tenant, call.reach.as_ref()?))).last()?;
        let Reach { contact, path, flow } = reach.clone();
        Some(Helped { tenant, contact, path, flow: parse_flow(&flow)? })
    }

    /// The phones that are remembered, some of them more than once.
    pub(crate) fn phones(&self) -> Vec<DeviceId> {
        self.0.iter().filter(|call| call.reach.is_some()).filter_map(|call| call.device).collect()
    }

    /// A phone is elsewhere now; what is to be stored then, if it called for help and was not there before.
    pub(crate) fn moved(&mut self, device: DeviceId, to: Reach, utc: DateTime<Utc>) -> Option<EmergencyRow> {
        let since = oldest(utc);
        let mut theirs = self.0.iter_mut().filter(|call| call.at > since && call.device == Some(device));
        let last = theirs.next_back()?;
        if last.reach.as_ref() == Some(&to) {
            return None;
        }
        last.reach = Some(to);
        Some(last.clone())
    }

    fn open(&self, utc: DateTime<Utc>) -> impl Iterator<Item = &EmergencyRow> {
        let since = oldest(utc);
        self.0.iter().filter(move |call| call.at > since)
    }
}

/// Calls before that are called back no more. [Unix ms]
fn oldest(utc: DateTime<Utc>) -> i64 {
    (utc - TimeDelta::seconds(OPEN.as_secs() as i64)).timestamp_millis()
}

/// How long a call back reaches them. SIP-42.
pub const OPEN: Duration = Duration::from_secs(3600);
/// Calls for help that are remembered at once.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TenantId = TenantId(1);
    const ANNA: UserId = UserId(1);
    const PHONE: DeviceId = DeviceId(7);

    fn day() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn at(contact: &str) -> Reach {
        let flow = "udp 192.0.2.1:5060 198.51.100.7:5062".into();
        Reach { contact: contact.into(), path: String::new(), flow }
    }

    fn called() -> Callbacks {
        let mut callbacks = Callbacks::default();
        callbacks.add(EmergencyRow {
            call: "c".into(),
            tenant: ONE,
            at: day().timestamp_millis(),
            user: Some(ANNA),
            device: Some(PHONE),
            shown: "+4930123".into(),
            dialled: "112".into(),
            reach: Some(at("sip:101@10.0.0.7")),
        });
        callbacks
    }

    /// SIP-42
    #[test]
    fn who_called_for_help_is_called_back_for_an_hour() {
        let (callbacks, soon) = (called(), day() + TimeDelta::minutes(59));
        assert!(callbacks.awaits(ONE, ANNA, soon) && !callbacks.awaits(ONE, UserId(2), soon));
        assert!(!callbacks.awaits(TenantId(2), ANNA, soon));
        assert!(!callbacks.awaits(ONE, ANNA, day() + TimeDelta::minutes(61)));
        assert_eq!(callbacks.who_showed(ONE, "+4930123", soon), Some((Some(ANNA), Some(PHONE))));
        assert_eq!(callbacks.who_showed(ONE, "+4930124", soon), None);
    }

    /// SIP-42
    #[test]
    fn a_phone_is_called_back_where_it_was_last_for_an_hour() {
        let (mut callbacks, soon) = (called(), day() + TimeDelta::minutes(59));
        assert_eq!(callbacks.phone_of(ONE, ANNA, soon), Some(PHONE));
        assert_eq!(callbacks.phone(PHONE, soon).unwrap().contact, "sip:101@10.0.0.7");
        assert_eq!(callbacks.moved(PHONE, at("sip:101@10.0.0.7"), soon), None, "it is there already");
        assert_eq!(callbacks.moved(DeviceId(8), at("sip:102@10.0.0.8"), soon), None, "it did not call");
        let row = callbacks.moved(PHONE, at("sip:101@10.0.0.9"), soon).unwrap();
        assert_eq!((row.call.as_str(), row.reach), ("c", Some(at("sip:101@10.0.0.9"))));
        assert_eq!(callbacks.phone(PHONE, soon).unwrap().contact, "sip:101@10.0.0.9");
        let late = day() + TimeDelta::minutes(61);
        assert_eq!((callbacks.phone_of(ONE, ANNA, late), callbacks.phone(PHONE, late)), (None, None));
        assert_eq!(callbacks.moved(PHONE, at("sip:101@10.0.0.7"), late), None);
    }
}
