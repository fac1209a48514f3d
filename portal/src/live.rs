//! The one trait through which the portal sees and steers running calls.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use config::{DeviceId, Snapshot, TenantId, TrunkId, UserId};
use tokio::sync::watch;

/// A running call, ready for display.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveCall {
    pub id: String,
    /// Unix milliseconds.
    pub started_at: i64,
    pub answered_at: Option<i64>,
    /// Whose phone calls, if it is a user's.
    pub caller: Option<UserId>,
    pub caller_number: String,
    pub caller_name: String,
    pub dialled: String,
    pub state: &'static str,
    /// The slot that the caller waits in, if it does.
    pub parked: Option<LiveParked>,
    pub revision: i64,
    pub legs: Vec<LiveLeg>,
}

/// Where a caller waits. SIP-33
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveParked {
    pub slot: String,
    /// The park lot's id.
    pub lot: i64,
    /// Who waits, and the number of who parked them.
    pub who: String,
    pub by: String,
    /// Unix milliseconds.
    pub since: i64,
}

/// A party of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveSide {
    /// Who called, or was put in that place.
    #[default]
    Caller,
    /// Whom they talk with.
    Callee,
}

/// One party of a running call.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveLeg {
    pub party: String,
    pub device: Option<DeviceId>,
    pub address: String,
    pub state: &'static str,
    pub codec: String,
    /// Its speech goes by SRTP.
    pub encrypted: bool,
    pub mos_heard: f32,
    pub mos_said: f32,
    /// Percent.
    pub loss: f32,
    pub jitter_ms: f32,
    pub round_trip_ms: Option<f32>,
}

/// A registered contact.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveBinding {
    pub device: DeviceId,
    pub contact: String,
    pub user_agent: String,
    pub address: String,
    /// Unix milliseconds.
    pub registered_at: i64,
    pub expires_at: i64,
}

/// A subscription of a phone: what it watches. SIP-27
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveWatcher {
    pub device: DeviceId,
    /// `dialog`, `presence`, `message-summary`, `as-feature-event`.
    pub package: &'static str,
    /// The address that it watches.
    pub number: String,
    /// What that is, as [`Live::lamps`] names it.
    pub watched: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}
/// A trunk as it is right now. A-35
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[allow(missing_docs)]
pub struct LiveTrunk {
    pub trunk: TrunkId,
    /// `off`, `searching`, `registering`, `up`, `down`.
    pub state: &'static str,
    /// In words: `registered`, `registration: 403 Forbidden`.
    pub text: String,
    /// Unix milliseconds.
    pub since: i64,
    /// Calls by it.
    pub calls: u32,
    /// `udp 192.0.2.7:5060`; blank while none is known.
    pub address: String,
}

/// A call to be placed for somebody. CTC-01…06.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NewCall {
    pub tenant: TenantId,
    /// Who calls.
    pub user: UserId,
    pub from: CallFrom,
    pub number: String,
    /// By this trunk alone, to try it. A-35
    pub by: Option<TrunkId>,
}

/// With what a call begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFrom {
    /// All phones of the caller.
    OwnPhones,
    /// One of them.
    Device(DeviceId),
    /// The phones of another extension.
    Extension(String),
}

/// A call that is only thought of. OPS-02.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The configuration that decides.
    pub snapshot: Arc<Snapshot>,
    /// Whose call it is.
    pub tenant: TenantId,
    /// Who calls: an extension, or a number outside with its plus sign.
    pub from: String,
    /// As it is dialled.
    pub to: String,
    /// When.
    pub utc: DateTime<Utc>,
    /// What phones of extensions do, and under `outside` those who are called outside.
    pub assumed: Vec<(String, Assumption)>,
}

/// What somebody's phones do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Assumption {
    Rings,
    Answers(Duration),
    Busy,
    Declines,
    NotRegistered,
}

