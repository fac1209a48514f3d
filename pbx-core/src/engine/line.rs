//! A leg's media line: port, session, and what offer and answer agreed on.

use std::net::{IpAddr, SocketAddr};

use media::{Command, Path, sdp};
use rand::Rng;
use sip_stack::Flow;

use super::Engine;
use crate::call::running::Session;
use crate::{engine::Options, ids::LegId, io::Now};

impl Engine {
    /// Gives the leg a port of its own; `false` if there is none.
    pub(super) fn take_port(&mut self, now: Now, leg: LegId) -> bool {
        self.prepare_keys(leg);
        let Some(row) = self.calls.legs.get_mut(&leg) else { return false };
        let worker = row.call.worker(self.options.workers);
        let Some(port) = self.ports.take(now.at, worker) else { return false };
        let address = SocketAddr::new(media_address(&self.options, &row.flow), port);
        row.line.bind = Some(row.flow.local.ip());
        row.line.local = Some(sdp::Local::new(address, self.random.random::<u32>().into()));
        true
    }

    /// Has the worker open the leg's session, once.
    pub(super) fn open_line(&mut self, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let (Some(local), Some(bind)) = (&row.line.local, row.line.bind) else { return };
        if row.line.open {
            return;
        }
        row.line.open = true;
        let (call, port) = (row.call, local.address.port());
        self.calls.sessions.insert(leg.session(), Session { leg, port });
        self.tell_worker(call, Command::Open { session: leg.session(), local: bind, port });
    }

    /// Tells the worker what was agreed.
    pub(super) fn agree(&mut self, leg: LegId) {
        self.open_line(leg);
        let Some(row) = self.calls.legs.get(&leg) else { return };
        let Some(audio) = row.line.remote.as_ref().and_then(|d| d.audio.as_ref()) else { return };
        let line = sdp::line(audio, &row.line.agreed, row.line.ours, row.flow.remote.ip());
        let (call, protection) = (row.call, row.line.sealed.clone());
        if let Some(line) = line.map(|line| media::Line { protection, ..line }) {
            self.tell_worker(call, Command::Agree { session: leg.session(), line });
        }
    }

    /// What the leg hears.
    pub(super) fn set_path(&mut self, leg: LegId, path: Path) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        if row.line.open {
            row.line.path = Some(path);
            let call = row.call;
            self.tell_worker(call, Command::Path { session: leg.session(), path });
        }
    }

    /// Both hear each other.
    pub(super) fn join(&mut self, one: LegId, other: LegId) {
        self.set_path(one, Path::Peer(other.session()));
        self.set_path(other, Path::Peer(one.session()));
    }

    /// Closes the session, or gives back the port that never had one.
    pub(super) fn free_line(&mut self, now: Now, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let Some(local) = &row.line.local else { return };
        let (port, call, open) = (local.address.port(), row.call, row.line.open);
        if open {
            self.tell_worker(call, Command::Close { session: leg.session() });
        } else {
            row.line.local = None;
            self.ports.give_back(now.at, port);
        }
    }
}

/// The address that we print into descriptions for this peer.
fn media_address(options: &Options, flow: &Flow) -> IpAddr {
    let (local, remote) = (flow.local.ip(), flow.remote.ip());
    match options.external_address {
        Some(external) if !is_near(remote) && external.is_ipv4() == remote.to_canonical().is_ipv4() => {
            external
        }
        _ if !local.is_unspecified() => local.to_canonical(),
        external => {
            let listeners = options.listeners.iter().map(|(_, address)| address.ip());
            let ours = listeners.filter(|ip| !ip.is_unspecified() && ip.is_ipv4() == local.is_ipv4());
            // A listener on all addresses does not say which one this peer sees; loopback sees itself.
            let near = if remote.is_loopback() { Some(remote) } else { external };
            ours.chain(near).next().unwrap_or(local)
        }
    }
}

/// Whether a peer shares our network: private (RFC 1918, RFC 4193), loopback or link-local.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
