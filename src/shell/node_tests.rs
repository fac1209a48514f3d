//! The engine's thread with the real engine, over loopback sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::Arc,
    thread::JoinHandle,
};

use config::{Db, Snapshot};
use pbx_core::{Options, Stored};

use super::*;
use crate::shell::{
    alarms::Alarms,
    metrics::ShellFigures,
    records,
    rtp::{self, Kind},
    workers::Plan,
};

struct Running {
    address: SocketAddr,
    control: mpsc::Sender<Input>,
    live: LiveView,
    thread: JoinHandle<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

fn start() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path()).unwrap();
    let listeners =
        listeners::bind_all(listeners::Service::Sip, &[SocketAddr::from(([127, 0, 0, 1], 0))]).unwrap();
    let address = listeners[0].address;
    let (control, inputs) = mpsc::channel(16);
    let (media_open, media) = mpsc::channel(16);
    let plan = Plan { count: 1, kind: Kind::Epoll, io: rtp::Settings::default(), media: media_settings() };
    let (workers, _) = Workers::start(&plan, &media_open).unwrap();
    let alarms = Alarms::default();
    let (records, ..) = records::start(db.clone(), control.clone(), alarms.clone()).unwrap();
    let edits = crate::shell::edits::start(db, control.clone()).unwrap();
    let live = LiveView::new(control.clone(), alarms, ShellFigures::default());
    let options = Options {
        listeners: vec![(Transport::Udp, address), (Transport::Tcp, address)],
        external_address: None,
        rtp_ports: 10_000..=10_100,
        workers: 1,
        max_calls: 10,
        seed: [7; 32],
    };
    let shown = live.clone();
    let parts = Parts {
        listeners,
        wanted: Wanted { sip: vec![address], tls: vec![] },
        tls: None,
        workers,
        media,
        media_open,
        control: inputs,
        records,
        edits,
        live: shown,
        inputs: control.clone(),
    };
    let engine = move || Engine::new(now(), options, Arc::<Snapshot>::default(), Stored::default());
    let thread = std::thread::spawn(move || run(parts, engine));
    Running { address, control, live, thread, _folder: folder }
}

fn media_settings() -> media::worker::Settings {
    media::worker::Settings::default()
}

fn options(transport: &str, from: SocketAddr, to: SocketAddr) -> String {
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bK-{transport};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@{from}>;tag=1\r\nTo: <sip:{to}>\r\nCall-ID: {transport}\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// SIP-01
#[test]
fn options_is_answered_over_udp_and_tcp_until_drained() {
    let running = start();
    let limit = Some(Duration::from_secs(10));
    let mut buffer = [0; 4096];

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(limit).unwrap();
    udp.send_to(options("UDP", udp.local_addr().unwrap(), running.address).as_bytes(), running.address)
        .unwrap();
    let (len, from) = udp.recv_from(&mut buffer).unwrap();
    assert!(buffer[..len].starts_with(b"SIP/2.0 "), "{}", String::from_utf8_lossy(&buffer[..len]));
    assert_eq!(from, running.address);

    let mut tcp = TcpStream::connect(running.address).unwrap();
    tcp.set_read_timeout(limit).unwrap();
    tcp.write_all(options("TCP", tcp.local_addr().unwrap(), running.address).as_bytes()).unwrap();
    let len = tcp.read(&mut buffer).unwrap();
    assert!(buffer[..len].starts_with(b"SIP/2.0 "));
    assert_eq!(portal::Live::sip_addresses(&running.live)[0], format!("udp {}", running.address));

    // OPS-09: without calls, draining ends the thread and its connections.
    running.control.blocking_send(Input::Drain).unwrap();
    running.thread.join().unwrap().unwrap();
    assert_eq!(tcp.read(&mut buffer).unwrap_or(0), 0);
}
