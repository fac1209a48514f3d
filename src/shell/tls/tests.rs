//! Connections over TLS against real sockets on loopback.

use std::time::Duration;

use bytes::Bytes;
use pbx_core::Proof;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc::Receiver,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::*;
use crate::shell::{
    certificate::{Certificate, Files},
    listeners::{self, Service},
    tcp::Tcp,
};

/// A listener with a certificate of its own.
struct Rig {
    tcp: Tcp,
    events: Receiver<Event>,
    local: SocketAddr,
    certificate: Arc<Certificate>,
    files: Files,
    _folder: tempfile::TempDir,
}

fn rig(limits: Limits) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::of_folder(folder.path());
    files.make_if_missing().unwrap();
    let certificate = Certificate::open(files.clone()).unwrap();
    let tls = Tls::new(Handle::current(), certificate.server_config(None).unwrap(), limits);
    let (sender, events) = mpsc::channel(64);
    let tcp = Tcp::new(sender, 100).with_tls(Some(tls));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = listeners::bind_all(Service::SipTls, &[any]).unwrap().remove(0);
    tcp.listen_tls(listener.address, listener.tcp).unwrap();
    Rig { tcp, events, local: listener.address, certificate, files, _folder: folder }
}

impl Rig {
    /// The next event other than a connection coming in, which is taken.
    async fn next(&mut self) -> Event {
        loop {
            match timeout(Duration::from_secs(20), self.events.recv()).await.unwrap().unwrap() {
                Event::Accepted { flow, stream } => self.tcp.accepted(flow, stream),
                event => return event,
            }
        }
    }
    fn pem(&self) -> String {
        std::fs::read_to_string(&self.files.chain).unwrap()
    }
    /// A phone that believes this certificate.
    async fn phone(&self, pem: &str) -> io::Result<client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.local).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
    /// Where we would connect to `server`, demanding that proof.
    fn towards(&mut self, server: &Self, name: &str, proof: Proof) -> Flow {
        let remote = server.local;
        self.tcp.demand(remote, vec![Demand { name: name.into(), proof }]);
        Flow { transport: Transport::Tls, local: self.local, remote }
    }
}

