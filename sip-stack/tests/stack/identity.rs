//! The peer is told whom it talks with: P-Asserted-Identity in what goes out, or an UPDATE of its own. RFC 3325, RFC 4916.

use sip_stack::{Message, Name};

use crate::{net::sdp, usage::up};

const CAROL: &str = "\"Carol\" <sip:103@example.org>";

fn text(message: &Message, name: Name) -> String {
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

/// CTRL-02, RFC 4916 §4.4: by UPDATE where the peer allows it; From changes only for who supports that, and its tag never does.
#[test]
fn a_peer_that_allows_update_is_told_at_once() {
    for (supports, changes) in [("", false), ("Supported: from-change, timer\n", true)] {
        let (mut peer, id, answer) = up(&format!("Allow: INVITE, ACK, BYE, UPDATE\n{supports}"));
        peer.on(|s, now| s.identify(now, id, CAROL.into()));
        let update = peer.last().clone();
        assert_eq!(update.method_token(), "UPDATE");
        assert!(update.body().is_empty(), "nothing is offered");
        assert_eq!(text(&update, Name::PAssertedIdentity), CAROL);
        let (ours, tag) = (text(&answer, Name::To), update.from_tag().unwrap().to_vec());
        assert_eq!(text(&update, Name::From) != ours, changes);
        assert_eq!(text(&update, Name::From).contains("sip:103@example.org"), changes);
        assert_eq!(answer.to_tag(), Some(&tag[..]));
    }
}

/// CTRL-02: who allows no UPDATE is told with the next offer, and no extra re-INVITE goes out.
#[test]
fn a_peer_that_allows_no_update_is_told_with_the_next_offer() {
    let (mut peer, id, _) = up("Allow: INVITE, ACK, BYE\n");
    peer.on(|s, now| s.identify(now, id, CAROL.into()));
    assert!(peer.took().is_empty());
    peer.on(|s, now| s.offer(now, id, sdp("again")));
    assert_eq!(
        (peer.last().method_token(), text(peer.last(), Name::PAssertedIdentity)),
        ("INVITE", CAROL.into())
    );
}

/// CTRL-02: an offer that follows anyway carries it, and no UPDATE comes beside it.
#[test]
fn an_offer_that_is_due_carries_it() {
    let (mut peer, id, _) = up("Allow: INVITE, ACK, BYE, UPDATE\n");
    peer.on(|s, now| {
        s.set_identity(id, CAROL.into());
        s.offer(now, id, sdp("again"));
    });
    assert_eq!(text(peer.last(), Name::PAssertedIdentity), CAROL);
    assert_eq!(peer.took(), ["INVITE"]);
}
