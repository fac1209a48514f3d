//! Tells other products by HTTP who got or lost a licence of theirs. One call at a time, each address in order; what is not
//! taken is tried again like mail. LIC-10.

use std::{net::ToSocketAddrs, sync::Arc, time::Duration};

use config::{Db, access::OPERATOR, outbox::Webhook};
use tracing::{info, warn};
use ureq::{
    Agent,
    http::Uri,
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{
    attempts::{next_attempt, now_ms},
    blocking,
};

/// Runs for ever.
pub async fn deliver(db: Db) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        tick.tick().await;
        let looked = blocking(&db, move |db| look(db, seen)).await;
        match looked {
            Ok(revision) => seen = Some(revision),
            Err(error) => warn!("licences of other products are told later: {error}"),
        }
        while matches!(blocking(&db, deliver_one).await, Ok(true)) {}
    }
}

/// Who has what is compared when the configuration has changed, or when this has just started.
fn look(db: &Db, seen: Option<i64>) -> Result<i64, rusqlite::Error> {
    let revision = db.history_bounds()?.newest;
    if seen != Some(revision) {
        while db.queue_webhooks(now_ms())? > 0 {}
    }
    Ok(revision)
}

/// Whether there was one to deliver.
fn deliver_one(db: &Db) -> Result<bool, rusqlite::Error> {
    let Some(call) = db.due_webhooks(now_ms(), 1)?.into_iter().next() else { return Ok(false) };
    let now = now_ms();
    match post(&call) {
        Ok(()) => {
            info!(tenant.id = call.tenant.0, "webhook {} was taken", call.id);
            db.mail_sent(call.id, now)?;
        }
        Err(why) => {
            let next = next_attempt(call.attempts, now);
            let what = if next.is_some() { "is tried again later" } else { "is given up" };
            warn!(tenant.id = call.tenant.0, "webhook {} was not taken and {what}: {why}", call.id);
            db.mail_failed(call.id, &why, next)?;
        }
    }
    Ok(true)
}

fn post(call: &Webhook) -> Result<(), String> {
    let uri: Uri = call.url.parse().map_err(|error| format!("the address: {error}"))?;
    // A company of others must not reach through this machine what stands beside it.
    if call.tenant != OPERATOR && !is_outside(&uri) {
        return Err("the address is not on the public internet".to_owned());
    }
    let answer = agent()
        .post(uri)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", &format!("dialtone-{}", call.id))
        .send(&call.body)
        .map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
}

fn agent() -> Agent {
    let found = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = found.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build();
    Agent::new_with_config(config)
}

/// Whether a host has public addresses only.
fn is_outside(uri: &Uri) -> bool {
    let Some(host) = uri.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(addresses) = (host, 443).to_socket_addrs() else { return false };
    addresses.map(|address| address.ip()).all(portal::is_public)
}

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// For one call.
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    /// LIC-10
    #[test]
    fn only_addresses_that_everybody_reaches_are_outside() {
        for inside in
            ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "100.64.1.1", "[::1]", "[fd00::1]"]
        {
            assert!(!is_outside(&format!("https://{inside}/hook").parse().unwrap()), "{inside}");
        }
        assert!(is_outside(&"https://192.0.2.7/hook".parse().unwrap()));
        assert!(!is_outside(&"/hook".parse().unwrap()));
    }
}
