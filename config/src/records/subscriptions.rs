//! Subscriptions of phones, so that lamps are right after a restart. SIP-27.

use rusqlite::{Connection, Row, params};

use crate::{Db, DeviceId, TenantId};

/// A subscription with its dialog, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SubscriptionRow {
    pub id: u64,
    pub tenant: TenantId,
    pub device: DeviceId,
    /// What is watched, as it was subscribed to.
    pub number: String,
    /// Package and id, as in `Event`.
    pub event: String,
    /// The phone takes several parts in one body.
    pub takes_parts: bool,
    pub call_id: String,
    /// From of our NOTIFYs, without tag.
    pub local: String,
    pub local_tag: String,
    /// Our Contact, with brackets.
    pub contact: String,
    /// To of our NOTIFYs, with tag.
    pub remote: String,
    /// Where they are addressed to.
    pub target: String,
    /// Route set, each with brackets, joined by `,`.
    pub routes: String,
    pub local_cseq: u32,
    pub remote_cseq: u32,
    /// `udp|tcp local remote`.
    pub flow: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

impl Db {
    /// All subscriptions that have not expired and whose device is still there; the others are removed.
    pub fn load_subscriptions(&self, now_ms: i64) -> rusqlite::Result<Vec<SubscriptionRow>> {
        let writer = self.writer();
        writer.execute(
            "DELETE FROM subscriptions WHERE expires_at <= ?1 OR device_id NOT IN (SELECT id FROM devices)",
            [now_ms],
        )?;
        let mut statement = writer.prepare(&format!("SELECT {COLUMNS} FROM subscriptions ORDER BY id"))?;
        statement.query_map([], read)?.collect()
    }
}

pub(super) fn subscribe(rows: &Connection, row: &SubscriptionRow) -> rusqlite::Result<()> {
    let text = format!(
        "INSERT OR REPLACE INTO subscriptions ({COLUMNS}) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
    );
    rows.prepare_cached(&text)?.execute(params![
        row.id.cast_signed(),
        row.tenant.0,
        row.device.0,
        row.number,
        row.event,
        row.takes_parts,
        row.call_id,
        row.local,
        row.local_tag,
        row.contact,
        row.remote,
        row.target,
        row.routes,
        row.local_cseq,
        row.remote_cseq,
        row.flow,
        row.expires_at,
    ])?;
    Ok(())
}

pub(super) fn unsubscribe(rows: &Connection, id: u64) -> rusqlite::Result<()> {
    rows.prepare_cached("DELETE FROM subscriptions WHERE id = ?1")?.execute([id.cast_signed()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        tenant: TenantId(row.get(1)?),
        device: DeviceId(row.get(2)?),
        number: row.get(3)?,
        event: row.get(4)?,
        takes_parts: row.get(5)?,
        call_id: row.get(6)?,
        local: row.get(7)?,
        local_tag: row.get(8)?,
        contact: row.get(9)?,
        remote: row.get(10)?,
        target: row.get(11)?,
        routes: row.get(12)?,
        local_cseq: row.get(13)?,
        remote_cseq: row.get(14)?,
        flow: row.get(15)?,
        expires_at: row.get(16)?,
    })
}

const COLUMNS: &str = "id, tenant_id, device_id, number, event, takes_parts, call_id, local, local_tag, contact, \
    remote, target, routes, local_cseq, remote_cseq, flow, expires_at";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture::Company, records::Change};

    /// SIP-27
    #[test]
    fn a_subscription_is_kept_until_it_ends_or_expires() {
        let company = Company::new();
        let device: i64 = company
            .db
            .reader()
            .unwrap()
            .query_row("SELECT min(id) FROM devices", [], |row| row.get(0))
            .unwrap();
        let row = |id, device, expires_at| SubscriptionRow {
            id,
            tenant: TenantId(1),
            device: DeviceId(device),
            number: "102".into(),
            event: "dialog;id=7".into(),
            takes_parts: true,
            call_id: "c".into(),
            local: "<sip:102@a>".into(),
            local_tag: "s1.0".into(),
            contact: "<sip:s1.0@192.0.2.1:5060>".into(),
            remote: "<sip:101@a>;tag=x".into(),
            target: "sip:101@192.0.2.2".into(),
            routes: "<sip:p;lr>,<sip:q;lr>".into(),
            local_cseq: 3,
            remote_cseq: u32::MAX,
            flow: "udp 192.0.2.1:5060 192.0.2.2:5060".into(),
            expires_at,
        };
        let keep = |row| Change::Subscribed(Box::new(row));
        let changes = [
            keep(row(1, device, 1000)),
            keep(row(2, device, 2000)),
            keep(row(2, device, 3000)),
            keep(row(3, device, 3000)),
            keep(row(4, 9999, 3000)),
            Change::Unsubscribed { id: 3 },
        ];
        company.db.write_records(&changes).unwrap();
        assert_eq!(company.db.load_subscriptions(1000).unwrap(), [row(2, device, 3000)]);
    }
}
