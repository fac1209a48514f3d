//! Lines to the public network: registered at, asked, found by name, and called by.

use config::{
    InboundRouteId,
    snapshot::{InboundRoute, Open},
};
use config::{
    TrunkId,
    snapshot::{CalledIn, Cause, Destination, NumberIn, Transport},
};
use pbx_core::live::TrunkState;
use sip_stack::{
    Message, Name,
    resolve::{Kind, Record},
};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

/// Our number, and that of somebody outside.
const OURS: &str = "+49301234500";
pub(crate) const THEIRS: &str = "+4940111222";

/// A carrier with a trunk that registers there.
fn registered(world: &mut World) -> (PhoneId, TrunkId) {
    let carrier = world.carrier(THEIRS);
    let host = world.host(carrier);
    let mut id = TrunkId(0);
    world.config(|c| {
        id = c.add_trunk("Carrier", &host);
        c.trunks[0].account.registers = Some(secs(3600));
    });
    world.run_until(secs(60), |w| state(w, id) == TrunkState::Up);
    (carrier, id)
}

/// A carrier with a trunk that is known by its address.
pub(crate) fn by_address(world: &mut World) -> (PhoneId, TrunkId) {
    let carrier = world.carrier(THEIRS);
    let host = world.host(carrier);
    let mut id = TrunkId(0);
    world.config(|c| id = c.add_trunk("Carrier", &host));
    (carrier, id)
}

fn state(world: &World, trunk: TrunkId) -> TrunkState {
    world.trunks.get(&trunk).map_or(TrunkState::Off, |trunk| trunk.state)
}

fn text(message: &Message, name: Name) -> String {
    message.header(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
}

/// Calls in and talks; what the called phone was shown as From.
fn calls_in(world: &mut World, carrier: PhoneId, number: &str, phone: PhoneId) -> String {
    world.dials(carrier, number);
    world.run_until(secs(40), |w| w.state(phone) == State::Rings);
    world.answers(phone);
    world.run_until(secs(40), |w| w.state(carrier) == State::Up && w.state(phone) == State::Up);
    world.run_for(secs(1));
    world.assert_talking(carrier, phone);
    world.hangs_up(carrier);
    world.run_until_idle();
    world.assert_quiet();
    let invite = world.phone(phone).last_invite.clone().expect("it was called");
    text(&invite, Name::From)
}

/// SIP-38
#[test]
fn a_registration_is_proved_held_and_refreshed_before_it_ends() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (carrier, id) = registered(&mut world);
        for _ in 0..20 {
            world.run_for(secs(60));
            let now = world.now().at;
            let (contact, until) = world.switch(carrier).registered.clone().expect("it is registered");
            assert!(until > now, "it lapsed");
            assert!(contact.contains("sip:line@10.0.0.1:5060"), "{contact}");
        }
        assert!(world.switch(carrier).registers >= 4, "{}", world.switch(carrier).registers);
        assert_eq!((state(&world, id), world.trunks[&id].text.as_str()), (TrunkState::Up, "registered"));
    });
}

/// SIP-38: RFC 3261 §10.2.8
#[test]
fn a_longer_interval_that_the_trunk_wants_is_given() {
    let mut world = World::new(3);
    let carrier = world.carrier(THEIRS);
    let host = world.host(carrier);
    world.switch(carrier).least = 7200;
    world.config(|c| {
        c.add_trunk("Carrier", &host);
        c.trunks[0].account.registers = Some(secs(600));
    });
    world.run_for(secs(5));
    assert!(world.switch(carrier).registered.is_some());
}

/// SIP-38: lost, alarmed, back by itself.
#[test]
fn a_trunk_that_falls_silent_is_down_and_comes_back_by_itself() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (carrier, id) = registered(&mut world);
        world.habit(carrier, Habit::Vanished);
        world.run_until(secs(400), |w| state(w, id) == TrunkState::Down);
        assert!(world.trunks[&id].text.contains("does not answer"), "{}", world.trunks[&id].text);
        assert_eq!(world.metric("dialtone_trunks_down"), 1.0);
        world.habit(carrier, Habit::Ring);
        world.run_until(secs(600), |w| state(w, id) == TrunkState::Up);
        assert_eq!(world.metric("dialtone_trunks_up"), 1.0);
    });
}

