//! What a phone is told of its people besides calls: presence, waiting messages, settings. SIP-26, SIP-29, SIP-30.

use pbx_core::{Counts, Input};
use tests::{Habit, World, secs};

use crate::{rough, seeds};

/// SIP-29, CTRL-04, DIR-22, DIR-23, DIR-24
#[test]
fn presence_follows_registration_calls_and_what_is_published() {
    seeds(|seed| {
        let mut world = rough(seed);
        world.config(|c| {
            c.add_user("101");
            c.add_user("102");
        });
        let watcher = world.lamps_of("101");
        world.watches(watcher, "presence", "102");
        let says =
            |w: &World, word: &str| w.watchers[0].lamps[0].last().contains(&format!("<note>{word}</note>"));
        world.run_until(secs(60), |w| says(w, "Offline"));
        let bert = world.plug_in("102");
        let anna = world.plug_in("101");
        world.run_until(secs(40), |w| says(w, "Available"));
        world.dials(bert, "101");
        world.run_until(secs(40), |w| says(w, "On the phone"));
        assert!(world.watchers[0].lamps[0].last().contains("<rpid:on-the-phone/>"));
        world.run_until(secs(40), |w| w.state(anna) == tests::State::Rings);
        world.hangs_up(bert);
        world.run_until(secs(60), |w| says(w, "Available"));
        let publisher = world.lamps_of("102");
        let document = |activity: &str| {
            format!(
                "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
                 xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:102@example.test\"><tuple id=\"t1\"><status>\
                 <basic>open</basic></status></tuple><r:activities><r:{activity}/></r:activities></presence>"
            )
        };
        let away = document("away");
        world.with_watcher(publisher, |w, now| w.publish(now, "", 60, Some(&away)));
        world.run_until(secs(60), |w| says(w, "Away") && w.watchers[1].published.is_some());
        let (status, etag) = world.watchers[1].published.clone().unwrap();
        assert_eq!(status, 200);
        world.with_watcher(publisher, |w, now| w.publish(now, "0000000000000bad", 60, None));
        world.run_until(secs(40), |w| w.watchers[1].published.as_ref().is_some_and(|p| p.0 == 412));
        let busy = document("busy");
        world.with_watcher(publisher, |w, now| w.publish(now, &etag, 60, Some(&busy)));
        world.run_until(secs(60), |w| says(w, "Busy"));
        world.run_until(secs(100), |w| says(w, "Available"));
    });
}

/// DIR-24: who forwards to somebody is reached with them.
#[test]
fn who_forwards_to_a_phone_that_is_there_is_available() {
    let mut world = World::new(1);
    world.config(|c| {
        for number in ["101", "102", "103"] {
            c.add_user(number);
        }
        c.user("102").forwards.always = Some("103".into());
    });
    let watcher = world.lamps_of("101");
    world.watches(watcher, "presence", "102");
    let says =
        |w: &World, word: &str| w.watchers[0].lamps[0].last().contains(&format!("<note>{word}</note>"));
    world.run_until(secs(2), |w| says(w, "Offline"));
    let carl = world.plug_in("103");
    world.run_until(secs(2), |w| says(w, "Available"));
    world.config(|c| c.user("102").forwards.always = Some("+4930123456".into()));
    world.run_for(secs(1));
    assert!(says(&world, "Available"));
    world.config(|c| c.user("102").forwards.always = None);
    world.run_until(secs(2), |w| says(w, "Offline"));
    let user = world.company.user("103").id;
    assert_eq!(world.lamps.get(&format!("user:{user}")), Some(&"available"), "the portal sees the same");
    world.habit(carl, Habit::Vanished);
}

/// RNG-14, DIR-23, SIP-26: do-not-disturb set on a phone makes busy, and ends when its time is over.
#[test]
fn do_not_disturb_is_busy_for_everybody_who_watches() {
    seeds(|seed| {
        let mut world = rough(seed);
        world.phones(["101", "102"]);
        let [watcher, bert] = ["101", "102"].map(|account| world.lamps_of(account));
        world.watches(watcher, "presence", "102");
        world.watches(bert, "as-feature-event", "102");
        let says =
            |w: &World, word: &str| w.watchers[0].lamps[0].last().contains(&format!("<note>{word}</note>"));
        world.run_until(secs(40), |w| says(w, "Available") && w.watchers[1].lamps[0].is_active());
        world.run_for(secs(60));
        let on = "<SetDoNotDisturb><device/><doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>";
        world.with_watcher(bert, |w, now| w.wish(now, 0, on));
        world.run_until(secs(80), |w| says(w, "Busy"));
        assert!(world.company.user("102").dnd);
        let user = world.company.user("102").id;
        assert_eq!(world.lamps.get(&format!("user:{user}")), Some(&"busy"), "the portal sees the same");
        let told = |w: &World, text: &str| w.watchers[1].lamps[0].documents.iter().any(|d| d.contains(text));
        world.run_until(secs(80), |w| told(w, "<doNotDisturbOn>true</doNotDisturbOn>"));
        let end = world.now().utc + chrono::TimeDelta::minutes(5);
        world.config(|c| c.user("102").dnd_until = Some(end));
        world.run_for(secs(200));
        assert!(says(&world, "Busy"));
        world.run_until(secs(180), |w| says(w, "Available"));
        assert!(world.now().utc >= end);
        world.run_until(secs(80), |w| {
            w.watchers[1].lamps[0].last().contains("<doNotDisturbOn>false</doNotDisturbOn>")
        });
    });
}

