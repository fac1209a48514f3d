//! Messages in the manner of RFC 4475, thrown at the real ports: the server answers what it can, and stays well.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use tests::{
    agent::{Phone, link::Over, phone::Manner},
    server::Server,
};

/// Composed after the sections of RFC 4475; `{via}` is a Via of ours, `{host}` the server.
const MESSAGES: &[(&str, &str)] = &[
    (
        "3.1.1.1 short tortuous INVITE",
        "INVITE sip:vivekg@{host};unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@{host} ;   tag    = 1918181833n\r\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\n\
         Call-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 0\r\ncseq: 0009\r\n  INVITE\r\nVia  : {via}\r\n\
         NewFangledHeader:   newfangled value\r\n continued newfangled value\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\n\
         Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\nm:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n",
    ),
    (
        "3.1.1.2 wide range of characters",
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@{host} SIP/2.0\r\nVia: {via}\r\nTo: \"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@{host}>\r\nFrom: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"x\";tag=_token~1'+`*%!-.\r\nCall-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\nCSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\nMax-Forwards: 255\r\nextensionHeader-!.%*+_`'~: \u{feff}\u{5927}\u{505c}\u{96fb}\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.1.3 valid use of the % escape",
        "INVITE sip:sips%3Auser%40example.com@{host} SIP/2.0\r\nTo: sip:%75se%72@{host}\r\nFrom: <sip:I%20have%20spaces@example.net>;tag=938\r\nMax-Forwards: 87\r\ni: esc01.239409asdfakjkn23onasd0-3234\r\nCSeq: 234234 INVITE\r\nVia: {via}\r\nContact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.1.4 escaped nulls in URIs",
        "REGISTER sip:{host} SIP/2.0\r\nTo: sip:null-%00-null@{host}\r\nFrom: sip:null-%00-null@{host};tag=839923423\r\nMax-Forwards: 70\r\nCall-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\r\nCSeq: 14398234 REGISTER\r\nVia: {via}\r\nContact: <sip:%00@host5.example.com>\r\nContact: <sip:%00%00@host5.example.com>\r\nL:0\r\n\r\n",
    ),
    (
        "3.1.1.6 no LWS between name and <",
        "OPTIONS sip:user@{host} SIP/2.0\r\nTo: sip:user@{host}\r\nFrom: caller<sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\nCall-ID: lwsdisp.1234abcd@funky.example.com\r\nCSeq: 60 OPTIONS\r\nVia: {via}\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.1.7 long values",
        "INVITE sip:user@{host} SIP/2.0\r\nTo: \"I have a user name of {long} proportion\"<sip:user@{host}:6000;unknownparam1=very{long}value;longparam{long}name=shortvalue>\r\nF: sip:amazinglylongcallername{long}@example.net;tag=12{long}424;unknownheaderparam{long}name=unknowheaderparam{long}value;unknownValueless{long}paramname\r\nCall-ID: longreq.one{long}longcallid\r\nCSeq: 3882340 INVITE\r\nUnknown-{long}-Name: unknown-{long}-value\r\nVia: {via}\r\nMax-Forwards: 70\r\nContact: <sip:amazinglylongcallername{long}@host5.example.net>\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.1.9 semicolon in the user part",
        "OPTIONS sip:user;par=u%40example.net@{host} SIP/2.0\r\nTo: sip:j_user@{host}\r\nFrom: sip:caller@example.org;tag=33242\r\nMax-Forwards: 3\r\nCall-ID: semiuri.0ha0isndaksdj\r\nCSeq: 8 OPTIONS\r\nAccept: application/sdp, application/pkcs7-mime,\r\n        multipart/mixed, multipart/signed,\r\n        message/sip, message/sipfrag\r\nVia: {via}\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.1.10 varied transports",
        "OPTIONS sip:user@{host} SIP/2.0\r\nTo: sip:user@{host}\r\nFrom: <sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\nCall-ID:  transports.kijh4akdnaqjkwendsasfdj\r\nAccept: application/sdp\r\nCSeq: 60 OPTIONS\r\nVia: {via}\r\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\r\nVia: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\r\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.2.1 extraneous separators",
        "INVITE sip:user@{host} SIP/2.0\r\nTo: sip:j.user@{host}\r\nFrom: sip:caller@example.net;tag=134161461246\r\nMax-Forwards: 7\r\nCall-ID: badinv01.0ha0isndaksdjasdf3234nas\r\nCSeq: 8 INVITE\r\nVia: {via};;,;,,\r\nContact: \"\" <sip:caller@caller.example.com>;;;;\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.2 Content-Length larger than the message",
        "INVITE sip:user@{host} SIP/2.0\r\nMax-Forwards: 80\r\nTo: sip:j.user@{host}\r\nFrom: sip:caller@example.net;tag=93942939o2\r\nContact: <sip:caller@hungry.example.net>\r\nCall-ID: clerr.0ha0isndaksdjweiafasdk3\r\nCSeq: 8 INVITE\r\nVia: {via}\r\nContent-Type: application/sdp\r\nContent-Length: 9999\r\n\r\nv=0\r\n",
    ),
    (
        "3.1.2.3 negative Content-Length",
        "INVITE sip:user@{host} SIP/2.0\r\nMax-Forwards: 254\r\nTo: sip:j.user@{host}\r\nFrom: sip:caller@example.net;tag=32394234\r\nCall-ID: ncl.0ha0isndaksdj2193423r542w35\r\nCSeq: 0 INVITE\r\nVia: {via}\r\nContact: <sip:caller@example53.example.net>\r\nContent-Length: -999\r\n\r\n",
    ),
    (
        "3.1.2.4 values beyond their range",
        "REGISTER sip:{host} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 300\r\nTo: <sip:user@{host}>\r\nFrom: <sip:user@{host}>;tag=239232jh3\r\nCSeq: 36893488147419103232 REGISTER\r\nCall-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32\r\nContact: <sip:user@host129.example.com>;expires=280297596632815\r\nExpires: 10000000000000000000000000000000000000000\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.6 unterminated quote in a display name",
        "INVITE sip:user@{host} SIP/2.0\r\nTo: \"Mr. J. User <sip:j.user@{host}>\r\nFrom: sip:caller@example.net;tag=93334\r\nMax-Forwards: 10\r\nCall-ID: quotbal.aksdj\r\nContact: <sip:caller@host59.example.net>\r\nCSeq: 8 INVITE\r\nVia: {via}\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.7 <> around the Request-URI",
        "INVITE <sip:user@{host}> SIP/2.0\r\nTo: sip:user@{host}\r\nFrom: sip:caller@example.net;tag=39291\r\nMax-Forwards: 23\r\nCall-ID: ltgtruri.1@192.0.2.5\r\nCSeq: 1 INVITE\r\nVia: {via}\r\nContact: <sip:caller@host5.example.net>\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.8 LWS within the Request-URI",
        "INVITE sip:user@{host}; lr SIP/2.0\r\nTo: sip:user@{host};tag=3xfe-9921883-z9f\r\nFrom: sip:caller@example.net;tag=231413434\r\nMax-Forwards: 5\r\nCall-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423\r\nCSeq: 2130706432 INVITE\r\nVia: {via}\r\nContact: <sip:caller@host1.example.net>\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.12 unknown scheme in the start line",
        "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\nTo: sip:user@{host}\r\nFrom: sip:caller@example.net;tag=384\r\nMax-Forwards: 3\r\nCall-ID: unkscm.nasdfasser0q239nwsdfasdkl34\r\nCSeq: 3923423 OPTIONS\r\nVia: {via}\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.1.2.16 unknown protocol version",
        "OPTIONS sip:t.watson@{host} SIP/7.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nTo: A. Bell <sip:a.g.bell@bell-tel.com>\r\nFrom: T. Watson <sip:t.watson@{host}>;tag=qweoiqpe\r\nCall-ID: badvers.31417@c.bell-tel.com\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.2.17 CSeq's method is another",
        "OPTIONS sip:user@{host} SIP/2.0\r\nTo: sip:j.user@{host}\r\nFrom: sip:caller@example.net;tag=34525\r\nMax-Forwards: 6\r\nCall-ID: mismatch01.dj0234sxdfl3\r\nCSeq: 8 INVITE\r\nVia: {via}\r\nl: 0\r\n\r\n",
    ),
    (
        "3.1.2.19 a status beyond the range",
        "SIP/2.0 4294967301 better not break the receiver\r\nVia: {via}\r\nTo: sip:user@{host}\r\nFrom: <sip:caller@example.net>;tag=2\r\nCall-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i\r\nCSeq: 353494 INVITE\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.3.1 missing required headers",
        "INVITE sip:user@{host} SIP/2.0\r\nCSeq: 193942 INVITE\r\nVia: {via}\r\nContent-Type: application/sdp\r\nl: 0\r\n\r\n",
    ),
    (
        "3.3.8 several values where one is allowed",
        "INVITE sip:user@{host} SIP/2.0\r\nVia: {via}\r\nCall-ID: multi01.98asdh@192.0.2.1\r\nCall-ID: multi01.98asdh@192.0.2.2\r\nCSeq: 59 INVITE\r\nCSeq: 59 INVITE\r\nMax-Forwards: 70\r\nMax-Forwards: 5\r\nFrom: sip:caller@example.com;tag=3413415\r\nFrom: sip:caller@example.net;tag=2923420123\r\nTo: sip:user@{host}\r\nTo: sip:other@example.net\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "3.3.15 multipart that never ends",
        "MESSAGE sip:kumiko@{host} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:fluffy@example.com>;tag=ab\r\nTo: <sip:kumiko@{host}>\r\nCall-ID: mpart01.x\r\nCSeq: 1 MESSAGE\r\nContent-Type: multipart/mixed;boundary=7a9cbec02ceef655\r\nContent-Length: 22\r\n\r\n--7a9cbec02ceef655\r\n\r\n",
    ),
    ("no header end at all", "OPTIONS sip:user@{host} SIP/2.0\r\nVia: {via}\r\n"),
    ("one line", "\u{0}\u{1}\u{2}"),
    ("only a response line", "SIP/2.0 200 OK\r\n\r\n"),
    (
        "a response nobody waits for",
        "SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: <sip:a@{host}>;tag=1\r\nTo: <sip:b@{host}>;tag=2\r\nCall-ID: stray\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "ACK and CANCEL for nothing",
        "CANCEL sip:x@{host} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:a@{host}>;tag=1\r\nTo: <sip:b@{host}>\r\nCall-ID: stray2\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n",
    ),
];

