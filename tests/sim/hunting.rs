//! Ring groups that ring one after the other: order, turns, memory, limits.

use config::snapshot::{Cause, Destination, Strategy};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

/// Alice, who calls, and a group 600 of 102, 103, 104 that rings by `strategy`, seven seconds each.
fn group(world: &mut World, strategy: Strategy) -> (PhoneId, [PhoneId; 3]) {
    let [alice, members @ ..] = world.phones(["101", "102", "103", "104"]);
    world.config(|c| {
        c.add_group("600", &["102", "103", "104"], Destination::Hangup(Cause::NoAnswer));
        c.groups[0].strategy = strategy;
        c.groups[0].ring_time = secs(7);
    });
    (alice, members)
}

/// Calls the group until somebody answers, and hangs up. Who did.
fn answered_by(world: &mut World, caller: PhoneId, number: &str) -> String {
    world.dials(caller, number);
    world.run_until(secs(40), |w| w.state(caller) == State::Up);
    world.run_for(secs(1));
    world.hangs_up(caller);
    world.run_until_idle();
    world.record().answered_by.clone()
}

/// GRP-05, GRP-06, SIP-15
#[test]
fn from_top_to_bottom_each_member_rings_alone_for_its_time() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, members) = group(&mut world, Strategy::TopToBottom);
        for _ in 0..2 {
            world.dials(alice, "600");
            world.run_until(secs(40), |w| matches!(w.state(alice), State::Refused(_)));
            world.run_until_idle();
        }
        let rang = members.map(|member| world.phone(member).rang_at.clone());
        for members in rang.windows(2) {
            for (first, second) in members[0].iter().zip(&members[1]) {
                let between = *second - *first;
                assert!(between.abs_diff(secs(7)) < ms(300), "{between:?} between two members");
            }
        }
        world.assert_quiet();
        assert_eq!(world.record().outcome, "missed");
    });
}

/// GRP-05: who is busy, not registered or refuses is passed over at once.
#[test]
fn members_who_cannot_answer_are_passed_over() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, [busy, gone, last]) = group(&mut world, Strategy::TopToBottom);
        world.habit(busy, Habit::Refuse(486));
        world.phone(gone).expires = 0;
        world.register(gone);
        world.dials(alice, "600");
        world.run_until(secs(3), |w| w.state(last) == State::Rings);
        assert_eq!(world.phone(gone).invited, 0);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("not registered"), "{}", world.record().trace);
    });
}

/// GRP-07: four calls of three members; a call nobody answers does not move the turn, nor does a restart.
#[test]
fn the_turn_begins_after_who_answered_last_also_after_a_restart() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, members) = group(&mut world, Strategy::RoundRobin);
        members.iter().for_each(|&member| world.habit(member, Habit::Answer(ms(500))));
        assert_eq!(answered_by(&mut world, alice, "600"), "102 User 102");
        assert_eq!(answered_by(&mut world, alice, "600"), "103 User 103");
        members.iter().for_each(|&member| world.habit(member, Habit::Ring));
        world.dials(alice, "600");
        world.run_until(secs(40), |w| matches!(w.state(alice), State::Refused(_)));
        world.run_until_idle();
        world.kill_and_restart();
        members.iter().for_each(|&member| world.habit(member, Habit::Answer(ms(500))));
        assert_eq!(answered_by(&mut world, alice, "600"), "104 User 104");
        assert_eq!(answered_by(&mut world, alice, "600"), "102 User 102");
        world.assert_quiet();
    });
}

/// GRP-09: calls of any kind count; who never had one is first; the memory survives a restart.
#[test]
fn who_had_no_call_for_the_longest_time_rings_first_also_after_a_restart() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, members) = group(&mut world, Strategy::LongestIdle);
        members.iter().for_each(|&member| world.habit(member, Habit::Answer(ms(500))));
        answered_by(&mut world, alice, "103");
        answered_by(&mut world, alice, "102");
        assert_eq!(answered_by(&mut world, alice, "600"), "104 User 104", "who never had a call");
        world.kill_and_restart();
        assert_eq!(answered_by(&mut world, alice, "600"), "103 User 103", "whose call is the oldest");
        // A call of one's own counts as well.
        world.habit(alice, Habit::Answer(ms(500)));
        answered_by(&mut world, members[0], "101");
        assert_eq!(answered_by(&mut world, alice, "600"), "104 User 104");
        world.assert_quiet();
    });
}

/// GRP-12
#[test]
fn the_group_rings_no_longer_than_at_most() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, members) = group(&mut world, Strategy::TopToBottom);
        world.config(|c| {
            c.groups[0].total_time = Some(secs(10));
            c.groups[0].overflow = Destination::Hangup(Cause::Busy);
        });
        world.dials(alice, "600");
        world.run_for(secs(13));
        assert_eq!(world.state(alice), State::Refused(486));
        assert!(world.phone(members[2]).rang_at.is_empty(), "the last member rang");
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("Time over"), "{}", world.record().trace);
    });
}

/// GRP-12: members see which number was called.
#[test]
fn the_prefix_stands_before_the_callers_name() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, [bob, ..]) = group(&mut world, Strategy::All);
        world.config(|c| c.groups[0].caller_prefix = "Sales:".into());
        world.dials(alice, "600");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        let invite = world.phone(bob).last_invite.clone().expect("it rings");
        let from = invite.header(sip_stack::Name::From).expect("From").to_vec();
        assert!(from.starts_with(b"\"Sales: User 101\""), "{}", String::from_utf8_lossy(&from));
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GRP-08, GRP-12: with Ring all a member may begin later; who answers before that spares them.
#[test]
fn a_member_with_a_delay_rings_later_than_the_others() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, [bob, carol, dave]) = group(&mut world, Strategy::All);
        world.config(|c| {
            c.groups[0].ring_time = secs(20);
            c.delay_member("600", "103", secs(5));
            c.delay_member("600", "104", secs(12));
        });
        world.dials(alice, "600");
        world.run_until(secs(30), |w| w.state(carol) == State::Rings);
        let between = world.phone(carol).rang_at[0] - world.phone(bob).rang_at[0];
        assert!(between.abs_diff(secs(5)) < ms(300), "{between:?}");
        world.answers(bob);
        world.run_for(secs(20));
        assert_eq!(world.phone(dave).invited, 0);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("after 12 s"), "{}", world.record().trace);
    });
}
