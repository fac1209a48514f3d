//! What every handler needs: the database, the running PBX, and the limits on what runs at once.

use std::sync::Arc;

use config::Db;
use tokio::sync::Semaphore;

use crate::{
    Live, Settings,
    auth::{openid::OpenId, passkey::Ceremony, pending::Pending, single_sign_on::Journey},
    clicks::Clicks,
    counters::Counters,
    limit::Limits,
    once::ShownOnce,
};

/// What every handler needs.
pub(crate) struct App {
    pub db: Db,
    pub live: Arc<dyn Live>,
    pub settings: Settings,
    pub counters: Counters,
    pub once: ShownOnce,
    /// Calls that were placed here a moment ago.
    pub clicks: Clicks,
    /// Of API keys.
    pub limits: Limits,
    /// Database threads.
    pub reads: Semaphore,
    /// Threads that hash passwords: each takes 19 MiB.
    pub hashing: Semaphore,
    pub streams: Arc<Semaphore>,
    /// Challenges for passkeys.
    pub ceremonies: Pending<Ceremony>,
    /// Who is on the way to an identity provider.
    pub journeys: Pending<Journey>,
    pub openid: OpenId,
}

impl App {
    pub fn new(db: Db, live: Arc<dyn Live>, settings: Settings) -> Self {
        Self {
            db,
            live,
            settings,
            counters: Counters::default(),
            once: ShownOnce::default(),
            clicks: Clicks::default(),
            limits: Limits::default(),
            reads: Semaphore::new(READS),
            hashing: Semaphore::new(HASHING),
            streams: Arc::new(Semaphore::new(STREAMS)),
            ceremonies: Pending::default(),
            journeys: Pending::default(),
            openid: OpenId::default(),
        }
    }

    /// Live streams that are open now.
    pub fn open_streams(&self) -> usize {
        STREAMS - self.streams.available_permits()
    }
}

/// Database requests at once.
const READS: usize = 8;
/// Passwords hashed at once.
const HASHING: usize = 2;
/// Live streams at once.
const STREAMS: usize = 512;
