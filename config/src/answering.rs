//! What the portal shows of one user's rules: a snapshot of that user alone, so that the same engine answers pages and
//! calls. AR-07, AR-09.

use rusqlite::{Connection, Params};

use crate::{
    Db, Snapshot, TenantId, UserId,
    snapshot::{AnsweringRule, Rows, Site, Tenant, TimeFrame, User},
    typed::Typed,
};

impl Db {
    /// A snapshot with a user, their rules, the time frames that they may use, and the clocks of their company. Other users
    /// are not in it.
    pub fn answering_of(&self, tenant: TenantId, user: UserId) -> rusqlite::Result<Snapshot> {
        let reader = self.reader()?;
        let of_tenant = (tenant.0,);
        let both = (tenant.0, user.0);
        let mut rows = Rows::default();
        Rows::put(&mut rows.tenants, self.typed::<Tenant>(&reader, "t.id = ?1", of_tenant)?);
        Rows::put(&mut rows.sites, self.typed::<Site>(&reader, "t.tenant_id = ?1", of_tenant)?);
        Rows::put(&mut rows.users, self.typed::<User>(&reader, "t.tenant_id = ?1 AND t.id = ?2", both)?);
        let frames = "t.tenant_id = ?1 AND (t.user_id IS NULL OR t.user_id = ?2)";
        Rows::put(&mut rows.time_frames, self.typed::<TimeFrame>(&reader, frames, both)?);
        let rules = "t.tenant_id = ?1 AND t.user_id = ?2";
        Rows::put(&mut rows.answering_rules, self.typed::<AnsweringRule>(&reader, rules, both)?);
        Ok(Snapshot::of(0, rows))
    }

    /// The rows for which a condition holds; one that cannot be read is left out, as calls leave it out.
    pub(crate) fn typed<T: Typed>(
        &self,
        rows: &Connection,
        condition: &str,
        parameters: impl Params,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = rows.prepare_cached(&format!("{} WHERE {condition}", T::SELECT))?;
        let mut found = statement.query(parameters)?;
        let mut all = Vec::new();
        while let Some(row) = found.next()? {
            all.extend(T::read(row, self.cipher()).ok());
        }
        Ok(all)
    }
}
