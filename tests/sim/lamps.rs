//! Lamps under bad networks: whatever is lost, in the end each shows the truth. SIP-27, SIP-28, SIP-46.

use tests::{Habit, World, ms, secs};

use crate::{rough, seeds};

/// Users 101 to 103 with phones, and the lamp that 103's phone has for 102.
fn watched(mut world: World) -> (World, [tests::PhoneId; 2], usize) {
    let [anna, bert] = world.phones(["101", "102"]);
    world.config(|c| {
        c.add_user("103");
    });
    let watcher = world.lamps_of("103");
    world.watches(watcher, "dialog", "102");
    world.run_until(secs(40), |w| w.watchers[0].lamps[0].is_active());
    (world, [anna, bert], watcher)
}

/// Whether the lamp shows what the PBX knows: a phone's 180 may be lost, then nobody knows that it rings.
fn agrees(world: &World) -> bool {
    let legs = world.live.values().flat_map(|call| &call.legs).filter(|leg| leg.party.starts_with("102"));
    let states: Vec<_> = legs.map(|leg| leg.state).collect();
    let is = |wanted: &[&str]| states.iter().any(|state| wanted.contains(state));
    let truth = match () {
        () if is(&["talking", "held"]) => "on",
        () if is(&["ringing"]) => "blinks",
        () => "off",
    };
    shows(world, truth)
}

fn shows(world: &World, lamp: &str) -> bool {
    world.watchers[0].shows(0) == lamp
}

/// SIP-27
#[test]
fn a_lamp_follows_the_calls_of_what_it_watches_under_loss_and_reordering() {
    seeds(|seed| {
        let (mut world, [anna, bert], _) = watched(rough(seed));
        assert!(shows(&world, "off"));
        for _ in 0..2 {
            world.habit(bert, Habit::Ring);
            world.dials(anna, "102");
            world.run_until(secs(20), |w| w.state(bert) == tests::State::Rings);
            world.run_for(secs(3));
            world.run_until(secs(16), agrees);
            world.answers(bert);
            world
                .run_until(secs(40), |w| w.state(bert) == tests::State::Up && agrees(w) || w.live.is_empty());
            world.run_until(secs(40), agrees);
            world.hangs_up(anna);
            world.run_until(secs(80), |w| w.live.is_empty() && shows(w, "off"));
            world.run_until_idle();
        }
        let lamp = &world.watchers[0].lamps[0];
        assert!(lamp.documents[0].contains("state=\"full\""));
        assert!(lamp.documents.iter().skip(1).any(|document| document.contains("state=\"partial\"")));
        world.assert_quiet();
    });
}

/// SIP-27: 200 ms from the phone's ringing to the lamp's, in a good network.
#[test]
fn a_lamp_changes_within_the_fifth_of_a_second() {
    let (mut world, [anna, bert], _) = watched(World::new(1));
    world.dials(anna, "102");
    world.run_until(secs(2), |w| !w.live.is_empty() && w.state(bert) == tests::State::Rings);
    let rang = world.now().at;
    world.run_until(ms(200), |w| shows(w, "blinks"));
    assert!(world.now().at - rang <= ms(200));
    let document = world.watchers[0].lamps[0].last().to_owned();
    assert!(
        document.contains("direction=\"recipient\"") && document.contains("sip:101@example.test"),
        "{document}"
    );
    assert!(
        document.contains(" call-id=\"")
            && document.contains(" local-tag=\"")
            && document.contains(" remote-tag=\"")
    );
    world.answers(bert);
    world.run_until(ms(200), |w| shows(w, "on"));
    assert!(
        !world.watchers[0].lamps[0].last().contains("<remote>"),
        "who may not see it does not see with whom"
    );
    world.hangs_up(bert);
    world.run_until(ms(200), |w| shows(w, "off"));
    world.run_until_idle();
}

/// SIP-27: the caller's own lamp too; however many devices ring, one call.
#[test]
fn each_user_of_a_call_is_one_call_however_many_phones_ring() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [anna, bert] = world.phones(["101", "102"]);
        world.config(|c| c.add_device("102", "102b"));
        let second = world.plug_in("102b");
        let lamps = world.lamps_of("102b");
        world.watches(lamps, "dialog", "101");
        world.watches(lamps, "dialog", "102");
        world.dials(anna, "102");
        world.run_until(secs(20), |w| {
            w.state(second) == tests::State::Rings && w.state(bert) == tests::State::Rings
        });
        world.run_for(secs(3));
        assert!(world.watchers[0].lamps[1].calls.len() <= 1);
        world.answers(second);
        world.run_until(secs(60), |w| w.watchers[0].shows(0) == "on" && w.watchers[0].shows(1) == "on");
        assert_eq!(world.watchers[0].lamps[1].calls.len(), 1);
        assert!(world.watchers[0].lamps[0].last().contains("direction=\"initiator\""));
        world.hangs_up(second);
        world.run_until(secs(60), |w| w.watchers[0].shows(0) == "off" && w.watchers[0].shows(1) == "off");
        world.run_until_idle();
    });
}

