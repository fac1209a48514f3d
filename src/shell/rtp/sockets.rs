//! The open sockets of one worker by their number, each with the generation of its use.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use media::{Forward, SocketId};
use socket2::{Domain, Protocol, Socket, Type};

/// Sockets by number. A number is used again after [`Sockets::close`]; the generation tells uses apart.
#[derive(Debug, Default)]
pub struct Sockets {
    slots: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    socket: Option<UdpSocket>,
    generation: u16,
}

impl Sockets {
    /// Binds `local` as this number.
    pub fn open(&mut self, id: SocketId, local: SocketAddr, receive_buffer: usize) -> io::Result<&UdpSocket> {
        let socket = bind(local, receive_buffer)?;
        let at = id.0 as usize;
        if at >= SOCKET_LIMIT {
            return Err(io::Error::other("too many RTP sockets"));
        }
        if at >= self.slots.len() {
            self.slots.resize_with(at + 1, Slot::default);
        }
        let slot = &mut self.slots[at];
        slot.generation = slot.generation.wrapping_add(1);
        Ok(slot.socket.insert(socket))
    }
    /// Takes the socket out; dropping it closes it.
    pub fn close(&mut self, id: SocketId) -> Option<UdpSocket> {
        self.slots.get_mut(id.0 as usize)?.socket.take()
    }
    /// The socket of this number, if it is open.
    pub fn get(&self, id: SocketId) -> Option<&UdpSocket> {
        self.slots.get(id.0 as usize)?.socket.as_ref()
    }
    /// The generation of the number's present or last use.
    pub fn generation(&self, id: SocketId) -> u16 {
        self.slots.get(id.0 as usize).map_or(0, |slot| slot.generation)
    }
    /// Sends one packet at once; whether the network took it.
    pub fn send(&self, forward: Forward, packet: &[u8]) -> bool {
        let Some(socket) = self.get(forward.socket) else { return false };
        socket.send_to(packet, forward.to).is_ok()
    }
}

fn bind(local: SocketAddr, receive_buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Best effort: a smaller buffer or an unmarked packet still carries a call.
    let _ = socket.set_recv_buffer_size(receive_buffer);
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
        let _ = socket.set_tclass_v6(DSCP_EF << 2);
    } else {
        let _ = socket.set_tos_v4(DSCP_EF << 2);
    }
    socket.bind(&local.into())?;
    Ok(socket.into())
}

/// Expedited Forwarding, RFC 3246: voice.
const DSCP_EF: u32 = 46;
/// Every port of every worker, twice over. [sockets]
const SOCKET_LIMIT: usize = 131_072;
