//! SIP over TLS: accepts, agrees on keys and carries connections on threads of its own, so that neither a crowd of
//! handshakes nor ciphers hold up calls. What a connection carries is as over TCP. SIP-01, DEV-05.
//!
//! What is allowed in here: sockets, the certificate, who may come ([`doors`]), and whom we believe ([`trust`]).

mod doors;
#[cfg(test)]
mod tests;
mod trust;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use pbx_core::Demand;
use sip_stack::{Flow, Transport};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, rustls::ServerConfig, server};
use tracing::debug;

use super::{
    listeners,
    tcp::{Accepted, Event},
};
pub use doors::Limits;
use doors::{Doors, Pass};
use trust::Servers;

/// All that speaks TLS with phones and trunks.
pub struct Tls {
    /// Of the threads that do the work.
    runtime: Handle,
    config: Arc<ServerConfig>,
    doors: Arc<Doors>,
    servers: Servers,
}

/// A connection that a peer opened, keys agreed.
#[derive(Debug)]
pub struct Secured {
    /// Where it is read and written.
    pub stream: server::TlsStream<TcpStream>,
    /// Its place among those of its address, as long as it is open.
    _pass: Pass,
}

/// What a connection of ours needs to be opened.
pub struct Opening {
    connector: TlsConnector,
    name: trust::Name,
}

impl Tls {
    /// Accepts with that certificate, on the threads behind `runtime`.
    pub fn new(runtime: Handle, config: Arc<ServerConfig>, limits: Limits) -> Self {
        Self { runtime, config, doors: Arc::new(Doors::new(limits)), servers: Servers::default() }
    }
    /// Accepts on this socket from now on.
    pub fn listen(
        &self,
        address: SocketAddr,
        listener: std::net::TcpListener,
        events: mpsc::Sender<Event>,
    ) -> io::Result<()> {
        let _within = self.runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        let acceptor = TlsAcceptor::from(self.config.clone());
        let door = Door { local: address, acceptor, doors: self.doors.clone(), events };
        self.runtime.spawn(door.accept(listener));
        Ok(())
    }
    /// What the server at that address must prove from now on. Whether that is another thing than before.
    pub fn demand(&mut self, remote: SocketAddr, demands: Vec<Demand>) -> bool {
        self.servers.demand(remote, demands)
    }
    /// What a connection to there needs; `None` where nobody said whom to expect: we open none to phones.
    pub fn opening(&mut self, remote: SocketAddr) -> Option<Opening> {
        let (config, name) = self.servers.config(remote)?;
        Some(Opening { connector: TlsConnector::from(config), name })
    }
    /// Carries a connection on the threads that are meant for it.
    pub fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(connection);
    }
}

impl Opening {
    /// Agrees on keys with a server, and checks who it is.
    ///
    /// # Errors
    /// When it is not whom we want, speaks no TLS, or is too slow.
    pub async fn agree(self, stream: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
        timeout(HANDSHAKE, self.connector.connect(self.name, stream)).await?
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opening({:?})", self.name)
    }
}

/// One listener.
struct Door {
    local: SocketAddr,
    acceptor: TlsAcceptor,
    doors: Arc<Doors>,
    events: mpsc::Sender<Event>,
}

impl Door {
    async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.greet(stream, remote),
                // Out of descriptors, mostly: wait for some to be freed.
                Err(e) => {
                    debug!("cannot accept a connection: {e}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            if self.events.is_closed() {
                return;
            }
        }
    }

    /// Agrees on keys beside the others; whoever may not come in is closed before a key is made for it.
    fn greet(&self, stream: TcpStream, remote: SocketAddr) {
        let Some(pass) = self.doors.enter(remote.ip()) else {
            debug!(peer.addr = %remote, "too many connections over TLS: one more refused");
            return;
        };
        let (acceptor, events) = (self.acceptor.clone(), self.events.clone());
        let flow = Flow { transport: Transport::Tls, local: self.local, remote };
        tokio::spawn(async move {
            let agreed = async {
                listeners::keep_alive(&stream)?;
                timeout(HANDSHAKE, acceptor.accept(stream)).await?
            };
            match agreed.await {
                Ok(stream) => {
                    let secured = Secured { stream, _pass: pass.agreed() };
                    let stream = Accepted::Secured(Box::new(secured));
                    let _ = events.send(Event::Accepted { flow, stream }).await;
                }
                Err(e) => debug!(peer.addr = %remote, "no TLS: {e}"),
            }
        });
    }
}

/// For agreeing on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
