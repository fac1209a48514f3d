//! Connections against real sockets on loopback.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc::Receiver,
};

use super::*;
use crate::shell::listeners;

struct Rig {
    tcp: Tcp,
    events: Receiver<Event>,
    local: SocketAddr,
}

fn rig(limit: usize) -> Rig {
    let (sender, events) = mpsc::channel(16);
    let tcp = Tcp::new(sender, limit);
    let listener = listeners::bind_all(listeners::Service::Sip, &[SocketAddr::from(([127, 0, 0, 1], 0))])
        .unwrap()
        .remove(0);
    tcp.listen(listener.address, listener.tcp).unwrap();
    Rig { tcp, events, local: listener.address }
}

impl Rig {
    /// The next event other than a connection coming in, which is taken.
    async fn next(&mut self) -> Event {
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.events.recv()).await.unwrap().unwrap() {
                Event::Accepted { flow, stream } => self.tcp.accepted(flow, stream),
                event => return event,
            }
        }
    }
}

fn message(body: &str) -> String {
    format!("OPTIONS sip:a SIP/2.0\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// SIP-01
#[tokio::test]
async fn a_peers_connection_carries_messages_both_ways() {
    let mut rig = rig(10);
    let mut peer = TcpStream::connect(rig.local).await.unwrap();
    let whole = message("hello");
    let (first, rest) = whole.split_at(30);
    peer.write_all(first.as_bytes()).await.unwrap();
    peer.write_all(rest.as_bytes()).await.unwrap();
    let Event::Message { flow, bytes } = rig.next().await else { panic!("no message") };
    assert_eq!(bytes, whole.as_bytes());
    assert_eq!(
        flow,
        Flow { transport: Transport::Tcp, local: rig.local, remote: peer.local_addr().unwrap() }
    );
    assert!(rig.tcp.send(flow, Bytes::from_static(b"answer")));
    let mut answer = [0; 6];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"answer");
    assert_eq!(rig.tcp.len(), 1);
}

/// SIP-07, RFC 5626 §3.5.1
#[tokio::test]
async fn a_double_crlf_is_answered_with_one() {
    let mut rig = rig(10);
    let mut peer = TcpStream::connect(rig.local).await.unwrap();
    peer.write_all(b"\r\n\r\n").await.unwrap();
    peer.write_all(message("").as_bytes()).await.unwrap();
    rig.next().await;
    let mut answer = [0; 2];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\r\n");
}

#[tokio::test]
async fn a_message_without_connection_opens_one_and_reuses_it() {
    let mut rig = rig(10);
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = Flow { transport: Transport::Tcp, local: rig.local, remote: phone.local_addr().unwrap() };
    assert!(rig.tcp.send(flow, Bytes::from_static(b"one")));
    assert!(rig.tcp.send(flow, Bytes::from_static(b"two")));
    let (mut stream, _) = phone.accept().await.unwrap();
    let mut both = [0; 6];
    stream.read_exact(&mut both).await.unwrap();
    assert_eq!(&both, b"onetwo");
    stream.write_all(message("back").as_bytes()).await.unwrap();
    let Event::Message { flow: back, .. } = rig.next().await else { panic!("no message") };
    assert_eq!(back, flow);
    assert_eq!(rig.tcp.len(), 1);
}

#[tokio::test]
async fn a_peer_that_cannot_be_reached_or_leaves_closes_its_flow() {
    let mut rig = rig(10);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let flow = Flow { transport: Transport::Tcp, local: rig.local, remote: nobody };
    assert!(rig.tcp.send(flow, Bytes::from_static(b"lost")));
    let Event::Closed { flow: closed, number } = rig.next().await else { panic!("not closed") };
    assert_eq!(closed, flow);
    assert!(!rig.tcp.closed(flow, number + 1), "another connection of the flow stays");
    assert!(rig.tcp.closed(flow, number));
    drop(TcpStream::connect(rig.local).await.unwrap());
    assert!(matches!(rig.next().await, Event::Closed { .. }));
}

#[tokio::test]
async fn a_stream_that_cannot_be_followed_is_closed() {
    let mut rig = rig(10);
    let mut peer = TcpStream::connect(rig.local).await.unwrap();
    let endless = "X-Long: ".to_owned() + &"a".repeat(300_000);
    let _ = peer.write_all(endless.as_bytes()).await;
    assert!(matches!(rig.next().await, Event::Closed { .. }));
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused() {
    let mut rig = rig(1);
    let mut first = TcpStream::connect(rig.local).await.unwrap();
    first.write_all(message("").as_bytes()).await.unwrap();
    rig.next().await;
    let mut second = TcpStream::connect(rig.local).await.unwrap();
    let Some(Event::Accepted { flow, stream }) = rig.events.recv().await else { panic!("not accepted") };
    rig.tcp.accepted(flow, stream);
    assert_eq!(second.read(&mut [0; 8]).await.unwrap_or(0), 0);
    let elsewhere = Flow { remote: SocketAddr::from(([127, 0, 0, 1], 9)), ..flow };
    assert!(!rig.tcp.send(elsewhere, Bytes::new()));
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_instead_of_filling_memory() {
    let mut rig = rig(10);
    let mut peer = TcpStream::connect(rig.local).await.unwrap();
    peer.write_all(message("").as_bytes()).await.unwrap();
    let Event::Message { flow, .. } = rig.next().await else { panic!("no message") };
    let large = Bytes::from(vec![b'x'; 60_000]);
    let mut queued = 0;
    while rig.tcp.send(flow, large.clone()) {
        queued += 1;
        assert!(queued < 10_000, "the queue has no bound");
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.tcp.len(), 0);
}

#[tokio::test]
async fn what_is_queued_is_written_before_the_end() {
    let mut rig = rig(10);
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = Flow { transport: Transport::Tcp, local: rig.local, remote: phone.local_addr().unwrap() };
    assert!(rig.tcp.send(flow, Bytes::from_static(b"BYE")));
    let (finished, accepted) = tokio::join!(rig.tcp.finish(rig.events), phone.accept());
    let () = finished;
    let mut said = String::new();
    accepted.unwrap().0.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "BYE");
}
