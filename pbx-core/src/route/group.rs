//! Numbers of other companies of one's group: their access code, then an extension of theirs. MT-11, MT-13, SIP-43.
//!
//! Such a call leads to that extension and nowhere else: never to a trunk, whichever way it is sent on.

use super::{Lines, Question, Refused, Way, outside, suspended, unreachable};

/// The other company's extension, if that is what was dialled.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let Question { snapshot, tenant, dialled, .. } = *question;
    let own = snapshot.tenant(tenant)?;
    let members = snapshot.group_of(own);
    let others = members.iter().filter(|member| member.tenant != tenant);
    let (member, rest) =
        others.filter_map(|member| Some((member, dialled.strip_prefix(&*member.access_code)?))).next()?;
    if suspended(snapshot, member.tenant) {
        return Some(unreachable(trace));
    }
    let name = snapshot.tenant(member.tenant).map_or("", |tenant| &tenant.name);
    if snapshot.extension(member.tenant, rest).is_some() {
        trace.push((
            "Routed",
            format!("{rest} of {name}, whose access code is {}", member.access_code),
            "company group",
        ));
        return Some(Ok(Way::Elsewhere { tenant: member.tenant, number: rest.to_owned() }));
    }
    if outside::is_outside(rest) {
        let why = format!("{} calls extensions of {name}, and never by its trunks", member.access_code);
        trace.push(("Refused", why, "company group"));
        return Some(Err(Refused::OthersTrunk));
    }
    None
}

#[cfg(test)]
mod tests {
    use config::{TenantId, snapshot::Rows};

    use super::*;
    use crate::route::{
        Route,
        fixture::{Berlin, extension, tenant, user},
    };

    /// Company 1 with the code 71, company 2 with 72 and the extensions 101 and 201, in one group; 3 with 73 in none.
    fn group() -> Berlin {
        let mut berlin = Berlin::new();
        let tenants = [tenant(1, "Twins", "71"), tenant(2, "twins", "72"), tenant(3, "", "73")];
        Rows::put(&mut berlin.rows.tenants, tenants);
        Rows::put(&mut berlin.rows.users, [user(2, 2, "101"), user(3, 2, "201"), user(4, 3, "101")]);
        let extensions = [extension(2, 2, "101"), extension(3, 2, "201"), extension(4, 3, "101")];
        Rows::put(&mut berlin.rows.extensions, extensions);
        berlin
    }

    fn way(route: Route) -> Result<Way, Refused> {
        route.to
    }

    /// MT-11, MT-12, MT-15
    #[test]
    fn access_code_and_extension_call_the_other_company() {
        let group = group();
        let there = Way::Elsewhere { tenant: TenantId(2), number: "201".into() };
        assert_eq!(way(group.dials("72201")), Ok(there));
        assert!(matches!(way(group.dials("101")), Ok(Way::To(_))), "one's own needs no code");
        assert_eq!(way(group.dials("201")), Err(Refused::UnknownExtension));
        assert_eq!(way(group.dials("73101")), Err(Refused::UnknownExtension), "another group");
        assert_eq!(way(group.dials("72999")), Err(Refused::UnknownExtension));
        assert_eq!(way(group.dials("72")), Err(Refused::UnknownExtension));
        assert_eq!(
            way(group.dials("71101")),
            Err(Refused::UnknownExtension),
            "one's own code is the others'"
        );
    }

    /// MT-13
    #[test]
    fn access_code_and_outside_number_are_refused() {
        let group = group();
        for dialled in ["720301234567", "72+49301234567", "72004912345", "7211270301234567"] {
            let route = group.dials(dialled);
            if dialled.contains('+') {
                assert!(route.to.is_err(), "{dialled}");
            } else {
                assert_eq!(way(route), Err(Refused::OthersTrunk), "{dialled}");
            }
        }
    }
}
