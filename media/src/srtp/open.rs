//! What comes: proved, not seen before, decrypted (RFC 3711 §3.1, §3.3, §3.4). Nothing else has an effect.

use hmac::Mac;

use super::{
    ENCRYPTED, Keying, REPORT_HEADER, REPORT_INDEX, REPORT_TAG,
    cipher::{Purpose, Session},
    number_at, payload_at,
    window::Window,
};

/// The streams of one peer.
#[derive(Debug)]
pub struct Opener {
    tag: usize,
    mki: usize,
    rtp: Session,
    rtcp: Session,
    speech: Streams,
    reports: Streams,
}

/// What came of each source. A peer that begins anew takes another source; the longest unused one is forgotten then.
#[derive(Debug, Default)]
struct Streams {
    known: [Option<Stream>; STREAMS],
    /// Counts packets, to know what is unused.
    time: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    window: Window,
    used: u64,
}

impl Opener {
    /// With that key, before the first packet.
    pub fn new(keying: &Keying) -> Self {
        Self {
            tag: keying.suite.tag_len(),
            mki: keying.mki.into(),
            rtp: Session::new(keying, Purpose::Rtp),
            rtcp: Session::new(keying, Purpose::Rtcp),
            speech: Streams::default(),
            reports: Streams::default(),
        }
    }

    /// Decrypts a packet in place; how long it is then. `None` for what is no SRTP under this key, or came before.
    #[inline]
    pub fn rtp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let end = packet.len().checked_sub(self.tag + self.mki)?;
        let payload = payload_at(&packet[..end])?;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = number_at(packet, 8)?;
        let tag = packet.get(end + self.mki..)?;
        let proof = self.rtp.proof(&packet[..end]);
        let is_proved = |index: u64| {
            let roc = (index >> 16) as u32;
            proof.clone().chain_update(roc.to_be_bytes()).verify_truncated_left(tag).is_ok()
        };
        let index = match self.speech.window(ssrc) {
            Some(window) => {
                let index = window.index(sequence).filter(|index| window.is_new(*index))?;
                is_proved(index).then_some(index)?
            }
            // Who joins a stream that runs cannot know how often its numbers began anew (RFC 3711 §3.3.1), but try.
            None => (0..MOST_ROLLED).map(|roc| roc << 16 | u64::from(sequence)).find(|i| is_proved(*i))?,
        };
        self.rtp.apply(ssrc, index, &mut packet[payload..end]);
        self.speech.take(ssrc, index);
        Some(end)
    }

    /// The same for a report. One that is not encrypted is none: we never agree to that.
    pub fn rtcp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let proved = packet.len().checked_sub(REPORT_TAG + self.mki)?;
        let end = proved.checked_sub(REPORT_INDEX).filter(|end| *end >= REPORT_HEADER)?;
        let ssrc = number_at(packet, 4)?;
        let index = number_at(packet, end).filter(|index| index & ENCRYPTED != 0)? & !ENCRYPTED;
        let is_new = self.reports.window(ssrc).is_none_or(|window| window.is_new(index.into()));
        let tag = packet.get(proved + self.mki..)?;
        if !is_new || self.rtcp.proof(&packet[..proved]).verify_truncated_left(tag).is_err() {
            return None;
        }
        self.rtcp.apply(ssrc, index.into(), &mut packet[REPORT_HEADER..end]);
        self.reports.take(ssrc, index.into());
        Some(end)
    }
}

impl Streams {
    fn window(&self, ssrc: u32) -> Option<Window> {
        self.known.iter().flatten().find(|stream| stream.ssrc == ssrc).map(|stream| stream.window)
    }
    /// A packet that is proved.
    fn take(&mut self, ssrc: u32, index: u64) {
        self.time += 1;
        let used = self.time;
        if let Some(stream) = self.known.iter_mut().flatten().find(|stream| stream.ssrc == ssrc) {
            stream.window.take(index);
            stream.used = used;
            return;
        }
        let oldest = self.known.iter_mut().min_by_key(|place| place.map_or(0, |stream| stream.used));
        if let Some(place) = oldest {
            *place = Some(Stream { ssrc, window: Window::at(index), used });
        }
    }
}

/// Sources of one peer that are told apart.
const STREAMS: usize = 8;
/// Roll-overs that are tried for a stream that ran before: at 50 packets a second 22 minutes each.
const MOST_ROLLED: u64 = 8;