/// SIP-30
#[test]
fn the_lamp_of_the_mailbox_follows_its_counts_and_a_restart() {
    let mut world = World::new(6);
    let [anna] = world.phones(["101"]);
    let watcher = world.lamps_of("101");
    world.watches(watcher, "message-summary", "101");
    let says = |w: &World, line: &str| w.watchers[0].lamps[0].last().contains(line);
    world.run_until(secs(2), |w| says(w, "Voice-Message: 0/0 (0/0)"));
    assert!(says(&world, "Messages-Waiting: no"));
    let (tenant, user) = (world.company.tenant.id, world.company.user("101").id);
    let counts = Counts { new: 2, saved: 5, urgent_new: 1, urgent_saved: 0 };
    world.input(Input::Messages { tenant, user, counts });
    world.run_until(secs(2), |w| says(w, "Voice-Message: 2/5 (1/0)"));
    assert!(says(&world, "Messages-Waiting: yes"));
    world.run_for(secs(1));
    world.kill_and_restart();
    world.run_until(secs(2), |w| says(w, "Voice-Message: 0/0"));
    world.input(Input::Messages { tenant, user, counts });
    world.run_until(secs(2), |w| says(w, "Voice-Message: 2/5"));
    assert!(world.phone(anna).unasked.is_empty(), "who does not ask for it is not told");
}

/// SIP-30
#[test]
fn a_phone_that_is_set_so_is_told_of_messages_without_asking() {
    let mut world = World::new(6);
    world.config(|c| {
        c.add_user("101");
        c.device("101").unasked_counts = true;
    });
    let anna = world.plug_in("101");
    world.run_for(secs(1));
    let (tenant, user) = (world.company.tenant.id, world.company.user("101").id);
    let counts = Counts { new: 1, ..Counts::default() };
    world.input(Input::Messages { tenant, user, counts });
    world.run_for(secs(1));
    let told: Vec<String> = world.phone(anna).unasked.clone();
    assert_eq!(told.len(), 2, "when it registered, and when a message came: {told:?}");
    assert!(told[0].contains("Messages-Waiting: no") && told[1].contains("Voice-Message: 1/0 (0/0)"));
    world.run_until_idle();
}

/// SIP-26
#[test]
fn forwards_set_on_a_phone_are_set_here_and_the_other_way_round() {
    seeds(|seed| {
        let mut world = rough(seed);
        world.config(|c| {
            for number in ["101", "102"] {
                c.add_user(number);
            }
            c.add_device("101", "101b");
        });
        let [one, other] = ["101", "101b"].map(|account| world.lamps_of(account));
        // Polycom takes one document at a time, Yealink several in one.
        let accept = ["", "application/x-as-feature-event+xml, multipart/mixed"];
        for (watcher, accept) in [one, other].into_iter().zip(accept) {
            world.with_watcher(watcher, |w, now| {
                let lamp = w.subscribe(now, "as-feature-event", "101", 3600);
                w.lamps[lamp].accept = accept.into();
            });
        }
        let knows = |w: &World, watcher: usize, text: &str| {
            w.watchers[watcher].lamps[0].documents.iter().any(|d| d.contains(text))
        };
        let everything = ["doNotDisturbOn", "forwardImmediate", "forwardBusy", "forwardNoAns"];
        world.run_until(secs(160), |w| everything.iter().all(|part| knows(w, 0, part) && knows(w, 1, part)));
        let forward = "<SetForwarding><device/><forwardingType>forwardImmediate</forwardingType>\
            <activateForward>true</activateForward><forwardDN>102</forwardDN></SetForwarding>";
        world.with_watcher(one, |w, now| w.wish(now, 0, forward));
        world.run_until(secs(80), |w| (0..2).all(|at| knows(w, at, "<forwardTo>102</forwardTo>")));
        world.run_for(secs(40));
        let told: Vec<usize> = world.watchers.iter().map(|w| w.lamps[0].documents.len()).collect();
        assert_eq!(world.company.user("101").forwards.always.as_deref(), Some("102"));
        world.config(|c| c.user("101").forwards.always = None);
        let off =
            "<forwardingType>forwardImmediate</forwardingType>\r\n <forwardStatus>false</forwardStatus>";
        world.run_until(secs(80), |w| {
            let is_off =
                |at: usize| w.watchers[at].lamps[0].documents[told[at]..].iter().any(|d| d.contains(off));
            is_off(0) && is_off(1)
        });
        world.run_for(secs(40));
        // What is refused is told as it is.
        let nobody = forward.replace("102", "109");
        let told = world.watchers[one].lamps[0].documents.len();
        world.with_watcher(one, |w, now| w.wish(now, 0, &nobody));
        world.run_until(secs(80), |w| w.watchers[0].lamps[0].documents.len() > told);
        assert_eq!(world.company.user("101").forwards.always, None);
    });
}
