//! Which addresses are listened on: wildcards are expanded to the addresses of the interfaces, so that a flow's
//! local address can be written into Via and Contact. SIP-01.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// The sockets of one address: UDP and TCP, both bound to the same port, or TCP alone for connections over TLS.
#[derive(Debug)]
pub struct Listener {
    /// A concrete address and port.
    pub address: SocketAddr,
    /// Datagrams; `None` where connections speak TLS.
    pub udp: Option<std::net::UdpSocket>,
    /// Connections.
    pub tcp: std::net::TcpListener,
}

/// What is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// UDP and TCP.
    Sip,
    /// SIP over TLS.
    SipTls,
}

/// Why phones cannot be listened for, in words for the terminal.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BindError {
    #[error(
        "port {} of {} is taken by another program (is Dialtone running already?). \
         Stop that program, or choose another address with {option}", .address.port(), .address.ip()
    )]
    Taken { address: SocketAddr, option: &'static str },
    #[error("this machine has no address {}. Choose one of its own with {option}", .address.ip())]
    NoSuchAddress { address: SocketAddr, option: &'static str },
    #[error("no permission for port {}: ports below 1024 need it. Choose a higher one with {option}", .address.port())]
    Forbidden { address: SocketAddr, option: &'static str },
    #[error("cannot listen on {address}: {source}")]
    Other { address: SocketAddr, source: io::Error },
    #[error("none of the addresses given with {option} exists on this machine")]
    Nothing { option: &'static str },
}

/// Binds everything that `wanted` means. Wildcards with port 0 get one port for all their addresses.
pub fn bind_all(service: Service, wanted: &[SocketAddr]) -> Result<Vec<Listener>, BindError> {
    let mut listeners = Vec::new();
    for &one in wanted {
        let addresses = expand(one, &interface_addresses());
        listeners.extend(service.bind_one(one, &addresses)?);
    }
    let missing = listeners.is_empty() && !wanted.is_empty();
    if missing { Err(BindError::Nothing { option: service.option() }) } else { Ok(listeners) }
}

/// Binds addresses that appeared since `bound`. Failures are passed over: the next look may succeed.
pub fn bind_new(service: Service, wanted: &[SocketAddr], bound: &[SocketAddr]) -> Vec<Listener> {
    if !wanted.iter().any(|a| a.ip().is_unspecified()) {
        return vec![];
    }
    let interfaces = interface_addresses();
    let fixed = wanted.iter().filter(|a| a.ip().is_unspecified()).map(|&wildcard| {
        // Whoever asked for any port got one with the first addresses; later ones share it.
        let port = bound.iter().find(|b| b.is_ipv4() == wildcard.is_ipv4()).or(bound.first());
        SocketAddr::new(
            wildcard.ip(),
            if wildcard.port() == 0 { port.map_or(0, |b| b.port()) } else { wildcard.port() },
        )
    });
    fixed
        .flat_map(|wildcard| expand(wildcard, &interfaces))
        .filter(|address| !bound.contains(address))
        .filter_map(|address| service.bind(address).ok())
        .collect()
}

/// The address under which others most likely reach this machine.
pub fn primary_address(listeners: &[SocketAddr]) -> IpAddr {
    let ips = || listeners.iter().map(SocketAddr::ip).filter(|ip| !ip.is_loopback());
    let first = ips().find(IpAddr::is_ipv4).or_else(|| ips().next());
    first.or(listeners.first().map(SocketAddr::ip)).unwrap_or(IpAddr::from([127, 0, 0, 1]))
}

/// How an address is shown where `ip` may be a wildcard.
pub fn concrete(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    let all: Vec<SocketAddr> = expand(address, &interface_addresses());
    SocketAddr::new(primary_address(&all), address.port())
}

impl Service {
    fn option(self) -> &'static str {
        match self {
            Self::Sip => "--sip",
            Self::SipTls => "--sip-tls (or --sip-tls off)",
        }
    }

    fn bind_one(self, wanted: SocketAddr, addresses: &[SocketAddr]) -> Result<Vec<Listener>, BindError> {
        for _ in 0..PORT_TRIES {
            match self.bind_same_port(wanted, addresses) {
                // Somebody had the port that the system chose on another of our addresses: have it choose again.
                Err(BindError::Taken { .. }) if wanted.port() == 0 => {}
                result => return result,
            }
        }
        Err(BindError::Taken { address: wanted, option: self.option() })
    }

    fn bind_same_port(
        self,
        wanted: SocketAddr,
        addresses: &[SocketAddr],
    ) -> Result<Vec<Listener>, BindError> {
        let (mut port, mut listeners) = (wanted.port(), Vec::new());
        for address in addresses {
            match self.bind(SocketAddr::new(address.ip(), port)) {
                Ok(listener) => {
                    port = listener.address.port();
                    listeners.push(listener);
                }
                // An address of an interface that is coming up or going down; the next look takes it in.
                Err(BindError::NoSuchAddress { .. }) if wanted.ip().is_unspecified() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(listeners)
    }

    fn bind(self, wanted: SocketAddr) -> Result<Listener, BindError> {
        let bind = || {
            let udp = match self {
                Self::Sip => Some(bind_udp(wanted)?),
                Self::SipTls => None,
            };
            let address = udp.as_ref().map_or(Ok(wanted), std::net::UdpSocket::local_addr)?;
            let tcp = bind_tcp(address)?;
            Ok(Listener { address: tcp.local_addr()?, udp, tcp })
        };
        bind().map_err(|fault| explain(wanted, self.option(), fault))
    }
}

/// Puts the fault of binding `address` into words; `option` is where another can be chosen.
pub fn explain(address: SocketAddr, option: &'static str, error: io::Error) -> BindError {
    match error.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken { address, option },
        io::ErrorKind::AddrNotAvailable => BindError::NoSuchAddress { address, option },
        io::ErrorKind::PermissionDenied => BindError::Forbidden { address, option },
        _ => BindError::Other { address, source: error },
    }
}

fn bind_udp(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    prepare(&socket, address)?;
    // Best effort: the kernel caps the sizes at its own limits.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn bind_tcp(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    prepare(&socket, address)?;
    // A restart must not wait for old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// A socket for a connection of ours from a listener's address.
pub fn outgoing_tcp(local: IpAddr) -> io::Result<std::net::TcpStream> {
    let address = SocketAddr::new(local, 0);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    prepare(&socket, address)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Has the kernel notice peers that vanished without a word.
pub fn keep_alive(stream: &tokio::net::TcpStream) -> io::Result<()> {
    let socket = socket2::SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 4))?;
    socket.set_tcp_nodelay(true)
}

fn prepare(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        let _ = socket.set_tclass_v6(DSCP_CS3 << 2);
    } else {
        let _ = socket.set_tos_v4(DSCP_CS3 << 2);
    }
    Ok(())
}

fn expand(wanted: SocketAddr, interfaces: &BTreeSet<IpAddr>) -> Vec<SocketAddr> {
    if !wanted.ip().is_unspecified() {
        return vec![wanted];
    }
    let same_family = interfaces.iter().filter(|ip| ip.is_ipv4() == wanted.is_ipv4());
    same_family.map(|&ip| SocketAddr::new(ip, wanted.port())).collect()
}

/// All addresses of this machine but those of single links.
pub fn own_addresses() -> Vec<IpAddr> {
    interface_addresses().into_iter().collect()
}

fn interface_addresses() -> BTreeSet<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    all.iter().filter(|i| !i.is_link_local()).map(if_addrs::Interface::ip).collect()
}

const PORT_TRIES: usize = 20;
/// A second of REGISTERs at 10,000 a second. [bytes]
const UDP_BUFFER: usize = 4 << 20;
/// Class Selector 3, RFC 4594 §2.3: signalling.
const DSCP_CS3: u32 = 24;
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    /// SIP-01
    #[test]
    fn wildcards_become_the_addresses_of_their_family() {
        let interfaces = ["127.0.0.1", "192.0.2.1", "2001:db8::1"].map(|a| a.parse().unwrap()).into();
        let v4 = expand("0.0.0.0:5060".parse().unwrap(), &interfaces);
        assert_eq!(v4, ["127.0.0.1:5060".parse().unwrap(), "192.0.2.1:5060".parse().unwrap()]);
        let v6 = expand("[::]:5061".parse().unwrap(), &interfaces);
        assert_eq!(v6, ["[2001:db8::1]:5061".parse().unwrap()]);
        assert_eq!(primary_address(&v4).to_string(), "192.0.2.1");
    }

    #[test]
    fn any_port_is_the_same_for_udp_and_tcp_of_all_addresses() {
        let listeners = bind_all(Service::Sip, &["0.0.0.0:0".parse().unwrap()]).unwrap();
        let port = listeners[0].address.port();
        assert_ne!(port, 0);
        for listener in &listeners {
            assert!(!listener.address.ip().is_unspecified());
            assert_eq!(listener.address.port(), port);
            assert_eq!(listener.tcp.local_addr().unwrap(), listener.address);
        }
        let bound: Vec<_> = listeners.iter().map(|l| l.address).collect();
        assert!(bind_new(Service::Sip, &["0.0.0.0:0".parse().unwrap()], &bound).is_empty());
        assert!(!bind_new(Service::Sip, &["0.0.0.0:0".parse().unwrap()], &[]).is_empty());
    }

    #[test]
    fn an_address_that_is_not_there_yet_is_passed_over_under_a_wildcard_only() {
        let gone: SocketAddr = "192.0.2.77:0".parse().unwrap();
        let bound = Service::Sip.bind_same_port("0.0.0.0:0".parse().unwrap(), &[gone, any()]).unwrap();
        assert_eq!(bound.len(), 1);
        assert!(matches!(Service::Sip.bind_same_port(gone, &[gone]), Err(BindError::NoSuchAddress { .. })));
    }

    #[test]
    fn a_taken_port_says_which_and_what_to_do() {
        let first = bind_all(Service::Sip, &[any()]).unwrap();
        let error = bind_all(Service::Sip, &[first[0].address]).unwrap_err().to_string();
        assert!(error.contains(&first[0].address.port().to_string()) && error.contains("--sip"), "{error}");
        let strange = bind_all(Service::Sip, &["192.0.2.77:0".parse().unwrap()]).unwrap_err().to_string();
        assert!(strange.contains("192.0.2.77"), "{strange}");
    }
}