/// SIP-27: a ring group's lamp shows calls to the group.
#[test]
fn the_lamp_of_a_group_shows_calls_to_the_group() {
    let mut world = World::new(3);
    let [anna, bert] = world.phones(["101", "102"]);
    world.config(|c| {
        let hangup = config::snapshot::Destination::Hangup(config::snapshot::Cause::Busy);
        c.add_group("600", &["102"], hangup);
    });
    let lamps = world.lamps_of("101");
    world.watches(lamps, "dialog", "600");
    world.dials(anna, "600");
    world.run_until(secs(5), |w| shows(w, "blinks"));
    world.answers(bert);
    world.run_until(secs(5), |w| shows(w, "on"));
    world.hangs_up(anna);
    world.run_until(secs(5), |w| shows(w, "off"));
    world.run_until_idle();
}

/// SIP-27: subscriptions survive the program.
#[test]
fn lamps_come_right_after_a_restart_whatever_is_lost() {
    seeds(|seed| {
        let (mut world, [anna, bert], _) = watched(rough(seed));
        world.dials(anna, "102");
        world.run_until(secs(20), |w| w.state(bert) == tests::State::Rings);
        world.answers(bert);
        world.run_until(secs(40), |w| shows(w, "on"));
        world.kill_and_restart();
        // Its NOTIFY may be lost once or twice; the transaction sees to it.
        world.run_until(secs(8), |w| shows(w, "off"));
        world.run_for(secs(40));
        assert_eq!(
            world.watchers[0].lamps[0].documents.last().map(|d| d.contains("state=\"full\"")),
            Some(true)
        );
        // Its dialog goes on: it can be refreshed, and the next NOTIFY counts on.
        world.with_watcher(0, |watcher, now| {
            watcher.lamps[0].status = None;
            watcher.refresh(now, 0, 1800);
        });
        world.run_until(secs(40), |w| w.watchers[0].lamps[0].status == Some(200));
    });
}

/// SIP-27
#[test]
fn lamps_are_right_within_two_seconds_of_a_restart_in_a_good_network() {
    let (mut world, [anna, bert], _) = watched(World::new(5));
    world.dials(anna, "102");
    world.run_until(secs(5), |w| w.state(bert) == tests::State::Rings);
    world.answers(bert);
    world.run_until(secs(5), |w| shows(w, "on"));
    world.kill_and_restart();
    world.run_until(secs(2), |w| shows(w, "off"));
}

/// SIP-27: what cannot go on is ended, so that the phone begins anew.
#[test]
fn a_subscription_that_cannot_be_resumed_is_ended_as_deactivated() {
    let (mut world, ..) = watched(World::new(2));
    world.run_for(secs(1));
    world.company.users.retain(|user| user.number.as_deref() != Some("102"));
    world.company.devices.retain(|device| device.username != "102");
    world.kill_and_restart();
    world.run_until(secs(2), |w| !w.watchers[0].lamps[0].is_active());
    assert_eq!(world.watchers[0].lamps[0].state, "terminated;reason=deactivated");
    world.run_for(secs(10));
    assert!(world.store.subscriptions.is_empty());
}

