//! Calls by which administrators tried a trunk, as the audit log has them. A-35. What became of each is in its call record.

use crate::{
    Db, TrunkId,
    access::{Author, Viewer},
    audit::{self, About, AuditEntry, Changes, SELECT},
    resources::trunks::TRUNKS,
};

/// A call by which somebody tried a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCall {
    /// Id of its record.
    pub call: String,
    /// As it was entered.
    pub number: String,
    /// Who placed it.
    pub author: String,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

impl Db {
    /// Notes that somebody tries a trunk of theirs. AUD-03
    pub fn note_test_call(
        &self,
        author: &Author,
        (trunk, name): (TrunkId, &str),
        (number, call): (&str, &str),
    ) -> rusqlite::Result<()> {
        let writer = self.writer();
        let tenant = author.viewer.tenant.0;
        let about = About { of: &TRUNKS, id: trunk.0, tenant, title: name, action: ACTION, version: 0 };
        let values = [(NUMBER, number), (CALL, call)];
        let changes: Changes =
            values.map(|(key, value)| (key.to_owned(), (String::new(), value.to_owned()))).into();
        audit::note(&writer, author, about, &changes)
    }

    /// The calls by which a trunk was tried last, the newest first, at most `most`.
    pub fn test_calls(&self, viewer: &Viewer, trunk: TrunkId, most: u32) -> rusqlite::Result<Vec<TestCall>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "{SELECT} WHERE tbl = 'trunks' AND row_id = ?2 AND tenant_id = ?1 AND action = '{ACTION}' \
             ORDER BY id DESC LIMIT ?3"
        ))?;
        statement.query_map((viewer.tenant.0, trunk.0, most), |row| audit::read(row).map(of))?.collect()
    }
}

fn of(entry: AuditEntry) -> TestCall {
    let value = |key: &str| entry.changes.get(key).map(|(_, new)| new.clone()).unwrap_or_default();
    TestCall { call: value(CALL), number: value(NUMBER), at_ms: entry.at_ms, author: entry.author.clone() }
}

const ACTION: &str = "test_call";
const NUMBER: &str = "number";
const CALL: &str = "call";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Company, author, viewer};

    /// A-35, AUD-03
    #[test]
    fn test_calls_of_a_trunk_are_in_the_log_of_its_company() {
        let company = Company::new();
        for call in ["a", "b", "c"] {
            let trunk = (TrunkId(7), "Carrier");
            company.db.note_test_call(&author(1), trunk, ("+4930123456", call)).unwrap();
        }
        let found = company.db.test_calls(&viewer(1), TrunkId(7), 2).unwrap();
        let calls: Vec<&str> = found.iter().map(|test| test.call.as_str()).collect();
        assert_eq!((calls, found[0].number.as_str()), (vec!["c", "b"], "+4930123456"));
        assert_eq!(company.db.test_calls(&viewer(1), TrunkId(8), 2).unwrap(), []);
        assert_eq!(company.db.test_calls(&viewer(2), TrunkId(7), 2).unwrap(), []);
    }
}
