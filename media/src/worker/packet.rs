//! One datagram: checked, measured, rewritten and passed on. No policy, no lock, no allocation.

use std::{collections::VecDeque, net::SocketAddr, ops::Range, time::Instant};

use rtp_rs::{RtpReader, Seq};

use super::{
    Event, Forward, Output, SocketId, Worker,
    output::{Queued, write_header},
    session::Session,
};
use crate::{
    dtmf::{Digits, Ended},
    latch::Source,
    outgoing::{Origin, Pace},
    reception::{Arrival, Header},
    routes::{Kind, Route},
    rtcp,
    timers::Timer,
};

impl Worker {
    #[inline]
    pub(super) fn datagram(
        &mut self,
        now: Instant,
        (socket, from): (SocketId, SocketAddr),
        buffer: &mut [u8],
        len: usize,
    ) -> Option<Forward> {
        let index = socket.session();
        let session = self.sessions.get_mut(index)?;
        let is_report = socket.is_rtcp() || session.is_report(buffer.get(..len)?);
        let Some(len) = session.open(is_report, buffer.get_mut(..len)?) else {
            session.dropped += 1;
            return None;
        };
        let packet = &mut buffer[..len];
        if is_report {
            session.hear_report(now, socket, from, packet);
            return None;
        }
        let Some(heard) = session.hear(now, from, packet, &mut self.queue) else {
            session.dropped += 1;
            return None;
        };
        let listener = session.links.listener;
        if heard.route.kind == Kind::Event
            && let Some(at) = session.digits.deadline()
            && !self.timers.is_set(index, Timer::Digit)
        {
            self.timers.set(index, Timer::Digit, at);
        }
        if session.mix_in(packet[1] & 0x7f, &packet[heard.payload.clone()]) {
            return None;
        }
        let listener = listener?;
        let socket = SocketId::rtp(listener.index);
        self.sessions.at(listener)?.pass(now, socket, &heard, (buffer, len))
    }
}

/// A packet that was accepted.
struct Heard {
    route: Route,
    origin: Origin,
    sequence: Seq,
    timestamp: u32,
    payload: Range<usize>,
}

impl Session {
    /// Checks a packet of the peer and takes it into account. `None`: it is dropped and has changed nothing.
    #[inline]
    fn hear(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &[u8],
        queue: &mut VecDeque<Queued>,
    ) -> Option<Heard> {
        self.line.as_ref().filter(|line| line.receive)?;
        let reader = RtpReader::new(packet).ok()?;
        let route = self.routes.of(reader.payload_type())?;
        let header =
            Header { ssrc: reader.ssrc(), sequence: reader.sequence_number(), timestamp: reader.timestamp() };
        match self.rtp.hear(now, from) {
            Source::Known => {}
            Source::Latched => say(queue, Event::Latched { session: self.id, from }),
            Source::Stranger => return None,
        }
        match self.reception.packet(header, packet.len()) {
            Arrival::Same => {}
            Arrival::Restarted => say_digit(queue, self, |digits| [digits.restart(), None]),
            Arrival::Jump => return None,
        }
        self.quiet_since = now;
        match route.kind {
            Kind::Speech => self.reception.speech(now, header.timestamp, route.rate),
            Kind::Event => {
                say_digit(queue, self, |digits| digits.packet(now, header.timestamp, reader.payload()));
            }
            Kind::Support => {}
        }
        let start = reader.payload_offset();
        let payload = start..start + reader.payload().len();
        Some(Heard {
            route,
            origin: Origin { generation: self.generation, stream: self.reception.streams() },
            sequence: header.sequence,
            timestamp: header.timestamp,
            payload,
        })
    }

    /// Makes a packet of another leg the next one of our stream to the peer.
    #[inline]
    fn pass(
        &mut self,
        now: Instant,
        socket: SocketId,
        heard: &Heard,
        (buffer, len): (&mut [u8], usize),
    ) -> Option<Forward> {
        let packet = &mut buffer[..len];
        let line = self.line.as_ref().filter(|line| line.send)?;
        let to = self.rtp.destination()?;
        let number = heard.route.outlet.apply(&mut packet[heard.payload.clone()])?;
        let pace = Pace { rate: heard.route.rate, ptime: line.ptime };
        let stamp = self.outgoing.relay(now, heard.origin, heard.sequence, heard.timestamp, pace)?;
        write_header(packet, number, stamp, self.outgoing.ssrc);
        self.outgoing.count(packet.len(), heard.payload.len());
        let to = *to;
        self.seal(Forward { socket, to, len }, buffer)
    }

    /// RTCP on the RTP port (RFC 5761 §4).
    #[inline]
    fn is_report(&self, packet: &[u8]) -> bool {
        packet.get(1).is_some_and(|kind| RTCP_TYPES.contains(kind))
            && self.line.as_ref().is_some_and(|line| line.rtcp_mux)
    }

    fn hear_report(&mut self, now: Instant, socket: SocketId, from: SocketAddr, packet: &[u8]) {
        if self.take_report(now, socket, from, packet).is_none() {
            self.dropped += 1;
        }
    }

    fn take_report(&mut self, now: Instant, socket: SocketId, from: SocketAddr, packet: &[u8]) -> Option<()> {
        self.line.as_ref()?;
        let reports = rtcp::reports(packet)?;
        let is_believed = if socket.is_rtcp() {
            self.rtcp.hear(now, from) != Source::Stranger
        } else {
            self.rtp.admits(from)
        };
        if !is_believed {
            return None;
        }
        let clock = self.clock();
        for report in reports {
            self.reports.heard.take(now, clock, &report, self.outgoing.ssrc);
        }
        Some(())
    }
}

#[inline]
fn say_digit(queue: &mut VecDeque<Queued>, session: &mut Session, find: impl FnOnce(&mut Digits) -> Ended) {
    for digit in find(&mut session.digits).into_iter().flatten() {
        say(queue, Event::Digit { session: session.id, digit });
    }
}

fn say(queue: &mut VecDeque<Queued>, event: Event) {
    queue.push_back(Queued::Ready(Output::Event(event)));
}

/// RFC 5761 §4.
const RTCP_TYPES: std::ops::RangeInclusive<u8> = 192..=223;
