//! What pages say of park lots: whose they are. ORG-10, C-8.

use crate::{Db, TenantId, UserId};

/// A park lot as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LotSeen {
    pub id: i64,
    /// Its department, or its own name where it is for everybody.
    pub title: String,
    /// It is where they park themselves: of their department, or of the one above.
    pub is_own: bool,
}

impl Db {
    /// The park lots of a company, one's own first.
    pub fn park_lots_seen(&self, tenant: TenantId, user: UserId) -> rusqlite::Result<Vec<LotSeen>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT l.id, COALESCE(d.name, l.name), l.department_id IS NOT NULL AND EXISTS (
                SELECT 1 FROM users u LEFT JOIN departments o ON o.id = u.department_id
                WHERE u.id = ?2 AND u.tenant_id = ?1 AND l.department_id IN (o.id, o.parent_id)) AS own
             FROM park_lots l LEFT JOIN departments d ON d.id = l.department_id
             WHERE l.tenant_id = ?1 ORDER BY own DESC, l.department_id IS NULL DESC, 2",
        )?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(LotSeen { id: row.get(0)?, title: row.get(1)?, is_own: row.get(2)? })
        };
        statement.query_map((tenant.0, user.0), read)?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{departments::DEPARTMENTS, park_lots::PARK_LOTS},
    };

    /// ORG-10, C-8
    #[test]
    fn the_lot_of_ones_own_department_comes_first() {
        let company = Company::new();
        let department = |name: &str| {
            company.db.create(&author(1), &DEPARTMENTS, &values([("name", name)])).unwrap().id.to_string()
        };
        let (sales, support) = (department("Sales"), department("Support"));
        for (name, first, of) in [("One", "801", &sales), ("Two", "901", &support)] {
            let row = [("name", name), ("first_slot", first), ("slots", "5"), ("department", of)];
            company.db.create(&author(1), &PARK_LOTS, &values(row)).unwrap();
        }
        let titles = || -> Vec<(String, bool)> {
            let lots = company.db.park_lots_seen(TenantId(1), UserId(1)).unwrap();
            lots.into_iter().map(|lot| (lot.title, lot.is_own)).collect()
        };
        let seen = |title: &str, own| (title.to_owned(), own);
        assert_eq!(titles(), [seen("Parking", false), seen("Sales", false), seen("Support", false)]);
        company.by_hand(&format!("UPDATE users SET department_id = {support} WHERE id = 1"));
        assert_eq!(titles(), [seen("Support", true), seen("Parking", false), seen("Sales", false)]);
    }
}
