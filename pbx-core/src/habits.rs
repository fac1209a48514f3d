//! Which digest algorithm a phone can do, learnt from what it did. SIP-02.
//!
//! RFC 8760 §2.3 has a server offer several algorithms, the best first. Many phones in the field predate it and give
//! up when any challenge names an algorithm they do not know. Such a phone tries again later, without credentials: then
//! it is challenged with MD5 alone, and so are its other requests once MD5 worked, until it proves SHA-256.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

use sip_stack::{Flow, Message, Name, headers::Credentials};

/// What was learnt. Peers and attempts are bounded apart: strangers can only push out attempts.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// Whether the algorithm that a peer proved its secret with last was MD5.
    proved_md5: Recent<bool>,
    /// Attempts (Call-IDs) that were challenged with all algorithms and not answered yet, with their CSeq.
    challenged: Recent<u32>,
    hasher: RandomState,
}

/// A bounded memory: what was entered first is forgotten first.
#[derive(Debug, Default)]
struct Recent<V> {
    /// With the number of their entry.
    known: HashMap<u64, (u64, V)>,
    order: BTreeMap<u64, u64>,
    entered: u64,
}

impl Habits {
    /// Whether a request without usable credentials is to be challenged with MD5 alone.
    pub(crate) fn needs_md5(&mut self, flow: Flow, request: &Message) -> bool {
        // Either it comes with MD5 that is stale or wrong, or it is known to do no better.
        let knows_md5 = algorithm_of(request).is_some_and(|sha256| !sha256);
        if knows_md5 || self.proved_md5.get(self.peer(flow)) == Some(true) {
            return true;
        }
        let attempt = self.attempt(flow, request);
        match self.challenged.get(attempt) {
            Some(cseq) => cseq < request.cseq() && request.header(Name::Authorization).is_none(),
            None => {
                self.challenged.keep(attempt, request.cseq());
                false
            }
        }
    }

    /// The peer proved its secret with this request.
    pub(crate) fn proved(&mut self, flow: Flow, request: &Message) {
        self.proved_md5.keep(self.peer(flow), algorithm_of(request) != Some(true));
        // The next request without credentials begins anew: it is a refresh, no phone that gave up.
        self.challenged.forget(self.attempt(flow, request));
    }

    fn peer(&self, flow: Flow) -> u64 {
        self.hasher.hash_one((flow.transport, flow.remote))
    }

    fn attempt(&self, flow: Flow, request: &Message) -> u64 {
        self.hasher.hash_one((flow.remote.ip(), request.call_id()))
    }
}

impl<V: Copy> Recent<V> {
    fn get(&self, key: u64) -> Option<V> {
        self.known.get(&key).map(|(_, value)| *value)
    }

    fn keep(&mut self, key: u64, value: V) {
        if let Some((_, known)) = self.known.get_mut(&key) {
            *known = value;
            return;
        }
        self.entered += 1;
        self.known.insert(key, (self.entered, value));
        self.order.insert(self.entered, key);
        if self.order.len() > MOST
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.known.remove(&oldest);
        }
    }

    fn forget(&mut self, key: u64) {
        if let Some((entry, _)) = self.known.remove(&key) {
            self.order.remove(&entry);
        }
    }
}

/// Whether the request's credentials are made with SHA-256; `None` without credentials.
fn algorithm_of(request: &Message) -> Option<bool> {
    let credentials = request.headers(Name::Authorization).find_map(Credentials::parse)?;
    Some(credentials.algorithm.is_some_and(|a| a.eq_ignore_ascii_case(b"SHA-256")))
}

