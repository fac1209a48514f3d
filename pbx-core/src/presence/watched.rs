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

use config::{
    RingGroupId, Snapshot, TenantId, UserId,
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
    let by_code = || of_code(snapshot, tenant, device, number);
    let found = of_number(snapshot, tenant, number).or(own).or_else(by_code).ok_or(Unwatchable::Unknown)?;
    match (package, found) {
        (Package::Dialog, _) | (Package::Presence, Watched::User(_)) => Ok(found),
        (Package::Summary | Package::FeatureEvent, Watched::User(user)) if device.user == Some(user) => {
            Ok(found)
        }
        (Package::Summary | Package::FeatureEvent, Watched::User(_)) => Err(Unwatchable::NotTheirs),
        (
            Package::Presence | Package::Summary | Package::FeatureEvent,
            Watched::Group(_) | Watched::Dnd(_) | Watched::Forward(_) | Watched::Night(_) | Watched::Nothing,
        ) => Err(Unwatchable::Unknown),
    }
}

fn of_number(snapshot: &Snapshot, tenant: TenantId, number: &str) -> Option<Watched> {
    match snapshot.extension(tenant, number)?.target {
        Target::User(user) => Some(Watched::User(user)),
        Target::RingGroup(group) => Some(Watched::Group(group)),
    }
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
