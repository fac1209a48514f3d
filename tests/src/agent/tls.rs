//! A phone's end of a TLS connection. It believes any server: what servers must prove is tested where we are the client.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Reader and writer share it.
#[derive(Debug)]
pub struct Tls {
    stream: Mutex<StreamOwned<ClientConnection, TcpStream>>,
    /// The same socket, to end it without waiting for the reader.
    socket: TcpStream,
}

impl Tls {
    /// Agrees on keys over a connection.
    pub fn open(socket: TcpStream) -> Self {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = socket.try_clone().unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).expect("a TLS handshake");
        }
        socket.set_read_timeout(Some(GLANCE)).unwrap();
        Self { stream: Mutex::new(StreamOwned::new(connection, stream)), socket }
    }
    /// What the server proved itself with.
    pub fn certificate(&self) -> Vec<u8> {
        let stream = self.stream.lock().unwrap();
        stream.conn.peer_certificates().expect("a server shows a certificate")[0].to_vec()
    }
    pub fn write(&self, bytes: &[u8]) {
        let mut stream = self.stream.lock().unwrap();
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    }
    pub fn read(&self, chunk: &mut [u8]) -> std::io::Result<usize> {
        let read = self.stream.lock().unwrap().read(chunk);
        if read.is_err() {
            // Lets the writer have it.
            thread::yield_now();
        }
        read
    }
    pub fn close(&self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// How long the reader looks before the writer may write.
const GLANCE: Duration = Duration::from_millis(5);
