//! Trunks: lines to the public network, by registration or by address. SIP-38, 39, 41.

mod declaration;
mod signatures;
mod sources;

use std::time::Duration;

use rusqlite::Row;

use crate::{
    NumberId, TenantId, TrunkId,
    numbering::Plan,
    resources::encryption::{self, Encryption},
    secret::{Cipher, Place},
    typed::{Typed, Unreadable},
};

pub use declaration::TRUNKS;
pub use signatures::{Certificate, Refuses, SignatureCheck};
pub use sources::Source;

/// A line to the public network. SIP-38
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Trunk {
    pub id: TrunkId,
    pub tenant: TenantId,
    pub name: String,
    pub enabled: bool,
    /// Other companies' calls may leave by it, if the company that runs the program owns it.
    pub shared: bool,
    pub peer: Peer,
    pub account: Account,
    pub incoming: Incoming,
    pub outgoing: Outgoing,
    /// Calls at once, both directions together; `None` is without limit. SIP-25
    pub channels: Option<u32>,
    /// How often it is asked by OPTIONS whether it is there; `None` is never.
    pub health: Option<Duration>,
    /// Lower numbers are tried first, 1–99.
    pub priority: u8,
    /// Takes a caller's location as PIDF-LO (RFC 6442). GEO-05
    pub pidf_lo: bool,
    /// Emergency calls may leave by it. GEO-07
    pub emergency: bool,
    /// Shown by those who have no number of their own, nor has their site. SIP-41
    pub caller_id: Option<NumberId>,
    /// Takes callers' numbers that are not ours, of calls that are forwarded. RNG-18
    pub foreign_callers: bool,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Peer {
    /// A name or an address (IPv6 without brackets), lower case.
    pub host: String,
    /// `None` asks the DNS for it (RFC 3263).
    pub port: Option<u16>,
    pub transport: Transport,
    /// `host` or `host:port` that requests are sent to instead.
    pub proxy: Option<(String, Option<u16>)>,
    /// In From, To and the Request-URI of REGISTER; the host if the trunk has no other.
    pub domain: String,
    /// Over TLS.
    pub trust: Trust,
    pub encryption: Encryption,
}

/// Whom we believe to be its server when we connect over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Whoever has a certificate for its name from an authority that this machine knows.
    #[default]
    Authority,
    /// Whoever has this certificate, or one for its name that was signed with it. PEM.
    Certificate(String),
    /// Anybody: encrypted, but who is there is not checked.
    Any,
}

/// How it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    /// The one that the DNS names (RFC 3263 §4.1).
    Dns,
}

/// As whom we are known there.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    /// In From, To and Contact of a REGISTER.
    pub username: String,
    /// In digests.
    pub auth_name: String,
    pub secret: String,
    /// We register, for so long at a time; `None` is known by its address alone.
    pub registers: Option<Duration>,
}

/// How calls come in. SIP-39
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Incoming {
    /// Further addresses that calls come from.
    pub sources: Vec<Source>,
    /// Calls must prove the account's password.
    pub challenge: bool,
    pub called: CalledIn,
    pub number: NumberIn,
    /// How callers' signatures are checked; `None` does not. SIP-41
    pub signatures: Option<Box<SignatureCheck>>,
}

/// Where the called number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CalledIn {
    RequestUri,
    To,
    PCalledPartyId,
}

/// How numbers without `+` are meant that come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberIn {
    /// As somebody in the company's country would dial them: international prefix, trunk prefix, local number.
    Written,
    /// With country code, whether or not a plus sign stands before it.
    E164,
    /// Without country code, with or without trunk prefix.
    National,
}

/// How calls go out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Outgoing {
    pub number: NumberOut,
    pub caller: CallerHeader,
    /// How a caller's number is written.
    pub shown: ShownAs,
    pub identity: Identity,
    pub codecs: Codecs,
    /// The next trunk is tried when nothing at all came back for so long.
    pub answer_within: Duration,
}

/// How numbers of the public network are written in the Request-URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberOut {
    /// `+49301234567`
    Plus,
    /// `49301234567`
    E164,
    /// `0049301234567`
    International,
    /// `0301234567` within the country, international otherwise.
    National,
}

/// A caller's number as the trunk wants it. SIP-41
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAs {
    /// In full or as dialled in the country.
    pub form: NumberOut,
    /// Put before it.
    pub prefix: String,
}

/// What becomes of the signatures of callers' numbers (RFC 8224). SIP-41
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nothing: they are dropped.
    Off,
    /// Those that came in go out with the calls that are forwarded.
    Pass,
    /// The same, and calls without one are signed.
    Sign(Box<Signer>),
}

