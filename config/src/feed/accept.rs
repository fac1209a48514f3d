//! What follows once changes by another writer are in force: an audit entry each, passwords in clear encrypted, and a
//! note that all was checked, so that the next start need not.

use rusqlite::{Connection, TransactionBehavior};

use super::change::Touched;
use crate::{
    Db, Field, Kind, Resource, TenantId,
    access::{Author, Scope},
    audit::{self, About, Changes},
    resources, rows,
    secret::{PLAIN, Place},
    transaction::Transaction,
};

/// For the foreign changes of the revisions up to `revision`.
pub(super) fn foreign(db: &Db, revision: i64, touched: &[Touched]) -> rusqlite::Result<()> {
    let mut writer = db.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for touched in touched.iter().take(MOST_ENTRIES) {
        note(&transaction, touched)?;
    }
    transaction
        .prepare_cached("UPDATE revision SET checked = ?1 WHERE checked < ?1 AND number >= ?1")?
        .execute([revision])?;
    transaction.commit()?;
    for of in resources::ALL {
        for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
            seal(db, &mut writer, of, field)?;
        }
    }
    Ok(())
}

fn note(rows: &Connection, touched: &Touched) -> rusqlite::Result<()> {
    let (of, id) = (touched.of, touched.id);
    // Without the row it is not known whose it was; the tenant that runs the program sees its entry.
    let stored = rows::stored(rows, of, Scope::All, id)?;
    let (tenant, version) = stored.map_or((crate::access::OPERATOR.0, 0), |row| (row.tenant, row.version));
    let author = Author::program(TenantId(tenant), "somebody with access to the database file", "file");
    let title = rows::title(rows, of, id)?;
    let about = About { of, id, tenant, title: &title, action: "noticed", version };
    audit::note(rows, &author, about, &Changes::new())
}

/// Encrypts the passwords that were written in clear, as a revision of its own.
fn seal(
    db: &Db,
    writer: &mut Connection,
    of: &'static Resource,
    field: &'static Field,
) -> rusqlite::Result<()> {
    let select = format!("SELECT id, {0} FROM {1} WHERE {0} GLOB '{PLAIN}*'", field.name, of.name);
    let plain: Vec<(i64, String)> = writer
        .prepare_cached(&select)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if plain.is_empty() {
        return Ok(());
    }
    let transaction = Transaction::begin(writer)?;
    let update = format!("UPDATE {} SET {} = ?2 WHERE id = ?1", of.name, field.name);
    for (id, text) in plain {
        let place = Place { table: of.name, field: field.name, row: id };
        if let Some(secret) = db.cipher().open(place, &text) {
            transaction.prepare_cached(&update)?.execute((id, db.cipher().seal(place, &secret)))?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// A file of ten thousand rows written at once makes no ten thousand entries.
const MOST_ENTRIES: usize = 100;
