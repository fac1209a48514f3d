//! Whether who signed for a caller is believed, and what becomes of a call where not. SIP-41 (RFC 8224 §6.2).

use chrono::{DateTime, Utc};
use config::{
    Snapshot,
    snapshot::{Refuses, Trunk},
};
use sip_stack::{Message, Name, headers::NameAddr, uri::Uri};

use super::super::incoming::number_of;
use crate::{
    call::outside::SignatureState,
    passport::verify::{About, Verdict, verify},
    route::{Line, Refused, inbound},
};

/// A call whose caller may be signed for.
pub(super) struct Signed<'a> {
    pub request: &'a Message,
    pub snapshot: &'a Snapshot,
    pub trunk: &'a Trunk,
    /// In full.
    pub called: &'a str,
    pub at: DateTime<Utc>,
}

/// What came of the check.
pub(super) struct Checked {
    pub verdict: SignatureState,
    /// For the trace.
    pub line: Line,
    /// Why the call ends here, if it does.
    pub refused: Option<Refused>,
}

/// Checks the signature of a call; `None` if its trunk does not.
pub(super) fn check(call: &Signed<'_>) -> Option<Checked> {
    let check = call.trunk.incoming.signatures.as_ref()?;
    let values: Vec<&[u8]> = call.request.values(Name::Identity).collect();
    let from = caller(call);
    let about = About { from: &from, to: call.called, at: call.at };
    let (verdict, what, detail, refused) = match verify(&values, &about, &check.certificates) {
        Verdict::Verified { attestation, holder } => {
            let attestation = if attestation.is_empty() { "none" } else { &attestation };
            let detail = format!("{from} by {holder}, attestation {attestation}");
            (SignatureState::Verified, "Signature verified", detail, None)
        }
        Verdict::Failed(why) => {
            let refused = (check.refuses != Refuses::Nothing).then_some(Refused::BadSignature);
            (SignatureState::Failed, "Signature not verified", why.to_string(), refused)
        }
        Verdict::Unsigned => {
            let refused = (check.refuses == Refuses::Unsigned).then_some(Refused::Unsigned);
            (SignatureState::Unsigned, "Not signed", "nobody signed for the caller".to_owned(), refused)
        }
    };
    Some(Checked { verdict, line: (what, detail, "Identity"), refused })
}

/// The number that must be signed for: what the trunk asserts, else From, also of a caller who is not to be shown (RFC 8224
/// §8.3). Blank if there is none.
fn caller(call: &Signed<'_>) -> String {
    let headers = [Name::PAssertedIdentity, Name::From].into_iter();
    let mut numbers = headers.filter_map(|name| call.request.values(name).next()).filter_map(|value| {
        let number = number_of(&Uri::parse(NameAddr::parse(value)?.uri)?)?;
        let is_number = number.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| inbound::in_full(call.snapshot, call.trunk, &number))
    });
    numbers.next().unwrap_or_default()
}
