//! Answering rules: what happens to a user's calls within a time frame. The first one that matches wins; after the last
//! comes Default, which is the user's own forwards and is no row: it cannot be deleted. AR-03…06, AR-09.

use std::time::Duration;

use rusqlite::{Connection, Row};

use crate::{
    AnsweringRuleId, Field, Problem, Resource, TenantId, TimeFrameId, UserId,
    number::Number,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// What happens to a user's calls within a time frame.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct AnsweringRule {
    pub id: AnsweringRuleId,
    pub tenant: TenantId,
    pub user: UserId,
    pub frame: TimeFrameId,
    /// The lowest is asked first; of two alike the older one.
    pub position: u32,
    pub active: bool,
    pub action: RuleAction,
    pub callers: Callers,
}

/// What a rule does with a call. AR-05.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleAction {
    /// The phones ring.
    Ring(RuleRing),
    /// All calls go there at once.
    Forward(String),
    /// As if the user were busy.
    DoNotDisturb,
    /// The caller is refused.
    Refuse,
}

/// How phones ring by a rule, and where the call goes when nobody answers.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRing {
    /// Whose phones ring, too.
    pub also: Vec<UserId>,
    /// When busy.
    pub busy: Option<String>,
    /// After `no_answer_after`.
    pub no_answer: Option<String>,
    /// 5–120 s.
    pub no_answer_after: Duration,
    /// When no phone is registered; `None` is as when not answered.
    pub offline: Option<String>,
}

/// Whom a rule lets through; others are refused. AR-05.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callers {
    /// Everybody.
    Everybody,
    /// Only these numbers, or beginnings that end in `*`.
    Listed(Vec<String>),
    /// All but these.
    Others(Vec<String>),
}

/// The declaration.
pub static ANSWERING_RULES: Resource = Resource {
    name: "answering_rules",
    one: "Answering rule",
    many: "Answering rules",
    icon: "arrows-split",
    menu: "Configuration",
    about: "What happens to a user's calls within a time frame. The first rule that matches wins; after the last come the user's forwards.",
    fields: &[
        Field::text("name", "Name").made_by(NAME).titles(),
        Field::text("key", "Place").made_of(&["position"]),
        Field::reference("user", "User", "users").required().follows(),
        Field::reference("time_frame", "Time frame", "time_frames").required().follows(),
        Field::number("position", "Order", 1, 999, "")
            .required()
            .default("10")
            .help("The lowest is asked first."),
        Field::flag("active", "In force").default("1"),
        Field::choice("action", "Then", ACTIONS).required().default("ring"),
        Field::phone_number("forward_always", "To")
            .shown_when("action", "forward")
            .help("An extension, or an outside number with area code."),
        Field::many("also_ring", "These ring, too", "users").shown_when("action", "ring"),
        Field::phone_number("forward_busy", "When busy to")
            .shown_when("action", "ring")
            .help("Blank is off."),
        Field::phone_number("forward_no_answer", "When not answered to")
            .shown_when("action", "ring")
            .help("Blank is off."),
        Field::seconds("no_answer_after", "Not answered means after", 5, 120)
            .required()
            .default("20")
            .shown_when("action", "ring"),
        Field::phone_number("forward_offline", "When no phone is registered to")
            .shown_when("action", "ring")
            .help("Blank is as when not answered."),
        Field::choice("callers", "Callers", CALLERS).required().default("everybody"),
        Field::long_text("caller_list", "Numbers")
            .help("One a line. A beginning and * means all that begin so: +49 900*."),
    ],
    columns: &["name", "position", "active", "action"],
    filters: &["user", "time_frame", "action", "active"],
    sort: "name",
    cards: &[
        ("When", &["user", "time_frame", "position", "active"]),
        (
            "Then",
            &[
                "action",
                "forward_always",
                "also_ring",
                "forward_busy",
                "forward_no_answer",
                "no_answer_after",
                "forward_offline",
            ],
        ),
        ("Callers", &["callers", "caller_list"]),
    ],
    title: "key",
    single: false,
    tenant: true,
    check: Some(says_what_it_needs),
    rules: &[frame_is_theirs, no_more_than_a_few],
    hooks: Hooks::NONE,
};

impl Callers {
    /// Whether a caller is let through.
    pub fn admit(&self, caller: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|number| matches(number, caller));
        match self {
            Self::Everybody => true,
            Self::Listed(list) => among(list),
            Self::Others(list) => !among(list),
        }
    }
}

