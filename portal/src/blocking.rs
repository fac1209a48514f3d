//! The database and password hashing block, so they run on their own threads, few at a time.

use std::time::Duration;

use config::{Db, query::QueryError};
use tokio::sync::Semaphore;

use crate::{error::Fault, language, state::App};

impl App {
    /// Runs `ask` on a thread that may block. Waits at most [`PATIENCE`] for a free one, then [`Fault::Busy`].
    pub async fn db<T, E>(&self, ask: impl FnOnce(&Db) -> Result<T, E> + Send + 'static) -> Result<T, Fault>
    where
        T: Send + 'static,
        E: Send + 'static,
        Fault: From<E>,
    {
        let db = self.db.clone();
        Ok(aside(&self.reads, move || ask(&db)).await??)
    }
}

impl App {
    /// As [`App::db`], for what fails only as reading fails.
    pub async fn read<T, E>(&self, ask: impl FnOnce(&Db) -> Result<T, E> + Send + 'static) -> Result<T, Fault>
    where
        T: Send + 'static,
        QueryError: From<E>,
    {
        self.db(move |db| ask(db).map_err(QueryError::from)).await
    }
}

/// Runs `work` on a thread that may block, as many at once as `slots` allows.
pub(crate) async fn aside<T: Send + 'static>(
    slots: &Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let permit = tokio::time::timeout(PATIENCE, slots.acquire()).await.map_err(|_| Fault::Busy)?;
    let _slot = permit.map_err(|_| Fault::Busy)?;
    let (span, spoken) = (tracing::Span::current(), language::spoken());
    tokio::task::spawn_blocking(move || span.in_scope(|| language::within_thread(spoken, work)))
        .await
        .map_err(|e| Fault::Internal(e.to_string()))
}

/// How long a request waits for a free thread.
const PATIENCE: Duration = Duration::from_secs(5);
