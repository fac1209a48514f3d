//! The bound sockets of one worker. One that is closed is kept for a while, bound and registered as it was: the next
//! session on its port takes it over, which costs a twentieth of opening it anew.
//!
//! A socket stands in a *place*, whose number the packet I/O registers with the kernel; a [`SocketId`] is the worker's
//! number for it while a session uses it. What comes to a kept socket is read and forgotten, and what is left in it is
//! thrown away when it is taken over, so a session hears nothing of the one before it.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, UdpSocket},
    time::Instant,
};

use media::{Forward, SocketId};
use socket2::{Domain, Protocol, Socket, Type};

use super::Settings;

/// Sockets by place and by number.
#[derive(Debug)]
pub struct Sockets {
    places: Vec<Place>,
    vacant: Vec<u32>,
    by_id: Vec<Option<u32>>,
    kept: HashMap<SocketAddr, u32>,
    /// When to look next which kept sockets have been so for too long.
    sweep_at: Option<Instant>,
    settings: Settings,
}

/// Where a socket stands.
#[derive(Debug, Default)]
struct Place {
    socket: Option<Bound>,
    user: Option<SocketId>,
    kept_since: Option<Instant>,
    /// Tells the sockets apart that stood here one after the other.
    generation: u16,
}

#[derive(Debug)]
struct Bound {
    socket: UdpSocket,
    local: SocketAddr,
}

/// What [`Sockets::open`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// A new socket stands in this place; it is to be registered.
    New(u32),
    /// The socket was kept, and is registered still.
    Again,
}

/// A socket that is to be taken out of the kernel's hands before it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Closing {
    /// Where it stood.
    pub place: u32,
    /// The generation that it was there.
    pub generation: u16,
    /// Dropping it closes it.
    pub socket: UdpSocket,
}

impl Sockets {
    /// Without sockets.
    pub fn new(settings: Settings) -> Self {
        let (places, vacant, by_id) = (vec![], vec![], vec![]);
        Self { places, vacant, by_id, kept: HashMap::new(), sweep_at: None, settings }
    }
    /// Has `local` bound as this number: by the socket that was kept, else by a new one. Also returns the bound address.
    pub fn open(&mut self, id: SocketId, local: SocketAddr) -> io::Result<(Opened, SocketAddr)> {
        let at = id.0 as usize;
        if at >= SOCKET_LIMIT {
            return Err(io::Error::other("too many RTP sockets"));
        }
        if at >= self.by_id.len() {
            self.by_id.resize(at + 1, None);
        }
        let kept = self.kept.remove(&local);
        let (place, opened) = match kept {
            Some(place) => (place, Opened::Again),
            None => {
                let place = self.settle(bind(local, self.settings.receive_buffer)?);
                (place, Opened::New(place))
            }
        };
        self.by_id[at] = Some(place);
        let stand = &mut self.places[place as usize];
        (stand.user, stand.kept_since) = (Some(id), None);
        let bound = stand.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        if opened == Opened::Again {
            drain(&bound.socket);
        }
        Ok((opened, bound.local))
    }
    /// Takes the number from its socket, which is kept if there is room; else it is to be closed.
    pub fn close(&mut self, id: SocketId) -> Option<Closing> {
        let place = self.by_id.get_mut(id.0 as usize)?.take()?;
        let stand = &mut self.places[place as usize];
        stand.user = None;
        // When there is no room this one goes: those that rested longer are taken over earlier.
        if let Some(bound) = stand.socket.as_ref().filter(|_| self.kept.len() < self.settings.kept) {
            let now = Instant::now();
            stand.kept_since = Some(now);
            self.kept.insert(bound.local, place);
            self.sweep_at.get_or_insert(now + self.settings.keep);
            return None;
        }
        self.vacate(place)
    }
    /// Sockets that were kept for too long and are to be closed. None is kept for more than one and a half times the
    /// setting.
    pub fn expired(&mut self, now: Instant) -> Vec<Closing> {
        if self.sweep_at.is_none_or(|at| at > now) {
            return vec![];
        }
        let (places, keep) = (&self.places, self.settings.keep);
        let is_old = |place: u32| places[place as usize].kept_since.is_none_or(|since| since + keep <= now);
        let old: Vec<u32> = self.kept.extract_if(|_, place| is_old(*place)).map(|(_, place)| place).collect();
        self.sweep_at = (!self.kept.is_empty()).then(|| now + keep / 2);
        old.into_iter().filter_map(|place| self.vacate(place)).collect()
    }
    /// When to ask for [`Sockets::expired`] ones.
    pub fn sweep_at(&self) -> Option<Instant> {
        self.sweep_at
    }
    /// The socket of this number, if it is open.
    pub fn get(&self, id: SocketId) -> Option<&UdpSocket> {
        let place = (*self.by_id.get(id.0 as usize)?)?;
        self.at(place)
    }
    /// The socket in this place.
    pub fn at(&self, place: u32) -> Option<&UdpSocket> {
        self.places.get(place as usize)?.socket.as_ref().map(|bound| &bound.socket)
    }
    /// Who uses the socket in this place; nobody if it is only kept.
    pub fn user(&self, place: u32) -> Option<SocketId> {
        self.places.get(place as usize)?.user
    }
    /// The generation of the place's present or last socket.
    pub fn generation(&self, place: u32) -> u16 {
        self.places.get(place as usize).map_or(0, |place| place.generation)
    }
    /// Sends one packet at once; whether the network took it.
    pub fn send(&self, forward: Forward, packet: &[u8]) -> bool {
        let Some(socket) = self.get(forward.socket) else { return false };
        socket.send_to(packet, forward.to).is_ok()
    }

    fn settle(&mut self, socket: Bound) -> u32 {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() as u32 - 1
        });
        let stand = &mut self.places[place as usize];
        stand.generation = stand.generation.wrapping_add(1);
        stand.socket = Some(socket);
        place
    }

    fn vacate(&mut self, place: u32) -> Option<Closing> {
        let stand = &mut self.places[place as usize];
        let (bound, generation) = (stand.socket.take()?, stand.generation);
        self.vacant.push(place);
        Some(Closing { place, generation, socket: bound.socket })
    }
}

fn bind(local: SocketAddr, receive_buffer: usize) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    // Best effort: a smaller buffer or an unmarked packet still carries a call.
    let _ = socket.set_recv_buffer_size(receive_buffer);
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
        let _ = socket.set_tclass_v6(DSCP_EF << 2);
    } else {
        let _ = socket.set_tos_v4(DSCP_EF << 2);
    }
    socket.bind(&local.into())?;
    let socket = UdpSocket::from(socket);
    let local = if local.port() == 0 { socket.local_addr()? } else { local };
    Ok(Bound { socket, local })
}

/// Throws away what came for the session before.
fn drain(socket: &UdpSocket) {
    // A flood must not hold up the others: what is beyond is left to the rule of the negotiated address.
    for _ in 0..DRAINED {
        if socket.recv(&mut [0; 1]).is_err() {
            break;
        }
    }
}

/// Expedited Forwarding, RFC 3246: voice.
const DSCP_EF: u32 = 46;
/// Every port of every worker, twice over. [sockets]
const SOCKET_LIMIT: usize = 131_072;
/// Datagrams thrown away at once: more than come in a gather interval.
const DRAINED: usize = 512;
