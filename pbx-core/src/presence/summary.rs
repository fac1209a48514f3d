//! `application/simple-message-summary`: the lamp of the mailbox. RFC 3842. SIP-30.

/// Messages of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts {
    /// Not heard yet.
    pub new: u32,
    /// Heard and kept.
    pub saved: u32,
    /// Of the new ones, those marked urgent.
    pub urgent_new: u32,
    /// Of the kept ones, those marked urgent.
    pub urgent_saved: u32,
}

/// The document.
pub(crate) fn print(counts: Counts, number: &str, domain: &str) -> String {
    let waiting = if counts.new > 0 { "yes" } else { "no" };
    let Counts { new, saved, urgent_new, urgent_saved } = counts;
    format!(
        "Messages-Waiting: {waiting}\r\nMessage-Account: sip:{number}@{domain}\r\n\
         Voice-Message: {new}/{saved} ({urgent_new}/{urgent_saved})\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-30, RFC 3842 §3.5
    #[test]
    fn new_saved_and_urgent_messages_are_counted() {
        let counts = Counts { new: 4, saved: 8, urgent_new: 1, urgent_saved: 2 };
        let text = print(counts, "101", "a.example");
        assert_eq!(
            text,
            "Messages-Waiting: yes\r\nMessage-Account: sip:101@a.example\r\nVoice-Message: 4/8 (1/2)\r\n"
        );
        let saved_only = Counts { saved: 3, ..Counts::default() };
        assert!(print(saved_only, "101", "a").starts_with("Messages-Waiting: no\r\n"));
    }
}
