//! Proving who we are to whom we call: the answer to 401 and 407, on the INVITE and within the dialog (RFC 3261 §22.2,
//! §22.3; RFC 7616 §3.4).

use super::Invite;
use crate::{
    Message, Name,
    digest::{self, Account, Attempt},
    print::number::hex16,
    transaction::layer::Layer,
};

/// Our account at the peer, and the challenge that it gave last.
#[derive(Debug)]
pub(crate) struct Proof {
    account: Account,
    challenge: Vec<u8>,
    header: Name,
    used: u32,
    /// Challenges in a row.
    asked: u8,
}

impl Proof {
    /// Not challenged yet.
    pub(super) fn new(account: Account) -> Self {
        Self { account, challenge: Vec::new(), header: Name::Authorization, used: 0, asked: 0 }
    }
    /// The credentials of a request, once there was a challenge.
    pub(super) fn credentials(
        &mut self,
        layer: &mut Layer,
        method: &str,
        uri: &[u8],
    ) -> Option<(Name, String)> {
        if self.challenge.is_empty() {
            return None;
        }
        self.used += 1;
        let (uri, cnonce) = (std::str::from_utf8(uri).ok()?, hex16(layer.random()));
        let attempt = Attempt { method, uri, cnonce: &cnonce, nc: self.used };
        let Account { username, password } = &self.account;
        Some((self.header, digest::answer(&self.challenge, &attempt, username, password)?))
    }
    /// Takes the challenge of a 401 or 407; `false` if we cannot answer it, or did so in vain.
    fn hear(&mut self, response: &Message) -> bool {
        let Some(challenge) = digest::best_challenge(response) else { return false };
        self.asked += 1;
        // A second one in a row is answered if it says that only the nonce was old (RFC 7616 §3.3).
        if self.asked > MOST_ASKED || (self.asked > 1 && !digest::is_stale(challenge)) {
            return false;
        }
        self.challenge = challenge.to_vec();
        self.used = 0;
        let is_proxy = response.status() == Some(407);
        self.header = if is_proxy { Name::ProxyAuthorization } else { Name::Authorization };
        true
    }
}

impl Invite {
    /// Whether a 401 or 407 can be answered.
    pub(super) fn hear_challenge(&mut self, response: &Message) -> bool {
        self.proof.as_mut().is_some_and(|proof| proof.hear(response))
    }
    /// Our request was taken: the next challenge is a first one again.
    pub(super) fn proved(&mut self) {
        if let Some(proof) = &mut self.proof {
            proof.asked = 0;
        }
    }
    /// The credentials of a request of ours, if the peer asked for any before.
    pub(super) fn credentials(
        &mut self,
        layer: &mut Layer,
        method: &str,
        uri: &[u8],
    ) -> Option<(Name, String)> {
        self.proof.as_mut()?.credentials(layer, method, uri)
    }
}

/// Challenges answered in a row.
const MOST_ASKED: u8 = 3;
