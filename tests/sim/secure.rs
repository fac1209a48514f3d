//! Encrypted speech: phones that can, that must, and that cannot. MED-03, DEV-05.

use config::snapshot::{Encryption as Wanted, Srtp};
use media::{
    sdp::{Direction, Encryption},
    srtp::Suite,
};
use sip_stack::Transport;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

/// Two users; what their devices are to do.
fn world(seed: u64, wanted: [Srtp; 2]) -> World {
    let mut world = World::with(seed, |o| o.listeners.push((Transport::Tls, o.listeners[0].1)))
        .delay(ms(5)..ms(60))
        .loss(0.02);
    for (number, srtp) in ["101", "102"].into_iter().zip(wanted) {
        world.company.add_user(number);
        world.company.device(number).encryption = Wanted { srtp, clear_keys: false };
    }
    world.config(|_| {});
    world
}

fn phone(world: &mut World, number: &str, transport: Transport, encryption: Encryption) -> PhoneId {
    let id = world.phone_for(number);
    let phone = world.phone(id);
    (phone.transport, phone.secrecy.encryption) = (transport, encryption);
    world.register(id);
    id
}

fn call(world: &mut World, caller: PhoneId, number: &str, callee: PhoneId) {
    world.habit(callee, Habit::Answer(ms(300)));
    world.dials(caller, number);
    world.run_until(secs(30), |w| w.state(caller) == State::Up && w.state(callee) == State::Up);
    world.run_for(secs(4));
    world.assert_talking(caller, callee);
}

/// Whether each is encrypted.
fn encrypted(world: &mut World, phones: [PhoneId; 2]) -> [bool; 2] {
    phones.map(|phone| world.phone(phone).secrecy.is_agreed())
}

/// MED-03: whoever can is encrypted, whoever cannot is not, and they hear each other; held, resumed with another key.
#[test]
fn each_side_of_a_call_is_encrypted_as_it_can() {
    seeds(|seed| {
        let mut world = world(seed, [Srtp::Optional, Srtp::Optional]);
        let (over, can) = match seed % 3 {
            0 => (Transport::Udp, Encryption::Off),
            // It can, but its keys would be read.
            1 => (Transport::Udp, Encryption::Optional),
            _ => (Transport::Tls, Encryption::Optional),
        };
        let alice = phone(&mut world, "101", Transport::Tls, Encryption::Required);
        let bob = phone(&mut world, "102", over, can);
        world.phone(alice).secrecy.suite = Suite::ALL[seed as usize % 4];
        call(&mut world, alice, "102", bob);
        let both = [true, over == Transport::Tls];
        assert_eq!(encrypted(&mut world, [alice, bob]), both);
        for (holder, held) in [(alice, bob), (bob, alice)] {
            world.offers(holder, Direction::Inactive);
            world.run_for(secs(4));
            assert!(world.hears(held).is_empty() && world.hears(holder).is_empty());
            world.phone(holder).secrecy.change_key();
            world.resumes(holder);
            world.run_for(secs(4));
            world.assert_talking(alice, bob);
            assert_eq!(encrypted(&mut world, [alice, bob]), both);
        }
        world.hangs_up(alice);
        world.run_until_idle();
        call(&mut world, bob, "101", alice);
        assert_eq!(encrypted(&mut world, [alice, bob]), both);
        let live = world.live.values().next().expect("the call is up");
        let shown: Vec<bool> = live.legs.iter().map(|leg| leg.encrypted).collect();
        assert_eq!(shown, [both[1], both[0]]);
        world.hangs_up(bob);
        world.run_until_idle();
        assert!(world.record().trace.contains("AES_"), "{}", world.record().trace);
        world.assert_quiet();
    });
}

/// MED-03: a device that must be encrypted is neither called nor heard in clear.
#[test]
fn a_device_that_must_be_encrypted_has_no_call_in_clear() {
    seeds(|seed| {
        let mut world = world(seed, [Srtp::Required, Srtp::Optional]);
        let bob = phone(&mut world, "102", Transport::Udp, Encryption::Off);
        let (over, why) = match seed % 2 {
            0 => (Transport::Tls, "speech in clear"),
            _ => (Transport::Udp, "need SIP over TLS"),
        };
        let alice = phone(&mut world, "101", over, Encryption::Off);
        world.dials(alice, "102");
        world.run_until_idle();
        assert_eq!(world.state(alice), State::Refused(488));
        assert!(world.record().trace.contains(why), "{}", world.record().trace);
        world.habit(alice, Habit::Answer(ms(100)));
        world.dials(bob, "101");
        world.run_until_idle();
        assert!(matches!(world.state(bob), State::Refused(_)), "{:?}", world.state(bob));
        assert_ne!(world.state(alice), State::Up);
        world.assert_quiet();
    });
}

/// SIP-38: without a listener for TLS a domain that prefers it is called by what else it has, which the trace says; whose
/// speech must be encrypted is not called at all.
#[test]
fn a_domain_that_prefers_tls_is_called_without_unless_that_is_demanded() {
    use sip_stack::resolve::{Kind, Record};
    let mut world = World::new(4);
    let (alice, carrier) = crate::outside::outside(&mut world);
    let naptr = |order, service: &str, replacement: &str| Record::Naptr {
        order,
        preference: 10,
        service: service.into(),
        replacement: replacement.into(),
    };
    let services = vec![
        naptr(10, "SIPS+D2T", "_sips._tcp.carrier.example"),
        naptr(20, "SIP+D2U", "_sip._udp.carrier.example"),
    ];
    let port = 5060;
    let srv = Record::Srv { priority: 1, weight: 1, port, target: "a.example".into() };
    let address = Record::Address(world.host(carrier).parse().unwrap());
    for (name, kind, records) in [
        ("carrier.example", Kind::Naptr, services),
        ("_sips._tcp.carrier.example", Kind::Srv, vec![srv.clone()]),
        ("_sip._udp.carrier.example", Kind::Srv, vec![srv]),
        ("a.example", Kind::Address, vec![address]),
    ] {
        world.names.insert((name.into(), kind), records);
    }
    world.config(|c| {
        let peer = &mut c.trunks[0].peer;
        (peer.host, peer.port, peer.transport) =
            ("carrier.example".into(), None, config::snapshot::Transport::Dns);
    });
    world.run_for(secs(2));
    world.dials(alice, "0043123456");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    world.hangs_up(alice);
    world.run_until_idle();
    assert!(world.record().trace.contains("TLS passed over"), "{}", world.record().trace);
    world.config(|c| c.trunks[0].peer.encryption.srtp = config::snapshot::Srtp::Required);
    world.run_for(secs(2));
    let shown = &world.trunks[&world.company.trunks[0].id];
    assert_eq!(shown.state, pbx_core::live::TrunkState::Down);
    assert!(shown.text.contains("its domain wants TLS"), "{}", shown.text);
    let invited = world.phone(carrier).invited;
    world.dials(alice, "0043123456");
    world.run_until(secs(20), |w| matches!(w.state(alice), State::Refused(_)));
    world.run_until_idle();
    assert_eq!(world.phone(carrier).invited, invited);
    world.assert_quiet();
}
