//! Signatures of callers that come in by a trunk: whose are believed, and which calls are refused. SIP-41

use x509_parser::{certificate::X509Certificate, pem::Pem, prelude::FromDer};

/// How a trunk's signatures are checked (RFC 8224 §6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureCheck {
    /// Of those who are believed, for whatever number they sign.
    pub certificates: Vec<Certificate>,
    /// Which calls end here.
    pub refuses: Refuses,
}

/// Which calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuses {
    /// None: the record says what came of the check.
    Nothing,
    /// Those whose signature is not right.
    Failed,
    /// Those, and calls without any.
    Unsigned,
}

/// A certificate of somebody who signs calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject, for people.
    pub holder: String,
    /// The public key: an uncompressed point of P-256.
    pub key: Vec<u8>,
    /// In force from here. [Unix s]
    pub since: i64,
    /// And until here. [Unix s]
    pub until: i64,
}

/// Why a text is no list of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUsable {
    /// There is none in it.
    #[error("Paste at least one certificate: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.")]
    Empty,
    /// There are more than anybody needs.
    #[error("At most {MOST} certificates.")]
    TooMany,
    /// That one, counted from 1, cannot be read.
    #[error("Certificate {0} cannot be read. Paste it again, whole.")]
    Unreadable(usize),
    /// That one has another kind of key.
    #[error("Certificate {0} has no P-256 key: calls are signed with such keys alone (ES256).")]
    OtherKey(usize),
}

impl Certificate {
    /// All certificates of a PEM text (RFC 7468).
    pub fn list(pem: &str) -> Result<Vec<Self>, NotUsable> {
        let mut certificates = Vec::new();
        for (at, block) in Pem::iter_from_buffer(pem.as_bytes()).enumerate() {
            if at >= MOST {
                return Err(NotUsable::TooMany);
            }
            let block = block.map_err(|_| NotUsable::Unreadable(at + 1))?;
            certificates.push(Self::read(&block, at + 1)?);
        }
        if certificates.is_empty() { Err(NotUsable::Empty) } else { Ok(certificates) }
    }

    fn read(block: &Pem, at: usize) -> Result<Self, NotUsable> {
        let unreadable = NotUsable::Unreadable(at);
        let (_, certificate) = X509Certificate::from_der(&block.contents).map_err(|_| unreadable)?;
        let info = certificate.public_key();
        let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        let is_p256 = info.algorithm.algorithm.to_id_string() == EC_PUBLIC_KEY
            && curve.is_some_and(|curve| curve.to_id_string() == PRIME256V1);
        let key = info.subject_public_key.data.to_vec();
        if !is_p256 || key.len() != POINT || key[0] != UNCOMPRESSED {
            return Err(NotUsable::OtherKey(at));
        }
        let validity = certificate.validity();
        Ok(Self {
            holder: certificate
                .subject()
                .to_string()
                .chars()
                .filter(|c| !c.is_control())
                .take(HOLDER)
                .collect(),
            key,
            since: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        })
    }

    /// Whether it is in force at a moment in Unix seconds.
    pub fn is_in_force(&self, at: i64) -> bool {
        (self.since..=self.until).contains(&at)
    }
}

/// Certificates of one trunk.
const MOST: usize = 20;
/// Characters of a subject that are shown.
const HOLDER: usize = 128;
/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
/// RFC 5480 §2.1.1.1.
const PRIME256V1: &str = "1.2.840.10045.3.1.7";
/// Bytes of an uncompressed point, and its first (SEC 1 §2.3.3).
const POINT: usize = 65;
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a P-256 key, made for this test, and in force from 2026-11-23 to 2126-10-30.
    const P256: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBgjCCASegAwIBAgIUIXr7DmzWXimF4LwgLwo3BoZy9pEwCgYIKoZIzj0EAwIw\n\
        FTETMBEGA1UEAwwKQ2FycmllciBDQTAgFw0yNjExMjMwMjUyMjBaGA8yMTI2MTAz\n\
        MDAyNTIyMFowFTETMBEGA1UEAwwKQ2FycmllciBDQTBZMBMGByqGSM49AgEGCCqG\n\
        SM49AwEHA0IABN3hegmZASbaAX2+fH2nwXhavbNAJIBagi7AQujcMw9rKaQx2U14\n\
        sq+ihB3jGgFxuBrIVtabJJVB0q1dk4y5av6jUzBRMB0GA1UdDgQWBBTI3TU+eZaQ\n\
        skUuwGR182Rqa6XjRDAfBgNVHSMEGDAWgBTI3TU+eZaQskUuwGR182Rqa6XjRDAP\n\
        BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCvEHMtmBPvTfJKHehG\n\
        iqdHQeWz52xKxuHOQ1/dkfvKAAIhAIA7FfiGTVY8+ZCVMy4Kki++wQs7yQC+IxKb\n\
        BlgeEWTn\n\
        -----END CERTIFICATE-----";
    /// Of a P-384 key.
    const P384: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBtTCCATqgAwIBAgIUdSfbAxkUvOiaVVxfZ3rkRXdoAjMwCgYIKoZIzj0EAwIw\n\
        EDEOMAwGA1UEAwwFT3RoZXIwIBcNMjYxMTIzMDI1MjIwWhgPMjEyNjEwMzAwMjUy\n\
        MjBaMBAxDjAMBgNVBAMMBU90aGVyMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE9q6l\n\
        DNYF6oxNNjwsQ+hBIwUTxTRSEqvob6e+Tr2/25/WTeQiJwaYy/lIdSKS2r2lRNmr\n\
        J1KWH61X4WvYLR63iLvml1ZYL4uZruq926bM+pDIT3ibigp//nsg6LpbbXYZo1Mw\n\
        UTAdBgNVHQ4EFgQUEpT+xJBz1ArQK/PkAbWl6g2tpcIwHwYDVR0jBBgwFoAUEpT+\n\
        xJBz1ArQK/PkAbWl6g2tpcIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNp\n\
        ADBmAjEAi3GBoxrzlMoAbPol2/Q8mmUMiuFmJVy4EXFt6d02IUHyobkMFCuSSX1R\n\
        zTG2yGmqAjEA2QAePbFy6MjV1AWy86UnZvVIYRJPdw6LGgAK23yGFYdmjk9xcq/7\n\
        KVhNzMMSXXwn\n\
        -----END CERTIFICATE-----";

    /// SIP-41
    #[test]
    fn certificates_are_read_with_their_keys_and_times() {
        let two = Certificate::list(&[P256, "\n", P256].concat()).unwrap();
        assert_eq!((two.len(), two[0].holder.as_str()), (2, "CN=Carrier CA"));
        assert_eq!((two[0].key.len(), two[0].key[0]), (65, 4));
        assert!(two[0].is_in_force(1_800_000_000) && !two[0].is_in_force(1_700_000_000));
    }

    /// SIP-41
    #[test]
    fn what_is_no_certificate_for_signatures_is_told_by_its_place() {
        let list = |text: &str| Certificate::list(text).unwrap_err();
        assert_eq!(list(""), NotUsable::Empty);
        assert_eq!(list("x"), NotUsable::Empty);
        assert_eq!(list(&[P256, "\n", P384].concat()), NotUsable::OtherKey(2));
        assert_eq!(list(&P256.replacen("MIIB", "MIIC", 1)), NotUsable::Unreadable(1));
        assert_eq!(list(&[P256, "\n"].concat().repeat(21)), NotUsable::TooMany);
    }
}
