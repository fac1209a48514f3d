//! What a caller hears before the answer who leaves the offer to us. SIP-18, MED-11.

use media::sdp::Direction;
use tests::{Habit, PhoneId, Reliable, State, World, ms, secs};

use crate::{hold::ends, rough, seeds};

/// Alice, who calls without an offer, and Bob.
fn late_caller(mut world: World, reliable: Reliable) -> (World, PhoneId, PhoneId) {
    let [alice, bob] = world.phones(["101", "102"]);
    world.phone(alice).delayed_offer = true;
    world.phone(alice).reliable = reliable;
    (world, alice, bob)
}

fn knows_reliable(seed: u64) -> Reliable {
    if seed.is_multiple_of(2) { Reliable::Supported } else { Reliable::Required }
}

/// SIP-18, RFC 3262 §5: our offer is in the 183, the answer in the PRACK.
#[test]
fn a_caller_without_an_offer_hears_early_media_and_then_the_call() {
    seeds(|seed| {
        let (mut world, alice, bob) = late_caller(rough(seed), knows_reliable(seed));
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(secs(4));
        assert_eq!(world.hears(alice), [bob]);
        world.answers(bob);
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        assert!(world.live.values().all(|call| call.state == "talking"));
        ends(world, if seed % 4 < 2 { alice } else { bob });
    });
}

/// SIP-18, RFC 3262 §3: the 200 waits for the answer to our early offer.
#[test]
fn an_answer_at_once_after_early_media_connects_a_caller_without_an_offer() {
    seeds(|seed| {
        let (mut world, alice, bob) = late_caller(rough(seed), knows_reliable(seed));
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        world.run_for(ms(seed % 60));
        world.answers(bob);
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.run_for(secs(4));
        world.assert_talking(alice, bob);
        // Whoever was offered early is held and resumed like anybody else.
        world.offers(alice, Direction::SendOnly);
        world.run_for(secs(4));
        assert!(world.hears(alice).is_empty(), "on hold");
        world.resumes(alice);
        world.run_for(secs(4));
        world.assert_talking(alice, bob);
        ends(world, alice);
    });
}

/// SIP-18, RFC 3261 §13.2.1: an offer may only travel reliably.
#[test]
fn a_caller_without_an_offer_who_knows_no_prack_is_told_that_it_rings() {
    seeds(|seed| {
        // No loss: what is not reliable is said once.
        let network = World::new(seed).delay(ms(5)..ms(60)).duplicates(0.02);
        let (mut world, alice, bob) = late_caller(network, Reliable::Unknown);
        world.config(|c| c.tenant.inband_ringback = seed.is_multiple_of(3));
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(180));
        world.run_for(secs(2));
        assert!(world.hears(alice).is_empty(), "nobody knows where to send it");
        world.answers(bob);
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        ends(world, bob);
    });
}

/// MED-11: in a tenant with ringback in band, and wherever the first reliable response must offer.
#[test]
fn a_caller_without_an_offer_hears_ringback_in_band() {
    seeds(|seed| {
        let reliable = knows_reliable(seed);
        let (mut world, alice, bob) = late_caller(rough(seed), reliable);
        world.config(|c| c.tenant.inband_ringback = reliable == Reliable::Supported);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(secs(3));
        assert!(!world.hears(alice).is_empty(), "the tone");
        if seed.is_multiple_of(5) {
            return ends(world, alice);
        }
        world.answers(bob);
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        ends(world, bob);
    });
}

/// SIP-18: who supports reliable responses and has nothing to hear gets a plain 180: its own ringback is the better one.
#[test]
fn a_caller_without_an_offer_rings_by_itself_while_there_is_nothing_to_hear() {
    let (mut world, alice, bob) = late_caller(World::new(1), Reliable::Supported);
    world.dials(alice, "102");
    world.run_for(secs(2));
    assert_eq!(world.state(alice), State::HearsRinging(180));
    world.answers(bob);
    world.run_for(secs(2));
    world.assert_talking(alice, bob);
    ends(world, alice);
}

/// SIP-18, SIP-24: the call goes to somebody else while our early offer may still be without its answer.
#[test]
fn a_caller_without_an_offer_is_picked_up_while_it_hears_early_media() {
    seeds(|seed| {
        let (mut world, alice, bob) = late_caller(rough(seed), knows_reliable(seed));
        let [carol] = world.phones(["103"]);
        world.config(|c| {
            c.add_department("Sales", "", &["102", "103"]);
        });
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        world.run_for(ms(seed % 90));
        world.dials(carol, "*97102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carol) == State::Up);
        world.run_for(secs(6));
        world.assert_talking(alice, carol);
        ends(world, carol);
    });
}
