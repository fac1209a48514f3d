//! The thread that writes what calls change in the configuration, one after the other in the order they came. FC-11.
//!
//! When its queue is full – the disk hangs, or somebody dials codes faster than it writes – an edit is refused at once, and
//! the caller hears so: nothing that was confirmed is ever lost.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use config::{Db, edits::Edit};
use pbx_core::Input;
use tokio::sync::mpsc;
use tracing::warn;

use super::clock::unix_ms;

/// The engine's end of the queue. Dropping it has the rest written and the thread end.
#[derive(Debug)]
pub struct Edits {
    queue: SyncSender<(u64, Box<Edit>)>,
}

/// Starts the thread; it answers by `Input::Edited` to `engine`.
pub fn start(db: Db, engine: mpsc::Sender<Input>) -> std::io::Result<Edits> {
    let (queue, queued) = sync_channel(QUEUE);
    std::thread::Builder::new().name("edits".into()).spawn(move || run(&db, &engine, &queued))?;
    Ok(Edits { queue })
}

impl Edits {
    /// Queues an edit; the answer, if there is no room for it.
    pub fn write(&self, ticket: u64, edit: Box<Edit>) -> Option<Input> {
        let (ticket, edit) = self.queue.try_send((ticket, edit)).err().map(|refused| match refused {
            std::sync::mpsc::TrySendError::Full(back) | std::sync::mpsc::TrySendError::Disconnected(back) => {
                back
            }
        })?;
        warn!(tenant.id = %edit.tenant, "an edit by phone is refused: too many wait for the disk");
        Some(Input::Edited { ticket, outcome: Err("too many edits wait for the disk".into()) })
    }
}

fn run(db: &Db, engine: &mpsc::Sender<Input>, queued: &Receiver<(u64, Box<Edit>)>) {
    for (ticket, edit) in queued {
        let outcome = db.carry_out_edit(&edit, unix_ms()).map(|_| ()).map_err(|error| error.in_words());
        if engine.blocking_send(Input::Edited { ticket, outcome }).is_err() {
            break;
        }
    }
}

/// Edits that may wait.
const QUEUE: usize = 256;

#[cfg(test)]
mod tests {
    use config::{TenantId, UserId};

    use super::*;

    fn forward(to: &str) -> Box<Edit> {
        Box::new(Edit {
            tenant: TenantId(1),
            by: Some(UserId(1)),
            table: "users",
            id: 1,
            fields: vec![("forward_always", to.into())],
            reason: "code *72".into(),
            proof: None,
        })
    }

    /// FC-11
    #[test]
    fn each_edit_is_answered_in_order_also_the_one_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let (engine, mut inputs) = mpsc::channel(8);
        let edits = start(db, engine).unwrap();
        assert!(edits.write(1, forward("102")).is_none());
        assert!(edits.write(2, forward("99")).is_none());
        drop(edits);
        let Some(Input::Edited { ticket: 1, outcome: Ok(()) }) = inputs.blocking_recv() else { panic!() };
        let Some(Input::Edited { ticket: 2, outcome: Err(why) }) = inputs.blocking_recv() else { panic!() };
        assert!(why.contains("There is no extension 99"), "{why}");
        assert!(inputs.blocking_recv().is_none(), "the thread ends with its queue");
    }

    /// FC-11
    #[test]
    fn an_edit_without_room_is_refused_at_once() {
        let (queue, _queued) = sync_channel(1);
        let edits = Edits { queue };
        assert!(edits.write(1, forward("102")).is_none());
        assert!(matches!(edits.write(2, forward("103")), Some(Input::Edited { ticket: 2, outcome: Err(_) })));
    }
}
