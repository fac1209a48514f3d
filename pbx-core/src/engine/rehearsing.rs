//! A call that is only rehearsed: it begins without anybody's INVITE. See [`super::rehearse`].

use std::{rc::Rc, sync::Arc};

use super::{
    Engine,
    rehearse::{From, Rehearsal},
};
use crate::{
    call::{
        Call, Running,
        leg::Party,
        running::Record,
        script::{Facts, Script},
    },
    features,
    io::Now,
    live,
    route::{self, Question, Route, inbound},
};

impl Engine {
    /// Begins the call; nothing happens if there is no such tenant.
    pub(crate) fn rehearse(&mut self, now: Now, of: &Rehearsal) {
        let snapshot = self.snapshot.clone();
        let Some(tenant) = snapshot.tenant(of.tenant) else { return };
        let caller = of.caller();
        let route = arriving(of, now).unwrap_or_else(|| {
            route::route(&Question {
                snapshot: &snapshot,
                tenant: tenant.id,
                caller: &caller,
                dialled: &of.dialled,
                utc: now.utc,
            })
        });
        let user = caller.user.and_then(|id| snapshot.user(tenant.id, id));
        let party = Party {
            number: caller.number.clone(),
            name: user.map(|user| user.full_name()).unwrap_or_default(),
            user: caller.user,
            device: caller.device,
        };
        let device = caller.device;
        let facts = Facts {
            snapshot: snapshot.clone(),
            tenant: tenant.clone(),
            caller,
            office: Rc::clone(&self.office),
        };
        let (id, nobody) = (self.calls.new_id(), self.office.new_leg());
        let name: Arc<str> = live::call_id(now.utc.timestamp_millis(), 0).into();
        let record = Record::new(name, now, party, of.dialled.clone());
        let handle = Call::new(facts, now);
        if let Some(device) = device {
            handle.set_caller_device(device);
        }
        self.add_call(Running::new(id, handle, nobody, record));
        let run = |call, to| Script::new(features::run(call, to));
        self.start(now, id, route, ("rehearsal", run));
        self.settle(now);
    }
}

/// Where a call from outside goes; `None` if it is none.
fn arriving(of: &Rehearsal, now: Now) -> Option<Route> {
    let From::Outside(number) = &of.from else { return None };
    let trunk = of.snapshot.trunks_of(of.tenant).first().copied().cloned()?;
    let arrived = inbound::Arrived {
        snapshot: &of.snapshot,
        trunk: &trunk,
        called: &of.dialled,
        caller: number,
        utc: now.utc,
    };
    inbound::route(&arrived).map(|inbound| inbound.route)
}
