//! Descriptions of the RFCs, of careless writers, and of nobody.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Description, SdpError> {
    Description::parse(text.as_bytes())
}

fn audio(text: &str) -> Audio {
    parse(text).expect("text is SDP").audio.expect("there is audio")
}

fn names(payloads: &[Payload]) -> Vec<String> {
    payloads.iter().map(|p| format!("{} {}/{}", p.number, p.codec.name, p.codec.rate)).collect()
}

fn payload(number: u8, name: &str) -> Payload {
    Payload { number, codec: Codec::new(name, 8000) }
}

const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// RFC 3264 §10.1
const OFFER_WITH_VIDEO: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\n\
    c=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n\
    m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n";

/// SIP-20, RFC 3264 §10.1
#[test]
fn example_of_rfc_3264_is_read_and_its_video_refused() {
    let offer = parse(OFFER_WITH_VIDEO).unwrap();
    let audio = offer.audio.clone().unwrap();
    assert_eq!(audio.address, "192.0.2.10:49170".parse().unwrap());
    assert_eq!(audio.rtcp, "192.0.2.10:49171".parse().unwrap());
    assert_eq!(names(&audio.payloads), ["0 PCMU/8000"]);
    let mut local = Local::new("127.0.0.1:4000".parse().unwrap(), 7);
    let answer = local.answer(&offer, &audio.payloads, audio.direction.mirror());
    assert_eq!(
        std::str::from_utf8(&answer).unwrap(),
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n\
         m=video 0 RTP/AVP 31\r\nm=video 0 RTP/AVP 32\r\n"
    );
}

/// RFC 3264 §6: order is kept when the audio we take is not the first line.
#[test]
fn refused_lines_keep_their_place_around_the_audio() {
    let text = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=video 5000 RTP/AVP 97\n\
        m=audio 6000 RTP/SAVP 0\nm=audio 7000 RTP/AVPF 8\na=ptime:30\na=rtcp-mux\nm=image 8000 udptl t38\n";
    let offer = parse(text).unwrap();
    assert_eq!(offer.audio_index, 2);
    let audio = offer.audio.clone().unwrap();
    assert_eq!((audio.address.port(), audio.ptime, audio.rtcp_mux), (7000, Some(30), true));
    let answer =
        Local::new("[::1]:4000".parse().unwrap(), 1).answer(&offer, &audio.payloads, Direction::SendRecv);
    let answer = std::str::from_utf8(&answer).unwrap();
    assert!(answer.ends_with(
        "c=IN IP6 ::1\r\nt=0 0\r\nm=video 0 RTP/AVP 97\r\nm=audio 0 RTP/SAVP 0\r\nm=audio 4000 RTP/AVPF 8\r\n\
         a=rtpmap:8 PCMA/8000\r\na=ptime:30\r\na=rtcp-mux\r\na=sendrecv\r\nm=image 0 udptl t38\r\n"
    ));
}

/// MED-01, RFC 3551 §6
#[test]
fn static_payload_types_need_no_rtpmap_and_unknown_ones_are_skipped() {
    let audio = audio(
        "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000/2 RTP/AVP 9 0 96 18 101 9 3\na=rtpmap:101 Telephone-Event/8000\na=fmtp:101 0-15\na=fmtp:18 annexb=no\n",
    );
    assert_eq!(
        names(&audio.payloads),
        ["9 G722/8000", "0 PCMU/8000", "18 G729/8000", "101 Telephone-Event/8000", "3 GSM/8000"]
    );
    assert_eq!((&*audio.payloads[2].codec.fmtp, &*audio.payloads[3].codec.fmtp), ("annexb=no", "0-15"));
    assert_eq!(audio.direction, Direction::SendRecv);
}

/// SIP-20: the three ways of holding.
#[test]
fn each_way_of_holding_is_seen() {
    let with = |c: &str, a: &str| {
        audio(&format!("v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 {c}\nm=audio 4000 RTP/AVP 0\n{a}")).direction
    };
    assert_eq!(with("0.0.0.0", ""), Direction::SendOnly);
    assert_eq!(with("0.0.0.0", "a=inactive\n"), Direction::Inactive);
    assert_eq!(with("192.0.2.1", "a=sendonly\n"), Direction::SendOnly);
    assert_eq!(with("192.0.2.1", "a=inactive\n"), Direction::Inactive);
    assert!(with("0.0.0.0", "").is_hold() && !with("192.0.2.1", "a=recvonly\n").is_hold());
    assert_eq!(Direction::SendOnly.mirror(), Direction::RecvOnly);
    assert_eq!(Direction::Inactive.mirror(), Direction::Inactive);
}

