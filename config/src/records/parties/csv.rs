//! Somebody's calls as CSV, in their time zone.

use chrono::DateTime;
use chrono_tz::Tz;

use super::{PartyQuery, PartyRow};
use crate::{Db, TenantId, UserId, csv_text::neutralised};

impl Db {
    /// All calls of a user that match, newest first, header line first; at most 100,000. Times are those of `zone`; cells that
    /// a spreadsheet would run are neutralised.
    pub fn calls_of_csv(
        &self,
        tenant: TenantId,
        user: UserId,
        query: &PartyQuery,
        zone: Tz,
    ) -> rusqlite::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER).expect("memory takes what is written");
        let mut query = PartyQuery { after: None, limit: PAGE, ..query.clone() };
        let mut written = 0;
        while written < MOST {
            let found = self.calls_of(tenant, user, &query)?;
            for row in &found.rows {
                writer.write_record(cells(row, zone)).expect("memory takes what is written");
            }
            written += found.rows.len();
            query.after = found.next;
            if query.after.is_none() {
                break;
            }
        }
        let bytes = writer.into_inner().expect("memory takes what is written");
        Ok(String::from_utf8(bytes).expect("all cells are text"))
    }
}

fn cells(row: &PartyRow, zone: Tz) -> [String; 6] {
    let began = DateTime::from_timestamp_millis(row.started_at).unwrap_or_default().with_timezone(&zone);
    let talked = row.answered_at.map_or(0, |at| (row.ended_at - at).max(0) / 1000);
    [
        row.kind.label().to_owned(),
        neutralised(&row.number),
        neutralised(&row.name),
        began.format("%Y-%m-%d %H:%M:%S").to_string(),
        talked.to_string(),
        row.result.clone(),
    ]
}

const HEADER: [&str; 6] = ["type", "number", "name", "date", "duration_s", "result"];
const PAGE: usize = 1000;
const MOST: usize = 100_000;
