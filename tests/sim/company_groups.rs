//! Companies of one group: they call each other by access code and extension, and never leave by each other's trunks.
//! MT-09…15, SIP-43.

use config::snapshot::{Destination, Forwards};
use sip_stack::Name;
use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::{outside::header, rough, seeds};

/// Two companies of one group, each with 101 and a trunk of its own: their phones and carriers.
fn twins(world: &mut World) -> [PhoneId; 4] {
    let [alice] = world.phones(["101"]);
    let (ours, theirs) = (world.carrier("+4989555"), world.carrier("+4989555"));
    let hosts = [ours, theirs].map(|carrier| world.host(carrier));
    let mut other = Company::new(2, "other.test");
    other.add_user("101");
    other.add_user("201");
    for (company, code, host) in [(&mut world.company, "71", &hosts[0]), (&mut other, "72", &hosts[1])] {
        company.tenant.calling.group = "Twins".into();
        company.tenant.calling.access_code = code.into();
        company.tenant.calling.area_code = "30".into();
        company.add_trunk("Line", host);
    }
    world.config(|c| c.neighbours.push(other));
    let bob = world.plug_in("101@other.test");
    world.run_for(secs(2));
    [alice, bob, ours, theirs]
}

/// MT-11, MT-12, MT-14, SIP-43: no trunk is touched, each company has its record, and calling back works.
#[test]
fn an_extension_of_the_other_company_is_called_and_calls_back() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        world.habit(bob, Habit::Answer(ms(300)));
        world.dials(alice, "72101");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        let from = header(&mut world, bob, Name::From);
        assert!(from.contains("sip:71101@other.test"), "{from}");
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        let records: Vec<_> = world.store.calls.values().cloned().collect();
        let seen: Vec<_> =
            records.iter().map(|row| (row.tenant, &*row.caller_number, &*row.dialled)).collect();
        assert_eq!(seen, [(1, "101", "72101"), (2, "71101", "101")]);
        assert!(records.iter().all(|row| row.outcome == "answered"), "{records:?}");
        assert!(
            records[0].trace.contains("101 of Example 2, whose access code is 72"),
            "{}",
            records[0].trace
        );
        assert!(!records[1].trace.contains("72"), "rules of the other company: {}", records[1].trace);
        let parties: Vec<_> =
            world.store.parties.iter().map(|row| (row.tenant.0, row.number.as_str())).collect();
        assert_eq!(parties, [(1, "72101"), (2, "71101")]);
        world.habit(alice, Habit::Answer(ms(300)));
        world.dials(bob, "71101");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.hangs_up(bob);
        world.run_until_idle();
        assert_eq!((world.phone(ours).invited, world.phone(theirs).invited), (0, 0));
        world.assert_quiet();
    });
}

