//! Calls for help, as the carrier, the house and the administrators see them. GEO-01…08, SIP-42.

use config::{
    GeolocationId,
    numbering::Class,
    records::outside::AlertKind,
    snapshot::{CivicAddress, Forwards, Geolocation},
};
use sip_stack::Name;
use tests::{Habit, Nat, State, World, ms, secs};

use crate::{
    outside::{header, outside},
    rough, seeds,
};

/// The company has an office in Berlin, where 102 is told of calls for help; help calls back +49 30 1234599.
fn office(world: &mut World) {
    world.config(|c| {
        let callback = c.add_number("+49301234599").id;
        c.places.push(Geolocation {
            id: GeolocationId(1),
            tenant: c.tenant.id,
            name: "Office".into(),
            address: CivicAddress {
                country: "de".into(),
                city: "Berlin".into(),
                street: "Invalidenstr.".into(),
                house_number: "12".into(),
                floor: "3".into(),
                ..CivicAddress::default()
            },
            callback: Some(callback),
            notify: vec!["gate@example.com".into()],
            ring: vec![],
        });
        c.tenant.calling.geolocation = Some(GeolocationId(1));
        c.trunks[0].pidf_lo = true;
    });
}

/// GEO-01, GEO-02, GEO-05, GEO-08, SIP-42
#[test]
fn a_call_for_help_carries_the_address_shows_the_callback_number_and_is_told() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        office(&mut world);
        world.dials(alice, "112");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        let invite = world.phone(carrier).last_invite.clone().unwrap();
        let body = String::from_utf8_lossy(&invite.body()).into_owned();
        for part in [
            "v=0",
            "Content-Type: application/pidf+xml",
            "<cl:RD>Invalidenstr.</cl:RD>",
            "<cl:FLR>3</cl:FLR>",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        let cid = header(&mut world, carrier, Name::Geolocation);
        let id = cid.split(['<', '>', ':']).find(|part| part.contains('@')).unwrap_or_default();
        assert!(cid.contains("cid:") && body.contains(&format!("Content-ID: <{id}>")), "{cid} {body}");
        assert!(header(&mut world, carrier, Name::ContentType).starts_with("multipart/mixed"));
        assert!(header(&mut world, carrier, Name::PAssertedIdentity).contains("+49301234599"));
        world.run_for(secs(2));
        world.assert_talking(alice, carrier);
        world.hangs_up(alice);
        world.run_until_idle();
        let alert = &world.store.alerts[0];
        assert_eq!(
            (alert.kind, alert.mail.as_slice()),
            (AlertKind::Emergency, &["gate@example.com".to_owned()][..])
        );
        let said = "101 User 101 called 112 from Office, Invalidenstr. 12, floor 3, Berlin, DE at ";
        assert!(alert.text.contains(said), "{}", alert.text);
        assert!(world.store.usage.is_empty(), "help costs nobody's minutes");
        world.assert_quiet();
    });
}

