//! The order of RFC 3263 §4, weights of RFC 2782, and bounds.

use proptest::prelude::*;

use super::*;

const HOST: &str = "carrier.example";
const ALL: &[Transport] = &[Transport::Udp, Transport::Tcp, Transport::Tls];

fn question(name: &str, kind: Kind) -> Question {
    Question { name: name.into(), kind }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    Record::Srv { priority, weight, port, target: target.into() }
}

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Record {
    Record::Naptr { order, preference, service: service.into(), replacement: replacement.into() }
}

fn address(text: &str) -> Record {
    Record::Address(text.parse().unwrap())
}

/// Answers every question from a table; what is not there has no records. The addresses in the end, and what was asked.
fn look_up(target: Target<'_>, table: &[(&str, Kind, Vec<Record>)]) -> (Vec<String>, Vec<String>) {
    let (mut answers, now, mut asked) = (Answers::default(), Instant::now(), Vec::new());
    for _ in 0..10 {
        match resolve(&answers, now, target, &mut |_| 0) {
            Resolved::Hops { hops, .. } => {
                let text = |hop: Hop| format!("{} {}", hop.transport.as_str(), hop.remote);
                return (hops.into_iter().map(text).collect(), asked);
            }
            Resolved::Nowhere { .. } => return (vec![], asked),
            Resolved::Ask(questions) => {
                for question in questions {
                    let found = table.iter().find(|row| row.0 == question.name && row.1 == question.kind);
                    let records = match question.kind {
                        Kind::Local => vec![address("192.0.2.1")],
                        _ => found.map(|row| row.2.clone()).unwrap_or_default(),
                    };
                    if question.kind != Kind::Local {
                        asked.push(format!("{:?} {}", question.kind, question.name));
                    }
                    answers.keep(now, question, records, Duration::from_secs(300));
                }
            }
        }
    }
    panic!("it never ends");
}

/// SIP-38
#[test]
fn an_address_is_asked_of_nobody_and_a_port_needs_no_srv() {
    let target = Target { host: "198.51.100.7", port: None, transport: Some(Transport::Tcp), speaks: ALL };
    assert_eq!(look_up(target, &[]), (vec!["TCP 198.51.100.7:5060".to_owned()], vec![]));
    let target = Target { host: HOST, port: Some(5070), transport: None, speaks: ALL };
    let table = [(HOST, Kind::Address, vec![address("198.51.100.7"), address("2001:db8::7")])];
    let expected = ["UDP 198.51.100.7:5070", "UDP [2001:db8::7]:5070"].map(str::to_owned);
    assert_eq!(look_up(target, &table), (expected.into(), vec![format!("Address {HOST}")]));
}

/// SIP-38: RFC 3263 §4.1, the preferred transport that we speak.
#[test]
fn naptr_srv_and_addresses_are_followed_in_this_order() {
    let target = Target { host: HOST, port: None, transport: None, speaks: ALL };
    let table = [
        (
            HOST,
            Kind::Naptr,
            vec![
                naptr(90, 50, "SIP+D2U", "_sip._udp.carrier.example"),
                naptr(50, 50, "SIP+D2T", "_sip._tcp.carrier.example"),
                naptr(10, 50, "SIPS+D2T", "_sips._tcp.carrier.example"),
            ],
        ),
        (
            "_sip._tcp.carrier.example",
            Kind::Srv,
            vec![srv(20, 0, 5060, "b.example."), srv(10, 0, 5080, "a.example.")],
        ),
        ("a.example", Kind::Address, vec![address("198.51.100.1")]),
        ("b.example", Kind::Address, vec![address("198.51.100.2")]),
    ];
    let (hops, asked) = look_up(target, &table);
    assert_eq!(hops, ["TCP 198.51.100.1:5080", "TCP 198.51.100.2:5060"]);
    let expected = [
        "Naptr carrier.example",
        "Srv _sips._tcp.carrier.example",
        "Srv _sip._tcp.carrier.example",
        "Address a.example",
        "Address b.example",
    ];
    assert_eq!(asked, expected);
}

/// SIP-38: RFC 3263 §4.1, §4.2: TLS by NAPTR, by its SRV record, and by the host alone.
#[test]
fn tls_is_found_by_its_own_service_and_port() {
    let target = Target { host: HOST, port: None, transport: None, speaks: ALL };
    let table = [
        (HOST, Kind::Naptr, vec![naptr(10, 50, "SIPS+D2T", "_sips._tcp.carrier.example")]),
        ("_sips._tcp.carrier.example", Kind::Srv, vec![srv(10, 0, 5071, "a.example.")]),
        ("a.example", Kind::Address, vec![address("198.51.100.1")]),
    ];
    assert_eq!(look_up(target, &table).0, ["TLS 198.51.100.1:5071"]);
    assert_eq!(
        look_up(target, &table[1..]).0,
        ["TLS 198.51.100.1:5071"],
        "the last service that is looked for"
    );
    let target = Target { host: HOST, port: None, transport: Some(Transport::Tls), speaks: ALL };
    assert_eq!(look_up(target, &table).1[0], "Srv _sips._tcp.carrier.example");
    let table = [(HOST, Kind::Address, vec![address("198.51.100.7")])];
    assert_eq!(look_up(target, &table).0, ["TLS 198.51.100.7:5061"]);
    let target = Target { host: "198.51.100.7", ..target };
    assert_eq!(look_up(target, &[]).0, ["TLS 198.51.100.7:5061"]);
}