/// SIP-38
#[test]
fn a_refused_registration_says_why_and_a_new_password_is_tried_at_once() {
    let mut world = World::new(5);
    let carrier = world.carrier(THEIRS);
    let host = world.host(carrier);
    world.config(|c| {
        c.add_trunk("Carrier", &host);
        c.trunks[0].account.registers = Some(secs(3600));
        c.trunks[0].account.secret = "wrong".into();
    });
    let id = TrunkId(1);
    world.run_until(secs(20), |w| state(w, id) == TrunkState::Down);
    assert!(world.trunks[&id].text.starts_with("registration: 401"), "{}", world.trunks[&id].text);
    let password = world.switch(carrier).password.clone();
    world.config(|c| c.trunks[0].account.secret = password);
    world.run_until(secs(2), |w| state(w, id) == TrunkState::Up);
    world.config(|c| c.trunks.clear());
    world.run_for(secs(2));
    assert!(world.switch(carrier).registered.is_none(), "a trunk that is gone is signed out");
    assert!(world.trunks.is_empty());
}

/// SIP-38
#[test]
fn options_find_out_that_a_trunk_is_gone_and_that_it_is_back() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (carrier, id) = by_address(&mut world);
        world.config(|c| c.trunks[0].health = Some(secs(30)));
        world.run_for(secs(40));
        assert_eq!((state(&world, id), world.trunks[&id].text.as_str()), (TrunkState::Up, "answers"));
        assert!(!world.phone(carrier).asked_at.is_empty());
        world.switch(carrier).options = 503;
        world.run_until(secs(120), |w| state(w, id) == TrunkState::Down);
        world.switch(carrier).options = 404;
        world.run_until(secs(60), |w| state(w, id) == TrunkState::Up);
    });
}

/// SIP-38: SRV with a server that is gone; the other one has us before long.
#[test]
fn of_several_servers_the_one_that_answers_is_registered_at() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (dead, alive) = (world.carrier(THEIRS), world.carrier(THEIRS));
        world.habit(dead, Habit::Vanished);
        let address = |world: &World, phone| Record::Address(world.host(phone).parse().unwrap());
        let (first, second) = (address(&world, dead), address(&world, alive));
        let srv =
            |priority, target: &str| Record::Srv { priority, weight: 1, port: 5060, target: target.into() };
        let name = |text: &str| text.to_owned();
        world.names.insert(
            (name("_sip._udp.carrier.example"), Kind::Srv),
            vec![srv(20, "b.example"), srv(10, "a.example")],
        );
        world.names.insert((name("a.example"), Kind::Address), vec![first]);
        world.names.insert((name("b.example"), Kind::Address), vec![second]);
        world.config(|c| {
            c.add_trunk("Carrier", "carrier.example");
            c.trunks[0].account.registers = Some(secs(3600));
            c.trunks[0].peer.transport = Transport::Dns;
        });
        world.run_until(secs(120), |w| state(w, TrunkId(1)) == TrunkState::Up);
        assert!(world.switch(alive).registered.is_some());
        assert!(world.trunks[&TrunkId(1)].address.starts_with("udp 10.0.1.2"), "{:?}", world.trunks);
    });
}

/// SIP-38
#[test]
fn a_name_that_nobody_knows_is_told_and_asked_again() {
    let mut world = World::new(1);
    world.config(|c| {
        c.add_trunk("Carrier", "carrier.example");
    });
    world.run_for(secs(1));
    let id = TrunkId(1);
    assert_eq!(state(&world, id), TrunkState::Down);
    assert!(world.trunks[&id].text.contains("no address is found for carrier.example"));
    let address = Record::Address("10.0.1.9".parse().unwrap());
    world.names.insert(("carrier.example".into(), Kind::Address), vec![address]);
    world.run_until(secs(60), |w| state(w, id) == TrunkState::Up);
}

