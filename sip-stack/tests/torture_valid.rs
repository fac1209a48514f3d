//! Valid messages of RFC 4475 §3.1.1 and RFC 5118: strange, and to be read.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use sip_stack::{
    Message, Method, Name,
    headers::{Contact, ContentType, NameAddr, Via},
    uri::{Scheme, Uri},
};

fn read(text: &str) -> Message {
    Message::parse(Bytes::from(text.trim_start().replace('\n', "\r\n"))).unwrap()
}

/// §3.1.1.1
#[test]
fn a_short_tortuous_invite() {
    let message = read(
        r#"
INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"#,
    );
    assert_eq!((message.method(), message.cseq(), message.max_forwards()), (Method::Invite, 9, Some(68)));
    assert_eq!(message.to().tag(), Some(&b"1918181833n"[..]));
    assert_eq!(message.from().display_text(), r#"J Rosenberg \""#);
    assert_eq!(message.from().tag(), Some(&b"98asjd8"[..]));
    assert_eq!(message.call_id(), b"wsinv.ndaksdj@192.0.2.1");
    let vias: Vec<_> = message.values(Name::Via).map(|v| Via::parse(v).unwrap()).collect();
    assert_eq!(
        vias.iter().map(|v| v.host).collect::<Vec<_>>(),
        [&b"192.0.2.2"[..], b"spindle.example.com", b"192.168.255.111"]
    );
    assert_eq!(vias[2].branch(), Some(&b"z9hG4bK30239"[..]));
    assert_eq!(message.header(Name::Subject), Some(&b""[..]));
    assert_eq!(
        message.header_by_text("newfangledheader").unwrap(),
        b"newfangled value continued newfangled value"
    );
    assert_eq!(message.header_by_text("UnknownHeaderWithUnusualValue"), Some(&b";;,,;;,;"[..]));
    let contact = Contact::parse(message.header(Name::Contact).unwrap()).unwrap();
    assert_eq!((contact.q, contact.address.params.get("newparam")), (330, Some(&b"newvalue"[..])));
    assert_eq!(message.body().len(), 150);
}

/// §3.1.1.2
#[test]
fn a_wide_range_of_valid_characters() {
    let message = read(
        "
!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: \"BEL:\u{7} NUL:\u{0} DEL:\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\u{44e}\u{449}\u{438}\u{439}\";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~: \u{fe}\u{ff}\u{5927}
Content-Length: 0

",
    );
    assert_eq!(
        (message.method(), message.method_token()),
        (Method::Other, "!interesting-Method0123456789_*+`.%indeed'~")
    );
    assert_eq!(message.from().display, b"token1~` token2'+_ token3*%!.-");
    assert_eq!(message.from().tag(), Some(&b"_token~1'+`*%!-."[..]));
    assert_eq!(message.call_id(), br#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
    assert_eq!(Uri::parse(message.request_uri().unwrap()).unwrap().host, b"example.com");
    assert!(message.header_by_text("EXTENSIONHeader-!.%*+_`'~").is_some());
}

/// §3.1.1.3, §3.1.1.4
#[test]
fn percent_signs_are_left_alone_outside_of_uris() {
    let message = read(
        "
INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 0

",
    );
    let uri = Uri::parse(message.request_uri().unwrap()).unwrap();
    assert_eq!((uri.user_text().as_str(), uri.host), ("sips:user@example.com", &b"example.net"[..]));
    assert_eq!(Uri::parse(message.to().uri).unwrap().user_text(), "user");
    assert_eq!(Uri::parse(message.from().uri).unwrap().user_text(), "I have spaces");
    let contact = Contact::parse(message.header(Name::Contact).unwrap()).unwrap();
    assert_eq!(Uri::parse(contact.address.uri).unwrap().params.get("n%61me"), Some(&b"v%61lue%25%34%31"[..]));

    let message = read(
        "
RE%47IST%45R sip:registrar.example.com SIP/2.0
To: \"%Z%45\" <sip:resource@example.com>
From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Contact: <sip:alias1@host1.example.com>
Contact: <sip:alias2@host2.example.com>
Max-Forwards: 70
Content-Length: 0

",
    );
    assert_eq!((message.method(), message.method_token()), (Method::Other, "RE%47IST%45R"));
    assert_eq!(message.to().display_text(), "%Z%45");
    assert_eq!(message.values(Name::Contact).count(), 2);
}

/// §3.1.1.5, §3.1.1.8
#[test]
fn missing_blanks_and_a_second_request_behind_the_first() {
    let message = read(
        "
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

INVITE sip:joe@example.com SIP/2.0
",
    );
    assert_eq!(
        (message.from().display, message.from().uri),
        (&b"caller"[..], &b"sip:caller@example.com"[..])
    );
    assert!(message.body().is_empty());
    assert!(message.bytes().ends_with(b"l: 0\r\n\r\n"));
}

/// §3.1.1.6
#[test]
fn long_values() {
    let many = (1..35).map(|n| format!("Via: SIP/2.0/TCP sip{n}.example.com\n")).collect::<String>();
    let name = "I have a user name of extreme".to_owned() + &" proportion".repeat(30);
    let message = read(&format!(
        "
INVITE sip:user@example.com SIP/2.0
To: \"{name}\"<sip:user@example.com:6000;unknownparam1=very{0}value;longparam{0}name=shortvalue>
F: sip:{1}@example.net;tag=12{2}982424;unknownheaderparam{0}name=unknowheaderparam{0}value;unknownValuelessparam{0}name
Call-ID: longreq.one{0}longcallid
CSeq: 3882340 INVITE
Unknown-{0}-Name: unknown-{0}-value
{many}Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{0}branchvalue
Max-Forwards: 70
Contact: <sip:{1}@host5.example.net>
l: 0

",
        "long".repeat(60),
        "amazinglylongcallername".repeat(10),
        "982424".repeat(30)
    ));
    assert_eq!(message.to().display_text(), name);
    assert_eq!(message.values(Name::Via).count(), 35);
    assert_eq!(message.from().tag().unwrap().len(), 2 + 180 + 6);
    assert_eq!(message.call_id().len(), 11 + 240 + 10);
}

/// §3.1.1.9, §3.1.1.10
#[test]
fn semicolons_in_user_parts_and_transports_of_all_kinds() {
    let message = read(
        "
OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: transports.kijh4akdnaqjkwendsasfdj
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
l: 0

",
    );
    assert_eq!(Uri::parse(message.request_uri().unwrap()).unwrap().user, b"user;par=u%40example.net");
    let transports: Vec<_> = message.values(Name::Via).map(|v| Via::parse(v).unwrap().transport).collect();
    assert_eq!(transports, [&b"UDP"[..], b"SCTP", b"TLS", b"UNKNOWN", b"TCP"]);
    assert_eq!(message.values(Name::Accept).count(), 6);
}

/// §3.1.1.11
#[test]
fn a_multipart_body_is_kept_byte_for_byte() {
    let body = b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\n\
        Content-Type: application/octet-stream\r\n\r\n0\x82\x01\x52\x06\x09\x2A\x86\x48\x86\xF7\x00\x0D\x0A\r\n--7a9cbec02ceef655--";
    let mut bytes = format!(
        "MESSAGE sip:kumiko@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport\r\n\
         Max-Forwards: 70\r\nRoute: <sip:127.0.0.1:5080>\r\nIdentity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=\r\n\
         Contact: <sip:fluffy@127.0.0.1:5070>\r\nTo: <sip:kumiko@example.org>\r\nFrom: <sip:fluffy@example.com>;tag=2fb0dcc9\r\n\
         Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..\r\nCSeq: 1 MESSAGE\r\nContent-Transfer-Encoding: binary\r\n\
         Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    let message = Message::parse(Bytes::from(bytes)).unwrap();
    assert_eq!(&message.body()[..], body);
    let kind = ContentType::parse(message.header(Name::ContentType).unwrap()).unwrap();
    assert_eq!(kind.params.get("boundary"), Some(&b"7a9cbec02ceef655"[..]));
}

/// §3.1.1.12, §3.1.1.13
#[test]
fn reason_phrases_may_be_unicode_or_absent() {
    for (start, reason) in [
        (
            "SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}",
            "= 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}",
        ),
        ("SIP/2.0 100 ", ""),
    ] {
        let message = read(&format!(
            "
{start}
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host198.example.com>

"
        ));
        assert_eq!(message.reason_phrase(), reason.as_bytes());
    }
}

/// §3.3.1, §3.3.2 … §3.3.11: well-formed, refused by a higher layer if at all.
#[test]
fn what_only_a_higher_layer_refuses_is_read() {
    for uri in [
        "nobodyKnowsThisScheme:totallyopaquecontent",
        "soap.beep://192.0.2.103:3002",
        "name:John_Smith",
        "http://a/b",
    ] {
        let message = read(&format!(
            "
OPTIONS {uri} SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 OPTIONS
Max-Forwards: 0
Via: SIP/2.0/UDP host7.example.com;branch=z9hG4bKkdjuw
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length: 0

"
        ));
        assert_eq!(Uri::parse(message.request_uri().unwrap()).unwrap().scheme, Scheme::Other);
        assert_eq!((message.to().uri, message.max_forwards()), (&b"isbn:2983792873"[..], Some(0)));
        assert!(message.has_token(Name::Require, "nothingSupportsThisEither"));
        assert_eq!(sip_stack::digest::claim(&message), None);
    }
}

/// RFC 5118 §4.1, §4.3, §4.5, §4.6
#[test]
fn ipv6_everywhere() {
    let message = read(
        "
REGISTER sip:[2001:db8::10] SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: \"Caller\" <sip:caller@[2001:db8::1]>
Max-Forwards: 70
CSeq: 98176 REGISTER
Content-Length: 0

",
    );
    assert!(Uri::parse(message.request_uri().unwrap()).unwrap().ip().unwrap().is_ipv6());
    assert_eq!(message.via().host, b"[2001:db8::9:1]");
    let contact = NameAddr::parse(message.header(Name::Contact).unwrap()).unwrap();
    assert_eq!(Uri::parse(contact.uri).unwrap().host, b"[2001:db8::1]");
}
