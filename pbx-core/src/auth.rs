//! Who sent a request: tenant by domain, device by digest user name, secret by digest. SIP-02, SIP-03, SIP-08.
//!
//! An unknown user, a wrong secret and a missing credential get the same answer after the same work, so that
//! nobody learns by trying which users exist.

use std::sync::Arc;

use config::{
    Snapshot,
    snapshot::{Device, Tenant, User},
};
use sip_stack::{
    Flow, Message, Name, Response,
    digest::{self, Ha1, Nonces, Verdict},
    uri::Uri,
};

use crate::{counters::Refusal, habits::Habits, io::Now, limits};

/// The digest state of the node.
#[derive(Debug)]
pub(crate) struct Auth {
    nonces: Nonces,
    /// Checked in place of the secret of users that do not exist.
    nobody: Ha1,
    habits: Habits,
}

/// A request and the way it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub flow: Flow,
    pub request: &'a Message,
}

/// The device that proved its secret.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub tenant: Arc<Tenant>,
    pub device: Arc<Device>,
    pub user: Option<Arc<User>>,
}

/// An answer that is no success, and how it is counted.
#[derive(Debug)]
pub(crate) struct Refused {
    pub response: Response,
    pub why: Refusal,
}

/// Why the sender must be challenged, and in which realm.
struct Unproven {
    realm: String,
    why: Refusal,
}

impl Auth {
    /// Nothing issued yet.
    pub(crate) fn new(secret: [u8; 32], nobody: Ha1) -> Self {
        Self { nonces: Nonces::new(secret, limits::NONCE_LIFETIME), nobody, habits: Habits::default() }
    }

    /// The device behind a request. `aor` is the address the request speaks for: To of a REGISTER, else From.
    pub(crate) fn identify(
        &mut self,
        snapshot: &Snapshot,
        now: Now,
        arrival: Arrival<'_>,
        aor: &[u8],
    ) -> Result<Identity, Refused> {
        let identity = self.identify_any(snapshot, now, arrival, aor)?;
        identity.may_call()?;
        Ok(identity)
    }

    /// The same for somebody who may be suspended: they call for help all the same. GEO-07
    pub(crate) fn identify_any(
        &mut self,
        snapshot: &Snapshot,
        now: Now,
        arrival: Arrival<'_>,
        aor: &[u8],
    ) -> Result<Identity, Refused> {
        let unproven = match self.check(snapshot, now, arrival, aor) {
            Ok((tenant, device)) => return Ok(known(snapshot, tenant, device)),
            Err(unproven) => unproven,
        };
        let md5_only =
            snapshot.node().digest_md5_only || self.habits.needs_md5(arrival.flow, arrival.request);
        let [best, md5] = self.nonces.challenge(now.at, &unproven.realm, unproven.why == Refusal::StaleNonce);
        let offered = [(!md5_only).then_some(best), Some(md5)];
        let challenge = |response: Response, value| response.with(Name::WwwAuthenticate, value);
        let response = offered.into_iter().flatten().fold(Response::new(401), challenge);
        Err(Refused { response, why: unproven.why })
    }

    /// Whether a request proves the secret of an account of ours at another system, which signs in here with it.
    pub(crate) fn prove(
        &mut self,
        now: Now,
        request: &Message,
        (username, realm): (&str, &str),
        ha1: &Ha1,
    ) -> Result<(), Refused> {
        let claim = digest::claim(request).filter(|claim| claim.username == username && claim.realm == realm);
        let verdict = claim.map(|claim| self.nonces.verify_claim(now.at, request, &claim, ha1));
        let why = match verdict {
            Some(Verdict::Ok) => return Ok(()),
            Some(Verdict::Stale) => Refusal::StaleNonce,
            Some(Verdict::Wrong) => Refusal::WrongCredentials,
            None => Refusal::NoCredentials,
        };
        let challenges = self.nonces.challenge(now.at, realm, why == Refusal::StaleNonce);
        let challenge = |response: Response, value| response.with(Name::WwwAuthenticate, value);
        Err(Refused { response: challenges.into_iter().fold(Response::new(401), challenge), why })
    }

