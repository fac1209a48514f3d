//! `*72n`, `*90n`, `*92n`: calls are forwarded to n – always, when busy, when not answered. `*73`, `*91`, `*93`: they are not.
//! The caller hears three short tones; the portal shows it at once. FC-11.

use config::edits::Edit;

use super::confirm;
use crate::call::{Call, Cause, Next};

/// Sets one of the caller's forwards; blank takes it away.
pub(super) async fn set(call: &Call, field: &'static str, to: &str) -> Next {
    let facts = call.facts();
    let Some(user) = facts.caller.user else {
        call.note("Refused", "this phone is nobody's", "feature codes");
        return Next::Hangup(Cause::NotAllowed);
    };
    // Who sets one by code sets it for good, whatever end the one before had. RNG-19.
    let until = match field {
        "forward_always" => "forward_always_until",
        "forward_busy" => "forward_busy_until",
        _ => "forward_no_answer_until",
    };
    let edit = Edit {
        tenant: facts.tenant.id,
        by: Some(user),
        table: "users",
        id: user.0,
        fields: vec![(field, to.to_owned()), (until, String::new())],
        reason: if to.is_empty() { format!("{field} off, by code") } else { format!("{field} on, by code") },
        proof: None,
    };
    confirm::edit(call, edit).await
}
