//! Record tables: bindings, calls and their ladders. Written only by the records thread, in batches; no change
//! triggers, so they never cause a reload.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::{Db, DeviceId, RingGroupId, TenantId, UserId};

mod batch;
pub mod counts;
mod csv;
pub mod found;
pub mod hunting;
pub mod ladder;
pub mod outside;
pub mod parties;
mod subscriptions;

use batch::Write;
use found::{Conditions, Found, Source};
use hunting::{keep_last_call, keep_last_caller, keep_turn};
use outside::{AlertRow, EmergencyRow, UsageRow, keep_alert, keep_emergency, keep_usage};
use parties::PartyRow;
pub use subscriptions::SubscriptionRow;

/// One registered contact of a device, as stored. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BindingRow {
    pub tenant: TenantId,
    pub device: DeviceId,
    /// Identity of the contact within the device: instance and reg-id, else the URI.
    pub key: String,
    /// Contact URI as the phone wrote it.
    pub contact: String,
    /// `Path` values, joined by `,`.
    pub path: String,
    /// `udp|tcp local remote`.
    pub flow: String,
    pub user_agent: String,
    pub call_id: String,
    pub cseq: u32,
    /// Rank in the device's order of registration.
    pub position: i64,
    pub registered_at: i64,
    pub expires_at: i64,
}

/// One call. Opened at INVITE, closed at the end; a row left open by a killed program is closed and marked at the
/// next start. SIP-45. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct CallRow {
    /// Unique text id, sortable by time.
    pub id: String,
    pub tenant: i64,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub caller_number: String,
    pub caller_name: String,
    pub dialled: String,
    pub answered_by: String,
    /// `answered`, `missed`, `busy`, `failed`, `interrupted` …; empty while open.
    pub outcome: String,
    /// SIP status or hang-up cause in words.
    pub cause: String,
    /// The configuration revision it ran under.
    pub revision: i64,
    /// What came of checking who signed for the caller: `verified`, `failed`, `none`; blank where nothing is checked. SIP-41
    pub signature: String,
    /// JSON: `[{"at_ms":0,"what":"…","detail":"…","rule":"…"}]`.
    pub trace: String,
    /// JSON: legs with their party, device, times, cause and media statistics.
    pub legs: String,
    /// SIP messages as [`ladder`] packs them; nothing until the end.
    pub ladder: Vec<u8>,
}

/// One change of the record tables.
#[derive(Debug, Clone)]
pub enum Change {
    /// Insert or replace by `(device, key)`.
    Bind(BindingRow),
    /// Remove.
    #[allow(missing_docs)]
    Unbind { device: DeviceId, key: String },
    /// A call begins: all but trace, legs and ladder is written.
    CallOpened(Box<CallRow>),
    /// A call is answered. Nothing happens if it was never opened.
    #[allow(missing_docs)]
    CallAnswered { id: String, answered_at: i64, answered_by: String },
    /// The trace of a call that goes on for a while, in case the program does not see its end.
    #[allow(missing_docs)]
    CallTraced { id: String, trace: String },
    /// A call is over: the row in full. Who called whom is written only if the opening is missing.
    CallClosed(Box<CallRow>),
    /// That member of a group that rings in turn answered. GRP-07
    #[allow(missing_docs)]
    Turn { group: RingGroupId, user: UserId },
    /// An answered call of a member ended at that moment, in Unix milliseconds. GRP-09
    #[allow(missing_docs)]
    LastCall { user: UserId, ended_at: i64 },
    /// A phone watches something: insert or replace by id.
    Subscribed(Box<SubscriptionRow>),
    /// It does not any more.
    #[allow(missing_docs)]
    Unsubscribed { id: u64 },
    /// A call is over: what it was for each of its users.
    CallParties(Vec<PartyRow>),
    /// Somebody talked outside. SIP-44
    Usage(UsageRow),
    /// Somebody called for help. SIP-42
    Emergency(Box<EmergencyRow>),
    /// Administrators must see this. GEO-08, SIP-44
    Alert(Box<AlertRow>),
    /// That number called a user last. FC-15.
    #[allow(missing_docs)]
    LastCaller { user: UserId, number: String },
}

/// What to show of the calls.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct CallQuery {
    pub search: String,
    pub outcome: Option<String>,
    /// The called number, or how it begins; blank is any. NUM-10
    pub dialled: String,
    /// Unix milliseconds.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Id of the last row of the previous page.
    pub after: Option<String>,
    /// 1..=200.
    pub limit: usize,
}

