//! The same facts for both implementations, on loopback.

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use super::{epoll::Epoll, uring::Uring, waker::Waker, *};

/// Sends what socket `n` gets out of socket `n ^ 1`, to that one's peer, with the first byte counted up.
struct Relay {
    peers: Vec<SocketAddr>,
    seen: usize,
}

impl Receiver for Relay {
    fn receive(&mut self, socket: SocketId, _: SocketAddr, packet: &mut [u8], len: usize) -> Option<Forward> {
        self.seen += 1;
        let socket = SocketId(socket.0 ^ 1);
        if let Some(first) = packet.first_mut() {
            *first = first.wrapping_add(1);
        }
        Some(Forward { socket, to: *self.peers.get(socket.0 as usize)?, len })
    }
}

/// Runs a fact with epoll, and with io_uring where the machine permits it.
fn with_both(fact: impl Fn(&mut dyn Steps)) {
    with_both_keeping(0, Duration::ZERO, fact);
}

/// The same with so many sockets kept for so long.
fn with_both_keeping(kept: usize, keep: Duration, fact: impl Fn(&mut dyn Steps)) {
    let settings = Settings { gather: Duration::from_micros(200), kept, keep, ..Settings::default() };
    fact(&mut Rig::new(|waker| Epoll::new(waker, settings).unwrap()));
    match uring::probe() {
        Ok(()) => fact(&mut Rig::new(|waker| Uring::new(waker, settings).unwrap())),
        Err(e) => eprintln!("io_uring is not permitted here ({e}): epoll only"),
    }
}

trait Steps {
    fn add(&mut self, address: &str) -> (UdpSocket, SocketAddr);
    fn close(&mut self, id: u32);
    fn reopen(&mut self, id: u32, local: SocketAddr) -> io::Result<SocketAddr>;
    fn run_until_seen(&mut self, packets: usize);
    fn turn_once(&mut self, until: Instant);
    fn send(&mut self, id: u32, to: SocketAddr, packet: &[u8]);
    fn counters(&self) -> Counters;
    fn waker(&self) -> Waker;
}

struct Rig<I> {
    io: I,
    relay: Relay,
    waker: Waker,
}

impl<I: PacketIo> Rig<I> {
    fn new(make: impl FnOnce(Waker) -> I) -> Self {
        let waker = Waker::new().unwrap();
        Self { io: make(waker.clone()), relay: Relay { peers: vec![], seen: 0 }, waker }
    }
}

impl<I: PacketIo> Steps for Rig<I> {
    fn add(&mut self, address: &str) -> (UdpSocket, SocketAddr) {
        let peer = UdpSocket::bind((address, 0)).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let id = SocketId(self.relay.peers.len() as u32);
        self.relay.peers.push(peer.local_addr().unwrap());
        let ours = self.io.open(id, SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        (peer, ours)
    }
    fn close(&mut self, id: u32) {
        self.io.close(SocketId(id));
    }
    fn reopen(&mut self, id: u32, local: SocketAddr) -> io::Result<SocketAddr> {
        self.io.open(SocketId(id), local)
    }
    fn run_until_seen(&mut self, packets: usize) {
        let give_up = Instant::now() + Duration::from_secs(5);
        while self.relay.seen < packets || self.io.counters().sent < packets as u64 {
            assert!(Instant::now() < give_up, "{} of {packets} seen", self.relay.seen);
            self.io.turn(Some(Instant::now() + Duration::from_millis(1)), &mut self.relay).unwrap();
        }
    }
    fn turn_once(&mut self, until: Instant) {
        self.io.turn(Some(until), &mut self.relay).unwrap();
    }
    fn send(&mut self, id: u32, to: SocketAddr, packet: &[u8]) {
        self.io.send(Forward { socket: SocketId(id), to, len: packet.len() }, packet);
    }
    fn counters(&self) -> Counters {
        self.io.counters()
    }
    fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

fn heard(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (len, from) = peer.recv_from(&mut buffer).unwrap();
    (buffer[..len].to_vec(), from)
}

/// MED-02
#[test]
fn packets_are_rewritten_and_leave_by_the_other_socket() {
    with_both(|rig| {
        for address in ["127.0.0.1", "::1"] {
            if UdpSocket::bind((address, 0)).is_err() {
                continue;
            }
            let before = rig.counters().received as usize;
            let (alice, to_alice) = rig.add(address);
            let (bob, to_bob) = rig.add(address);
            alice.send_to(&[7, 1, 2], to_alice).unwrap();
            bob.send_to(&[9; 172], to_bob).unwrap();
            rig.run_until_seen(before + 2);
            assert_eq!(heard(&bob), (vec![8, 1, 2], to_bob));
            let (packet, from) = heard(&alice);
            assert_eq!((packet.len(), packet[0], from), (172, 10, to_alice));
        }
    });
}

#[test]
fn bursts_longer_than_a_batch_arrive_whole_and_in_order() {
    with_both(|rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, _) = rig.add("127.0.0.1");
        for round in 0..20 {
            for n in 0..100u8 {
                alice.send_to(&[n, 0, n], to_alice).unwrap();
            }
            rig.run_until_seen((round + 1) * 100);
            for n in 0..100u8 {
                assert_eq!(heard(&bob).0, [n + 1, 0, n]);
            }
        }
        assert_eq!(rig.counters().dropped, 0);
    });
}