/// SIP-27: what is watched goes, and whoever watches.
#[test]
fn a_watched_extension_that_is_deleted_ends_the_subscription() {
    let (mut world, ..) = watched(World::new(2));
    world.config(|c| c.user("102").number = None);
    world.run_until(secs(2), |w| w.watchers[0].lamps[0].state == "terminated;reason=noresource");
    let again = world.watches(0, "dialog", "101");
    world.run_until(secs(2), |w| w.watchers[0].lamps[again].is_active());
    world.config(|c| c.user("103").suspended = true);
    world.run_until(secs(2), |w| w.watchers[0].lamps[again].state == "terminated;reason=rejected");
    world.run_for(secs(10));
    assert!(world.store.subscriptions.is_empty());
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-27, RFC 6665 §4.4.1
#[test]
fn unsubscribing_fetching_and_expiry_end_with_a_last_notify() {
    let (mut world, ..) = watched(World::new(4));
    world.with_watcher(0, |watcher, now| watcher.refresh(now, 0, 0));
    world.run_until(secs(2), |w| w.watchers[0].lamps[0].state == "terminated;reason=timeout");
    let fetch = world.with_watcher(0, |watcher, now| watcher.subscribe(now, "dialog", "102", 0));
    world.run_until(secs(2), |w| w.watchers[0].lamps[fetch].state == "terminated;reason=timeout");
    assert!(world.watchers[0].lamps[fetch].last().contains("state=\"full\""), "a fetch has the state");
    let short = world.with_watcher(0, |watcher, now| watcher.subscribe(now, "dialog", "102", 60));
    world.run_until(secs(2), |w| w.watchers[0].lamps[short].is_active());
    world.run_for(secs(59));
    assert!(world.watchers[0].lamps[short].is_active());
    world.run_until(secs(2), |w| w.watchers[0].lamps[short].state == "terminated;reason=timeout");
    world.run_for(secs(10));
    assert!(world.store.subscriptions.is_empty());
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-27: a phone that was switched off, and one that does not know its lamp any more.
#[test]
fn a_watcher_that_is_gone_is_given_up() {
    for (is_deaf, answers) in [(true, 200), (false, 481)] {
        let (mut world, [anna, _], watcher) = watched(World::new(4));
        world.watchers[watcher].is_deaf = is_deaf;
        world.watchers[watcher].answers = answers;
        world.dials(anna, "102");
        world.run_until(secs(60), |w| w.metric("dialtone_subscriptions") == 0.0);
        world.hangs_up(anna);
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.store.subscriptions.is_empty());
    }
}

/// SIP-27: a phone that is busy with itself for a while loses nothing.
#[test]
fn a_notify_that_is_refused_for_now_is_told_again_in_full() {
    let (mut world, [anna, bert], watcher) = watched(World::new(4));
    world.watchers[watcher].answers = 503;
    world.dials(anna, "102");
    world.run_for(secs(1));
    world.answers(bert);
    world.run_for(secs(3));
    world.watchers[watcher].answers = 200;
    world.run_until(secs(10), |w| shows(w, "on"));
    world.hangs_up(bert);
    world.run_until(secs(1), |w| shows(w, "off"));
    world.run_until_idle();
}

/// SIP-46, SIP-08
#[test]
fn nobody_watches_across_tenants_as_a_stranger_or_as_somebody_else() {
    let mut world = World::new(1);
    world.phones(["101", "102"]);
    world.config(|c| {
        let mut other = tests::Company::new(2, "other.test");
        other.add_user("101");
        other.add_user("201");
        c.neighbours.push(other);
    });
    let status = |world: &mut World, watcher: usize, event: &str, number: &str| {
        let lamp = world.watches(watcher, event, number);
        world.run_until(secs(5), |w| w.watchers[watcher].lamps[lamp].status.is_some());
        world.watchers[watcher].lamps[lamp].status.unwrap()
    };
    let foreign = world.lamps_of("201@other.test");
    assert_eq!(status(&mut world, foreign, "dialog", "102"), 404, "the number is of another tenant");
    assert_eq!(status(&mut world, foreign, "dialog", "101"), 200, "its own 101");
    for package in ["dialog", "presence", "message-summary", "as-feature-event"] {
        assert_eq!(status(&mut world, foreign, package, "102"), 404, "{package}");
    }
    let lamp = world.with_watcher(foreign, |watcher, now| {
        let lamp = watcher.subscribe(now, "dialog", "102", 3600);
        watcher.lamps[lamp].number = "102".into();
        lamp
    });
    world.run_until(secs(5), |w| w.watchers[foreign].lamps[lamp].status == Some(404));
    let stranger = world.lamps_of("101");
    world.watchers[stranger].forgets_password();
    assert_eq!(status(&mut world, stranger, "dialog", "102"), 401);
    let liar = world.lamps_of("101");
    world.watchers[liar].claims = Some("102".into());
    assert_eq!(status(&mut world, liar, "dialog", "102"), 403);
    let curious = world.lamps_of("101");
    for package in ["message-summary", "as-feature-event"] {
        assert_eq!(status(&mut world, curious, package, "102"), 403, "{package} of another user");
        assert_eq!(status(&mut world, curious, package, "101"), 200);
    }
    assert_eq!(status(&mut world, curious, "dialog", "999"), 404);
    assert_eq!(status(&mut world, curious, "conference", "102"), 489);
    let answer = world.watchers[curious].lamps.last().unwrap().response.clone().unwrap();
    assert!(
        String::from_utf8_lossy(answer.header(sip_stack::Name::AllowEvents).unwrap())
            .contains("as-feature-event")
    );
}

/// SIP-27: `dialog;sla`, an Accept that does not fit, too short a time.
#[test]
fn old_and_odd_phones_get_a_polite_answer() {
    let (mut world, ..) = watched(World::new(1));
    let sla = world.watches(0, "dialog;sla", "102");
    world.run_until(secs(2), |w| w.watchers[0].lamps[sla].is_active());
    let brief = world.with_watcher(0, |watcher, now| watcher.subscribe(now, "dialog", "102", 30));
    world.run_until(secs(2), |w| w.watchers[0].lamps[brief].status == Some(423));
    let picky = world.with_watcher(0, |watcher, now| {
        let lamp = watcher.subscribe(now, "dialog", "102", 3600);
        watcher.lamps[lamp].accept = "text/plain".into();
        lamp
    });
    // The first one, without Accept, is challenged; the second carries it.
    world.run_until(secs(2), |w| w.watchers[0].lamps[picky].status == Some(406));
}

/// SIP-28: switches of users and of the company have lamps under the codes that switch them.
#[test]
fn do_not_disturb_forward_and_night_have_lamps_under_their_codes() {
    seeds(|seed| {
        let mut world = rough(seed);
        world.phones(["101", "102"]);
        let watcher = world.lamps_of("101");
        for number in ["*78", "*78102", "*72", "*72102", "*27"] {
            world.watches(watcher, "dialog", number);
        }
        world.run_until(secs(40), |w| w.watchers[0].lamps.iter().all(|lamp| lamp.is_active()));
        let lit = |w: &World| (0..5).filter(|lamp| w.watchers[0].shows(*lamp) == "on").collect::<Vec<_>>();
        assert!(lit(&world).is_empty());
        world.config(|c| c.user("102").dnd = true);
        world.run_until(secs(40), |w| lit(w) == [1]);
        world.config(|c| c.user("101").forwards.always = Some("102".into()));
        world.run_until(secs(40), |w| lit(w) == [1, 2]);
        let soon = world.now().utc + chrono::TimeDelta::seconds(60);
        world.config(|c| {
            c.user("102").dnd = false;
            c.user("101").forwards.always_until = Some(soon);
        });
        world.run_until(secs(40), |w| lit(w) == [2]);
        world.run_until(secs(120), |w| lit(w).is_empty());
        assert!(world.now().utc >= soon);
        world.config(|c| {
            c.tenant.night.enabled = true;
            c.tenant.night.switch = config::snapshot::NightSwitch::Night;
        });
        world.run_until(secs(40), |w| lit(w) == [4]);
        world.config(|c| c.tenant.night.enabled = false);
        world.run_until(secs(40), |w| lit(w).is_empty());
        let unknown = world.watches(watcher, "dialog", "*78999");
        world.run_until(secs(40), |w| w.watchers[0].lamps[unknown].status == Some(404));
    });
}

/// SIP-28: the lamp of a trunk shows its calls, and blinks while it is down; another company's trunk is not there.
#[test]
fn the_lamp_of_a_trunk_shows_its_calls_and_whether_it_is_down() {
    let mut world = World::new(4);
    let [anna] = world.phones(["101"]);
    let carrier = world.carrier("+4940111222");
    let host = world.host(carrier);
    let mut trunk = config::TrunkId(0);
    world.config(|c| {
        trunk = c.add_trunk("Carrier", &host);
        c.trunks[0].account.registers = Some(secs(60));
        c.tenant.calling.area_code = "30".into();
        let mut other = tests::Company::new(2, "other.test");
        other.add_user("101");
        c.neighbours.push(other);
    });
    world.run_for(secs(2));
    let [watcher, stranger] = ["101", "101@other.test"].map(|account| world.lamps_of(account));
    let address = format!("**{}", trunk.0);
    world.watches(watcher, "dialog", &address);
    world.watches(stranger, "dialog", &address);
    world.run_until(secs(2), |w| {
        w.watchers[0].lamps[0].is_active() && w.watchers[1].lamps[0].status == Some(404)
    });
    assert!(shows(&world, "off"));
    world.habit(carrier, Habit::Answer(ms(500)));
    world.dials(anna, "040111222");
    world.run_until(secs(5), |w| shows(w, "on"));
    assert_eq!(world.lamps.get(&format!("trunk:{trunk}")), Some(&"on"), "the portal sees the same");
    world.hangs_up(anna);
    world.run_until(secs(5), |w| shows(w, "off"));
    world.habit(carrier, Habit::Vanished);
    // As long as a trunk may be silent before it counts as down.
    world.run_until(secs(400), |w| shows(w, "blinks"));
    assert_eq!(world.lamps.get(&format!("trunk:{trunk}")), Some(&"down"));
}

/// SIP-28: a park slot shows who waits in it.
#[test]
fn the_lamp_of_a_park_slot_shows_who_is_parked() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [anna, bert] = world.phones(["101", "102"]);
        world.config(|c| {
            c.add_lot("701", None).slots = 3;
        });
        let watcher = world.lamps_of("101");
        world.watches(watcher, "dialog", "701");
        world.run_until(secs(40), |w| w.watchers[0].lamps[0].is_active());
        world.habit(bert, Habit::Answer(ms(100)));
        world.dials(anna, "102");
        world.run_until(secs(40), |w| w.state(bert) == tests::State::Up && w.state(anna) == tests::State::Up);
        world.run_for(secs(2));
        world.transfers(bert, "701");
        world.run_until(secs(60), |w| w.watchers[0].shows(0) == "on");
        assert!(world.watchers[0].lamps[0].last().contains("sip:101@"), "who waits");
        world.hangs_up(anna);
        world.run_until(secs(60), |w| w.watchers[0].shows(0) == "off");
        world.run_until_idle();
    });
}