/// With what calls are signed (RFC 8588).
#[derive(Clone, PartialEq, Eq)]
pub struct Signer {
    /// A P-256 key in PKCS #8, as PEM.
    pub key: String,
    /// Where whoever checks finds the certificate.
    pub certificate: String,
    /// How well callers and numbers are known.
    pub attestation: Attestation,
}

/// How well whoever signs knows the caller and their right to the number (ATIS-1000074 §5.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// `A`: both.
    Full,
    /// `B`: the caller alone.
    Partial,
    /// `C`: neither; only where the call came in.
    Gateway,
}

/// Where the caller's number stands that the trunk believes. SIP-41
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerHeader {
    /// From alone.
    From,
    /// From, and P-Asserted-Identity (RFC 3325 §9.1).
    Asserted,
    /// From, and P-Preferred-Identity (RFC 3325 §9.2).
    Preferred,
    /// From, and Remote-Party-ID (draft-ietf-sip-privacy-04).
    RemoteParty,
}

/// What is offered to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codecs {
    /// What the caller offers.
    All,
    /// Of that, G.711 and telephone events.
    G711,
}

impl Trunk {
    /// Where requests are sent: the outbound proxy, if there is one.
    pub fn hop(&self) -> (&str, Option<u16>) {
        match &self.peer.proxy {
            Some((host, port)) => (host, *port),
            None => (&self.peer.host, self.peer.port),
        }
    }
}

impl NumberOut {
    /// A number in full, `+49301234567`, as the trunk of a company in `home` wants it.
    pub fn write(self, whole: &str, home: &Plan) -> String {
        let digits = whole.strip_prefix('+').unwrap_or(whole);
        let abroad = || [home.international, digits].concat();
        match self {
            Self::Plus => whole.to_owned(),
            Self::E164 => digits.to_owned(),
            Self::International => abroad(),
            Self::National => match digits.strip_prefix(home.code).filter(|_| !home.code.is_empty()) {
                Some(national) => [home.trunk, national].concat(),
                None => abroad(),
            },
        }
    }
}

impl ShownAs {
    /// A caller's number in full as the trunk of a company in `home` wants it; blank stays blank.
    pub fn write(&self, whole: &str, home: &Plan) -> String {
        if whole.is_empty() { String::new() } else { [&self.prefix, &*self.form.write(whole, home)].concat() }
    }
}

impl Attestation {
    /// As it is written in a signature.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Full => "A",
            Self::Partial => "B",
            Self::Gateway => "C",
        }
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, {:?})", self.certificate, self.attestation)
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, registers {:?})", self.username, self.registers)
    }
}

impl Typed for Trunk {
    const TABLE: &'static str = "trunks";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.enabled, t.shared, t.channels, t.health, \
        t.health_interval, t.priority, t.pidf_lo, t.emergency, t.host, t.port, t.transport, t.outbound_proxy, t.domain, \
        t.username, t.auth_name, t.secret, t.kind, t.expires, t.sources, t.challenge, t.called_in, t.number_in, \
        t.number_out, t.caller_header, t.codecs, t.answer_within, t.caller_id_id, t.foreign_callers, t.caller_form, \
        t.caller_prefix, t.identity, t.sign_key, t.sign_certificate, t.attestation, t.trust, \
        t.certificate, t.srtp, t.clear_keys, t.identity_check, t.signers FROM trunks t";

