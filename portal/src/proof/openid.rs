//! The identity provider over the network: discovery (OpenID Connect Discovery 1.0), its keys, and the exchange of a code
//! for a token (RFC 6749 §4.1.3 with PKCE, RFC 7636). Redirects are not followed; answers are bounded in size and time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{Method, Request, Uri, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use config::sign_in::Provider;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use super::id_token::{self, BadToken, Claims, Expected, Key};
use crate::{query::Pairs, text::encode};

/// Where a provider is asked what.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// As its tokens name it.
    pub issuer: String,
    /// Where people sign in.
    pub authorization: String,
    token: String,
    keys_at: String,
    /// The client's password goes into the form instead of the head.
    secret_in_form: bool,
    keys: Vec<Key>,
}

/// What a code is exchanged with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub code: &'a str,
    /// PKCE.
    pub verifier: &'a str,
    pub redirect: &'a str,
    pub nonce: &'a str,
    /// Unix seconds.
    pub now: i64,
}

/// Why nobody is signed in; the text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenIdError {
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    #[error("{0} answered {1}")]
    Status(String, u16),
    #[error("{0} did not answer as a provider does: {1}")]
    Strange(String, &'static str),
    #[error("the ID token is not valid: {0}")]
    Token(#[from] BadToken),
}

/// All providers, as far as known.
#[derive(Debug, Default)]
pub(crate) struct OpenId {
    client: OnceLock<Option<HttpClient>>,
    known: Mutex<HashMap<String, (Instant, Arc<Endpoints>)>>,
}

impl OpenId {
    /// Where an issuer is asked what; asked anew after an hour.
    pub async fn endpoints(&self, issuer: &str) -> Result<Arc<Endpoints>, OpenIdError> {
        let known =
            self.known().get(issuer).filter(|(at, _)| at.elapsed() < HOUR).map(|(_, known)| known.clone());
        match known {
            Some(known) => Ok(known),
            None => self.discover(issuer).await,
        }
    }

    /// What the provider says about who holds a code.
    pub async fn redeem(&self, provider: &Provider, exchange: Exchange<'_>) -> Result<Claims, OpenIdError> {
        let endpoints = self.endpoints(&provider.issuer).await?;
        let token = self.exchange(provider, &endpoints, exchange).await?;
        let expected = Expected {
            issuer: &endpoints.issuer,
            client: &provider.client,
            nonce: exchange.nonce,
            now: exchange.now,
        };
        match id_token::check(&token, &endpoints.keys, expected) {
            // Providers change their keys as they like.
            Err(BadToken::UnknownKey | BadToken::Signature) => {
                let fresh = self.discover(&provider.issuer).await?;
                Ok(id_token::check(&token, &fresh.keys, expected)?)
            }
            checked => Ok(checked?),
        }
    }

    async fn discover(&self, issuer: &str) -> Result<Arc<Endpoints>, OpenIdError> {
        let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.get(&at).await?;
        let mut endpoints = read(&document, issuer.starts_with("http://"))
            .map_err(|why| OpenIdError::Strange(at.clone(), why))?;
        if endpoints.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(OpenIdError::Strange(at, "it names another issuer"));
        }
        endpoints.keys = id_token::keys(&self.get(&endpoints.keys_at).await?);
        let endpoints = Arc::new(endpoints);
        let mut known = self.known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(issuer.to_owned(), (Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }

    async fn exchange(
        &self,
        provider: &Provider,
        endpoints: &Endpoints,
        exchange: Exchange<'_>,
    ) -> Result<String, OpenIdError> {
        let mut form = Pairs::default()
            .with("grant_type", "authorization_code")
            .with("code", exchange.code)
            .with("redirect_uri", exchange.redirect)
            .with("code_verifier", exchange.verifier);
        let mut request = Request::builder().method(Method::POST).uri(endpoints.token.as_str());
        if provider.secret.is_empty() || endpoints.secret_in_form {
            form = form.with("client_id", &provider.client);
        }
        if !provider.secret.is_empty() && endpoints.secret_in_form {
            form = form.with("client_secret", &provider.secret);
        } else if !provider.secret.is_empty() {
            // RFC 6749 §2.3.1: both are encoded as in a form first.
            let pair = format!("{}:{}", encode(&provider.client), encode(&provider.secret));
            request =
                request.header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)));
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Full::from(form.text()))
            .map_err(|_| OpenIdError::Strange(endpoints.token.clone(), "its token address is none"))?;
        let answer = self.ask(request).await?;
        let token = answer.get("id_token").and_then(Value::as_str);
        token
            .map(str::to_owned)
            .ok_or_else(|| OpenIdError::Strange(endpoints.token.clone(), "there is no ID token"))
    }

    async fn get(&self, address: &str) -> Result<Value, OpenIdError> {
        let request = Request::get(address).header(header::ACCEPT, "application/json").body(Full::default());
        let request = request.map_err(|_| OpenIdError::Strange(address.to_owned(), "this is no address"))?;
        self.ask(request).await
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Value, OpenIdError> {
        let at = request.uri().to_string();
        let fail = |why: String| OpenIdError::Unreachable(at.clone(), why);
        let client = self.client.get_or_init(client).as_ref();
        let client =
            client.ok_or_else(|| fail("the system has no certificates of authorities".to_owned()))?;
        let asking = async {
            let answer = client.request(request).await.map_err(|e| fail(chain(&e)))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
            let body = body.map_err(|e| fail(e.to_string()))?.to_bytes();
            if !status.is_success() {
                return Err(OpenIdError::Status(at.clone(), status.as_u16()));
            }
            serde_json::from_slice(&body).map_err(|_| OpenIdError::Strange(at.clone(), "this is no JSON"))
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| Err(fail("it is too slow".to_owned())))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Arc<Endpoints>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

fn client() -> Option<HttpClient> {
    let connector =
        HttpsConnectorBuilder::new().with_native_roots().ok()?.https_or_http().enable_http1().build();
    Some(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
}

/// Discovery §3. `plain` providers run on this very machine.
fn read(document: &Value, plain: bool) -> Result<Endpoints, &'static str> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let address = |name: &str| Some(text(name)).filter(|address| is_guarded(address, plain));
    let ways = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
    let takes = |way: &str| ways.is_none_or(|ways| ways.iter().any(|one| one.as_str() == Some(way)));
    Ok(Endpoints {
        issuer: text("issuer"),
        authorization: address("authorization_endpoint").ok_or("its sign-in address is not https")?,
        token: address("token_endpoint").ok_or("its token address is not https")?,
        keys_at: address("jwks_uri").ok_or("the address of its keys is not https")?,
        secret_in_form: !takes("client_secret_basic"),
        keys: vec![],
    })
}

/// Nobody on the way reads or changes what is said there: TLS, or this very machine.
fn is_guarded(address: &str, plain: bool) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let here = uri.host().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1"));
    uri.host().is_some()
        && (uri.scheme_str() == Some("https") || (plain && here && uri.scheme_str() == Some("http")))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
    std::iter::once(error.to_string()).chain(causes).collect::<Vec<_>>().join(": ")
}

const HOUR: Duration = Duration::from_secs(3600);
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 1024 * 1024;
const MOST_KNOWN: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-24
    #[test]
    fn a_provider_is_asked_over_tls_only() {
        let document = |scheme: &str| {
            serde_json::json!({ "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a",
                "token_endpoint": format!("{scheme}://id.example/t"), "jwks_uri": "https://id.example/k" })
        };
        assert!(read(&document("https"), false).is_ok());
        assert!(read(&document("http"), false).is_err() && read(&document("http"), true).is_err());
        assert!(
            is_guarded("http://127.0.0.1:5556/dex", true) && !is_guarded("http://127.0.0.1:5556/dex", false)
        );
        for other in ["http://127.0.0.1.evil.example/", "javascript:alert(1)", "", "/token"] {
            assert!(!is_guarded(other, true), "{other}");
        }
    }
}