/// GEO-07: neither suspension, role, want of room nor a limit holds back a call for help.
#[test]
fn nothing_holds_back_a_call_for_help() {
    seeds(|seed| {
        let mut world = World::with(seed, |options| options.max_calls = 1);
        let (alice, carrier) = outside(&mut world);
        world.company.add_user("102");
        world.config(|_| {});
        let bob = world.plug_in("102");
        world.config(|c| {
            c.user("101").suspended = true;
            c.add_role("Lobby", "", &["101"]);
            c.user("101").calling.most = Some(Class::Internal);
        });
        world.dials(alice, "089123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        world.config(|c| c.user("102").suspended = false);
        world.dials(bob, "999999");
        world.run_until_idle();
        world.dials(alice, "110");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        // There is room for one call only, and it is taken.
        world.dials(bob, "101");
        world.run_until(secs(30), |w| w.state(bob) == State::Refused(503));
        world.hangs_up(carrier);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GEO-07, R-01
#[test]
fn a_suspended_company_still_calls_for_help() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| c.tenant.suspended = true);
        world.dials(alice, "089123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.phone(carrier).invited, 0);
        world.dials(alice, "112");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, carrier);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GEO-07
#[test]
fn a_call_for_help_begins_when_all_room_is_taken() {
    let mut world = World::with(3, |options| options.max_calls = 1);
    let (alice, carrier) = outside(&mut world);
    world.company.add_user("102");
    world.company.add_user("103");
    world.config(|_| {});
    let [bob, carol] = ["102", "103"].map(|number| world.plug_in(number));
    world.dials(bob, "103");
    world.run_until(secs(30), |w| w.state(carol) == State::Rings);
    world.dials(alice, "112");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
    world.hangs_up(alice);
    world.hangs_up(bob);
    world.run_until_idle();
    world.assert_quiet();
}

/// GEO-08: the phones of those who are named ring and say who calls for help.
#[test]
fn people_in_the_house_are_rung_when_somebody_calls_for_help() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        office(&mut world);
        world.config(|c| {
            c.add_user("102");
            let gate = c.user("102").id;
            c.places[0].ring = vec![gate];
        });
        let gate = world.plug_in("102");
        world.habit(gate, Habit::Ring);
        world.dials(alice, "112");
        world.run_until(secs(30), |w| w.state(gate) == State::Rings && w.state(alice) == State::Up);
        let from = header(&mut world, gate, Name::From);
        assert!(from.contains("EMERGENCY User 101") && from.contains("sip:101@"), "{from}");
        world.answers(gate);
        world.run_for(secs(8));
        assert_eq!(world.state(gate), State::Idle, "it hears a tone, and its call is over");
        assert_eq!(world.state(carrier), State::Up);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-42: for an hour help reaches whoever called it, past their forward, also after a restart.
#[test]
fn help_calls_back_past_forwards_and_over_a_restart() {
    let mut world = World::new(5);
    let (alice, carrier) = outside(&mut world);
    office(&mut world);
    world.company.add_user("102");
    world.config(|_| {});
    let bob = world.plug_in("102");
    world.dials(alice, "112");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    world.hangs_up(alice);
    world.run_until_idle();
    world.config(|c| {
        c.user("101").forwards = Forwards { always: Some("102".into()), ..Forwards::default() };
        c.user("101").dnd = true;
    });
    world.kill_and_restart();
    world.register(alice);
    world.run_for(secs(2));
    world.dials(carrier, "+49301234599");
    world.run_until(secs(20), |w| w.state(alice) == State::Rings);
    assert_eq!(world.phone(bob).invited, 0);
    world.hangs_up(carrier);
    world.run_until_idle();
    world.run_for(secs(3600));
    world.register(alice);
    world.register(bob);
    let before = world.phone(alice).invited;
    world.dials(carrier, "+49301234599");
    world.run_for(secs(3));
    assert_eq!(world.phone(alice).invited, before, "an hour is over");
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-42, USR-05, R-01: who is suspended, alone or with the whole company, is called back by help where they called from,
/// also after a restart, and by nobody else.
#[test]
fn help_calls_back_a_phone_that_may_not_register() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        office(&mut world);
        world.company.add_user("102");
        world.config(|_| {});
        let bob = world.plug_in("102");
        world.config(|c| match seed.is_multiple_of(2) {
            true => c.user("101").suspended = true,
            false => c.tenant.suspended = true,
        });
        world.dials(alice, "112");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.hangs_up(alice);
        world.run_until_idle();
        if seed.is_multiple_of(3) {
            world.kill_and_restart();
        }
        world.dials(bob, "101");
        world.run_until(secs(30), |w| matches!(w.state(bob), State::Refused(_)));
        assert_eq!(world.phone(alice).invited, 0, "nobody in the house reaches who is suspended");
        world.habit(alice, Habit::Answer(ms(500)));
        world.dials(carrier, "+49301234599");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, carrier);
        world.hangs_up(carrier);
        world.run_until_idle();
        let trace = &world.record().trace;
        assert!(trace.contains("help was called from there"), "{trace}");
        world.run_for(secs(3600));
        let before = world.phone(alice).invited;
        world.dials(carrier, "+49301234599");
        world.run_until(secs(30), |w| matches!(w.state(carrier), State::Refused(_)));
        assert_eq!(world.phone(alice).invited, before, "an hour is over");
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-42, SIP-07: who tries to register since is followed, and kept reachable through NAT for that hour and no longer.
#[test]
fn a_suspended_phone_behind_nat_stays_reachable_for_help() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60)).duplicates(0.02);
        let (alice, carrier) = outside(&mut world);
        office(&mut world);
        world.config(|c| c.user("101").suspended = true);
        world.tries_to_register(alice);
        assert_eq!(world.phone(alice).registered, None);
        world.dials(alice, "112");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.hangs_up(alice);
        world.run_until_idle();
        assert!(world.phone(alice).asked_at.is_empty(), "there is no NAT in front of it");
        world.phone(alice).nat = Some(Nat::new("192.168.1.7:5060", secs(45)));
        world.tries_to_register(alice);
        assert_eq!(world.phone(alice).registered, None, "it may call for help, no more");
        assert_eq!(world.metric("dialtone_bindings"), 0.0);
        world.run_for(secs(1800));
        world.dials(carrier, "+49301234599");
        world.run_until(secs(4), |w| w.state(alice) == State::Rings);
        let invite = world.phone(alice).last_invite.clone().unwrap();
        assert_eq!(invite.request_uri(), Some(&b"sip:101@192.168.1.7:5060"[..]), "as it registers");
        world.hangs_up(carrier);
        world.run_for(secs(1900));
        let asked = world.phone(alice).asked_at.len();
        assert!(asked > 100, "{asked}");
        world.run_for(secs(600));
        assert_eq!(world.phone(alice).asked_at.len(), asked, "the hour is over");
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GEO-07: on a trunk whose channels are all taken, the youngest other call gives its own up.
#[test]
fn a_call_for_help_takes_the_channel_of_the_youngest_call() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.phone(carrier).lines = 4;
        world.company.add_user("102");
        world.company.add_user("103");
        world.config(|c| c.trunks[0].channels = Some(2));
        let [bob, carol] = ["102", "103"].map(|number| world.plug_in(number));
        world.dials(bob, "089123456");
        world.run_until(secs(30), |w| w.state(bob) == State::Up);
        world.dials(carol, "089123456");
        world.run_until(secs(30), |w| matches!(w.state(carol), State::HearsRinging(_)));
        world.dials(alice, "112");
        world.run_until(secs(30), |w| matches!(w.state(alice), State::HearsRinging(_)));
        world.run_until(secs(30), |w| w.state(carol) == State::Refused(503));
        assert_eq!(world.state(bob), State::Up, "the older one goes on");
        world.dials(carol, "089123456");
        world.run_until(secs(30), |w| w.state(carol) == State::Refused(503));
        assert_eq!(world.phone(carrier).invited, 3, "there is no room for her");
        world.hangs_up(alice);
        world.hangs_up(bob);
        world.run_until_idle();
        let gave = |row: &&config::records::CallRow| row.cause.contains("Gave way to an emergency call");
        assert_eq!(world.store.calls.values().filter(gave).count(), 1);
        world.assert_quiet();
    });
}

/// HD-06, GEO-07: a phone that nobody has logged in to calls for help, from where it stands, and nobody else.
#[test]
fn an_idle_hotdesk_phone_calls_for_help() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (_, carrier) = outside(&mut world);
        office(&mut world);
        world.config(|c| c.add_hotdesk("desk1"));
        let desk = world.plug_in("desk1");
        world.dials(desk, "089123456");
        world.run_until(secs(30), |w| w.state(desk) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.phone(carrier).invited, 0);
        world.dials(desk, "112");
        world.run_until(secs(30), |w| w.state(desk) == State::Up && w.state(carrier) == State::Up);
        assert!(header(&mut world, carrier, Name::PAssertedIdentity).contains("+49301234599"));
        world.hangs_up(desk);
        world.run_until_idle();
        assert!(world.store.alerts[0].text.contains("from Office"), "{:?}", world.store.alerts);
        world.assert_quiet();
    });
}
