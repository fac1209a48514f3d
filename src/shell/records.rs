//! The records thread: everything that is queued is written in one transaction, then confirmed. Calls wait a moment for
//! others to be written with them, registrations do not. SIP-06, SIP-45.
//!
//! A full disk does not stop calls: the batch is confirmed anyway, kept, and tried again each second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use config::{Db, records::Change};
use pbx_core::Input;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::alarms::Alarms;

/// The engine's end of the queue. Dropping it has the rest written and the thread end.
#[derive(Debug)]
pub struct Records {
    queue: SyncSender<(u64, Change)>,
    lost: Arc<AtomicU64>,
}

/// Starts the thread; it confirms by `Input::Stored` to `engine`. Also returns the count of changes lost so far.
pub fn start(
    db: Db,
    engine: mpsc::Sender<Input>,
    alarms: Alarms,
) -> std::io::Result<(Records, Arc<AtomicU64>, JoinHandle<()>)> {
    let (queue, queued) = sync_channel(QUEUE);
    let lost = Arc::new(AtomicU64::new(0));
    let mut writer = Writer {
        write: Box::new(move |changes: &[Change]| db.write_records(changes).map_err(|e| e.to_string())),
        engine,
        alarms,
        pending: Vec::new(),
        ticket: 0,
        failing: false,
        lost: lost.clone(),
    };
    let join = std::thread::Builder::new().name("records".into()).spawn(move || writer.run(&queued))?;
    Ok((Records { queue, lost: lost.clone() }, lost, join))
}

impl Records {
    /// Queues a change. When the queue is full – the disk hangs – the change is lost and counted, and its ticket comes
    /// back to be confirmed at once: it holds in memory only.
    pub fn store(&self, ticket: u64, change: Change) -> Option<u64> {
        self.queue.try_send((ticket, change)).err().map(|_| {
            self.lost.fetch_add(1, Relaxed);
            ticket
        })
    }
}

/// Writes a batch in one transaction; the error in words.
type Write = Box<dyn FnMut(&[Change]) -> Result<(), String> + Send>;

struct Writer {
    write: Write,
    engine: mpsc::Sender<Input>,
    alarms: Alarms,
    /// Not written yet, oldest first.
    pending: Vec<Change>,
    /// The last of them, still to be confirmed.
    ticket: u64,
    failing: bool,
    lost: Arc<AtomicU64>,
}

impl Writer {
    fn run(&mut self, queued: &Receiver<(u64, Change)>) {
        let mut open = true;
        while open {
            let wait = if self.pending.is_empty() { FOREVER } else { RETRY };
            match queued.recv_timeout(wait) {
                Ok((ticket, change)) => {
                    self.take(ticket, change);
                    open = self.gather(queued);
                    self.commit();
                    let _ = self.engine.blocking_send(Input::Stored(self.ticket));
                    // More changes come together in the meantime: fewer commits under load.
                    std::thread::sleep(GATHER);
                }
                Err(RecvTimeoutError::Timeout) => self.commit(),
                Err(RecvTimeoutError::Disconnected) => {
                    open = false;
                    self.commit();
                }
            }
        }
    }

    /// Takes what is queued, and waits for more as long as nobody waits for what there is. `false` if no more will come.
    fn gather(&mut self, queued: &Receiver<(u64, Change)>) -> bool {
        let (until, mut room) = (Instant::now() + CALLS_WAIT, BATCH);
        loop {
            while room > 0 {
                match queued.try_recv() {
                    Ok((ticket, change)) => self.take(ticket, change),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return false,
                }
                room -= 1;
            }
            let late = room == 0 || self.failing || Instant::now() >= until;
            if late || self.pending.iter().any(is_awaited) {
                return true;
            }
            std::thread::sleep(GATHER);
        }
    }

    fn take(&mut self, ticket: u64, change: Change) {
        self.ticket = ticket;
        self.pending.push(change);
    }

    fn commit(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match (self.write)(&self.pending) {
            Ok(()) => {
                self.pending.clear();
                if std::mem::take(&mut self.failing) {
                    info!("call records and registrations are written again");
                    self.alarms.clear(ALARM);
                }
            }
            Err(e) => self.failed(&e),
        }
    }

    fn failed(&mut self, fault: &str) {
        if !std::mem::replace(&mut self.failing, true) {
            error!("call records and registrations cannot be written: {fault}");
        }
        self.alarms.raise(
            ALARM,
            format!("Call records and registrations cannot be written ({fault}). Calls go on. Free space on the disk of the database."),
        );
        let beyond = self.pending.len().saturating_sub(KEPT);
        self.pending.drain(..beyond);
        self.lost.fetch_add(beyond as u64, Relaxed);
    }
}

/// Whether an answer to a phone waits for it (SIP-06).
fn is_awaited(change: &Change) -> bool {
    match change {
        // A lamp must not go dark because its row was on the way when the program was killed.
        Change::Bind(_) | Change::Unbind { .. } | Change::Subscribed(_) => true,
        Change::CallOpened(_)
        | Change::CallAnswered { .. }
        | Change::CallTraced { .. }
        | Change::CallClosed(_)
        | Change::CallParties(_)
        | Change::Unsubscribed { .. }
        | Change::Turn { .. }
        | Change::Usage(_)
        | Change::Emergency(_)
        | Change::Alert(_)
        | Change::LastCall { .. }
        | Change::LastCaller { .. } => false,
    }
}

