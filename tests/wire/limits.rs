//! Limits: ports, endless headers, floods, memory.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use tests::{
    agent::{Phone, phone::Manner},
    patience::{PATIENCE, until},
    server::{Server, Setup},
};

/// Exhausted ports: 503 with Retry-After, the calls that are up go on.
#[test]
fn no_free_rtp_port_is_503_with_retry_after() {
    let server = Server::with(Setup { rtp_ports: Some(8), ..Setup::default() });
    server.edit("UPDATE users SET busy_trigger = 20");
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let mut up = vec![];
    let refused = loop {
        let dialling = alice.dial(&server.number(1));
        let response = dialling.finish();
        if response.status() != Some(200) {
            alice.with_put_back(response);
            break dialling.refused();
        }
        alice.with_put_back(response);
        up.push(dialling.answered());
        assert!(up.len() <= 4, "more calls than ports");
    };
    assert_eq!(refused.status(), Some(503));
    assert!(refused.header("Retry-After").is_some(), "{refused:?}");
    assert!(!up.is_empty());
    up[0].rtp.hears(20);
    up.into_iter().for_each(tests::agent::Talking::hang_up);
    server.quiet();
}

/// One endless header over TCP.
#[test]
fn an_endless_header_is_cut_at_a_limit() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let before = server.resident();
    let mut stream = TcpStream::connect(server.sip()).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(b"OPTIONS sip:x SIP/2.0\r\nSubject: ");
    let megabyte = vec![b'x'; 1 << 20];
    let cut = (0..64).any(|_| stream.write_all(&megabyte).is_err());
    let closed = cut || matches!(stream.read(&mut [0; 512]), Ok(0) | Err(_));
    assert!(closed, "64 MiB of one header were taken");
    assert!(server.resident() < before + (16 << 20), "the header was kept");
    bob.set_manner(Manner::Answer);
    alice.dial(&server.number(1)).answered().hang_up();
}

/// A body that is announced and never comes holds nothing and nobody.
#[test]
fn a_body_that_never_comes_and_one_too_long_disturb_nobody() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let mut waiting = TcpStream::connect(server.sip()).unwrap();
    waiting.write_all(b"MESSAGE sip:x SIP/2.0\r\nContent-Length: 1000\r\n\r\nhalf").unwrap();
    let mut huge = TcpStream::connect(server.sip()).unwrap();
    huge.set_read_timeout(Some(PATIENCE)).unwrap();
    huge.write_all(b"MESSAGE sip:x SIP/2.0\r\nContent-Length: 4000000000\r\n\r\n").unwrap();
    let mut answer = vec![];
    let _ = huge.read_to_end(&mut answer);
    bob.set_manner(Manner::Answer);
    alice.dial(&server.number(1)).answered().hang_up();
}

/// Memory is flat: after a warm-up, further calls leave nothing behind. The number of calls is
/// `DIALTONE_TEST_CALLS`, else 2,000.
#[test]
fn memory_is_flat_after_many_calls() {
    let calls: usize =
        std::env::var("DIALTONE_TEST_CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let server = Server::start();
    server.edit("UPDATE users SET busy_trigger = 20");
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let run = |count: usize| {
        for _ in 0..count {
            // Ports rest for a second; a caller who is early is refused and tries again.
            until("a free port", PATIENCE, || {
                let dialling = alice.dial(&server.number(1));
                let response = dialling.finish();
                let answered = response.status() == Some(200);
                alice.with_put_back(response);
                if answered {
                    dialling.answered().hang_up();
                } else {
                    dialling.refused();
                }
                answered.then_some(())
            });
            alice.forget();
            bob.forget();
        }
        server.quiet();
    };
    // Transactions outlive their call by 32 s (RFC 3261 timers H and J), RTP sockets by 15 s: warm is what those of 3,000
    // calls take.
    run(3_000);
    let warm = server.resident();
    eprintln!("warm: {} KiB resident", warm >> 10);
    for done in (0..calls).step_by(2_000) {
        let count = 2_000.min(calls - done);
        run(count);
        eprintln!("after {} calls: {} KiB", done + count, server.resident() >> 10);
    }
    let grown = until("memory to settle", PATIENCE * 2, || {
        let now = server.resident();
        (now < warm + warm / 20 + (2 << 20)).then(|| now.saturating_sub(warm))
    });
    eprintln!("{calls} calls on {} KiB resident left {} KiB more", warm >> 10, grown >> 10);
}

/// A flood of strangers' registrations does not stop phones.
#[test]
fn a_flood_of_wrong_passwords_does_not_stop_a_phone() {
    let server = Server::start();
    let mut account = server.accounts()[0].clone();
    account.password = "wrong".into();
    let attacker = Phone::new(account, server.sip());
    for number in 0..500 {
        attacker.say(&format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: {}\r\nFrom: <{a}>;tag=f\r\nTo: <{a}>\r\nCall-ID: flood{number}\r\n\
             CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            attacker.via(&format!("z9hG4bKflood{number}")),
            a = attacker.address()
        ));
    }
    server.phone(1).register();
}