/// SIP-27: many watchers of one extension, all right in the end, and never two NOTIFYs under way for one.
#[test]
fn hundreds_of_watchers_are_all_right_in_the_end() {
    for seed in 0..5 {
        let mut world = rough(seed);
        let [anna, bert] = world.phones(["101", "102"]);
        for _ in 0..300 {
            let watcher = world.lamps_of("101");
            world.watches(watcher, "dialog", "102");
        }
        // A device may have 200.
        world.run_until(secs(60), |w| w.watchers.iter().all(|w| w.lamps[0].status.is_some()));
        world.run_for(secs(40));
        let active: Vec<usize> = (0..300).filter(|at| world.watchers[*at].lamps[0].is_active()).collect();
        assert_eq!(active.len(), 200);
        let all = |w: &World, lamp: &str| active.iter().all(|at| w.watchers[*at].shows(0) == lamp);
        world.dials(anna, "102");
        world.run_until(secs(20), |w| w.state(bert) == tests::State::Rings);
        world.answers(bert);
        world.run_until(secs(60), |w| all(w, "on"));
        world.hangs_up(bert);
        world.run_for(ms(300));
        world.dials(anna, "102");
        world.run_for(ms(300));
        world.hangs_up(anna);
        world.run_until(secs(60), |w| w.live.is_empty() && all(w, "off"));
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.watchers.iter().map(|w| w.lamps[0].gaps).sum::<usize>(), 0);
    }
}

