//! Where a dialled number leads: pure, so that the portal can ask the same question. EXT-04.

use chrono::{DateTime, Utc};
use config::{
    Snapshot, TenantId, UserId,
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
}

/// Finds where `dialled` leads for `caller`. `now` decides time rules.
pub fn route(
    snapshot: &Snapshot,
    tenant: TenantId,
    caller: &Caller,
    dialled: &str,
    _now: DateTime<Utc>,
) -> Route {
    if let Some(extension) = snapshot.extension(tenant, dialled) {
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

/// Longer than any extension can be, or marked as a full number (E.164).
fn is_outside(dialled: &str) -> bool {
    let digits = dialled.strip_prefix('+').unwrap_or(dialled);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number && (dialled.len() > LONGEST_EXTENSION || dialled.starts_with('+'))
}

/// Extensions have 2 to 6 digits.
const LONGEST_EXTENSION: usize = 6;
