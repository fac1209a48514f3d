//! Commands of the engine: everything that is decided, so that packets need no decision.

use std::{net::SocketAddr, time::Instant};

use rand::Rng;

use super::{
    Command, Event, Output, SocketId, Worker,
    output::Queued,
    player::Player,
    session::{Place, Session},
    tick::QUALITY_INTERVAL,
};
use crate::{
    routes::Routes,
    session::{Line, Path, SessionId},
    timers::Timer,
};

impl Worker {
    pub(super) fn obey(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open { session, local, port } => self.open(now, session, SocketAddr::new(local, port)),
            Command::Agree { session, line } => self.with(session, |w, index| w.agree(now, index, line)),
            Command::Path { session, path } => self.with(session, |w, index| w.set_path(now, index, path)),
            Command::Close { session } => self.with(session, Self::close),
        }
    }

    /// Whatever is wrong with a socket ends its session: half a media line is of no use.
    pub(super) fn give_up(&mut self, socket: SocketId) {
        let index = socket.session();
        let Some(session) = self.sessions.get(index).map(|session| session.id) else { return };
        if self.sessions.find(session) != Some(index) {
            return;
        }
        self.detach(index);
        self.sessions.remove(index);
        self.close_sockets(index);
        self.say(Event::OpenFailed { session });
    }

    fn with(&mut self, session: SessionId, act: impl FnOnce(&mut Self, u32)) {
        match self.sessions.find(session) {
            Some(index) => act(self, index),
            None => tracing::debug!(media.session = session.0, "command for a session that is not open"),
        }
    }

    fn open(&mut self, now: Instant, id: SessionId, rtp: SocketAddr) {
        if self.sessions.find(id).is_some() {
            tracing::warn!(media.session = id.0, "a session was opened twice; the second time is ignored");
            return;
        }
        let Some(rtcp_port) = rtp.port().checked_add(1) else {
            return self.say(Event::OpenFailed { session: id });
        };
        let random = &mut self.random;
        let index = self.sessions.insert(id, |generation| Session::new(id, generation, now, random));
        self.timers.make_room(index);
        let rtcp = SocketAddr::new(rtp.ip(), rtcp_port);
        for (socket, local) in [(SocketId::rtp(index), rtp), (SocketId::rtcp(index), rtcp)] {
            self.queue.push_back(Queued::Ready(Output::OpenSocket { socket, local }));
        }
        // Those that were to hear it before it was there.
        for listener in std::mem::take(&mut self.unlinked) {
            self.link(listener);
        }
    }

    fn agree(&mut self, now: Instant, index: u32, line: Line) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        session.rtp.agree(now, line.remote, line.signalled_from);
        session.rtcp.agree(now, line.remote_rtcp, line.signalled_from);
        if let Some(mixed) = &mut session.mixed {
            mixed.agree(Some(&line));
        }
        session.protect(line.protection.as_deref());
        session.line = Some(line);
        let peer = session.links.peer;
        self.route(index);
        if let Some(peer) = peer {
            self.route(peer.index);
        }
        self.tune(index);
        self.arm(now, index);
    }

    fn set_path(&mut self, now: Instant, index: u32, path: Path) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        if session.links.path == path {
            return;
        }
        self.leave_mix(index);
        let Some(session) = self.sessions.get_mut(index) else { return };
        session.links.path = path;
        session.outgoing.forget_source();
        session.player = None;
        self.unlink(index);
        self.link(index);
        self.join_mix(index);
        self.tune(index);
        self.arm(now, index);
    }

    fn close(&mut self, index: u32) {
        let Some(place) = self.sessions.place(index) else { return };
        self.detach(index);
        self.queue.push_back(Queued::Bye(place));
        self.close_sockets(index);
        self.queue.push_back(Queued::Gone(place));
    }

    /// Nobody hears it, it hears nobody, it waits for nothing, it is not found by its id.
    fn detach(&mut self, index: u32) {
        self.leave_mix(index);
        self.unlink(index);
        self.timers.clear_all(index);
        let Some(session) = self.sessions.get_mut(index) else { return };
        session.links.path = Path::Silent;
        let (id, listener) = (session.id, session.links.listener.take());
        if let Some(listener) = listener.and_then(|place| self.sessions.at(place)) {
            listener.links.peer = None;
        }
        self.sessions.retire(id);
    }

    fn close_sockets(&mut self, index: u32) {
        for socket in [SocketId::rtp(index), SocketId::rtcp(index)] {
            self.queue.push_back(Queued::Ready(Output::CloseSocket { socket }));
        }
    }

    /// Lets the session hear the peer of its path, if that is open.
    fn link(&mut self, index: u32) {
        let Some(Path::Peer(id)) = self.sessions.get(index).map(|session| session.links.path) else { return };
        let found = self.sessions.find(id).and_then(|peer| self.sessions.place(peer));
        let (Some(listener), Some(peer)) = (self.sessions.place(index), found) else {
            return self.unlinked.push(index);
        };
        if let Some(session) = self.sessions.at(listener) {
            session.links.peer = Some(peer);
        }
        let before = self.sessions.at(peer).and_then(|session| session.links.listener.replace(listener));
        if let Some(other) = before.filter(|before| *before != listener).and_then(|b| self.sessions.at(b)) {
            other.links.peer = None;
        }
        self.route(peer.index);
    }

    /// Whom the session heard is not heard by it any more. Links are mutual: its peer's listener is the session.
    fn unlink(&mut self, index: u32) {
        self.unlinked.retain(|other| *other != index);
        let Some(me) = self.sessions.place(index) else { return };
        let Some(peer) = self.sessions.at(me).and_then(|session| session.links.peer.take()) else { return };
        if let Some(session) = self.sessions.at(peer) {
            session.links.listener = None;
            self.route(peer.index);
        }
    }

    /// Prepares the way of each payload type of the session.
    fn route(&mut self, index: u32) {
        let Some(session) = self.sessions.get(index) else { return };
        let listener = session.links.listener.and_then(|place: Place| self.sessions.get(place.index));
        let to = listener.and_then(|listener| listener.line.as_ref()).map_or(&[][..], |line| &line.payloads);
        let routes = session.line.as_ref().map_or_else(Routes::none, |line| Routes::new(&line.payloads, to));
        if let Some(session) = self.sessions.get_mut(index) {
            session.routes = routes;
        }
    }

    /// Prepares the tone of the session's path in the codec of its line.
    fn tune(&mut self, index: u32) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        let (Path::Tone(tone, country), Some(line)) = (session.links.path, &session.line) else { return };
        let before = session.player.take();
        session.player = Player::new(tone, country, line).map(|player| player.resume(before));
    }

    /// Sets the timers that line and path ask for, clears the others; those that run go on.
    fn arm(&mut self, now: Instant, index: u32) {
        let keeps_time = self.keeps_time(index);
        let Some(session) = self.sessions.get_mut(index) else { return };
        let plays = keeps_time || (session.player.is_some() && session.may_send());
        let listens = session.expects_packets() && !self.settings.silence.is_zero();
        if listens && !self.timers.is_set(index, Timer::Silence) {
            session.quiet_since = now;
        }
        let interval = self.settings.rtcp_interval;
        let agreed = session.line.is_some();
        // The first report comes early, and not those of all legs at once (RFC 3550 §6.2).
        let first = interval.mul_f64(self.random.random_range(0.5..1.0));
        for (timer, wanted, at) in [
            (Timer::Frame, plays, now),
            (Timer::Silence, listens, now + self.settings.silence),
            (Timer::Report, agreed && !interval.is_zero(), now + first),
            (Timer::Quality, agreed, now + QUALITY_INTERVAL),
        ] {
            if !wanted {
                self.timers.clear(index, timer);
            } else if !self.timers.is_set(index, timer) {
                self.timers.set(index, timer, at);
            }
        }
    }

    pub(super) fn say(&mut self, event: Event) {
        self.queue.push_back(Queued::Ready(Output::Event(event)));
    }
}
