//! REGISTER byte by byte, and bindings that hold. SIP-02…06.

use std::net::SocketAddr;

use bytes::Bytes;
use sip_stack::{Message, Name};
use tests::{Credentials, State, World, ms, param, secs};

use crate::seeds;

/// A registering device without a stack: every byte is the test's.
pub(crate) struct Device {
    pub address: SocketAddr,
    pub credentials: Credentials,
    /// Challenges of the last 401.
    pub nonce: Vec<String>,
    count: u32,
    branch: u32,
}

/// What one REGISTER says.
#[derive(Clone)]
pub(crate) struct Register<'a> {
    pub call_id: &'a str,
    pub cseq: u32,
    pub contact: &'a str,
    pub expires: &'a str,
    pub extra: &'a str,
}

pub(crate) const PLAIN: Register<'_> =
    Register { call_id: "one", cseq: 1, contact: "<sip:102@10.0.9.9:5060>", expires: "3600", extra: "" };

impl Device {
    pub(crate) fn new(username: &str, strong: bool) -> Self {
        Self {
            address: "10.0.9.9:5060".parse().unwrap(),
            credentials: Credentials {
                username: username.into(),
                password: format!("secret of {username}"),
                strong,
            },
            nonce: vec![],
            count: 0,
            branch: 0,
        }
    }
    pub(crate) fn authorization(&mut self) -> String {
        self.count += 1;
        let answer = self.credentials.answer(&self.nonce, "REGISTER", "sip:example.test", self.count);
        answer.map(|a| format!("Authorization: {a}\r\n")).unwrap_or_default()
    }
    pub(crate) fn send(
        &mut self,
        world: &mut World,
        register: &Register<'_>,
        authorization: &str,
    ) -> Message {
        self.branch += 1;
        let Register { call_id, cseq, contact, expires, extra } = register;
        let (user, branch, address) = (&self.credentials.username, self.branch, self.address);
        let contact = if contact.is_empty() { String::new() } else { format!("Contact: {contact}\r\n") };
        let text = format!(
            "REGISTER sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK{call_id}{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@example.test>;tag=a{branch}\r\nTo: <sip:{user}@example.test>\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{contact}Expires: {expires}\r\n{extra}{authorization}\
             Content-Length: 0\r\n\r\n"
        );
        world.mail.clear();
        world.sends_raw(address, Bytes::from(text));
        world.run_for(ms(200));
        let answer = world.mail.last().expect("an answer");
        let answer = Message::parse(answer.bytes.clone()).expect("a SIP message");
        if answer.status() == Some(401) {
            self.nonce =
                answer.headers(Name::WwwAuthenticate).map(|v| String::from_utf8_lossy(v).into()).collect();
            self.count = 0;
        }
        answer
    }
    /// With a valid credential.
    pub(crate) fn registers(&mut self, world: &mut World, register: &Register<'_>) -> Message {
        if self.nonce.is_empty() {
            self.send(world, &Register { call_id: "challenge", ..register.clone() }, "");
        }
        let authorization = self.authorization();
        self.send(world, register, &authorization)
    }
}

fn contacts(answer: &Message) -> Vec<String> {
    answer.values(Name::Contact).map(|v| String::from_utf8_lossy(v).into_owned()).collect()
}

pub(crate) fn world() -> World {
    let mut world = World::new(42);
    world.company.add_user("102");
    world.config(|_| {});
    world
}

/// SIP-02
#[test]
fn both_algorithms_are_offered_and_accepted() {
    for strong in [false, true] {
        let (mut world, mut device) = (world(), Device::new("102", strong));
        let challenge = device.send(&mut world, &PLAIN, "");
        assert_eq!(challenge.status(), Some(401));
        let algorithms: Vec<_> = device.nonce.iter().filter_map(|c| param(c, "algorithm")).collect();
        assert_eq!(algorithms, ["SHA-256", "MD5"]);
        let answer = device.registers(&mut world, &PLAIN);
        assert_eq!(answer.status(), Some(200));
        assert_eq!(contacts(&answer), ["<sip:102@10.0.9.9:5060>;expires=3600"]);
    }
}

/// SIP-02
#[test]
fn a_replayed_credential_is_refused() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    device.send(&mut world, &PLAIN, "");
    let authorization = device.authorization();
    assert_eq!(device.send(&mut world, &PLAIN, &authorization).status(), Some(200));
    let replay = Register { cseq: 2, contact: "<sip:102@10.6.6.6:5060>", ..PLAIN };
    let answer = device.send(&mut world, &replay, &authorization);
    assert_eq!(answer.status(), Some(401));
    assert!(
        device.nonce[0].contains("stale=true") || device.nonce[0].contains("stale=TRUE"),
        "{:?}",
        device.nonce
    );
    assert_eq!(world.metric("dialtone_bindings"), 1.0);
}

