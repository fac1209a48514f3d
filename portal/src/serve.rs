//! The HTTP server itself, in clear and over TLS: accepts, limits, ends. Everything that is decided about a request is in the router.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1::Builder,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// Serves `router` until `shutdown` is ready; then running requests have [`FAREWELL`] to end (live streams are cut).
///
/// At most [`CONNECTIONS`] connections at a time; further ones wait in the system's queue. A connection that does not
/// send a request's head within [`HEAD`] is closed.
///
/// # Errors
/// When the listener cannot be used with tokio. A failed accept is logged and tried again.
pub async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    accept_all(listener, router, None, shutdown).await
}

/// The same over TLS. A connection that has not agreed on keys within [`HANDSHAKE`] is closed.
///
/// # Errors
/// When the listener cannot be used with tokio.
pub async fn serve_tls(
    listener: std::net::TcpListener,
    router: Router,
    tls: Arc<ServerConfig>,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    accept_all(listener, router, Some(TlsAcceptor::from(tls)), shutdown).await
}

async fn accept_all(
    listener: std::net::TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (slots, graceful) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(64).max_buf_size(64 * 1024);
    tokio::pin!(shutdown);
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("portal: cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        let _ = stream.set_nodelay(true);
        let talk =
            Talk { builder: builder.clone(), router: router.clone(), peer, watcher: graceful.watcher() };
        match tls.clone() {
            None => drop(tokio::spawn(talk.over(stream, slot))),
            Some(tls) => drop(tokio::spawn(async move {
                match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => talk.over(stream, slot).await,
                    Ok(Err(error)) => tracing::debug!(peer.addr = %peer, "portal: no TLS: {error}"),
                    Err(_) => tracing::debug!(peer.addr = %peer, "portal: no TLS in time"),
                }
            })),
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
    Ok(())
}

/// One connection.
struct Talk {
    builder: Builder,
    router: Router,
    peer: SocketAddr,
    watcher: Watcher,
}

impl Talk {
    async fn over(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        slot: OwnedSemaphorePermit,
    ) {
        let Self { builder, router, peer, watcher } = self;
        let service = service_fn(tell_peer(&router, peer));
        let connection = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
        if let Err(error) = connection.await {
            tracing::debug!(peer.addr = %peer, "portal: connection ended: {error}");
        }
        drop(slot);
    }
}

/// Requests learn where they come from, as with axum's own server.
fn tell_peer(router: &Router, peer: SocketAddr) -> impl Fn(Request<Incoming>) -> Answering + use<> {
    let router = TowerToHyperService::new(router.clone());
    move |mut request| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    }
}

type Answering = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

/// Connections at once.
const CONNECTIONS: usize = 1024;
/// For the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// For agreeing on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For running requests at the end.
const FAREWELL: Duration = Duration::from_secs(2);