/// MT-13: by dialling, and by a forward of theirs.
#[test]
fn the_others_trunk_is_not_seized() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        world.dials(alice, "72089123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.record().cause, "403 Not allowed to use another company's trunk");
        let abroad = Forwards { always: Some("089123456".into()), ..Forwards::default() };
        world.config(|c| c.neighbours[0].user("201").forwards = abroad);
        world.dials(alice, "72201");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!((world.phone(ours).invited, world.phone(theirs).invited), (0, 0));
        // Their own people are forwarded.
        world.dials(bob, "201");
        world.run_for(secs(8));
        assert_eq!(world.phone(theirs).invited, 1);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// MT-14: lamps and presence across companies only if both allow; with whom somebody talks stays their company's business.
#[test]
fn another_companys_lamps_are_seen_only_if_both_allow() {
    let mut world = World::new(3);
    let [alice, bob, ..] = twins(&mut world);
    world.config(|c| {
        c.add_user("102");
    });
    let watcher = world.lamps_of("102");
    let status = |world: &mut World, event: &str| {
        let lamp = world.watches(watcher, event, "72101");
        world.run_for(secs(2));
        (lamp, world.watchers[watcher].lamps[lamp].status)
    };
    assert_eq!(status(&mut world, "dialog").1, Some(404));
    world.config(|c| c.tenant.calling.shares_presence = true);
    assert_eq!(status(&mut world, "dialog").1, Some(404), "only one of the two wants it");
    world.config(|c| c.neighbours[0].tenant.calling.shares_presence = true);
    let (lamp, presence) = (status(&mut world, "dialog").0, status(&mut world, "presence").0);
    assert_eq!(status(&mut world, "message-summary").1, Some(403));
    assert!(world.watchers[watcher].lamps[lamp].is_active());
    assert!(world.watchers[watcher].lamps[presence].last().contains("<note>Available</note>"));
    world.dials(alice, "72101");
    world.run_until(secs(5), |w| w.state(bob) == State::Rings);
    world.run_for(secs(1));
    assert_eq!(world.watchers[watcher].shows(lamp), "blinks");
    let document = world.watchers[watcher].lamps[lamp].last().to_owned();
    assert!(!document.contains("<remote>") && !document.contains("call-id="), "{document}");
    world.answers(bob);
    world.run_for(secs(1));
    assert_eq!(world.watchers[watcher].shows(lamp), "on");
    assert!(world.watchers[watcher].lamps[presence].last().contains("<note>On the phone</note>"));
    world.config(|c| c.neighbours[0].tenant.calling.shares_presence = false);
    world.run_for(secs(2));
    assert_eq!(world.watchers[watcher].lamps[lamp].state, "terminated;reason=noresource");
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// Alice of the one company calls Bob of the other, each with an extension 201 beside them: those phones.
fn between(world: &mut World, [alice, bob]: [PhoneId; 2]) -> [PhoneId; 2] {
    world.config(|c| {
        c.add_user("201");
    });
    let sides = [world.plug_in("201"), world.plug_in("201@other.test")];
    world.habit(bob, Habit::Answer(ms(300)));
    world.run_for(secs(2));
    talk(world, [alice, bob]);
    sides
}

fn talk(world: &mut World, [alice, bob]: [PhoneId; 2]) {
    world.dials(alice, "72101");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.run_for(secs(2));
    world.assert_talking(alice, bob);
}

/// MT-11, MT-12, SIP-22: the number is one of who transfers, whoever's call it was; each company reads its own part.
#[test]
fn a_transfer_within_the_other_company_dials_its_numbers() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        let [anna, ben] = between(&mut world, [alice, bob]);
        world.habit(ben, Habit::Answer(ms(500)));
        world.transfers(bob, "201");
        world.run_until(secs(40), |w| w.state(ben) == State::Up);
        let from = header(&mut world, ben, Name::From);
        assert!(from.contains("sip:71101@other.test"), "{from}");
        world.run_for(secs(6));
        world.assert_talking(alice, ben);
        assert_eq!((world.state(bob), world.phone(anna).invited), (State::Idle, 0));
        world.hangs_up(ben);
        world.run_until_idle();
        let row = |tenant, dialled: &str| {
            let rows = world.store.calls.values();
            rows.into_iter().find(|row| row.tenant == tenant && row.dialled == dialled).unwrap().trace.clone()
        };
        let (first, last) = (row(1, "72101"), row(2, "101"));
        assert!(first.contains("201 among the numbers of Example 2"), "{first}");
        assert!(!first.contains("201 is extension"), "rules of the other company: {first}");
        assert!(last.contains("201 is extension of User 201"), "{last}");
        assert!(row(2, "201").contains("Rings"));
        assert_eq!((world.phone(ours).invited, world.phone(theirs).invited), (0, 0));
        world.assert_quiet();
    });
}

/// MT-13, ROL-10, SIP-33: with the permissions of who transfers, and never by a trunk of theirs nor into their park slots.
#[test]
fn the_other_companys_user_transfers_as_they_may_and_never_by_their_trunk() {
    let mut world = World::new(5);
    let [alice, bob, ours, theirs] = twins(&mut world);
    let [_, ben] = between(&mut world, [alice, bob]);
    let refused = |world: &mut World, number: &str| {
        world.phone(bob).referred = None;
        world.transfers(bob, number);
        world.run_for(secs(2));
        world.phone(bob).referred
    };
    assert_eq!(refused(&mut world, "089123456"), Some(403));
    assert_eq!(refused(&mut world, "*70"), Some(403));
    assert_eq!(refused(&mut world, "102"), Some(404));
    world.assert_talking(alice, bob);
    world.hangs_up(alice);
    world.run_until_idle();
    let trace = &world.store.calls.values().find(|row| row.tenant == 2).unwrap().trace;
    assert!(trace.contains("Not allowed to use another company's trunk"), "{trace}");
    // What the target is forwarded to is theirs, too.
    let abroad = Forwards { always: Some("089123456".into()), ..Forwards::default() };
    world.config(|c| c.neighbours[0].user("201").forwards = abroad);
    talk(&mut world, [alice, bob]);
    assert_eq!(refused(&mut world, "201"), Some(202));
    world.run_for(secs(5));
    world.assert_talking(alice, bob);
    world.hangs_up(alice);
    world.run_until_idle();
    world.config(|c| c.neighbours[0].add_role("Listener", "", &["101"]));
    talk(&mut world, [alice, bob]);
    assert_eq!(refused(&mut world, "201"), Some(403), "their role lets them place no calls");
    world.hangs_up(alice);
    world.run_until_idle();
    assert_eq!([ours, theirs, ben].map(|phone| world.phone(phone).invited), [0, 0, 0]);
    world.assert_quiet();
}

