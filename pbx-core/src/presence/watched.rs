//! What an address stands for to who watches it. SIP-27, SIP-28.
//!
//! | address | what its lamp shows |
//! |---|---|
//! | an extension of a user | their calls |
//! | an extension of a ring group | calls to the group |
//! | the user name of the phone itself | its own user |
//! | a slot of a park lot | the call that is parked there |
//! | the code of do not disturb, and an extension or nothing | whether that user, or the phone's own, is not to be disturbed |
//! | the code that forwards all calls, likewise | whether all their calls go elsewhere |
//! | the code of the night | whether the company has its night |
//! | `**` and the number of a trunk | its calls, and whether it is down |
//! | an access code of the company group, and an extension of a user there | whether they are on a call, with whom never |

use config::{
    RingGroupId, Snapshot, TenantId, TrunkId, UserId,
    codes::Function,
    snapshot::{Device, Target},
};

use super::package::Package;

/// Something that can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Watched {
    User(UserId),
    Group(RingGroupId),
    /// Do not disturb.
    Dnd(UserId),
    /// All calls go elsewhere.
    Forward(UserId),
    Night(TenantId),
    /// A slot of a park lot.
    Slot(TenantId, Digits),
    /// A line to the public network, as its company sees it.
    Trunk(TenantId, TrunkId),
    /// What is gone since the last run: its watchers are told so.
    Nothing,
}

impl Watched {
    /// A word by which the portal joins watchers with states.
    pub(crate) fn key(self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Group(id) => format!("group:{id}"),
            Self::Dnd(id) => format!("dnd:{id}"),
            Self::Forward(id) => format!("forward:{id}"),
            Self::Night(id) => format!("night:{id}"),
            Self::Slot(_, slot) => format!("slot:{}", slot.as_str()),
            Self::Trunk(_, id) => format!("trunk:{id}"),
            Self::Nothing => String::new(),
        }
    }
}

/// A short number, small enough to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Digits([u8; 8]);

impl Digits {
    /// `None` if it is longer than 8 digits, or has something else in it.
    pub(crate) fn of(number: &str) -> Option<Self> {
        let mut digits = [0; 8];
        digits.get_mut(..number.len())?.copy_from_slice(number.as_bytes());
        number.bytes().all(|b| b.is_ascii_digit()).then_some(Self(digits))
    }
    pub(crate) fn as_str(&self) -> &str {
        let length = self.0.iter().take_while(|digit| **digit != 0).count();
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

/// Why somebody may not watch that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwatchable {
    /// Nothing of the company has that address.
    Unknown,
    /// It is another's.
    NotTheirs,
}

/// What the address is to that phone.
pub(crate) fn resolve(
    snapshot: &Snapshot,
    (tenant, device): (TenantId, &Device),
    package: Package,
    number: &str,
) -> Result<Watched, Unwatchable> {
    let own = device.user.filter(|_| number == device.username).map(Watched::User);
    let slot = || {
        snapshot.park_lot_of_slot(tenant, number)?;
        Some(Watched::Slot(tenant, Digits::of(number)?))
    };
    let by_code = || of_code(snapshot, tenant, device, number);
    let found = of_number(snapshot, tenant, number)
        .or(own)
        .or_else(by_code)
        .or_else(slot)
        .or_else(|| of_trunk(snapshot, tenant, number))
        .or_else(|| of_group(snapshot, tenant, number))
        .ok_or(Unwatchable::Unknown)?;
    match (package, found) {
        (Package::Dialog, _) | (Package::Presence, Watched::User(_)) => Ok(found),
        (Package::Summary | Package::FeatureEvent, Watched::User(user)) if device.user == Some(user) => {
            Ok(found)
        }
        (Package::Summary | Package::FeatureEvent, Watched::User(_)) => Err(Unwatchable::NotTheirs),
        (
            Package::Presence | Package::Summary | Package::FeatureEvent,
            Watched::Group(_)
            | Watched::Dnd(_)
            | Watched::Forward(_)
            | Watched::Night(_)
            | Watched::Slot(..)
            | Watched::Trunk(..)
            | Watched::Nothing,
        ) => Err(Unwatchable::Unknown),
    }
}

fn of_number(snapshot: &Snapshot, tenant: TenantId, number: &str) -> Option<Watched> {
    match snapshot.extension(tenant, number)?.target {
        Target::User(user) => Some(Watched::User(user)),
        Target::RingGroup(group) => Some(Watched::Group(group)),
    }
}

/// A user of another company of the group, behind its access code, if both companies let each other see that. MT-14
fn of_group(snapshot: &Snapshot, tenant: TenantId, number: &str) -> Option<Watched> {
    let own = snapshot.tenant(tenant).filter(|own| own.calling.shares_presence)?;
    let shares = |id| snapshot.tenant(id).is_some_and(|other| other.calling.shares_presence);
    let mut others =
        snapshot.group_of(own).iter().filter(|other| other.tenant != tenant && shares(other.tenant));
    others.find_map(|other| {
        let found = of_number(snapshot, other.tenant, number.strip_prefix(&*other.access_code)?);
        found.filter(|watched| matches!(watched, Watched::User(_)))
    })
}

/// A trunk that the company owns, not one that it only may use: whose calls those are is nobody else's business. SIP-28
fn of_trunk(snapshot: &Snapshot, tenant: TenantId, number: &str) -> Option<Watched> {
    let id = TrunkId(number.strip_prefix(TRUNK)?.parse().ok()?);
    let trunk = snapshot.trunk(tenant, id).filter(|trunk| trunk.tenant == tenant)?;
    Some(Watched::Trunk(tenant, trunk.id))
}

/// A feature code stands for what it switches: of the phone's own user, or of whose extension follows. SIP-28
fn of_code(snapshot: &Snapshot, tenant: TenantId, device: &Device, number: &str) -> Option<Watched> {
    let codes = snapshot.feature_codes(tenant).iter().filter(|code| code.enabled);
    codes.into_iter().find_map(|code| {
        let behind = number.strip_prefix(code.code.as_str())?;
        let user = || match behind {
            "" => device.user,
            extension => match of_number(snapshot, tenant, extension)? {
                Watched::User(user) => Some(user),
                _ => None,
            },
        };
        match code.function {
            Function::DndOn => user().map(Watched::Dnd),
            Function::ForwardAlways => user().map(Watched::Forward),
            Function::Night if behind.is_empty() => Some(Watched::Night(tenant)),
            _ => None,
        }
    })
}

/// Before the number of a trunk.
const TRUNK: &str = "**";

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn a_slot_is_a_short_number() {
        for number in ["7", "701", "0701", "12345678"] {
            assert_eq!(Digits::of(number).unwrap().as_str(), number);
        }
        assert_eq!((Digits::of("123456789"), Digits::of("*78")), (None, None));
    }
}
