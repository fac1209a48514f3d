//! Lamps, presence, waiting messages and keys in step, against the real program: what a phone that subscribed is told, and
//! when, also after a kill. SIP-26…30.

use std::time::{Duration, Instant};

use tests::{
    agent::{Phone, Text, phone::Manner, text::param},
    patience::{PATIENCE, until_true, within},
    server::Server,
};

use crate::trunks;

/// A phone's subscription: it takes what is notified by itself, and the phone's log has it.
struct Watch<'a> {
    phone: &'a Phone,
    call_id: String,
}

impl<'a> Watch<'a> {
    /// Subscribes; 200 comes, and a first NOTIFY.
    fn begin(phone: &'a Phone, server: &Server, event: &str, number: &str) -> Self {
        let uri = format!("sip:{number}@{}", server.sip());
        let headers = format!("Event: {event}\r\nExpires: 600\r\nContact: <{}>\r\n", phone.contact());
        let answer = phone.ask("SUBSCRIBE", &uri, &uri, &headers, "");
        assert_eq!(
            (answer.status(), answer.header("Expires")),
            (Some(200), Some("600")),
            "{}",
            phone.ladder()
        );
        let watch = Self { phone, call_id: answer.call_id().to_owned() };
        watch.until_told("the first NOTIFY", |_| true);
        watch
    }
    /// What it was told, in order, without repetitions.
    fn told(&self) -> Vec<Text> {
        let mut told: Vec<Text> = vec![];
        for (ours, text) in self.phone.log() {
            let is_it = !ours && text.method() == "NOTIFY" && text.call_id() == self.call_id;
            if is_it && told.last().is_none_or(|last| text.cseq() > last.cseq()) {
                told.push(text);
            }
        }
        told
    }
    /// Waits until the last document is as wanted.
    fn until_told(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let last = || self.told().last().is_some_and(|told| wanted(&told.body_text()));
        let seen = within(PATIENCE, || last().then_some(()));
        let bodies: Vec<String> = self.told().iter().map(Text::body_text).collect();
        assert!(seen.is_some(), "{what} was not told: {bodies:#?}");
    }
}

/// SIP-27, RFC 4235: the first document is full, those of a call are partial and count on; the call's dialog is named.
#[test]
fn a_lamp_is_told_of_a_call_from_ringing_to_its_end() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    bob.set_manner(Manner::Ring);
    let lamp = Watch::begin(&carol, &server, "dialog", &server.number(1));
    let first = lamp.told().remove(0);
    assert_eq!(first.header("Content-Type"), Some("application/dialog-info+xml"));
    assert!(first.header("Subscription-State").unwrap().starts_with("active;expires="));
    let body = first.body_text();
    assert!(body.contains("state=\"full\"") && !body.contains("<dialog "), "{body}");
    let dialling = alice.dial(&server.number(1));
    dialling.rings();
    lamp.until_told("that it rings", |body| {
        body.contains("<state>early</state>") && body.contains("partial")
    });
    let rings = lamp.told().pop().unwrap().body_text();
    let caller = &server.accounts()[0].extension;
    assert!(
        rings.contains("direction=\"recipient\"") && rings.contains(&format!("sip:{caller}@")),
        "{rings}"
    );
    assert!(rings.contains(" call-id=\"") && rings.contains(" remote-tag=\""), "{rings}");
    dialling.cancel();
    lamp.until_told("the end", |body| body.contains("<state>terminated</state>"));
    let versions: Vec<u32> = lamp.told().iter().map(|told| version(&told.body_text())).collect();
    assert!(versions.windows(2).all(|two| two[1] == two[0] + 1), "{versions:?}");
    server.quiet();
}

fn version(body: &str) -> u32 {
    let (_, rest) = body.split_once(" version=\"").expect("a version");
    // The XML declaration has one, too.
    let rest = if rest.starts_with("1.0") {
        rest.split_once(" version=\"").expect("the document's").1
    } else {
        rest
    };
    rest.split('"').next().unwrap().parse().unwrap()
}

