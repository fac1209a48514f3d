//! What phones publish of their users: soft state by entity tag. RFC 3903. SIP-29.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use config::{DeviceId, UserId};

use super::pidf::Published;

/// One publication.
#[derive(Debug, Clone, Copy)]
struct Publication {
    etag: u64,
    user: UserId,
    published: Published,
    expires: Instant,
}

/// All publications; a device has one. They are not kept over a restart: a phone whose entity tag is unknown publishes anew
/// (RFC 3903 §4.5).
#[derive(Debug, Default)]
pub(crate) struct Publications {
    rows: HashMap<DeviceId, Publication>,
    expiry: BTreeSet<(Instant, DeviceId)>,
}

impl Publications {
    /// Whether that is the device's entity tag.
    pub(crate) fn has(&self, device: DeviceId, etag: u64) -> bool {
        self.rows.get(&device).is_some_and(|row| row.etag == etag)
    }
    /// Publishes anew, or changes or refreshes what is published: with `None` it says what it said.
    pub(crate) fn put(
        &mut self,
        (device, user): (DeviceId, UserId),
        etag: u64,
        published: Option<Published>,
        expires: Instant,
    ) {
        let before = self.remove(device).map(|(_, published)| published);
        let Some(published) = published.or(before) else { return };
        self.rows.insert(device, Publication { etag, user, published, expires });
        self.expiry.insert((expires, device));
    }
    /// Takes a publication back; whose it was and what it said.
    pub(crate) fn remove(&mut self, device: DeviceId) -> Option<(UserId, Published)> {
        let row = self.rows.remove(&device)?;
        self.expiry.remove(&(row.expires, device));
        Some((row.user, row.published))
    }
    /// What the user's phones say, the least reachable of it.
    pub(crate) fn of(&self, user: UserId, devices: impl IntoIterator<Item = DeviceId>) -> Option<Published> {
        let rows = devices.into_iter().filter_map(|device| self.rows.get(&device));
        rows.filter(|row| row.user == user).map(|row| row.published).max_by_key(|published| match published {
            Published::Closed => 0,
            Published::Open => 1,
            Published::Away => 2,
            Published::Busy => 3,
        })
    }
    /// A publication whose time is over is taken out; whose it was.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<UserId> {
        let &(at, device) = self.expiry.first()?;
        if at > now {
            return None;
        }
        self.remove(device).map(|(user, _)| user)
    }
    /// The next expiry.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.expiry.first().map(|&(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// SIP-29, RFC 3903 §4
    #[test]
    fn a_publication_is_refreshed_by_its_tag_changed_and_expires() {
        let (start, device, user) = (Instant::now(), DeviceId(1), UserId(7));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut publications = Publications::default();
        publications.put((device, user), 11, Some(Published::Busy), at(60));
        assert!(publications.has(device, 11) && !publications.has(device, 12));
        publications.put((device, user), 12, None, at(120));
        assert_eq!(publications.of(user, [device]), Some(Published::Busy), "a refresh says what was said");
        assert_eq!(publications.next(), Some(at(120)));
        publications.put((DeviceId(2), user), 13, Some(Published::Away), at(300));
        assert_eq!(publications.of(user, [device, DeviceId(2)]), Some(Published::Busy));
        assert_eq!((publications.expire(at(119)), publications.expire(at(120))), (None, Some(user)));
        assert_eq!(publications.of(user, [device, DeviceId(2)]), Some(Published::Away));
        publications.remove(DeviceId(2));
        assert_eq!((publications.next(), publications.of(user, [device])), (None, None));
    }
}
