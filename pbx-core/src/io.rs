//! What the engine is told and what it wants done: its whole boundary.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use config::{
    Snapshot, TenantId, UserId,
    edits::Edit,
    records::{BindingRow, Change, SubscriptionRow, hunting::HuntRows, outside::OutsideRows},
};
use sip_stack::{
    Flow,
    resolve::{Question, Record},
};

use crate::{live, presence::summary::Counts};

/// The time of an input: one clock for timers, one for records and schedules.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For timers.
    pub at: Instant,
    /// For records.
    pub utc: DateTime<Utc>,
}

/// What the engine is told once.
#[derive(Debug, Clone)]
pub struct Options {
    /// Our listeners.
    pub listeners: Vec<(sip_stack::Transport, SocketAddr)>,
    /// The address that peers beyond NAT reach us under, for SIP and media.
    pub external_address: Option<IpAddr>,
    /// RTP and RTCP ports, shared out among the workers.
    pub rtp_ports: RangeInclusive<u16>,
    /// Media workers.
    pub workers: usize,
    /// Calls at once; beyond, 503 with Retry-After.
    pub max_calls: usize,
    /// Feeds tags, nonces, ids.
    pub seed: [u8; 32],
}

/// What the disk kept of earlier runs.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Registered contacts. SIP-06
    pub bindings: Vec<BindingRow>,
    /// What ring groups remember. GRP-07, GRP-09
    pub hunting: HuntRows,
    /// Who watches what. SIP-27
    pub subscriptions: Vec<SubscriptionRow>,
    /// Minutes outside of this day, and calls for help of the last hour. SIP-42, SIP-44
    pub outside: OutsideRows,
}

/// What happened outside, other than bytes.
#[derive(Debug)]
pub enum Input {
    /// A new revision; calls that run keep theirs.
    Config(Arc<Snapshot>),
    /// From a media worker.
    Media(media::Event),
    /// A connection broke or could not be opened.
    FlowFailed(Flow),
    /// The record changes up to this ticket are committed (or could not be: then they hold in memory only).
    Stored(u64),
    /// The answer to [`Output::Resolve`]; no records where there are none, or nobody could be asked.
    #[allow(missing_docs)]
    Resolved { question: Question, records: Vec<Record>, ttl: Duration },
    /// From the portal.
    Command(live::Command),
    /// The edit with that ticket is written, or is not and why, in words. It is in force with a later [`Input::Config`].
    #[allow(missing_docs)]
    Edited { ticket: u64, outcome: Result<(), String> },
    /// How many messages are in the mailbox of a user; none before it is said. SIP-30
    #[allow(missing_docs)]
    Messages { tenant: TenantId, user: UserId, counts: Counts },
    /// Take no new calls; [`Output::Drained`] follows when the last one ended. OPS-09.
    Drain,
    /// End every call now with BYE or CANCEL.
    HangUpAll,
}

/// What is to be done outside.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "made and taken at once, never kept in number")]
pub enum Output {
    /// Send.
    #[allow(missing_docs)]
    Transmit { flow: Flow, bytes: Bytes },
    /// Tell a media worker.
    #[allow(missing_docs)]
    Media { worker: usize, command: media::Command },
    /// Write a record row; tickets grow, [`Input::Stored`] confirms them in order.
    #[allow(missing_docs)]
    Store { ticket: u64, change: Change },
    /// Show.
    Live(live::Change),
    /// Ask the DNS, or the network; [`Input::Resolved`] follows in any case.
    Resolve(Question),
    /// What the server at an address must prove before anything is said to it over TLS, all of it; in place of what was
    /// demanded of it before.
    #[allow(missing_docs)]
    Demand { remote: SocketAddr, demands: Vec<Demand> },
    /// Draining is done.
    Drained,
    /// Change the configuration; [`Input::Edited`] answers each of them.
    #[allow(missing_docs)]
    Edit { ticket: u64, edit: Box<Edit> },
}

/// What a server must prove. SIP-38
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Name or address (IPv6 without brackets) that its certificate is for.
    pub name: String,
    /// By what.
    pub proof: Proof,
}

/// What is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A certificate of an authority that the machine knows.
    Roots,
    /// This certificate, or one that it signed. PEM.
    Certificate(String),
    /// Anything.
    Nothing,
}
