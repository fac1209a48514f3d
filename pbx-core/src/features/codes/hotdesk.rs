//! `*40`: logs in to a phone of a site. The caller hears a dial tone, dials their extension and #, hears another, dials their PIN
//! and #; three short tones, and the phone is theirs. `*41` logs out. HD-01, HD-05, SIP-34.
//!
//! The phone stays registered as it is: who it belongs to is a matter of configuration, which follows from the edit.

use std::{sync::Arc, time::Duration};

use config::{
    UserId,
    edits::Edit,
    pins::Proof,
    snapshot::{Device, Target},
};

use super::confirm;
use crate::call::{Call, Cause, Next, keys::Keys};

/// Asks who it is, at most three times, and makes the phone theirs.
pub(super) async fn log_in(call: &Call) -> Next {
    let Some(phone) = hotdesk(call) else { return no_hotdesk(call) };
    call.answer();
    call.listen();
    for _ in 0..TRIES {
        let Some(extension) = call.keys(EXTENSION).await else { break };
        let Some(pin) = call.keys(PIN).await else { break };
        if let Some(user) = who(call, &extension)
            && move_here(call, &phone, Proof { user, pin }).await
        {
            return confirm::done(call).await;
        }
        call.tone(media::Tone::Information, call.after(Duration::from_secs(2))).await;
    }
    confirm::refused(call).await
}

/// Makes the phone nobody's.
pub(super) async fn log_out(call: &Call) -> Next {
    let Some(phone) = hotdesk(call) else { return no_hotdesk(call) };
    confirm::edit(call, edit(call, &phone, None)).await
}

/// The phone that calls, if users log in to it.
fn hotdesk(call: &Call) -> Option<Arc<Device>> {
    let facts = call.facts();
    facts.snapshot.device(facts.tenant.id, call.caller_device()?).filter(|phone| phone.hotdesk).cloned()
}

fn no_hotdesk(call: &Call) -> Next {
    call.note("Refused", "users log in to phones of a site only", "hotdesk");
    Next::Hangup(Cause::CodeNotAllowed)
}

/// Whose extension it is. Whether there is such a user, the caller does not hear before they dialled a PIN.
fn who(call: &Call, extension: &str) -> Option<UserId> {
    let facts = call.facts();
    let target = facts.snapshot.extension(facts.tenant.id, extension).map(|extension| extension.target);
    let user = match target {
        Some(Target::User(id)) => facts.snapshot.user(facts.tenant.id, id).filter(|user| !user.suspended),
        _ => None,
    };
    if user.is_none() {
        call.note("Not logged in", format_args!("{extension} is no user's extension"), "hotdesk");
    }
    user.map(|user| user.id)
}

/// Logs the user out where they are, then in here. Their PIN is proved with the first of the two.
async fn move_here(call: &Call, phone: &Device, proof: Proof) -> bool {
    let facts = call.facts();
    let (user, mut proof) = (proof.user, Some(proof));
    let elsewhere = facts.snapshot.devices_of(facts.tenant.id, user).iter();
    for other in elsewhere.filter(|other| other.hotdesk && other.id != phone.id) {
        let out = Edit { by: Some(user), proof: proof.take(), ..edit(call, other, None) };
        if !call.edit(out).await {
            return false;
        }
        call.note("Logged out", &other.name, "logged in elsewhere");
    }
    call.edit(Edit { by: Some(user), proof, ..edit(call, phone, Some(user)) }).await
}

fn edit(call: &Call, phone: &Device, user: Option<UserId>) -> Edit {
    let since = user.map(|_| call.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let user_id = user.map(|user| user.0.to_string());
    Edit {
        tenant: call.facts().tenant.id,
        by: user.or(phone.user),
        table: "devices",
        id: phone.id.0,
        fields: vec![
            ("hotdesk_user", user_id.unwrap_or_default()),
            ("hotdesk_since", since.unwrap_or_default()),
        ],
        reason: if user.is_some() { "hotdesk login" } else { "hotdesk logout" }.to_owned(),
        proof: None,
    }
}

const TRIES: usize = 3;
const EXTENSION: Keys = Keys { most: 6, first: FIRST, next: NEXT };
const PIN: Keys = Keys { most: 8, first: FIRST, next: NEXT };
const FIRST: Duration = Duration::from_secs(10);
const NEXT: Duration = Duration::from_secs(4);
