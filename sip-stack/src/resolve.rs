//! From a host to the addresses that requests are sent to, in order: RFC 3263 §4. Questions leave, answers come back.
//!
//! Nothing waits here: [`resolve`] looks into the answers that there are and says what is still to be asked. Answers are
//! kept for the time that they say, within bounds.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use crate::{Transport, wire::text};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// A name without the dot at its end, in lower case; for [`Kind::Local`] an address.
    pub name: String,
    /// What of it.
    pub kind: Kind,
}

/// What is asked of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Which transports it prefers (RFC 3263 §4.1).
    Naptr,
    /// Which servers there are (RFC 2782).
    Srv,
    /// Addresses, A and AAAA together.
    Address,
    /// From which address of ours an address is reached: the network knows, not the DNS.
    Local,
}

/// One record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Record {
    Naptr { order: u16, preference: u16, service: String, replacement: String },
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Address(IpAddr),
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// A name, or an address (IPv6 without brackets).
    pub host: &'a str,
    /// Where it is given, no SRV record is asked for.
    pub port: Option<u16>,
    /// Where it is given, no NAPTR record is asked for.
    pub transport: Option<Transport>,
    /// Which ones we speak: what a domain prefers beyond them is passed over (RFC 3263 §4.1).
    pub speaks: &'a [Transport],
}

/// Where a request is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// How.
    pub transport: Transport,
    /// Whereto.
    pub remote: SocketAddr,
    /// From which address of ours.
    pub local: IpAddr,
}

/// What is known of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Addresses in the order in which they are tried (RFC 3263 §4.3), good until then; whether TLS was passed over that the
    /// domain has.
    #[allow(missing_docs)]
    Hops { hops: Vec<Hop>, until: Instant, passed_tls: bool },
    /// To be asked first.
    Ask(Vec<Question>),
    /// There is nothing of that name, or nobody could be asked; to be tried again then.
    #[allow(missing_docs)]
    Nowhere { until: Instant, passed_tls: bool },
}

/// Answers by question.
#[derive(Debug, Default)]
pub struct Answers {
    known: HashMap<Question, (Vec<Record>, Instant)>,
}

impl Answers {
    /// Keeps an answer for `ttl`, within bounds. No records means that there are none, or that nobody could be asked.
    pub fn keep(&mut self, now: Instant, question: Question, mut records: Vec<Record>, ttl: Duration) {
        if self.known.len() >= MOST_KNOWN {
            self.known.retain(|_, (_, until)| *until > now);
        }
        if self.known.len() >= MOST_KNOWN {
            return;
        }
        records.truncate(MOST_RECORDS);
        let ttl = if records.is_empty() { FAILED } else { ttl.clamp(SHORTEST, LONGEST) };
        self.known.insert(question, (records, now + ttl));
    }
    /// Forgets what is too old.
    pub fn forget_old(&mut self, now: Instant) {
        self.known.retain(|_, (_, until)| *until > now);
    }
    fn get(&self, now: Instant, name: &str, kind: Kind) -> Result<(&[Record], Instant), Question> {
        let question = Question { name: name.trim_end_matches('.').to_ascii_lowercase(), kind };
        match self.known.get(&question) {
            Some((records, until)) if *until > now => Ok((records, *until)),
            _ => Err(question),
        }
    }
}

/// Where requests to a target go. `random` decides between servers of one priority by their weight (RFC 2782).
pub fn resolve(
    answers: &Answers,
    now: Instant,
    target: Target<'_>,
    random: &mut dyn FnMut(u64) -> u64,
) -> Resolved {
    let mut search = Search { answers, now, until: now + LONGEST, missing: Vec::new(), passed_tls: false };
    let mut servers = search.servers(target, random);
    servers.truncate(MOST_HOPS);
    let mut hops = Vec::new();
    for (transport, host, port) in servers {
        for ip in search.addresses(&host) {
            let Some(local) = search.local(ip) else { continue };
            let hop = Hop { transport, remote: SocketAddr::new(ip, port), local };
            if hops.len() < MOST_HOPS && !hops.contains(&hop) {
                hops.push(hop);
            }
        }
    }
    match () {
        () if !search.missing.is_empty() => {
            search.missing.sort();
            search.missing.dedup();
            Resolved::Ask(search.missing)
        }
        () if hops.is_empty() => {
            Resolved::Nowhere { until: search.until.min(now + FAILED), passed_tls: search.passed_tls }
        }
        () => Resolved::Hops { hops, until: search.until, passed_tls: search.passed_tls },
    }
}

/// A server: how, which host, which port.
type Server = (Transport, String, u16);

struct Search<'a> {
    answers: &'a Answers,
    now: Instant,
    /// The first answer that grows old.
    until: Instant,
    missing: Vec<Question>,
    /// The domain has TLS, and we do not speak it.
    passed_tls: bool,
}

