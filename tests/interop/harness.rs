//! The harness tried on itself, without Dialtone: our phone and SIPp, our ears and baresip.

use tests::agent::{Account, Phone, phone::Manner};

use crate::{
    baresip::Baresip,
    sipp::{Over, Sipp, free_port},
};

fn account() -> Account {
    Account {
        extension: "101".into(),
        user: "101".into(),
        password: "secret".into(),
        domain: "127.0.0.1".into(),
    }
}

#[test]
fn the_scripted_phone_calls_sipp() {
    let port = free_port();
    let nobody = "127.0.0.1:9".parse().unwrap();
    let callee = Sipp::start("uas_answer", nobody, &account(), "", port, Over::Udp);
    let phone = Phone::new(account(), ([127, 0, 0, 1], port).into());
    let mut call = phone.dial("102").answered();
    assert_eq!(call.offer("sendonly").status(), Some(200));
    call.hang_up();
    callee.succeeds();
}

#[test]
fn two_baresip_phones_hear_each_other_without_a_server() {
    let port = free_port();
    let server = format!("127.0.0.1:{port}").parse().unwrap();
    let bob = Phone::new(account(), server);
    bob.set_manner(Manner::Answer);
    // baresip dials our phone directly; its voice must be what our ears hear.
    let target = bob.link().local;
    let alice = Baresip::start_at(port, &account(), target, 7, "PCMU");
    alice.dial(&format!("sip:102@{target}"));
    tests::patience::until_true("a call", || bob.talking() == 1);
    let talking = bob.take_talking().remove(0);
    talking.rtp.hears_sound(&tests::audio::voice(7));
}
