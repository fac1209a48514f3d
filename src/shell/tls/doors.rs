//! How many may come: handshakes that are not done cost most and prove nothing, so they are bounded for all and for each
//! address; so are the connections of an address. Beyond a bound a connection is closed at once.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// The bounds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Handshakes at once, of everybody. [default 1,024]
    pub handshakes: usize,
    /// Handshakes at once of one address. [default 256]
    pub handshakes_each: usize,
    /// Connections at once of one address, those in a handshake among them. [default 2,000: a site behind one address]
    pub connections_each: usize,
}

/// Who is in.
#[derive(Debug)]
pub(super) struct Doors {
    limits: Limits,
    crowd: Mutex<Crowd>,
}

#[derive(Debug, Default)]
struct Crowd {
    handshakes: usize,
    by_address: HashMap<IpAddr, Few>,
}

/// Those of one address.
#[derive(Debug, Default, Clone, Copy)]
struct Few {
    handshakes: usize,
    connections: usize,
}

/// A place inside; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Pass {
    doors: Arc<Doors>,
    address: IpAddr,
    in_handshake: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshakes: 1_024, handshakes_each: 256, connections_each: 2_000 }
    }
}

impl Doors {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, crowd: Mutex::default() }
    }
    /// Somebody wants to come in from there; `None` if there is no room.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Pass> {
        let address = network(address);
        let mut crowd = self.crowd();
        let few = crowd.by_address.get(&address).copied().unwrap_or_default();
        let full = crowd.handshakes >= self.limits.handshakes
            || few.handshakes >= self.limits.handshakes_each
            || few.connections >= self.limits.connections_each;
        if full {
            return None;
        }
        crowd.handshakes += 1;
        let few = Few { handshakes: few.handshakes + 1, connections: few.connections + 1 };
        crowd.by_address.insert(address, few);
        Some(Pass { doors: self.clone(), address, in_handshake: true })
    }
    fn crowd(&self) -> std::sync::MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The handshake is done.
    pub(super) fn agreed(mut self) -> Self {
        self.leave_handshake();
        self
    }
    fn leave_handshake(&mut self) {
        if !std::mem::take(&mut self.in_handshake) {
            return;
        }
        let mut crowd = self.doors.crowd();
        crowd.handshakes -= 1;
        if let Some(few) = crowd.by_address.get_mut(&self.address) {
            few.handshakes -= 1;
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.leave_handshake();
        let mut crowd = self.doors.crowd();
        let Some(few) = crowd.by_address.get_mut(&self.address) else { return };
        few.connections -= 1;
        if few.connections == 0 {
            crowd.by_address.remove(&self.address);
        }
    }
}

/// An IPv6 site has a /64 at least, so that is what is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(handshakes: usize, handshakes_each: usize, connections_each: usize) -> Arc<Doors> {
        Arc::new(Doors::new(Limits { handshakes, handshakes_each, connections_each }))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// SIP-01
    #[test]
    fn each_bound_holds_and_is_given_back() {
        let doors = doors(3, 2, 3);
        let first = doors.enter(ip("192.0.2.1")).unwrap();
        let second = doors.enter(ip("192.0.2.1")).unwrap();
        assert!(doors.enter(ip("192.0.2.1")).is_none(), "two handshakes of one address");
        let _other = doors.enter(ip("192.0.2.2")).unwrap();
        assert!(doors.enter(ip("192.0.2.3")).is_none(), "three of all");
        let (first, second) = (first.agreed(), second.agreed());
        let _third = doors.enter(ip("192.0.2.1")).unwrap().agreed();
        assert!(doors.enter(ip("192.0.2.1")).is_none(), "three connections of one address");
        drop((first, second));
        assert!(doors.enter(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_nothing_is_left_over() {
        let doors = doors(9, 1, 9);
        let pass = doors.enter(ip("2001:db8::1")).unwrap();
        assert!(doors.enter(ip("2001:db8::2")).is_none());
        assert!(doors.enter(ip("2001:db8:0:1::2")).is_some());
        drop(pass);
        let crowd = doors.crowd();
        assert_eq!((crowd.handshakes, crowd.by_address.len()), (0, 0));
    }
}