    fn check<'s>(
        &mut self,
        snapshot: &'s Snapshot,
        now: Now,
        arrival: Arrival<'_>,
        aor: &[u8],
    ) -> Result<(&'s Arc<Tenant>, &'s Arc<Device>), Unproven> {
        let (request, aor) = (arrival.request, Uri::parse(aor).unwrap_or_default());
        let unproven = |why| Unproven { realm: realm_for(snapshot, &aor), why };
        let claim = digest::claim(request).ok_or_else(|| unproven(Refusal::NoCredentials))?;
        let tenant = snapshot.tenant_by_domain(&claim.realm);
        let device = tenant.and_then(|t| snapshot.device_by_username(t.id, &claim.username));
        let ha1 = device.map_or(self.nobody, |d| Ha1 { md5: d.ha1.md5, sha256: d.ha1.sha256 });
        let verdict = self.nonces.verify_claim(now.at, request, &claim, &ha1);
        let (Some(tenant), Some(device)) = (tenant, device) else {
            return Err(unproven(Refusal::WrongCredentials));
        };
        let why = match verdict {
            Verdict::Ok => {
                self.habits.proved(arrival.flow, request);
                return Ok((tenant, device));
            }
            Verdict::Stale => Refusal::StaleNonce,
            Verdict::Wrong => Refusal::WrongCredentials,
        };
        Err(Unproven { realm: tenant.domain.clone(), why })
    }
}

impl Identity {
    /// Refuses who is suspended, alone or with the whole company. USR-05, R-01
    pub(crate) fn may_call(&self) -> Result<(), Refused> {
        match &self.user {
            _ if self.tenant.suspended => Err(Refused::new(403, "Company suspended", Refusal::Suspended)),
            Some(user) if user.suspended => Err(Refused::new(403, "User suspended", Refusal::Suspended)),
            _ => Ok(()),
        }
    }
    /// Whether an address is this device's own: its user name or its user's extension, in its tenant.
    pub(crate) fn owns(&self, snapshot: &Snapshot, address: &[u8]) -> bool {
        let Some(uri) = Uri::parse(address) else { return false };
        let host = uri.host_text();
        let foreign = snapshot.tenant_by_domain(&host).is_some_and(|t| t.id != self.tenant.id);
        let user = uri.user_text();
        !foreign && (user == self.device.username || Some(user.as_str()) == self.number())
    }
    /// The user's extension.
    pub(crate) fn number(&self) -> Option<&str> {
        self.user.as_ref()?.number.as_deref()
    }
}

impl Refused {
    /// A refusal without further headers.
    pub(crate) fn new(status: u16, reason: &str, why: Refusal) -> Self {
        Self { response: Response::new(status).because(reason), why }
    }
}

fn known(snapshot: &Snapshot, tenant: &Arc<Tenant>, device: &Arc<Device>) -> Identity {
    let user = device.user.and_then(|id| snapshot.user(tenant.id, id)).cloned();
    // A phone of a site stays one when somebody is suspended who had logged in to it.
    let user = user.filter(|user| !(device.hotdesk && user.suspended));
    Identity { tenant: tenant.clone(), device: device.clone(), user }
}

/// The realm to challenge with. A phone that knows us by address alone is found by its user name, SIP-03.
fn realm_for(snapshot: &Snapshot, aor: &Uri<'_>) -> String {
    let host = aor.host_text();
    let by_domain = snapshot.tenant_by_domain(&host);
    let by_user = || {
        let device = snapshot.device_by_unique_username(&aor.user_text())?;
        snapshot.tenant(device.tenant)
    };
    let tenant = by_domain.or_else(by_user).or_else(|| snapshot.tenant_by_host(&host));
    match tenant {
        Some(tenant) => tenant.domain.clone(),
        None => host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).take(64).collect(),
    }
}