/// RFC 8866 §5.7, §6.7: a line's own word wins over the session's.
#[test]
fn session_level_holds_unless_the_line_says_otherwise() {
    let base = "v=0\r\nc=IN IP6 2001:db8::1\r\na=recvonly\r\na=ptime:40\r\nm=audio 4000 RTP/AVP 0\r\n";
    let inherited = audio(base);
    assert_eq!(inherited.address, "[2001:db8::1]:4000".parse().unwrap());
    assert_eq!((inherited.direction, inherited.ptime), (Direction::RecvOnly, Some(40)));
    let own = audio(&format!(
        "{base}c=IN IP4 192.0.2.9/127\r\na=sendonly\r\na=maxptime:30\r\na=rtcp:5000 IN IP4 192.0.2.8\r\n"
    ));
    assert_eq!(own.address, "192.0.2.9:4000".parse().unwrap());
    assert_eq!(own.rtcp, "192.0.2.8:5000".parse().unwrap());
    assert_eq!((own.direction, own.ptime), (Direction::SendOnly, Some(30)));
}

#[test]
fn refused_missing_and_encrypted_audio_differ() {
    assert_eq!(parse("v=0\nc=IN IP4 192.0.2.1\nm=audio 0 RTP/AVP 0\n").unwrap().audio, None);
    assert_eq!(parse("v=0\nc=IN IP4 192.0.2.1\nm=video 9 RTP/AVP 31\n").unwrap().audio, None);
    let encrypted = parse("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/SAVP 0\n");
    assert_eq!(encrypted, Err(SdpError::NoAudio));
    assert!(SdpError::NoAudio.to_string().contains("plain RTP"));
}

#[test]
fn faults_name_their_line() {
    let head = "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n";
    for (text, line) in [
        ("", 1),
        ("hello", 1),
        ("\r\n\r\nhello=1", 3),
        ("o=- 1 1 IN IP4 192.0.2.1\nv=0", 1),
        ("v=1", 1),
        (&format!("{head}garbage"), 4),
        (&format!("{head}m=audio"), 4),
        (&format!("{head}m=audio 70000 RTP/AVP 0"), 4),
        (&format!("{head}m=audio 4000 RTP/AVP 128"), 4),
        (&format!("{head}m=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU"), 5),
        (&format!("{head}m=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU/0"), 5),
        (&format!("{head}m=audio 4000 RTP/AVP 0\na=rtcp:x"), 5),
        ("v=0\nc=IN IP4 phone.example\nm=audio 4000 RTP/AVP 0", 2),
        ("v=0\nm=audio 4000 RTP/AVP 0", 2),
    ] {
        assert_eq!(parse(text), Err(SdpError::Line(line)), "{text}");
    }
    assert!(parse(&format!("{head}m=video 4000 RTP/AVP x\na=rtpmap:nonsense\nm=audio 4 RTP/AVP 0")).is_ok());
}

#[test]
fn limits_hold() {
    let head = "v=0\nc=IN IP4 192.0.2.1\n";
    let many = |line: &str, n: usize| format!("{head}m=audio 4000 RTP/AVP 0\n{}", line.repeat(n));
    assert!(parse(&many("m=video 1 RTP/AVP 31\n", 31)).is_ok());
    assert_eq!(parse(&many("m=video 1 RTP/AVP 31\n", 32)), Err(SdpError::TooLarge));
    assert_eq!(parse(&many("a=rtpmap:0 PCMU/8000\n", 65)), Err(SdpError::TooLarge));
    assert_eq!(parse(&many("a=fmtp:0 x\n", 65)), Err(SdpError::TooLarge));
    assert_eq!(parse(&format!("{head}m=audio 4 RTP/AVP{}", " 0".repeat(65))), Err(SdpError::TooLarge));
    assert_eq!(parse(&many("a=x\n", 16 * 1024 + 8)), Err(SdpError::TooLarge));
}

/// RFC 3264 §8: o= counts exactly when something else changes.
#[test]
fn version_counts_only_real_changes() {
    let mut local = Local::new("127.0.0.1:4000".parse().unwrap(), 9);
    let first = local.offer(&g711(), Direction::SendRecv, Some(20));
    assert_eq!(local.offer(&g711(), Direction::SendRecv, Some(20)), first);
    assert_eq!(local.version, 1);
    let held = local.offer(&g711(), Direction::SendOnly, Some(20));
    assert_eq!(local.version, 2);
    assert!(std::str::from_utf8(&held).unwrap().contains("o=- 9 2 IN IP4 127.0.0.1"));
    let resumed = local.offer(&g711(), Direction::SendRecv, Some(20));
    assert_eq!((local.version, resumed == first), (3, false));
}

