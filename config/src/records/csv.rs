//! A company's calls as CSV, in somebody's time zone. NUM-10.

use chrono::DateTime;
use chrono_tz::Tz;

use super::{CallQuery, CallRow};
use crate::{Db, TenantId, csv_text::neutralised};

impl Db {
    /// All calls of a company that match, newest first, header line first; at most 100,000. Times are those of `zone`; cells
    /// that a spreadsheet would run are neutralised.
    pub fn calls_csv(&self, tenant: TenantId, query: &CallQuery, zone: Tz) -> rusqlite::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER).expect("memory takes what is written");
        let mut query = CallQuery { after: None, limit: PAGE, ..query.clone() };
        let mut written = 0;
        while written < MOST {
            let found = self.calls(tenant, &query)?;
            for row in &found.rows {
                writer.write_record(cells(row, zone)).expect("memory takes what is written");
            }
            written += found.rows.len();
            query.after = found.next.map(|(_, id)| id);
            if query.after.is_none() {
                break;
            }
        }
        let bytes = writer.into_inner().expect("memory takes what is written");
        Ok(String::from_utf8(bytes).expect("all cells are text"))
    }
}

fn cells(row: &CallRow, zone: Tz) -> [String; 8] {
    let began = DateTime::from_timestamp_millis(row.started_at).unwrap_or_default().with_timezone(&zone);
    let end = row.ended_at.unwrap_or(row.started_at);
    let talked = row.answered_at.map_or(0, |at| (end - at).max(0) / 1000);
    [
        began.format("%Y-%m-%d %H:%M:%S").to_string(),
        neutralised(&row.caller_number),
        neutralised(&row.caller_name),
        neutralised(&row.dialled),
        neutralised(&row.answered_by),
        row.outcome.clone(),
        talked.to_string(),
        neutralised(&row.cause),
    ]
}

const HEADER: [&str; 8] =
    ["date", "caller", "caller_name", "called", "answered_by", "result", "duration_s", "cause"];
const PAGE: usize = 200;
const MOST: usize = 100_000;
