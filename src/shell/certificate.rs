//! The certificate of HTTPS and of SIP over TLS: made at first start, or one's own; taken again when its files change. OPS-01, OPS-13.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use chrono::{Datelike, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tracing::{info, warn};

use super::{alarms::Alarms, listeners};

/// Why there is no TLS, in words for the terminal.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CertificateError {
    #[error("the certificate {} cannot be used: {why}. Put a PEM chain there, or remove it and its key", .file.display())]
    Chain { file: PathBuf, why: String },
    #[error("the key {} cannot be used: {why}. Put the PEM key of the certificate there", .file.display())]
    Key { file: PathBuf, why: String },
    #[error("a certificate cannot be made in {}: {why}", .folder.display())]
    Making { folder: PathBuf, why: String },
}

/// The files of a chain and of its key.
#[derive(Debug, Clone)]
pub struct Files {
    /// The certificate and those that signed it, PEM.
    pub chain: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// The certificate in use. New connections get it, running ones keep theirs.
#[derive(Debug)]
pub struct Certificate {
    files: Files,
    provider: Arc<CryptoProvider>,
    held: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Stamp>,
}

/// When both files were written last, and how long they are.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Files {
    /// Those of a data folder.
    pub fn of_folder(folder: &Path) -> Self {
        Self { chain: folder.join(CHAIN), key: folder.join(KEY) }
    }

    /// Makes a pair where there is none. A file that is there is never written over.
    pub fn make_if_missing(&self) -> Result<(), CertificateError> {
        if self.chain.exists() || self.key.exists() {
            return Ok(());
        }
        let folder = self.key.parent().unwrap_or(Path::new(".")).to_owned();
        let making = |why: String| CertificateError::Making { folder: folder.clone(), why };
        let (chain, key) = self_signed().map_err(|error| making(error.to_string()))?;
        write_private(&self.key, key.as_bytes()).map_err(|error| making(error.to_string()))?;
        write_private(&self.chain, chain.as_bytes()).map_err(|error| making(error.to_string()))
    }

    fn stamp(&self) -> Stamp {
        [&self.chain, &self.key].map(|file| {
            let told = std::fs::metadata(file).ok()?;
            Some((told.modified().ok()?, told.len()))
        })
    }

    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
        let chain_fault = |why: String| CertificateError::Chain { file: self.chain.clone(), why };
        let key_fault = |why: String| CertificateError::Key { file: self.key.clone(), why };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.chain)
            .and_then(Iterator::collect)
            .map_err(|error| chain_fault(error.to_string()))?;
        if chain.is_empty() {
            return Err(chain_fault("it holds no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| key_fault(error.to_string()))?;
        let key =
            provider.key_provider.load_private_key(key).map_err(|error| key_fault(error.to_string()))?;
        let pair = CertifiedKey::new(chain, key);
        pair.keys_match().map_err(|error| key_fault(error.to_string()))?;
        Ok(pair)
    }
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// When they are missing, unreadable, or do not belong together.
    pub fn open(files: Files) -> Result<Arc<Self>, CertificateError> {
        let provider = Arc::new(ring::default_provider());
        let seen = Mutex::new(files.stamp());
        let held = RwLock::new(Arc::new(files.read(&provider)?));
        Ok(Arc::new(Self { files, provider, held, seen }))
    }

    /// What connections are served with. `protocol` is what they speak inside, if they have a name for it (RFC 7301).
    ///
    /// # Errors
    /// When the library offers no protocol version.
    pub fn server_config(
        self: &Arc<Self>,
        protocol: Option<&str>,
    ) -> Result<Arc<ServerConfig>, CertificateError> {
        let unusable = |why: String| CertificateError::Chain { file: self.files.chain.clone(), why };
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = protocol.into_iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// SHA-256 of the certificate, as browsers and phones show it.
    pub fn fingerprint(&self) -> String {
        let held = self.held();
        let digest = held.cert.first().map(Sha256::digest).unwrap_or_default();
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// Takes the files again if they changed; whether it did. What cannot be used is refused, and the old one stays.
    pub fn renew(&self) -> Result<bool, CertificateError> {
        let now = self.files.stamp();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        *seen = now;
        let pair = Arc::new(self.files.read(&self.provider)?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(true)
    }

    /// Looks for changed files from time to time.
    pub async fn watch(self: Arc<Self>, alarms: Alarms) {
        loop {
            tokio::time::sleep(LOOK).await;
            let certificate = self.clone();
            match tokio::task::spawn_blocking(move || certificate.renew()).await {
                Ok(Ok(true)) => {
                    alarms.clear(ALARM);
                    info!("new connections get a new certificate, {}", self.fingerprint());
                }
                Ok(Err(fault)) => {
                    warn!("{fault}; the certificate of before stays");
                    alarms.raise(ALARM, format!("{fault}. The certificate of before stays in use."));
                }
                _ => {}
            }
        }
    }

    fn held(&self) -> Arc<CertifiedKey> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.held())
    }
}

/// A chain of one and its key, in PEM, for all names and addresses of this machine.
fn self_signed() -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(names())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Dialtone");
    let today = Utc::now().date_naive();
    // A phone whose clock has not been set yet lives in the past.
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(today.year() + 10, today.month() as u8, 1);
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn names() -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let host = Some(host.trim().to_owned()).filter(|host| !host.is_empty() && host.chars().all(is_name));
    let addresses = listeners::own_addresses().into_iter().map(|ip| ip.to_string());
    ["localhost".to_owned()].into_iter().chain(host).chain(addresses).collect()
}

fn write_private(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(content)?;
    file.sync_all()
}

/// The chain in a data folder.
pub const CHAIN: &str = "tls.crt";
/// Its key.
pub const KEY: &str = "tls.key";
const ALARM: &str = "certificate";
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn made() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of_folder(folder.path());
        files.make_if_missing().unwrap();
        (folder, files)
    }

    /// OPS-01
    #[test]
    fn a_pair_is_made_once_and_nobody_else_reads_it() {
        let (_folder, files) = made();
        let key = std::fs::read(&files.key).unwrap();
        files.make_if_missing().unwrap();
        assert_eq!(std::fs::read(&files.key).unwrap(), key, "what is there stays");
        for file in [&files.key, &files.chain] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let certificate = Certificate::open(files).unwrap();
        assert_eq!(certificate.fingerprint().len(), 32 * 3 - 1);
        certificate.server_config(None).unwrap();
    }

    /// OPS-13
    #[test]
    fn new_files_are_taken_and_broken_ones_refused() {
        let (_folder, files) = made();
        let certificate = Certificate::open(files.clone()).unwrap();
        let first = certificate.fingerprint();
        assert!(!certificate.renew().unwrap());
        let (_other, new) = made();
        std::fs::copy(&new.chain, &files.chain).unwrap();
        assert!(certificate.renew().is_err(), "the key is not that of the chain");
        assert_eq!(certificate.fingerprint(), first);
        std::fs::copy(&new.key, &files.key).unwrap();
        assert!(certificate.renew().unwrap());
        assert_ne!(certificate.fingerprint(), first);
        std::fs::write(&files.chain, "nonsense").unwrap();
        assert!(certificate.renew().unwrap_err().to_string().contains("tls.crt"));
        assert!(!certificate.renew().unwrap(), "told once");
    }
}
