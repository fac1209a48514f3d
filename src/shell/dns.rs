//! Questions of names, for trunks: SRV and NAPTR of the servers in `/etc/resolv.conf`, addresses as the system knows them,
//! and by which address of ours another is reached. SIP-38.
//!
//! Each question is a task of its own in the engine's thread; whatever happens, it ends in one [`Input::Resolved`]. What
//! RFC 3263 makes of the answers is decided in `sip_stack::resolve`.

mod wire;

use std::{
    net::{IpAddr, SocketAddr, UdpSocket as Probe},
    time::Duration,
};

use pbx_core::Input;
use sip_stack::resolve::{Kind, Question, Record};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    time::timeout,
};
use tracing::debug;

/// Asks in the background; the answer goes to `engine`. Within a runtime only.
pub fn ask(question: Question, engine: mpsc::Sender<Input>) {
    tokio::spawn(async move {
        let (records, ttl) = match question.kind {
            Kind::Local => (local(&question.name), KEPT),
            Kind::Address => (addresses(&question.name).await, KEPT),
            Kind::Srv | Kind::Naptr => servers(&question).await,
        };
        debug!("{:?} of {}: {} record(s)", question.kind, question.name, records.len());
        // Nobody is left to hear it while the program stops.
        let _ = engine.send(Input::Resolved { question, records, ttl }).await;
    });
}

/// The address that the network sends from to another: a connected socket sends nothing.
fn local(remote: &str) -> Vec<Record> {
    let Ok(remote) = remote.parse::<IpAddr>() else { return vec![] };
    let any: SocketAddr = if remote.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let address = Probe::bind(any).and_then(|probe| {
        probe.connect((remote, 9))?;
        probe.local_addr()
    });
    address.map(|address| vec![Record::Address(address.ip())]).unwrap_or_default()
}

/// By the system's own means, so that `/etc/hosts` counts, too.
async fn addresses(name: &str) -> Vec<Record> {
    match timeout(LONGEST, tokio::net::lookup_host((name, 0))).await {
        Ok(Ok(found)) => found.map(|address| Record::Address(address.ip())).collect(),
        Ok(Err(_)) | Err(_) => vec![],
    }
}

/// Asks the servers one after the other, each twice.
async fn servers(question: &Question) -> (Vec<Record>, Duration) {
    let servers = wire::name_servers(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default());
    for _ in 0..ROUNDS {
        for server in &servers {
            let answer = timeout(PATIENCE, one(question, *server)).await;
            if let Ok(Ok(Some(answer))) = answer {
                return answer;
            }
        }
    }
    (vec![], KEPT)
}

/// Asks one server: by datagram, and by connection where the answer is too long for one. `None`: it cannot say.
async fn one(question: &Question, server: SocketAddr) -> std::io::Result<Option<(Vec<Record>, Duration)>> {
    // A number that nobody guesses, and a port of its own (RFC 5452 §9.2).
    let id: u16 = rand::random();
    let Some(query) = wire::query(question, id) else { return Ok(None) };
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&query).await?;
    let mut buffer = vec![0; LARGEST];
    let length = loop {
        let length = socket.recv(&mut buffer).await?;
        if wire::is_reply(&buffer[..length], question, id) {
            break length;
        }
    };
    if !wire::is_truncated(&buffer[..length]) {
        return Ok(wire::records(&buffer[..length], question.kind));
    }
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&(query.len() as u16).to_be_bytes()).await?;
    stream.write_all(&query).await?;
    let length = usize::from(stream.read_u16().await?);
    buffer.resize(length, 0);
    stream.read_exact(&mut buffer[..length]).await?;
    let is_ours = wire::is_reply(&buffer[..length], question, id);
    Ok(is_ours.then(|| wire::records(&buffer[..length], question.kind)).flatten())
}

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often all servers are asked.
const ROUNDS: usize = 2;
/// The system's own search has its own limits; this is beyond them.
const LONGEST: Duration = Duration::from_secs(20);
/// How long an answer counts that does not say itself.
const KEPT: Duration = Duration::from_secs(60);
/// Without EDNS 512 bytes are the most (RFC 1035 §4.2.1); some send more all the same.
const LARGEST: usize = 4096;