const ALARM: &str = "records";
/// Changes that may wait for the disk.
const QUEUE: usize = 65_536;
/// Changes of one transaction.
const BATCH: usize = 4096;
/// Changes kept while the disk does not take them; beyond, the oldest are lost and counted.
const KEPT: usize = 20_000;
/// How long changes of calls may wait for others: a killed program loses no more of them.
const CALLS_WAIT: Duration = Duration::from_millis(60);
const GATHER: Duration = Duration::from_millis(3);
const RETRY: Duration = Duration::from_secs(1);
const FOREVER: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use config::DeviceId;

    use super::*;

    fn change(device: i64) -> Change {
        Change::Unbind { device: DeviceId(device), key: String::new() }
    }

    struct Rig {
        writer: Writer,
        inputs: mpsc::Receiver<Input>,
        written: Arc<Mutex<Vec<usize>>>,
        disk_full: Arc<Mutex<bool>>,
    }

    fn rig() -> Rig {
        let (engine, inputs) = mpsc::channel(8);
        let (written, disk_full) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(false)));
        let (log, full) = (written.clone(), disk_full.clone());
        let write = Box::new(move |changes: &[Change]| {
            if *full.lock().unwrap() {
                return Err("disk full".to_owned());
            }
            log.lock().unwrap().push(changes.len());
            Ok(())
        });
        let lost = Arc::new(AtomicU64::new(0));
        let alarms = Alarms::default();
        let writer = Writer { write, engine, alarms, pending: vec![], ticket: 0, failing: false, lost };
        Rig { writer, inputs, written, disk_full }
    }

    fn stored(inputs: &mut mpsc::Receiver<Input>) -> Option<u64> {
        match inputs.try_recv() {
            Ok(Input::Stored(ticket)) => Some(ticket),
            _ => None,
        }
    }

    /// SIP-06
    #[test]
    fn what_is_queued_is_one_transaction_and_the_highest_ticket_confirms_it() {
        let mut rig = rig();
        let (queue, queued) = sync_channel(8);
        (1..=5).for_each(|n| queue.send((n, change(1))).unwrap());
        drop(queue);
        rig.writer.run(&queued);
        assert_eq!(*rig.written.lock().unwrap(), [5]);
        assert_eq!(stored(&mut rig.inputs), Some(5));
        assert_eq!(stored(&mut rig.inputs), None);
    }

    /// SIP-45
    #[test]
    fn changes_of_calls_wait_for_each_other_until_a_registration_comes() {
        let mut rig = rig();
        let (queue, queued) = sync_channel(8);
        let call = |n: u64| (n, Change::CallOpened(Box::default()));
        [call(1), call(2), (3, change(1)), call(4)].into_iter().for_each(|c| queue.send(c).unwrap());
        let (ticket, change) = queued.recv().unwrap();
        rig.writer.take(ticket, change);
        assert!(rig.writer.gather(&queued));
        assert_eq!((rig.writer.pending.len(), rig.writer.ticket), (4, 4));
        rig.writer.pending.clear();
        queue.send(call(5)).unwrap();
        let began = Instant::now();
        assert!(rig.writer.gather(&queued));
        assert!(began.elapsed() >= CALLS_WAIT);
        assert_eq!(rig.writer.pending.len(), 1);
        drop(queue);
        assert!(!rig.writer.gather(&queued));
    }

    #[test]
    fn a_full_disk_confirms_raises_an_alarm_and_is_tried_again() {
        let mut rig = rig();
        *rig.disk_full.lock().unwrap() = true;
        let (queue, queued) = sync_channel(8);
        queue.send((1, change(1))).unwrap();
        drop(queue);
        rig.writer.run(&queued);
        assert_eq!(stored(&mut rig.inputs), Some(1));
        assert_eq!(rig.writer.alarms.list().len(), 1);
        *rig.disk_full.lock().unwrap() = false;
        rig.writer.commit();
        assert_eq!(*rig.written.lock().unwrap(), [1]);
        assert!(rig.writer.alarms.list().is_empty());
    }

    #[test]
    fn a_disk_that_stays_full_loses_the_oldest_changes() {
        let mut rig = rig();
        *rig.disk_full.lock().unwrap() = true;
        rig.writer.pending = (0..KEPT as i64 + 3).map(change).collect();
        rig.writer.commit();
        assert_eq!(rig.writer.pending.len(), KEPT);
        assert!(matches!(rig.writer.pending[0], Change::Unbind { device: DeviceId(3), .. }));
        assert_eq!(rig.writer.lost.load(Relaxed), 3);
    }

    #[test]
    fn what_comes_while_the_disk_is_full_is_taken_all_the_same() {
        let mut rig = rig();
        rig.writer.failing = true;
        rig.writer.pending = (0..KEPT as i64).map(change).collect();
        let (queue, queued) = sync_channel(8);
        (1..=5).for_each(|n| queue.send((n, change(1))).unwrap());
        assert!(rig.writer.gather(&queued));
        assert_eq!((rig.writer.pending.len(), rig.writer.ticket), (KEPT + 5, 5));
    }

    #[test]
    fn a_full_queue_confirms_at_once() {
        let (queue, _queued) = sync_channel(1);
        let records = Records { queue, lost: Arc::default() };
        assert_eq!(records.store(1, change(1)), None);
        assert_eq!(records.store(2, change(1)), Some(2));
        assert_eq!(records.lost.load(Relaxed), 1);
    }
}
