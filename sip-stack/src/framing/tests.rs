//! Streams, whole and in pieces.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Frame, FrameError, Framer, is_keep_alive};
use crate::wire::MAX_MESSAGE;

const HEAD: &str = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n";

fn message(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// All frames of a stream that is pushed in pieces of at most `piece` bytes, and how it ended.
fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<FrameError>) {
    let mut framer = Framer::default();
    let mut frames = vec![];
    for bytes in stream.chunks(piece) {
        framer.push(bytes);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(framer.held() <= MAX_MESSAGE + piece);
    }
    (frames, None)
}

/// RFC 3261 §18.3
#[test]
fn messages_are_cut_by_content_length() {
    let stream = [message(b"v=0\r\n\r\nx"), message(b""), message(b"yz")].concat();
    for piece in [1, 2, 7, stream.len()] {
        let (frames, error) = frames(&stream, piece);
        let expected =
            [&b"v=0\r\n\r\nx"[..], b"", b"yz"].map(|body| Frame::Message(Bytes::from(message(body))));
        assert_eq!((frames.as_slice(), error), (&expected[..], None), "{piece}");
    }
}

/// RFC 5626 §3.5.1
#[test]
fn keep_alives_are_told_apart() {
    let one = Frame::Message(Bytes::from(message(b"")));
    let stream = [b"\r\n\r\n".to_vec(), message(b""), b"\r\n".to_vec(), message(b"")].concat();
    assert_eq!(frames(&stream, 1000).0, [Frame::Ping, one.clone(), Frame::Pong, one]);
    assert_eq!(frames(b"\r\n\r\n\r\n\r\n", 4).0, [Frame::Ping, Frame::Ping]);
    assert_eq!(frames(b"\r\n\r\n", 3).0, [Frame::Pong, Frame::Ping]);
    assert_eq!(frames(b"\r\n", 1).0, [Frame::Pong]);
    assert!(is_keep_alive(b"\r\n\r\n") && is_keep_alive(b"\0\0\0\0") && !is_keep_alive(b"\r\nx"));
}

/// SIP-11
#[test]
fn compact_and_folded_lengths_and_bare_line_feeds_are_read() {
    for line in ["l:2", "L \t:\r\n 2", "content-length  :  2  "] {
        let text = format!("{HEAD}{line}\r\n\r\nab");
        assert_eq!(frames(text.as_bytes(), 5).0, [Frame::Message(Bytes::from(text.clone()))], "{line}");
    }
    let text = "OPTIONS sip:a@b SIP/2.0\nl: 1\n\nx";
    assert_eq!(frames(text.as_bytes(), 1).0, [Frame::Message(Bytes::from_static(text.as_bytes()))]);
}

/// SIP-11
#[test]
fn streams_that_lost_their_place_are_ended() {
    for lines in [
        "",
        "Content-Length: x\r\n",
        "Content-Length: -1\r\n",
        "l: 1\r\nContent-Length: 2\r\n",
        "l: 99999999999\r\n",
    ] {
        let text = format!("{HEAD}{lines}\r\n");
        assert_eq!(frames(text.as_bytes(), 9).1, Some(FrameError::NoLength), "{lines}");
    }
    let text = format!("{HEAD}l: 65535\r\n\r\n");
    assert_eq!(frames(text.as_bytes(), 9).1, Some(FrameError::BodyTooLong));
    for endless in [&b"x"[..], b"\r", b"x: y\r\n", b"\0"] {
        let stream = endless.repeat(70_000);
        assert_eq!(frames(&stream, 1000).1, Some(FrameError::HeadersTooLong));
    }
}

/// SIP-11
#[test]
fn a_failed_stream_stays_failed_and_an_idle_one_holds_nothing() {
    let mut framer = Framer::default();
    framer.push(b"x\r\n\r\n");
    assert_eq!(framer.next_frame(), Err(FrameError::NoLength));
    framer.push(&message(b""));
    assert_eq!(framer.next_frame(), Err(FrameError::NoLength));

    let mut framer = Framer::default();
    framer.push(&message(b""));
    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Message(_)))));
    assert_eq!(framer.next_frame(), Ok(None));
    assert_eq!((framer.held(), framer.buffer.capacity()), (0, 0));
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(|body| message(&body)),
        1 => Just(b"\r\n\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'l'), Just(b':'), Just(b'1')], 0..8),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    /// SIP-11: pongs aside, see [`Frame::Pong`].
    #[test]
    fn frames_do_not_depend_on_how_the_stream_is_cut(stream in streams(), piece in 1usize..50) {
        let without_pongs = |(mut frames, error): (Vec<Frame>, Option<FrameError>)| {
            frames.retain(|frame| *frame != Frame::Pong);
            (frames, error)
        };
        let whole = without_pongs(frames(&stream, stream.len().max(1)));
        prop_assert_eq!(&without_pongs(frames(&stream, 1)), &whole);
        prop_assert_eq!(&without_pongs(frames(&stream, piece)), &whole);
    }
}
