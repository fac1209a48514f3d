//! What colleagues are doing: as the core knows it, which tells phones the same. DIR-22…24, RNG-14.

use std::collections::HashMap;

use config::TenantId;

use crate::{error::Fault, state::App};

/// What somebody is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// A call would reach them. DIR-22.
    Available,
    /// On a call, or not to be disturbed. DIR-23, RNG-14.
    Busy,
    /// No device is registered, and their calls go nowhere else. DIR-24.
    Offline,
}

/// What each of some colleagues is doing.
#[derive(Debug, Default)]
pub(crate) struct States(HashMap<i64, Presence>);

impl Presence {
    /// What the core says of them; nobody speaks of who is offline.
    fn of_word(word: Option<&str>) -> Self {
        match word {
            Some("on the phone" | "busy") => Self::Busy,
            Some("available" | "ringing" | "away") => Self::Available,
            _ => Self::Offline,
        }
    }
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
        let users = match users {
            Some(users) => users,
            None => {
                let lines = app.read(move |db| db.lines(tenant, None)).await?;
                lines.iter().map(|line| line.user.0).collect()
            }
        };
        let lamps = app.live.lamps(tenant);
        let state = |user: i64| Presence::of_word(lamps.get(&format!("user:{user}")).copied());
        Ok(Self(users.into_iter().map(|user| (user, state(user))).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// DIR-22, DIR-23, DIR-24, RNG-14
    #[test]
    fn whoever_rings_is_available_and_whoever_is_not_named_is_offline() {
        for (word, presence) in [
            (Some("available"), Presence::Available),
            (Some("ringing"), Presence::Available),
            (Some("away"), Presence::Available),
            (Some("on the phone"), Presence::Busy),
            (Some("busy"), Presence::Busy),
            (Some("offline"), Presence::Offline),
            (None, Presence::Offline),
        ] {
            assert_eq!(Presence::of_word(word), presence, "{word:?}");
        }
    }
}