/// How long records are kept. Both are Unix milliseconds; what began before goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Retention {
    pub calls_from_ms: i64,
    pub ladders_from_ms: i64,
}

impl Db {
    /// Writes a batch in one transaction, committed (in the operating system's hands) on return. The rows of a killed
    /// program are there; those of the last moments before a power failure may not be.
    pub fn write_records(&self, changes: &[Change]) -> rusqlite::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for write in batch::writes(changes) {
            match write {
                Write::Bind(binding) => bind(&transaction, binding)?,
                Write::Unbind(device, key) => unbind(&transaction, device, key)?,
                Write::Open(call, answer) => open_call(&transaction, call, answer)?,
                Write::Answer(id, at, by) => answer_call(&transaction, id, at, by)?,
                Write::Trace(id, trace) => trace_call(&transaction, id, trace)?,
                Write::Close(call) => close_call(&transaction, call)?,
                Write::Whole(call) => whole_call(&transaction, call)?,
                Write::Turn(group, user) => keep_turn(&transaction, group, user)?,
                Write::LastCall(user, at) => keep_last_call(&transaction, user, at)?,
                Write::Subscribe(row) => subscriptions::subscribe(&transaction, row)?,
                Write::Unsubscribe(id) => subscriptions::unsubscribe(&transaction, id)?,
                Write::LastCaller(user, number) => keep_last_caller(&transaction, user, number)?,
                Write::Party(party) => parties::keep(&transaction, party)?,
                Write::Usage(usage) => keep_usage(&transaction, usage)?,
                Write::Emergency(call) => keep_emergency(&transaction, call)?,
                Write::Alert(alert) => keep_alert(&transaction, self.cipher(), alert)?,
            }
        }
        transaction.commit()
    }

    /// All bindings that have not expired and whose device is still there, in registration order; the others are removed.
    pub fn load_bindings(&self, now_ms: i64) -> rusqlite::Result<Vec<BindingRow>> {
        let writer = self.writer();
        writer.execute(
            "DELETE FROM bindings WHERE expires_at <= ?1 OR device_id NOT IN (SELECT id FROM devices)",
            [now_ms],
        )?;
        let mut statement = writer.prepare(
            "SELECT tenant_id, device_id, key, contact, path, flow, user_agent, call_id, cseq, position, \
             registered_at, expires_at FROM bindings ORDER BY device_id, position",
        )?;
        statement.query_map([], read_binding)?.collect()
    }

    /// Closes the calls that a killed program left open, marking them `interrupted`. Returns how many.
    pub fn close_interrupted_calls(&self, now_ms: i64) -> rusqlite::Result<usize> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        parties::keep_interrupted(&transaction, now_ms)?;
        let closed = transaction.execute(
            "UPDATE calls SET ended_at = max(?1, started_at), outcome = 'interrupted', \
             cause = 'The program ended during the call' WHERE ended_at IS NULL",
            [now_ms],
        )?;
        transaction.commit()?;
        Ok(closed)
    }

    /// The newest calls that match, without trace, legs and ladder.
    pub fn calls(&self, tenant: TenantId, query: &CallQuery) -> rusqlite::Result<Found<CallRow>> {
        let (span, narrow) = conditions(tenant, query);
        CALLS.look(&*self.reader()?, span, narrow, query.limit.clamp(1, 200))
    }

    /// One call with everything.
    pub fn call(&self, tenant: TenantId, id: &str) -> rusqlite::Result<Option<CallRow>> {
        let text = format!(
            "SELECT {CALL_COLUMNS}, l.trace, l.legs, l.ladder FROM calls c LEFT JOIN call_ladders l ON l.id = c.id \
             WHERE c.tenant_id = ?1 AND c.id = ?2"
        );
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&text)?;
        let with_ladder = |row: &Row<'_>| {
            let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            let ladder = row.get::<_, Option<Vec<u8>>>(15)?.unwrap_or_default();
            Ok(CallRow { trace: text(13)?, legs: text(14)?, ladder, ..read_call(row)? })
        };
        statement.query_row((tenant.0, id), with_ladder).optional()
    }
}

