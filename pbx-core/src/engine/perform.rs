//! Lets a call's script go on, and does what it wants.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

use super::{Engine, editing::Waiting};
use crate::call::{Cause, script::Action};
use crate::{ids::CallId, io::Now, timers::Timer};

impl Engine {
    /// One step of the call's script. A panic inside ends this call and no other.
    pub(super) fn step(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        if let Some(at) = call.wake_at.take() {
            self.timers.clear(at, Timer::Script(id));
        }
        let Some(script) = &mut call.script else { return };
        call.handle.wake(now);
        let polled = catch_unwind(AssertUnwindSafe(|| script.step()));
        let actions = call.handle.take_actions();
        if let (Ok(Poll::Pending), Some(at)) = (&polled, call.handle.wake_at()) {
            call.wake_at = Some(at);
            self.timers.set(at, Timer::Script(id));
        }
        let name = call.record.name.clone();
        for action in actions {
            self.perform(now, id, action);
        }
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(cause)) => self.end_by_script(now, id, cause),
            Err(_) => {
                self.counters.panics += 1;
                tracing::error!(call.id = %name, "a feature failed; its call is ended, others are not concerned");
                self.end(now, id, Cause::Fault, Cause::Fault.text().into());
            }
        }
    }

    fn perform(&mut self, now: Now, id: CallId, action: Action) {
        if self.calls.running.get(&id).is_none_or(|call| call.is_ending()) {
            return;
        }
        match action {
            Action::Answer => self.answer_alone(now, id),
            Action::Dial(dial) => self.add_callee(now, id, dial),
            Action::Cancel(leg, hush) => self.clear(now, leg, hush),
            Action::Talk(leg) => self.connect(now, id, leg),
            Action::Adopt(leg) => self.adopt(now, id, leg),
            Action::Tone(tone) => self.play_tone(id, tone),
            Action::Prompt(leg) => self.prompt(now, id, leg),
            Action::Take(wanted) => self.take(now, id, &wanted),
            Action::Park { lot, slot, by } => self.park(now, id, lot, (slot, by)),
            Action::Unpark => self.unpark(now, id),
            Action::ParkHeld(lot, slot) => self.park_held(now, id, lot, slot),
            Action::Return(cause) => self.give_back(now, id, cause),
            Action::Alarm(user) => self.alarm(now, id, user),
            Action::Help(row) => self.remember_help(now, id, row),
            Action::Leave(leave) => self.leave(now, id, leave),
            Action::Store(change) => {
                let stored = self.records.store(change);
                self.out.push_back(stored);
            }
            Action::Echo => self.echo(id),
            Action::Quiet => self.quiet(id),
            Action::Mix(leg) => self.mix(now, id, leg),
            Action::Edit(ticket, edit) => self.edit(ticket, edit, Waiting::Call(id)),
        }
    }
}