/// What would come of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rehearsed {
    /// Each decision with its rule, as in the record of a call: JSON.
    pub trace: String,
    /// Blank if nobody answers.
    pub answered_by: String,
    /// How it ends, if nobody answers: `480 No answer`.
    pub cause: String,
    /// How long it takes until then. [ms]
    pub took_ms: u64,
    /// Of the configuration.
    pub revision: i64,
}

impl Assumption {
    /// `rings`, `answers`, `answers:5` (after so many seconds), `busy`, `declines`, `unregistered`.
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "rings" => Some(Self::Rings),
            "answers" => Some(Self::Answers(Duration::from_secs(5))),
            "busy" => Some(Self::Busy),
            "declines" => Some(Self::Declines),
            "unregistered" => Some(Self::NotRegistered),
            other => {
                let seconds =
                    other.strip_prefix("answers:")?.parse().ok().filter(|seconds| *seconds <= 600)?;
                Some(Self::Answers(Duration::from_secs(seconds)))
            }
        }
    }
}

/// Something an administrator must see on every page until it is gone.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Alarm {
    /// What is wrong and what to do, one or two sentences.
    pub text: String,
    /// Unix milliseconds.
    pub since: i64,
}

/// The running PBX as the portal sees it. Calls return at once; nothing here waits for the engine.
pub trait Live: Send + Sync + 'static {
    /// Running calls of a tenant, oldest first.
    fn calls(&self, tenant: TenantId) -> Vec<LiveCall>;
    /// Registered contacts of a tenant.
    fn bindings(&self, tenant: TenantId) -> Vec<LiveBinding>;
    /// What phones of a tenant watch, by address.
    fn watchers(&self, tenant: TenantId) -> Vec<LiveWatcher>;
    /// How users and groups of a tenant stand, by `user:7`: `available`, `away`, `ringing`, `on the phone`, `busy`; those who
    /// are not named are `offline`, or `idle`.
    fn lamps(&self, tenant: TenantId) -> HashMap<String, &'static str>;
    /// Grows with each change of calls, bindings or alarms; at most ten times a second.
    fn changed(&self) -> watch::Receiver<u64>;
    /// Places a call; its id, or `None` if the engine takes no command right now. The call appears among the running ones,
    /// and among the records when it is over, also when nothing came of it.
    fn place_call(&self, call: NewCall) -> Option<String>;
    /// Ends a call that this user placed. `false` if there is none of that id in that tenant.
    fn cancel_call(&self, tenant: TenantId, user: UserId, call: &str) -> bool;
    /// Ends a call. `false` if there is none of that id in that tenant.
    fn hang_up(&self, tenant: TenantId, call: &str) -> bool;
    /// Sends one party of a call where the other would send it. `false` if there is no call of that id in that tenant, or
    /// nobody talks in it.
    fn transfer(&self, tenant: TenantId, call: &str, who: LiveSide, to: &str) -> bool;
    /// Has a phone fetch its settings; with `reboot`, start anew. `false` if it is not registered in that tenant.
    fn resync(&self, tenant: TenantId, device: DeviceId, reboot: bool) -> bool;
    /// The trunks of a tenant.
    fn trunks(&self, tenant: TenantId) -> Vec<LiveTrunk>;
    /// Has a trunk asked whether it is there, and registered at anew. `false` if there is none of that id in that tenant.
    fn test_trunk(&self, tenant: TenantId, trunk: TrunkId) -> bool;
    /// What is wrong right now (a rejected revision, a full disk).
    fn alarms(&self) -> Vec<Alarm>;
    /// The text of `/metrics`, Prometheus format.
    fn metrics(&self) -> String;
    /// What would become of a call. Takes milliseconds, and touches nothing.
    fn rehearse(&self, of: &Rehearsal) -> Rehearsed;
    /// The revision that new calls run under.
    fn revision(&self) -> i64;
    /// How a phone reaches the SIP side: `udp 192.0.2.1:5060`.
    fn sip_addresses(&self) -> Vec<String>;
}
