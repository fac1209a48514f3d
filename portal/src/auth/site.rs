//! Which address of the portal a browser is at: for passkeys, which are for one site, and for the way back from an identity
//! provider, which must be the registered one.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use config::query::QueryError;

use super::{host, webauthn::Site};
use crate::{error::Fault, state::App};

/// The site for passkeys, by what the browser itself says it is at.
///
/// # Errors
/// Where browsers have no passkeys: at an IP address, without TLS. And at another name than the configured one, so that
/// nobody makes keys that are of no use tomorrow.
pub(crate) async fn site(app: &App, headers: &HeaderMap) -> Result<Site, Fault> {
    let (public, is_tenant) = known(app, headers).await?;
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).unwrap_or_default();
    of(origin, host(headers), if is_tenant { "" } else { &public }).map_err(Fault::Forbidden)
}

/// What addresses of the portal begin with for this browser: the configured address, or the company's own name.
pub(crate) async fn base(app: &App, headers: &HeaderMap) -> Result<String, Fault> {
    let (public, is_tenant) = known(app, headers).await?;
    let host = host(headers);
    let scheme = public.split_once("://").map(|(scheme, _)| scheme);
    if host.is_empty() || (!public.is_empty() && !is_tenant) {
        let base = if public.is_empty() { &app.settings.base_url } else { &public };
        return Ok(base.trim_end_matches('/').to_owned());
    }
    let ours = if app.settings.secure_cookies { "https" } else { "http" };
    Ok(format!("{}://{host}", scheme.unwrap_or(ours)))
}

/// The configured address, and whether the browser is at the name of a company.
async fn known(app: &App, headers: &HeaderMap) -> Result<(String, bool), Fault> {
    let host = host(headers).to_owned();
    app.read(move |db| Ok::<_, QueryError>((db.portal_address()?, db.tenant_of_host(&host)?.is_some()))).await
}

fn of(origin: &str, host: &str, public: &str) -> Result<Site, &'static str> {
    let (scheme, authority) = origin.split_once("://").unwrap_or_default();
    if authority.is_empty() || authority != host {
        return Err(NO_ORIGIN);
    }
    if public.split_once("://").is_some_and(|(_, rest)| rest.split('/').next() != Some(authority)) {
        return Err(OTHER_NAME);
    }
    let rp = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
    if rp.starts_with('[') || rp.parse::<IpAddr>().is_ok() {
        return Err(IP_ADDRESS);
    }
    if scheme != "https" && rp != "localhost" {
        return Err(NO_TLS);
    }
    Ok(Site { origin: origin.to_owned(), rp: rp.to_owned() })
}

const NO_ORIGIN: &str = "The browser does not say at which address it is";
const OTHER_NAME: &str = "Passkeys work at the portal's own address only. Ask your administrator for it";
const IP_ADDRESS: &str = "Passkeys need the portal's name, not its IP address";
const NO_TLS: &str = "Passkeys need a connection with https";

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-22
    #[test]
    fn a_passkey_is_for_the_name_that_the_browser_is_at() {
        let site = |origin: &str, host: &str, public: &str| of(origin, host, public).map(|site| site.rp);
        assert_eq!(site("https://pbx.example", "pbx.example", ""), Ok("pbx.example".into()));
        assert_eq!(site("https://pbx.example:8443", "pbx.example:8443", ""), Ok("pbx.example".into()));
        assert_eq!(site("http://localhost:8080", "localhost:8080", ""), Ok("localhost".into()));
        let public = "https://pbx.example/";
        assert_eq!(site("https://pbx.example", "pbx.example", public), Ok("pbx.example".into()));
        assert_eq!(site("https://10.0.0.1", "10.0.0.1", public), Err(OTHER_NAME));
        assert_eq!(site("https://old.example", "old.example", public), Err(OTHER_NAME));
        assert_eq!(site("https://evil.example", "pbx.example", ""), Err(NO_ORIGIN));
        assert_eq!(site("", "pbx.example", ""), Err(NO_ORIGIN));
        assert_eq!(site("https://192.0.2.1:8443", "192.0.2.1:8443", ""), Err(IP_ADDRESS));
        assert_eq!(site("https://[2001:db8::1]", "[2001:db8::1]", ""), Err(IP_ADDRESS));
        assert_eq!(site("http://pbx.example", "pbx.example", ""), Err(NO_TLS));
    }
}
