//! RFC 4475 §3.1.2: invalid, and what is made of each.

use super::{Case, Expect::*};

pub const CASES: &[Case] = &[
    Case(
        "3.1.2.1 badinv01",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
To: sip:j.user@{host}
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: {via};;,;,,
Contact: \"Joe\" <sip:joe@example.org>;;;;
Content-Length: {length}
Content-Type: application/sdp

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.15
s=-
c=IN IP4 192.0.2.15
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.1.2.2 clerr",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
Max-Forwards: 80
To: sip:j.user@{host}
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Via: {via}
Content-Type: application/sdp
Content-Length: 9999

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.155
s=-
c=IN IP4 192.0.2.155
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.1.2.3 ncl",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
Max-Forwards: 254
To: sip:j.user@{host}
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Via: {via}
Contact: <sip:caller@example53.example.net>
Content-Type: application/sdp
Content-Length: -999

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.53
s=-
c=IN IP4 192.0.2.53
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.1.2.4 scalar02",
        Answer(400),
        "\
REGISTER sip:{host} SIP/2.0
Via: {via}
To: <sip:user@{host}>
From: <sip:user@{host}>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 10000000000000000000000000000000000000000
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0

",
    ),
    Case(
        "3.1.2.5 scalarlg",
        Silence,
        "\
SIP/2.0 503 Service Unavailable
Via: {via}
To: <sip:user@{host}>
From: sip:user@{host};tag=asdfsda
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture \"In Progress\"
CSeq: 9292394834772304023312 OPTIONS
Content-Length: 0

",
    ),
    Case(
        "3.1.2.6 quotbal",
        Answer(400),
        "\
INVITE sip:user@{host} SIP/2.0
To: \"Mr. J. User <sip:j.user@{host}>
From: sip:caller@example.net;tag=93334
Max-Forwards: 10
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Via: {via}
Content-Type: application/sdp
Content-Length: 0

",
    ),
    Case(
        "3.1.2.7 ltgtruri",
        Answer(400),
        "\
INVITE <sip:user@{host}> SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=39291
Max-Forwards: 23
Call-ID: ltgtruri.1@192.0.2.5
CSeq: 1 INVITE
Via: {via}
Contact: <sip:caller@host5.example.net>
Content-Length: 0

",
    ),
    Case(
        "3.1.2.8 lwsruri",
        Answer(400),
        "\
INVITE sip:user@{host}; lr SIP/2.0
To: sip:user@{host};tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Max-Forwards: 5
Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423
CSeq: 2130706432 INVITE
Via: {via}
Contact: <sip:caller@host1.example.net>
Content-Length: 0

",
    ),
    Case(
        "3.1.2.9 lwsstart",
        Answer(400),
        "\
INVITE  sip:user@{host}  SIP/2.0
Max-Forwards: 8
To: sip:user@{host}
From: sip:caller@example.net;tag=8814
Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com
CSeq: 1893884 INVITE
Via: {via}
Contact: <sip:caller@host1.example.net>
Content-Length: 0

",
    ),
    Case(
        "3.1.2.10 trws",
        Answer(400),
        "\
OPTIONS sip:remote-target@{host} SIP/2.0\x20\x20
Via: {via}
To: <sip:remote-target@{host}>
From: <sip:local-resource@example.com>;tag=329429089
Call-ID: trws.oicu34958239neffasdhr2345r
Accept: application/sdp
CSeq: 238923 OPTIONS
Max-Forwards: 70
Content-Length: 0

",
    ),
    // Header fields in a Request-URI are ignored, as the RFC allows; 400 would be as good.
    Case(
        "3.1.2.11 escruri",
        Answer(401),
        "\
INVITE sip:user@{host}?Route=%3Csip:example.com%3E SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=341518
Max-Forwards: 7
Contact: <sip:caller@host39923.example.net>
Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5
CSeq: 149209342 INVITE
Via: {via}
Content-Length: 0

",
    ),
    // Date is nothing we look at.
    Case(
        "3.1.2.12 baddate",
        Answer(401),
        "\
INVITE sip:user@{host} SIP/2.0
To: sip:user@{host}
From: sip:caller@example.net;tag=2234923
Max-Forwards: 70
Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234
CSeq: 1392934 INVITE
Via: {via}
Date: Fri, 01 Jan 2010 16:00:00 EST
Contact: <sip:caller@host5.example.net>
Content-Length: 0

",
    ),
    // Without <>, the parameters are the header's; who may register is asked first.
    Case(
        "3.1.2.13 regbadct",
        Answer(401),
        "\
REGISTER sip:{host} SIP/2.0
To: sip:user@{host}
From: sip:user@{host};tag=998332
Max-Forwards: 70
Call-ID: regbadct.k345asrl3fdbv@10.0.0.1
CSeq: 1 REGISTER
Via: {via}
Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E
l: 0

",
    ),
    // Spaces within <> are passed over, as the RFC lets liberal readers do; so is the comma of the next one.
    Case(
        "3.1.2.14 badaspec",
        Answer(200),
        "\
OPTIONS sip:user@{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: <sip:caller@example.com>;tag=323
To: \"Watson, Thomas\" < sip:t.watson@{host} >
Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3
Accept: application/sdp
CSeq: 3923239 OPTIONS
l: 0

",
    ),
    Case(
        "3.1.2.15 baddn",
        Answer(200),
        "\
OPTIONS sip:t.watson@{host} SIP/2.0
Via: {via}
Max-Forwards: 70
From: Bell, Alexander <sip:a.g.bell@bell-tel.com>;tag=43
To: Watson, Thomas <sip:t.watson@{host}>
Call-ID: baddn.31415@c.bell-tel.com
Accept: application/sdp
CSeq: 3923239 OPTIONS
l: 0

",
    ),
    Case(
        "3.1.2.16 badvers",
        Answer(505),
        "\
OPTIONS sip:t.watson@{host} SIP/7.0
Via: {seven}
Max-Forwards: 70
From: A. Bell <sip:a.g.bell@bell-tel.com>;tag=qweoiqpe
To: T. Watson <sip:t.watson@{host}>
Call-ID: badvers.31417@c.bell-tel.com
CSeq: 1 OPTIONS
l: 0

",
    ),
    Case(
        "3.1.2.17 mismatch01",
        Answer(400),
        "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:j.user@{host}
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
Via: {via}
l: 0

",
    ),
    Case(
        "3.1.2.18 mismatch02",
        Answer(400),
        "\
NEWMETHOD sip:user@{host} SIP/2.0
To: sip:j.user@{host}
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Contact: <sip:caller@host.example.net>
Via: {via}
Content-Type: application/sdp
l: {length}

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
c=IN IP4 192.0.2.1
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
",
    ),
    Case(
        "3.1.2.19 bigcode",
        Silence,
        "\
SIP/2.0 4294967301 better not break the receiver
Via: {via}
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@{host}>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

",
    ),
];