impl Search<'_> {
    /// RFC 3263 §4.1 and §4.2.
    fn servers(&mut self, target: Target<'_>, random: &mut dyn FnMut(u64) -> u64) -> Vec<Server> {
        let Target { host, port, transport, speaks } = target;
        let usual = transport.unwrap_or(Transport::Udp);
        if text::ip(host.as_bytes()).is_some() || port.is_some() {
            return vec![(usual, host.to_owned(), port.unwrap_or(usual_port(usual)))];
        }
        let services = match transport {
            Some(transport) => vec![(transport, service(transport, host))],
            None => self.services(host, speaks),
        };
        // Who has no service that we speak is not called in another way.
        if !self.missing.is_empty() || services.is_empty() {
            return vec![];
        }
        for (transport, name) in services {
            let records = self.records(&name, Kind::Srv);
            if !self.missing.is_empty() {
                return vec![];
            }
            let servers = in_order(&records, random);
            if !servers.is_empty() {
                return servers.into_iter().map(|(host, port)| (transport, host, port)).collect();
            }
        }
        vec![(usual, host.to_owned(), usual_port(usual))]
    }

    /// The services that a domain names, the preferred one first; those that are usual, if it names none.
    fn services(&mut self, host: &str, speaks: &[Transport]) -> Vec<(Transport, String)> {
        let mut services = self.all_services(host);
        self.passed_tls &= !speaks.contains(&Transport::Tls);
        services.retain(|(transport, _)| speaks.contains(transport));
        services
    }

    fn all_services(&mut self, host: &str) -> Vec<(Transport, String)> {
        let mut naptr = Vec::new();
        for record in self.records(host, Kind::Naptr) {
            let Record::Naptr { order, preference, service, replacement } = record else { continue };
            let transport = match service.to_ascii_uppercase().as_str() {
                "SIP+D2U" => Transport::Udp,
                "SIP+D2T" => Transport::Tcp,
                "SIPS+D2T" => Transport::Tls,
                _ => continue,
            };
            naptr.push((order, preference, transport, replacement));
        }
        if !self.missing.is_empty() {
            return vec![];
        }
        naptr.sort_by_key(|(order, preference, ..)| (*order, *preference));
        if naptr.is_empty() {
            return [Transport::Udp, Transport::Tcp, Transport::Tls].map(|t| (t, service(t, host))).into();
        }
        self.passed_tls = naptr.iter().any(|(_, _, transport, _)| *transport == Transport::Tls);
        naptr.into_iter().map(|(_, _, transport, name)| (transport, name)).collect()
    }

    fn addresses(&mut self, host: &str) -> Vec<IpAddr> {
        if let Some(ip) = text::ip(host.as_bytes()) {
            return vec![ip];
        }
        if host.is_empty() {
            return vec![];
        }
        let address = |record| match record {
            Record::Address(ip) => Some(ip),
            Record::Naptr { .. } | Record::Srv { .. } => None,
        };
        self.records(host, Kind::Address).into_iter().filter_map(address).collect()
    }

    fn local(&mut self, remote: IpAddr) -> Option<IpAddr> {
        match self.records(&remote.to_string(), Kind::Local).first() {
            Some(Record::Address(ip)) => Some(*ip),
            _ => None,
        }
    }

    fn records(&mut self, name: &str, kind: Kind) -> Vec<Record> {
        match self.answers.get(self.now, name, kind) {
            Ok((records, until)) => {
                self.until = self.until.min(until);
                records.to_vec()
            }
            Err(question) => {
                self.missing.push(question);
                vec![]
            }
        }
    }
}

/// Lower priorities first; among equal ones, those of more weight are likelier to come first (RFC 2782).
fn in_order(records: &[Record], random: &mut dyn FnMut(u64) -> u64) -> Vec<(String, u16)> {
    let mut left: Vec<(u16, u16, u16, &str)> = Vec::new();
    for record in records {
        if let Record::Srv { priority, weight, port, target } = record
            // A dot alone says that there is no such service.
            && !matches!(target.as_str(), "" | ".")
            && *port > 0
        {
            left.push((*priority, *weight, *port, target));
        }
    }
    left.sort_unstable();
    let mut ordered = Vec::new();
    while let Some(&(priority, ..)) = left.first() {
        let equal = left.iter().take_while(|server| server.0 == priority).count();
        let total: u64 = left[..equal].iter().map(|server| u64::from(server.1)).sum();
        let mut drawn = random(total + 1);
        let chosen = left[..equal].iter().position(|server| {
            let weight = u64::from(server.1);
            let here = drawn <= weight;
            drawn = drawn.saturating_sub(weight);
            here
        });
        let (_, _, port, target) = left.remove(chosen.unwrap_or(0));
        ordered.push((target.trim_end_matches('.').to_owned(), port));
    }
    ordered
}

fn service(transport: Transport, host: &str) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    };
    format!("{service}.{host}")
}

/// The port where nothing names another (RFC 3263 §4.2).
fn usual_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
    }
}

/// Answers at once.
const MOST_KNOWN: usize = 10_000;
/// Records taken of one answer.
const MOST_RECORDS: usize = 16;
/// Addresses of one target.
const MOST_HOPS: usize = 8;
/// However short an answer says that it is good.
const SHORTEST: Duration = Duration::from_secs(10);
/// However long.
const LONGEST: Duration = Duration::from_secs(3600);
/// How long it counts that there is nothing.
const FAILED: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
