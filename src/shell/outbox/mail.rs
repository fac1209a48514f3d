//! Delivers mail by SMTP. One message at a time, the oldest first; what is not taken is tried again, later and later, for two
//! days. The words are the portal's.

use std::time::Duration;

use config::{
    Db,
    outbox::{Due, MailServer},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::header::ContentType,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

/// Runs for ever. `portal` is what links begin with, unless the settings say otherwise.
pub async fn deliver(db: Db, portal: String) {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        tick.tick().await;
        if let Err(error) = deliver_due(&db, &portal).await {
            warn!("mail waits: the outbox cannot be read ({error})");
        }
        if round % LOOKS_A_TRIM == 0 {
            let before = now_ms() - millis(KEPT);
            let _ = blocking(&db, move |db| db.trim_mail(before)).await;
        }
    }
}

/// Sends what is due. An error is the database's; those of the mail server are noted with the message.
async fn deliver_due(db: &Db, portal: &str) -> Result<(), rusqlite::Error> {
    let now = now_ms();
    let due = blocking(db, move |db| db.due_mail(now, BATCH)).await?;
    if due.is_empty() {
        return Ok(());
    }
    // Without a server there is nothing to try: messages wait until one is named again.
    let Some(server) = blocking(db, Db::mail_server).await? else { return Ok(()) };
    for mail in due {
        let outcome = match transport(&server) {
            Ok(transport) => send(&transport, &server, &mail, portal).await,
            Err(error) => Err(NotSent { why: error.to_string(), for_ever: false }),
        };
        note(db, &mail, outcome).await?;
    }
    Ok(())
}

/// Why a message was not taken.
struct NotSent {
    why: String,
    /// Trying again cannot help: there is no such mailbox.
    for_ever: bool,
}

async fn send(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    server: &MailServer,
    mail: &Due,
    portal: &str,
) -> Result<(), NotSent> {
    let base = if server.portal.is_empty() { portal } else { &server.portal };
    let (subject, text) = portal::mail_text(mail, base);
    let wrong = |why: String| NotSent { why, for_ever: true };
    let message = Message::builder()
        .from(server.from.parse().map_err(|e| wrong(format!("the sender's address: {e}")))?)
        .to(mail.recipient.parse().map_err(|e| wrong(format!("the recipient's address: {e}")))?)
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|e| wrong(e.to_string()))?;
    transport.send(message).await.map(|_| ()).map_err(|error| NotSent {
        for_ever: error.is_permanent() && !error.status().is_some_and(|code| is_of_login(&code.to_string())),
        why: in_words(&error),
    })
}

fn transport(
    server: &MailServer,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
    let tls = |server: &MailServer| TlsParameters::new(server.host.clone());
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .timeout(Some(PATIENCE))
        .tls(match server.tls.as_str() {
            "none" => Tls::None,
            "tls" => Tls::Wrapper(tls(server)?),
            _ => Tls::Required(tls(server)?),
        });
    if !server.user.is_empty() {
        builder = builder.credentials(Credentials::new(server.user.clone(), server.password.clone()));
    }
    Ok(builder.build())
}

async fn note(db: &Db, mail: &Due, outcome: Result<(), NotSent>) -> Result<(), rusqlite::Error> {
    let (id, now) = (mail.id, now_ms());
    let Err(not_sent) = outcome else {
        info!(tenant.id = mail.tenant.0, "mail {id} was taken by the mail server");
        return blocking(db, move |db| db.mail_sent(id, now)).await;
    };
    let next = if not_sent.for_ever { None } else { next_attempt(mail.attempts, now) };
    let what = if next.is_some() { "is tried again later" } else { "is given up" };
    warn!(tenant.id = mail.tenant.0, "mail {id} was not taken and {what}: {}", not_sent.why);
    blocking(db, move |db| db.mail_failed(id, &not_sent.why, next)).await
}

/// When a message that failed once more is tried again: after 1, 2, 4 … minutes, at most four hours; `None` when it has been
/// tried for two days. `earlier` attempts came before this one.
fn next_attempt(earlier: u32, now: i64) -> Option<i64> {
    let wait = FIRST_WAIT.saturating_mul(1 << earlier.min(16)).min(LONGEST_WAIT);
    (earlier + 1 < MOST_ATTEMPTS).then(|| now + millis(wait))
}

/// RFC 4954 §6: the server refuses us, not the message; somebody can mend the settings.
fn is_of_login(code: &str) -> bool {
    ["530", "534", "535", "538"].contains(&code)
}

/// An error with its causes, which say more.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

async fn blocking<T: Send + 'static>(
    db: &Db,
    ask: impl FnOnce(&Db) -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, rusqlite::Error> {
    let db = db.clone();
    tokio::task::spawn_blocking(move || ask(&db)).await.unwrap_or(Err(rusqlite::Error::InvalidQuery))
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How often the outbox is looked at; an index of the waiting ones makes that cheap.
const LOOK: Duration = Duration::from_secs(2);
/// Once an hour.
const LOOKS_A_TRIM: u64 = 1800;
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const BATCH: usize = 10;
/// For one step of a conversation with the mail server.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 60 * 60);
/// Eight that double, then one in four hours: two days.
const MOST_ATTEMPTS: u32 = 19;

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-11
    #[test]
    fn waits_double_up_to_four_hours_for_two_days() {
        let minutes = |earlier| next_attempt(earlier, 0).map(|at| at / 60_000);
        assert_eq!([0, 1, 2, 7, 8, 17].map(minutes), [1, 2, 4, 128, 240, 240].map(Some));
        assert_eq!(minutes(18), None);
        let all: i64 = (0..18).filter_map(minutes).sum();
        assert!((40 * 60..56 * 60).contains(&all), "{all} minutes");
    }

    #[test]
    fn a_refused_login_is_no_fault_of_the_message() {
        assert!(is_of_login("535") && !is_of_login("550"));
    }
}
