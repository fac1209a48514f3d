//! Every bound of the engine on what comes from outside, in one place.

use std::time::Duration;

/// Legs of one call, rung and gone ones included.
pub(crate) const LEGS_PER_CALL: usize = 64;
/// RTP ports that one leg may find taken by other programs.
pub(crate) const PORT_MOVES: u8 = 8;
/// Destinations that one call may pass through.
pub(crate) const HOPS_PER_CALL: usize = 20;
/// Forwards that one call may follow; the next one is cut as a loop.
pub(crate) const FORWARDS_PER_CALL: usize = 5;
/// Lines of one call's decision trace.
pub(crate) const TRACE_LINES: usize = 200;
/// Messages of one call's ladder, 256 at most: their flows are numbered by a byte.
pub(crate) const LADDER_MESSAGES: usize = 200;
/// Bytes of one call's ladder.
pub(crate) const LADDER_BYTES: usize = 256 * 1024;
/// Contacts in one REGISTER, and of one device whatever its configuration says.
pub(crate) const CONTACTS: usize = 10;
/// Bytes of one Contact URI, and of all Path values together.
pub(crate) const CONTACT_BYTES: usize = 512;
/// Bytes of a Call-ID that a binding remembers.
pub(crate) const CALL_ID_BYTES: usize = 256;
/// Bytes of a User-Agent that a binding remembers; the rest is cut off.
pub(crate) const USER_AGENT_BYTES: usize = 96;
/// Different User-Agents that are shared between bindings; further ones are kept singly.
pub(crate) const USER_AGENTS: usize = 1000;
/// Characters of a dialled number or user name.
pub(crate) const NUMBER_BYTES: usize = 128;
/// Subscriptions of one device, and of all.
pub(crate) const SUBSCRIPTIONS_PER_DEVICE: usize = 200;
pub(crate) const SUBSCRIPTIONS: usize = 100_000;
/// NOTIFYs in a row that may be lost to broken connections or answered 5xx before a subscription is given up.
pub(crate) const NOTIFY_TRIES: u8 = 8;
/// Keys pressed in a call that its script has not taken yet.
pub(crate) const DIGITS: usize = 64;
/// Messages remembered for invites that are not yet (or never will be) a call's.
pub(crate) const EARLY_MESSAGES: usize = 16;

/// Addresses of one trunk that one call is tried at.
pub(crate) const HOPS_PER_TRUNK: usize = 3;

/// Forwards that a call brings along from outside; the last ones are kept.
pub(crate) const FORWARDS_BROUGHT: usize = 5;
/// Identity headers that a call brings along, and bytes of one.
pub(crate) const SIGNATURES: usize = 4;
pub(crate) const IDENTITY_BYTES: usize = 4096;

/// How long a number outside rings at most.
pub(crate) const OUTSIDE_RINGS: Duration = Duration::from_secs(180);
/// Registration interval where neither Contact nor Expires asks for one (RFC 3261 §10.2.1.1).
pub(crate) const USUAL_EXPIRES: Duration = Duration::from_secs(3600);
/// Greatest interval for datagrams through NAT: its mapping lives no longer without traffic (RFC 4787 REQ-5).
pub(crate) const NAT_EXPIRES: Duration = Duration::from_secs(120);
/// How long a REGISTER's 200 waits for its row to be committed.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(2);
/// How long a caller waits for an edit to be written.
pub(crate) const EDIT_WAIT: Duration = Duration::from_secs(5);
/// The least and greatest time of a subscription or publication that is not zero.
pub(crate) const SUBSCRIPTION_MIN: Duration = Duration::from_secs(60);
pub(crate) const SUBSCRIPTION_MAX: Duration = Duration::from_secs(7200);
/// How long a NOTIFY that was not delivered waits for the next try, times the failures so far.
pub(crate) const NOTIFY_RETRY: Duration = Duration::from_secs(2);
/// How often lamps that depend on the time are looked at.
pub(crate) const CLOCK_TICK: Duration = Duration::from_secs(15);
/// How long a watcher that set something waits for that to be in force before it is told how things stand.
pub(crate) const WISH_WAIT: Duration = Duration::from_millis(500);
/// How long a nonce is good.
pub(crate) const NONCE_LIFETIME: Duration = Duration::from_secs(300);
/// Least time between two live changes of one call.
pub(crate) const SHOW_INTERVAL: Duration = Duration::from_millis(100);
/// How long a call must last for its trace to be stored before its end.
pub(crate) const TRACE_WAIT: Duration = Duration::from_secs(5);
/// How long an ended call waits for its last messages and media figures.
pub(crate) const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// How long an answered caller hears why the call ends.
pub(crate) const FAREWELL_TONE: Duration = Duration::from_secs(4);
/// How long somebody hears that the minutes of their call are nearly used up.
pub(crate) const WARNING_TONE: Duration = Duration::from_secs(1);
/// How long a phone rings to which a transferred or parked call returns.
pub(crate) const RING_BACK: Duration = Duration::from_secs(30);
/// How long somebody hears that the party they held is parked.
pub(crate) const PARKED_TONE: Duration = Duration::from_secs(1);
/// How long the caller's own phones ring when a call is placed from the portal.
pub(crate) const SUMMONS: Duration = Duration::from_secs(30);
/// How long a phone rings that help calls back.
pub(crate) const CALLED_BACK_RINGS: Duration = Duration::from_secs(120);
/// How long phones in the house ring while somebody calls for help.
pub(crate) const ALARM: Duration = Duration::from_secs(60);
/// Retry-After when there is no room for a call. [s]
pub(crate) const RETRY_AFTER: &str = "10";
/// At most one log line about missing room in this time.
pub(crate) const LOG_INTERVAL: Duration = Duration::from_secs(60);
