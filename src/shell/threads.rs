//! Starting the threads and laying the channels between them. All are bounded; who waits for whom:
//! the engine waits for nobody but a media thread far behind, a media thread for nobody, everybody else for the engine.

use std::{sync::Arc, thread::JoinHandle};

use config::Db;
use pbx_core::{CALLED_BACK, Engine, Input, Options, Stored};
use sip_stack::Transport;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::rustls::ServerConfig;
use tracing::{error, warn};

use super::{
    alarms::Alarms,
    clock::{now, unix_ms},
    edits, feed,
    listeners::Listener,
    live::LiveView,
    metrics::ShellFigures,
    node, records,
    serve::ServeError,
    tls::{Limits, Tls},
    upkeep,
    workers::{Plan, Workers},
};
use crate::cli::Serve;

/// The threads that run, and the ends of their channels.
pub struct Threads {
    /// What the portal sees.
    pub live: LiveView,
    /// What is wrong.
    pub alarms: Alarms,
    /// Inputs for the engine.
    pub engine: mpsc::Sender<Input>,
    /// Ready when the engine's thread has ended.
    pub ended: oneshot::Receiver<()>,
    /// Ends after the engine's thread.
    pub records: JoinHandle<()>,
}

/// Starts all but the portal.
pub fn start(
    options: &Serve,
    db: &Db,
    (listeners, tls): (Vec<Listener>, Option<Arc<ServerConfig>>),
    plan: &Plan,
) -> Result<Threads, ServeError> {
    let alarms = Alarms::default();
    let (engine, control) = mpsc::channel(CONTROL);
    // Before the first snapshot: what was on trial when the program ended may be over.
    upkeep::start(db, &alarms, engine.clone())?;
    let interrupted =
        db.close_interrupted_calls(unix_ms()).map_err(|e| ServeError::Records(e.to_string()))?;
    if interrupted > 0 {
        warn!("{interrupted} call(s) were cut when the program last ended; their records are closed");
    }
    let records_error = |e: rusqlite::Error| ServeError::Records(e.to_string());
    let (day, hour) = (now().utc.date_naive().to_string(), unix_ms() - CALLED_BACK.as_millis() as i64);
    let stored = Stored {
        bindings: db.load_bindings(unix_ms()).map_err(records_error)?,
        hunting: db.load_hunting().map_err(records_error)?,
        subscriptions: db.load_subscriptions(unix_ms()).map_err(records_error)?,
        outside: db.load_outside(&day, hour).map_err(records_error)?,
    };
    let (media_open, media) = mpsc::channel(MEDIA_EVENTS);
    let (snapshot, revisions_refused) = feed::start(db, engine.clone(), alarms.clone())?;
    let (records, records_lost, records_thread) = records::start(db.clone(), engine.clone(), alarms.clone())?;
    let edits = edits::start(db.clone(), engine.clone())?;
    let (workers, figures) = Workers::start(plan, &media_open)?;
    let figures = ShellFigures { workers: figures, records_lost, revisions_refused };
    let live = LiveView::new(engine.clone(), alarms.clone(), figures);
    live.set_revision(snapshot.revision);
    let settings = engine_options(options, &listeners, plan);
    let wanted = node::Wanted { sip: options.sip.clone(), tls: options.tls_addresses() };
    let (shown, ciphers) = (live.clone(), tls.is_some().then(ciphers).transpose()?);
    let tls = tls.zip(ciphers.as_ref());
    let tls = tls.map(|(config, ciphers)| Tls::new(ciphers.handle().clone(), config, Limits::default()));
    let parts = node::Parts {
        listeners,
        wanted,
        tls,
        workers,
        media,
        media_open,
        control,
        records,
        edits,
        live: shown,
        inputs: engine.clone(),
    };
    let (tell_end, ended) = oneshot::channel();
    std::thread::Builder::new().name("engine".into()).spawn(move || {
        if let Err(e) = node::run(parts, move || Engine::new(now(), settings, snapshot, stored)) {
            error!("the engine's thread ended: {e}");
        }
        // Its connections were closed; a handshake that hangs is not waited for.
        ciphers.into_iter().for_each(tokio::runtime::Runtime::shutdown_background);
        let _ = tell_end.send(());
    })?;
    Ok(Threads { live, alarms, engine, ended, records: records_thread })
}

/// The threads for connections over TLS.
fn ciphers() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CIPHERS)
        .thread_name("tls")
        .enable_all()
        .build()
}

fn engine_options(options: &Serve, listeners: &[Listener], plan: &Plan) -> Options {
    let ways = |l: &Listener| {
        let transports: &[Transport] =
            if l.udp.is_some() { &[Transport::Udp, Transport::Tcp] } else { &[Transport::Tls] };
        transports.iter().map(|transport| (*transport, l.address)).collect::<Vec<_>>()
    };
    Options {
        listeners: listeners.iter().flat_map(ways).collect(),
        external_address: options.external_address,
        rtp_ports: options.rtp_ports.clone(),
        workers: plan.count,
        max_calls: options.max_calls,
        seed: rand::random(),
    }
}

/// Handshakes are rare, messages few: two are enough for thousands of phones.
const CIPHERS: usize = 2;
/// Inputs that may wait for the engine; whoever sends beyond that waits.
const CONTROL: usize = 1024;
/// Media events that may wait for the engine; beyond, they are dropped and counted, except `Closed`.
const MEDIA_EVENTS: usize = 8192;
