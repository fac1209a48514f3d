//! SIP over TCP and TLS: the table of connections by flow. Opens one where none is, closes slow readers. SIP-01, SIP-11.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bytes::Bytes;
use pbx_core::Demand;
use sip_stack::{Flow, Transport};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tracing::debug;

use super::{
    connection::{self, Stream},
    tls::{Secured, Tls},
};

/// What connections tell the engine's thread.
#[derive(Debug)]
pub enum Event {
    /// A peer connected.
    #[allow(missing_docs)]
    Accepted { flow: Flow, stream: Accepted },
    /// One whole message.
    #[allow(missing_docs)]
    Message { flow: Flow, bytes: Bytes },
    /// The connection ended, or could not be opened.
    #[allow(missing_docs)]
    Closed { flow: Flow, number: u64 },
}

/// A connection that a peer opened.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Accepted {
    Plain(TcpStream),
    Secured(Box<Secured>),
}

/// All TCP and TLS connections of the node, ours and theirs.
pub struct Tcp {
    connections: HashMap<Flow, Connection>,
    events: mpsc::Sender<Event>,
    next_number: u64,
    limit: usize,
    /// `None` speaks no TLS.
    tls: Option<Tls>,
}

struct Connection {
    number: u64,
    queue: mpsc::Sender<Bytes>,
}

impl Tcp {
    /// Without connections; at most `limit` at once.
    pub fn new(events: mpsc::Sender<Event>, limit: usize) -> Self {
        Self { connections: HashMap::new(), events, next_number: 0, limit, tls: None }
    }
    /// The same with TLS.
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }
    /// Accepts connections over TLS on this socket from now on.
    pub fn listen_tls(&self, address: SocketAddr, listener: std::net::TcpListener) -> std::io::Result<()> {
        let tls = self.tls.as_ref().ok_or(std::io::ErrorKind::Unsupported)?;
        tls.listen(address, listener, self.events.clone())
    }
    /// What the server at that address must prove. Connections to it that were opened before are closed.
    pub fn demand(&mut self, remote: SocketAddr, demands: Vec<Demand>) {
        if self.tls.as_mut().is_some_and(|tls| tls.demand(remote, demands)) {
            self.connections.retain(|flow, _| !(flow.transport == Transport::Tls && flow.remote == remote));
        }
    }
    /// Accepts on this socket from now on. Within a runtime only.
    pub fn listen(&self, address: SocketAddr, listener: std::net::TcpListener) -> std::io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        tokio::spawn(accept(address, listener, self.events.clone()));
        Ok(())
    }
    /// Takes a connection that a peer opened; beyond the limit it is closed at once.
    pub fn accepted(&mut self, flow: Flow, stream: Accepted) {
        if self.connections.len() >= self.limit {
            debug!(peer.addr = %flow.remote, "too many connections: one more refused");
            return;
        }
        self.open(flow, Stream::Theirs(stream));
    }
    /// Queues a message on the flow's connection, opening one if there is none. `false`: it cannot be sent.
    pub fn send(&mut self, flow: Flow, bytes: Bytes) -> bool {
        if !self.connections.contains_key(&flow) {
            if self.connections.len() >= self.limit {
                return false;
            }
            let Some(stream) = self.ours(flow) else { return false };
            self.open(flow, stream);
        }
        let taken = self.connections.get(&flow).is_some_and(|c| c.queue.try_send(bytes).is_ok());
        if !taken {
            // The peer does not read: dropping the queue ends the connection.
            self.connections.remove(&flow);
        }
        taken
    }
    /// Forgets a connection that ended. Whether it was the flow's present one.
    pub fn closed(&mut self, flow: Flow, number: u64) -> bool {
        let present = self.connections.get(&flow).is_some_and(|c| c.number == number);
        if present {
            self.connections.remove(&flow);
        }
        present
    }
    /// How many are open.
    pub fn len(&self) -> usize {
        self.connections.len()
    }
    /// Writes out what is queued, then closes all.
    pub async fn finish(mut self, mut events: mpsc::Receiver<Event>) {
        let mut left = self.connections.len();
        self.connections.clear();
        let all_closed = async {
            while left > 0 {
                match events.recv().await {
                    Some(Event::Closed { .. }) => left -= 1,
                    Some(_) => {}
                    None => break,
                }
            }
        };
        let _ = tokio::time::timeout(FINISH, all_closed).await;
    }

    fn open(&mut self, flow: Flow, stream: Stream) {
        self.next_number += 1;
        let (queue, queued) = mpsc::channel(QUEUE);
        self.connections.insert(flow, Connection { number: self.next_number, queue });
        let connection = connection::run(flow, self.next_number, stream, queued, self.events.clone());
        match self.tls.as_ref().filter(|_| flow.transport == Transport::Tls) {
            Some(tls) => tls.spawn(connection),
            None => drop(tokio::spawn(connection)),
        }
    }

    /// How we open a connection to there.
    fn ours(&mut self, flow: Flow) -> Option<Stream> {
        if flow.transport != Transport::Tls {
            return Some(Stream::Ours);
        }
        let opening = self.tls.as_mut()?.opening(flow.remote)?;
        Some(Stream::OursSecured(Box::new(opening)))
    }
}

async fn accept(local: SocketAddr, listener: TcpListener, events: mpsc::Sender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                let flow = Flow { transport: Transport::Tcp, local, remote };
                let stream = Accepted::Plain(stream);
                if events.send(Event::Accepted { flow, stream }).await.is_err() {
                    return;
                }
            }
            // Out of descriptors, mostly: wait for some to be freed.
            Err(e) => {
                debug!("cannot accept a connection: {e}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Messages that may wait for a peer to read; beyond, its connection is closed.
const QUEUE: usize = 128;
const FINISH: Duration = Duration::from_secs(1);

#[cfg(test)]
#[path = "tcp_tests.rs"]
mod tests;