/// SIP-27: a killed program comes back, and every lamp is right within two seconds of its start, without a new SUBSCRIBE.
#[test]
fn all_lamps_are_right_within_two_seconds_of_a_restart() {
    let mut server = Server::start();
    let [alice, bob, carol] = server.phones();
    bob.set_manner(Manner::Answer);
    let watched = [server.number(0), server.number(1), server.number(2)];
    let lamps: Vec<Watch<'_>> =
        watched.iter().map(|number| Watch::begin(&carol, &server, "dialog", number)).collect();
    let _call = alice.dial(&server.number(1)).answered();
    for lamp in &lamps[..2] {
        lamp.until_told("that they talk", |body| body.contains("<state>confirmed</state>"));
    }
    let before: Vec<usize> = lamps.iter().map(|lamp| lamp.told().len()).collect();
    server.kill();
    server.restart();
    let began = Instant::now();
    let news = |lamp: &Watch<'_>, before: usize| {
        lamp.told().get(before..).and_then(<[Text]>::last).is_some_and(|told| {
            let body = told.body_text();
            body.contains("state=\"full\"") && !body.contains("<dialog ")
        })
    };
    until_true("the lamps", || lamps.iter().zip(&before).all(|(lamp, before)| news(lamp, *before)));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let asked = carol.log().iter().filter(|(ours, text)| *ours && text.method() == "SUBSCRIBE").count();
    assert_eq!(asked, 6, "each subscribed once, with its challenge");
}

/// SIP-30: a phone hears of its own mailbox and of nobody else's.
#[test]
fn a_mailbox_is_told_to_its_own_user_only() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let summary = Watch::begin(&alice, &server, "message-summary", &server.number(0));
    let told = summary.told().remove(0);
    assert_eq!(told.header("Content-Type"), Some("application/simple-message-summary"));
    assert!(told.body_text().starts_with("Messages-Waiting: no\r\n"), "{}", told.body_text());
    assert!(told.body_text().contains("Voice-Message: 0/0 (0/0)"));
    let uri = format!("sip:{}@{}", server.number(0), server.sip());
    let headers = format!("Event: message-summary\r\nExpires: 600\r\nContact: <{}>\r\n", bob.contact());
    assert_eq!(bob.ask("SUBSCRIBE", &uri, &uri, &headers, "").status(), Some(403));
}

/// SIP-29: presence follows calls and what the portal sets.
#[test]
fn presence_follows_a_call_and_do_not_disturb() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    bob.set_manner(Manner::Answer);
    let presence = Watch::begin(&carol, &server, "presence", &server.number(1));
    presence.until_told("that he is there", |body| body.contains("<note>Available</note>"));
    let call = alice.dial(&server.number(1)).answered();
    presence.until_told("that he is on the phone", |body| body.contains("<note>On the phone</note>"));
    call.hang_up();
    presence.until_told("that he is there again", |body| body.contains("<note>Available</note>"));
    server.edit(&format!("UPDATE users SET dnd = 1 WHERE id = {}", server.user(1)));
    presence.until_told("that he is busy", |body| body.contains("<note>Busy</note>"));
    server.quiet();
}

/// SIP-26: what a phone's DND key sets is in the portal and in force, and told to the other phones of its user.
#[test]
fn a_dnd_key_is_kept_in_step_with_the_portal() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let keys = Watch::begin(&alice, &server, "as-feature-event", &server.number(0));
    let has = |watch: &Watch<'_>, text: &str| watch.told().iter().any(|told| told.body_text().contains(text));
    until_true("how it stands", || has(&keys, "<doNotDisturbOn>false</doNotDisturbOn>"));
    let uri = format!("sip:{}@{}", server.number(0), server.sip());
    let body = "<?xml version=\"1.0\"?><SetDoNotDisturb><device/><doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>";
    let headers = format!(
        "Event: as-feature-event\r\nExpires: 600\r\nContact: <{}>\r\nContent-Type: application/x-as-feature-event+xml\r\n",
        alice.contact()
    );
    assert_eq!(alice.ask("SUBSCRIBE", &uri, &uri, &headers, body).status(), Some(200));
    until_true("that it is on", || has(&keys, "<doNotDisturbOn>true</doNotDisturbOn>"));
    assert_eq!(server.sql(&format!("SELECT dnd FROM users WHERE id = {}", server.user(0))), "1");
    assert_eq!(server.sql("SELECT via FROM audit ORDER BY id DESC LIMIT 1"), "phone");
    assert_eq!(bob.dial(&server.number(0)).refused().status(), Some(486));
    server.quiet();
}

