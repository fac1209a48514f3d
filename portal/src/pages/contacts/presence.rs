//! What colleagues are doing: from the running calls and registrations, never from the database alone. DIR-22…24.

use std::collections::{HashMap, HashSet};

use config::{TenantId, contacts::Line};

use crate::{error::Fault, state::App};

/// What somebody is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// A call would reach them. DIR-22.
    Available,
    /// On a call. DIR-23.
    Busy,
    /// No device is registered, and their calls go nowhere else. DIR-24.
    Offline,
}

/// What each of some colleagues is doing.
#[derive(Debug, Default)]
pub(crate) struct States(HashMap<i64, Presence>);

impl Presence {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Busy => "Busy",
            Self::Offline => "Offline",
        }
    }
    /// Of the dot.
    pub fn tint(self) -> &'static str {
        match self {
            Self::Available => "ok",
            Self::Busy => "bad",
            Self::Offline => "off",
        }
    }
    /// As it stands in a row.
    pub fn html(self) -> String {
        format!(
            "<span class=\"row\"><i class=\"dot {}\"></i><span>{}</span></span>",
            self.tint(),
            self.label()
        )
    }
}

impl States {
    /// Of the users named, or of all of a company.
    pub async fn read(app: &App, tenant: TenantId, users: Option<Vec<i64>>) -> Result<Self, Fault> {
        if users.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Self::default());
        }
        let lines = app.read(move |db| db.lines(tenant, users.as_deref())).await?;
        let registered: HashSet<i64> =
            app.live.bindings(tenant).into_iter().map(|binding| binding.device.0).collect();
        let legs = app.live.calls(tenant).into_iter().flat_map(|call| call.legs);
        // Whoever is rung is not on a call yet.
        let up = legs.filter(|leg| ["talking", "held", "calling"].contains(&leg.state));
        let busy: HashSet<i64> = up.filter_map(|leg| leg.device).map(|device| device.0).collect();
        Ok(Self(lines.iter().map(|line| (line.user.0, state(line, &registered, &busy))).collect()))
    }

    /// What one of them is doing.
    pub fn of(&self, user: i64) -> Option<Presence> {
        self.0.get(&user).copied()
    }

    /// Those who are doing that.
    pub fn with(&self, wanted: Presence) -> Vec<i64> {
        self.0.iter().filter(|(_, state)| **state == wanted).map(|(user, _)| *user).collect()
    }
}

fn state(line: &Line, registered: &HashSet<i64>, busy: &HashSet<i64>) -> Presence {
    if line.devices.iter().any(|device| busy.contains(device)) {
        return Presence::Busy;
    }
    let has_one = |devices: &[i64]| devices.iter().any(|device| registered.contains(device));
    let is_forwarded = match line.forward_to {
        Some(_) => has_one(&line.forward_devices),
        // An outside number or a group: whether that is reached is not ours to know.
        None => !line.forward.is_empty(),
    };
    if has_one(&line.devices) || is_forwarded { Presence::Available } else { Presence::Offline }
}

#[cfg(test)]
mod tests {
    use config::UserId;

    use super::*;

    fn line(forward: &str, forward_to: Option<i64>) -> Line {
        Line {
            user: UserId(1),
            devices: vec![11, 12],
            forward: forward.into(),
            forward_to: forward_to.map(UserId),
            forward_devices: vec![21],
        }
    }

    fn told(line: &Line, registered: &[i64], busy: &[i64]) -> Presence {
        state(line, &registered.iter().copied().collect(), &busy.iter().copied().collect())
    }

    /// DIR-22, DIR-23, DIR-24
    #[test]
    fn a_call_makes_busy_and_only_who_cannot_be_reached_is_offline() {
        let plain = line("", None);
        assert_eq!(told(&plain, &[11], &[]), Presence::Available);
        assert_eq!(told(&plain, &[11], &[12]), Presence::Busy);
        assert_eq!(told(&plain, &[99], &[]), Presence::Offline);
        assert_eq!(told(&line("+49301", None), &[], &[]), Presence::Available);
        assert_eq!(told(&line("102", Some(2)), &[], &[]), Presence::Offline);
        assert_eq!(told(&line("102", Some(2)), &[21], &[]), Presence::Available);
    }
}
