//! `*27`: the company's night begins or ends by hand. FC-13, RNG-16.

use config::edits::Edit;

use super::confirm;
use crate::call::{Call, Next};

/// Switches to night by day, and to day by night, until somebody switches again.
pub(super) async fn switch(call: &Call) -> Next {
    let facts = call.facts();
    let is_night = facts.snapshot.is_night(facts.tenant.id, call.utc());
    let mode = if is_night { "day" } else { "night" };
    let fields = [("night_enabled", "1"), ("night_mode", mode), ("night_until", "")];
    let edit = Edit {
        tenant: facts.tenant.id,
        by: facts.caller.user,
        table: "settings",
        id: 0,
        fields: fields.map(|(field, value)| (field, value.to_owned())).to_vec(),
        reason: format!("{mode} mode, by code"),
        proof: None,
    };
    confirm::edit(call, edit).await
}
