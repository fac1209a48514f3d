use config::TenantId;

use super::*;
use crate::live::LiveBinding;

fn phone(name: &str, ring: &str, registered: bool) -> OwnPhone {
    let contact = LiveBinding {
        device: config::DeviceId(1),
        contact: "sip:a@192.0.2.7".into(),
        user_agent: "Yealink SIP-T54W 96.86".into(),
        address: "udp 192.0.2.7:5060".into(),
        registered_at: 0,
        expires_at: 0,
    };
    OwnPhone {
        id: 1,
        name: name.into(),
        kind: "desktop".into(),
        mac: String::new(),
        location: String::new(),
        ring: if ring.starts_with("Rings after") { "delay".into() } else { ring.into() },
        ringing: ring.into(),
        auto_answer: false,
        has_keys: false,
        contacts: if registered { vec![contact] } else { vec![] },
        in_call: false,
    }
}

fn good() -> Situation {
    Situation {
        extension: "102".into(),
        busy_trigger: 2,
        no_answer_after: 20,
        phones: vec![phone("Desk", "immediate", true)],
        ..Situation::default()
    }
}

fn bad(state: Situation) -> Vec<&'static str> {
    let all = findings(&state, &Places::of(true, UserId(1)));
    assert!(all.iter().all(|finding| finding.sentence.ends_with('.')), "{all:?}");
    all.into_iter().filter(|finding| !finding.good).map(|finding| finding.check).collect()
}

/// TRB-06: each fault is named, and nothing else.
#[test]
fn each_fault_is_found_and_none_where_there_is_none() {
    assert_eq!(bad(good()), Vec::<&str>::new());
    assert_eq!(bad(Situation { suspended: true, ..good() }), ["suspended"]);
    assert_eq!(bad(Situation { extension: String::new(), ..good() }), ["extension"]);
    assert_eq!(bad(Situation { forward_always: "103".into(), ..good() }), ["forward_always"]);
    assert_eq!(bad(Situation { phones: vec![], ..good() }), ["registered"]);
    assert_eq!(bad(Situation { phones: vec![phone("Desk", "immediate", false)], ..good() }), ["registered"]);
    assert_eq!(bad(Situation { phones: vec![phone("Desk", "disabled", true)], ..good() }), ["rings"]);
    assert_eq!(
        bad(Situation { phones: vec![phone("Desk", "Rings after 30 s", true)], ..good() }),
        ["at_once"]
    );
    assert_eq!(bad(Situation { calls: 2, ..good() }), ["busy"]);
    assert_eq!(bad(Situation { calls: 1, ..good() }), Vec::<&str>::new());
    let two = vec![phone("Desk", "immediate", false), phone("Mobile", "Rings after 5 s", true)];
    assert_eq!(bad(Situation { phones: two, ..good() }), Vec::<&str>::new());
}

/// TRB-06
#[test]
fn the_answer_is_the_first_fault_in_one_sentence() {
    let found =
        |state| Found { name: String::new(), findings: findings(&state, &Places::of(true, UserId(1))) };
    let forwarded = found(Situation { forward_always: "103".into(), phones: vec![], ..good() });
    assert_eq!(forwarded.answer(), "All calls are forwarded to 103 before a phone rings.");
    assert!(!forwarded.rings() && found(good()).rings());
    assert_eq!(found(good()).answer(), RINGS);
}

/// TRB-06: the last call says what was decided about this user.
#[test]
fn the_last_missed_call_is_told_with_its_reason() {
    let party = PartyRow {
        user: UserId(1),
        tenant: TenantId(1),
        call: "c".into(),
        started_at: 0,
        kind: PartyKind::Missed,
        result: "missed".into(),
        number: "101".into(),
        name: String::new(),
        answered_at: None,
        ended_at: 1,
        device: None,
    };
    let steps = vec!["Not rung: Desk of 102 Bob: not registered".to_owned()];
    let told = last_call(&(party.clone(), "Today 14:06".into(), steps));
    assert_eq!(
        told,
        "The last call from 101 (Today 14:06) was not answered: Not rung: Desk of 102 Bob: not registered."
    );
    let blocked = PartyRow { kind: PartyKind::Blocked, name: "Spam".into(), ..party };
    assert!(
        last_call(&(blocked, "Today 14:06".into(), vec![])).contains("from Spam (Today 14:06) was refused")
    );
}
