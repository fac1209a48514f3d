//! Calls as their users saw them: what the call history of a person is. Written when a call ends, by user and not by number,
//! so that a number that changes hands takes no calls along. CH-01…10.

use rusqlite::{Connection, Row, params};

use super::found::{Conditions, Found, Source};
use crate::{Db, DeviceId, TenantId, UserId};

mod csv;

/// A call as one of its users saw it. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PartyRow {
    pub user: UserId,
    pub tenant: TenantId,
    pub call: String,
    pub started_at: i64,
    pub kind: PartyKind,
    /// As [`super::CallRow::outcome`]; `elsewhere` if somebody else took it.
    pub result: String,
    /// Of the other side.
    pub number: String,
    pub name: String,
    /// Since when this user was in it.
    pub answered_at: Option<i64>,
    pub ended_at: i64,
    /// This user's phone in it.
    pub device: Option<DeviceId>,
}

/// What a call was for a user. CH-02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyKind {
    /// They called.
    Outbound,
    /// They were called, and somebody answered.
    Inbound,
    /// They were called, and nobody answered.
    Missed,
    /// They were called by somebody whom they block.
    Blocked,
}

/// What to show of somebody's calls.
#[derive(Debug, Clone, Default)]
pub struct PartyQuery {
    /// Words of which each is in number or name.
    pub search: String,
    /// None is all; with [`PartyKind::Missed`] go those that were blocked.
    pub kind: Option<PartyKind>,
    /// In the number of who called: the other side of calls that came in.
    pub caller: String,
    /// In the number that was called: the other side of calls that went out.
    pub dialled: String,
    /// Began from then on, Unix milliseconds.
    pub from: Option<i64>,
    /// And before then.
    pub to: Option<i64>,
    /// Where the previous page ended: see [`PartyRow::cursor`].
    pub after: Option<(i64, String)>,
    /// 1..=1000.
    pub limit: usize,
}

impl PartyKind {
    /// With key and the word for people.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Outbound, "outbound", "Outgoing"),
        (Self::Inbound, "inbound", "Incoming"),
        (Self::Missed, "missed", "Missed"),
        (Self::Blocked, "blocked", "Blocked"),
    ];

    /// As it is stored.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, key, _)| key)
    }
    /// The kind of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other, _)| *other == key).map(|(kind, ..)| *kind)
    }
    /// For people.
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., label)| label)
    }
}

impl PartyRow {
    /// Where a page that ends with this row ends.
    pub fn cursor(&self) -> (i64, String) {
        (self.started_at, self.call.clone())
    }
}

impl Db {
    /// The newest calls of a user that match. CH-03, 07…10.
    pub fn calls_of(
        &self,
        tenant: TenantId,
        user: UserId,
        query: &PartyQuery,
    ) -> rusqlite::Result<Found<PartyRow>> {
        let (span, narrow) = conditions(tenant, user, query);
        PARTIES.look(&*self.reader()?, span, narrow, query.limit.clamp(1, 1000))
    }

    /// One call of a user.
    pub fn call_of(&self, tenant: TenantId, user: UserId, call: &str) -> rusqlite::Result<Option<PartyRow>> {
        let text = format!(
            "SELECT {COLUMNS} FROM call_parties p JOIN calls c ON c.id = p.call_id \
             WHERE c.id = ?3 AND p.user_id = ?2 AND p.tenant_id = ?1 AND p.started_at = c.started_at"
        );
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&text)?;
        let mut rows = statement.query_map((tenant.0, user.0, call), read)?;
        rows.next().transpose()
    }
}

/// Told twice, kept once.
pub(super) fn keep(rows: &Connection, party: &PartyRow) -> rusqlite::Result<()> {
    rows.prepare_cached(KEEP)?.execute(params![
        party.user.0,
        party.started_at,
        party.call,
        party.tenant.0,
        party.kind.key(),
        party.result,
        party.number,
        party.name,
        party.answered_at,
        party.ended_at,
        party.device.map(|device| device.0),
        format!("{}\n{}", party.number, party.name).to_lowercase()
    ])?;
    Ok(())
}

/// Of calls that a killed program left open nobody says whose they were: they are those of who has the numbers now, a
/// moment later. Before the calls are closed.
pub(super) fn keep_interrupted(rows: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    rows.execute(INTERRUPTED_CALLERS, [now_ms])?;
    rows.execute(INTERRUPTED_CALLED, [now_ms])?;
    Ok(())
}

/// Removes at most `limit` rows of calls that began before. Returns how many.
pub(super) fn prune(rows: &Connection, before: i64, limit: i64) -> rusqlite::Result<usize> {
    rows.prepare_cached(PRUNE)?.execute((before, limit))
}

