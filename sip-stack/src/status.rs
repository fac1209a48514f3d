//! Status codes: their class and the reason phrase we send (IANA registry of SIP response codes).

use rsip::{StatusCode, common::StatusCodeKind};

/// The class of a status (RFC 3261 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Class {
    Provisional,
    Success,
    Redirection,
    RequestFailure,
    ServerFailure,
    GlobalFailure,
}

/// The class of a status. A status outside of 100..=699 counts as a server failure.
pub fn class(status: u16) -> Class {
    match StatusCode::from(status).kind() {
        StatusCodeKind::Provisional => Class::Provisional,
        StatusCodeKind::Successful => Class::Success,
        StatusCodeKind::Redirection => Class::Redirection,
        StatusCodeKind::RequestFailure => Class::RequestFailure,
        StatusCodeKind::ServerFailure | StatusCodeKind::Other => Class::ServerFailure,
        StatusCodeKind::GlobalFailure => Class::GlobalFailure,
    }
}

/// The registered reason phrase; for an unregistered code that of its class's `x00` (RFC 3261 §8.1.3.2).
pub fn reason_phrase(status: u16) -> &'static str {
    match PHRASES.binary_search_by_key(&status, |(code, _)| *code) {
        Ok(at) => PHRASES[at].1,
        Err(_) => match class(status) {
            Class::Provisional => "Session Progress",
            Class::Success => "OK",
            Class::Redirection => "Multiple Choices",
            Class::RequestFailure => "Bad Request",
            Class::ServerFailure => "Server Internal Error",
            Class::GlobalFailure => "Busy Everywhere",
        },
    }
}

/// Sorted by code.
const PHRASES: [(u16, &str); 75] = [
    (100, "Trying"),
    (180, "Ringing"),
    (181, "Call Is Being Forwarded"),
    (182, "Queued"),
    (183, "Session Progress"),
    (199, "Early Dialog Terminated"),
    (200, "OK"),
    (202, "Accepted"),
    (204, "No Notification"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Moved Temporarily"),
    (305, "Use Proxy"),
    (380, "Alternative Service"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (412, "Conditional Request Failed"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Unsupported URI Scheme"),
    (417, "Unknown Resource-Priority"),
    (420, "Bad Extension"),
    (421, "Extension Required"),
    (422, "Session Interval Too Small"),
    (423, "Interval Too Brief"),
    (424, "Bad Location Information"),
    (425, "Bad Alert Message"),
    (428, "Use Identity Header"),
    (429, "Provide Referrer Identity"),
    (430, "Flow Failed"),
    (433, "Anonymity Disallowed"),
    (436, "Bad Identity Info"),
    (437, "Unsupported Credential"),
    (438, "Invalid Identity Header"),
    (439, "First Hop Lacks Outbound Support"),
    (440, "Max-Breadth Exceeded"),
    (469, "Bad Info Package"),
    (470, "Consent Needed"),
    (480, "Temporarily Unavailable"),
    (481, "Call/Transaction Does Not Exist"),
    (482, "Loop Detected"),
    (483, "Too Many Hops"),
    (484, "Address Incomplete"),
    (485, "Ambiguous"),
    (486, "Busy Here"),
    (487, "Request Terminated"),
    (488, "Not Acceptable Here"),
    (489, "Bad Event"),
    (491, "Request Pending"),
    (493, "Undecipherable"),
    (494, "Security Agreement Required"),
    (500, "Server Internal Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Server Time-out"),
    (505, "Version Not Supported"),
    (513, "Message Too Large"),
    (555, "Push Notification Service Not Supported"),
    (580, "Precondition Failure"),
    (600, "Busy Everywhere"),
    (603, "Decline"),
    (604, "Does Not Exist Anywhere"),
    (606, "Not Acceptable"),
    (607, "Unwanted"),
    (608, "Rejected"),
];

#[cfg(test)]
mod tests {
    use super::{Class, PHRASES, class, reason_phrase};

    /// RFC 3261 §21
    #[test]
    fn phrases_are_sorted_and_found() {
        assert!(PHRASES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(reason_phrase(486), "Busy Here");
        assert_eq!(reason_phrase(481), "Call/Transaction Does Not Exist");
        assert_eq!(reason_phrase(431), "Bad Request");
        assert_eq!(reason_phrase(699 - 50), "Busy Everywhere");
    }

    /// RFC 3261 §7.2
    #[test]
    fn classes_are_the_hundreds() {
        let all = [
            Class::Provisional,
            Class::Success,
            Class::Redirection,
            Class::RequestFailure,
            Class::ServerFailure,
            Class::GlobalFailure,
        ];
        for status in 100..700u16 {
            assert_eq!(class(status), all[usize::from(status / 100 - 1)]);
        }
        assert_eq!((class(0), class(700)), (Class::ServerFailure, Class::ServerFailure));
    }
}