/// MT-13, MT-14: a guest whom our own people send on takes no trunk of ours either, and is called back by the access code.
#[test]
fn a_guest_who_is_sent_on_takes_no_trunk() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        let [anna, _] = between(&mut world, [alice, bob]);
        world.transfers(alice, "089123456");
        world.run_until(secs(20), |w| w.referred(alice) == Some(403));
        world.transfers(alice, "201");
        world.run_until(secs(20), |w| w.state(anna) == State::Rings);
        let from = header(&mut world, anna, Name::From);
        assert!(from.contains("sip:72101@example.test"), "{from}");
        world.answers(anna);
        world.run_until(secs(20), |w| w.state(anna) == State::Up);
        world.run_for(secs(6));
        world.assert_talking(bob, anna);
        world.hangs_up(anna);
        world.run_until_idle();
        let abroad = Forwards { always: Some("089123456".into()), ..Forwards::default() };
        world.config(|c| c.user("201").forwards = abroad);
        talk(&mut world, [alice, bob]);
        world.transfers(alice, "201");
        world.run_for(secs(12));
        world.hangs_up(alice);
        world.hangs_up(bob);
        world.run_until_idle();
        assert_eq!((world.phone(ours).invited, world.phone(theirs).invited), (0, 0));
        world.assert_quiet();
    });
}

/// SIP-22, MT-11: who transferred and hung up is rung in their own company when nobody answers there.
#[test]
fn a_failed_transfer_rings_back_in_the_other_company() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ..] = twins(&mut world);
        let [_, ben] = between(&mut world, [alice, bob]);
        world.transfers(bob, "201");
        world.run_until(secs(30), |w| w.state(ben) == State::Rings);
        world.hangs_up(bob);
        world.run_for(secs(3));
        world.hangs_up(ben);
        world.run_until(secs(60), |w| w.state(bob) == State::Up);
        world.run_for(secs(5));
        world.assert_talking(bob, alice);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// MT-15: without a common group nobody is reached.
#[test]
fn companies_without_a_group_do_not_reach_each_other() {
    let mut world = World::new(2);
    let [alice, bob, ..] = twins(&mut world);
    world.config(|c| c.tenant.calling.group = String::new());
    world.dials(alice, "72101");
    world.run_for(secs(3));
    assert_eq!((world.state(alice), world.phone(bob).invited), (State::Refused(404), 0));
    world.run_until_idle();
    world.assert_quiet();
}

/// MT-13, SIP-43: whatever is forwarded and overflows to wherever, a caller leaves by trunks of their own company only.
#[test]
fn no_chain_of_forwards_and_groups_leads_to_anothers_trunk() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        let mut chance = Chance(seed);
        let goals =
            ["101", "201", "600", "71101", "71600", "72101", "72201", "72600", "089123456", "72089123456"];
        world.config(|c| {
            c.add_user("201");
            let mut wire = |company: &mut Company| {
                for number in ["101", "201"] {
                    let goal = |chance: &mut Chance| Some(chance.of(&goals).to_owned());
                    company.user(number).forwards = Forwards {
                        always: goal(&mut chance),
                        no_answer: goal(&mut chance),
                        ..Forwards::default()
                    };
                    if chance.half() {
                        company.user(number).forwards.always = None;
                    }
                }
                let overflow = Destination::Extension(chance.of(&["101", "201"]).to_owned());
                company.add_group("600", &["101"], overflow);
                company.groups[0].ring_time = secs(5);
            };
            wire(c);
            let mut other = c.neighbours.remove(0);
            wire(&mut other);
            c.neighbours.push(other);
        });
        for (phone, number) in [(alice, "72101"), (alice, "72201"), (alice, "72600"), (alice, "201")] {
            world.dials(phone, number);
            world.run_for(secs(60));
            world.hangs_up(phone);
            world.run_until_idle();
        }
        assert_eq!(world.phone(theirs).invited, 0, "the other's trunk was seized");
        let before = world.phone(ours).invited;
        for number in ["71101", "71201", "71600", "201"] {
            world.dials(bob, number);
            world.run_for(secs(60));
            world.hangs_up(bob);
            world.run_until_idle();
        }
        assert_eq!(world.phone(ours).invited, before, "our trunk was seized");
        world.assert_quiet();
    });
}