/// Peers, and attempts, that are remembered; about 40 bytes each.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sip_stack::Transport;

    use super::*;

    fn flow(port: u16) -> Flow {
        let at = |port| ([127, 0, 0, 1], port).into();
        Flow { transport: Transport::Udp, local: at(5060), remote: at(port) }
    }

    fn register(call_id: &str, cseq: u32, credentials: &str) -> Message {
        let text = format!(
            "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK{cseq}\r\nFrom: <sip:1@a>;tag=1\r\n\
             To: <sip:1@a>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{credentials}Content-Length: 0\r\n\r\n"
        );
        Message::parse(Bytes::from(text)).expect("a SIP message")
    }

    /// SIP-02: a phone that gave up at SHA-256 gets MD5 alone when it tries again.
    #[test]
    fn a_phone_that_comes_back_without_credentials_is_asked_for_md5() {
        let mut habits = Habits::default();
        assert!(!habits.needs_md5(flow(1), &register("x", 1, "")));
        assert!(
            !habits.needs_md5(flow(1), &register("x", 1, "")),
            "the same request again is no new attempt"
        );
        assert!(habits.needs_md5(flow(1), &register("x", 2, "")));
        assert!(!habits.needs_md5(flow(1), &register("another-account", 7, "")));
        assert!(!habits.needs_md5(flow(2), &register("y", 3, "")));
    }

    /// SIP-02
    #[test]
    fn what_worked_once_is_asked_for_again() {
        let digest = |algorithm: &str| {
            format!(
                "Authorization: Digest username=\"1\", realm=\"a\", nonce=\"n\", uri=\"sip:a\", response=\"r\", \
                 algorithm={algorithm}\r\n"
            )
        };
        let mut habits = Habits::default();
        habits.proved(flow(1), &register("x", 2, &digest("MD5")));
        habits.proved(flow(2), &register("y", 2, &digest("SHA-256")));
        assert!(habits.needs_md5(flow(1), &register("z", 1, "")));
        assert!(habits.needs_md5(flow(3), &register("z", 1, &digest("MD5"))), "stale after a restart");
        assert!(!habits.needs_md5(flow(2), &register("y", 3, "")));
        habits.proved(flow(2), &register("y", 4, &digest("SHA-256")));
        assert!(!habits.needs_md5(flow(2), &register("y", 5, "")), "a refresh is no phone that gave up");
    }

    /// SIP-02: the address of a phone that could do SHA-256 may belong to an older one tomorrow.
    #[test]
    fn an_old_phone_at_the_address_of_a_new_one_is_asked_for_md5() {
        let strong = "Authorization: Digest username=\"1\", realm=\"a\", nonce=\"n\", uri=\"sip:a\", \
                      response=\"r\", algorithm=SHA-256\r\n";
        let mut habits = Habits::default();
        habits.proved(flow(1), &register("new-phone", 2, strong));
        assert!(!habits.needs_md5(flow(1), &register("old-phone", 1, "")));
        assert!(habits.needs_md5(flow(1), &register("old-phone", 2, "")));
    }

    /// Each call has a Call-ID of its own: nothing is left of those that were answered.
    #[test]
    fn an_attempt_that_succeeded_takes_no_memory() {
        let mut habits = Habits::default();
        for call in 0..100 {
            habits.needs_md5(flow(1), &register(&call.to_string(), 1, ""));
            let strong = "Authorization: Digest algorithm=SHA-256\r\n";
            habits.proved(flow(1), &register(&call.to_string(), 2, strong));
        }
        assert_eq!((habits.challenged.known.len(), habits.challenged.order.len()), (0, 0));
    }

    /// Memory is bounded, and strangers do not push out what is known of phones.
    #[test]
    fn the_oldest_attempts_are_forgotten_first() {
        let mut habits = Habits::default();
        habits.proved(flow(1), &register("x", 2, "Authorization: Digest algorithm=MD5\r\n"));
        for call in 0..MOST + 10 {
            habits.needs_md5(flow(2), &register(&call.to_string(), 1, ""));
        }
        assert_eq!((habits.challenged.known.len(), habits.challenged.order.len()), (MOST, MOST));
        assert!(habits.needs_md5(flow(1), &register("z", 1, "")));
    }
}
