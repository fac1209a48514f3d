//! What the portal sees of running calls and phones, as changes; and what it may ask for.

use config::{DeviceId, TenantId};

/// One change of the live view.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Change {
    /// A call began or changed.
    Call(Call),
    /// A call is over.
    CallEnded { tenant: TenantId, id: String },
    /// A contact was registered or refreshed.
    Bound(Binding),
    /// A contact is gone.
    Unbound { tenant: TenantId, device: DeviceId, key: String },
}

/// One running call.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Call {
    pub tenant: TenantId,
    pub id: String,
    /// Unix milliseconds.
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub caller_number: String,
    pub caller_name: String,
    pub dialled: String,
    /// `ringing`, `talking`, `held`, …
    pub state: &'static str,
    pub revision: i64,
    pub legs: Vec<Leg>,
}

/// One party of a running call.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Leg {
    pub party: String,
    pub device: Option<DeviceId>,
    pub address: String,
    pub state: &'static str,
    pub codec: String,
    /// MOS of what this party hears and says, 0 if unknown.
    pub mos_heard: f32,
    pub mos_said: f32,
    /// Packets lost of what it says, in percent.
    pub loss: f32,
    pub jitter_ms: f32,
    pub round_trip_ms: Option<f32>,
}

/// One registered contact.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Binding {
    pub tenant: TenantId,
    pub device: DeviceId,
    pub key: String,
    pub contact: String,
    pub user_agent: String,
    /// `udp 192.0.2.7:5060`.
    pub address: String,
    /// Unix milliseconds.
    pub registered_at: i64,
    pub expires_at: i64,
}

/// What the portal asks of the engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Command {
    HangUp {
        tenant: TenantId,
        id: String,
    },
    /// A phone fetches its settings; with `reboot`, it starts anew.
    Resync {
        tenant: TenantId,
        device: DeviceId,
        reboot: bool,
    },
}
