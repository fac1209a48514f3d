//! Signatures of others: of authenticators (COSE keys, RFC 9053) and of identity providers (JWK, RFC 7517/7518).
//!
//! Only what both really use: ES256, EdDSA with Ed25519, RSA from 2048 bits on. `none` and keyed hashes do not exist here.

use ciborium::Value;
use ring::signature::{self as kinds, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};

/// Somebody's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The uncompressed point, 65 bytes.
    P256(Vec<u8>),
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// Modulus and exponent, big-endian.
    Rsa(Vec<u8>, Vec<u8>),
}

/// How something was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA with SHA-256, the signature as DER: WebAuthn.
    Es256Der,
    /// The same as two numbers of 32 bytes: JWS.
    Es256,
    EdDsa,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
}

impl PublicKey {
    /// Whether the holder of this key signed `message` so. A key of another kind never did.
    pub fn signed(&self, how: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        let rsa = |parameters, (n, e): (&[u8], &[u8])| {
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
        };
        match (self, how) {
            (Self::P256(point), Algorithm::Es256Der) => by(&kinds::ECDSA_P256_SHA256_ASN1, point),
            (Self::P256(point), Algorithm::Es256) => by(&kinds::ECDSA_P256_SHA256_FIXED, point),
            (Self::Ed25519(key), Algorithm::EdDsa) => by(&kinds::ED25519, key),
            (Self::Rsa(n, e), Algorithm::Rs256) => rsa(&kinds::RSA_PKCS1_2048_8192_SHA256, (n, e)),
            (Self::Rsa(n, e), Algorithm::Rs384) => rsa(&kinds::RSA_PKCS1_2048_8192_SHA384, (n, e)),
            (Self::Rsa(n, e), Algorithm::Rs512) => rsa(&kinds::RSA_PKCS1_2048_8192_SHA512, (n, e)),
            (Self::Rsa(n, e), Algorithm::Ps256) => rsa(&kinds::RSA_PSS_2048_8192_SHA256, (n, e)),
            _ => false,
        }
    }

    /// A COSE key with the algorithm it is for (RFC 9052 §7, RFC 9053 §7, RFC 8812 §2); `None` for others.
    pub fn of_cose(bytes: &[u8]) -> Option<(Self, Algorithm)> {
        let map: Value = ciborium::from_reader(bytes).ok()?;
        let map = map.as_map()?;
        let find = |label: i64| {
            map.iter().find(|(name, _)| name.as_integer() == Some(label.into())).map(|(_, value)| value)
        };
        let number = |label| find(label).and_then(Value::as_integer).and_then(|n| i64::try_from(n).ok());
        let bytes = |label| find(label).and_then(Value::as_bytes);
        match (number(KEY_TYPE)?, number(ALGORITHM)?) {
            (2, -7) if number(CURVE) == Some(1) => {
                Some((Self::p256(bytes(X)?, bytes(Y)?)?, Algorithm::Es256Der))
            }
            (1, -8) if number(CURVE) == Some(6) => Some((Self::ed25519(bytes(X)?)?, Algorithm::EdDsa)),
            (3, -257) => Some((Self::Rsa(bytes(RSA_N)?.clone(), bytes(RSA_E)?.clone()), Algorithm::Rs256)),
            _ => None,
        }
    }

    /// A point by its two coordinates.
    pub fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x, y].concat()))
    }

    /// See [`PublicKey::Ed25519`].
    pub fn ed25519(key: &[u8]) -> Option<Self> {
        (key.len() == 32).then(|| Self::Ed25519(key.to_vec()))
    }
}

/// Labels of COSE keys: `kty`, `alg`, `crv`, `x`, `y`, `n`, `e`.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const RSA_N: i64 = -1;
const RSA_E: i64 = -2;
