//! What leaves the program in its own time: taken from the outbox, delivered, tried again. OPS-11, LIC-10.

use config::Db;

mod attempts;
pub mod mail;
pub mod webhook;

async fn blocking<T: Send + 'static>(
    db: &Db,
    ask: impl FnOnce(&Db) -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, rusqlite::Error> {
    let db = db.clone();
    tokio::task::spawn_blocking(move || ask(&db)).await.unwrap_or(Err(rusqlite::Error::InvalidQuery))
}
