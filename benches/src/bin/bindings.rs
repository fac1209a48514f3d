//! Memory per binding: the growth of resident memory with the number of registered phones, at a constant rate.
//!
//! `bindings [phones]`. Transactions linger for 32 s after each REGISTER; at a constant rate they are as many at half
//! way as at the end, so the difference is the bindings' own: of 60,000 at least, below which the half takes less than 32 s.

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
    let count: u32 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(60_000);
    let folder = std::env::temp_dir().join(format!("dialtone-bench-{}", std::process::id()));
    let users = (count / CONTACTS).min(79_000);
    let domain = seed::users(&folder, 20_000, users)?;
    let server = Server::start(&folder, &[])?;
    let (half, all) = (count / 2, count);
    let mut bound = 0;
    let before = register(&server, &domain, (0, half), &mut bound)?;
    let after = register(&server, &domain, (half, all), &mut bound)?;
    let bytes = after.saturating_sub(before) / u64::from(all - half);
    say(format_args!(
        "bindings  {bytes} bytes per binding, from {half} to {all} ({bound} answered with 200)"
    ));
    drop(server);
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// Registers contacts `from..to` at [`RATE`]; each device has [`CONTACTS`] of them. Returns the resident memory then.
fn register(server: &Server, domain: &str, range: (u32, u32), bound: &mut u32) -> std::io::Result<u64> {
    // An answer takes milliseconds, since it waits for the disk: one asker alone is too slow.
    *bound += std::thread::scope(|scope| {
        let askers: Vec<_> =
            (0..ASKERS).map(|asker| scope.spawn(move || ask(server, domain, range, asker))).collect();
        let joined = askers.into_iter().map(|asker| asker.join().unwrap_or(Ok(0)));
        joined.sum::<std::io::Result<u32>>()
    })?;
    Ok(server.usage()?.resident)
}

/// One asker's share of them; how many were answered with 200.
fn ask(server: &Server, domain: &str, (from, to): (u32, u32), asker: u32) -> std::io::Result<u32> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server.sip)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let (own, began) = (socket.local_addr()?, Instant::now());
    let (mut buffer, mut bound) = ([0u8; 4096], 0);
    for index in (from..to).filter(|index| index % ASKERS == asker) {
        let number = (20_000 + index / CONTACTS).to_string();
        let mut phone = Phone::new(&number, domain, seed::SECRET);
        let contact = std::net::SocketAddr::new(own.ip(), 10_000 + (index % CONTACTS) as u16);
        for _ in 0..2 {
            let request = phone.register(server.sip, contact).replace("@bench", &format!("-{index}@bench"));
            socket.send(request.as_bytes())?;
            let length = socket.recv(&mut buffer)?;
            let response = String::from_utf8_lossy(&buffer[..length]);
            bound += u32::from(text::status(&response) == Some(200));
            if let Some(nonce) = text::md5_nonce(&response) {
                phone.challenged(nonce);
            }
        }
        let due = Duration::from_secs_f64(f64::from(index - from) / f64::from(RATE));
        std::thread::sleep(due.saturating_sub(began.elapsed()));
    }
    Ok(bound)
}

/// Contacts of one device.
const CONTACTS: u32 = 3;
/// New bindings per second.
const RATE: u32 = 800;
/// Who ask side by side.
const ASKERS: u32 = 16;