/// The span of a history, and what narrows it.
fn conditions(tenant: TenantId, user: UserId, query: &PartyQuery) -> (Conditions, Conditions) {
    let (mut span, mut narrow) = (Conditions::default(), Conditions::default());
    span.add("p.user_id = ? AND p.tenant_id = ?", [user.0.into(), tenant.0.into()]);
    if let Some(from) = query.from {
        span.add("p.started_at >= ?", [from.into()]);
    }
    if let Some(to) = query.to {
        span.add("p.started_at < ?", [to.into()]);
    }
    if let Some((at, call)) = &query.after {
        span.add("(p.started_at, p.call_id) < (?, ?)", [(*at).into(), call.clone().into()]);
    }
    match query.kind {
        Some(PartyKind::Missed) => narrow.add("p.kind IN ('missed', 'blocked')", []),
        Some(kind) => narrow.add("p.kind = ?", [kind.key().to_owned().into()]),
        None => {}
    }
    if !query.caller.is_empty() {
        narrow.add("p.kind <> 'outbound' AND instr(p.number, ?) > 0", [query.caller.clone().into()]);
    }
    if !query.dialled.is_empty() {
        narrow.add("p.kind = 'outbound' AND instr(p.number, ?) > 0", [query.dialled.clone().into()]);
    }
    for word in query.search.split_whitespace().take(8) {
        narrow.add("instr(p.words, ?) > 0", [word.to_lowercase().into()]);
    }
    (span, narrow)
}

/// A row of [`COLUMNS`].
fn read(row: &Row<'_>) -> rusqlite::Result<PartyRow> {
    Ok(PartyRow {
        user: UserId(row.get(0)?),
        tenant: TenantId(row.get(1)?),
        call: row.get(2)?,
        started_at: row.get(3)?,
        kind: PartyKind::of(row.get_ref(4)?.as_str()?).unwrap_or(PartyKind::Inbound),
        result: row.get(5)?,
        number: row.get(6)?,
        name: row.get(7)?,
        answered_at: row.get(8)?,
        ended_at: row.get(9)?,
        device: row.get::<_, Option<i64>>(10)?.map(DeviceId),
    })
}

const PARTIES: Source<PartyRow> = Source {
    from: "call_parties p",
    columns: COLUMNS,
    order: ("p.started_at", "p.call_id"),
    read,
    place: PartyRow::cursor,
};
const COLUMNS: &str = "p.user_id, p.tenant_id, p.call_id, p.started_at, p.kind, p.result, p.number, p.name, \
    p.answered_at, p.ended_at, p.device_id";

const KEEP: &str = "INSERT OR REPLACE INTO call_parties (user_id, started_at, call_id, tenant_id, kind, result, number, \
    name, answered_at, ended_at, device_id, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const INTERRUPTED_CALLERS: &str = "INSERT OR IGNORE INTO call_parties SELECT x.user_id, c.started_at, c.id, c.tenant_id, \
    'outbound', 'interrupted', c.dialled, '', lower(c.dialled), c.answered_at, max(?1, c.started_at), NULL FROM calls c \
    JOIN extensions x ON x.tenant_id = c.tenant_id AND x.number = c.caller_number \
    WHERE c.ended_at IS NULL AND x.user_id IS NOT NULL";
const INTERRUPTED_CALLED: &str = "INSERT OR IGNORE INTO call_parties SELECT x.user_id, c.started_at, c.id, c.tenant_id, \
    CASE WHEN c.answered_at IS NULL THEN 'missed' ELSE 'inbound' END, 'interrupted', c.caller_number, c.caller_name, \
    lower(c.caller_number || char(10) || c.caller_name), c.answered_at, max(?1, c.started_at), NULL FROM calls c \
    JOIN extensions x ON x.tenant_id = c.tenant_id AND x.number = c.dialled \
    WHERE c.ended_at IS NULL AND x.user_id IS NOT NULL";

// From user to user: there is no index by time alone, and calls end too often to pay for one.
const PRUNE: &str = "WITH RECURSIVE u (id) AS (SELECT min(user_id) FROM call_parties UNION ALL \
    SELECT (SELECT min(user_id) FROM call_parties WHERE user_id > u.id) FROM u WHERE u.id IS NOT NULL) \
    DELETE FROM call_parties WHERE (user_id, started_at, call_id) IN \
    (SELECT p.user_id, p.started_at, p.call_id FROM u CROSS JOIN call_parties p ON p.user_id = u.id \
     WHERE p.started_at < ?1 LIMIT ?2)";

#[cfg(test)]
mod tests;