/// NUM-02, SIP-39
#[test]
fn a_direct_number_rings_its_user_who_sees_the_caller_in_full() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice] = world.phones(["101"]);
        let (carrier, _) = by_address(&mut world);
        world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
        let from = calls_in(&mut world, carrier, OURS, alice);
        assert!(from.contains(&format!("sip:{THEIRS}@")), "{from}");
        let record = world.record();
        assert_eq!((record.dialled.as_str(), record.caller_number.as_str()), (OURS, THEIRS));
        assert!(record.legs.contains("\"trunk\":\"Carrier\""), "{}", record.legs);
        assert_eq!(world.history("101").map(|(_, result, number)| (result, number)), {
            Some(("answered".into(), THEIRS.into()))
        });
    });
}

/// NUM-03, GRP-10
#[test]
fn a_number_of_a_group_rings_its_members() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let [alice, bob] = world.phones(["101", "102"]);
        let (carrier, _) = by_address(&mut world);
        world.config(|c| {
            c.add_group("600", &["101", "102"], Destination::Hangup(Cause::NoAnswer));
            c.add_number(OURS).ring_group = Some(c.groups[0].id);
        });
        world.dials(carrier, OURS);
        world.run_until(secs(5), |w| w.state(alice) == State::Rings && w.state(bob) == State::Rings);
        world.answers(bob);
        world.run_until(secs(5), |w| w.state(carrier) == State::Up);
        world.run_for(secs(1));
        world.assert_talking(carrier, bob);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-39: the same number, written in each way, in each place.
#[test]
fn the_called_number_is_read_where_and_how_the_trunk_writes_it() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
    for (as_, written) in [
        (NumberIn::Written, "+49301234500"),
        (NumberIn::Written, "0049301234500"),
        (NumberIn::Written, "0301234500"),
        (NumberIn::E164, "49301234500"),
        (NumberIn::National, "301234500"),
        (NumberIn::National, "0301234500"),
    ] {
        world.config(|c| c.trunks[0].incoming.number = as_);
        calls_in(&mut world, carrier, written, alice);
        assert_eq!(world.record().dialled, OURS, "{written}");
    }
    world.config(|c| c.trunks[0].incoming.called = CalledIn::PCalledPartyId);
    world.switch(carrier).adds = vec![(Name::PCalledPartyId, format!("<sip:{OURS}@carrier.example>"))];
    calls_in(&mut world, carrier, "line", alice);
    assert_eq!(world.record().dialled, OURS);
}

/// SIP-39: an extension behind the head number of a block.
#[test]
fn the_longest_number_with_which_the_called_one_begins_decides() {
    let mut world = World::new(2);
    let [alice, bob] = world.phones(["101", "102"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| {
        c.add_number("+493012345").user = Some(c.users[0].id);
        c.add_number("+4930123456").user = Some(c.users[1].id);
    });
    calls_in(&mut world, carrier, "+4930123457", alice);
    calls_in(&mut world, carrier, "+49301234567", bob);
    assert_eq!(world.record().dialled, "+49301234567", "the whole number is in the record");
}

/// SIP-39: the trunk's word on who calls goes before the caller's own, unless the caller is not to be shown.
#[test]
fn the_asserted_caller_is_shown_and_an_anonymous_one_is_not() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
    let asserted = (Name::PAssertedIdentity, "\"Anna Berg\" <sip:030555666@carrier.example>".to_owned());
    world.switch(carrier).adds = vec![asserted.clone()];
    let from = calls_in(&mut world, carrier, OURS, alice);
    assert!(from.contains("\"Anna Berg\" <sip:+4930555666@"), "{from}");
    world.switch(carrier).adds = vec![asserted, (Name::Privacy, "id".into())];
    let from = calls_in(&mut world, carrier, OURS, alice);
    assert!(from.contains("sip:anonymous@") && !from.contains("555666"), "{from}");
}

