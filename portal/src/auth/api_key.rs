//! Programs: who a request with `Authorization: Bearer` is, within the limits of its key. OPS-15.

use axum::http::{HeaderMap, header};
use config::{query::QueryError, sign_in::Stage};

use super::Who;
use crate::{error::Fault, state::App};

/// The program behind a request; `None` if it carries no key at all.
///
/// # Errors
/// When the key is not valid, or has made too many requests.
pub(crate) async fn who(app: &App, headers: &HeaderMap) -> Result<Option<Who>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token =
        token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let token = token.ok_or(Fault::SignIn)?.to_owned();
    let now = chrono::Utc::now().timestamp_millis();
    let found = app
        .db(move |db| {
            let Some(key) = db.api_key(&token, now).map_err(QueryError::from)? else {
                return Ok::<_, Fault>(None);
            };
            if key.last_used.is_none_or(|at| now - at > TOUCH_MS) {
                db.touch_api_key(key.id, now).map_err(QueryError::from)?;
            }
            let face = db.face_of(key.viewer.tenant).map_err(QueryError::from)?;
            Ok(Some((key, face)))
        })
        .await?;
    let (key, face) = found.ok_or(Fault::SignIn)?;
    app.limits.take(key.id, key.rate, std::time::Instant::now()).map_err(Fault::TooMany)?;
    let name = format!("api:{}", key.name);
    Ok(Some(Who {
        user: key.maker.id,
        session: -key.id,
        must_set_password: false,
        must_add_factor: false,
        stage: Stage::Whole,
        login: name.clone(),
        name,
        tenant: key.viewer.tenant,
        face,
        viewer: key.viewer,
        csrf: String::new(),
        theme: String::new(),
        flash: String::new(),
        address: String::new(),
        trial: None,
        alerts: vec![],
        calling: false,
        visiting: false,
    }))
}

/// A use is noted once a minute.
const TOUCH_MS: i64 = 60_000;