/// MED-01, MED-02: order and numbers of the offer; events alone are no conversation.
#[test]
fn common_keeps_the_offerers_order_and_numbers() {
    let offered =
        [payload(9, "G722"), payload(0, "pcmu"), payload(97, "telephone-event"), payload(8, "PCMA")];
    let other = [payload(8, "PCMA"), payload(0, "PCMU"), payload(101, "telephone-event")];
    let agreed: Vec<_> = common(&offered, &other).iter().map(|p| p.number).collect();
    assert_eq!(agreed, [0, 97, 8]);
    assert!(common(&offered[..1], &other).is_empty());
    assert!(common(&offered[2..3], &other).is_empty());
}

/// MED-02: the other G.711 is offered too, and the caller gets what the callee can be converted to.
#[test]
fn relay_offer_and_answer_bridge_the_two_kinds_of_g711() {
    let caller = [payload(0, "PCMU"), payload(98, "speex"), payload(97, "telephone-event")];
    let offer = relay_offer(&caller);
    assert_eq!(
        names(&offer),
        ["0 PCMU/8000", "98 speex/8000", "97 telephone-event/8000", "8 PCMA/8000"],
        "callers' numbers, then PCMA"
    );
    let callee = [payload(8, "PCMA"), payload(97, "telephone-event")];
    assert_eq!(names(&relay_answer(&caller, &callee)), ["0 PCMU/8000", "97 telephone-event/8000"]);
    let both = [payload(98, "speex"), payload(8, "PCMA")];
    assert_eq!(names(&relay_answer(&caller, &both)), ["98 speex/8000"], "a shared codec is not converted");
    assert_eq!(relay_offer(&caller[1..]).len(), 2, "without G.711 none is added");
    assert!(relay_answer(&caller[1..], &callee).is_empty());
    let strict =
        Payload { number: 120, codec: Codec { fmtp: "vbr=on".into(), ..Codec::new("Speex", 8_000) } };
    let answer = relay_answer(&caller, &[strict]);
    assert_eq!((answer[0].number, &*answer[0].codec.fmtp), (98, "vbr=on"), "the receiver's parameters");
    let odd = [payload(8, "PCMU")];
    assert_eq!(relay_offer(&odd).len(), 1, "a number that is taken is not given twice");
}

#[test]
fn line_joins_both_directions() {
    let held = audio(
        "v=0\nc=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\na=ptime:200\nm=audio 1 RTP/AVP 0\na=rtcp-mux\n",
    );
    let agreed = line(&held, &g711(), held.direction.mirror(), LOCALHOST).unwrap();
    assert_eq!((agreed.send, agreed.receive, agreed.ptime), (false, true, 60));
    assert!(!agreed.rtcp_mux, "the second line's attribute is its own");
    let open = audio("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\na=rtcp-mux\n");
    let agreed = line(&open, &g711(), Direction::SendOnly, LOCALHOST).unwrap();
    assert_eq!((agreed.send, agreed.receive, agreed.rtcp_mux), (true, false, true));
    assert_eq!(agreed.remote_rtcp, agreed.remote);
    assert!(line(&open, &g711()[2..], Direction::SendRecv, LOCALHOST).is_none());
}

fn any_payloads() -> impl Strategy<Value = Vec<Payload>> {
    let one =
        (0u8..128, "[A-Za-z][A-Za-z0-9.-]{0,15}", 1u32..=96_000, 1u8..=2, "([!-~]([ -~]{0,20}[!-~])?)?")
            .prop_map(|(number, name, rate, channels, fmtp)| Payload {
                number,
                codec: Codec { name: name.into(), rate, channels, fmtp },
            });
    prop::collection::vec(one, 1..20).prop_map(|mut all: Vec<Payload>| {
        all.sort_by_key(|p| p.number);
        all.dedup_by_key(|p| p.number);
        all
    })
}

const KEY: &str = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

fn lines(media: &[&str]) -> String {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
    media.iter().fold(head.to_owned(), |text, line| text + line + "\r\n")
}

fn port(text: &str, encryption: Encryption) -> Result<(u16, bool), SdpError> {
    let audio = Description::read(text.as_bytes(), encryption)?.audio.expect("audio");
    Ok((audio.address.port(), audio.crypto.is_some()))
}

