//! The engine's thread: one loop that hands the engine its inputs with the time and carries out its outputs.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use pbx_core::{Engine, Input, Output};
use sip_stack::{Flow, Transport};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tracing::{info, warn};

use super::{
    clock::now,
    datagrams, dns,
    edits::Edits,
    listeners::{self, Listener, Service},
    live::LiveView,
    records::Records,
    tcp::{self, Tcp},
    tls::Tls,
    udp::Udp,
    workers::Workers,
};

/// What the loop needs besides the engine.
pub struct Parts {
    /// Bound sockets.
    pub listeners: Vec<Listener>,
    /// What was asked for, to look for addresses that appear later.
    pub wanted: Wanted,
    /// Connections over TLS; `None` where there are none.
    pub tls: Option<Tls>,
    /// Media.
    pub workers: Workers,
    /// From media.
    pub media: mpsc::Receiver<media::Event>,
    /// Keeps that channel open though every media thread may have ended.
    pub media_open: mpsc::Sender<media::Event>,
    /// From the feed, the records thread, the portal and the signals.
    pub control: mpsc::Receiver<Input>,
    /// To the records thread.
    pub records: Records,
    /// To the thread that edits.
    pub edits: Edits,
    /// To the portal.
    pub live: LiveView,
    /// To this loop, for answers that come later.
    pub inputs: mpsc::Sender<Input>,
}

/// The addresses that were asked for, wildcards among them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// UDP and TCP.
    pub sip: Vec<SocketAddr>,
    /// SIP over TLS.
    pub tls: Vec<SocketAddr>,
}

/// Runs until the engine says that it is drained. `make` builds the engine in this thread, where it stays.
pub fn run(parts: Parts, make: impl FnOnce() -> Engine) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Node::run(parts, make))
}

struct Node {
    engine: Engine,
    udp: Udp,
    tcp: Tcp,
    /// UDP and TCP.
    bound: Vec<SocketAddr>,
    bound_tls: Vec<SocketAddr>,
    wanted: Wanted,
    workers: Workers,
    records: Records,
    edits: Edits,
    live: LiveView,
    engine_inputs: mpsc::Sender<Input>,
    /// What carrying out outputs led to; the engine's next inputs.
    consequences: Vec<Input>,
    /// Datagrams of this turn.
    came: usize,
    /// Until when turns are so frequent that their inputs are gathered.
    dense_until: std::time::Instant,
    drained: bool,
}

impl Node {
    async fn run(parts: Parts, make: impl FnOnce() -> Engine) -> std::io::Result<()> {
        let Parts {
            listeners,
            wanted,
            tls,
            workers,
            mut media,
            media_open: _open,
            mut control,
            records,
            edits,
            live,
            inputs: engine_inputs,
        } = parts;
        let (events, mut connections) = mpsc::channel(EVENTS);
        let (udp, tcp) = (Udp::new(), Tcp::new(events, CONNECTIONS).with_tls(tls));
        let mut node = Self {
            engine: make(),
            udp,
            tcp,
            bound: vec![],
            bound_tls: vec![],
            wanted,
            workers,
            records,
            edits,
            live,
            engine_inputs,
            consequences: vec![],
            came: 0,
            dense_until: std::time::Instant::now(),
            drained: false,
        };
        for listener in listeners {
            node.listen(listener)?;
        }
        node.drain();
        node.hand_over();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0u64;
        let (mut inputs, mut events) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        while !node.drained {
            let deadline = node.engine.poll_timeout().into_iter().chain(node.workers.due()).min();
            tokio::select! {
                ready = node.udp.readable() => {
                    ready?;
                    node.receive_datagrams();
                }
                Some(event) = connections.recv() => node.connection(event),
                _ = media.recv_many(&mut events, BATCH) => {
                    events.drain(..).for_each(|event| node.handle(Input::Media(event)));
                }
                _ = control.recv_many(&mut inputs, BATCH) => {
                    inputs.drain(..).for_each(|input| node.handle(input));
                }
                () = until(deadline) => {}
                _ = tick.tick() => {
                    ticks += 1;
                    node.tick(ticks);
                }
            }
            node.wake_on_time();
            node.hand_over();
            node.gather();
        }
        node.hand_over();
        node.tcp.finish(connections).await;
        Ok(())
    }

    fn receive_datagrams(&mut self) {
        let Some(came) = self.udp.receive() else { return };
        self.came = came;
        for at in 0..came {
            let Some((flow, bytes)) = self.udp.datagram(at) else { continue };
            self.engine.receive(now(), flow, bytes);
            self.drain();
        }
    }

    fn connection(&mut self, event: tcp::Event) {
        match event {
            tcp::Event::Accepted { flow, stream } => self.tcp.accepted(flow, stream),
            tcp::Event::Message { flow, bytes } => {
                self.engine.receive(now(), flow, bytes);
                self.drain();
            }
            tcp::Event::Closed { flow, number } => {
                if self.tcp.closed(flow, number) {
                    self.handle(Input::FlowFailed(flow));
                }
            }
        }
    }

