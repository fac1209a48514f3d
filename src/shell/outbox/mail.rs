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

use super::{
    attempts::{millis, next_attempt, now_ms},
    blocking,
};

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
    blocking(db, move |db| db.tell_issues(now)).await?;
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

/// How often the outbox is looked at; an index of the waiting ones makes that cheap.
const LOOK: Duration = Duration::from_secs(2);
/// Once an hour.
const LOOKS_A_TRIM: u64 = 1800;
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const BATCH: usize = 10;
/// For one step of a conversation with the mail server.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_no_fault_of_the_message() {
        assert!(is_of_login("535") && !is_of_login("550"));
    }
}