/// SIP-38: RFC 3263 §4.1: what a domain prefers and we do not speak is passed over; who has nothing else is not called in clear.
#[test]
fn without_tls_the_next_service_is_taken_if_there_is_one() {
    let clear = &ALL[..2];
    let target = Target { host: HOST, port: None, transport: None, speaks: clear };
    let table = [
        (
            HOST,
            Kind::Naptr,
            vec![
                naptr(10, 50, "SIPS+D2T", "_sips._tcp.carrier.example"),
                naptr(50, 50, "SIP+D2T", "_sip._tcp.carrier.example"),
            ],
        ),
        ("_sips._tcp.carrier.example", Kind::Srv, vec![srv(10, 0, 5071, "a.example.")]),
        ("_sip._tcp.carrier.example", Kind::Srv, vec![srv(10, 0, 5080, "a.example.")]),
        ("a.example", Kind::Address, vec![address("198.51.100.1")]),
    ];
    assert_eq!(look_up(target, &table).0, ["TCP 198.51.100.1:5080"]);
    assert_eq!(look_up(Target { speaks: ALL, ..target }, &table).0, ["TLS 198.51.100.1:5071"]);
    let (hops, asked) = look_up(Target { speaks: &[], ..target }, &table);
    assert_eq!((hops, asked), (vec![], vec!["Naptr carrier.example".to_owned()]), "TLS or nothing");
    let (mut answers, now) = (Answers::default(), Instant::now());
    let only_tls = vec![naptr(10, 50, "SIPS+D2T", "_sips._tcp.carrier.example")];
    answers.keep(now, question(HOST, Kind::Naptr), only_tls, Duration::from_secs(300));
    let resolved = resolve(&answers, now, target, &mut |_| 0);
    assert!(matches!(resolved, Resolved::Nowhere { passed_tls: true, .. }), "{resolved:?}");
}

/// SIP-38: RFC 3263 §4.2
#[test]
fn without_srv_records_the_host_itself_is_the_server() {
    let target = Target { host: HOST, port: None, transport: Some(Transport::Udp), speaks: ALL };
    let table = [(HOST, Kind::Address, vec![address("198.51.100.7")])];
    let (hops, asked) = look_up(target, &table);
    assert_eq!(hops, ["UDP 198.51.100.7:5060"]);
    assert_eq!(asked, ["Srv _sip._udp.carrier.example", "Address carrier.example"]);
    assert!(look_up(target, &[]).0.is_empty(), "nothing at all");
}

/// SIP-38: RFC 2782
#[test]
fn servers_of_one_priority_share_calls_by_weight() {
    let records = [srv(10, 10, 1, "a"), srv(10, 30, 2, "b"), srv(20, 0, 3, "c"), srv(10, 0, 4, ".")];
    let mut seed = 7u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let mut firsts = [0; 2];
    for _ in 0..4000 {
        let ordered = in_order(&records, &mut random);
        assert_eq!((ordered.len(), ordered[2].1), (3, 3), "{ordered:?}");
        firsts[usize::from(ordered[0].1) - 1] += 1;
    }
    assert!((2700..3300).contains(&firsts[1]), "{firsts:?}");
}

/// SIP-38
#[test]
fn answers_grow_old_and_are_asked_for_again() {
    let (mut answers, now) = (Answers::default(), Instant::now());
    let target = Target { host: HOST, port: Some(5060), transport: Some(Transport::Udp), speaks: ALL };
    answers.keep(now, question(HOST, Kind::Address), vec![address("198.51.100.7")], Duration::from_secs(60));
    answers.keep(
        now,
        question("198.51.100.7", Kind::Local),
        vec![address("192.0.2.1")],
        Duration::from_secs(300),
    );
    let at = |seconds| resolve(&answers, now + Duration::from_secs(seconds), target, &mut |_| 0);
    assert!(matches!(at(0), Resolved::Hops { until, .. } if until == now + Duration::from_secs(60)));
    assert!(matches!(at(59), Resolved::Hops { .. }));
    assert_eq!(at(60), Resolved::Ask(vec![question(HOST, Kind::Address)]));
}

fn any_record() -> impl Strategy<Value = Record> {
    let name = "[a-c]{0,3}|\\.|198\\.51\\.100\\.7";
    prop_oneof![
        (any::<u16>(), any::<u16>(), "SIP\\+D2[UTX]|.{0,8}", name).prop_map(
            |(order, preference, service, replacement)| {
                Record::Naptr { order, preference, service, replacement }
            }
        ),
        (0u16..3, any::<u16>(), any::<u16>(), name)
            .prop_map(|(priority, weight, port, target)| Record::Srv { priority, weight, port, target }),
        any::<[u8; 4]>().prop_map(|ip| Record::Address(ip.into())),
    ]
}

proptest! {
    /// SIP-38: whatever servers of names answer, the search ends, within its bounds.
    #[test]
    fn no_answer_makes_it_panic_or_go_on_for_ever(
        replies in prop::collection::vec(prop::collection::vec(any_record(), 0..30), 1..12),
        draw in any::<u64>(),
        ttl in any::<u32>(),
    ) {
        let (mut answers, now, mut next) = (Answers::default(), Instant::now(), 0);
        let target = Target { host: HOST, port: None, transport: None, speaks: ALL };
        for _ in 0..30 {
            match resolve(&answers, now, target, &mut |below| draw % below) {
                Resolved::Ask(questions) => for question in questions {
                    next += 1;
                    let records = replies[next % replies.len()].clone();
                    answers.keep(now, question, records, Duration::from_secs(ttl.into()));
                },
                Resolved::Hops { hops, .. } => {
                    prop_assert!(!hops.is_empty() && hops.len() <= MOST_HOPS);
                    return Ok(());
                }
                Resolved::Nowhere { .. } => return Ok(()),
            }
        }
        prop_assert!(false, "it asks for ever");
    }
}
