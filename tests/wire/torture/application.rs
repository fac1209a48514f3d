//! RFC 4475 §3.3: well formed, and not to be served; and a few of our own that no section has.

use super::{Case, Expect::*};

pub const CASES: &[Case] = &[
    Case(
        "3.3.1 insuf",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
CSeq: 193942 INVITE
Via: {via}
Content-Type: application/sdp
l: {length}

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.95
s=-
c=IN IP4 192.0.2.95
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.3.2 unkscm",
        Answer(416),
        "\
OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: {via}
Content-Length: 0

",
    ),
    Case(
        "3.3.3 novelsc",
        Answer(416),
        "\
OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: novelsc.asdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: {via}
Content-Length: 0

",
    ),
    // No address of ours; who asks is asked first.
    Case(
        "3.3.4 unksm2",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: {via}
Contact: <name:John_Smith>
l: 0

",
    ),
    Case(
        "3.3.5 bext01",
        Answer(420),
        "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:j_user@{host}
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Via: {via}
Content-Length: 0

",
    ),
    Case(
        "3.3.6 invut",
        Answer(415),
        "\
INVITE sip:user@{host} SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@{host}
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: {via}
Content-Type: application/unknownformat
Content-Length: {length}

<audio>
 <pcmu port=\"443\"/>
</audio>
",
    ),
    Case(
        "3.3.7 regaut01",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
To: sip:j.user@{host}
From: sip:j.user@{host};tag=87321hj23128
Max-Forwards: 8
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Via: {via}
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0

",
    ),
    Case(
        "3.3.8 multi01",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: {via}
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@{host}
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: {length}
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.25
s=-
c=IN IP4 192.0.2.25
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.3.9 mcl01",
        Answer(400),
        "\
OPTIONS sip:user@{host} SIP/2.0
Via: {via}
To: sip:j.user@{host}
From: sip:caller@example.net;tag=93942939o2
Max-Forwards: 7
Content-Length: 13
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
",
    ),
    Case(
        "3.3.10 bcast",
        Silence,
        "\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@{host};tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: {length}
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.198
s=-
c=IN IP4 192.0.2.198
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.3.11 zeromf",
        Answer(483),
        "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Via: {via}
Max-Forwards: 0
Content-Length: 0

",
    ),
    Case(
        "3.3.12 cparam01",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: sip:watson@{host};tag=DkfVgjkrtMwaerKKpe
To: sip:watson@{host}
Call-ID: cparam01.70710@saturn.example.com
CSeq: 2 REGISTER
Contact: sip:+19725552222@gw1.example.net;unknownparam
l: 0

",
    ),
    Case(
        "3.3.13 cparam02",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: sip:watson@{host};tag=838293
To: sip:watson@{host}
Call-ID: cparam02.70710@saturn.example.com
CSeq: 3 REGISTER
Contact: <sip:+19725552222@gw1.example.net;unknownparam>
l: 0

",
    ),
    Case(
        "3.3.14 regescrt",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
To: sip:user@{host}
From: sip:user@{host};tag=8
Max-Forwards: 70
Call-ID: regescrt.k345asrl3fdbv@192.0.2.1
CSeq: 14398234 REGISTER
Via: {via}
M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>
L:0

",
    ),
    Case(
        "3.3.15 sdp01",
        Answer(401),
        "\
INVITE sip:user@{host} SIP/2.0
To: sip:j_user@{host}
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Max-Forwards: 5
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Via: {via}
Content-Length: {length}
Content-Type: application/sdp

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.5
s=-
c=IN IP4 192.0.2.5
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "no end of the headers",
        Answer(400),
        "\
OPTIONS sip:user@{host} SIP/2.0
Via: {via}
",
    ),
    Case("three octets", Silence, "\u{0}\u{1}\u{2}"),
    Case("only a status line", Silence, "SIP/2.0 200 OK\n\n"),
    Case(
        "CANCEL of nothing",
        Answer(481),
        "\
CANCEL sip:x@{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: <sip:a@{host}>;tag=1
To: <sip:b@{host}>
Call-ID: stray2
CSeq: 1 CANCEL
Content-Length: 0

",
    ),
    Case(
        "ACK of nothing",
        Silence,
        "\
ACK sip:x@{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: <sip:a@{host}>;tag=1
To: <sip:b@{host}>;tag=2
Call-ID: stray3
CSeq: 1 ACK
Content-Length: 0

",
    ),
];