/// SIP-27: calls come and go faster than slow watchers can be told. Each is told how things stand when it can hear again, never
/// what lay between, and the calls themselves are not kept waiting.
#[test]
fn watchers_of_a_busy_extension_are_told_the_newest_state_only() {
    let mut world = World::new(3).delay(ms(100)..ms(140));
    let [anna, bert] = world.phones(["101", "102"]);
    for _ in 0..200 {
        let watcher = world.lamps_of("101");
        world.watches(watcher, "dialog", "102");
    }
    world.run_until(secs(60), |w| w.watchers.iter().all(|w| w.lamps[0].is_active()));
    let told = |w: &World| w.watchers.iter().map(|watcher| watcher.lamps[0].documents.len()).sum::<usize>();
    let before = told(&world);
    world.watchers.iter_mut().for_each(|watcher| watcher.is_deaf = true);
    for _ in 0..20 {
        world.dials(anna, "102");
        let dialled = world.now().at;
        world.run_until(secs(2), |w| w.state(bert) == tests::State::Rings);
        assert!(world.now().at - dialled < secs(1), "the call waited for lamps");
        world.hangs_up(anna);
        world.run_until(secs(2), |w| w.state(bert) == tests::State::Idle);
    }
    assert!(
        told(&world) == before && world.metric("dialtone_watchers_waiting") == 0.0,
        "nothing piles up meanwhile"
    );
    world.dials(anna, "102");
    world.run_until(secs(2), |w| w.state(bert) == tests::State::Rings);
    world.watchers.iter_mut().for_each(|watcher| watcher.is_deaf = false);
    world.run_until(secs(10), |w| (0..200).all(|at| w.watchers[at].shows(0) == "blinks"));
    world.run_for(secs(5));
    assert_eq!(told(&world) - before, 2 * 200, "the one that was under way, and how it stands");
    world.hangs_up(anna);
    world.run_until_idle();
    assert!(world.watchers.iter().all(|watcher| watcher.lamps[0].gaps == 0));
    world.assert_quiet();
}
