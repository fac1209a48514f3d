//! RFC 4475 §3.1.1: valid, however they look; §3.2 and §3.4.

use super::{Case, Expect::*};

pub const CASES: &[Case] = &[
    // Its To has a tag, and no dialog of ours has that one.
    Case("3.1.1.1 wsinv", Answer(481), "\
INVITE sip:vivekg@{host};unknownparam SIP/2.0
TO :
 sip:vivekg@{host} ;   tag    = 1918181833n
from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : {length}
cseq: 0009
  INVITE
Via  : {via}
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
m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =
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
"),
    // A method that nobody knows (RFC 3261 §21.5.2).
    Case("3.1.1.2 intmeth", Answer(501), "\
!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@{host} SIP/2.0
Via: {via}
To: \"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@{host}>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\u{44e}\u{449}\u{438}\u{439}\";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\u{feff}\u{5927}\u{505c}\u{96fb}
Content-Length: 0

"),
    Case("3.1.1.3 esc01", Answer(401), "\
INVITE sip:sips%3Auser%40example.com@{host} SIP/2.0
To: sip:%75se%72@{host}
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: {via}
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: {length}

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"),
    Case("3.1.1.4 escnull", Answer(401), "\
REGISTER sip:{host} SIP/2.0
To: sip:null-%00-null@{host}
From: sip:null-%00-null@{host};tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: {via}
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

"),
    // A method with a percent sign in it is no REGISTER.
    Case("3.1.1.5 esc02", Answer(501), "\
RE%47IST%45R sip:registrar.{host} SIP/2.0
To: \"%Z%45\" <sip:resource@{host}>
From: \"%Z%45\" <sip:resource@{host}>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: {via}
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

"),
    Case("3.1.1.6 lwsdisp", Answer(200), "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:user@{host}
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: {via}
l: 0

"),
    Case("3.1.1.7 longreq", Answer(401), "\
INVITE sip:user@{host} SIP/2.0
To: \"I have a user name of {long} proportion\"<sip:user@{host}:6000;unknownparam1=very{long}value;longparam{long}name=shortvalue;very{long}ParameterNameWithNoValue>
F: sip:amazinglylongcallername{long}@example.net;tag=12982{long}424;unknownheaderparam{long}name=unknowheaderparam{long}value;unknownValueless{long}paramname
Call-ID: longreq.one{long}longcallid
CSeq: 3882340 INVITE
Unknown-{long}-Name: unknown-{long}-value; unknown-{long}-parameter-name = unknown-{long}-parameter-value
Via: {via}
v: SIP/2.0/TCP sip33.example.com, SIP/2.0/TCP sip32.example.com;branch=z9hG4bKiokioukju908{long}
Max-Forwards: 70
Contact: <sip:amazinglylongcallername{long}@host5.example.net>
Content-Type: application/sdp
l: {length}

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"),
    // The second request behind the announced length is not looked at.
    Case("3.1.1.8 dblreq", Answer(401), "\
REGISTER sip:{host} SIP/2.0
To: sip:j.user@{host}
From: sip:j.user@{host};tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: {via}
Content-Length: 0


INVITE sip:joe@{host} SIP/2.0
t: sip:joe@{host}
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: {via}x
Content-Type: application/sdp
Content-Length: 0

"),
    Case("3.1.1.9 semiuri", Answer(200), "\
OPTIONS sip:user;par=u%40example.net@{host} SIP/2.0
To: sip:j_user@{host}
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: {via}
l: 0

"),
    Case("3.1.1.10 transports", Answer(200), "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:user@{host}
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: {via}
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

"),
    // Who sends it is asked first; the body's blank line and binary octets change nothing of that.
    Case("3.1.1.11 mpart01", Answer(401), "\
MESSAGE sip:kumiko@{host} SIP/2.0
Via: {via}
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@{host}>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: {length}

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--7a9cbec02ceef655
\u{1}\u{2}\u{3}
--7a9cbec02ceef655--
"),
    Case("3.1.1.12 unreason", Silence, "\
SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e} \u{434}\u{435}\u{432}\u{44f}\u{43d}\u{43e}\u{441}\u{442}\u{43e}
Via: {via}
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@{host};tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host198.example.com>

"),
    Case("3.1.1.13 noreason", Silence, "\
SIP/2.0 100\x20
Via: {via}
From: <sip:{host}>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
Content-Length: 0

"),
    // The cookie alone says nothing: matched as RFC 2543 did (RFC 3261 §17.2.3).
    Case("3.2.1 badbranch", Answer(200), "\
OPTIONS sip:user@{host} SIP/2.0
To: sip:user@{host}
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: {bare}
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

"),
    // No branch, no tag, no Max-Forwards. The RFC hopes for kindness; we say that RFC 2543 is not supported.
    Case("3.4.1 inv2543", Answer(400), "\
INVITE sip:UserB@{host} SIP/2.0
Via: {old}
From: <sip:caller@example.org>
Record-Route: <sip:proxy.example.net>
To: sip:UserB@{host}
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.5
s=-
c=IN IP4 192.0.2.5
t=0 0
m=audio 49217 RTP/AVP 0
"),
];