/// Removes ended calls and ladders beyond their time, at most `limit` of each, so that no one waits long for the
/// writer. Returns how many went; call again until none does.
pub(crate) fn prune(rows: &Connection, keep: Retention, limit: i64) -> rusqlite::Result<usize> {
    let remove = |table, join, before| {
        let text = format!("DELETE FROM {table} WHERE id IN ({})", old_calls(join));
        rows.prepare_cached(&text)?.execute([before, limit])
    };
    let mut gone = 0;
    // The ladders of calls that go, go with them.
    remove("call_ladders", "", keep.calls_from_ms)?;
    gone += remove("calls", "", keep.calls_from_ms)?;
    gone += parties::prune(rows, keep.calls_from_ms, limit)?;
    gone += remove("call_ladders", "JOIN call_ladders l ON l.id = c.id", keep.ladders_from_ms)?;
    // A quarter of an hour goes when all its calls did.
    rows.prepare_cached("DELETE FROM call_counts WHERE quarter < ?1 - 900000")?
        .execute([keep.calls_from_ms])?;
    Ok(gone)
}

/// A refresh changes a row that is there; only a new contact is inserted.
fn bind(rows: &Connection, binding: &BindingRow) -> rusqlite::Result<()> {
    let values = params![
        binding.device.0,
        binding.key,
        binding.tenant.0,
        binding.contact,
        binding.path,
        binding.flow,
        binding.user_agent,
        binding.call_id,
        binding.cseq,
        binding.position,
        binding.registered_at,
        binding.expires_at
    ];
    let refreshed = rows.prepare_cached(REFRESH_BINDING)?.execute(values)?;
    if refreshed == 0 {
        rows.prepare_cached(INSERT_BINDING)?.execute(values)?;
    }
    Ok(())
}

fn unbind(rows: &Connection, device: DeviceId, key: &str) -> rusqlite::Result<()> {
    rows.prepare_cached("DELETE FROM bindings WHERE device_id = ?1 AND key = ?2")?
        .execute((device.0, key))?;
    Ok(())
}

fn open_call(rows: &Connection, call: &CallRow, answer: Option<(i64, &str)>) -> rusqlite::Result<()> {
    let (answered_at, answered_by) = match answer {
        Some((at, by)) => (Some(at), by),
        None => (call.answered_at, call.answered_by.as_str()),
    };
    rows.prepare_cached(OPEN_CALL)?.execute(params![
        call.id,
        call.tenant,
        call.started_at,
        answered_at,
        call.ended_at,
        call.caller_number,
        call.caller_name,
        call.dialled,
        answered_by,
        call.outcome,
        call.cause,
        call.revision,
        call.signature
    ])?;
    Ok(())
}

fn answer_call(rows: &Connection, id: &str, answered_at: i64, answered_by: &str) -> rusqlite::Result<()> {
    rows.prepare_cached(ANSWER_CALL)?.execute((id, answered_at, answered_by))?;
    Ok(())
}

fn close_call(rows: &Connection, call: &CallRow) -> rusqlite::Result<()> {
    let closed = rows.prepare_cached(CLOSE_CALL)?.execute(params![
        call.id,
        call.answered_at,
        call.ended_at,
        call.answered_by,
        call.outcome,
        call.cause
    ])?;
    if closed == 0 {
        return whole_call(rows, call);
    }
    keep_ladder(rows, call)
}

/// What a call has already, at its end, is not overwritten.
fn trace_call(rows: &Connection, id: &str, trace: &str) -> rusqlite::Result<()> {
    rows.prepare_cached(KEEP_TRACE)?.execute((id, trace))?;
    Ok(())
}

fn whole_call(rows: &Connection, call: &CallRow) -> rusqlite::Result<()> {
    open_call(rows, call, None)?;
    keep_ladder(rows, call)
}

fn keep_ladder(rows: &Connection, call: &CallRow) -> rusqlite::Result<()> {
    if !(call.trace.is_empty() && call.legs.is_empty() && call.ladder.is_empty()) {
        rows.prepare_cached(KEEP_LADDER)?.execute((&call.id, &call.trace, &call.legs, &call.ladder))?;
    }
    Ok(())
}

