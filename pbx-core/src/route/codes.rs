//! Feature codes: numbers that do something instead of calling somebody. FC-01…15.

use config::{
    access::Permission,
    codes::{Argument, Function},
};

use super::{Lines, Question, Refused, Way};

/// A code that was dialled, and what was dialled behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it does.
    pub function: Function,
    /// What follows the keys; blank where nothing has to.
    pub argument: String,
}

/// The function of the code that was dialled, if it is one.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, dialled, .. } = *question;
    let Some((code, argument)) = snapshot.feature_code(tenant, dialled) else {
        return incomplete(question, trace);
    };
    let title = code.function.title();
    if let Some(permission) = code.permission.filter(|permission| !holds(question, *permission)) {
        let label =
            Permission::ALL.iter().find(|(other, ..)| *other == permission).map_or("", |(.., label)| label);
        trace.push((
            "Refused",
            format!("{} ({title}) wants the permission {label}", code.code),
            "feature codes",
        ));
        return Some(Err(Refused::CodeNotAllowed));
    }
    trace.push((
        "Routed",
        format!("{} is {title} {argument}", code.code).trim_end().to_owned(),
        "feature codes",
    ));
    Some(Ok(Way::Code(Code { function: code.function, argument: argument.to_owned() })))
}

/// Whether the caller's role has a permission; who has no role has none of them.
fn holds(question: &Question<'_>, permission: Permission) -> bool {
    let user = question.caller.user.and_then(|id| question.snapshot.user(question.tenant, id));
    user.is_some_and(|user| question.snapshot.allows(user, permission))
}

/// A code alone, behind which a number has to follow; or one that is switched off.
fn incomplete(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let codes = question.snapshot.feature_codes(question.tenant);
    let is_meant = |code: &&std::sync::Arc<config::snapshot::FeatureCode>| {
        code.code == question.dialled || code.argument_of(question.dialled).is_some()
    };
    let code = codes.iter().find(is_meant)?;
    let (keys, title) = (&code.code, code.function.title());
    if !code.enabled {
        trace.push(("Passed over", format!("{keys} ({title}) is switched off"), "feature codes"));
        return None;
    }
    let wanted = code.function.argument();
    if wanted == Argument::None {
        return None;
    }
    trace.push(("Refused", format!("{keys} ({title}) wants a {} behind it", wanted.word()), "feature codes"));
    Some(Err(Refused::Incomplete))
}
