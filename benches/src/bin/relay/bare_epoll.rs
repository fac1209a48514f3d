//! The least that a relay with `epoll` does: one `recvfrom` and one `sendto` for each packet, addresses fixed.
#![allow(unsafe_code)]

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

/// Relays what socket `n` gets out of socket `n ^ 1` to phone `n ^ 1`.
pub fn relay(phones: &[SocketAddr]) {
    let open = |_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let sockets: Vec<UdpSocket> = phones.iter().map(open).collect();
    // SAFETY: no pointers.
    let epoll = unsafe { libc::epoll_create1(0) };
    for (at, socket) in sockets.iter().enumerate() {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: at as u64 };
        // SAFETY: `event` lives through the call.
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event) };
    }
    crate::say_ports(&sockets.iter().map(|s| s.local_addr().expect("bound").port()).collect::<Vec<_>>());
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
    let mut buffer = [0; 2048];
    loop {
        // SAFETY: room for as many events as are named.
        let ready = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), events.len() as i32, -1) };
        for event in &events[..ready.max(0) as usize] {
            let at = event.u64 as usize;
            let Ok((len, _)) = sockets[at].recv_from(&mut buffer) else { continue };
            let _ = sockets[at ^ 1].send_to(&buffer[..len], phones[at ^ 1]);
        }
    }
}