/// The span of a list of calls, and what narrows it.
fn conditions(tenant: TenantId, query: &CallQuery) -> (Conditions, Conditions) {
    let (mut span, mut narrow) = (Conditions::default(), Conditions::default());
    span.add("c.tenant_id = ?", [tenant.0.into()]);
    if let Some(from) = query.from {
        span.add("c.started_at >= ?", [from.into()]);
    }
    if let Some(to) = query.to {
        span.add("c.started_at < ?", [to.into()]);
    }
    if let Some(after) = &query.after {
        let position = "(c.started_at, c.id) < (SELECT p.started_at, p.id FROM calls p WHERE p.id = ?)";
        span.add(position, [after.clone().into()]);
    }
    if let Some(outcome) = &query.outcome {
        narrow.add("c.outcome = ?", [outcome.clone().into()]);
    }
    if !query.dialled.is_empty() {
        narrow.add("substr(c.dialled, 1, length(?)) = ?", [(); 2].map(|()| query.dialled.clone().into()));
    }
    for word in query.search.split_whitespace().take(8) {
        let texts = "(c.caller_number || char(10) || c.caller_name || char(10) || c.dialled || char(10) || c.answered_by)";
        let pattern = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        narrow.add(format!("{texts} LIKE ? ESCAPE '\\'"), [format!("%{pattern}%").into()]);
    }
    (span, narrow)
}

/// Ids of at most ?2 ended calls that began before ?1, joined with what is given. The one index by time
/// leads with the tenant: jumping from tenant to tenant here is cheaper than a further index for every call.
fn old_calls(join: &str) -> String {
    format!(
        "WITH RECURSIVE t (id) AS (SELECT min(tenant_id) FROM calls UNION ALL \
         SELECT (SELECT min(tenant_id) FROM calls WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL) \
         SELECT c.id FROM t CROSS JOIN calls c ON c.tenant_id = t.id {join} \
         WHERE c.started_at < ?1 AND c.ended_at IS NOT NULL LIMIT ?2"
    )
}

fn read_binding(row: &Row<'_>) -> rusqlite::Result<BindingRow> {
    Ok(BindingRow {
        tenant: TenantId(row.get(0)?),
        device: DeviceId(row.get(1)?),
        key: row.get(2)?,
        contact: row.get(3)?,
        path: row.get(4)?,
        flow: row.get(5)?,
        user_agent: row.get(6)?,
        call_id: row.get(7)?,
        cseq: row.get(8)?,
        position: row.get(9)?,
        registered_at: row.get(10)?,
        expires_at: row.get(11)?,
    })
}

/// A row of [`CALL_COLUMNS`].
fn read_call(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    Ok(CallRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        started_at: row.get(2)?,
        answered_at: row.get(3)?,
        ended_at: row.get(4)?,
        caller_number: row.get(5)?,
        caller_name: row.get(6)?,
        dialled: row.get(7)?,
        answered_by: row.get(8)?,
        outcome: row.get(9)?,
        cause: row.get(10)?,
        revision: row.get(11)?,
        signature: row.get(12)?,
        ..CallRow::default()
    })
}

const CALLS: Source<CallRow> = Source {
    from: "calls c",
    columns: CALL_COLUMNS,
    order: ("c.started_at", "c.id"),
    read: read_call,
    place: |call| (call.started_at, call.id.clone()),
};
const CALL_COLUMNS: &str = "c.id, c.tenant_id, c.started_at, c.answered_at, c.ended_at, c.caller_number, \
    c.caller_name, c.dialled, c.answered_by, c.outcome, c.cause, c.revision, c.signature";

const REFRESH_BINDING: &str = "UPDATE bindings SET tenant_id = ?3, contact = ?4, path = ?5, flow = ?6, user_agent = ?7, \
    call_id = ?8, cseq = ?9, position = ?10, registered_at = ?11, expires_at = ?12 WHERE device_id = ?1 AND key = ?2";

const INSERT_BINDING: &str = "INSERT INTO bindings (device_id, key, tenant_id, contact, path, flow, user_agent, \
    call_id, cseq, position, registered_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

// Replacing, so that no row can hold up its batch.
const OPEN_CALL: &str = "INSERT OR REPLACE INTO calls (id, tenant_id, started_at, answered_at, ended_at, caller_number, \
    caller_name, dialled, answered_by, outcome, cause, revision, signature) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

const ANSWER_CALL: &str = "UPDATE calls SET answered_at = ?2, answered_by = ?3 WHERE id = ?1";

const CLOSE_CALL: &str = "UPDATE calls SET answered_at = ?2, ended_at = ?3, answered_by = ?4, outcome = ?5, cause = ?6 \
    WHERE id = ?1";

const KEEP_TRACE: &str = "INSERT INTO call_ladders (id, trace, legs, ladder) VALUES (?1, ?2, '', x'') \
    ON CONFLICT (id) DO NOTHING";
const KEEP_LADDER: &str =
    "INSERT OR REPLACE INTO call_ladders (id, trace, legs, ladder) VALUES (?1, ?2, ?3, ?4)";

#[cfg(test)]
mod tests;