#[test]
fn more_packets_than_buffers_pass_in_the_end() {
    with_both(|rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, _) = rig.add("127.0.0.1");
        for n in 0..12_000usize {
            alice.send_to(&[0; 20], to_alice).unwrap();
            if n % 64 == 63 {
                rig.run_until_seen(n + 1 - n % 64);
            }
            if n % 64 == 63 {
                (0..64).for_each(|_| heard_if_any(&bob));
            }
        }
    });
}

fn heard_if_any(peer: &UdpSocket) {
    peer.set_nonblocking(true).unwrap();
    let _ = peer.recv(&mut [0; 64]);
    peer.set_nonblocking(false).unwrap();
}

#[test]
fn a_datagram_beyond_the_limit_is_dropped_and_counted() {
    with_both(|rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, _) = rig.add("127.0.0.1");
        alice.send_to(&[0; PACKET_LIMIT + 500], to_alice).unwrap();
        alice.send_to(&[5; 12], to_alice).unwrap();
        rig.run_until_seen(1);
        assert_eq!(heard(&bob).0[0], 6);
        assert_eq!(rig.counters().dropped, 1);
    });
}

#[test]
fn a_closed_port_can_be_bound_anew_and_hears_nothing_old() {
    with_both(|rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, _) = rig.add("127.0.0.1");
        for _ in 0..3 {
            rig.close(0);
            rig.turn_once(Instant::now());
            assert_eq!(rig.reopen(0, to_alice).unwrap(), to_alice);
        }
        alice.send_to(&[1], to_alice).unwrap();
        rig.run_until_seen(1);
        assert_eq!(heard(&bob).0, [2]);
    });
}

/// MED-05
#[test]
fn a_kept_socket_is_taken_over_and_hears_nothing_of_the_session_before() {
    with_both_keeping(2, Duration::from_secs(60), |rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, _) = rig.add("127.0.0.1");
        for round in 0..3 {
            rig.close(0);
            assert!(UdpSocket::bind(to_alice).is_err(), "the port stays bound");
            alice.send_to(&[8, 8], to_alice).unwrap();
            rig.turn_once(Instant::now() + Duration::from_millis(5));
            alice.send_to(&[9, 9], to_alice).unwrap();
            assert_eq!(rig.reopen(0, to_alice).unwrap(), to_alice);
            alice.send_to(&[1, round], to_alice).unwrap();
            rig.run_until_seen(usize::from(round) + 1);
            assert_eq!(heard(&bob).0, [2, round]);
        }
    });
}

#[test]
fn another_number_may_take_over_a_kept_socket() {
    with_both_keeping(2, Duration::from_secs(60), |rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        let (bob, to_bob) = rig.add("127.0.0.1");
        rig.close(0);
        rig.close(1);
        rig.reopen(0, to_bob).unwrap();
        rig.reopen(1, to_alice).unwrap();
        bob.send_to(&[4], to_bob).unwrap();
        rig.run_until_seen(1);
        assert_eq!(heard(&bob), (vec![5], to_alice));
        rig.send(0, alice.local_addr().unwrap(), b"tone");
        assert_eq!(heard(&alice), (b"tone".to_vec(), to_bob));
    });
}

#[test]
fn sockets_are_kept_in_bounded_number_and_for_bounded_time() {
    with_both_keeping(1, Duration::from_millis(20), |rig| {
        let ports: Vec<SocketAddr> = (0..3).map(|_| rig.add("127.0.0.1").1).collect();
        (0..3).for_each(|id| rig.close(id));
        rig.turn_once(Instant::now());
        let bound = || ports.iter().filter(|port| UdpSocket::bind(port).is_err()).count();
        assert_eq!(bound(), 1);
        let give_up = Instant::now() + Duration::from_secs(5);
        while bound() > 0 {
            assert!(Instant::now() < give_up, "kept for ever");
            rig.turn_once(give_up);
        }
    });
}

#[test]
fn own_packets_leave_from_the_socket_named() {
    with_both(|rig| {
        let (alice, to_alice) = rig.add("127.0.0.1");
        rig.send(0, alice.local_addr().unwrap(), b"tone");
        assert_eq!(heard(&alice), (b"tone".to_vec(), to_alice));
        rig.send(17, alice.local_addr().unwrap(), b"no such socket");
        assert_eq!(rig.counters().dropped, 1);
    });
}

#[test]
fn the_waker_and_the_deadline_end_a_turn() {
    with_both(|rig| {
        let far = Instant::now() + Duration::from_secs(600);
        for _ in 0..3 {
            let waker = rig.waker();
            let other = std::thread::spawn(move || waker.wake());
            rig.turn_once(far);
            other.join().unwrap();
        }
        rig.turn_once(Instant::now());
        rig.turn_once(Instant::now() + Duration::from_millis(2));
        assert!(Instant::now() < far);
    });
}
