//! The PBX under good and bad networks: every scenario runs over many seeds and ends quiet.
#![allow(clippy::unwrap_used)]

mod anything;
mod barging;
mod basic;
mod blocked;
mod carriers;
mod click_to_call;
mod codes;
mod company_groups;
mod configuration;
mod connected;
mod early_media;
mod emergency;
mod forwards;
mod handling;
mod hold;
mod hotdesk;
mod hunting;
mod lamps;
mod leaving;
mod limits;
mod minutes;
mod mobile;
mod nat;
mod offers;
mod old_phones;
mod outside;
mod page;
mod park;
mod parties;
mod permissions;
mod pickup;
mod presence;
mod registration;
mod ringing;
mod rules;
mod secure;
mod strangers;
mod tcp;
mod tenants;
mod test_calls;
mod transfer;
mod trunks;

use tests::{World, ms};

/// Runs a scenario for each seed.
fn seeds(scenario: impl Fn(u64)) {
    for seed in 0..SEEDS {
        scenario(seed);
    }
}

/// A network as people have it on a bad day: slow, reordering, losing and repeating.
fn rough(seed: u64) -> World {
    World::new(seed).delay(ms(5)..ms(60)).loss(0.03).duplicates(0.02)
}

/// Seeds of each scenario.
const SEEDS: u64 = 200;
