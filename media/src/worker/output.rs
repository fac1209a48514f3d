//! What leaves a worker. Packets of our own are written when they are polled, straight into the caller's buffer.

use std::time::Instant;

use super::{
    Event, Forward, Output, SocketId, Worker,
    player::FRAME,
    session::{Place, Session},
};
use crate::{
    outgoing::{Pace, Stamp},
    rtcp,
};

/// What waits to be polled.
#[derive(Debug)]
pub(super) enum Queued {
    /// As it is.
    Ready(Output),
    /// A frame of the session's tone.
    Frame(Place),
    /// A frame of the mix that the session is in.
    Mixed(Place),
    /// An RTCP report.
    Report(Place),
    /// The last report.
    Bye(Place),
    /// The session's last figures; its slot is free then.
    Gone(Place),
}

impl Worker {
    pub(super) fn next_output(&mut self, buffer: &mut [u8]) -> Option<Output> {
        loop {
            let output = match self.queue.pop_front()? {
                Queued::Ready(output) => Some(output),
                Queued::Frame(place) => self.write(place, |s, now| s.write_frame(now, place.index, buffer)),
                Queued::Mixed(place) => self.write(place, |s, now| s.write_mixed(now, place.index, buffer)),
                Queued::Report(place) => {
                    self.write(place, |s, now| s.write_report(now, place.index, buffer, false))
                }
                Queued::Bye(place) => {
                    self.write(place, |s, now| s.write_report(now, place.index, buffer, true))
                }
                Queued::Gone(place) => self.last_figures(place),
            };
            if output.is_some() {
                return output;
            }
        }
    }

    fn write(
        &mut self,
        place: Place,
        write: impl FnOnce(&mut Session, Instant) -> Option<Forward>,
    ) -> Option<Output> {
        let now = self.now?;
        self.sessions.at(place).and_then(|session| write(session, now)).map(Output::Transmit)
    }

    fn last_figures(&mut self, place: Place) -> Option<Output> {
        self.sessions.at(place)?;
        let session = self.sessions.remove(place.index)?;
        let statistics = session.statistics();
        Some(Output::Event(Event::Closed { session: session.id, statistics }))
    }
}

impl Session {
    fn write_frame(&mut self, now: Instant, index: u32, buffer: &mut [u8]) -> Option<Forward> {
        if !self.may_send() {
            return None;
        }
        let player = self.player.as_mut()?;
        let units = player.play(buffer.get_mut(HEADER..HEADER + FRAME)?);
        let number = player.number;
        self.send_own(now, index, buffer, (number, units))
    }

    /// A frame of our own that is in the buffer already, under that payload type and so many samples after the one before.
    pub(super) fn send_own(
        &mut self,
        now: Instant,
        index: u32,
        buffer: &mut [u8],
        (number, units): (u8, u32),
    ) -> Option<Forward> {
        if !self.may_send() {
            return None;
        }
        let to = *self.rtp.destination()?;
        let packet = buffer.get_mut(..HEADER + FRAME)?;
        packet[..2].copy_from_slice(&[VERSION, 0]);
        let stamp = self.outgoing.own(now, units, Pace { rate: 8_000, ptime: 20 });
        write_header(packet, number, stamp, self.outgoing.ssrc);
        self.outgoing.count(HEADER + FRAME, FRAME);
        self.seal(Forward { socket: SocketId::rtp(index), to, len: HEADER + FRAME }, buffer)
    }

    fn write_report(&mut self, now: Instant, index: u32, buffer: &mut [u8], bye: bool) -> Option<Forward> {
        // Who never sent anything does not take leave (RFC 3550 §6.3.7).
        if bye && !self.reports.reported && self.outgoing.packets == 0 {
            return None;
        }
        let is_muxed = self.line.as_ref()?.rtcp_mux;
        let (socket, latch) = match is_muxed {
            true => (SocketId::rtp(index), &self.rtp),
            false => (SocketId::rtcp(index), &self.rtcp),
        };
        let to = *latch.destination()?;
        let compound = rtcp::Compound {
            ssrc: self.outgoing.ssrc,
            sender: self.sender(now),
            block: self.block(now),
            cname: &self.reports.cname,
            bye,
        };
        let len = rtcp::write(buffer, &compound)?;
        self.reports.reported = true;
        self.seal_report(Forward { socket, to, len }, buffer)
    }

    /// If anything was sent since the report before the last (RFC 3550 §6.4).
    fn sender(&mut self, now: Instant) -> Option<rtcp::Sender> {
        let packets = self.outgoing.packets;
        let [before_last, last] = self.reports.sent_before;
        self.reports.sent_before = [last, packets];
        (packets > before_last).then(|| rtcp::Sender {
            ntp: self.clock().full(now),
            timestamp: self.outgoing.timestamp_at(now),
            packets: packets as u32,
            bytes: self.outgoing.payload_bytes as u32,
        })
    }

    fn block(&mut self, now: Instant) -> Option<rtcp::Block> {
        let ssrc = self.reception.ssrc()?;
        let loss = self.reception.report();
        let (last_report, delay) = self.reports.heard.echo(now);
        Some(rtcp::Block {
            ssrc,
            fraction: loss.fraction,
            lost: loss.lost,
            highest: loss.highest,
            jitter: loss.jitter,
            last_report,
            delay,
        })
    }
}

/// Writes the fixed part of an RTP header but its flags, which stay. `packet` holds 12 bytes at least.
#[inline]
pub(super) fn write_header(packet: &mut [u8], number: u8, stamp: Stamp, ssrc: u32) {
    let marker = if stamp.switched { MARKER } else { packet[1] & MARKER };
    packet[1] = marker | number;
    packet[2..4].copy_from_slice(&u16::from(stamp.sequence).to_be_bytes());
    packet[4..8].copy_from_slice(&stamp.timestamp.to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
}

/// Of an RTP header without CSRC and extension. [bytes]
pub(super) const HEADER: usize = 12;
/// Version 2, nothing else (RFC 3550 §5.1).
const VERSION: u8 = 0x80;
/// The marker bit (RFC 3550 §5.1).
const MARKER: u8 = 0x80;
