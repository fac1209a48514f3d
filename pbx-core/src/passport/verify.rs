//! Whether a signature that came in is right: made with a certificate that is held here, for this caller, for this number, just
//! now (RFC 8224 §6.2, RFC 8946 §4.2). Nothing is fetched, nothing is kept. SIP-41

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use config::snapshot::Certificate;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::plain;
use crate::limits;

/// The call for which a signature must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// Who calls, in full.
    pub from: &'a str,
    /// Who is called, in full.
    pub to: &'a str,
    pub at: DateTime<Utc>,
}

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is right.
    Verified {
        /// `A`, `B`, `C`; blank if it is no SHAKEN one.
        attestation: String,
        /// Whose certificate proves it.
        holder: String,
    },
    Failed(NotProven),
    /// The call has none.
    Unsigned,
}

/// Why a signature is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotProven {
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is not for {0}, who calls")]
    OtherCaller(String),
    #[error("it is for {0}, which is not who is called")]
    OtherCalled(String),
    #[error("it was made {0} s before the call came")]
    Stale(i64),
    #[error("no certificate that is held here proves it")]
    Unproven,
    #[error("the certificate of {0} is not in force")]
    NotInForce(String),
}

/// A signature, read and not believed yet.
#[derive(Debug)]
struct Token<'a> {
    /// What is signed, as it came.
    signed: &'a str,
    signature: Vec<u8>,
    attestation: String,
    from: String,
    to: Vec<String>,
    /// From which number the call went on, in a `div`.
    div: Option<String>,
    /// [Unix s]
    made_at: i64,
}

/// Checks the values of a call's Identity headers.
pub(crate) fn verify(values: &[&[u8]], about: &About<'_>, by: &[Certificate]) -> Verdict {
    if values.is_empty() {
        return Verdict::Unsigned;
    }
    let tokens: Vec<Token<'_>> =
        values.iter().take(limits::SIGNATURES).filter_map(|value| Token::read(value)).collect();
    match chain(&tokens, about, by) {
        Ok((attestation, holder)) => Verdict::Verified { attestation, holder },
        Err(why) => Verdict::Failed(why),
    }
}

/// From the signature of who began the call, over those of who sent it on, to the number that is called.
fn chain(tokens: &[Token<'_>], about: &About<'_>, by: &[Certificate]) -> Result<(String, String), NotProven> {
    let (from, to) = (about.from.trim_start_matches('+'), about.to.trim_start_matches('+'));
    let at = about.at.timestamp();
    if tokens.is_empty() {
        return Err(NotProven::Unreadable);
    }
    let first = tokens.iter().find(|token| token.div.is_none() && token.from == from);
    let first = first.ok_or_else(|| NotProven::OtherCaller(plain(about.from)))?;
    let holder = first.prove(at, by)?;
    let mut last = first;
    for _ in tokens {
        if last.to.iter().any(|called| called == to) {
            last.is_fresh(at)?;
            return Ok((first.attestation.clone(), holder));
        }
        let goes_on = |token: &&Token<'_>| {
            token.from == from && token.div.as_ref().is_some_and(|div| last.to.contains(div))
        };
        let Some(next) = tokens.iter().find(goes_on) else { break };
        next.prove(at, by)?;
        last = next;
    }
    Err(NotProven::OtherCalled(last.to.first().map(|to| plain(to)).unwrap_or_default()))
}

impl<'a> Token<'a> {
    /// A value of an Identity header (RFC 8224 §4.1); `None` if it is none, is longer than any, or of a kind that nobody here
    /// knows.
    fn read(value: &'a [u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok().filter(|value| value.len() <= limits::IDENTITY_BYTES)?;
        let token = value.split(';').next()?.trim();
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let object = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (header, payload) = (object(header)?, object(payload)?);
        if header["alg"].as_str() != Some("ES256") || header["typ"].as_str() != Some("passport") {
            return None;
        }
        let number = |value: &Value| Some(plain(value.as_str()?));
        let div = match header["ppt"].as_str() {
            None | Some("shaken") => None,
            Some("div") => Some(number(&payload["div"]["tn"])?),
            Some(_) => return None,
        };
        Some(Self {
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            attestation: number(&payload["attest"]).unwrap_or_default(),
            from: number(&payload["orig"]["tn"])?,
            to: payload["dest"]["tn"].as_array()?.iter().take(MOST_CALLED).filter_map(number).collect(),
            div,
            made_at: payload["iat"].as_i64()?,
        })
    }

    /// Whose certificate proves it.
    fn prove(&self, at: i64, by: &[Certificate]) -> Result<String, NotProven> {
        let proves = |certificate: &&Certificate| {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &certificate.key);
            key.verify(self.signed.as_bytes(), &self.signature).is_ok()
        };
        let certificate = by.iter().find(proves).ok_or(NotProven::Unproven)?;
        if !certificate.is_in_force(at) {
            return Err(NotProven::NotInForce(certificate.holder.clone()));
        }
        Ok(certificate.holder.clone())
    }

    fn is_fresh(&self, at: i64) -> Result<(), NotProven> {
        let age = at.saturating_sub(self.made_at);
        if age.unsigned_abs() <= FRESH { Ok(()) } else { Err(NotProven::Stale(age)) }
    }
}