/// SIP-02: who guesses cannot tell a user that exists from one that does not.
#[test]
fn unknown_users_and_wrong_secrets_get_the_same_answer() {
    let shape = |username: &str| {
        let (mut world, mut device) = (world(), Device::new(username, true));
        device.credentials.password = "a guess".into();
        let first = device.send(&mut world, &PLAIN, "");
        let second = device.registers(&mut world, &PLAIN);
        let lines = |m: &Message| {
            let text = String::from_utf8_lossy(m.bytes()).replace(username, "USER");
            text.lines().map(|l| l.split("nonce=").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let without_tags = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().map(|l| l.split(";tag=").next().unwrap_or_default().to_owned()).collect()
        };
        (without_tags(lines(&first)), without_tags(lines(&second)))
    };
    assert_eq!(shape("102"), shape("nobody"));
}

/// SIP-05, RFC 3261 §10.3 step 7
#[test]
fn an_older_cseq_changes_nothing() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    assert_eq!(device.registers(&mut world, &Register { cseq: 10, ..PLAIN }).status(), Some(200));
    for (contact, expires) in
        [("<sip:102@10.0.9.9:5060>", "0"), ("*", "0"), ("<sip:102@10.0.9.9:5060>", "600")]
    {
        let older = Register { cseq: 9, contact, expires, ..PLAIN };
        assert_eq!(device.registers(&mut world, &older).status(), Some(500), "{contact} {expires}");
        let query = Register { cseq: 11, contact: "", ..PLAIN };
        let left = contacts(&device.registers(&mut world, &query));
        assert!(left.len() == 1 && left[0].starts_with("<sip:102@10.0.9.9:5060>;expires=3"), "{left:?}");
    }
    let newer = Register { cseq: 12, expires: "0", ..PLAIN };
    assert!(contacts(&device.registers(&mut world, &newer)).is_empty());
    assert_eq!(world.metric("dialtone_bindings"), 0.0);
    assert!(world.store.bindings.is_empty());
}

/// SIP-05
#[test]
fn expiries_are_kept_within_bounds() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    let brief = device.registers(&mut world, &Register { expires: "30", ..PLAIN });
    assert_eq!((brief.status(), brief.header(Name::MinExpires)), (Some(423), Some(b"60".as_slice())));
    let long = device.registers(&mut world, &Register { cseq: 2, expires: "99999", ..PLAIN });
    assert_eq!(contacts(&long), ["<sip:102@10.0.9.9:5060>;expires=3600"]);
    let behind_nat = Register { cseq: 3, contact: "<sip:102@192.168.1.5:5060>", ..PLAIN };
    assert_eq!(
        contacts(&device.registers(&mut world, &behind_nat)),
        ["<sip:102@192.168.1.5:5060>;expires=120"]
    );
    world.run_for(secs(121));
    assert_eq!(world.metric("dialtone_bindings"), 0.0);
    assert!(world.store.bindings.is_empty());
}

/// SIP-04, SIP-05
#[test]
fn a_contact_too_many_replaces_the_oldest() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    world.config(|c| c.device("102").max_contacts = 2);
    for (cseq, port) in [(1, 1), (2, 2), (3, 1), (4, 3)] {
        let contact = format!("<sip:102@10.0.9.9:{port}>");
        let answer = device.registers(&mut world, &Register { cseq, contact: &contact, ..PLAIN });
        assert_eq!(answer.status(), Some(200));
    }
    let left = contacts(&device.registers(&mut world, &Register { cseq: 9, contact: "", ..PLAIN }));
    assert_eq!(left.len(), 2);
    assert!(
        left[0].starts_with("<sip:102@10.0.9.9:2>") && left[1].starts_with("<sip:102@10.0.9.9:3>"),
        "{left:?}"
    );
    let all_gone = device.registers(&mut world, &Register { cseq: 10, contact: "*", expires: "0", ..PLAIN });
    assert_eq!((all_gone.status(), contacts(&all_gone).len()), (Some(200), 0));
}

/// SIP-05, RFC 5626 §6: the same instance from another address is the same phone.
#[test]
fn an_instance_that_moved_replaces_itself() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    world.config(|c| c.device("102").max_contacts = 5);
    for (cseq, port) in [(1, 1), (2, 2)] {
        let contact = format!("<sip:102@10.0.9.9:{port}>;reg-id=1;+sip.instance=\"<urn:uuid:0000-1>\"");
        let register = Register {
            cseq,
            contact: &contact,
            extra: "Supported: path, outbound\r\nPath: <sip:edge;lr>\r\n",
            ..PLAIN
        };
        let answer = device.registers(&mut world, &register);
        let shown = contacts(&answer);
        assert_eq!(shown.len(), 1);
        assert!(
            shown[0].starts_with(&format!("<sip:102@10.0.9.9:{port}>")) && shown[0].contains("reg-id=1"),
            "{shown:?}"
        );
        assert_eq!(answer.header(Name::Path), Some(b"<sip:edge;lr>".as_slice()));
    }
}

/// SIP-06: the 200 promises that the row is on the disk, within bounds.
#[test]
fn the_200_waits_for_the_disk_but_not_forever() {
    let (mut world, mut device) = (world(), Device::new("102", false));
    device.send(&mut world, &PLAIN, "");
    world.store.delay = None;
    let authorization = device.authorization();
    world.mail.clear();
    let before = world.now().at;
    let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        device.send(&mut world, &PLAIN, &authorization)
    }));
    assert!(answered.is_err(), "no answer before the commit");
    world.run_for(secs(3));
    assert!(!world.mail.is_empty() && world.now().at - before > secs(2));
    assert_eq!(world.metric("dialtone_registers_unstored_total"), 1.0);
}

/// SIP-06
#[test]
fn bindings_survive_a_kill_and_a_call_reaches_the_phone() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(1)..ms(30));
        let [alice, bob] = world.phones(["101", "102"]);
        world.run_for(ms(seed % 100));
        world.kill_and_restart();
        assert_eq!(world.metric("dialtone_bindings"), 2.0);
        world.dials(alice, "102");
        world.run_for(secs(3));
        assert_eq!(world.state(bob), State::Rings);
        world.answers(bob);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-02, SIP-06: registration itself on a bad network.
#[test]
fn phones_register_over_a_lossy_network() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(200)).loss(0.2).duplicates(0.1);
        let [_, _] = world.phones(["101", "102"]);
        assert_eq!(world.metric("dialtone_bindings"), 2.0);
        world.run_until_idle();
        world.assert_quiet();
    });
}
