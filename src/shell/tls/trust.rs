//! Whom we believe when we open a connection: what the engine demands of the server at an address. Where several trunks
//! share one, the server must satisfy all of them. SIP-38, RFC 5922 §7.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use pbx_core::{Demand, Proof};
use tokio_rustls::rustls::{
    self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tracing::warn;

/// The name by which a server is addressed.
pub(super) type Name = ServerName<'static>;

/// What is demanded of whom.
#[derive(Debug, Default)]
pub(super) struct Servers {
    demands: HashMap<SocketAddr, Vec<Demand>>,
    /// Made once, when a connection is opened.
    configs: HashMap<SocketAddr, (Arc<ClientConfig>, Name)>,
}

impl Servers {
    /// From now on; without demands nobody is there. Whether that is another thing than before.
    pub(super) fn demand(&mut self, remote: SocketAddr, demands: Vec<Demand>) -> bool {
        if self.demands.get(&remote).map_or(demands.is_empty(), |before| *before == demands) {
            return false;
        }
        self.configs.remove(&remote);
        if demands.is_empty() {
            self.demands.remove(&remote);
        } else {
            self.demands.insert(remote, demands);
        }
        true
    }

    /// How to connect to there.
    pub(super) fn config(&mut self, remote: SocketAddr) -> Option<(Arc<ClientConfig>, Name)> {
        if !self.configs.contains_key(&remote) {
            let made = config(self.demands.get(&remote)?)?;
            self.configs.insert(remote, made);
        }
        self.configs.get(&remote).cloned()
    }
}

fn config(demands: &[Demand]) -> Option<(Arc<ClientConfig>, Name)> {
    let provider = Arc::new(ring::default_provider());
    let mut checks = Vec::new();
    for demand in demands {
        let Ok(name) = Name::try_from(demand.name.clone()) else {
            warn!("{} is no name that a certificate could carry", demand.name);
            return None;
        };
        let proof = believed(&demand.proof, &provider).inspect_err(|fault| {
            warn!("the server {} cannot be checked: {fault}", demand.name);
        });
        checks.push((name, proof.ok()?));
    }
    let name = checks.first()?.0.clone();
    let verifier = Arc::new(Verifier { checks, provider: provider.clone() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Some((Arc::new(config), name))
}

/// Who is believed.
#[derive(Debug)]
enum Believed {
    Anybody,
    /// Whoever has a certificate of these, or this very one.
    Signed {
        by: Option<Arc<WebPkiServerVerifier>>,
        pinned: Vec<CertificateDer<'static>>,
    },
}

fn believed(proof: &Proof, provider: &Arc<CryptoProvider>) -> Result<Believed, String> {
    let verifier = |roots: RootCertStore| {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        builder.build().map_err(|e| e.to_string())
    };
    match proof {
        Proof::Nothing => Ok(Believed::Anybody),
        Proof::Roots => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Ok(Believed::Signed { by: Some(verifier(roots)?), pinned: vec![] })
        }
        Proof::Certificate(pem) => {
            let pinned: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(|e| format!("its certificate cannot be read: {e}"))?;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(pinned.iter().cloned());
            // A certificate that can sign nothing is still good for itself.
            Ok(Believed::Signed { by: verifier(roots).ok(), pinned })
        }
    }
}

#[derive(Debug)]
struct Verifier {
    checks: Vec<(Name, Believed)>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        for (name, believed) in &self.checks {
            match believed {
                Believed::Anybody => {}
                Believed::Signed { pinned, .. } if pinned.contains(end_entity) => {}
                Believed::Signed { by: Some(by), .. } => {
                    by.verify_server_cert(end_entity, intermediates, name, ocsp, now)?;
                }
                Believed::Signed { by: None, .. } => {
                    return Err(rustls::CertificateError::UnknownIssuer.into());
                }
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