    fn handle(&mut self, input: Input) {
        if let Input::Config(snapshot) = &input {
            self.live.set_revision(snapshot.revision);
        }
        self.engine.handle(now(), input);
        self.drain();
    }

    fn wake_on_time(&mut self) {
        let now = now();
        if self.engine.poll_timeout().is_some_and(|at| at <= now.at) {
            self.engine.handle_timeout(now);
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            while let Some(output) = self.engine.poll_output() {
                self.carry_out(output);
            }
            let Some(input) = self.consequences.pop() else { break };
            self.engine.handle(now(), input);
        }
    }

    /// Ends a turn: the workers are woken, then the datagrams leave that tell peers of their sockets.
    fn hand_over(&mut self) {
        loop {
            self.workers.wake(std::time::Instant::now());
            self.udp.flush(|flow| self.consequences.push(Input::FlowFailed(flow)));
            if self.consequences.is_empty() {
                break;
            }
            self.drain();
        }
    }

    /// When datagrams come one upon the other, the next inputs are waited for a moment, to be taken together: waking up
    /// for each costs as much as many of them do.
    fn gather(&mut self) {
        let came = std::mem::take(&mut self.came);
        if came >= datagrams::BATCH {
            return;
        }
        let now = std::time::Instant::now();
        if came >= DENSE {
            self.dense_until = now + STILL_DENSE;
        }
        if now < self.dense_until {
            std::thread::sleep(GATHER);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            Output::Media { worker, command } => {
                self.workers.tell(std::time::Instant::now(), worker, command)
            }
            Output::Store { ticket, change } => {
                self.consequences.extend(self.records.store(ticket, change).map(Input::Stored));
            }
            Output::Live(change) => self.live.apply(change),
            Output::Resolve(question) => dns::ask(question, self.engine_inputs.clone()),
            Output::Demand { remote, demands } => self.tcp.demand(remote, demands),
            Output::Drained => self.drained = true,
            Output::Edit { ticket, edit } => self.consequences.extend(self.edits.write(ticket, edit)),
        }
    }

    fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let sent = match flow.transport {
            Transport::Udp => self.udp.send(&flow, bytes).is_ok(),
            Transport::Tcp | Transport::Tls => self.tcp.send(flow, bytes),
        };
        if !sent {
            self.consequences.push(Input::FlowFailed(flow));
        }
    }

    fn tick(&mut self, ticks: u64) {
        self.live.announce();
        if ticks.is_multiple_of(TICKS_PER_SECOND) {
            self.live.set_metrics(self.engine.metrics(), self.tcp.len());
        }
        if ticks.is_multiple_of(RESCAN) {
            self.look_for_addresses();
        }
    }

    fn look_for_addresses(&mut self) {
        let mut found = listeners::bind_new(Service::Sip, &self.wanted.sip, &self.bound);
        found.extend(listeners::bind_new(Service::SipTls, &self.wanted.tls, &self.bound_tls));
        for listener in found {
            info!("listening on {} too", listener.address);
            if let Err(e) = self.listen(listener) {
                warn!("cannot listen on it: {e}");
            }
        }
    }

    fn listen(&mut self, listener: Listener) -> std::io::Result<()> {
        match listener.udp {
            Some(udp) => {
                self.udp.add(listener.address, udp)?;
                self.tcp.listen(listener.address, listener.tcp)?;
                self.bound.push(listener.address);
            }
            None => {
                self.tcp.listen_tls(listener.address, listener.tcp)?;
                self.bound_tls.push(listener.address);
            }
        }
        self.live.set_addresses(&self.bound, &self.bound_tls);
        Ok(())
    }
}

async fn until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(at) => sleep_until(Instant::from_std(at)).await,
        None => std::future::pending().await,
    }
}

/// How often the portal is told of changes at most.
const TICK: Duration = Duration::from_millis(100);
const TICKS_PER_SECOND: u64 = 10;
/// Ticks between two looks for new addresses: 10 s.
const RESCAN: u64 = 100;
/// Inputs of one kind taken at once, before the others have their turn.
const BATCH: usize = 64;
/// Datagrams in a turn from which gathering pays.
const DENSE: usize = 2;
/// How long after such a turn the others are taken to be as frequent.
const STILL_DENSE: Duration = Duration::from_millis(4);
/// Nothing beside the 500 ms after which a phone asks again (RFC 3261 timer T1).
const GATHER: Duration = Duration::from_millis(1);
/// Messages of connections that may wait; beyond, connections are not read.
const EVENTS: usize = 1024;
/// TCP and TLS connections at once.
const CONNECTIONS: usize = 20_000;

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
