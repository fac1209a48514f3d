//! The media ports: who is believed, what garbage does, when a dead call ends.

use std::net::{SocketAddr, UdpSocket};

use tests::{
    agent::{Phone, Talking, phone::Manner, rtp::packet, sdp},
    patience::{PATIENCE, until},
    server::{Server, Setup},
};

/// A call between the first two phones that nobody talks on yet, and where each is to send.
fn silent_call(server: &Server) -> (Phone, Phone, Talking, Talking) {
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let by_bob = bob.incoming().answer_unconfirmed();
    by_bob.rtp.talk_to(None);
    let by_alice = dialling.answered();
    by_alice.rtp.talk_to(None);
    (alice, bob, by_alice, by_bob)
}

fn server_port(message: &tests::agent::Text) -> SocketAddr {
    sdp::read(message).expect("a session description").at
}

/// A socket on an address that nobody negotiated.
fn stranger() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.66:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// MED-05: the stranger's packets come first, from another address than was negotiated.
#[test]
fn no_packet_goes_to_a_stranger_whose_rtp_arrives_first() {
    for packet_io in ["io-uring", "epoll"] {
        let server = Server::with_packet_io(packet_io);
        let (_alice, _bob, by_alice, by_bob) = silent_call(&server);
        let (to_alice, to_bob) = (server_port(&by_alice.made_by), server_port(&by_bob.made_by));
        let thief = stranger();
        for number in 0..50 {
            thief.send_to(&packet(0, number, 99, &[0x55; 160]), to_alice).unwrap();
            thief.send_to(&packet(0, number, 99, &[0x55; 160]), to_bob).unwrap();
        }
        by_alice.rtp.talk_to(Some(to_alice));
        by_bob.rtp.talk_to(Some(to_bob));
        by_alice.rtp.hears_voice_of(&by_bob.rtp);
        by_bob.rtp.hears_voice_of(&by_alice.rtp);
        let mut buffer = [0; 2_048];
        assert!(thief.recv_from(&mut buffer).is_err(), "the stranger was sent something over {packet_io}");
        let foreign =
            by_alice.rtp.heard().iter().chain(&by_bob.rtp.heard()).any(|p| p.payload == [0x55; 160]);
        assert!(!foreign, "the stranger was heard over {packet_io}");
        by_alice.hang_up();
        by_bob.ended();
    }
}

/// MED-02
#[test]
fn garbage_on_a_media_port_changes_nothing() {
    for packet_io in ["io-uring", "epoll"] {
        let server = Server::with_packet_io(packet_io);
        let (_alice, _bob, by_alice, by_bob) = silent_call(&server);
        let (to_alice, to_bob) = (server_port(&by_alice.made_by), server_port(&by_bob.made_by));
        by_alice.rtp.talk_to(Some(to_alice));
        by_bob.rtp.talk_to(Some(to_bob));
        by_alice.rtp.hears(10);
        let thief = stranger();
        let rtcp = SocketAddr::new(to_alice.ip(), to_alice.port() + 1);
        for number in 0..200u32 {
            let noise: Vec<u8> = (0..number % 1_400).map(|i| (i * 31 + number * 7) as u8).collect();
            for target in [to_alice, to_bob, rtcp] {
                let _ = thief.send_to(&noise, target);
                // From the right address too: a phone may go mad.
                by_alice.rtp.send_raw(target, &noise);
            }
            by_alice.rtp.send_raw(to_alice, &packet(77, number, 1, &[1; 160]));
            by_alice.rtp.send_raw(to_alice, &[0x80]);
            by_alice.rtp.send_raw(to_alice, &[0x8f, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
        }
        by_alice.rtp.hears_voice_of(&by_bob.rtp);
        by_bob.rtp.hears_voice_of(&by_alice.rtp);
        by_alice.hang_up();
        by_bob.ended();
    }
}

/// MED-05, SIP-19
#[test]
fn a_call_whose_phones_vanished_ends_by_itself() {
    let server = Server::start();
    server.edit("UPDATE node_settings SET rtp_silence_timeout = 2");
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let by_bob = bob.incoming().answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears(10);
    by_bob.rtp.hears(10);
    alice.vanish();
    bob.vanish();
    let closed = || (server.sql("SELECT count(*) FROM calls WHERE ended_at IS NULL") == "0").then_some(());
    until("the end of the dead call", PATIENCE * 2, closed);
    assert_ne!(server.last_call("cause"), "");
}

/// MED-05: silence on hold is not death.
#[test]
fn a_held_call_is_not_ended_for_its_silence() {
    let server = Server::start();
    server.edit("UPDATE node_settings SET rtp_silence_timeout = 1");
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let by_bob = bob.incoming().answer();
    let mut by_alice = dialling.answered();
    by_alice.rtp.hears(10);
    assert_eq!(by_alice.offer("inactive").status(), Some(200));
    by_alice.rtp.talk_to(None);
    by_bob.rtp.talk_to(None);
    // A second call that talks for longer than the time-out measures the time.
    let [carol, dave] = [server.phone(2), server.phone(3)];
    carol.register();
    dave.register();
    dave.set_manner(Manner::Answer);
    let clock = carol.dial(&server.number(3)).answered();
    clock.rtp.hears(150);
    assert!(!by_alice.is_ended() && !by_bob.is_ended(), "the held call was ended");
    clock.hang_up();
    by_alice.hang_up();
    by_bob.ended();
}

/// MED-04
#[test]
fn loss_that_was_injected_is_in_the_record() {
    let server = Server::start();
    let (_alice, bob, by_alice, by_bob) = silent_call(&server);
    by_alice.rtp.leave_out_every(5);
    by_alice.rtp.talk_to(Some(server_port(&by_alice.made_by)));
    by_bob.rtp.hears(200);
    by_alice.hang_up();
    by_bob.ended();
    server.quiet();
    let id = server.last_call("id");
    let legs = until("the legs", PATIENCE, || {
        Some(server.sql(&format!("SELECT legs FROM call_ladders WHERE id='{id}'")))
            .filter(|l| l.contains("lost") || l.contains("loss"))
    });
    let lost = figures(&legs, "\"lost\":").into_iter().max().unwrap_or(0);
    assert!((45..=60).contains(&lost), "a fifth of some 250 packets was left out: {legs}");
    drop(bob);
}

/// The numbers behind a key, wherever it stands in the JSON.
fn figures(json: &str, key: &str) -> Vec<u64> {
    let number = |t: &str| t.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    json.split(key).skip(1).filter_map(number).collect()
}

/// MED-11: no 180 alone where the tenant wants the tone in band.
#[test]
fn inband_ringback_is_a_tone_the_caller_hears() {
    let server = Server::with(Setup::default());
    server.edit("UPDATE settings SET inband_ringback = 1, country = 'de'");
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Ring);
    let dialling = alice.dial(&server.number(1));
    let progress = dialling.progress(183);
    assert!(sdp::read(&progress).is_some(), "{progress:?}");
    // A port that only listens must open the way first where it is not believed unseen.
    dialling.rtp.talk_to(Some(server_port(&progress)));
    let tone = until("a tone", PATIENCE, || {
        let packets = dialling.rtp.heard();
        let samples = tests::agent::rtp::samples(&packets);
        samples.chunks_exact(800).map(|c| tests::audio::share_at(c, 425.0)).find(|share| *share > 0.8)
    });
    assert!(tone > 0.8);
    dialling.cancel();
}