    fn read(row: &Row<'_>, cipher: &Cipher) -> Result<Self, Unreadable> {
        let is_checked: bool = row.get("health")?;
        Ok(Self {
            id: TrunkId(row.get("id")?),
            tenant: TenantId(row.get("tenant_id")?),
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            shared: row.get("shared")?,
            peer: peer(row)?,
            account: account(row, cipher)?,
            incoming: incoming(row)?,
            outgoing: outgoing(row, cipher)?,
            channels: row.get("channels")?,
            health: is_checked.then_some(Duration::from_secs(row.get("health_interval")?)),
            priority: row.get("priority")?,
            pidf_lo: row.get("pidf_lo")?,
            emergency: row.get("emergency")?,
            caller_id: row.get::<_, Option<i64>>("caller_id_id")?.map(NumberId),
            foreign_callers: row.get("foreign_callers")?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

fn peer(row: &Row<'_>) -> Result<Peer, Unreadable> {
    let (host, domain): (String, String) = (row.get("host")?, row.get("domain")?);
    let proxy: String = row.get("outbound_proxy")?;
    let proxy = match proxy.as_str() {
        "" => None,
        text => Some(
            sources::host_and_port(text)
                .ok_or(Unreadable::Field { field: "outbound_proxy", message: "it is no host." })?,
        ),
    };
    let transport = match text(row, "transport")?.as_str() {
        "tcp" => Transport::Tcp,
        "tls" => Transport::Tls,
        "dns" => Transport::Dns,
        _ => Transport::Udp,
    };
    let domain = if domain.is_empty() { host.clone() } else { domain };
    let trust = match text(row, "trust")?.as_str() {
        "certificate" => Trust::Certificate(text(row, "certificate")?),
        "any" => Trust::Any,
        _ => Trust::Authority,
    };
    let encryption = encryption::read(row)?;
    Ok(Peer { host, port: row.get("port")?, transport, proxy, domain, trust, encryption })
}

fn account(row: &Row<'_>, cipher: &Cipher) -> Result<Account, Unreadable> {
    let secret = opened(row, cipher, "secret")?;
    let (username, auth_name) = (text(row, "username")?, text(row, "auth_name")?);
    let registers = text(row, "kind")? == "register";
    Ok(Account {
        auth_name: if auth_name.is_empty() { username.clone() } else { auth_name },
        username,
        secret,
        registers: registers.then_some(Duration::from_secs(row.get("expires")?)),
    })
}

fn incoming(row: &Row<'_>) -> Result<Incoming, Unreadable> {
    let sources = Source::list(&text(row, "sources")?)
        .map_err(|_| Unreadable::Field { field: "sources", message: "they are no addresses." })?;
    let called = match text(row, "called_in")?.as_str() {
        "to" => CalledIn::To,
        "p_called_party_id" => CalledIn::PCalledPartyId,
        _ => CalledIn::RequestUri,
    };
    let number = match text(row, "number_in")?.as_str() {
        "e164" => NumberIn::E164,
        "national" => NumberIn::National,
        _ => NumberIn::Written,
    };
    Ok(Incoming { sources, challenge: row.get("challenge")?, called, number, signatures: signatures(row)? })
}

fn signatures(row: &Row<'_>) -> Result<Option<Box<SignatureCheck>>, Unreadable> {
    let refuses = match text(row, "identity_check")?.as_str() {
        "show" => Refuses::Nothing,
        "refuse" => Refuses::Failed,
        "require" => Refuses::Unsigned,
        _ => return Ok(None),
    };
    let certificates = Certificate::list(&text(row, "signers")?).map_err(|_| Unreadable::Field {
        field: "signers",
        message: "they are no certificates of P-256 keys.",
    })?;
    Ok(Some(Box::new(SignatureCheck { certificates, refuses })))
}

fn outgoing(row: &Row<'_>, cipher: &Cipher) -> Result<Outgoing, Unreadable> {
    let number = form(&text(row, "number_out")?);
    let shown = ShownAs { form: form(&text(row, "caller_form")?), prefix: text(row, "caller_prefix")? };
    let caller = match text(row, "caller_header")?.as_str() {
        "from" => CallerHeader::From,
        "ppi" => CallerHeader::Preferred,
        "rpid" => CallerHeader::RemoteParty,
        _ => CallerHeader::Asserted,
    };
    let codecs = if text(row, "codecs")? == "g711" { Codecs::G711 } else { Codecs::All };
    let answer_within = Duration::from_secs(row.get("answer_within")?);
    Ok(Outgoing { number, caller, shown, identity: identity(row, cipher)?, codecs, answer_within })
}

fn form(key: &str) -> NumberOut {
    match key {
        "e164" => NumberOut::E164,
        "international" => NumberOut::International,
        "national" => NumberOut::National,
        _ => NumberOut::Plus,
    }
}

fn identity(row: &Row<'_>, cipher: &Cipher) -> Result<Identity, Unreadable> {
    let attestation = match text(row, "attestation")?.as_str() {
        "B" => Attestation::Partial,
        "C" => Attestation::Gateway,
        _ => Attestation::Full,
    };
    Ok(match text(row, "identity")?.as_str() {
        "off" => Identity::Off,
        "sign" => Identity::Sign(Box::new(Signer {
            key: opened(row, cipher, "sign_key")?,
            certificate: text(row, "sign_certificate")?,
            attestation,
        })),
        _ => Identity::Pass,
    })
}

/// A secret in clear; blank where there is none.
fn opened(row: &Row<'_>, cipher: &Cipher, field: &'static str) -> Result<String, Unreadable> {
    let place = Place { table: Trunk::TABLE, field, row: row.get("id")? };
    match text(row, field)?.as_str() {
        "" => Ok(String::new()),
        sealed => cipher.open(place, sealed).ok_or(Unreadable::Field {
            field,
            message: "it was not made here for this trunk. Write plain: and the secret, or give it in the portal.",
        }),
    }
}

fn text(row: &Row<'_>, column: &str) -> rusqlite::Result<String> {
    row.get(column)
}
