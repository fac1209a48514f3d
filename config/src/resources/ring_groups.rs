//! Ring groups: a number at which several users ring, together or one after the other. GRP-01, 05…09, 12.

use std::time::Duration;

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, RingGroupId, TenantId, UserId,
    destination::{Cause, Destination},
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Members that ring by a strategy. GRP-01, 05…09, 12.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct RingGroup {
    pub id: RingGroupId,
    pub tenant: TenantId,
    pub name: String,
    pub number: Option<String>,
    /// In list order.
    pub members: Vec<UserId>,
    pub strategy: Strategy,
    /// How long a member rings; with [`Strategy::All`] all of them.
    pub ring_time: Duration,
    /// How long the group rings at most, whatever is left of the members.
    pub total_time: Option<Duration>,
    /// Before the caller's name on the members' phones.
    pub caller_prefix: String,
    pub overflow: Destination,
    /// What feature codes do with it.
    pub paged: Paged,
    /// Members' mobile phones ring, too, those that ask for a key. RNG-01
    pub rings_mobiles: bool,
}

/// What can be done with a group at once. GRP-03, GRP-04.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Paged {
    /// Neither page nor intercom.
    No,
    /// Its phones play what somebody says.
    Page,
    /// Also with their microphones open.
    #[default]
    Intercom,
}

/// In which order members ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// All at once. GRP-08
    #[default]
    All,
    /// One after the other in list order. GRP-05
    TopToBottom,
    /// One after the other, beginning after the member who answered last. GRP-07
    RoundRobin,
    /// One after the other, who had no call for the longest time first. GRP-09
    LongestIdle,
}

/// The declaration.
pub static RING_GROUPS: Resource = Resource {
    name: "ring_groups",
    one: "Ring group",
    many: "Ring groups",
    icon: "users",
    menu: "Organization",
    about: "A number at which several users ring, at once or one after the other.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::extension("extension", "Extension").required(),
        Field::many("members", "Members", "users")
            .required()
            .help("They ring in this order; drag to change it."),
        Field::choice("strategy", "Strategy", STRATEGIES).required().default("all"),
        Field::seconds("ring_time", "Ring time", 5, 300)
            .required()
            .default("20")
            .help("How long each member rings; with Ring all, all of them."),
        Field::seconds("total_time", "At most", 5, 3600)
            .help("The whole group, before the call goes on. Blank is until every member has rung once."),
        Field::text("caller_prefix", "Caller name prefix")
            .max(16)
            .help("Shown before the caller's name, so that members see which number was called."),
        Field::flag("rings_mobiles", "Mobile phones ring, too")
            .help("Those of members who have theirs ring with their phones and press 1 to take a call."),
        Field::choice("paged", "Page and intercom", PAGED).required().default("intercom").help(
            "By feature code, for users with the permission. Intercom opens all microphones: phones in one room howl.",
        ),
        Field::destination("overflow", "If nobody answers").required().default("hangup:no_answer"),
    ],
    columns: &["extension", "name", "strategy", "members", "overflow"],
    filters: &["strategy", "members"],
    sort: "extension",
    cards: &[
        ("General", &["name", "extension"]),
        ("Ringing", &["strategy", "members", "ring_time", "total_time", "caller_prefix", "rings_mobiles"]),
        ("Overflow", &["overflow"]),
        ("Page", &["paged"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(overflows_elsewhere),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for RingGroup {
    const TABLE: &'static str = "ring_groups";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, x.number, t.ring_time, t.overflow, \
        (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM ring_groups_members m \
         WHERE m.tenant_id = t.tenant_id AND m.owner = t.id), t.strategy, t.total_time, t.caller_prefix, t.paged, t.rings_mobiles \
        FROM ring_groups t LEFT JOIN extensions x ON x.tenant_id = t.tenant_id AND x.ring_group_id = t.id";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let members: Option<String> = row.get(6)?;
        let overflow: Destination = row
            .get_ref(5)?
            .as_str()
            .map_err(rusqlite::Error::from)?
            .parse()
            .map_err(|_| Unreadable::Field { field: "overflow", message: "it is no destination." })?;
        Ok(Self {
            id: RingGroupId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            number: row.get(3)?,
            members: members
                .iter()
                .flat_map(|ids| ids.split(','))
                .filter_map(|id| id.parse().ok().map(UserId))
                .collect(),
            strategy: Strategy::of(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?)?,
            ring_time: Duration::from_secs(row.get(4)?),
            total_time: row.get::<_, Option<u64>>(8)?.map(Duration::from_secs),
            caller_prefix: row.get(9)?,
            overflow,
            paged: Paged::of(row.get_ref(10)?.as_str().map_err(rusqlite::Error::from)?),
            rings_mobiles: row.get(11)?,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

impl Strategy {
    fn of(stored: &str) -> Result<Self, Unreadable> {
        match stored {
            "all" => Ok(Self::All),
            "top_to_bottom" => Ok(Self::TopToBottom),
            "round_robin" => Ok(Self::RoundRobin),
            "longest_idle" => Ok(Self::LongestIdle),
            _ => Err(Unreadable::Field { field: "strategy", message: "it is no strategy." }),
        }
    }
}

impl Paged {
    fn of(stored: &str) -> Self {
        match stored {
            "page" => Self::Page,
            "intercom" => Self::Intercom,
            _ => Self::No,
        }
    }
}

impl Default for RingGroup {
    fn default() -> Self {
        Self {
            id: RingGroupId(0),
            tenant: TenantId(0),
            name: String::new(),
            number: None,
            members: Vec::new(),
            strategy: Strategy::All,
            ring_time: Duration::from_secs(20),
            total_time: None,
            caller_prefix: String::new(),
            overflow: Destination::Hangup(Cause::NoAnswer),
            paged: Paged::default(),
            rings_mobiles: false,
        }
    }
}

fn overflows_elsewhere(values: &Values) -> Result<(), Problem> {
    let number = values.get("extension").map_or("", String::as_str);
    if !number.is_empty() && values.get("overflow").is_some_and(|to| *to == format!("extension:{number}")) {
        return Err(Problem::of("overflow", "A group cannot overflow to itself."));
    }
    Ok(())
}

const PAGED: &[(&str, &str)] = &[
    ("no", "Neither"),
    ("page", "Page: phones play"),
    ("intercom", "Page and intercom: microphones open, too"),
];
const STRATEGIES: &[(&str, &str)] = &[
    ("all", "Ring all"),
    ("top_to_bottom", "Top to bottom"),
    ("round_robin", "Round robin"),
    ("longest_idle", "Longest idle"),
];
