//! Blocked callers: whose calls are refused, for the whole company or for one user. CH-17.

use rusqlite::{Connection, Row};

use crate::{
    Field, Problem, Resource, TenantId, UserId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A caller who is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BlockedCaller {
    pub id: i64,
    pub tenant: TenantId,
    /// Who is not called; `None` is nobody of the company.
    pub user: Option<UserId>,
    /// A number as callers show it, or its beginning and `*`.
    pub number: String,
}

/// The declaration.
pub static BLOCKED_CALLERS: Resource = Resource {
    name: "blocked_callers",
    one: "Blocked caller",
    many: "Blocked callers",
    icon: "hand-stop",
    menu: "Configuration",
    about: "Callers who are refused before a phone rings. Users block callers themselves, from their call history.",
    fields: &[
        Field::phone_number("number", "Number")
            .required()
            .help("As it is shown. A beginning and * blocks all that begin so: +49 900*."),
        Field::reference("user", "For", "users").follows().help("Blank is the whole company."),
        Field::choice("action", "What happens", ACTIONS).required().default("reject"),
        Field::text("note", "Note").max(128),
        Field::moment("since", "Since").made_by("{t}.since"),
    ],
    columns: &["number", "user", "action", "since", "note"],
    filters: &["user", "action"],
    sort: "number",
    cards: &[("General", &["number", "user", "action", "note"])],
    title: "number",
    single: false,
    tenant: true,
    check: Some(is_a_caller),
    rules: &[once],
    hooks: Hooks::NONE,
};

impl BlockedCaller {
    /// Whether a caller with that number is meant.
    pub fn matches(&self, caller: &str) -> bool {
        match self.number.strip_suffix('*') {
            Some(beginning) => caller.starts_with(beginning),
            None => self.number == caller,
        }
    }
}

impl Typed for BlockedCaller {
    const TABLE: &'static str = "blocked_callers";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.user_id, t.number FROM blocked_callers t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            user: row.get::<_, Option<i64>>(2)?.map(UserId),
            number: row.get(3)?,
        })
    }
    fn id(&self) -> i64 {
        self.id
    }
}

/// A star stands at the end, behind some of the number.
fn is_a_caller(values: &Values) -> Result<(), Problem> {
    let number = values.get("number").map_or("", String::as_str);
    let digits = number.strip_suffix('*').unwrap_or(number);
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(Problem::of("number", "A number such as +49 30 123456, or a beginning such as +49 900*."))
}

/// Nobody is blocked twice by the same.
fn once(rows: &Connection, tenant: i64, values: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let twice: bool = rows
        .prepare_cached(
            "SELECT count(*) > 1 FROM blocked_callers WHERE tenant_id = ?1 AND number = ?2 \
             AND user_id IS CAST(NULLIF(?3, '') AS INTEGER)",
        )?
        .query_row((tenant, text("number"), text("user")), |row| row.get(0))?;
    Ok(twice.then(|| Problem::of("number", "This number is blocked already.")))
}

const ACTIONS: &[(&str, &str)] = &[("reject", "Refused")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        snapshot::Snapshot,
    };

    fn blocked(number: &str) -> BlockedCaller {
        BlockedCaller { id: 1, tenant: TenantId(1), user: None, number: number.into() }
    }

    /// CH-17
    #[test]
    fn a_number_and_all_with_one_beginning_can_be_blocked() {
        assert!(blocked("+4930123456").matches("+4930123456"));
        assert!(!blocked("+4930123456").matches("+49301234567") && !blocked("102").matches(""));
        assert!(blocked("+49900*").matches("+49900777") && !blocked("+49900*").matches("+4990"));
    }

    /// CH-17
    #[test]
    fn what_is_no_caller_is_refused_and_nobody_is_blocked_twice_by_the_same() {
        let company = Company::new();
        let block = |number: &str, user: &str| {
            let row = values([("number", number), ("user", user)]);
            company.db.create(&author(1), &BLOCKED_CALLERS, &row)
        };
        for nonsense in ["*", "+", "spam", "+49x", "1*2", "**", "12#"] {
            block(nonsense, "").unwrap_err();
        }
        block("+4930123456", "").unwrap();
        block("+4930123456", "").unwrap_err();
        block("+4930123456", "1").unwrap();
        block("+4930123456", "1").unwrap_err();
    }

    /// CH-17
    #[test]
    fn the_snapshot_knows_whom_the_company_and_whom_a_user_blocks() {
        let company = Company::new();
        let (mut feed, before) = crate::Feed::open(&company.db).unwrap();
        let one = TenantId(1);
        let of = |snapshot: &Snapshot, user: Option<UserId>, caller: &str| {
            snapshot.blocks(one, user, caller).map(|blocked| blocked.number.clone())
        };
        assert_eq!(of(&before, None, "+1900"), None);
        for (number, user) in [("+1 (900)*", ""), ("102", "1")] {
            let row = values([("number", number), ("user", user)]);
            company.db.create(&author(1), &BLOCKED_CALLERS, &row).unwrap();
        }
        let after = feed.poll().unwrap().unwrap();
        assert_eq!(of(&after, None, "+1900555").as_deref(), Some("+1900*"));
        assert_eq!(of(&after, Some(UserId(1)), "102").as_deref(), Some("102"));
        assert_eq!((of(&after, Some(UserId(2)), "102"), of(&after, None, "102")), (None, None));
        let rows =
            company.db.list(&crate::fixture::viewer(1), &BLOCKED_CALLERS, &Default::default()).unwrap();
        for row in rows.rows {
            company.db.delete(&author(1), &BLOCKED_CALLERS, row.id).unwrap();
        }
        let gone = feed.poll().unwrap().unwrap();
        assert_eq!((of(&gone, None, "+1900"), of(&gone, Some(UserId(1)), "102")), (None, None));
    }
}
