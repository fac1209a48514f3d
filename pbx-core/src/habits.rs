//! Which digest algorithm a phone can do, learnt from what it did. SIP-02.
//!
//! RFC 8760 §2.3 has a server offer several algorithms, the best first. Many phones in the field predate it and give
//! up when any challenge names an algorithm they do not know. Such a phone tries again later, without credentials: then
//! it is challenged with MD5 alone, and so are its other requests once MD5 worked.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
};

use sip_stack::{Flow, Message, Name, headers::Credentials};

/// What was learnt, bounded: the oldest entries are forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    known: HashMap<u64, Habit>,
    order: VecDeque<u64>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// This attempt (Call-ID) was challenged with all algorithms, at this CSeq.
    Challenged(u32),
    /// This peer proved its secret with MD5.
    Md5,
    /// This peer proved its secret with SHA-256.
    Sha256,
}

impl Habits {
    /// Whether a request without usable credentials is to be challenged with MD5 alone.
    pub(crate) fn needs_md5(&mut self, flow: Flow, request: &Message) -> bool {
        match self.known.get(&self.peer(flow)) {
            Some(Habit::Md5) => return true,
            Some(Habit::Sha256) => return false,
            Some(Habit::Challenged(_)) | None => {}
        }
        let attempt = self.hasher.hash_one((flow.remote.ip(), request.call_id()));
        let before = self.known.get(&attempt).copied();
        let came_back = matches!(before, Some(Habit::Challenged(cseq)) if cseq < request.cseq());
        if came_back && request.header(Name::Authorization).is_none() {
            return true;
        }
        if before.is_none() {
            self.keep(attempt, Habit::Challenged(request.cseq()));
        }
        false
    }

    /// The peer proved its secret with this request.
    pub(crate) fn proved(&mut self, flow: Flow, request: &Message) {
        let algorithm =
            request.headers(Name::Authorization).filter_map(Credentials::parse).find_map(|c| c.algorithm);
        let is_sha = algorithm.is_some_and(|a| a.eq_ignore_ascii_case(b"SHA-256"));
        self.keep(self.peer(flow), if is_sha { Habit::Sha256 } else { Habit::Md5 });
    }

    fn peer(&self, flow: Flow) -> u64 {
        self.hasher.hash_one((flow.transport, flow.remote))
    }

    fn keep(&mut self, key: u64, habit: Habit) {
        if self.known.insert(key, habit).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// Peers and attempts remembered; about 40 bytes each.
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
        Message::parse(Bytes::from(text)).unwrap()
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
        assert!(!habits.needs_md5(flow(1), &register("another account", 7, "")));
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
        assert!(!habits.needs_md5(flow(2), &register("y", 3, "")));
        assert!(!habits.needs_md5(flow(2), &register("y", 4, "")));
    }

    /// Memory is bounded.
    #[test]
    fn the_oldest_habits_are_forgotten() {
        let mut habits = Habits::default();
        (0..2 * MOST as u64).for_each(|key| habits.keep(key, Habit::Md5));
        assert_eq!((habits.known.len(), habits.order.len()), (MOST, MOST));
    }
}
