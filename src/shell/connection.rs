//! One TCP or TLS connection: frames in, queued messages out, keep-alives answered, idle and silent peers closed.

use std::{io, time::Duration};

use bytes::Bytes;
use sip_stack::{
    Flow,
    framing::{Frame, Framer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tracing::{debug, warn};

use super::{
    listeners,
    tcp::{Accepted, Event},
    tls::Opening,
};

/// Who opens it.
#[derive(Debug)]
pub enum Stream {
    /// They did.
    Theirs(Accepted),
    /// We do, from the flow's local address.
    Ours,
    /// We do, over TLS.
    OursSecured(Box<Opening>),
}

/// Runs a connection to its end, and says so. Ends when `queued` is closed and empty.
pub async fn run(
    flow: Flow,
    number: u64,
    stream: Stream,
    queued: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<Event>,
) {
    let line = Line { flow, queued, events: events.clone() };
    if let Err(e) = open_and_carry(flow, stream, line).await {
        debug!(peer.addr = %flow.remote, "connection ended: {e}");
    }
    let _ = events.send(Event::Closed { flow, number }).await;
}

async fn open_and_carry(flow: Flow, stream: Stream, line: Line) -> io::Result<()> {
    match stream {
        Stream::Theirs(Accepted::Plain(mut stream)) => {
            listeners::keep_alive(&stream)?;
            let (reader, writer) = stream.split();
            line.carry(reader, writer, FIRST_MESSAGE).await
        }
        Stream::Theirs(Accepted::Secured(mut secured)) => {
            let (reader, writer) = tokio::io::split(&mut secured.stream);
            line.carry(reader, writer, FIRST_MESSAGE).await
        }
        Stream::Ours => {
            let mut stream = connect(flow).await?;
            let (reader, writer) = stream.split();
            line.carry(reader, writer, IDLE).await
        }
        Stream::OursSecured(opening) => {
            let stream = opening.agree(connect(flow).await?).await.inspect_err(|e| {
                warn!(peer.addr = %flow.remote, "no connection over TLS to {}: {e}", flow.remote);
            })?;
            let (reader, writer) = tokio::io::split(stream);
            line.carry(reader, writer, IDLE).await
        }
    }
}

async fn connect(flow: Flow) -> io::Result<TcpStream> {
    let socket = TcpSocket::from_std_stream(listeners::outgoing_tcp(flow.local.ip())?);
    let stream = timeout(CONNECT, socket.connect(flow.remote)).await??;
    listeners::keep_alive(&stream)?;
    Ok(stream)
}

/// What is carried, and between whom.
struct Line {
    flow: Flow,
    queued: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<Event>,
}

impl Line {
    /// Until either side ends it. `patience` is how long the peer may say nothing whole at first; afterwards it may be quiet
    /// for long.
    async fn carry(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
        patience: Duration,
    ) -> io::Result<()> {
        let mut framer = Framer::default();
        let mut buffer = vec![0; READ];
        let mut give_up = Instant::now() + patience;
        loop {
            tokio::select! {
                bytes = self.queued.recv() => {
                    let Some(bytes) = bytes else { return writer.shutdown().await };
                    write(&mut writer, &bytes).await?;
                }
                len = reader.read(&mut buffer) => {
                    let len = len?;
                    if len == 0 {
                        return Ok(());
                    }
                    framer.push(&buffer[..len]);
                    while let Some(frame) = framer.next_frame().map_err(io::Error::other)? {
                        give_up = Instant::now() + IDLE;
                        match frame {
                            Frame::Message(bytes) => self.tell(bytes).await?,
                            // RFC 5626 §3.5.1
                            Frame::Ping => write(&mut writer, b"\r\n").await?,
                            Frame::Pong => {}
                        }
                    }
                }
                () = sleep_until(give_up) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    async fn tell(&self, bytes: Bytes) -> io::Result<()> {
        self.events.send(Event::Message { flow: self.flow, bytes }).await.map_err(io::Error::other)
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let all = async {
        writer.write_all(bytes).await?;
        // What is encrypted may wait in a buffer.
        writer.flush().await
    };
    timeout(WRITE, all).await?
}

const CONNECT: Duration = Duration::from_secs(5);
/// A peer that takes nothing for so long is gone.
const WRITE: Duration = Duration::from_secs(10);
const FIRST_MESSAGE: Duration = Duration::from_secs(30);
/// Longer than phones' registrations, which renew it. Dead peers are found by TCP keep-alive long before.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Bytes read at once.
const READ: usize = 8192;
