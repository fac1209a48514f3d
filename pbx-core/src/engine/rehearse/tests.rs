use config::snapshot::Forwards;

use super::*;
use crate::route::fixture::{ANNA, Berlin, ONE};

fn berlin() -> Berlin {
    let mut berlin = Berlin::new();
    berlin.colleague(2, "102");
    berlin
}

fn ask(berlin: &Berlin, dialled: &str, users: &[(UserId, Assumed)]) -> Rehearsed {
    rehearse(&Rehearsal {
        snapshot: berlin.snapshot(),
        tenant: ONE,
        from: From::Inside { user: Some(ANNA), device: Some(DeviceId(1)), number: "101".into() },
        dialled: dialled.into(),
        at: Instant::now(),
        utc: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        users: users.iter().copied().collect(),
        outside: Assumed::Answers(Duration::from_secs(3)),
        seed: [7; 32],
    })
}

const BEN: UserId = UserId(2);

/// OPS-02
#[test]
fn what_phones_are_assumed_to_do_decides_as_in_a_real_call() {
    let berlin = berlin();
    let answered = ask(&berlin, "102", &[(BEN, Assumed::Answers(Duration::from_secs(4)))]);
    assert_eq!((answered.answered_by.as_str(), answered.took.as_secs()), ("102 Anna Berg", 4));
    assert!(answered.trace.contains("102 is extension of Anna Berg"), "{}", answered.trace);
    let busy = ask(&berlin, "102", &[(BEN, Assumed::Busy)]);
    assert_eq!((busy.answered_by.as_str(), busy.cause.as_str()), ("", "486 Busy"));
    let rings = ask(&berlin, "102", &[]);
    assert_eq!((rings.cause.as_str(), rings.took.as_secs()), ("480 No answer", 20));
    let gone = ask(&berlin, "102", &[(BEN, Assumed::NotRegistered)]);
    assert!(gone.trace.contains("not registered"), "{}", gone.trace);
    assert_eq!(ask(&berlin, "199", &[]).cause, "404 No such extension");
}

/// OPS-02, SIP-40
#[test]
fn a_forward_outside_is_followed_to_the_trunk() {
    let mut berlin = berlin();
    berlin.forward(2, Forwards { always: Some("089123456".into()), ..Forwards::default() });
    let outside = ask(&berlin, "102", &[]);
    assert!(outside.trace.contains("+4989123456 (national) by every trunk"), "{}", outside.trace);
    assert_eq!(outside.answered_by, "+4989123456");
}
