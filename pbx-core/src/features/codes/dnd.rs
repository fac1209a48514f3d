//! `*78`: do not disturb; `*79`: calls come again. FC-12.

use config::edits::Edit;

use super::confirm;
use crate::call::{Call, Cause, Next};

/// Sets the caller's do-not-disturb, until they end it.
pub(super) async fn set(call: &Call, on: bool) -> Next {
    let facts = call.facts();
    let Some(user) = facts.caller.user else {
        call.note("Refused", "this phone is nobody's", "feature codes");
        return Next::Hangup(Cause::NotAllowed);
    };
    let edit = Edit {
        tenant: facts.tenant.id,
        by: Some(user),
        table: "users",
        id: user.0,
        fields: vec![("dnd", if on { "1" } else { "0" }.to_owned()), ("dnd_until", String::new())],
        reason: if on { "do not disturb on, by code" } else { "do not disturb off, by code" }.to_owned(),
        proof: None,
    };
    confirm::edit(call, edit).await
}
