//! `dialtone serve`: opens the database, starts the threads, tells where to go, waits for the signal to stop.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use config::{Db, OpenError};
use tokio::{runtime::Runtime, sync::oneshot};
use tracing::{info, warn};

use super::{
    feed::FeedError,
    listeners::{self, BindError},
    logging, memory, outbox, restore,
    rtp::{self, Kind},
    run_file::{Lock, Running},
    stop::{self, Signals, Stopped},
    threads::{self, Threads},
    welcome::Greeting,
    workers::Plan,
};
use crate::cli::{PacketIo, Serve};

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
    let listeners = listeners::bind_all(&options.sip)?;
    let http = TcpListener::bind(options.http).map_err(|e| listeners::explain(options.http, "--http", e))?;
    let plan = plan(options, descriptors);
    let welcome = db.first_start()?;
    let sip: Vec<SocketAddr> = listeners.iter().map(|l| l.address).collect();
    let running = Running {
        pid: std::process::id(),
        http: http.local_addr()?,
        packet_io: if plan.kind == Kind::Uring { "io-uring" } else { "epoll" },
        workers: plan.count,
        sip: sip.iter().flat_map(|a| [format!("udp {a}"), format!("tcp {a}")]).collect(),
    };
    let threads = threads::start(options, &db, listeners, &plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // Caught before anybody is told that it runs, so that a signal never meets a program that is not ready for it.
    let signals = runtime.block_on(async { Signals::catch() })?;
    lock.tell(&running)?;
    let portal = format!("http://{}", listeners::concrete(running.http));
    print(&Greeting {
        welcome: welcome.as_ref(),
        portal: &portal,
        sip: SocketAddr::new(listeners::primary_address(&sip), sip[0].port()),
        voice: &format!("{} on {} thread{}", plan.kind, plan.count, if plan.count == 1 { "" } else { "s" }),
        folder: &folder,
    });
    drop(welcome);
    runtime.spawn(outbox::mail::deliver(db.clone(), portal.clone()));
    runtime.spawn(outbox::webhook::deliver(db.clone()));
    runtime.spawn(portal::keep_directory_names(db.clone()));
    let router = portal::router(db, Arc::new(threads.live.clone()), portal_settings(portal));
    let (stop_portal, stopped) = oneshot::channel::<()>();
    let serving = runtime.spawn(portal::serve(http, router, async {
        let _ = stopped.await;
    }));
    let stopped = wait(&runtime, options, threads, signals)?;
    drop(stop_portal);
    if stopped == Stopped::Drained {
        let _ = runtime.block_on(serving);
    }
    runtime.shutdown_background();
    info!("stopped");
    Ok(())
}

fn portal_settings(base_url: String) -> portal::Settings {
    portal::Settings { base_url, secure_cookies: false }
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

/// Sockets that each media thread keeps open for the next calls: those of a thousand calls a second while they rest.
const KEPT: usize = 8192;
