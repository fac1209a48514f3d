//! The portal at 10,000 users, and 100,000 calls in the history of one: how long the server takes for each list, filter, form, search and the dashboard.
//!
//! `portal [USERS] [REQUESTS]` starts the release binary on a folder of its own, signs in by a session of its own, and
//! prints the median and the 99th percentile of each request's time on loopback, and the CPU time it took the server. Fails
//! if a list, filter, form or search takes more than 20 ms at the 99th percentile, or the dashboard more than 50 ms.

use std::{
    error::Error,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use benches::{
    seed,
    server::{Server, say},
};
use config::{Db, resources};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let users = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let requests = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(300);
    let folder = std::env::temp_dir().join(format!("dialtone-bench-portal-{}", std::process::id()));
    seed::users(&folder, 10_000, users)?;
    let db = Db::open(&folder)?;
    let token = seed::session(&db)?;
    seed::history(&db, 100_000)?;
    drop(db);
    let server = Server::start(&folder, &[])?;
    let mut browser = Browser::new(server.http, &token)?;
    let mut late = Vec::new();
    say(format_args!(
        "{users} users, {requests} requests each; times in ms\n{:<58} {:>7} {:>7} {:>7}",
        "request", "median", "p99", "CPU"
    ));
    for (path, limit) in pages() {
        for _ in 0..5 {
            browser.get(&path)?;
        }
        let before = server.usage()?.cpu;
        let mut times = Vec::new();
        for _ in 0..requests {
            let began = Instant::now();
            browser.get(&path)?;
            times.push(began.elapsed());
        }
        let cpu = (server.usage()?.cpu - before) / requests;
        times.sort_unstable();
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        say(format_args!("{path:<58} {:>7.2} {:>7.2} {:>7.2}", ms(median), ms(p99), ms(cpu)));
        if p99 > limit {
            late.push(format!("{path}: {:.1} ms, limit {:.0} ms", ms(p99), ms(limit)));
        }
    }
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
    if late.is_empty() { Ok(()) } else { Err(late.join("; ").into()) }
}

/// Every list, a filter of each kind of column, forms, search, and the dashboard, with how long each may take.
fn pages() -> Vec<(String, Duration)> {
    let mut pages = vec![("/admin".to_owned(), Duration::from_millis(50))];
    let mut add = |path: String| pages.push((path, Duration::from_millis(20)));
    for of in resources::ALL {
        add(format!("/admin/{}", of.name));
        if of.single {
            continue;
        }
        add(format!("/admin/{}/new", of.name));
        for field in of.fields.iter().filter(|field| !matches!(field.kind, config::Kind::Secret)) {
            let filter = match field.kind {
                config::Kind::Flag => format!("f.{}=1", field.name),
                config::Kind::Number { .. } => format!("f.{}.min=3", field.name),
                config::Kind::Reference(_) | config::Kind::Many(_) => format!("f.{}=9", field.name),
                config::Kind::Choice(of) => format!("f.{}={}", field.name, of[0].0),
                _ => format!("f.{}.has=99", field.name),
            };
            add(format!("/admin/{}?{filter}", of.name));
        }
    }
    for path in [
        "/admin/users/77",
        "/admin/devices/77",
        "/admin/users?q=199",
        "/admin/users?q=nobody",
        "/admin/users?sort=extension&desc=1",
        "/admin/search?q=bench+1999",
        "/admin/search?q=19",
        "/admin/search?q=nobody",
        "/admin/search?for=destination&q=1999",
        "/api/v1/users?limit=200",
        "/",
        "/call-history?range=24h",
        "/call-history?range=all",
        "/call-history?range=all&q=5551234",
        "/call-history?range=all&q=nobody",
        "/call-history?range=all&type=missed",
        "/call-history?range=all&dialled=4930",
        "/admin/calls",
        "/admin/calls?q=nobody",
        "/admin/calls?outcome=declined",
        "/admin/calls?called=4930999",
        "/api/v1/calls?q=nobody&limit=200",
        "/api/v1/me/call-history?limit=200",
    ] {
        add(path.to_owned());
    }
    pages
}

/// One connection that stays open.
struct Browser {
    stream: TcpStream,
    cookie: String,
    buffer: Vec<u8>,
}

impl Browser {
    fn new(address: SocketAddr, token: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { stream, cookie: format!("dialtone_session={token}"), buffer: vec![0; 1 << 20] })
    }

    /// Reads a page to its end; an error unless it is 200.
    fn get(&mut self, path: &str) -> Result<(), Box<dyn Error>> {
        write!(self.stream, "GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\n\r\n", self.cookie)?;
        let mut held = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[held..])?;
            if read == 0 || held + read == self.buffer.len() {
                return Err(format!("{path}: the answer is cut").into());
            }
            held += read;
            let text = String::from_utf8_lossy(&self.buffer[..held.min(2048)]).into_owned();
            let Some(end) = text.find("\r\n\r\n") else { continue };
            let head = text[..end].to_lowercase();
            if !head.starts_with("http/1.1 200") {
                return Err(format!("{path}: {}", head.lines().next().unwrap_or_default()).into());
            }
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length.is_some_and(|length| held >= end + 4 + length) {
                return Ok(());
            }
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
