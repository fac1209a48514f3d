//! Passkeys at sign-in: instead of the password, or after it. What is asked of the browser, and what follows its answer.
//! AUTH-22. Their page is [`crate::pages::passkeys`].

use std::sync::{Arc, atomic::Ordering::Relaxed};

use axum::{
    Json,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    query::QueryError,
    sign_in::{Account, Passkey},
};
use serde_json::json;

use super::{
    Who, login, peer,
    pending::{LASTS_MS, random, text},
    same_site,
    site::site,
    webauthn::{Challenge, Kept, Proof, Refused},
};
use crate::{
    error::{Answer, Fault},
    state::App,
};

pub(crate) use crate::proof::ceremony::{Ceremony, Purpose};

/// `POST /login/passkey`: the challenge for somebody who names no login.
pub(crate) async fn challenge(State(app): State<Arc<App>>, request: Request) -> Answer {
    if !same_site(request.headers()) {
        app.counters.refused_cross_site.fetch_add(1, Relaxed);
        return Err(Fault::Forbidden("This request came from another site").into());
    }
    Ok(ask(&app, request.headers(), Purpose::SignIn, &[]).await?)
}

/// `POST /sign-in/code/passkey`: the challenge after the password.
pub(crate) async fn challenge_again(State(app): State<Arc<App>>, who: Who, headers: HeaderMap) -> Answer {
    let user = who.user;
    let keys = app.read(move |db| db.passkeys_of(user)).await?;
    Ok(ask(&app, &headers, Purpose::Factor(user), &keys).await?)
}

/// `POST /login/passkey/finish`: signs in whose key it is. The key is two factors: it is had, and it was unlocked.
pub(crate) async fn sign_in(State(app): State<Arc<App>>, request: Request) -> Result<Response, Fault> {
    if !same_site(request.headers()) {
        app.counters.refused_cross_site.fetch_add(1, Relaxed);
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let (headers, address) =
        (request.headers().clone(), peer(&request).map(|ip| ip.to_string()).unwrap_or_default());
    let form = login::read(request).await?;
    let proven = prove(&app, form.get("ceremony"), form.get("passkey"), &Purpose::SignIn).await?;
    let account = match proven {
        Ok(account) if !account.suspended => account,
        other => {
            let why =
                other.err().map_or("the account is suspended".to_owned(), |refused| refused.to_string());
            tracing::warn!(peer.addr = %address, "a passkey was refused: {why}");
            app.counters.sign_in_failures.fetch_add(1, Relaxed);
            return login::refused(&app, &headers, form.get("next"), REFUSED).await;
        }
    };
    if !account.local_sign_in {
        return login::refused(&app, &headers, form.get("next"), login::ELSEWHERE).await;
    }
    app.counters.sign_ins.fetch_add(1, Relaxed);
    let to = login::target(form.get("next"), &account.viewer);
    login::begin(&app, account.id, &headers, address, to).await
}

/// Gives a challenge away: JSON for the page's script. Of the user's own keys only these are asked for, if there are some.
pub(crate) async fn ask(
    app: &App,
    headers: &HeaderMap,
    purpose: Purpose,
    keys: &[Passkey],
) -> Result<Response, Fault> {
    let asked = Challenge {
        site: site(app, headers).await?,
        challenge: random()?,
        verified: purpose == Purpose::SignIn,
    };
    let keys: Vec<_> = keys
        .iter()
        .filter(|key| key.rp == asked.site.rp)
        .map(|key| json!({ "type": "public-key", "id": text(&key.credential) }))
        .collect();
    let options = json!({
        "challenge": text(&asked.challenge),
        "rpId": asked.site.rp,
        "allowCredentials": keys,
        "userVerification": if asked.verified { "required" } else { "preferred" },
        "timeout": LASTS_MS,
    });
    let ceremony = app.ceremonies.keep(Ceremony { asked, purpose }, Utc::now().timestamp_millis())?;
    Ok(Json(json!({ "ceremony": ceremony, "publicKey": options })).into_response())
}

/// Whose key answered a challenge that was given for that purpose. A challenge is good for one answer, whatever it is.
pub(crate) async fn prove(
    app: &App,
    ceremony: &str,
    answer: &str,
    purpose: &Purpose,
) -> Result<Result<Account, Refused>, Fault> {
    let now = Utc::now().timestamp_millis();
    let Some(ceremony) = app.ceremonies.take(ceremony, now).filter(|given| given.purpose == *purpose) else {
        return Ok(Err(Refused::Challenge));
    };
    let proof = match Proof::read(answer) {
        Ok(proof) => proof,
        Err(refused) => return Ok(Err(refused)),
    };
    app.read(move |db| {
        let key = db.passkey(&proof.credential)?.filter(|key| key.rp == ceremony.asked.site.rp);
        let theirs = |key: &Passkey| !matches!(ceremony.purpose, Purpose::Factor(user) if user != key.user);
        let Some(key) = key.filter(theirs) else { return Ok(Err(Refused::Stranger)) };
        let kept = Kept { public_key: &key.public_key, handle: &key.handle, counter: key.counter };
        let counter = match proof.holds(&ceremony.asked, kept) {
            Ok(counter) => counter,
            Err(refused) => return Ok(Err(refused)),
        };
        // Two answers at once count alike; only one of them is taken.
        if !db.use_passkey(key.id, counter, now)? {
            return Ok(Err(Refused::Counter));
        }
        Ok::<_, QueryError>(db.account(key.user)?.ok_or(Refused::Stranger))
    })
    .await
}

const REFUSED: &str = "This passkey was not accepted. Try again, or use your password.";
