//! The configuration of one revision, typed, immutable, indexed; what calls read.

use std::{sync::Arc, time::Duration};

use crate::{DeviceId, ExtensionId, RingGroupId, TenantId, UserId};

/// All configuration of one revision. Share as `Arc`; a call keeps the one it began with.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Grows with each change.
    pub revision: i64,
    _private: (),
}

/// A company.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// SIP domain and digest realm, lower case.
    pub domain: String,
    /// ISO 3166, for tones.
    pub country: String,
    /// Ringback in band (183 with a tone) instead of the phone's own (180).
    pub inband_ringback: bool,
}

/// A person with an extension.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct User {
    pub id: UserId,
    pub tenant: TenantId,
    pub first_name: String,
    pub last_name: String,
    pub suspended: bool,
    /// Their internal number, if they have one.
    pub number: Option<String>,
    pub forwards: Forwards,
}

/// Where calls go instead. RNG-07…13.
#[derive(Debug, Clone, PartialEq)]
pub struct Forwards {
    /// All calls at once; `None` is off.
    pub always: Option<String>,
    /// At the busy trigger, or when all devices are busy.
    pub busy: Option<String>,
    /// After `no_answer_after`, or when no device is registered.
    pub no_answer: Option<String>,
    /// 5–120 s. [default 20 s]
    pub no_answer_after: Duration,
    /// Calls in progress at which further ones are forwarded, 1–20. [default 2]
    pub busy_trigger: u32,
}

/// An internal number.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Extension {
    pub id: ExtensionId,
    pub tenant: TenantId,
    pub number: String,
    pub target: Target,
}

/// Whose number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Target {
    User(UserId),
    RingGroup(RingGroupId),
}

/// A phone with its own credentials.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Device {
    pub id: DeviceId,
    pub tenant: TenantId,
    pub user: Option<UserId>,
    pub name: String,
    /// Digest user name, unique in the tenant.
    pub username: String,
    pub ha1: Ha1,
    pub ring: Ring,
    /// Contacts at once, 1–10; a further one replaces the oldest.
    pub max_contacts: usize,
}

/// `H(username:realm:secret)`, in memory only.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Ha1 {
    pub md5: [u8; 16],
    pub sha256: [u8; 32],
}

/// How a device rings when its user is called. RNG-01…04.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ring {
    Immediate,
    Disabled,
    /// 1–60 s.
    After(Duration),
}

/// Members that ring together. GRP-01, 08, 12.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct RingGroup {
    pub id: RingGroupId,
    pub tenant: TenantId,
    pub name: String,
    pub number: Option<String>,
    /// In list order.
    pub members: Vec<UserId>,
    pub ring_time: Duration,
    pub overflow: Destination,
}

/// Where a call can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Destination {
    /// An internal number of the same tenant.
    Extension(String),
    Hangup(Cause),
}

/// Why a call ends, as configuration can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Cause {
    Busy,
    NoAnswer,
    Unavailable,
    NotFound,
    Declined,
}

impl Snapshot {
    /// The tenant of a SIP domain; for a host that is none (an address) the only or default tenant.
    pub fn tenant_by_host(&self, _host: &str) -> Option<&Arc<Tenant>> {
        None
    }
    /// A tenant.
    pub fn tenant(&self, _id: TenantId) -> Option<&Arc<Tenant>> {
        None
    }
    /// The device with that digest user name.
    pub fn device_by_username(&self, _tenant: TenantId, _username: &str) -> Option<&Arc<Device>> {
        None
    }
    /// The device with that user name in whichever tenant, if only one has it. SIP-03.
    pub fn device_by_unique_username(&self, _username: &str) -> Option<&Arc<Device>> {
        None
    }
    /// A device.
    pub fn device(&self, _tenant: TenantId, _id: DeviceId) -> Option<&Arc<Device>> {
        None
    }
    /// A user's devices in the order they were added.
    pub fn devices_of(&self, _tenant: TenantId, _user: UserId) -> &[Arc<Device>] {
        &[]
    }
    /// What an internal number is.
    pub fn extension(&self, _tenant: TenantId, _number: &str) -> Option<&Arc<Extension>> {
        None
    }
    /// A user.
    pub fn user(&self, _tenant: TenantId, _id: UserId) -> Option<&Arc<User>> {
        None
    }
    /// A ring group.
    pub fn ring_group(&self, _tenant: TenantId, _id: RingGroupId) -> Option<&Arc<RingGroup>> {
        None
    }
}

impl User {
    /// `First Last`.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}
