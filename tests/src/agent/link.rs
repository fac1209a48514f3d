//! A phone's way to the server: one UDP socket, one TCP or one TLS connection, and everything that went over it.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{Text, tls::Tls};

/// UDP, TCP or TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Over {
    #[default]
    Udp,
    Tcp,
    Tls,
}

/// The socket; cloning shares it.
#[derive(Debug, Clone)]
pub struct Link {
    wire: Arc<Wire>,
    pub local: SocketAddr,
    pub server: SocketAddr,
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<Tls>),
}

impl Link {
    /// A socket on the loopback address of the server's family; each message read goes to `hear`.
    pub fn open(over: Over, server: SocketAddr, hear: impl Fn(&Link, Text) + Send + 'static) -> Self {
        let ip = match server.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        Self::open_at(ip, over, server, hear)
    }
    /// The same from a chosen loopback address.
    pub fn open_at(
        ip: IpAddr,
        over: Over,
        server: SocketAddr,
        hear: impl Fn(&Link, Text) + Send + 'static,
    ) -> Self {
        let (wire, local) = match over {
            Over::Udp => {
                let socket = UdpSocket::bind((ip, 0)).unwrap();
                socket.set_read_timeout(Some(GLANCE)).unwrap();
                let local = socket.local_addr().unwrap();
                (Wire::Udp(socket), local)
            }
            Over::Tls => {
                let stream = connect(ip, server);
                stream.set_nodelay(true).unwrap();
                let local = stream.local_addr().unwrap();
                (Wire::Tls(Box::new(Tls::open(stream))), local)
            }
            Over::Tcp => {
                let stream = connect(ip, server);
                stream.set_read_timeout(Some(GLANCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                let local = stream.local_addr().unwrap();
                (Wire::Tcp(stream), local)
            }
        };
        let link = Self { wire: Arc::new(wire), local, server, closed: Arc::default() };
        let reader = link.clone();
        thread::spawn(move || reader.read(hear));
        link
    }
    /// Sends bytes as they are.
    pub fn send(&self, bytes: &[u8]) {
        match &*self.wire {
            Wire::Udp(socket) => drop(socket.send_to(bytes, self.server).unwrap()),
            // A server that closed on us is a result, not a failure of the test.
            Wire::Tcp(stream) => drop((&mut &*stream).write_all(bytes)),
            Wire::Tls(tls) => tls.write(bytes),
        }
    }
    /// `UDP`, `TCP` or `TLS`, as in a Via.
    pub fn token(&self) -> &'static str {
        match &*self.wire {
            Wire::Udp(_) => "UDP",
            Wire::Tcp(_) => "TCP",
            Wire::Tls(_) => "TLS",
        }
    }
    /// `;transport=tcp` for a Contact over TCP, likewise over TLS.
    pub fn contact_param(&self) -> &'static str {
        match &*self.wire {
            Wire::Udp(_) => "",
            Wire::Tcp(_) => ";transport=tcp",
            Wire::Tls(_) => ";transport=tls",
        }
    }
    /// Stops reading; a TCP connection is closed. What vanished phones do.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        match &*self.wire {
            Wire::Udp(_) => {}
            Wire::Tcp(stream) => drop(stream.shutdown(std::net::Shutdown::Both)),
            Wire::Tls(tls) => tls.close(),
        }
    }
    /// Whether the server closed the connection, or we did.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn read(self, hear: impl Fn(&Link, Text)) {
        match &*self.wire {
            Wire::Udp(socket) => self.read_datagrams(socket, hear),
            Wire::Tcp(stream) => self.read_stream(|chunk| (&mut &*stream).read(chunk), hear),
            Wire::Tls(tls) => self.read_stream(|chunk| tls.read(chunk), hear),
        }
    }
    fn read_datagrams(&self, socket: &UdpSocket, hear: impl Fn(&Link, Text)) {
        let mut buffer = vec![0; 65_536];
        while !self.is_closed() {
            // The phone closes the link when it goes; a time-out only means that nothing was said.
            let Ok((length, _)) = socket.recv_from(&mut buffer) else { continue };
            if let Some(text) = Text::read(&buffer[..length]) {
                hear(self, text);
            }
        }
    }
    fn read_stream(&self, read: impl Fn(&mut [u8]) -> std::io::Result<usize>, hear: impl Fn(&Link, Text)) {
        let (mut buffer, mut chunk) = (Vec::new(), [0; 16_384]);
        while !self.is_closed() {
            match read(&mut chunk) {
                Ok(0) => return self.close(),
                Ok(length) => buffer.extend_from_slice(&chunk[..length]),
                Err(e)
                    if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => return self.close(),
            }
            while let Some((text, rest)) = cut(&buffer) {
                buffer = rest;
                hear(self, text);
            }
        }
    }
}

/// A connection from that address.
fn connect(ip: IpAddr, server: SocketAddr) -> TcpStream {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(ip, 0).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.into()
}

/// The first whole message of a stream, and what follows it.
fn cut(buffer: &[u8]) -> Option<(Text, Vec<u8>)> {
    let blank = buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let buffer = &buffer[blank..];
    let end = buffer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let mut text = Text::read(&buffer[..end])?;
    let length: usize = text.header("Content-Length")?.parse().ok()?;
    text.body = buffer.get(end..end + length)?.to_vec();
    Some((text, buffer[end + length..].to_vec()))
}

/// How long the reader looks before it asks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(100);
