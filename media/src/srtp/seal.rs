//! What we send: encrypted and proved (RFC 3711 §3.1, §3.3, §3.4).

use hmac::Mac;

use super::{
    ENCRYPTED, Keying, REPORT_HEADER, REPORT_INDEX, REPORT_TAG,
    cipher::{Purpose, Session},
    number_at, payload_at,
    window::Window,
};

/// Our stream to one peer.
#[derive(Debug)]
pub struct Sealer {
    tag: usize,
    rtp: Session,
    rtcp: Session,
    /// Of the one stream that we send; `None` before its first packet.
    sent: Option<(u32, Window)>,
    reports: u32,
}

impl Sealer {
    /// With that key, before the first packet.
    pub fn new(keying: &Keying) -> Self {
        let tag = keying.suite.tag_len();
        let (rtp, rtcp) = (Session::new(keying, Purpose::Rtp), Session::new(keying, Purpose::Rtcp));
        Self { tag, rtp, rtcp, sent: None, reports: 0 }
    }

    /// Encrypts the packet of `len` bytes in `buffer`; how long it is then. `None` where it is no RTP, where there is no room
    /// for its proof, and for a packet whose number was used: two under one would tell each other's content.
    #[inline]
    pub fn rtp(&mut self, buffer: &mut [u8], len: usize) -> Option<usize> {
        let all = buffer.get_mut(..len + self.tag)?;
        let payload = payload_at(&all[..len])?;
        let sequence = u16::from_be_bytes([all[2], all[3]]);
        let ssrc = number_at(all, 8)?;
        let index = match self.sent.filter(|(known, _)| *known == ssrc) {
            None => {
                self.sent = Some((ssrc, Window::at(sequence.into())));
                u64::from(sequence)
            }
            Some((_, mut window)) => {
                let index = window.index(sequence).filter(|index| window.is_new(*index))?;
                window.take(index);
                self.sent = Some((ssrc, window));
                index
            }
        };
        self.rtp.apply(ssrc, index, &mut all[payload..len]);
        let roc = (index >> 16) as u32;
        let proof = self.rtp.proof(&all[..len]).chain_update(roc.to_be_bytes()).finalize().into_bytes();
        all[len..].copy_from_slice(&proof[..self.tag]);
        Some(len + self.tag)
    }

    /// The same for a report.
    pub fn rtcp(&mut self, buffer: &mut [u8], len: usize) -> Option<usize> {
        let all = buffer.get_mut(..len + REPORT_INDEX + REPORT_TAG)?;
        let ssrc = number_at(&all[..len], 4)?;
        // The index ends with the key: 2³¹ reports take 300 years.
        self.reports = self.reports.checked_add(1).filter(|index| *index < ENCRYPTED)?;
        self.rtcp.apply(ssrc, self.reports.into(), &mut all[REPORT_HEADER..len]);
        let end = len + REPORT_INDEX;
        all[len..end].copy_from_slice(&(self.reports | ENCRYPTED).to_be_bytes());
        let proof = self.rtcp.proof(&all[..end]).finalize().into_bytes();
        all[end..].copy_from_slice(&proof[..REPORT_TAG]);
        Some(end + REPORT_TAG)
    }
}