/// CH-17: also from outside.
#[test]
fn a_blocked_caller_from_outside_is_refused() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| {
        c.add_number(OURS).user = Some(c.users[0].id);
        c.block(THEIRS, None);
    });
    world.dials(carrier, OURS);
    world.run_for(secs(2));
    assert_eq!((world.state(carrier), world.state(alice)), (State::Refused(603), State::Idle));
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-25
#[test]
fn a_trunk_carries_no_more_calls_than_its_channels() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let [alice, bob] = world.phones(["101", "102"]);
        let (carrier, id) = by_address(&mut world);
        let second = world.carrier(THEIRS);
        let source = world.host(second);
        world.config(|c| {
            c.add_number(OURS).user = Some(c.users[0].id);
            c.add_number("+49301234501").user = Some(c.users[1].id);
            c.trunks[0].channels = Some(1);
            c.trunks[0].incoming.sources = config::snapshot::Source::list(&source).unwrap();
        });
        world.dials(carrier, OURS);
        world.run_until(secs(5), |w| w.state(alice) == State::Rings);
        assert_eq!(world.trunks[&id].calls, 1);
        world.dials(second, "+49301234501");
        world.run_until(secs(5), |w| w.state(second) == State::Refused(486));
        assert_eq!(world.state(bob), State::Idle);
        world.hangs_up(carrier);
        world.run_until_idle();
        assert_eq!(world.trunks[&id].calls, 0);
        calls_in(&mut world, second, "+49301234501", bob);
    });
}

/// SIP-39: a stranger, and a number that is nobody's.
#[test]
fn who_is_no_trunk_must_prove_to_be_a_phone_and_unknown_numbers_are_404() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
    let stranger = world.carrier(THEIRS);
    world.dials(stranger, OURS);
    world.run_for(secs(2));
    assert!(matches!(world.state(stranger), State::Refused(401 | 403)), "{:?}", world.state(stranger));
    // Nor does a number outside lead anywhere, though the trunk is known.
    for number in ["+4989999999", "101", "+49301234599"] {
        world.dials(carrier, number);
        world.run_for(secs(2));
        assert_eq!(world.state(carrier), State::Refused(404), "{number}");
    }
    assert_eq!(world.state(alice), State::Idle);
    world.run_until_idle();
    world.assert_quiet();
    assert!(world.store.calls.is_empty());
}

/// SIP-39: the trunk signs in here.
#[test]
fn a_trunk_that_must_prove_itself_does_so_by_its_account() {
    let mut world = World::new(4);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| {
        c.add_number(OURS).user = Some(c.users[0].id);
        c.trunks[0].incoming.challenge = true;
    });
    calls_in(&mut world, carrier, OURS, alice);
    world.config(|c| c.trunks[0].account.secret = "another".into());
    world.dials(carrier, OURS);
    world.run_for(secs(2));
    assert_eq!((world.state(carrier), world.state(alice)), (State::Refused(401), State::Idle));
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-39, MT-15: two companies at one carrier.
#[test]
fn of_two_companies_at_one_carrier_each_gets_its_own_calls() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    let host = world.host(carrier);
    world.config(|c| {
        c.add_number(OURS).user = Some(c.users[0].id);
        let mut other = tests::Company::new(2, "other.test");
        other.add_user("101");
        other.add_trunk("Theirs", &host);
        other.add_number("+49407000").user = Some(other.users[0].id);
        c.neighbours.push(other);
    });
    let bob = world.plug_in("101@other.test");
    calls_in(&mut world, carrier, OURS, alice);
    calls_in(&mut world, carrier, "+49407000", bob);
    assert_eq!(world.record().tenant, 2);
    // A company's trunk brings no calls for numbers of another.
    world.config(|c| c.neighbours[0].trunks.clear());
    world.dials(carrier, "+49407000");
    world.run_for(secs(2));
    assert_eq!(world.state(carrier), State::Refused(404));
    // One that the operator shares does.
    world.config(|c| c.trunks[0].shared = true);
    calls_in(&mut world, carrier, "+49407000", bob);
}

/// An inbound route of the company for all numbers that ring nobody.
fn routed(world: &World, open: Open, open_to: Destination) -> InboundRoute {
    InboundRoute {
        id: InboundRouteId(1),
        tenant: world.company.tenant.id,
        name: "Main line".into(),
        enabled: true,
        numbers: vec![],
        open,
        open_to,
        closed_to: Destination::Hangup(Cause::Busy),
    }
}

/// NUM-07, ICR-01, ICR-05: also a number that is listed nowhere; the one of a user rings them.
#[test]
fn a_number_that_rings_nobody_goes_through_inbound_routing() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let [alice, bob] = world.phones(["101", "102"]);
        let (carrier, _) = by_address(&mut world);
        let route = routed(&world, Open::Always, Destination::Extension("101".into()));
        world.config(|c| {
            c.add_number("+49301234501");
            c.add_number("+49301234502").user = Some(c.users[1].id);
            c.inbound = vec![route];
        });
        calls_in(&mut world, carrier, "+49301234501", alice);
        assert!(world.record().trace.contains("Main line: open (always), Extension 101"));
        calls_in(&mut world, carrier, "+49301239999", alice);
        calls_in(&mut world, carrier, "+49301234502", bob);
    });
}

