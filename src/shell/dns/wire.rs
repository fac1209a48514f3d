//! DNS messages of the few kinds that we need, read and written by `simple-dns`.

use std::{net::SocketAddr, time::Duration};

use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, RCODE, TYPE, rdata::RData};
use sip_stack::resolve::{Kind, Question, Record};

/// A question as bytes; `None` if the name is none.
pub fn query(question: &Question, id: u16) -> Option<Vec<u8>> {
    let of = match question.kind {
        Kind::Srv => TYPE::SRV,
        Kind::Naptr => TYPE::NAPTR,
        Kind::Address | Kind::Local => return None,
    };
    let name = Name::new(&question.name).ok()?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let asked = simple_dns::Question::new(name, QTYPE::TYPE(of), QCLASS::CLASS(CLASS::IN), false);
    packet.questions.push(asked);
    packet.build_bytes_vec().ok()
}

/// Whether these bytes answer that question: same number, same name.
pub fn is_reply(bytes: &[u8], question: &Question, id: u16) -> bool {
    let Ok(packet) = Packet::parse(bytes) else { return false };
    let same_name = packet
        .questions
        .first()
        .is_some_and(|asked| asked.qname.to_string().eq_ignore_ascii_case(&question.name));
    packet.id() == id && packet.has_flags(PacketFlag::RESPONSE) && same_name
}

/// Whether the answer did not fit.
pub fn is_truncated(bytes: &[u8]) -> bool {
    Packet::parse(bytes).is_ok_and(|packet| packet.has_flags(PacketFlag::TRUNCATION))
}

/// The records of an answer, and how long they are good; none where there are none. `None`: the server cannot say.
pub fn records(bytes: &[u8], kind: Kind) -> Option<(Vec<Record>, Duration)> {
    let packet = Packet::parse(bytes).ok()?;
    if !matches!(packet.rcode(), RCODE::NoError | RCODE::NameError) {
        return None;
    }
    let (mut records, mut ttl) = (Vec::new(), u32::MAX);
    for answer in &packet.answers {
        let record = match (&answer.rdata, kind) {
            (RData::SRV(srv), Kind::Srv) => Record::Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_string(),
            },
            (RData::NAPTR(naptr), Kind::Naptr) => Record::Naptr {
                order: naptr.order,
                preference: naptr.preference,
                service: naptr.services.to_string(),
                replacement: naptr.replacement.to_string(),
            },
            _ => continue,
        };
        ttl = ttl.min(answer.ttl);
        records.push(record);
    }
    Some((records, Duration::from_secs(ttl.into())))
}

/// The servers of a resolver's configuration, at most three as everywhere.
pub fn name_servers(text: &str) -> Vec<SocketAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver").then_some(())?;
        let address = words.next()?;
        // A zone belongs to this machine only; without it the address is no address either.
        address.split('%').next()?.parse().ok().map(|ip| SocketAddr::new(ip, PORT))
    });
    servers.take(MOST).collect()
}

const PORT: u16 = 53;
const MOST: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: Kind) -> Question {
        Question { name: "_sip._udp.carrier.example".into(), kind }
    }

    /// An answer with one SRV record: priority 10, weight 20, port 5060, `a.example`.
    fn answer(id: u16) -> Vec<u8> {
        let mut bytes = query(&question(Kind::Srv), id).unwrap();
        bytes[2] |= 0x80;
        bytes[7] = 1;
        bytes.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 1, 44, 0, 17, 0, 10, 0, 20, 0x13, 0xc4]);
        bytes.extend(b"\x01a\x07example\0");
        bytes
    }

    /// SIP-38: RFC 2782
    #[test]
    fn an_answer_to_our_question_is_read_and_no_other() {
        let bytes = answer(7);
        let asked = question(Kind::Srv);
        assert!(is_reply(&bytes, &asked, 7) && !is_truncated(&bytes));
        assert!(!is_reply(&bytes, &asked, 8) && !is_reply(&query(&asked, 7).unwrap(), &asked, 7));
        let other = Question { name: "_sip._udp.other.example".into(), kind: Kind::Srv };
        assert!(!is_reply(&bytes, &other, 7));
        let (records, ttl) = records(&bytes, Kind::Srv).unwrap();
        let srv = Record::Srv { priority: 10, weight: 20, port: 5060, target: "a.example".into() };
        assert_eq!((records, ttl), (vec![srv], Duration::from_secs(300)));
    }

    #[test]
    fn servers_are_taken_from_the_configuration() {
        let text = "# x\nsearch example\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\noptions ndots:1\n";
        let expected = ["192.0.2.53:53", "[fe80::1]:53"].map(|a| a.parse().unwrap());
        assert_eq!(name_servers(text), expected);
        assert!(name_servers("nameserver").is_empty());
    }

    proptest::proptest! {
        /// SIP-38
        #[test]
        fn no_datagram_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at in 0usize..60, to in proptest::prelude::any::<u8>()) {
            let mut changed = answer(7);
            if let Some(byte) = changed.get_mut(at) {
                *byte = to;
            }
            for bytes in [&bytes[..], &changed] {
                for kind in [Kind::Srv, Kind::Naptr] {
                    is_reply(bytes, &question(kind), 7);
                    is_truncated(bytes);
                    let _ = records(bytes, kind);
                }
            }
        }
    }
}
