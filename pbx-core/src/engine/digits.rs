//! Keys that parties press during a call: telephone-events (RFC 4733) from the media workers, and INFO from phones that are
//! set so. What a key is for, the script decides.

use sip_stack::InviteId;

use super::Engine;
use crate::ids::LegId;

impl Engine {
    /// A party pressed a key.
    pub(super) fn on_digit(&mut self, leg: LegId, digit: char) {
        self.counters.digits += 1;
        let Some(call) = self.calls.call_of(leg).filter(|call| !call.is_ending()) else { return };
        if call.handle.tell_digit(leg, digit) {
            self.ready.push_back(call.id);
        }
    }

    /// An INFO within a call.
    pub(super) fn on_info(&mut self, id: InviteId, content_type: &str, body: &[u8]) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        if let Some(digit) = digit(content_type, body) {
            self.on_digit(leg, digit);
        }
    }
}

/// The key in an INFO: `Signal=5` of `application/dtmf-relay`, or all there is of `application/dtmf`. No RFC describes
/// them; phones have sent them so for twenty years.
fn digit(content_type: &str, body: &[u8]) -> Option<char> {
    let body = std::str::from_utf8(body).ok()?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let signal = if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        let signal = |line: &str| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim().to_owned())
        };
        body.lines().find_map(signal)?
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        body.trim().to_owned()
    } else {
        return None;
    };
    key(&signal)
}

/// A key as phones write it; 10 and 11 are the event codes of * and # (RFC 4733 §3.2).
fn key(signal: &str) -> Option<char> {
    match signal {
        "10" => return Some('*'),
        "11" => return Some('#'),
        _ => {}
    }
    let mut signs = signal.chars();
    let (sign, rest) = (signs.next()?.to_ascii_uppercase(), signs.next());
    (rest.is_none() && "0123456789*#ABCD!".contains(sign)).then_some(sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::digit;

    /// HD-05: both forms that phones send.
    #[test]
    fn keys_in_an_info_are_read_in_both_forms() {
        let relay = |body: &str| digit("application/dtmf-relay", body.as_bytes());
        assert_eq!(relay("Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(relay("signal = *\nduration=100"), Some('*'));
        assert_eq!((relay("Signal=11"), relay("Signal=10")), (Some('#'), Some('*')));
        assert_eq!((relay("Duration=160"), relay("Signal=12"), relay("Signal=")), (None, None, None));
        assert_eq!(digit("application/dtmf; charset=utf-8", b" a\r\n"), Some('A'));
        assert_eq!(digit("text/plain", b"5"), None);
    }

    proptest! {
        #[test]
        fn no_body_is_a_fault(kind in "application/dtmf(-relay)?", body in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = digit(&kind, &body);
        }
    }
}
