//! New phones that ask the network who sets them up: SUBSCRIBE of `ua-profile` to 224.0.1.75, answered with the address
//! that all phones of a company begin with. Answers only while the setting says so. DEV-17.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket as StdUdpSocket},
    time::Duration,
};

use bytes::Bytes;
use config::{Db, phones::Over};
use sip_stack::{Message, Name};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, time::timeout};
use tracing::{info, warn};

use super::listeners;

/// What phones are told: the portal's address over HTTP, and over HTTPS where there is that.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Addresses {
    pub plain: String,
    pub secure: Option<String>,
}

/// Answers as long as the program runs.
pub async fn answer(db: Db, addresses: Addresses) {
    let mut ear: Option<UdpSocket> = None;
    let mut buffer = vec![0; 4096];
    loop {
        let reader = db.clone();
        let on =
            tokio::task::spawn_blocking(move || reader.provisioning().is_ok_and(|rules| rules.pnp)).await;
        if !on.unwrap_or(false) {
            ear = None;
        } else if ear.is_none() {
            ear = open().inspect_err(|error| warn!("new phones cannot be answered at {GROUP}: {error}")).ok();
        }
        let Some(socket) = &ear else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        for _ in 0..MOST {
            let Ok(Ok((length, from))) = timeout(LOOK / MOST, socket.recv_from(&mut buffer)).await else {
                continue;
            };
            let (request, db, addresses) =
                (Bytes::copy_from_slice(&buffer[..length]), db.clone(), addresses.clone());
            let told = tokio::task::spawn_blocking(move || tell(&db, &addresses, request, from)).await;
            if let Ok(Err(error)) = told {
                warn!("a new phone at {from} could not be told its address: {error}");
            }
        }
    }
}

/// The multicast address, on every interface.
fn open() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::V4(SocketAddrV4::new(GROUP, PORT)).into())?;
    for ip in listeners::own_addresses() {
        if let IpAddr::V4(ip) = ip {
            // An interface without multicast is passed over.
            let _ = socket.join_multicast_v4(&GROUP, &ip);
        }
    }
    UdpSocket::from_std(StdUdpSocket::from(socket))
}

/// Tells a phone its address, if it asked for that.
fn tell(db: &Db, addresses: &Addresses, request: Bytes, from: SocketAddr) -> io::Result<()> {
    let Ok(message) = Message::parse(request) else { return Ok(()) };
    if !asks(&message) || !is_near(from.ip()) {
        return Ok(());
    }
    let rules = db.provisioning().map_err(io::Error::other)?;
    let key = db.first_phones_key(mac(&message).as_deref()).map_err(io::Error::other)?;
    let root = match (&addresses.secure, rules.over) {
        (Some(secure), Over::Https) => secure,
        _ => &addresses.plain,
    };
    let mouth = StdUdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    mouth.connect(from)?;
    let tag = format!("{:016x}", rand::random::<u64>());
    for text in answers(&message, mouth.local_addr()?, &tag, &format!("{root}/provision/{key}/"))
        .into_iter()
        .flatten()
    {
        mouth.send(text.as_bytes())?;
    }
    info!("a new phone at {from} is told where its settings are");
    Ok(())
}

/// Multicast does not come from afar; who says so is not answered.
fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(_) => false,
    }
}

/// Whether somebody wants the address of settings.
fn asks(message: &Message) -> bool {
    message.is_request()
        && message.method_token() == "SUBSCRIBE"
        && message.header(Name::Event).is_some_and(|event| event.starts_with(b"ua-profile"))
}

/// The hardware address in `sip:MAC%3a00135E874B49@…`.
fn mac(message: &Message) -> Option<String> {
    let uri = String::from_utf8_lossy(message.request_uri()?).to_lowercase();
    let (_, rest) = uri.split_once("mac%3a").or_else(|| uri.split_once("mac:"))?;
    let mac = rest.get(..12)?;
    mac.bytes().all(|b| b.is_ascii_hexdigit()).then(|| mac.to_owned())
}

/// 200, and NOTIFY with the address; `None` if the request lacks what they are made of.
fn answers(message: &Message, local: SocketAddr, tag: &str, url: &str) -> Option<[String; 2]> {
    let text = |name: Name| {
        let value = std::str::from_utf8(message.header(name)?).ok()?;
        (!value.contains(['\r', '\n'])).then(|| value.to_owned())
    };
    let (from, to, event) = (text(Name::From)?, text(Name::To)?, text(Name::Event)?);
    let call_id = text(Name::CallId)?;
    let vias: String = message
        .headers(Name::Via)
        .filter_map(|via| Some(format!("Via: {}\r\n", std::str::from_utf8(via).ok()?)))
        .collect();
    let to = if message.to_tag().is_some() { to } else { format!("{to};tag={tag}") };
    let accepted = format!(
        "SIP/2.0 200 OK\r\n{vias}From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {} SUBSCRIBE\r\n\
         Contact: <sip:{local}>\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n",
        message.cseq()
    );
    let contact = text(Name::Contact).unwrap_or_else(|| from.clone());
    let target =
        contact.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(&*contact, |(uri, _)| uri);
    let told = format!(
        "NOTIFY {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{tag};rport\r\nMax-Forwards: 20\r\n\
         From: {to}\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: 1 NOTIFY\r\nContact: <sip:{local}>\r\nEvent: {event}\r\n\
         Subscription-State: terminated;reason=timeout\r\nContent-Type: application/url\r\nContent-Length: {}\r\n\r\n{url}",
        url.len()
    );
    Some([accepted, told])
}

/// `sip.mcast.net`.
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 1, 75);
const PORT: u16 = 5060;
/// The setting is looked at as often, and so many phones are answered meanwhile.
const LOOK: Duration = Duration::from_secs(1);
const MOST: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "SUBSCRIBE sip:MAC%3a00135E874B49@intern.snom.de SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.50:2048;branch=z9hG4bK-1;rport\r\n\
        From: <sip:MAC%3a00135E874B49@intern.snom.de>;tag=a1\r\nTo: <sip:MAC%3a00135E874B49@intern.snom.de>\r\n\
        Call-ID: c1\r\nCSeq: 3 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:192.0.2.50:2048>\r\n\
        Event: ua-profile;profile-type=\"device\";vendor=\"snom\";model=\"snom370\";version=\"7.1.19\"\r\n\
        Expires: 0\r\nAccept: application/url\r\nContent-Length: 0\r\n\r\n";

    fn read(text: &str) -> Message {
        Message::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
    }

    /// DEV-17
    #[test]
    fn a_phone_that_asks_is_accepted_and_told_the_address() {
        let request = read(ASKED);
        assert!(asks(&request));
        assert_eq!(mac(&request).as_deref(), Some("00135e874b49"));
        let local = "192.0.2.1:40000".parse().unwrap();
        let [accepted, told] = answers(&request, local, "t1", "https://pbx/provision/k/").unwrap();
        let (accepted, told) = (read(&accepted), read(&told));
        assert_eq!((accepted.status(), accepted.to_tag()), (Some(200), Some(&b"t1"[..])));
        assert_eq!(told.request_uri(), Some(&b"sip:192.0.2.50:2048"[..]));
        assert_eq!((told.from_tag(), told.to_tag()), (Some(&b"t1"[..]), Some(&b"a1"[..])));
        assert_eq!(told.body(), "https://pbx/provision/k/");
        assert!(!asks(&read(&ASKED.replace("ua-profile", "presence"))));
    }
}
