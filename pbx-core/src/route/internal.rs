//! Numbers of the company itself: extensions of users and groups. EXT-04, CH-17.

use config::snapshot::{Destination, Target};

use super::{Lines, Question, Refused, Way};

/// The extension that was dialled, if there is one.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, caller, dialled, .. } = *question;
    let Some(extension) = snapshot.extension(tenant, dialled) else {
        trace.push(("Not internal", format!("nobody has extension {dialled}"), "extension"));
        return None;
    };
    if let Some(blocked) = snapshot.blocks(tenant, None, &caller.number) {
        let detail = format!("{} is blocked for the whole company by {}", caller.number, blocked.number);
        trace.push(("Blocked", detail, "blocked callers"));
        return Some(Err(Refused::Blocked));
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
    trace.push(("Routed", whose, "extension"));
    Some(Ok(Way::To(Destination::Extension(dialled.into()))))
}
