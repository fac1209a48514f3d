//! CPU time per relayed RTP packet: our media worker over both packet I/Os, beside bare relay loops in the same run.
//!
//! `cargo run --release -p benches --bin relay [calls] [seconds] [rounds]`. Each relay is a process of its own, whose CPU
//! time (user and system) is read from its clock; the phones run here and are not counted. Every call is two phones
//! that send 172-byte PCMU packets at 50 a second each. MED-02.

mod bare_epoll;
mod bare_uring;
mod cpu;
mod ours;
mod phones;

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    time::Duration,
};

use dialtone::shell::rtp::{self, Kind, epoll::Epoll, uring::Uring, waker::Waker};

use crate::phones::Phones;

/// Which relay a child runs.
const KINDS: [(&str, &str); 6] = [
    ("bare-epoll", "bare epoll loop (epoll_wait, recvfrom, sendto)"),
    ("bare-uring", "bare io_uring loop (multishot recv, send)"),
    ("io-epoll", "our packet I/O, epoll, without media worker"),
    ("io-uring", "our packet I/O, io_uring, without media worker"),
    ("worker-epoll", "media worker over epoll"),
    ("worker-uring", "media worker over io_uring"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == "child") {
        return child(&arguments[1]);
    }
    let number =
        |at: usize, default: usize| arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (calls, seconds, rounds) = (number(0, 500), number(1, 4), number(2, 3));
    rtp::limits::raise_descriptors();
    let mut figures: Vec<Vec<Figure>> = KINDS.iter().map(|_| vec![]).collect();
    for _ in 0..rounds {
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            figures[at].extend(measure(kind, calls, Duration::from_secs(seconds as u64)));
        }
    }
    print(calls, &mut figures);
}

#[derive(Clone, Copy)]
struct Figure {
    us_per_packet: f64,
    relayed: f64,
    packets_per_second: f64,
}

fn measure(kind: &str, calls: usize, time: Duration) -> Option<Figure> {
    let mut phones = Phones::new(calls * 2);
    let (mut relay, ports) = start(kind, &phones);
    phones.aim(&ports);
    phones.run(WARM_UP);
    let before = cpu::of_process(relay.id())?;
    let traffic = phones.run(time);
    let spent = cpu::of_process(relay.id())?.checked_sub(before)?;
    let _ = relay.kill();
    let _ = relay.wait();
    Some(Figure {
        us_per_packet: spent.as_secs_f64() * 1e6 / traffic.heard.max(1) as f64,
        relayed: traffic.heard as f64 / traffic.said.max(1) as f64,
        packets_per_second: traffic.heard as f64 / time.as_secs_f64(),
    })
}

/// Starts a relay, tells it the phones' ports, hears its own.
fn start(kind: &str, phones: &Phones) -> (Child, Vec<u16>) {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(["child", kind]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("our own program starts");
    let mut to_child = child.stdin.take().expect("piped");
    writeln!(to_child, "{}", words(&phones.ports())).expect("the child reads");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("the child writes");
    (child, numbers(&line))
}

/// A relay: reads the phones' ports, says its own, relays until it is killed.
fn child(kind: &str) {
    rtp::limits::raise_descriptors();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the parent writes");
    let phones: Vec<SocketAddr> =
        numbers(&line).into_iter().map(|p| (Ipv4Addr::LOCALHOST, p).into()).collect();
    let settings = rtp::Settings::default();
    let waker = Waker::new().expect("an eventfd");
    match kind {
        "bare-epoll" => bare_epoll::relay(&phones),
        "bare-uring" => bare_uring::relay(&phones),
        "io-epoll" => ours::forward(Epoll::new(waker, settings).expect("epoll"), &phones),
        "io-uring" => ours::forward(Uring::new(waker, settings).expect("io_uring"), &phones),
        "worker-epoll" => ours::work(Kind::Epoll, &phones),
        "worker-uring" => ours::work(Kind::Uring, &phones),
        other => panic!("no relay is called {other}"),
    }
}

/// Tells the parent where the relay listens, in the order of the phones.
fn say_ports(ports: &[u16]) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", words(ports)).and_then(|()| out.flush()).expect("the parent reads");
}

fn words(ports: &[u16]) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

fn numbers(line: &str) -> Vec<u16> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn print(calls: usize, figures: &mut [Vec<Figure>]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "\nrelay: {calls} calls, {} packets/s offered\n", calls * 2 * 50);
    let _ = writeln!(
        out,
        "{:<52} {:>9} {:>9} {:>9} {:>9} {:>10}",
        "", "us/packet", "least", "most", "relayed", "packets/s"
    );
    for ((_, title), rounds) in KINDS.iter().zip(figures) {
        rounds.sort_by(|a, b| a.us_per_packet.total_cmp(&b.us_per_packet));
        let (Some(least), Some(most)) = (rounds.first(), rounds.last()) else { continue };
        let middle = rounds[rounds.len() / 2];
        let _ = writeln!(
            out,
            "{title:<52} {:>9.2} {:>9.2} {:>9.2} {:>8.2}% {:>10.0}",
            middle.us_per_packet,
            least.us_per_packet,
            most.us_per_packet,
            middle.relayed * 100.0,
            middle.packets_per_second
        );
    }
}

const WARM_UP: Duration = Duration::from_secs(1);
