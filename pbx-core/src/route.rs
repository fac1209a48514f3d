//! Where a dialled number leads: pure, so that the portal can ask the same question. EXT-04.

use chrono::{DateTime, Utc};
use config::{
    Snapshot, TenantId, UserId,
    access::Permission,
    snapshot::{Destination, Target},
};

/// The caller as far as routing is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Whose phone it is.
    pub user: Option<UserId>,
    /// The number shown to the callee.
    pub number: String,
}

/// The result, with the reasons for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where the call goes first.
    pub to: Result<Destination, Refused>,
    /// What was decided and by which rule: `(what, detail, rule)`.
    pub trace: Vec<(&'static str, String, &'static str)>,
}

/// Why a dialled number leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Looks internal, but nobody has that extension.
    UnknownExtension,
    /// Looks like an outside number, and there is no way outside.
    NoWayOutside,
    /// The caller's role does not let them place calls. ROL-10.
    NotAllowed,
    /// The company takes no calls from the caller. CH-17.
    Blocked,
}

/// Finds where `dialled` leads for `caller`. `now` decides time rules.
pub fn route(
    snapshot: &Snapshot,
    tenant: TenantId,
    caller: &Caller,
    dialled: &str,
    _now: DateTime<Utc>,
) -> Route {
    if let Some(line) = not_allowed(snapshot, tenant, caller) {
        return Route { to: Err(Refused::NotAllowed), trace: vec![line] };
    }
    if let Some(extension) = snapshot.extension(tenant, dialled) {
        if let Some(blocked) = snapshot.blocks(tenant, None, &caller.number) {
            let detail = format!("{} is blocked for the whole company by {}", caller.number, blocked.number);
            return Route { to: Err(Refused::Blocked), trace: vec![("Blocked", detail, "blocked callers")] };
        }
        let whose = match extension.target {
            Target::User(id) if caller.user == Some(id) => format!("{dialled} is the caller's own extension"),
            Target::User(id) => {
                let user = snapshot.user(tenant, id);
                let (first, last) = user.map_or(("", ""), |u| (&u.first_name, &u.last_name));
                [dialled, " is extension of ", first, " ", last].concat().trim_end().to_owned()
            }
            Target::RingGroup(id) => {
                let name = snapshot.ring_group(tenant, id).map_or("", |group| &group.name);
                [dialled, " is ring group ", name].concat()
            }
        };
        let line = ("Routed", whose, "extension");
        return Route { to: Ok(Destination::Extension(dialled.into())), trace: vec![line] };
    }
    let internal = ("Not internal", format!("nobody has extension {dialled}"), "extension");
    if is_outside(dialled) {
        let outside = ("Refused", "no way outside configured".into(), "outbound routes");
        return Route { to: Err(Refused::NoWayOutside), trace: vec![internal, outside] };
    }
    Route { to: Err(Refused::UnknownExtension), trace: vec![internal] }
}

/// Why the caller may call nobody, if so. Without a user – a phone in the lobby – no role forbids it.
fn not_allowed(
    snapshot: &Snapshot,
    tenant: TenantId,
    caller: &Caller,
) -> Option<(&'static str, String, &'static str)> {
    let user = snapshot.user(tenant, caller.user?)?;
    if snapshot.allows(user, Permission::PlaceCalls) {
        return None;
    }
    let role = snapshot.role_of(user).map_or("", |role| &role.name);
    Some((
        "Refused",
        format!("the role {role} does not let {} place calls", caller.number),
        "role permissions",
    ))
}

/// The name behind an extension; blank if nobody has it.
pub(crate) fn name_of(snapshot: &Snapshot, tenant: TenantId, number: &str) -> String {
    match snapshot.extension(tenant, number).map(|extension| extension.target) {
        Some(Target::User(id)) => snapshot.user(tenant, id).map(|user| user.full_name()).unwrap_or_default(),
        Some(Target::RingGroup(id)) => {
            snapshot.ring_group(tenant, id).map(|group| group.name.clone()).unwrap_or_default()
        }
        None => String::new(),
    }
}

/// Longer than any extension can be, or marked as a full number (E.164).
fn is_outside(dialled: &str) -> bool {
    let digits = dialled.strip_prefix('+').unwrap_or(dialled);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number && (dialled.len() > LONGEST_EXTENSION || dialled.starts_with('+'))
}

/// Extensions have 2 to 6 digits.
const LONGEST_EXTENSION: usize = 6;