fn message(body: &str) -> String {
    format!("OPTIONS sip:a SIP/2.0\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// SIP-01, DEV-05
#[tokio::test]
async fn a_phones_connection_carries_messages_both_ways() {
    let mut rig = rig(Limits::default());
    let mut phone = rig.phone(&rig.pem()).await.unwrap();
    let whole = message("hello");
    let (first, rest) = whole.split_at(30);
    phone.write_all(first.as_bytes()).await.unwrap();
    phone.flush().await.unwrap();
    phone.write_all(rest.as_bytes()).await.unwrap();
    let Event::Message { flow, bytes } = rig.next().await else { panic!("no message") };
    assert_eq!(bytes, whole.as_bytes());
    let remote = phone.get_ref().0.local_addr().unwrap();
    assert_eq!(flow, Flow { transport: Transport::Tls, local: rig.local, remote });
    assert!(rig.tcp.send(flow, Bytes::from_static(b"answer")));
    // RFC 5626 §3.5.1
    phone.write_all(b"\r\n\r\n").await.unwrap();
    let mut answer = [0; 8];
    phone.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"answer\r\n");
    drop(phone);
    assert!(matches!(rig.next().await, Event::Closed { .. }));
}

/// OPS-13: new connections get the new certificate, those that are open go on.
#[tokio::test]
async fn a_renewed_certificate_cuts_no_connection() {
    let (mut rig, other) = (rig(Limits::default()), rig(Limits::default()));
    let (old, new) = (rig.pem(), other.pem());
    let mut before = rig.phone(&old).await.unwrap();
    std::fs::copy(&other.files.key, &rig.files.key).unwrap();
    std::fs::copy(&other.files.chain, &rig.files.chain).unwrap();
    assert!(rig.certificate.renew().unwrap());
    assert!(rig.phone(&old).await.is_err(), "still the old certificate");
    rig.phone(&new).await.unwrap();
    before.write_all(message("").as_bytes()).await.unwrap();
    assert!(matches!(rig.next().await, Event::Message { .. }));
}

/// SIP-38: what a trunk's server must prove.
#[tokio::test]
async fn a_server_is_spoken_to_only_after_it_proved_itself() {
    let (mut ours, mut server, stranger) =
        (rig(Limits::default()), rig(Limits::default()), rig(Limits::default()));
    let flow = Flow { transport: Transport::Tls, local: ours.local, remote: server.local };
    assert!(!ours.tcp.send(flow, Bytes::from_static(b"x")), "nobody said whom to expect");
    for (name, proof) in [
        ("localhost", Proof::Roots),
        ("localhost", Proof::Certificate(stranger.pem())),
        ("carrier.example", Proof::Roots),
        ("localhost", Proof::Certificate("no certificate".into())),
    ] {
        let flow = ours.towards(&server, name, proof.clone());
        assert!(ours.tcp.send(flow, Bytes::from(message("secret"))), "{proof:?}");
        let Event::Closed { flow: closed, number } = ours.next().await else {
            panic!("{proof:?} is believed")
        };
        assert!(closed == flow && ours.tcp.closed(flow, number));
    }
    for (name, proof) in [
        // It is that very one, whatever name it has.
        ("carrier.example", Proof::Certificate(server.pem())),
        ("127.0.0.1", Proof::Nothing),
    ] {
        let flow = ours.towards(&server, name, proof);
        assert!(ours.tcp.send(flow, Bytes::from(message("hello"))));
        let Event::Message { flow: theirs, .. } = server.next().await else { panic!("no message") };
        server.tcp.send(theirs, Bytes::from(message("back")));
        let Event::Message { flow: back, .. } = ours.next().await else { panic!("no answer") };
        assert_eq!((back, ours.tcp.len()), (flow, 1));
        // Another demand ends the connection that was opened under the one before.
        ours.towards(&server, "localhost", Proof::Roots);
        assert_eq!(ours.tcp.len(), 0);
        let _ = (ours.next().await, server.next().await);
    }
    let demand = |proof| Demand { name: "localhost".into(), proof };
    ours.tcp.demand(server.local, vec![demand(Proof::Nothing), demand(Proof::Certificate(stranger.pem()))]);
    ours.tcp.send(flow, Bytes::from(message("secret")));
    assert!(matches!(ours.next().await, Event::Closed { .. }), "the stricter of two trunks counts");
}

/// SIP-01: what speaks no TLS is closed and harms nobody.
#[tokio::test]
async fn garbage_is_closed() {
    let rig = rig(Limits::default());
    for garbage in [&b"REGISTER sip:x SIP/2.0\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff, 1], &[0; 20_000]] {
        let mut stranger = TcpStream::connect(rig.local).await.unwrap();
        let _ = stranger.write_all(garbage).await;
        let _ = stranger.shutdown().await;
        let mut rest = vec![];
        let _ = stranger.read_to_end(&mut rest).await;
    }
    rig.phone(&rig.pem()).await.unwrap();
}

/// SIP-01: time leaps to the next deadline, which is that of the handshake.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_is_closed_after_ten_seconds() {
    let rig = rig(Limits::default());
    let began = tokio::time::Instant::now();
    let mut stranger = TcpStream::connect(rig.local).await.unwrap();
    assert_eq!(stranger.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(began.elapsed() >= HANDSHAKE);
}

/// SIP-01
#[tokio::test]
async fn handshakes_beyond_the_bound_are_closed_and_those_within_go_on() {
    let rig = rig(Limits { handshakes: 3, handshakes_each: 3, connections_each: 100 });
    let mut hanging = vec![];
    for _ in 0..3 {
        hanging.push(TcpStream::connect(rig.local).await.unwrap());
    }
    // Once they are in, nobody else is.
    let refused = async {
        loop {
            let mut more = TcpStream::connect(rig.local).await.unwrap();
            let patience = Duration::from_millis(200);
            if let Ok(read) = timeout(patience, more.read(&mut [0; 8])).await {
                return read.unwrap_or(0);
            }
            hanging.push(more);
        }
    };
    assert_eq!(timeout(Duration::from_secs(20), refused).await.unwrap(), 0);
    drop(hanging);
    let served = async {
        while rig.phone(&rig.pem()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), served).await.unwrap();
}
