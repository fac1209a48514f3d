//! What the portal sees of running calls and phones, as changes; and what it may ask for.

use config::{DeviceId, ParkLotId, TenantId, TrunkId, UserId};

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
    /// A phone watches something, or goes on to.
    Watching(Watcher),
    /// A subscription is over.
    Unwatched { tenant: TenantId, id: u64 },
    /// Something stands otherwise: a user, a group. Before the first word of it a user is `offline`, a group `idle`.
    Lamp(Lamp),
    /// A trunk changed its state.
    Trunk(Trunk),
    /// A trunk is no more.
    #[allow(missing_docs)]
    TrunkGone { trunk: TrunkId },
}

/// One subscription of a phone.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Watcher {
    pub tenant: TenantId,
    pub id: u64,
    pub device: DeviceId,
    /// `dialog`, `presence`, `message-summary`, `as-feature-event`.
    pub package: &'static str,
    /// The address it watches.
    pub number: String,
    /// What that is: `user:7`, as [`Lamp`] names it.
    pub watched: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Lamp {
    pub tenant: TenantId,
    /// `user:7`, `group:3`, `dnd:7`, `forward:7`, `night:1`.
    pub watched: String,
    /// Of a user `available`, `away`, `ringing`, `on the phone`, `busy`, `offline`; of other things `idle`, `ringing`,
    /// `on the phone`, `on`.
    pub state: &'static str,
}

/// A trunk as it is right now. SIP-38
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Trunk {
    pub tenant: TenantId,
    pub trunk: TrunkId,
    pub name: String,
    pub state: TrunkState,
    /// In words: `registered`, `registration: 403 Forbidden`.
    pub text: String,
    /// Unix milliseconds; since when it is in this state.
    pub since: i64,
    /// Calls by it.
    pub calls: u32,
    /// `udp 192.0.2.7:5060`; blank while none is known.
    pub address: String,
}

/// How a trunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkState {
    /// Switched off.
    Off,
    /// Its address is looked up.
    Searching,
    /// The first registration is under way.
    Registering,
    /// Calls can go by it.
    Up,
    /// Calls cannot.
    Down,
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
    pub caller: Option<UserId>,
    pub caller_number: String,
    pub caller_name: String,
    pub dialled: String,
    /// `ringing caller` (a call from the portal that its caller has to answer first), `ringing`, `talking`, `held`,
    /// `parked`, …
    pub state: &'static str,
    /// The slot that the caller waits in, if it does. SIP-33
    pub parked: Option<Parked>,
    pub revision: i64,
    pub legs: Vec<Leg>,
}

/// Where a caller waits.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Parked {
    pub slot: String,
    pub lot: ParkLotId,
    /// Who waits, and who parked them.
    pub who: String,
    pub by: String,
    /// Unix milliseconds.
    pub since: i64,
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
    /// Its speech goes by SRTP.
    pub encrypted: bool,
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
    /// Place a call. A record follows in any case where there is room for the call.
    Call(Box<Order>),
    /// Send one party of a call where the other would send it. CTRL-02
    Transfer {
        tenant: TenantId,
        id: String,
        /// Who goes on.
        who: Side,
        to: String,
    },
    /// Ask a trunk by OPTIONS now, and register anew where it registers. A-35
    TestTrunk {
        tenant: TenantId,
        trunk: TrunkId,
    },
    /// End a call that this user placed.
    Cancel {
        tenant: TenantId,
        user: UserId,
        id: String,
    },
}

/// A party of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who called, or was put in that place.
    Caller,
    /// Whom they talk with.
    Callee,
}

/// A call from the portal. CTC-01…06.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose call it is.
    pub tenant: TenantId,
    /// Who calls.
    pub user: UserId,
    /// The id that the call gets, in the form of [`call_id`]. One that runs is not placed again.
    pub id: String,
    /// What rings first.
    pub from: From,
    /// Whom to call.
    pub number: String,
    /// By this trunk alone, whatever the outbound routes say: to try it. A-35
    pub by: Option<TrunkId>,
}

/// With which phone a call from the portal begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// All phones of the caller.
    OwnPhones,
    /// One of them.
    Device(DeviceId),
    /// The phones of that extension's user, where the caller sits at present.
    Extension(String),
}

/// A call's id: sortable by time, unique also across restarts, given a random number. `utc` is Unix milliseconds.
pub fn call_id(utc: i64, random: u32) -> String {
    format!("{utc:011x}{random:08x}")
}