fn composed(phone: &Phone, server: &Server) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let (via, host) = (phone.via(""), server.sip().to_string());
    MESSAGES.iter().enumerate().map(move |(number, (name, text))| {
        let via = via.replace("branch=", &format!("branch=z9hG4bKtorture{number}"));
        let text =
            text.replace("{via}", &via).replace("{host}", &host).replace("{long}", &"really".repeat(60));
        (*name, text.into_bytes())
    })
}

fn still_well(server: &mut Server, phones: &[Phone; 2]) {
    assert!(server.is_running(), "the program is gone");
    let [alice, bob] = phones;
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    call.rtp.hears(10);
    call.hang_up();
    server.quiet();
}

/// SIP-10, RFC 4475
#[test]
fn torture_over_udp_leaves_the_server_well() {
    let mut server = Server::start();
    let phones = server.phones();
    for (_, bytes) in composed(&phones[0], &server) {
        phones[0].link().send(&bytes);
        // Every truncation of it too: whatever a broken network may leave.
        for end in (0..bytes.len()).step_by(97) {
            phones[0].link().send(&bytes[..end]);
        }
    }
    still_well(&mut server, &phones);
}

/// SIP-10, RFC 4475
#[test]
fn torture_over_tcp_leaves_the_server_well() {
    let mut server = Server::start();
    let phones = server.phones();
    for (_, bytes) in composed(&phones[0], &server) {
        let mut stream = TcpStream::connect(server.sip()).unwrap();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read(&mut [0; 4_096]);
    }
    still_well(&mut server, &phones);
}

/// The valid ones of the set are answered, and not with a server's failure.
#[test]
fn valid_torture_is_answered_and_never_with_500() {
    let server = Server::start();
    let phone = server.phone_over(0, Over::Udp, tests::agent::Algorithm::Md5);
    let valid = ["3.1.1.1 ", "3.1.1.3", "3.1.1.4", "3.1.1.6", "3.1.1.9", "3.1.1.10"];
    for (name, bytes) in composed(&phone, &server).filter(|(n, _)| valid.iter().any(|v| n.starts_with(v))) {
        let before = phone.log().len();
        phone.link().send(&bytes);
        let answer = phone.take(name, |t| t.status().is_some_and(|s| s >= 200));
        assert!(answer.status() < Some(500), "{name}: {}", answer.start);
        assert!(phone.log().len() > before);
    }
}
