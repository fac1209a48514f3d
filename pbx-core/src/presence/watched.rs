//! What an address stands for to who watches it. SIP-27, SIP-28.
//!
//! | address | what its lamp shows |
//! |---|---|
//! | an extension of a user | their calls |
//! | an extension of a ring group | calls to the group |
//! | the user name of the phone itself | its own user |

use config::{
    RingGroupId, Snapshot, TenantId, UserId,
    snapshot::{Device, Target},
};

use super::package::Package;

/// Something that can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Watched {
    User(UserId),
    Group(RingGroupId),
    /// What is gone since the last run: its watchers are told so.
    Nothing,
}

impl Watched {
    /// A word by which the portal joins watchers with states.
    pub(crate) fn key(self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Group(id) => format!("group:{id}"),
            Self::Nothing => String::new(),
        }
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
    let found = of_number(snapshot, tenant, number).or(own).ok_or(Unwatchable::Unknown)?;
    match (package, found) {
        (Package::Dialog, _) | (Package::Presence, Watched::User(_)) => Ok(found),
        (Package::Summary | Package::FeatureEvent, Watched::User(user)) if device.user == Some(user) => {
            Ok(found)
        }
        (Package::Summary | Package::FeatureEvent, Watched::User(_)) => Err(Unwatchable::NotTheirs),
        (
            Package::Presence | Package::Summary | Package::FeatureEvent,
            Watched::Group(_) | Watched::Nothing,
        ) => Err(Unwatchable::Unknown),
    }
}

fn of_number(snapshot: &Snapshot, tenant: TenantId, number: &str) -> Option<Watched> {
    match snapshot.extension(tenant, number)?.target {
        Target::User(user) => Some(Watched::User(user)),
        Target::RingGroup(group) => Some(Watched::Group(group)),
    }
}
