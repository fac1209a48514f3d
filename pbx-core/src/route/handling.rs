//! Numbers for what goes on in other calls: park slots, and the codes that park, retrieve and pick up. SIP-33, FC-08, FC-14.

use super::{Lines, Question, Refused, Way};

/// What was dialled, if it is one of these.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    slot(question, trace).or_else(|| code(question, trace))
}

fn slot(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, dialled, .. } = *question;
    let lot = snapshot.park_lot_of_slot(tenant, dialled)?;
    trace.push(("Routed", format!("{dialled} is a slot of park lot {}", lot.name), "park lot"));
    Some(Ok(Way::Slot(dialled.to_owned())))
}

fn code(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, dialled, .. } = *question;
    if let Some(argument) = dialled.strip_prefix(PARK) {
        return Some(park(question, argument, trace));
    }
    if let Some(slot) = dialled.strip_prefix(RETRIEVE).filter(|slot| !slot.is_empty()) {
        trace.push(("Routed", format!("{dialled} takes who is parked in {slot}"), "feature code"));
        return Some(Ok(Way::Retrieve(slot.to_owned())));
    }
    if dialled == GROUP_PICKUP {
        trace.push(("Routed", format!("{dialled} picks up a colleague's call"), "feature code"));
        return Some(Ok(Way::Pickup(None)));
    }
    if let Some(number) = dialled.strip_prefix(PICKUP).filter(|number| !number.is_empty()) {
        trace.push(("Routed", format!("{dialled} picks up the call of {number}"), "feature code"));
        return Some(Ok(Way::Pickup(Some(number.to_owned()))));
    }
    // A department's own code, without the one for all.
    snapshot.department_by_park_code(tenant, dialled).map(|_| park(question, dialled, trace))
}

/// The lot of the caller's department, or of the department with that code. ORG-10
pub(crate) fn park(question: &Question<'_>, code: &str, trace: &mut Lines) -> Result<Way, Refused> {
    let Question { snapshot, tenant, caller, dialled, .. } = *question;
    let department = if code.is_empty() {
        caller.user.and_then(|id| snapshot.user(tenant, id)).and_then(|user| user.department)
    } else if let Some(department) = snapshot.department_by_park_code(tenant, code) {
        Some(department.id)
    } else {
        trace.push(("Refused", format!("no department has the park code {code}"), "departments"));
        return Err(Refused::UnknownExtension);
    };
    let Some(lot) = snapshot.park_lot_for(tenant, department) else {
        trace.push(("Refused", "there is no park lot for them".into(), "park lots"));
        return Err(Refused::UnknownExtension);
    };
    trace.push(("Routed", format!("{dialled} parks in {}", lot.name), "park lot"));
    Ok(Way::Park(lot.id))
}

const PARK: &str = "*70";
const RETRIEVE: &str = "*71";
const PICKUP: &str = "*97";
const GROUP_PICKUP: &str = "*98";
