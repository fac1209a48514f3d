//! What every handler needs: the database, the running PBX, and the limits on what runs at once.

use std::sync::Arc;

use config::Db;
use tokio::sync::Semaphore;

use crate::{
    Live, Settings,
    clicks::Clicks,
    counters::Counters,
    limit::Limits,
    once::ShownOnce,
    proof::{ceremony::Ceremony, journey::Journey, openid::OpenId, pending::Pending},
    strangers::Strangers,
    waiting::Waiting,
};

/// What every handler needs. All listeners share what is counted, limited and shown once.
#[derive(Clone)]
pub(crate) struct App {
    pub db: Db,
    pub live: Arc<dyn Live>,
    pub settings: Settings,
    pub counters: Arc<Counters>,
    pub once: Arc<ShownOnce>,
    /// Calls that were placed here a moment ago.
    pub clicks: Arc<Clicks>,
    /// Of API keys.
    pub limits: Arc<Limits>,
    /// Of phones that ask for what is not theirs.
    pub strangers: Arc<Strangers>,
    /// Phones that nobody knows yet.
    pub waiting: Arc<Waiting>,
    /// Database threads.
    pub reads: Arc<Semaphore>,
    /// Threads that hash passwords: each takes 19 MiB.
    pub hashing: Arc<Semaphore>,
    pub streams: Arc<Semaphore>,
    /// Challenges for passkeys.
    pub ceremonies: Arc<Pending<Ceremony>>,
    /// Who is on the way to an identity provider.
    pub journeys: Arc<Pending<Journey>>,
    pub openid: Arc<OpenId>,
}

impl App {
    pub fn new(db: Db, live: Arc<dyn Live>, settings: Settings) -> Self {
        Self {
            db,
            live,
            settings,
            counters: Arc::default(),
            once: Arc::default(),
            clicks: Arc::default(),
            limits: Arc::default(),
            strangers: Arc::default(),
            waiting: Arc::default(),
            reads: Arc::new(Semaphore::new(READS)),
            hashing: Arc::new(Semaphore::new(HASHING)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            ceremonies: Arc::default(),
            journeys: Arc::default(),
            openid: Arc::default(),
        }
    }

    /// The same behind another listener.
    pub fn behind(&self, settings: Settings) -> Self {
        Self { settings, ..self.clone() }
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
