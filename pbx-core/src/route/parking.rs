//! Park slots, and the park codes of departments. SIP-33, ORG-10.

use config::{DepartmentId, ParkLotId, Snapshot, TenantId};

use super::{Line, Lines, Question, Refused, Way};

/// The slot or the department that was dialled, if it is one.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, dialled, .. } = *question;
    if let Some(lot) = snapshot.park_lot_of_slot(tenant, dialled) {
        trace.push(("Routed", format!("{dialled} is a slot of park lot {}", lot.name), "park lot"));
        return Some(Ok(Way::Slot(dialled.to_owned())));
    }
    snapshot.department_by_park_code(tenant, dialled)?;
    let (lot, line) = lot(snapshot, tenant, (None, dialled));
    trace.push(line);
    Some(lot.map(Way::Park).ok_or(Refused::UnknownExtension))
}

/// Where somebody of that department parks who dials that park code behind the code for parking; blank for one's own.
pub(crate) fn lot(
    snapshot: &Snapshot,
    tenant: TenantId,
    (department, code): (Option<DepartmentId>, &str),
) -> (Option<ParkLotId>, Line) {
    let department = match snapshot.department_by_park_code(tenant, code) {
        Some(department) => Some(department.id),
        None if code.is_empty() => department,
        None => return (None, ("Refused", format!("no department has the park code {code}"), "departments")),
    };
    match snapshot.park_lot_for(tenant, department) {
        Some(lot) => (Some(lot.id), ("Routed", format!("parks in {}", lot.name), "park lot")),
        None => (None, ("Refused", "there is no park lot for them".into(), "park lots")),
    }
}
