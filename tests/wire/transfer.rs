//! Transfer, park and pickup against the real program: who hears whom afterwards. SIP-22, SIP-23, SIP-24, SIP-33, CTRL-02.

use tests::{
    agent::{Phone, Talking, phone::Manner},
    patience::until_true,
    server::Server,
};

/// Three phones that answer; the first one called the second, and they talk.
fn talking(server: &Server) -> ([Phone; 3], Talking, Talking) {
    let phones: [Phone; 3] = server.phones();
    phones.iter().for_each(|phone| phone.set_manner(Manner::Answer));
    let (alice, bob) = calls(&phones[0], &phones[1], &server.number(1));
    (phones, alice, bob)
}

fn calls(from: &Phone, to: &Phone, number: &str) -> (Talking, Talking) {
    let one = from.dial(number).answered();
    until_true("an answer", || to.talking() == 1);
    (one, to.take_talking().remove(0))
}

fn hear_each_other(one: &Talking, other: &Talking) {
    one.rtp.hears_voice_of(&other.rtp);
    other.rtp.hears_voice_of(&one.rtp);
}

/// Refers the other side of the first call to the second one, with the third phone.
fn puts_through(server: &Server, first: &mut Talking, second: &Talking) {
    let tag = |text: &str| text.rsplit("tag=").next().unwrap().to_owned();
    let answer = &second.made_by;
    let (ours, theirs) = (tag(answer.header("From").unwrap()), tag(answer.header("To").unwrap()));
    let replaces = format!("{}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}", second.call_id);
    let to = format!("Refer-To: <sip:{}@{}?Replaces={replaces}>\r\n", server.number(2), server.sip());
    assert_eq!(first.request("REFER", &to, "").status(), Some(202));
}

/// Waits for a NOTIFY with that line.
fn notified(phone: &Phone, line: &str) {
    let has = |text: &tests::agent::Text| text.method() == "NOTIFY" && text.body_text().starts_with(line);
    until_true(line, || phone.log().iter().any(|(ours, text)| !ours && has(text)));
}

/// SIP-22: the phone refers, hears what becomes of it, and is out of the call.
#[test]
fn a_blind_transfer_connects_the_other_two() {
    let server = Server::start();
    let (phones, mut alice, bob) = talking(&server);
    hear_each_other(&alice, &bob);
    assert_eq!(alice.offer("sendonly").status(), Some(200));
    let to = format!("Refer-To: <sip:{}@{}>\r\n", server.number(2), server.sip());
    assert_eq!(alice.request("REFER", &to, "").status(), Some(202));
    notified(&phones[0], "SIP/2.0 200");
    until_true("an answer", || phones[2].talking() == 1);
    let carol = phones[2].take_talking().remove(0);
    alice.ended();
    hear_each_other(&bob, &carol);
    carol.hang_up();
    bob.ended();
    server.quiet();
}

/// SIP-23: REFER with Replaces of the second call.
#[test]
fn an_attended_transfer_connects_the_other_two() {
    let server = Server::start();
    let (phones, mut alice, bob) = talking(&server);
    assert_eq!(alice.offer("sendonly").status(), Some(200));
    let (second, carol) = calls(&phones[0], &phones[2], &server.number(2));
    hear_each_other(&second, &carol);
    puts_through(&server, &mut alice, &second);
    notified(&phones[0], "SIP/2.0 200");
    alice.ended();
    second.ended();
    hear_each_other(&bob, &carol);
    bob.hang_up();
    carol.ended();
    server.quiet();
    let first = server.sql("SELECT cause FROM calls ORDER BY started_at LIMIT 1");
    assert!(first.contains("put") && first.contains("through to"), "{first}");
}

/// SIP-22: nobody answers there.
#[test]
fn a_transfer_that_fails_is_told_and_the_two_talk_on() {
    let server = Server::start();
    let (phones, mut alice, bob) = talking(&server);
    phones[2].set_manner(Manner::Refuse(486));
    let to = format!("Refer-To: <sip:{}@{}>\r\n", server.number(2), server.sip());
    assert_eq!(alice.request("REFER", &to, "").status(), Some(202));
    notified(&phones[0], "SIP/2.0 486");
    hear_each_other(&alice, &bob);
    alice.hang_up();
    bob.ended();
    server.quiet();
}

/// SIP-33, CTRL-05: parked by transfer in the lot that every company has from its first day, taken by dialling the slot.
#[test]
fn a_parked_caller_talks_with_who_takes_them() {
    let server = Server::start();
    let (phones, alice, mut bob) = talking(&server);
    let to = format!("Refer-To: <sip:*70@{}>\r\n", server.sip());
    assert_eq!(bob.request("REFER", &to, "").status(), Some(202));
    notified(&phones[1], "SIP/2.0 200");
    bob.ended();
    alice.rtp.hears(20);
    let carol = phones[2].dial("701").answered();
    hear_each_other(&alice, &carol);
    alice.hang_up();
    carol.ended();
    server.quiet();
}

/// SIP-24, FC-14: the second phone rings, the third takes the call. First start has all of them in one group.
#[test]
fn a_colleague_takes_a_call_that_rings() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    bob.set_manner(Manner::Ring);
    let call = alice.dial(&server.number(1));
    call.rings();
    let taken = carol.dial(&format!("*97{}", server.number(1))).answered();
    let answered = call.answered();
    hear_each_other(&answered, &taken);
    taken.hang_up();
    answered.ended();
    server.quiet();
}

/// SIP-24, CTRL-02, RFC 4916: after a transfer the two who are left show each other, by UPDATE or with the offer that is due.
#[test]
fn phones_show_whom_they_talk_with_after_a_transfer() {
    let server = Server::start();
    let (phones, mut alice, bob) = talking(&server);
    assert!(alice.made_by.header("P-Asserted-Identity").is_some_and(|to| to.contains(&server.number(1))));
    assert_eq!(alice.offer("sendonly").status(), Some(200));
    let (second, carol) = calls(&phones[0], &phones[2], &server.number(2));
    puts_through(&server, &mut alice, &second);
    let told = |phone: &Phone, number: &str| {
        let is = |text: &tests::agent::Text| {
            matches!(text.method(), "INVITE" | "UPDATE")
                && text
                    .header("P-Asserted-Identity")
                    .is_some_and(|who| who.contains(&format!("sip:{number}@")))
        };
        phone.log().iter().any(|(ours, text)| !ours && is(text))
    };
    until_true("both names", || told(&phones[1], &server.number(2)) && told(&phones[2], &server.number(1)));
    bob.hang_up();
    carol.ended();
    server.quiet();
}

/// CTC-04, RFC 4488: a program beside the phone has it call, without a subscription.
#[test]
fn a_refer_outside_of_a_call_has_the_phone_place_one() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    [&alice, &bob].into_iter().for_each(|phone| phone.set_manner(Manner::Answer));
    let (domain, to) = (server.sip(), server.number(1));
    let headers = format!("Refer-To: <sip:{to}@{domain}>\r\nRefer-Sub: false\r\n");
    let answer = alice.ask("REFER", &format!("sip:{domain}"), &alice.address(), &headers, "");
    assert_eq!((answer.status(), answer.header("Refer-Sub")), (Some(202), Some("false")));
    until_true("both phones", || alice.talking() == 1 && bob.talking() == 1);
    let (one, other) = (alice.take_talking().remove(0), bob.take_talking().remove(0));
    hear_each_other(&one, &other);
    one.hang_up();
    other.ended();
    server.quiet();
}
