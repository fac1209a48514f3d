//! What a role allows: four verbs a table, and permissions by name. ROL-09…21.

use std::sync::LazyLock;

use crate::{Resource, resources};

/// What is done with a row. ROL-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verb {
    View,
    Create,
    Edit,
    Delete,
}

/// What is not a matter of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// ROL-10.
    PlaceCalls,
    /// ROL-10.
    ParkCalls,
    /// Log oneself in and out of queues. ROL-11.
    QueueSelf,
    /// Log others in and out of queues. ROL-12.
    QueueOthers,
    /// See, enter and steer conference rooms. ROL-13.
    Conferences,
    /// See all users, departments and sites, not only one's own. ROL-09, ROL-14.
    SeeEverybody,
    /// Group paging and intercom. ROL-16.
    Page,
    /// Make and delete contact groups of the company. ROL-17.
    Groups,
    /// Barge, whisper, monitor. ROL-18.
    Monitor,
    /// Start and stop recording. ROL-18.
    Record,
    /// Listen to call recordings. ROL-19.
    HearRecordings,
    /// Add and change contacts that all see. ROL-20.
    SharedContacts,
    /// Music on hold of the whole company. ROL-21.
    CompanyMusic,
    /// Have phones fetch their settings. ROL-21.
    Resync,
    /// Choose the number that the called see. ROL-21.
    CallerId,
    /// Switch night mode by hand. RNG-16.
    NightMode,
}

/// A set of verbs and permissions. A few machine words: copied, never shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// A bit for each verb of each table of [`resources::ALL`].
    verbs: [u64; WORDS],
    named: u64,
}

impl Verb {
    /// In the order of columns.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::View, "view", "View"),
        (Self::Create, "create", "Create"),
        (Self::Edit, "edit", "Edit"),
        (Self::Delete, "delete", "Delete"),
    ];
}

impl Permission {
    /// With key and label.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (Self::PlaceCalls, "place_calls", "Place calls"),
        (Self::ParkCalls, "park_calls", "Park calls"),
        (Self::QueueSelf, "queue_self", "Log in and out of queues"),
        (Self::QueueOthers, "queue_others", "Log others in and out of queues"),
        (Self::Conferences, "conferences", "Use conference rooms"),
        (Self::SeeEverybody, "see_everybody", "See all users, departments and sites"),
        (Self::Page, "page", "Page groups and use the intercom"),
        (Self::Groups, "groups", "Make and delete groups"),
        (Self::Monitor, "monitor", "Barge, whisper and monitor"),
        (Self::Record, "record", "Start and stop recording"),
        (Self::HearRecordings, "hear_recordings", "Listen to recordings"),
        (Self::SharedContacts, "shared_contacts", "Change shared contacts"),
        (Self::CompanyMusic, "company_music", "Change the company's music on hold"),
        (Self::Resync, "resync", "Resync phones"),
        (Self::CallerId, "caller_id", "Choose the caller ID"),
        (Self::NightMode, "night_mode", "Switch night mode"),
    ];

    /// By its key.
    pub fn by_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name, _)| *name == key).map(|(permission, ..)| permission)
    }
}

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self { verbs: [0; WORDS], named: 0 };
    /// Everything, also of tables and permissions that later versions add.
    pub const ALL: Self = Self { verbs: [u64::MAX; WORDS], named: u64::MAX };

    /// Of a role's keys, joined by commas; what is unknown allows nothing.
    pub fn of(keys: &str) -> Self {
        let mut rights = Self::NONE;
        for key in keys.split(',').map(str::trim) {
            if key == EVERYTHING {
                return Self::ALL;
            }
            if let Some(at) = Permission::ALL.iter().position(|(_, name, _)| *name == key) {
                rights.named |= 1 << at;
            } else if let Some((table, verb)) = key.split_once('.')
                && let Some(table) = resources::ALL.iter().position(|of| of.name == table)
                && let Some(verb) = Verb::ALL.iter().position(|(_, name, _)| *name == verb)
            {
                rights.verbs[table / TABLES_A_WORD] |= 1 << (4 * (table % TABLES_A_WORD) + verb);
            }
        }
        rights
    }

    /// Of a user without a role: an ordinary user of level 0.
    pub fn plain() -> Self {
        Self::of(PLAIN)
    }

    /// Whether rows of the table may be treated so.
    pub fn allows(&self, verb: Verb, of: &Resource) -> bool {
        let Some(table) = resources::ALL.iter().position(|other| other.name == of.name) else { return false };
        let verb = Verb::ALL.iter().position(|(other, ..)| *other == verb).unwrap_or_default();
        self.verbs[table / TABLES_A_WORD] >> (4 * (table % TABLES_A_WORD) + verb) & 1 == 1
    }

    /// Whether a permission is among them.
    pub fn has(&self, permission: Permission) -> bool {
        let at = Permission::ALL.iter().position(|(other, ..)| *other == permission).unwrap_or_default();
        self.named >> at & 1 == 1
    }

    /// Whether all of `other` is among them. ROL-07.
    pub fn cover(&self, other: &Self) -> bool {
        self.verbs.iter().zip(&other.verbs).all(|(own, other)| other & !own == 0)
            && other.named & !self.named == 0
    }

    /// What of these is not in `other`.
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = *self;
        rest.verbs.iter_mut().zip(&other.verbs).for_each(|(own, other)| *own &= !other);
        rest.named &= !other.named;
        rest
    }

    /// Whether any row of any table may be looked at or changed: what level 0 never may.
    pub fn administer(&self) -> bool {
        self.verbs.iter().any(|word| *word != 0)
    }
}

/// Keys and labels of everything that a role can allow: `all`, `<table>.<verb>` of each table of a tenant, and the named
/// permissions.
pub fn permission_choices() -> &'static [(String, String)] {
    static CHOICES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let mut choices =
            vec![(EVERYTHING.to_owned(), "Everything, also what later versions add".to_owned())];
        for of in resources::ALL.into_iter().filter(|of| of.tenant) {
            for (verb, key, label) in Verb::ALL {
                if !of.single || matches!(verb, Verb::View | Verb::Edit) {
                    choices.push((format!("{}.{key}", of.name), format!("{}: {label}", of.many)));
                }
            }
        }
        choices.extend(Permission::ALL.map(|(_, key, label)| (key.to_owned(), label.to_owned())));
        choices
    });
    &CHOICES
}

/// The key of [`Rights::ALL`].
pub(crate) const EVERYTHING: &str = "all";
/// What the default role of ordinary users has.
const PLAIN: &str = "place_calls,park_calls,conferences,page";
const TABLES_A_WORD: usize = 16;
/// For 96 tables; a test counts them.
const WORDS: usize = 6;
