//! The media threads: each waits for packets, gives them to its [`media::Worker`] and carries out what that wants.

use std::{
    io,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed, mpsc as std_mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use media::{Command, Event, Forward, Output, Path, SocketId, Worker};
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
    /// When it is to be woken for what it was told.
    due: Option<Instant>,
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
                waker: waker.clone(),
                gather: plan.io.gather,
                figures: shown.clone(),
                buffer: [0; BUFFER],
            };
            let (plan, its_waker) = (plan.clone(), waker.clone());
            let body = move || match plan.kind {
                Kind::Uring => begin(work, || Uring::new(its_waker, plan.io)),
                Kind::Epoll => begin(work, || Epoll::new(its_waker, plan.io)),
            };
            let join = std::thread::Builder::new().name(format!("media-{number}")).spawn(body)?;
            threads.push(Thread { commands: Some(commands), waker, due: None, join: Some(join) });
            figures.push(shown);
        }
        Ok((Self { threads }, figures))
    }
    /// Gives a command to a worker. It is obeyed before the next packet is looked at, and at the latest when
    /// [`Workers::wake`] is called at [`Workers::due`]. Waits if the worker is thousands of commands behind: a worker
    /// never waits for the engine, so it catches up.
    pub fn tell(&mut self, now: Instant, worker: usize, command: Command) {
        let Some(thread) = self.threads.get_mut(worker) else { return };
        let Some(commands) = &thread.commands else { return };
        let due = now + patience(&command);
        thread.due = Some(thread.due.map_or(due, |before| before.min(due)));
        if let Err(std_mpsc::TrySendError::Full(command)) = commands.try_send(command) {
            thread.waker.wake();
            let _ = commands.send(command);
        }
    }
    /// Wakes the workers for which it is time.
    pub fn wake(&mut self, now: Instant) {
        for thread in self.threads.iter_mut().filter(|thread| thread.due.is_some_and(|due| due <= now)) {
            thread.due = None;
            thread.waker.wake();
        }
    }
    /// When a worker is to be woken.
    pub fn due(&self) -> Option<Instant> {
        self.threads.iter().filter_map(|thread| thread.due).min()
    }
}

/// How long a command may wait for others: a thread that wakes for each costs as much as what it does.
fn patience(command: &Command) -> Duration {
    match command {
        // The peer is about to be told of the port, or waits for the tone.
        Command::Open { .. } | Command::Path { path: Path::Tone(..), .. } => Duration::ZERO,
        // Without packets nobody notices.
        Command::Agree { .. } | Command::Path { .. } | Command::Close { .. } => PATIENCE,
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
    waker: Waker,
    gather: Duration,
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
        while let Some(until) = self.prepare(&mut io) {
            let mut receiver = Packets { worker: &mut self.worker, commands: &self.commands, now: None };
            let turned = io.turn(until, &mut receiver);
            self.waker.stay_awake();
            if let Err(e) = turned {
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

    /// Carries out what the engine wants, and says until when to wait for packets; `None` when the engine is gone.
    fn prepare<I: PacketIo>(&mut self, io: &mut I) -> Option<Option<Instant>> {
        let told = self.obey(io)?;
        let look_again = if told >= DENSE && !self.gather.is_zero() {
            // So many come that the next are looked for a moment later instead of each waking the thread.
            Some(Instant::now() + self.gather)
        } else {
            self.waker.rest();
            self.obey(io)?;
            None
        };
        let own = if self.kept.is_empty() { self.worker.poll_timeout() } else { Some(soon()) };
        Some(own.into_iter().chain(look_again).min())
    }

    /// Carries out what the engine wants. How many commands there were; `None` when the engine is gone.
    fn obey<I: PacketIo>(&mut self, io: &mut I) -> Option<usize> {
        let mut told = 0;
        loop {
            match self.commands.try_recv() {
                Ok(command) => {
                    told += 1;
                    self.worker.handle(Instant::now(), command);
                    self.drain(io);
                }
                Err(std_mpsc::TryRecvError::Empty) => return Some(told),
                Err(std_mpsc::TryRecvError::Disconnected) => return None,
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
    commands: &'a std_mpsc::Receiver<Command>,
    now: Option<Instant>,
}

impl Packets<'_> {
    /// What was decided before a packet came is in force for it.
    #[cold]
    fn begin(&mut self) -> Instant {
        let now = Instant::now();
        self.now = Some(now);
        while let Ok(command) = self.commands.try_recv() {
            self.worker.handle(now, command);
        }
        now
    }
}

impl Receiver for Packets<'_> {
    fn receive(
        &mut self,
        socket: SocketId,
        from: std::net::SocketAddr,
        buffer: &mut [u8],
        len: usize,
    ) -> Option<Forward> {
        let now = self.now.unwrap_or_else(|| self.begin());
        self.worker.receive_in(now, (socket, from), buffer, len)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(5)
}

const PATIENCE: Duration = Duration::from_millis(20);
/// Commands at once from which gathering pays: those of a few calls.
const DENSE: usize = 8;
const COMMANDS: usize = 16_384;
const BUFFER: usize = 2048;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, UdpSocket};

    use media::SessionId;

    use super::*;

    fn free_port() -> u16 {
        let pairs =
            std::iter::repeat_with(|| UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let is_free = |port: &u16| UdpSocket::bind(("127.0.0.1", port + 1)).is_ok();
        pairs.take(100).find(|port| *port < u16::MAX && is_free(port)).unwrap()
    }

    /// What need not be done at once waits for the rest of its call; nothing is forgotten.
    #[tokio::test]
    async fn a_command_that_can_wait_is_obeyed_when_it_is_due() {
        let (events, mut heard) = mpsc::channel(4);
        let (io, media) = (rtp::Settings::default(), media::worker::Settings::default());
        let plan = Plan { count: 1, kind: Kind::Epoll, io, media };
        let (mut workers, figures) = Workers::start(&plan, &events).unwrap();
        let (now, session) = (Instant::now(), SessionId(1));
        assert_eq!(workers.due(), None);
        workers.tell(
            now,
            0,
            Command::Open { session, local: IpAddr::V4(Ipv4Addr::LOCALHOST), port: free_port() },
        );
        assert_eq!(workers.due(), Some(now));
        workers.tell(now, 0, Command::Close { session });
        assert_eq!(workers.due(), Some(now), "whoever is in a hurry wakes it for all");
        workers.wake(now);
        assert!(matches!(heard.recv().await, Some(Event::Closed { .. })));
        assert_eq!(figures[0].sessions.load(Relaxed), 0);
        let port = free_port();
        workers.tell(now, 0, Command::Open { session, local: IpAddr::V4(Ipv4Addr::LOCALHOST), port });
        workers.wake(now);
        workers.tell(now, 0, Command::Close { session });
        workers.wake(now);
        assert_eq!(workers.due(), Some(now + PATIENCE));
        workers.wake(now + PATIENCE);
        assert_eq!(workers.due(), None);
        assert!(matches!(heard.recv().await, Some(Event::Closed { .. })));
        drop(workers);
        drop(events);
        assert_eq!(heard.recv().await, None);
    }
}
