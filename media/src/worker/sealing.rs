//! A session's speech and reports, encrypted or not: what comes is opened before it is looked at, what leaves is sealed last.
//! MED-03.

use super::{Forward, session::Session};
use crate::srtp::{Opener, Protection, Sealer};

/// Both directions of an encrypted session.
#[derive(Debug)]
pub(super) struct Sealed {
    protection: Protection,
    sealer: Sealer,
    opener: Opener,
}

impl Session {
    /// Takes what was agreed. A direction whose key stays goes on as it is: numbers and all (RFC 3711 §3.3.1).
    pub(super) fn protect(&mut self, protection: Option<&Protection>) {
        let Some(new) = protection else {
            self.sealed = None;
            return;
        };
        match &mut self.sealed {
            None => {
                let (sealer, opener) = (Sealer::new(&new.ours), Opener::new(&new.theirs));
                self.sealed = Some(Box::new(Sealed { protection: *new, sealer, opener }));
            }
            Some(sealed) => {
                if sealed.protection.ours != new.ours {
                    sealed.sealer = Sealer::new(&new.ours);
                }
                if sealed.protection.theirs != new.theirs {
                    sealed.opener = Opener::new(&new.theirs);
                }
                sealed.protection = *new;
            }
        }
    }

    /// How long the packet is in clear; `None` for one that the peer did not encrypt with its key.
    #[inline]
    pub(super) fn open(&mut self, is_report: bool, packet: &mut [u8]) -> Option<usize> {
        match &mut self.sealed {
            None => Some(packet.len()),
            Some(sealed) if is_report => sealed.opener.rtcp(packet),
            Some(sealed) => sealed.opener.rtp(packet),
        }
    }

    /// The packet as it may leave.
    #[inline]
    pub(super) fn seal(&mut self, forward: Forward, buffer: &mut [u8]) -> Option<Forward> {
        match &mut self.sealed {
            None => Some(forward),
            Some(sealed) => Some(Forward { len: sealed.sealer.rtp(buffer, forward.len)?, ..forward }),
        }
    }

    /// The report as it may leave.
    pub(super) fn seal_report(&mut self, forward: Forward, buffer: &mut [u8]) -> Option<Forward> {
        match &mut self.sealed {
            None => Some(forward),
            Some(sealed) => Some(Forward { len: sealed.sealer.rtcp(buffer, forward.len)?, ..forward }),
        }
    }
}
