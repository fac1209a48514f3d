//! REGISTER with digest at a fixed rate: µs CPU per REGISTER, bytes per binding.
//!
//! `register [rate per second] [phones] [rounds]`. The first round is challenged; the measured ones reuse each
//! phone's nonce with a growing count, as phones do.

use std::{
    error::Error,
    net::UdpSocket,
    time::{Duration, Instant},
};

use benches::{
    phone::Phone,
    seed,
    server::{Server, say},
    text,
};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |n, default| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (rate, count, rounds): (u32, u32, u32) = (argument(1, 10_000), argument(2, 10_000), argument(3, 5));
    let folder = std::env::temp_dir().join(format!("dialtone-bench-{}", std::process::id()));
    let domain = seed::users(&folder, 20_000, count)?;
    let server = Server::start(&folder, &[])?;
    let mut load = Load::new(&server, &domain, count)?;

    load.round(rate / 2)?;
    let bound = load.round(rate / 2)?;
    say(format_args!("register  {bound} of {count} phones bound"));

    let (before, began, mut answered) = (server.usage()?, Instant::now(), 0);
    for _ in 0..rounds {
        answered += load.round(rate)?;
    }
    let (cpu, wall) = (server.usage()?.cpu - before.cpu, began.elapsed());
    say(format_args!(
        "register  {:.1} µs CPU per REGISTER at {:.0}/s, {answered} of {} answered with 200",
        cpu.as_secs_f64() * 1e6 / f64::from(answered.max(1)),
        f64::from(answered) / wall.as_secs_f64(),
        rounds * count,
    ));
    drop(server);
    Ok(std::fs::remove_dir_all(&folder)?)
}

struct Load {
    socket: UdpSocket,
    phones: Vec<Phone>,
}

impl Load {
    fn new(server: &Server, domain: &str, count: u32) -> std::io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server.sip)?;
        socket.set_nonblocking(true)?;
        let phone = |n: u32| Phone::new(&n.to_string(), domain, seed::SECRET);
        Ok(Self { socket, phones: (20_000..20_000 + count).map(phone).collect() })
    }

    /// Each phone registers once. Returns how many got 200.
    fn round(&mut self, rate: u32) -> std::io::Result<u32> {
        let (server, own) = (self.socket.peer_addr()?, self.socket.local_addr()?);
        let (began, mut sent, mut answered, mut done) = (Instant::now(), 0usize, 0, 0);
        let mut buffer = [0u8; 2048];
        let mut last = Instant::now();
        while done < self.phones.len() && last.elapsed() < Duration::from_secs(3) {
            let due = (began.elapsed().as_secs_f64() * f64::from(rate)) as usize;
            while sent < due.min(self.phones.len()) {
                let request = self.phones[sent].register(server, own);
                let _ = self.socket.send(request.as_bytes());
                sent += 1;
            }
            while let Ok(length) = self.socket.recv(&mut buffer) {
                last = Instant::now();
                let response = String::from_utf8_lossy(&buffer[..length]);
                match text::status(&response) {
                    Some(401) => self.challenged(&response),
                    Some(200) => answered += 1,
                    _ => {}
                }
                done += 1;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(answered)
    }

    fn challenged(&mut self, response: &str) {
        let number = text::header(response, "Call-ID:").and_then(|id| id.split('@').next());
        let index = number.and_then(|n| n.parse::<usize>().ok()).map(|n| n - 20_000);
        if let (Some(phone), Some(nonce)) =
            (index.and_then(|i| self.phones.get_mut(i)), text::md5_nonce(response))
        {
            phone.challenged(nonce);
        }
    }
}