/// ICR-05
#[test]
fn a_route_may_hang_up_with_a_reason() {
    let mut world = World::new(2);
    let (carrier, _) = by_address(&mut world);
    let route = routed(&world, Open::Always, Destination::Hangup(Cause::Declined));
    world.config(|c| c.inbound = vec![route]);
    world.dials(carrier, OURS);
    world.run_until(secs(2), |w| w.state(carrier) == State::Refused(603));
    world.run_until_idle();
    world.assert_quiet();
}

/// ICR-05: outside again, for the company.
#[test]
fn a_route_may_lead_outside_again() {
    let mut world = World::new(2);
    let (carrier, _) = by_address(&mut world);
    let abroad = world.carrier("+4989555");
    world.habit(abroad, Habit::Answer(ms(300)));
    let host = world.host(abroad);
    let route = routed(&world, Open::Always, Destination::External("+4989123456".into()));
    world.config(|c| {
        c.add_trunk("Out", &host);
        c.trunks[1].priority = 1;
        c.inbound = vec![route];
    });
    world.run_for(secs(1));
    world.dials(carrier, OURS);
    world.run_until(secs(10), |w| w.state(carrier) == State::Up && w.state(abroad) == State::Up);
    world.run_for(secs(1));
    world.assert_talking(carrier, abroad);
    world.hangs_up(carrier);
    world.run_until_idle();
    world.assert_quiet();
}

/// ICR-03: open by day, closed by night, on the clock of the company.
#[test]
fn while_closed_a_call_goes_elsewhere_and_the_trace_says_why() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    let route = routed(&world, Open::ByDay, Destination::Extension("101".into()));
    world.config(|c| c.inbound = vec![route]);
    calls_in(&mut world, carrier, OURS, alice);
    world.config(|c| {
        c.tenant.night.enabled = true;
        c.tenant.night.switch = config::snapshot::NightSwitch::Night;
    });
    world.dials(carrier, OURS);
    world.run_until(secs(2), |w| w.state(carrier) == State::Refused(486));
    world.run_until_idle();
    assert!(world.record().trace.contains("Main line: closed (night mode)"), "{}", world.record().trace);
}

/// SIP-39: nobody outside takes over a call of ours (RFC 3891).
#[test]
fn an_invite_with_replaces_from_a_trunk_is_refused() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    let (carrier, _) = by_address(&mut world);
    world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
    world.switch(carrier).adds = vec![(Name::Replaces, "x;to-tag=1;from-tag=2".into())];
    world.dials(carrier, OURS);
    world.run_for(secs(2));
    assert!(matches!(world.state(carrier), State::Refused(403 | 481)), "{:?}", world.state(carrier));
    assert_eq!(world.state(alice), State::Idle);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-44: who is beyond a trunk sends nobody on, neither inside nor out again.
#[test]
fn a_trunk_that_refers_is_refused() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60)).loss(0.02);
        let [alice, bob] = world.phones(["101", "102"]);
        let (carrier, _) = by_address(&mut world);
        world.config(|c| c.add_number(OURS).user = Some(c.users[0].id));
        let called = seed % 2 == 0;
        if called {
            world.habit(carrier, Habit::Answer(ms(200)));
            world.dials(alice, "+4989123456");
        } else {
            world.dials(carrier, OURS);
            world.run_until(secs(20), |w| w.state(alice) == State::Rings);
            world.answers(alice);
        }
        world.run_until(secs(20), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        let before = world.phone(carrier).invited;
        for number in ["102", "+44123456789"] {
            world.phone(carrier).referred = None;
            world.transfers(carrier, number);
            world.run_until(secs(40), |w| w.referred(carrier).is_some());
            assert_eq!(world.referred(carrier), Some(403), "{number}");
        }
        world.run_for(secs(6));
        world.assert_talking(alice, carrier);
        assert_eq!((world.phone(bob).invited, world.phone(carrier).invited), (0, before));
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}
