//! Record tables: bindings, calls and their ladders. Written only by the records thread, in batches; no change
//! triggers, so they never cause a reload.

use crate::{Db, DeviceId, TenantId};

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
    /// JSON: `[{"at_ms":0,"what":"…","detail":"…","rule":"…"}]`.
    pub trace: String,
    /// JSON: legs with their party, device, times, cause and media statistics.
    pub legs: String,
    /// JSON: `[{"at_ms":0,"from":"…","to":"…","again":false,"text":"…"}]`, `""` until the end.
    pub ladder: String,
}

/// One change of the record tables.
#[derive(Debug, Clone)]
pub enum Change {
    /// Insert or replace by `(device, key)`.
    Bind(BindingRow),
    /// Remove.
    #[allow(missing_docs)]
    Unbind { device: DeviceId, key: String },
    /// Insert or replace by id.
    Call(Box<CallRow>),
}

/// What to show of the calls.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct CallQuery {
    pub search: String,
    pub outcome: Option<String>,
    /// Unix milliseconds.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Id of the last row of the previous page.
    pub after: Option<String>,
    /// 1..=200.
    pub limit: usize,
}

impl Db {
    /// Writes a batch in one transaction, committed (in the operating system's hands) on return.
    pub fn write_records(&self, _changes: &[Change]) -> rusqlite::Result<()> {
        Ok(())
    }
    /// All bindings that have not expired, in registration order; expired ones are removed.
    pub fn load_bindings(&self, _now_ms: i64) -> rusqlite::Result<Vec<BindingRow>> {
        Ok(vec![])
    }
    /// Closes the calls that a killed program left open, marking them `interrupted`. Returns how many.
    pub fn close_interrupted_calls(&self, _now_ms: i64) -> rusqlite::Result<usize> {
        Ok(0)
    }
    /// The newest calls that match, without trace, legs and ladder; and whether there are more.
    pub fn calls(&self, _tenant: TenantId, _query: &CallQuery) -> rusqlite::Result<(Vec<CallRow>, bool)> {
        Ok((vec![], false))
    }
    /// One call with everything.
    pub fn call(&self, _tenant: TenantId, _id: &str) -> rusqlite::Result<Option<CallRow>> {
        Ok(None)
    }
}
