//! Whether somebody may make a call of that kind, to that country: by their own setting, else by their role; by the
//! countries of the company. ROL-10, SIP-44.

use config::{
    access::Permission,
    numbering::{Called, Class},
};

use crate::route::{Lines, Question, Refused, home::At};

/// Refuses a call that is not theirs to make.
pub(super) fn check(
    question: &Question<'_>,
    at: &At<'_>,
    called: &Called,
    trace: &mut Lines,
) -> Result<(), Refused> {
    if let Some((why, rule)) = forbids(question, at, called.class) {
        trace.push(("Refused", why, rule));
        return Err(Refused::ClassNotAllowed);
    }
    let limits = question.snapshot.call_limits(question.tenant);
    let lets = limits.is_none_or(|limits| {
        called.class != Class::International && called.class != Class::Premium
            || limits.lets_call(called.country, at.dials().country)
    });
    if lets {
        return Ok(());
    }
    let whose = called.country.map_or_else(|| "no country".to_owned(), str::to_uppercase);
    trace.push(("Refused", format!("{whose} is none of the countries that are called"), "call limits"));
    Err(Refused::CountryNotAllowed)
}

/// Why, and which rule says so.
fn forbids(question: &Question<'_>, at: &At<'_>, class: Class) -> Option<(String, &'static str)> {
    let Some(user) = at.user else {
        // A phone in the lobby, a group that overflows: nobody answers for dear calls.
        let dear = class > Class::National;
        return dear.then(|| (format!("nobody answers for {} calls from here", class.key()), "no user"));
    };
    if let Some(most) = user.calling.most {
        let why = || format!("{} may call {} numbers at most", question.caller.number, most.key());
        return (class > most).then(|| (why(), "calls of the user"));
    }
    let permission = match class {
        Class::Local => Permission::CallLocal,
        Class::National => Permission::CallNational,
        Class::International => Permission::CallInternational,
        Class::Premium => Permission::CallPremium,
        Class::Internal | Class::Emergency => return None,
    };
    if question.snapshot.allows(user, permission) {
        return None;
    }
    let role = question.snapshot.role_of(user).map_or("of ordinary users", |role| &role.name);
    Some((
        format!("the role {role} does not let {} make {} calls", question.caller.number, class.key()),
        "role permissions",
    ))
}