impl Typed for AnsweringRule {
    const TABLE: &'static str = "answering_rules";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.user_id, t.time_frame_id, t.position, t.active, t.action, \
        t.forward_always, t.forward_busy, t.forward_no_answer, t.no_answer_after, t.forward_offline, t.callers, \
        t.caller_list, (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM answering_rules_also_ring m \
        WHERE m.tenant_id = t.tenant_id AND m.owner = t.id) FROM answering_rules t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let target = |column| text(column).map(|to| Some(to.to_owned()).filter(|to| !to.is_empty()));
        let also: Option<String> = row.get(14)?;
        let ids = also.iter().flat_map(|ids| ids.split(','));
        let list = || text(13).map(|list| list.lines().filter_map(listed).collect());
        Ok(Self {
            id: AnsweringRuleId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            user: UserId(row.get(2)?),
            frame: TimeFrameId(row.get(3)?),
            position: row.get(4)?,
            active: row.get(5)?,
            action: match text(6)? {
                "forward" => RuleAction::Forward(row.get(7)?),
                "dnd" => RuleAction::DoNotDisturb,
                "refuse" => RuleAction::Refuse,
                _ => RuleAction::Ring(RuleRing {
                    also: ids.filter_map(|id| id.parse().ok().map(UserId)).collect(),
                    busy: target(8)?,
                    no_answer: target(9)?,
                    no_answer_after: Duration::from_secs(row.get(10)?),
                    offline: target(11)?,
                }),
            },
            callers: match text(12)? {
                "listed" => Callers::Listed(list()?),
                "others" => Callers::Others(list()?),
                _ => Callers::Everybody,
            },
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// One line of a list of callers: digits, with `+` before and `*` behind. `None` if it is blank.
fn listed(line: &str) -> Option<String> {
    let number: String = line.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '/' | '.')).collect();
    (!number.is_empty()).then_some(number)
}

/// As numbers are shown, or one and the same written in two ways.
fn matches(listed: &str, caller: &str) -> bool {
    match listed.strip_suffix('*') {
        Some(beginning) => caller.starts_with(beginning),
        None if listed == caller => true,
        None => Number::of(listed).zip(Number::of(caller)).is_some_and(|(one, other)| one.is(&other)),
    }
}

fn says_what_it_needs(values: &Values) -> Result<(), Problem> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    if text("action") == "forward" && text("forward_always").is_empty() {
        return Err(Problem::of("forward_always", "To which number?"));
    }
    if text("callers") == "everybody" {
        return Ok(());
    }
    let numbers: Vec<String> = text("caller_list").lines().filter_map(listed).collect();
    if numbers.is_empty() {
        return Err(Problem::of("caller_list", "At least one number."));
    }
    for number in numbers {
        let digits = number.strip_suffix('*').unwrap_or(&number);
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Problem::of(
                "caller_list",
                format!("`{number}` is no number such as +49 30 123456 or +49 900*."),
            ));
        }
    }
    Ok(())
}

/// A rule follows the company's time frames and its user's own.
fn frame_is_theirs(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let anothers: bool = rows
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM time_frames WHERE tenant_id = ?1 AND id = CAST(?2 AS INTEGER) \
             AND user_id <> CAST(?3 AS INTEGER))",
        )?
        .query_row((tenant, text("time_frame"), text("user")), |row| row.get(0))?;
    Ok(anothers.then(|| Problem::of("time_frame", "This time frame belongs to another user.")))
}

/// Each call looks at all of them.
fn no_more_than_a_few(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let user = values.get("user").map_or("", String::as_str);
    let rules: i64 = rows
        .prepare_cached(
            "SELECT count(*) FROM answering_rules WHERE tenant_id = ?1 AND user_id = CAST(?2 AS INTEGER)",
        )?
        .query_row((tenant, user), |row| row.get(0))?;
    Ok((rules > MOST_RULES).then(|| Problem::of("user", format!("A user has at most {MOST_RULES} rules."))))
}

/// AR-04: a rule is called like its time frame; among all of a company by its user, too.
const NAME: &str = "COALESCE((SELECT u.name FROM users u WHERE u.id = {t}.user_id), '') || ': ' || \
    COALESCE((SELECT f.name FROM time_frames f WHERE f.id = {t}.time_frame_id), '')";
/// Of one user.
pub const MOST_RULES: i64 = 50;
/// AR-05.
pub const ACTIONS: &[(&str, &str)] = &[
    ("ring", "The phones ring"),
    ("forward", "Forward all calls"),
    ("dnd", "Do not disturb"),
    ("refuse", "Refuse the call"),
];
const CALLERS: &[(&str, &str)] = &[
    ("everybody", "Everybody"),
    ("listed", "Only those listed, others are refused"),
    ("others", "All but those listed, who are refused"),
];