/// MT-13: whatever people of both companies do with calls that ours began – answer, hold, transfer, park, pick up – nobody
/// leaves by the other company's trunk.
#[test]
fn no_sequence_of_transfers_parking_and_pickup_leads_to_anothers_trunk() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, ours, theirs] = twins(&mut world);
        world.habit(ours, Habit::Answer(ms(300)));
        world.config(|c| {
            c.add_user("102");
            c.add_lot("71", None);
            let other = &mut c.neighbours[0];
            other.add_lot("71", None);
            let outside = || Some("+4989123456".to_owned());
            other.user("201").forwards =
                Forwards { busy: outside(), no_answer: outside(), ..Forwards::default() };
            other.add_group("600", &["101"], Destination::External("+4989123456".into()));
            other.groups[0].ring_time = secs(5);
        });
        let (anna, ben) = (world.plug_in("102"), world.plug_in("201@other.test"));
        let (mine, others) = ([alice, anna], [bob, ben]);
        mine.iter().chain(&others).for_each(|phone| world.phone(*phone).lines = 2);
        world.run_for(secs(2));
        let mut chance = Chance(seed);
        let dialled = ["102", "72101", "72201", "72600", "7101", "*98", "*7171", "089555666", "72089123456"];
        let sent =
            ["101", "102", "201", "600", "72101", "72201", "71", "*70", "*98", "089123456", "+4989123456"];
        for _ in 0..40 {
            let phone = [alice, anna, bob, ben][chance.next() as usize % 4];
            match (chance.next() % 7, world.state(phone)) {
                (0 | 1, State::Idle | State::Refused(_)) if mine.contains(&phone) => {
                    world.dials(phone, chance.of(&dialled));
                }
                (0..=3, State::Rings) => world.answers(phone),
                (2, State::Up) => world.holds(phone),
                (3 | 4, State::Up) => world.transfers(phone, chance.of(&sent)),
                (5, State::Up) => world.resumes(phone),
                (6, State::Up | State::Rings) => world.hangs_up(phone),
                _ => {}
            }
            world.run_for(ms(200 + chance.next() % 4000));
            assert_eq!(world.phone(theirs).invited, 0, "the other's trunk was seized");
        }
        for phone in mine.into_iter().chain(others) {
            world.hangs_up(phone);
            world.run_for(secs(2));
        }
        world.hangs_up(ours);
        world.run_until_idle();
        assert_eq!(world.phone(theirs).invited, 0, "the other's trunk was seized");
        world.assert_quiet();
    });
}

/// Chance that a seed decides.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
    fn half(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }
    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.next() as usize % choices.len()]
    }
}

/// R-01, MT-11: a suspended company is not reached, by its group as little as from outside; the trace says why, the caller
/// does not learn it.
#[test]
fn a_suspended_company_is_called_neither_by_its_group_nor_from_outside() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, _, theirs] = twins(&mut world);
        world.config(|c| {
            let user = c.neighbours[0].user("101").id;
            c.neighbours[0].add_number("+49301234502").user = Some(user);
            c.neighbours[0].tenant.suspended = true;
        });
        world.dials(alice, "72101");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(480));
        world.run_until_idle();
        let record = world.record();
        assert_eq!((record.tenant, record.cause.as_str()), (1, "480 Not reachable"));
        assert!(record.trace.contains("the company that is called is suspended"), "{}", record.trace);
        world.dials(theirs, "+49301234502");
        world.run_until(secs(30), |w| w.state(theirs) == State::Refused(480));
        world.run_until_idle();
        let records: Vec<_> = world.store.calls.values().filter(|row| row.tenant == 2).collect();
        assert!(records[0].trace.contains("the company that is called is suspended"), "{records:?}");
        assert_eq!(world.phone(bob).invited, 0);
        world.assert_quiet();
    });
}
