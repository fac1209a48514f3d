//! The media threads: each waits for packets, gives them to its [`media::Worker`] and carries out what that wants.

use std::{
    io,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed, mpsc as std_mpsc},
    thread::JoinHandle,
    time::Instant,
};

use media::{Command, Event, Forward, Output, SocketId, Worker};
use tokio::sync::mpsc;
use tracing::{error, warn};

use super::rtp::{self, Kind, PacketIo, Receiver, epoll::Epoll, uring::Uring, waker::Waker};

/// The media threads as the engine's thread sees them. Dropping it ends them.
pub struct Workers {
    threads: Vec<Thread>,
}

struct Thread {
    commands: Option<std_mpsc::SyncSender<Command>>,
    waker: Waker,
    told: bool,
    join: Option<JoinHandle<()>>,
}

/// What one worker did, readable by every thread.
#[derive(Debug, Default)]
pub struct Figures {
    /// Datagrams received.
    pub received: AtomicU64,
    /// Datagrams sent.
    pub sent: AtomicU64,
    /// Datagrams not sent, or too long.
    pub dropped: AtomicU64,
    /// Times the thread woke up.
    pub turns: AtomicU64,
    /// Events dropped because the engine was behind.
    pub events_dropped: AtomicU64,
    /// Sessions open.
    pub sessions: AtomicU64,
}

/// How the threads are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many.
    pub count: usize,
    /// By which packet I/O.
    pub kind: Kind,
    /// Its settings.
    pub io: rtp::Settings,
    /// Their media settings.
    pub media: media::worker::Settings,
}

impl Workers {
    /// Starts the threads. `events` is bounded: what does not fit is dropped and counted, except `Closed`.
    pub fn start(plan: &Plan, events: &mpsc::Sender<Event>) -> io::Result<(Self, Vec<Arc<Figures>>)> {
        let (mut threads, mut figures) = (Vec::new(), Vec::new());
        for number in 0..plan.count {
            let (waker, shown) = (Waker::new()?, Arc::new(Figures::default()));
            let (commands, queued) = std_mpsc::sync_channel(COMMANDS);
            let work = Work {
                worker: Worker::new(plan.media.clone(), rand::random()),
                commands: queued,
                events: events.clone(),
                kept: Vec::new(),
                figures: shown.clone(),
                buffer: [0; BUFFER],
            };
            let (plan, its_waker) = (plan.clone(), waker.clone());
            let body = move || match plan.kind {
                Kind::Uring => begin(work, || Uring::new(its_waker, plan.io)),
                Kind::Epoll => begin(work, || Epoll::new(its_waker, plan.io)),
            };
            let join = std::thread::Builder::new().name(format!("media-{number}")).spawn(body)?;
            threads.push(Thread { commands: Some(commands), waker, told: false, join: Some(join) });
            figures.push(shown);
        }
        Ok((Self { threads }, figures))
    }
    /// Gives a command to a worker, to be seen after [`Workers::wake`]. Waits if the worker is thousands of commands
    /// behind: a worker never waits for the engine, so it catches up.
    pub fn tell(&mut self, worker: usize, command: Command) {
        let Some(thread) = self.threads.get_mut(worker) else { return };
        let Some(commands) = &thread.commands else { return };
        thread.told = true;
        if let Err(std_mpsc::TrySendError::Full(command)) = commands.try_send(command) {
            thread.waker.wake();
            let _ = commands.send(command);
        }
    }
    /// Wakes the workers that were told something.
    pub fn wake(&mut self) {
        for thread in self.threads.iter_mut().filter(|thread| thread.told) {
            thread.told = false;
            thread.waker.wake();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for thread in &mut self.threads {
            thread.commands = None;
            thread.waker.wake();
        }
        for thread in &mut self.threads {
            let _ = thread.join.take().map(JoinHandle::join);
        }
    }
}

struct Work {
    worker: Worker,
    commands: std_mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    /// `Closed` events that did not fit.
    kept: Vec<Event>,
    figures: Arc<Figures>,
    buffer: [u8; BUFFER],
}

fn begin<I: PacketIo>(work: Work, make: impl FnOnce() -> io::Result<I>) {
    match make() {
        Ok(io) => work.run(io),
        Err(e) => error!("a media thread cannot start: {e}. Calls will have no voice; try --packet-io epoll"),
    }
}

impl Work {
    fn run<I: PacketIo>(mut self, mut io: I) {
        while self.obey(&mut io) {
            let until = if self.kept.is_empty() { self.worker.poll_timeout() } else { Some(soon()) };
            let mut receiver = Packets { worker: &mut self.worker, now: None };
            if let Err(e) = io.turn(until, &mut receiver) {
                error!("a media thread ends: {e}");
                return;
            }
            self.drain(&mut io);
            let now = Instant::now();
            if self.worker.poll_timeout().is_some_and(|at| at <= now) {
                self.worker.handle_timeout(now);
                self.drain(&mut io);
            }
            self.show(io.counters());
        }
    }

    /// Carries out what the engine wants; `false` when the engine is gone.
    fn obey<I: PacketIo>(&mut self, io: &mut I) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => {
                    self.worker.handle(Instant::now(), command);
                    self.drain(io);
                }
                Err(e) => return e == std_mpsc::TryRecvError::Empty,
            }
        }
    }

    fn drain<I: PacketIo>(&mut self, io: &mut I) {
        for event in std::mem::take(&mut self.kept) {
            self.report(event);
        }
        while let Some(output) = self.worker.poll_output(&mut self.buffer) {
            match output {
                Output::OpenSocket { socket, local } => {
                    if let Err(e) = io.open(socket, local) {
                        warn!("cannot open {local} for voice: {e}");
                        self.worker.socket_failed(socket);
                    }
                }
                Output::CloseSocket { socket } => io.close(socket),
                Output::Transmit(forward) => {
                    let packet = &self.buffer[..forward.len.min(BUFFER)];
                    io.send(forward, packet);
                }
                Output::Event(event) => self.report(event),
            }
        }
    }

    fn report(&mut self, event: Event) {
        let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) else { return };
        if matches!(event, Event::Closed { .. }) {
            self.kept.push(event);
        } else {
            self.figures.events_dropped.fetch_add(1, Relaxed);
        }
    }

    fn show(&self, counters: rtp::Counters) {
        self.figures.received.store(counters.received, Relaxed);
        self.figures.sent.store(counters.sent, Relaxed);
        self.figures.dropped.store(counters.dropped, Relaxed);
        self.figures.turns.store(counters.turns, Relaxed);
        self.figures.sessions.store(self.worker.sessions() as u64, Relaxed);
    }
}

/// One turn's packets; the clock is read once, at the first.
struct Packets<'a> {
    worker: &'a mut Worker,
    now: Option<Instant>,
}

impl Receiver for Packets<'_> {
    fn receive(
        &mut self,
        socket: SocketId,
        from: std::net::SocketAddr,
        packet: &mut [u8],
    ) -> Option<Forward> {
        let now = *self.now.get_or_insert_with(Instant::now);
        self.worker.receive(now, socket, from, packet)
    }
}

fn soon() -> Instant {
    Instant::now() + std::time::Duration::from_millis(5)
}

const COMMANDS: usize = 16_384;
const BUFFER: usize = 2048;
