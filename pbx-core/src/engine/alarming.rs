//! A call of the system itself: phones in the house ring while somebody calls for help. GEO-08.

use std::{rc::Rc, sync::Arc};

use config::UserId;
use rand::Rng;

use super::Engine;
use crate::{
    call::{
        Call, Running,
        leg::Party,
        running::Record,
        script::{Facts, Script},
    },
    features,
    ids::CallId,
    io::Now,
    live,
    route::{Caller, Route, Way},
};

impl Engine {
    /// Rings the phones of `user` for the call for help `of`. The display shows who calls, and where from.
    pub(super) fn alarm(&mut self, now: Now, of: CallId, user: UserId) {
        let Some(call) = self.calls.running.get(&of) else { return };
        let own = call.handle.facts();
        let caller = call.record.caller.clone();
        let facts = Facts {
            snapshot: own.snapshot.clone(),
            tenant: own.tenant.clone(),
            caller: Caller { number: caller.number.clone(), ..Caller::default() },
            office: Rc::clone(&own.office),
        };
        let called =
            own.snapshot.user(own.tenant.id, user).and_then(|user| user.number.clone()).unwrap_or_default();
        let (id, nobody) = (self.calls.new_id(), self.office.new_leg());
        let name: Arc<str> = live::call_id(now.utc.timestamp_millis(), self.random.random()).into();
        let party = Party { number: called.clone(), ..Party::default() };
        // The phone shows whom the call is about, as one from the portal shows whom it is going to call.
        let record = Record::new(name, now, party, caller.number);
        self.add_call(Running::new(id, Call::new(facts, now), nobody, record));
        let route = Route {
            to: Ok(Way::To(config::snapshot::Destination::Extension(called))),
            trace: vec![("Alarm", "a colleague calls for help".into(), "geolocation")],
        };
        let run = move |call, _| Script::new(features::alarm(call, user));
        self.start(now, id, route, ("emergency call", run));
    }
}
