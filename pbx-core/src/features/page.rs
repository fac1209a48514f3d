//! Page and intercom: phones answer by themselves. A page goes one way, to a group or one user; the intercom opens the
//! microphones, too: of one user as a call like any other, of a group as a mix of all. GRP-03, GRP-04, GRP-11, SIP-32.
//!
//! Who is on a call, does not want to be disturbed or blocks the caller is left out. It ends with whoever began it, or when
//! nobody is left. Nobody has missed anything: it is in no history but the caller's.

use std::{sync::Arc, time::Duration};

use config::snapshot::{Paged, Target, User};

use crate::{
    call::{
        Call, Cause, Next,
        script::{Action, Event, Hush, Manner},
        verbs::name,
    },
    ids::LegId,
};

/// Says something to whoever has that extension.
pub(crate) async fn page(call: &Call, extension: &str) -> Next {
    match audience(call, extension, Paged::Page) {
        Ok(audience) => gather(call, &audience, Manner::Paged).await,
        Err(cause) => Next::Hangup(cause),
    }
}

/// Talks with whoever has that extension, without their doing anything for it.
pub(crate) async fn intercom(call: &Call, extension: &str) -> Next {
    match audience(call, extension, Paged::Intercom) {
        Ok(audience) => match (audience.as_slice(), target(call, extension)) {
            ([user], Some(Target::User(_))) => speak_with(call, user).await,
            _ => gather(call, &audience, Manner::Gathered).await,
        },
        Err(cause) => Next::Hangup(cause),
    }
}

fn target(call: &Call, extension: &str) -> Option<Target> {
    let facts = call.facts();
    facts.snapshot.extension(facts.tenant.id, extension).map(|extension| extension.target)
}

/// Whom it reaches: a user, or those of a group's members who can be disturbed.
fn audience(call: &Call, extension: &str, wanted: Paged) -> Result<Vec<Arc<User>>, Cause> {
    let facts = call.facts();
    let (snapshot, tenant) = (&facts.snapshot, facts.tenant.id);
    let members = match target(call, extension) {
        Some(Target::User(id)) => vec![id],
        Some(Target::RingGroup(id)) => {
            let group = snapshot.ring_group(tenant, id).ok_or(Cause::NotFound)?;
            if group.paged < wanted {
                call.note("Refused", format_args!("{} is not set up for it", group.name), "ring group page");
                return Err(Cause::CodeNotAllowed);
            }
            group.members.clone()
        }
        None => {
            call.note("Not internal", format_args!("nobody has extension {extension}"), "extension");
            return Err(Cause::NotFound);
        }
    };
    let is_one = members.len() == 1;
    let users = members.into_iter().filter_map(|id| snapshot.user(tenant, id));
    let free: Vec<Arc<User>> = users.filter(|user| can_be_disturbed(call, user)).cloned().collect();
    match free.is_empty() {
        true if is_one => Err(Cause::Busy),
        true => Err(Cause::Unavailable),
        false => Ok(free),
    }
}

fn can_be_disturbed(call: &Call, user: &User) -> bool {
    let facts = call.facts();
    let why = match () {
        () if facts.caller.user == Some(user.id) => "calling",
        () if user.suspended => "suspended",
        () if facts.snapshot.blocks(facts.tenant.id, Some(user.id), &facts.caller.number).is_some() => {
            "blocks the caller"
        }
        () if facts.office.lines.borrow().of(user.id) > 0 => "on a call",
        () if facts.snapshot.is_dnd(user, call.utc()) => "does not want to be disturbed",
        () => return true,
    };
    call.note("Left out", format_args!("{}: {why}", name(user)), "page");
    false
}

/// A call with one user, whose phone answers.
async fn speak_with(call: &Call, user: &Arc<User>) -> Next {
    let phones = call.dial_phones(user, Manner::Intercom);
    match call.first_answer(phones, call.after(ANSWERED_WITHIN)).await {
        Ok(leg) => call.talk(leg).await,
        Err(why) => Next::Hangup(why.cause()),
    }
}

/// All phones that answer hear the caller; they are heard if the manner has it so.
async fn gather(call: &Call, users: &[Arc<User>], manner: Manner) -> Next {
    let phones = users.iter().flat_map(|user| call.dial_phones(user, manner));
    let mut asked: Vec<LegId> = phones.map(|(leg, _)| leg).collect();
    if asked.is_empty() {
        return Next::Hangup(Cause::Unavailable);
    }
    call.answer();
    let (until, mut there) = (call.after(ANSWERED_WITHIN), Vec::new());
    while !(asked.is_empty() && there.is_empty()) {
        let event = call.leg_event((!asked.is_empty()).then_some(until)).await;
        match event {
            Some(Event::Answered(leg)) => {
                asked.retain(|other| *other != leg);
                there.push(leg);
                call.act(Action::Mix(leg));
            }
            Some(Event::Failed(leg, _) | Event::Moved(leg) | Event::Ended(leg)) => {
                asked.retain(|other| *other != leg);
                there.retain(|other| *other != leg);
            }
            // A page is nobody's to pick up.
            Some(Event::Joined { leg, .. }) => call.act(Action::Cancel(leg, Hush::GivenUp)),
            Some(Event::Edited(..) | Event::Digit(..) | Event::NobodyThere | Event::Parked(_)) => {}
            None => {
                call.note(
                    "Not answered",
                    format_args!("{} phones do not answer by themselves", asked.len()),
                    "page",
                );
                asked.drain(..).for_each(|leg| call.act(Action::Cancel(leg, Hush::GivenUp)));
            }
        }
    }
    Next::Hangup(Cause::Unavailable)
}

/// A phone that answers by itself does so at once; networks are slow.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);
