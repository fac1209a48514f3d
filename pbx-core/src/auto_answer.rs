//! Having a phone answer by itself, in the words that its maker understands. SIP-31, CTC-06.
//!
//! There is an RFC for it (5373), which softphones follow; makers of desk phones each chose a parameter of their own before it.
//! A phone whose maker is not known is told in all of them. Who may ask for it is decided before: a code's permission, or that
//! the phone is the caller's own.

use config::models::Vendor;
use sip_stack::Name;

/// The headers of an INVITE that has such a phone answer at once.
pub(crate) fn headers(vendor: Option<Vendor>, domain: &str) -> Vec<(Name, String)> {
    let after = || (Name::CallInfo, format!("<sip:{domain}>;answer-after=0"));
    let alert = || (Name::AlertInfo, "<http://127.0.0.1>;info=alert-autoanswer;delay=0".to_owned());
    let mode = || (Name::AnswerMode, "Auto".to_owned());
    match vendor {
        // Both read the parameter of Alert-Info; a line of keys may be set to the other.
        Some(Vendor::Yealink | Vendor::Fanvil) => vec![after(), alert()],
        Some(Vendor::Snom | Vendor::Grandstream) => vec![after()],
        // The text that provisioning ties to the ringer that answers.
        Some(Vendor::Polycom) => vec![(Name::AlertInfo, "Auto Answer".to_owned())],
        Some(Vendor::Sangoma) => vec![alert()],
        None => vec![after(), alert(), mode()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-31
    #[test]
    fn each_maker_is_asked_in_its_own_words() {
        let words = |vendor| -> String {
            let headers = headers(vendor, "example.test");
            headers.iter().map(|(name, value)| format!("{}: {value}\n", name.as_str())).collect()
        };
        assert_eq!(words(Some(Vendor::Snom)), "Call-Info: <sip:example.test>;answer-after=0\n");
        assert_eq!(words(Some(Vendor::Polycom)), "Alert-Info: Auto Answer\n");
        assert!(words(Some(Vendor::Yealink)).contains("info=alert-autoanswer"));
        let unknown = words(None);
        for form in ["answer-after=0", "info=alert-autoanswer", "Answer-Mode: Auto"] {
            assert!(unknown.contains(form), "{unknown}");
        }
    }
}