/// SIP-28: do not disturb, a forward and the night light lamps under their codes, whether they are switched by phone or in the
/// portal; a killed program tells them as they are.
#[test]
fn lamps_of_switches_follow_phone_and_portal_over_a_kill() {
    let mut server = Server::start();
    let [alice, bob, carol] = server.phones();
    let numbers = [format!("*78{}", server.number(1)), format!("*72{}", server.number(0)), "*27".to_owned()];
    let lamps = numbers.map(|number| Watch::begin(&carol, &server, "dialog", &number));
    assert!(lamps.iter().all(|lamp| !is_lit(&lamp.told()[0].body_text())));
    bob.dial("*78").answered().ended();
    lamps[0].until_told("that he is not to be disturbed", is_lit);
    alice.dial(&format!("*72{}", server.number(2))).answered().ended();
    lamps[1].until_told("that her calls go elsewhere", is_lit);
    let before: Vec<usize> = lamps.iter().map(|lamp| lamp.told().len()).collect();
    server.kill();
    server.restart();
    for ((lamp, before), stands) in lamps.iter().zip(before).zip([true, true, false]) {
        until_true("how it stands", || lamp.told().len() > before);
        assert_eq!(is_lit(&lamp.told()[before].body_text()), stands);
    }
    server.edit("UPDATE settings SET night_enabled = 1, night_mode = 'night'");
    lamps[2].until_told("that it is night", is_lit);
    // At night her calls go where they go at night.
    lamps[1].until_told("that they come to her again", |body| !is_lit(body));
    bob.dial("*79").answered().ended();
    lamps[0].until_told("that he may be disturbed", |body| !is_lit(body));
    server.edit("UPDATE settings SET night_mode = 'day'");
    lamps[2].until_told("that it is day", |body| !is_lit(body));
    server.quiet();
}

/// SIP-28: the lamp of a trunk shows its call, that of a park slot who waits there.
#[test]
fn lamps_of_a_trunk_and_a_park_slot_follow_a_call() {
    let server = Server::start();
    let [alice, _bob, carol] = server.phones();
    let carrier = trunks::carrier(&server);
    let trunk = server.sql("SELECT id FROM trunks");
    let line = Watch::begin(&carol, &server, "dialog", &format!("**{trunk}"));
    let slot = Watch::begin(&carol, &server, "dialog", "701");
    let dialling = carrier.dial(trunks::OURS);
    let mut by_alice = alice.incoming().answer();
    let by_carrier = dialling.answered();
    line.until_told("that it is in use", is_lit);
    let to = format!("Refer-To: <sip:*70@{}>\r\n", server.sip());
    assert_eq!(by_alice.request("REFER", &to, "").status(), Some(202));
    slot.until_told("who waits", |body| is_lit(body) && body.contains(&format!("sip:{}@", trunks::THEIRS)));
    by_alice.ended();
    by_carrier.hang_up();
    slot.until_told("that it is free", |body| !is_lit(body));
    line.until_told("that it is free", |body| !is_lit(body));
    server.quiet();
}

fn is_lit(body: &str) -> bool {
    body.contains("<state>confirmed</state>")
}

/// SIP-22, RFC 3515: who refers outside of any call hears by NOTIFY what becomes of the call.
#[test]
fn a_refer_outside_of_a_call_is_told_what_becomes_of_it() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    [&alice, &bob].into_iter().for_each(|phone| phone.set_manner(Manner::Answer));
    let refer = |to: &str| {
        let headers = format!("Refer-To: <sip:{to}@{}>\r\nContact: <{}>\r\n", server.sip(), alice.contact());
        let answer = alice.ask("REFER", &format!("sip:{}", server.sip()), &alice.address(), &headers, "");
        assert_eq!(answer.status(), Some(202), "{}", alice.ladder());
        Watch { phone: &alice, call_id: answer.call_id().to_owned() }
    };
    let told = refer(&server.number(1));
    told.until_told("that it was reached", |body| body.starts_with("SIP/2.0 200"));
    let first = told.told().remove(0);
    assert_eq!((first.header("Event"), &*first.body_text()), (Some("refer"), "SIP/2.0 100 Trying\r\n"));
    assert!(param(first.header("Subscription-State").unwrap(), "expires").is_some());
    let last = told.told().pop().unwrap();
    assert_eq!(last.header("Subscription-State"), Some("terminated;reason=noresource"));
    until_true("both phones", || alice.talking() == 1 && bob.talking() == 1);
    alice.take_talking().remove(0).hang_up();
    until_true("the end", || bob.talking() == 0);
    bob.set_manner(Manner::Refuse(486));
    refer(&server.number(1)).until_told("that he is busy", |body| body.starts_with("SIP/2.0 486"));
    refer("999").until_told("that there is none", |body| body.starts_with("SIP/2.0 404"));
    server.quiet();
}
