//! Calls counted by quarters of an hour: what charts and tiles are drawn from. DSH-01.

use crate::{Db, TenantId};

/// The calls of a quarter of an hour that went the same way and ended the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// When the quarter began, Unix milliseconds.
    pub quarter_ms: i64,
    /// Which way.
    pub direction: Direction,
    /// `answered`, `missed`, `busy` …
    pub outcome: String,
    /// How many.
    pub calls: u64,
    /// How long they were up together, in milliseconds.
    pub talk_ms: i64,
}

/// Which way a call went, seen from the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Inbound,
    Outbound,
    Internal,
}

impl Db {
    /// The ended calls of a tenant that began from `from` and before `to` (Unix milliseconds, to the quarter of an hour),
    /// oldest first.
    pub fn call_counts(&self, tenant: TenantId, from: i64, to: i64) -> rusqlite::Result<Vec<CallCount>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT quarter, direction, outcome, calls, talk_ms FROM call_counts \
             WHERE tenant_id = ?1 AND quarter >= ?2 AND quarter < ?3 ORDER BY quarter",
        )?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(CallCount {
                quarter_ms: row.get(0)?,
                direction: match row.get_ref(1)?.as_str()? {
                    "inbound" => Direction::Inbound,
                    "outbound" => Direction::Outbound,
                    _ => Direction::Internal,
                },
                outcome: row.get(2)?,
                calls: row.get(3)?,
                talk_ms: row.get(4)?,
            })
        };
        statement.query_map((tenant.0, from, to), read)?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::Company,
        records::{CallRow, Change, Retention},
    };

    fn call(id: &str, caller: &str, dialled: &str, started_at: i64) -> CallRow {
        CallRow {
            id: id.into(),
            tenant: 1,
            started_at,
            answered_at: Some(started_at + 1000),
            ended_at: Some(started_at + 11_000),
            caller_number: caller.into(),
            dialled: dialled.into(),
            outcome: "answered".into(),
            ..CallRow::default()
        }
    }

    fn counts(company: &Company) -> Vec<(i64, Direction, u64, i64)> {
        let all = company.db.call_counts(TenantId(1), 0, i64::MAX).unwrap();
        all.into_iter().map(|c| (c.quarter_ms, c.direction, c.calls, c.talk_ms)).collect()
    }

    /// DSH-01
    #[test]
    fn a_call_is_counted_once_when_it_ends() {
        let company = Company::new();
        let whole = call("a", "101", "102", 1_000_000);
        let open = CallRow { answered_at: None, ended_at: None, outcome: String::new(), ..whole.clone() };
        let answered =
            Change::CallAnswered { id: "a".into(), answered_at: 1_001_000, answered_by: "102".into() };
        company.db.write_records(&[Change::CallOpened(Box::new(open)), answered]).unwrap();
        assert_eq!(counts(&company), []);
        company.db.write_records(&[Change::CallClosed(Box::new(whole.clone()))]).unwrap();
        assert_eq!(counts(&company), [(900_000, Direction::Internal, 1, 10_000)]);
        company.db.write_records(&[Change::CallClosed(Box::new(whole))]).unwrap();
        assert_eq!(counts(&company).len(), 1);
        assert_eq!(counts(&company)[0].2, 1, "told twice, counted once");
    }

    /// DSH-01
    #[test]
    fn directions_and_quarters_are_counted_apart() {
        let company = Company::new();
        let calls = [
            call("a", "+4930123456", "600", 900_000),
            call("b", "anonymous", "600", 1_799_999),
            call("c", "101", "+4930123456", 1_800_000),
            call("d", "101", "*97", 1_800_001),
        ];
        let changes: Vec<_> = calls.into_iter().map(|c| Change::CallClosed(Box::new(c))).collect();
        company.db.write_records(&changes).unwrap();
        let (inbound, outbound, internal) = (Direction::Inbound, Direction::Outbound, Direction::Internal);
        assert_eq!(
            counts(&company),
            [
                (900_000, inbound, 2, 20_000),
                (1_800_000, internal, 1, 10_000),
                (1_800_000, outbound, 1, 10_000)
            ]
        );
        assert_eq!(company.db.call_counts(TenantId(2), 0, i64::MAX).unwrap(), []);
        assert_eq!(company.db.call_counts(TenantId(1), 900_000, 1_800_000).unwrap().len(), 1);
    }

    #[test]
    fn what_a_killed_program_left_open_is_counted_and_old_counts_go() {
        let company = Company::new();
        let open = CallRow { answered_at: None, ended_at: None, ..call("a", "101", "102", 1_000_000) };
        company.db.write_records(&[Change::CallOpened(Box::new(open))]).unwrap();
        company.db.close_interrupted_calls(2_000_000).unwrap();
        assert_eq!(counts(&company).len(), 1);
        let keep = Retention { calls_from_ms: 3_000_000, ladders_from_ms: 3_000_000 };
        crate::records::prune(&company.db.writer(), keep, 100).unwrap();
        assert_eq!(counts(&company), []);
    }
}
