//! Calls that begin without a network: what an engine does with scripts that fail, and how large a call is.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use chrono::DateTime;
use config::{
    DeviceId, ExtensionId, Snapshot, TenantId, UserId,
    snapshot::{Device, Encryption, Extension, Forwards, Ha1, Night, Ring, Rows, Target, Tenant, User},
};
use sip_stack::Transport;

use super::*;
use crate::{
    bindings::Contact,
    call::script::Event,
    ids::CallId,
    io::{Options, Output},
};

fn now() -> Now {
    Now { at: Instant::now(), utc: DateTime::UNIX_EPOCH }
}

fn user(id: i64, number: &str) -> User {
    User {
        id: UserId(id),
        tenant: TenantId(1),
        first_name: "User".into(),
        last_name: number.into(),
        suspended: false,
        number: Some(number.into()),
        role: None,
        site: None,
        zone: None,
        dnd: false,
        dnd_until: None,
        forwards: Forwards::default(),
        department: None,
        numbers: vec![],
        calling: config::snapshot::Calling::default(),
    }
}

fn device(id: i64, number: &str) -> Device {
    Device {
        id: DeviceId(id),
        tenant: TenantId(1),
        user: Some(UserId(id)),
        name: format!("Phone {number}"),
        username: number.into(),
        ha1: Ha1 { md5: [0; 16], sha256: [0; 32] },
        ring: Ring::Immediate,
        max_contacts: 1,
        auto_answer: false,
        unasked_counts: false,
        geolocation: None,
        site: None,
        hotdesk: false,
        model: None,
        encryption: Encryption::default(),
    }
}

fn extension(id: i64, number: &str) -> Extension {
    Extension {
        id: ExtensionId(id),
        tenant: TenantId(1),
        number: number.into(),
        target: Target::User(UserId(id)),
    }
}

fn engine(now: Now) -> Engine {
    let mut rows = Rows::default();
    let tenant = Tenant {
        id: TenantId(1),
        name: "Example".into(),
        domain: "example.test".into(),
        country: "us".into(),
        inband_ringback: false,
        site: None,
        calling: config::snapshot::TenantCalling::default(),
        night: Night::default(),
        suspended: false,
    };
    Rows::put(&mut rows.tenants, [tenant]);
    Rows::put(&mut rows.users, [user(1, "101"), user(2, "102")]);
    Rows::put(&mut rows.devices, [device(1, "101"), device(2, "102")]);
    Rows::put(&mut rows.extensions, [extension(1, "101"), extension(2, "102")]);
    let options = Options {
        listeners: vec![(Transport::Udp, "10.0.0.1:5060".parse().unwrap())],
        external_address: None,
        rtp_ports: 20_000..=20_099,
        workers: 1,
        max_calls: 10,
        seed: [1; 32],
    };
    Engine::new(now, options, Arc::new(Snapshot::of(1, rows)), crate::Stored::default())
}

fn flow(host: u8) -> Flow {
    let remote = format!("10.0.1.{host}:5060").parse().unwrap();
    Flow { transport: Transport::Udp, local: "10.0.0.1:5060".parse().unwrap(), remote }
}

fn begin(engine: &mut Engine, now: Now, invite: u64) -> CallId {
    let snapshot = engine.snapshot.clone();
    let identity = Identity {
        tenant: snapshot.tenant(TenantId(1)).unwrap().clone(),
        device: snapshot.device(TenantId(1), DeviceId(1)).unwrap().clone(),
        user: snapshot.user(TenantId(1), UserId(1)).cloned(),
    };
    let admitted = Admitted {
        identity,
        dialled: "102".into(),
        offer: Offer::Usable(None),
        max_forwards: 69,
        claim: None,
    };
    let beginning = engine.placed(now, admitted);
    engine.begin(now, (InviteId(invite), flow(1)), beginning).unwrap();
    *engine.calls.running.keys().max().unwrap()
}

fn register(engine: &mut Engine, now: Now) {
    let contact = Contact {
        key: "sip:102@10.0.1.2".into(),
        uri: "sip:102@10.0.1.2".into(),
        path: String::new(),
        flow: flow(2),
        user_agent: "Phone".into(),
        call_id: "1".into(),
        cseq: 1,
        expires: Duration::from_secs(3600),
    };
    engine.office.bindings.borrow_mut().bind(now, TenantId(1), DeviceId(2), contact);
}

/// The only panic of a feature ends the only call it runs for.
#[test]
fn a_feature_that_panics_ends_its_own_call_only() {
    let now = now();
    let mut engine = engine(now);
    register(&mut engine, now);
    let bad = begin(&mut engine, now, 9001);
    let good = begin(&mut engine, now, 9002);
    engine.step(now, good);
    engine.calls.running.get_mut(&bad).unwrap().script =
        Some(Script::new(async { panic!("a fault in a feature") }));
    engine.step(now, bad);
    assert_eq!(engine.counters.panics, 1);
    assert!(engine.calls.running.get(&bad).is_none_or(|call| call.is_ending()));
    let good = &engine.calls.running[&good];
    assert!(!good.is_ending() && good.legs.len() == 2);
}

/// RNG-06: an answer that was overtaken by another never reaches the script.
#[test]
fn events_of_a_cleared_leg_are_dropped() {
    let now = now();
    let mut engine = engine(now);
    register(&mut engine, now);
    let id = begin(&mut engine, now, 9001);
    engine.step(now, id);
    let leg = engine.calls.running[&id].legs[1];
    engine.calls.running[&id].handle.tell(Event::Answered(leg));
    engine.clear(now, leg, crate::call::script::Hush::GivenUp);
    engine.step(now, id);
    assert!(engine.calls.running[&id].talking.is_none());
}

/// SIP-45: decisions not taken are in the trace with their reason and the revision.
#[test]
fn the_trace_says_what_was_not_done_and_why() {
    let now = now();
    let mut engine = engine(now);
    let id = begin(&mut engine, now, 9001);
    engine.step(now, id);
    let closed = engine.out.iter().find_map(|output| match output {
        Output::Store { change: Change::CallClosed(row), .. } => Some(&row.trace),
        _ => None,
    });
    let trace = closed.expect("nobody is registered, so the call is over");
    let line = "\"what\":\"Not rung\",\"detail\":\"Phone 102 of 102 User 102: not registered\",\
                \"rule\":\"registration · revision 1\"";
    assert!(trace.contains(line), "{trace}");
}

/// The aims are 1.2 KiB a binding and 30 KiB a call with everything; what is fixed must leave room for what varies.
#[test]
fn rows_stay_small() {
    assert!(size_of::<crate::bindings::Binding>() <= 200, "{}", size_of::<crate::bindings::Binding>());
    assert!(size_of::<Running>() <= 1200, "{}", size_of::<Running>());
    assert!(size_of::<Leg>() <= 1200, "{}", size_of::<Leg>());
}
