//! One TCP connection: frames in, queued messages out, keep-alives answered, idle and silent peers closed.

use std::{io, time::Duration};

use bytes::Bytes;
use sip_stack::{
    Flow,
    framing::{Frame, Framer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tracing::debug;

use super::{listeners, tcp::Event};

/// Who opens it.
#[derive(Debug)]
pub enum Stream {
    /// They did.
    Theirs(TcpStream),
    /// We do, from the flow's local address.
    Ours,
}

/// Runs a connection to its end, and says so. Ends when `queued` is closed and empty.
pub async fn run(
    flow: Flow,
    number: u64,
    stream: Stream,
    queued: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<Event>,
) {
    let ours = matches!(stream, Stream::Ours);
    let ended = match open(flow, stream).await {
        Ok(stream) => carry(flow, stream, queued, &events, ours).await,
        Err(e) => Err(e),
    };
    if let Err(e) = ended {
        debug!(peer.addr = %flow.remote, "connection ended: {e}");
    }
    let _ = events.send(Event::Closed { flow, number }).await;
}

async fn open(flow: Flow, stream: Stream) -> io::Result<TcpStream> {
    let stream = match stream {
        Stream::Theirs(stream) => stream,
        Stream::Ours => {
            let socket = TcpSocket::from_std_stream(listeners::outgoing_tcp(flow.local.ip())?);
            timeout(CONNECT, socket.connect(flow.remote)).await??
        }
    };
    listeners::keep_alive(&stream)?;
    Ok(stream)
}

async fn carry(
    flow: Flow,
    mut stream: TcpStream,
    mut queued: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<Event>,
    ours: bool,
) -> io::Result<()> {
    let (mut reader, mut writer) = stream.split();
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ];
    // A stranger must say something whole soon; afterwards it may be quiet for long.
    let mut give_up = Instant::now() + if ours { IDLE } else { FIRST_MESSAGE };
    loop {
        tokio::select! {
            bytes = queued.recv() => {
                let Some(bytes) = bytes else { return writer.shutdown().await };
                timeout(WRITE, writer.write_all(&bytes)).await??;
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
                        Frame::Message(bytes) => {
                            events.send(Event::Message { flow, bytes }).await.map_err(io::Error::other)?;
                        }
                        // RFC 5626 §3.5.1
                        Frame::Ping => timeout(WRITE, writer.write_all(b"\r\n")).await??,
                        Frame::Pong => {}
                    }
                }
            }
            () = sleep_until(give_up) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

const CONNECT: Duration = Duration::from_secs(5);
/// A peer that takes nothing for so long is gone.
const WRITE: Duration = Duration::from_secs(10);
const FIRST_MESSAGE: Duration = Duration::from_secs(30);
/// Longer than phones' registrations, which renew it. Dead peers are found by TCP keep-alive long before.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Bytes read at once.
const READ: usize = 8192;