/// Seconds for which a signature is good, either way (RFC 8224 §6.2.4).
const FRESH: u64 = 60;
/// Numbers that one signature may be for.
const MOST_CALLED: usize = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::key, *};
    use crate::passport::{Claims, divert, read, sign};
    use config::snapshot::{Attestation, Signer};

    const NOW: i64 = 1_800_000_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// Somebody who signs, and the certificate by which they are known.
    fn somebody(holder: &str) -> (Signer, Certificate) {
        let (public, key) = key();
        let certificate = "https://cert.example/c.pem".to_owned();
        let held = Certificate { holder: holder.into(), key: public, since: NOW - 1000, until: NOW + 1000 };
        (Signer { key, certificate, attestation: Attestation::Full }, held)
    }

    fn signed(by: &Signer, to: &str) -> String {
        sign(Claims { from: "+4940777", to, at: at(NOW), origin: "x" }, by).unwrap()
    }

    fn check(values: &[String], (to, seconds): (&str, i64), by: &[Certificate]) -> Verdict {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        verify(&values, &About { from: "+4940777", to, at: at(seconds) }, by)
    }

    /// SIP-41 (RFC 8224 §6.2)
    #[test]
    fn a_signature_is_right_for_its_caller_its_number_and_a_minute() {
        let ((carrier, held), (stranger, _)) = (somebody("Carrier"), somebody("Stranger"));
        let right = [signed(&carrier, "+493012345")];
        let verified = Verdict::Verified { attestation: "A".into(), holder: "Carrier".into() };
        let by = [somebody("Other").1, held];
        let failed = |values: &[String], call, by: &[Certificate]| match check(values, call, by) {
            Verdict::Failed(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(check(&right, ("+493012345", NOW + 60), &by), verified);
        assert_eq!(check(&[], ("+493012345", NOW), &by), Verdict::Unsigned);
        assert_eq!(failed(&right, ("+493012345", NOW + 61), &by), NotProven::Stale(61));
        assert_eq!(failed(&right, ("+493012346", NOW), &by), NotProven::OtherCalled("493012345".into()));
        assert_eq!(failed(&right, ("+493012345", NOW + 1001), &by), NotProven::NotInForce("Carrier".into()));
        assert_eq!(failed(&right, ("+493012345", NOW), &by[..1]), NotProven::Unproven);
        assert_eq!(failed(&[signed(&stranger, "+493012345")], ("+493012345", NOW), &by), NotProven::Unproven);
        let about = About { from: "+4940778", to: "+493012345", at: at(NOW) };
        let other = verify(&[right[0].as_bytes()], &about, &by);
        assert_eq!(other, Verdict::Failed(NotProven::OtherCaller("+4940778".into())));
        let mut spoilt = right[0].clone();
        spoilt.replace_range(200..201, if &spoilt[200..201] == "A" { "B" } else { "A" });
        assert!(matches!(
            failed(&[spoilt], ("+493012345", NOW), &by),
            NotProven::Unproven | NotProven::Unreadable
        ));
        assert_eq!(failed(&["e30.e30.;info=<x>".into()], ("+493012345", NOW), &by), NotProven::Unreadable);
    }

    /// SIP-41 (RFC 8946 §4.2)
    #[test]
    fn a_call_that_was_sent_on_is_proven_step_by_step() {
        let ((carrier, one), (company, two)) = (somebody("Carrier"), somebody("Company"));
        let first = signed(&carrier, "+493012345");
        let stated = read(first.as_bytes()).unwrap();
        let second = divert(&stated, "+4989555", at(NOW + 30), &company).unwrap();
        let both = [second.clone(), first.clone()];
        let verified = Verdict::Verified { attestation: "A".into(), holder: "Carrier".into() };
        let by = [one, two];
        assert_eq!(check(&both, ("+4989555", NOW + 90), &by), verified);
        let failed = Verdict::Failed(NotProven::Unproven);
        assert_eq!(check(&both, ("+4989555", NOW + 30), &by[..1]), failed, "who sent it on is not known");
        let other = Verdict::Failed(NotProven::OtherCalled("493012345".into()));
        assert_eq!(check(&[first], ("+4989555", NOW), &by), other);
        let nobody = Verdict::Failed(NotProven::OtherCaller("+4940777".into()));
        assert_eq!(check(&[second], ("+4989555", NOW + 30), &by), nobody, "nobody says who calls");
        // A circle ends.
        let back = divert(&read(both[0].as_bytes()).unwrap(), "+493012345", at(NOW), &company).unwrap();
        let circle = [both[0].clone(), both[1].clone(), back];
        assert!(matches!(check(&circle, ("+4911111", NOW), &by), Verdict::Failed(NotProven::OtherCalled(_))));
    }

    proptest! {
        /// Whatever stands in the header, checking it ends.
        #[test]
        fn no_header_makes_the_check_panic(value in prop::collection::vec(any::<u8>(), 0..300)) {
            let (_, held) = somebody("Carrier");
            let about = About { from: "+4940777", to: "+493012345", at: at(NOW) };
            let _ = verify(&[&value], &about, &[held]);
        }
    }
}
