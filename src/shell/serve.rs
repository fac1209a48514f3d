//! `dialtone serve`: opens the database, starts the threads, tells where to go, waits for the signal to stop.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use config::{Db, OpenError};
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};
use tokio_rustls::rustls::ServerConfig;
use tracing::{info, warn};

use super::{
    certificate::{Certificate, CertificateError, Files},
    feed::FeedError,
    listeners::{self, BindError, Service},
    logging, memory, outbox, pnp, restore,
    rtp::{self, Kind},
    run_file::{Lock, Running},
    stop::{self, Signals, Stopped},
    threads::{self, Threads},
    welcome::Greeting,
    workers::Plan,
};
use crate::cli::{Listen, PacketIo, Serve};

/// Why the program does not run, in words for the terminal.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ServeError {
    #[error("{0}")]
    Option(String),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(
        "{0} is used by a Dialtone that is running already. Stop it, or choose another folder with --data"
    )]
    Running(String),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Configuration(#[from] FeedError),
    #[error("the records in the database cannot be read: {0}. Restore a backup")]
    Records(String),
    #[error("the system refuses what is needed to run: {0}")]
    System(#[from] std::io::Error),
    #[error("the engine ended by itself; the log says why")]
    Ended,
}

/// Runs until it is told to stop.
///
/// # Errors
/// When it cannot start: see [`ServeError`].
pub fn serve(options: &Serve) -> Result<(), ServeError> {
    logging::start(&options.log).map_err(ServeError::Option)?;
    let descriptors = rtp::limits::raise_descriptors();
    if let Err(e) = memory::refuse_huge_pages() {
        warn!("the system gives huge pages only ({e}): more memory is taken than needed");
    }
    let folder = options.data.folder.display().to_string();
    restore::finished(&options.data.folder).map_err(ServeError::Option)?;
    let db = Db::open(&options.data.folder)?;
    let lock = Lock::take(&options.data.folder)?.ok_or_else(|| ServeError::Running(folder.clone()))?;
    // Everything that can be refused comes before the first start, whose secrets are shown once only.
    let mut listeners = listeners::bind_all(Service::Sip, &options.sip)?;
    let sip: Vec<SocketAddr> = listeners.iter().map(|l| l.address).collect();
    listeners.extend(listeners::bind_all(Service::SipTls, &options.tls_addresses())?);
    let tls: Vec<SocketAddr> = listeners[sip.len()..].iter().map(|l| l.address).collect();
    let http = TcpListener::bind(options.http).map_err(|e| listeners::explain(options.http, "--http", e))?;
    let certificate = certificate(options, !tls.is_empty())?;
    let secure = Secure::bind(options, certificate.as_ref())?;
    let sip_tls = certificate.as_ref().filter(|_| !tls.is_empty());
    let sip_tls = sip_tls.map(|certificate| certificate.server_config(None)).transpose()?;
    let plan = plan(options, descriptors);
    let welcome = db.first_start()?;
    let running = Running {
        pid: std::process::id(),
        http: http.local_addr()?,
        https: secure.as_ref().map(|secure| secure.listener.local_addr()).transpose()?,
        packet_io: if plan.kind == Kind::Uring { "io-uring" } else { "epoll" },
        workers: plan.count,
        sip: sip
            .iter()
            .flat_map(|a| [format!("udp {a}"), format!("tcp {a}")])
            .chain(tls.iter().map(|a| format!("tls {a}")))
            .collect(),
    };
    let threads = threads::start(options, &db, (listeners, sip_tls), &plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // Caught before anybody is told that it runs, so that a signal never meets a program that is not ready for it.
    let signals = runtime.block_on(async { Signals::catch() })?;
    lock.tell(&running)?;
    let portal = format!("http://{}", listeners::concrete(running.http));
    let secure_url = running.https.map(|at| format!("https://{}", listeners::concrete(at)));
    let fingerprint = certificate.as_ref().map(|certificate| certificate.fingerprint());
    print(&Greeting {
        welcome: welcome.as_ref(),
        portal: &portal,
        secure: secure_url.as_deref().zip(fingerprint.as_deref()),
        sip: SocketAddr::new(listeners::primary_address(&sip), sip[0].port()),
        voice: &format!("{} on {} thread{}", plan.kind, plan.count, if plan.count == 1 { "" } else { "s" }),
        folder: &folder,
    });
    drop(welcome);
    runtime.spawn(outbox::mail::deliver(db.clone(), portal.clone()));
    runtime.spawn(outbox::webhook::deliver(db.clone()));
    runtime.spawn(portal::keep_directory_names(db.clone()));
    runtime
        .spawn(pnp::answer(db.clone(), pnp::Addresses { plain: portal.clone(), secure: secure_url.clone() }));
    certificate.into_iter().for_each(|certificate| {
        runtime.spawn(certificate.watch(threads.alarms.clone()));
    });
    let (stop_portal, stopped) = watch::channel(());
    let serving = serve_portal(&runtime, db, &threads, (http, secure), (portal, secure_url), &stopped)?;
    drop(stopped);
    let stopped = wait(&runtime, options, threads, signals)?;
    drop(stop_portal);
    if stopped == Stopped::Drained {
        for listener in serving {
            let _ = runtime.block_on(listener);
        }
    }
    runtime.shutdown_background();
    info!("stopped");
    Ok(())
}

/// The certificate, if anything needs it.
fn certificate(options: &Serve, for_sip: bool) -> Result<Option<Arc<Certificate>>, ServeError> {
    if options.https == Listen::Off && !for_sip {
        return Ok(None);
    }
    let files = match (&options.tls_cert, &options.tls_key) {
        (Some(chain), Some(key)) => Files { chain: chain.clone(), key: key.clone() },
        _ => {
            let files = Files::of_folder(&options.data.folder);
            files.make_if_missing()?;
            files
        }
    };
    Ok(Some(Certificate::open(files)?))
}

/// The portal's listener over TLS before it is served.
struct Secure {
    listener: TcpListener,
    config: Arc<ServerConfig>,
}

impl Secure {
    /// `None` if there is to be none.
    fn bind(options: &Serve, certificate: Option<&Arc<Certificate>>) -> Result<Option<Self>, ServeError> {
        let (Listen::At(address), Some(certificate)) = (options.https, certificate) else { return Ok(None) };
        let listener = TcpListener::bind(address)
            .map_err(|e| listeners::explain(address, "--https (or --https off)", e))?;
        Ok(Some(Self { listener, config: certificate.server_config(Some("http/1.1"))? }))
    }
}

/// The portal on its listeners, each until `stopped` says so.
fn serve_portal(
    runtime: &Runtime,
    db: Db,
    threads: &Threads,
    (http, secure): (TcpListener, Option<Secure>),
    (base_url, secure_url): (String, Option<String>),
    stopped: &watch::Receiver<()>,
) -> Result<Vec<JoinHandle<std::io::Result<()>>>, ServeError> {
    let secure_url = secure_url.unwrap_or_default();
    let plain = portal::Settings { base_url, secure_cookies: false, secure_url: secure_url.clone() };
    let behind_tls = portal::Settings { base_url: secure_url.clone(), secure_cookies: true, secure_url };
    let (plain, behind_tls) = portal::routers(db, Arc::new(threads.live.clone()), plain, behind_tls);
    let end = || {
        let mut stopped = stopped.clone();
        async move {
            // The sender goes when the portal is to stop.
            while stopped.changed().await.is_ok() {}
        }
    };
    let mut serving = vec![runtime.spawn(portal::serve(http, plain, end()))];
    if let Some(Secure { listener, config }) = secure {
        serving.push(runtime.spawn(portal::serve_tls(listener, behind_tls, config, end())));
    }
    Ok(serving)
}

fn plan(options: &Serve, descriptors: usize) -> Plan {
    let kind = match options.packet_io {
        PacketIo::Epoll => Kind::Epoll,
        PacketIo::Auto | PacketIo::IoUring => rtp::uring::probe().map_or_else(
            |e| {
                warn!("io_uring is not to be had here ({e}): voice goes by epoll");
                Kind::Epoll
            },
            |()| Kind::Uring,
        ),
    };
    info!("voice goes by {kind}");
    let (count, keep) = (options.worker_count(), media::ports::keep(&options.rtp_ports));
    // Half of the descriptors stay for calls, phones' connections and files.
    let kept = if keep.is_zero() { 0 } else { KEPT.min(descriptors / 2 / count) };
    let io = rtp::Settings { gather: options.gather(), kept, keep, ..rtp::Settings::default() };
    // The engine knows how long a call may be silent; the workers only tell it each second that passes.
    let media =
        media::worker::Settings { silence: Duration::from_secs(1), ..media::worker::Settings::default() };
    Plan { count, kind, io, media }
}

/// Waits for a signal, has the engine finish, and its threads after it.
fn wait(
    runtime: &Runtime,
    options: &Serve,
    threads: Threads,
    mut signals: Signals,
) -> Result<Stopped, ServeError> {
    let Threads { engine, mut ended, records, .. } = threads;
    let stopped = runtime.block_on(async {
        tokio::select! {
            () = signals.next() => {}
            _ = &mut ended => return None,
        }
        let ended = async {
            let _ = ended.await;
        };
        Some(stop::drain(signals.next(), &engine, options.drain(), ended).await)
    });
    let stopped = stopped.ok_or(ServeError::Ended)?;
    if stopped == Stopped::Drained {
        // The engine's thread is gone and with it the queue's end: what is left in it is written.
        let _ = records.join();
    }
    Ok(stopped)
}

fn print(greeting: &Greeting<'_>) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    // Nobody may be reading; the program runs all the same.
    let _ = out.write_all(greeting.text().as_bytes()).and_then(|()| out.flush());
}

/// Sockets that each media thread keeps open for the next calls: those of two thousand calls a second while they rest.
const KEPT: usize = 8192;
