//! The phones: each a socket of its own, sending 50 packets a second, spread evenly over the 20 ms.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread::sleep,
    time::{Duration, Instant},
};

/// All phones. Phone `n` talks to phone `n ^ 1`.
pub struct Phones {
    sockets: Vec<UdpSocket>,
    targets: Vec<SocketAddr>,
    packet: [u8; 172],
    sequence: u16,
}

/// What a run carried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    /// Packets sent by phones.
    pub said: u64,
    /// Packets that reached phones.
    pub heard: u64,
}

impl Phones {
    /// So many phones, an even number.
    pub fn new(count: usize) -> Self {
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            socket.set_nonblocking(true).expect("a socket");
            socket
        };
        let mut packet = [0xff; 172];
        packet[0] = 0x80;
        packet[1] = 0;
        Self { sockets: (0..count).map(|_| open()).collect(), targets: vec![], packet, sequence: 0 }
    }
    /// Their ports.
    pub fn ports(&self) -> Vec<u16> {
        self.sockets.iter().map(|s| s.local_addr().expect("bound").port()).collect()
    }
    /// Where each sends.
    pub fn aim(&mut self, ports: &[u16]) {
        assert_eq!(ports.len(), self.sockets.len(), "the relay opened a port for each phone");
        self.targets = ports.iter().map(|&p| (Ipv4Addr::LOCALHOST, p).into()).collect();
    }
    /// Talks for so long.
    pub fn run(&mut self, time: Duration) -> Traffic {
        let mut traffic = Traffic::default();
        let start = Instant::now();
        for step in 0.. {
            let at = STEP * step;
            if at >= time {
                break;
            }
            sleep((start + at).saturating_duration_since(Instant::now()));
            let slot = step as usize % STEPS;
            if slot == 0 {
                self.sequence = self.sequence.wrapping_add(1);
            }
            self.talk(slot, &mut traffic);
        }
        sleep(STEP * 5);
        (0..STEPS).for_each(|slot| self.hear(slot, &mut traffic));
        traffic
    }

    /// The phones of one slot send, and hear what came since their last turn.
    fn talk(&mut self, slot: usize, traffic: &mut Traffic) {
        self.hear(slot, traffic);
        self.packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        self.packet[4..8].copy_from_slice(&(u32::from(self.sequence) * 160).to_be_bytes());
        for at in (slot..self.sockets.len()).step_by(STEPS) {
            self.packet[8..12].copy_from_slice(&(at as u32 + 1).to_be_bytes());
            traffic.said += u64::from(self.sockets[at].send_to(&self.packet, self.targets[at]).is_ok());
        }
    }
    fn hear(&self, slot: usize, traffic: &mut Traffic) {
        let mut buffer = [0; 256];
        for at in (slot..self.sockets.len()).step_by(STEPS) {
            while self.sockets[at].recv(&mut buffer).is_ok() {
                traffic.heard += 1;
            }
        }
    }
}

const STEP: Duration = Duration::from_millis(1);
/// Steps in a packet time of 20 ms.
const STEPS: usize = 20;