/// MED-03: the line that fits what is wanted, among those that are offered.
#[test]
fn the_encrypted_line_is_taken_where_that_may_or_must_be() {
    use Encryption::{Off, Optional, Required};
    let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}");
    let (plain, sealed) = ("m=audio 1000 RTP/AVP 0", "m=audio 2000 RTP/SAVP 0");
    let unusable = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA";
    let both = lines(&[plain, sealed, &crypto]);
    assert_eq!(
        [Off, Optional, Required].map(|e| port(&both, e)),
        [Ok((1000, false)), Ok((2000, true)), Ok((2000, true))]
    );
    let clear = lines(&[plain]);
    assert_eq!(port(&clear, Optional), Ok((1000, false)));
    assert_eq!(port(&clear, Required), Err(SdpError::NotEncrypted));
    let secret = lines(&[sealed, unusable, &crypto]);
    assert_eq!(port(&secret, Off), Err(SdpError::NoAudio));
    assert_eq!([Optional, Required].map(|e| port(&secret, e)), [Ok((2000, true)), Ok((2000, true))]);
    let extra = lines(&[plain, &crypto]);
    assert_eq!(
        [Off, Optional, Required].map(|e| port(&extra, e)),
        [Ok((1000, false)), Ok((1000, true)), Ok((1000, true))]
    );
    let keyless = lines(&[sealed, unusable]);
    assert_eq!(port(&keyless, Optional), Err(SdpError::NoAudio));
    assert_eq!(port(&keyless, Required), Err(SdpError::NotEncrypted));
}

/// MED-03: RFC 4568 §5.1
#[test]
fn keys_are_printed_with_the_profile_that_demands_or_allows_them() {
    let crypto = Crypto::parse(&format!("3 AES_CM_128_HMAC_SHA1_80 {KEY}")).unwrap();
    let mut local = Local::new("127.0.0.1:4000".parse().unwrap(), 1);
    local.sealing = Sealing { required: true, cryptos: [crypto].into_iter().collect() };
    let text = local.offer(&g711(), Direction::SendRecv, None);
    let offer = Description::read(&text, Encryption::Required).unwrap();
    let audio = offer.audio.clone().unwrap();
    assert_eq!((audio.profile.as_str(), audio.crypto.as_deref()), ("RTP/SAVP", Some(&crypto)));
    local.sealing.required = false;
    let text = local.offer(&g711(), Direction::SendRecv, None);
    assert_eq!(Description::read(&text, Encryption::Optional).unwrap().audio.unwrap().profile, "RTP/AVP");
    let plain = parse(&lines(&["m=audio 1000 RTP/AVP 0"])).unwrap();
    local.sealing.required = true;
    let again = local.offer_again(&plain, &plain.audio.clone().unwrap().payloads, Direction::SendRecv);
    let again = Description::read(&again, Encryption::Required).unwrap().audio.unwrap();
    assert_eq!((again.profile.as_str(), again.crypto.is_some()), ("RTP/SAVP", true));
    assert!(!format!("{local:?} {offer:?}").contains("d0Rm"), "a key is shown");
}

proptest! {
    #[test]
    fn what_is_printed_is_read_the_same(
        payloads in any_payloads(),
        (sends, receives) in any::<(bool, bool)>(),
        ptime in prop::option::of(1u8..=200),
        ip in prop_oneof![any::<u32>().prop_map(|ip| IpAddr::V4((ip | 1).into())), any::<u128>().prop_map(|ip| IpAddr::V6((ip | 1).into()))],
        port in 1u16..,
    ) {
        let address = SocketAddr::new(ip, port);
        let direction = Direction::new(sends, receives);
        let mut local = Local::new(address, 5);
        let read = Description::parse(&local.offer(&payloads, direction, ptime)).unwrap();
        let audio = read.audio.clone().unwrap();
        prop_assert_eq!((audio.address, audio.direction, audio.ptime), (address, direction, ptime));
        prop_assert_eq!(&audio.payloads, &payloads);
        for (read, printed) in audio.payloads.iter().zip(&payloads) {
            prop_assert_eq!(&read.codec.fmtp, &printed.codec.fmtp);
        }
        let answer = Description::parse(&local.answer(&read, &payloads, direction)).unwrap();
        prop_assert_eq!(&answer.audio.unwrap().payloads, &payloads);
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..500)) {
        for encryption in [Encryption::Off, Encryption::Optional, Encryption::Required] {
            let _ = Description::read(&body, encryption);
        }
    }

    #[test]
    fn no_lines_make_it_panic(lines in prop::collection::vec("[vocmabst]=[ -~]{0,30}|a=(rtpmap|fmtp|rtcp|ptime|maxptime):[ -~]{0,20}|c=IN IP[46] [0-9.:/]{0,15}|m=audio [0-9]{1,5} RTP/AVP[ 0-9]{0,20}", 0..20)) {
        let text = format!("v=0\r\n{}", lines.join("\r\n"));
        if let Ok(offer) = Description::parse(text.as_bytes()) {
            let payloads = offer.audio.as_ref().map_or(vec![], |audio| audio.payloads.clone());
            let answer = Local::new("127.0.0.1:4000".parse().unwrap(), 1).answer(&offer, &payloads, Direction::SendRecv);
            let read = Description::parse(&answer).unwrap();
            prop_assert_eq!(read.lines.len(), offer.lines.len());
        }
    }
}
