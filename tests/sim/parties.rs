//! What a call was for each of its users.

use config::{
    records::parties::PartyKind,
    snapshot::{Cause, Destination},
};
use tests::{State, World, secs};

use crate::{rough, seeds};

/// CH-01, CH-06, CH-07: whoever was called has the call, also without a phone that rang.
#[test]
fn each_user_has_the_call_as_it_was_for_them() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_user("104");
            c.add_group("600", &["102", "103", "104"], Destination::Hangup(Cause::NoAnswer));
        });
        world.dials(alice, "600");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings && w.state(carol) == State::Rings);
        let answered = seed % 2 == 0;
        if answered {
            world.answers(carol);
            world.run_for(secs(8));
        }
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        let result = if answered { "answered" } else { "missed" };
        assert_eq!(world.history("101"), Some((PartyKind::Outbound, result.into(), "600".into())));
        let (kind, how) =
            if answered { (PartyKind::Inbound, "elsewhere") } else { (PartyKind::Missed, "missed") };
        for other in ["102", "104"] {
            assert_eq!(world.history(other), Some((kind, how.into(), "101".into())), "{other}");
        }
        let theirs = if answered { PartyKind::Inbound } else { PartyKind::Missed };
        assert_eq!(world.history("103"), Some((theirs, result.into(), "101".into())));
        let rows = &world.store.parties;
        assert_eq!(rows.len(), 4, "{rows:?}");
        for row in rows.iter().filter(|row| row.result == "answered") {
            assert!(row.answered_at.is_some() && row.device.is_some() && row.ended_at > row.started_at);
        }
    });
}

/// CH-07: a call that was forwarded is in the history of who was called.
#[test]
fn a_forwarded_call_was_taken_elsewhere() {
    let mut world = World::new(4);
    let [alice, _, carol] = world.phones(["101", "102", "103"]);
    world.config(|c| c.user("102").forwards.always = Some("103".into()));
    world.dials(alice, "102");
    world.run_until(secs(5), |w| w.state(carol) == State::Rings);
    world.answers(carol);
    world.run_for(secs(2));
    world.hangs_up(carol);
    world.run_until_idle();
    assert_eq!(world.history("102"), Some((PartyKind::Inbound, "elsewhere".into(), "101".into())));
    assert_eq!(world.history("103"), Some((PartyKind::Inbound, "answered".into(), "101".into())));
}
