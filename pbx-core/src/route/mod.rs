//! Where a dialled number leads: pure, so that the portal can ask the same question. EXT-04.
//!
//! Each kind of number has its room, asked in this order: `emergency`, `codes`, `internal`, `parking`, `group`,
//! `outside`. A room says `None` where the number is not of its kind; what it decided, and what it passed over, goes into the trace.

pub mod codes;
pub(crate) mod emergency;
#[cfg(test)]
pub(crate) mod fixture;
mod group;
mod home;
pub mod inbound;
mod internal;
pub mod outside;
pub(crate) mod parking;

use chrono::{DateTime, Utc};
use config::{
    DeviceId, ParkLotId, Snapshot, TenantId, TrunkId, UserId,
    access::Permission,
    codes::Function,
    snapshot::{Destination, Target},
};

pub use codes::Code;

/// The caller as far as routing is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Whose phone it is.
    pub user: Option<UserId>,
    /// The phone; `None` for calls from the portal or from outside.
    pub device: Option<DeviceId>,
    /// The number shown to the callee.
    pub number: String,
    /// The trunk by which a call from outside comes. Such a caller reaches what is internal only: what goes out again
    /// does so for who forwards it.
    pub trunk: Option<TrunkId>,
    /// Of a forward: the number of who called, which outside callees see where the way out allows it; `None` shows
    /// `number`. RNG-18.
    pub shows: Option<String>,
}

/// What is asked: who dials what, when, under which configuration.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The configuration that decides.
    pub snapshot: &'a Snapshot,
    /// Whose numbers are dialled.
    pub tenant: TenantId,
    /// Who dials; for a forward, who forwards.
    pub caller: &'a Caller,
    /// As it was dialled.
    pub dialled: &'a str,
    /// Decides time rules.
    pub utc: DateTime<Utc>,
}

impl Question<'_> {
    /// Whether a user or a phone of another company dials, such as one who transfers a caller of this one. MT-13.
    fn is_of_others(&self) -> bool {
        let Self { snapshot, tenant, caller, .. } = *self;
        let user = caller.user.is_some_and(|id| snapshot.user(tenant, id).is_none());
        user || caller.device.is_some_and(|id| snapshot.device(tenant, id).is_none())
    }
}

/// Where a call goes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// What configuration can name.
    To(Destination),
    /// Into the first free slot of a park lot.
    Park(ParkLotId),
    /// A slot's number: into it who is sent there, out of it for who dials it.
    Slot(String),
    /// Out by a trunk. SIP-40
    Outside(Box<outside::Plan>),
    /// An extension of another company of the group. MT-11
    #[allow(missing_docs)]
    Elsewhere { tenant: TenantId, number: String },
    /// A number of the public network that is one of this system: no trunk is needed. SIP-40
    Inside(Box<outside::Inside>),
    /// A user or a group, whatever its number. NUM-02, 03
    Direct(Target),
    /// A feature code.
    Code(Code),
}

/// What was decided and by which rule: `(what, detail, rule)`.
pub type Line = (&'static str, String, &'static str);
/// Decisions in order.
pub type Lines = Vec<Line>;

/// The result, with the reasons for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where the call goes first.
    pub to: Result<Way, Refused>,
    /// Why.
    pub trace: Lines,
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
    /// Calls of that kind are not theirs to make. ROL-10.
    ClassNotAllowed,
    /// The company calls no such country. SIP-44.
    CountryNotAllowed,
    /// It would leave by another company's trunk. MT-13.
    OthersTrunk,
    /// The caller's role does not let them dial that feature code. ROL-16.
    CodeNotAllowed,
    /// A number has to follow the feature code.
    Incomplete,
    /// Nobody has logged in to the phone. HD-06.
    NotLoggedIn,
    /// The caller's whole company is suspended. R-01
    Suspended,
    /// Speech must be encrypted, and the caller offers it in clear. MED-03.
    NotEncrypted,
    /// Who signed for the caller is not proven. SIP-41.
    BadSignature,
    /// Nobody signed for the caller, and calls by that trunk must be signed. SIP-41.
    Unsigned,
}

/// Finds where a dialled number leads.
pub fn route(question: &Question<'_>) -> Route {
    let mut trace = Lines::new();
    let to = find(question, &mut trace).unwrap_or(Err(Refused::UnknownExtension));
    Route { to, trace }
}

/// Of a call that needs no number, because it takes the place of another one's party.
pub(crate) fn anywhere() -> Route {
    Route { to: Ok(Way::To(Destination::Hangup(config::snapshot::Cause::NotFound))), trace: Lines::new() }
}

/// Finds where a number leads to which the question's caller forwards a call. Who forwards to an extension places no call:
/// that needs no permission; everything else is as if they dialled it. RNG-18.
pub fn forward(question: &Question<'_>) -> Route {
    let mut trace = Lines::new();
    if question.snapshot.extension(question.tenant, question.dialled).is_some()
        && let Some(to) = internal::find(question, &mut trace)
    {
        return Route { to, trace };
    }
    route(question)
}

/// The first room that knows the number.
fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    // Help is refused to nobody.
    if let Some(found) = emergency::find(question, trace) {
        return Some(found);
    }
    if suspended(question.snapshot, question.tenant) {
        trace.push(("Refused", "the company is suspended: it calls for help alone".into(), "suspension"));
        return Some(Err(Refused::Suspended));
    }
    if let Some(line) = not_allowed(question) {
        trace.push(line);
        return Some(Err(Refused::NotAllowed));
    }
    if let Some(line) = not_logged_in(question) {
        trace.push(line);
        return Some(Err(Refused::NotLoggedIn));
    }
    if question.caller.trunk.is_some() {
        return internal::find(question, trace).or_else(|| {
            trace.push(("Refused", "who calls from outside is not let out again".into(), "trunk"));
            Some(Err(Refused::NotAllowed))
        });
    }
    codes::find(question, trace)
        .or_else(|| internal::find(question, trace))
        .or_else(|| parking::find(question, trace))
        .or_else(|| group::find(question, trace))
        .or_else(|| outside::find(question, trace))
}

/// Whether a whole company is suspended, so that nobody there calls or is called. R-01
pub(crate) fn suspended(snapshot: &Snapshot, tenant: TenantId) -> bool {
    snapshot.tenant(tenant).is_some_and(|tenant| tenant.suspended)
}

/// Where a call goes that somebody elsewhere makes to a suspended company: nowhere, and they do not learn why. R-01
fn unreachable(trace: &mut Lines) -> Result<Way, Refused> {
    trace.push(("Not reached", "the company that is called is suspended".into(), "suspension"));
    Ok(Way::To(Destination::Hangup(config::snapshot::Cause::Unavailable)))
}

/// Why the caller may call nobody, if so. Without a user – a phone in the lobby – no role forbids it.
fn not_allowed(question: &Question<'_>) -> Option<Line> {
    let Question { snapshot, tenant, caller, .. } = *question;
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

/// Why a phone may not call yet, if so: nobody has logged in to it. It calls for help, and takes a login. HD-06.
fn not_logged_in(question: &Question<'_>) -> Option<Line> {
    let Question { snapshot, tenant, caller, dialled, .. } = *question;
    let phone = snapshot.device(tenant, caller.device?)?;
    let code = snapshot.feature_code(tenant, dialled).map(|(code, _)| code.function);
    if !phone.hotdesk || caller.user.is_some() || code == Some(Function::HotdeskIn) {
        return None;
    }
    let detail = format!("nobody has logged in to {}: it calls emergency numbers and logs in", phone.name);
    Some(("Refused", detail, "hotdesk"))
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
