//! The rule Default, which is a user's forwards: by day and by night the same three. AR-09, RNG-10.

use chrono::{DateTime, Utc};

use crate::resources::users::Forwards;

/// A forward and when it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub to: Option<&'a str>,
    pub until: Option<DateTime<Utc>>,
}

/// The forwards of day or night.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub always: Setting<'a>,
    pub busy: Setting<'a>,
    pub no_answer: Setting<'a>,
}

impl Forwards {
    pub(super) fn set(&self, night: bool) -> Set<'_> {
        fn setting(to: &Option<String>, until: Option<DateTime<Utc>>) -> Setting<'_> {
            Setting { to: to.as_deref(), until }
        }
        if night {
            let night = &self.night;
            return Set {
                always: setting(&night.always, night.always_until),
                busy: setting(&night.busy, night.busy_until),
                no_answer: setting(&night.no_answer, night.no_answer_until),
            };
        }
        Set {
            always: setting(&self.always, self.always_until),
            busy: setting(&self.busy, self.busy_until),
            no_answer: setting(&self.no_answer, self.no_answer_until),
        }
    }
}
