//! What follows once changes by another writer are in force: an audit entry each, passwords in clear encrypted, and a
//! note that all was checked, so that the next start need not.

use rusqlite::{Connection, TransactionBehavior};

use super::change::Touched;
use crate::{
    Db, Field, Kind, Resource, TenantId,
    access::{Author, Scope},
    audit::{self, About, Span},
    images, resources, rows,
    secret::{PLAIN, Place},
    transaction::Transaction,
};

/// For the foreign changes of the revisions up to `revision`.
pub(super) fn foreign(db: &Db, revision: i64, touched: &[Touched]) -> rusqlite::Result<()> {
    let mut writer = db.writer();
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let checked: i64 = transaction.query_row("SELECT checked FROM revision", [], |row| row.get(0))?;
    let mut noted = 0;
    // What people keep for themselves is in no log.
    for touched in touched.iter().filter(|touched| resources::by_name(touched.of.name).is_some()) {
        if noted < MOST_ENTRIES && note(&transaction, touched, checked)? {
            noted += 1;
        }
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

/// Notes what somebody made of a row since the revision `checked`; `false` if it was us.
fn note(rows: &Connection, touched: &Touched, checked: i64) -> rusqlite::Result<bool> {
    let (of, id) = (touched.of, touched.id);
    // A transaction of ours shares its revision with nobody.
    let ours = "SELECT 1 FROM audit WHERE revision = ?1 AND via <> 'file'";
    if rows.prepare_cached(ours)?.exists([touched.revision])? {
        return Ok(false);
    }
    let before = images::before(rows, of, id, checked)?;
    let stored = rows::stored(rows, of, Scope::All, id)?;
    let kept_tenant = before.as_ref().map_or(crate::access::OPERATOR.0, |kept| kept.tenant);
    let (tenant, version) = stored.as_ref().map_or((kept_tenant, 0), |row| (row.tenant, row.version));
    let author = Author::program(TenantId(tenant), "somebody with access to the database file", "file");
    let title = match (&stored, &before) {
        (None, Some(kept)) => kept.title(of, id),
        _ => rows::title(rows, of, id)?,
    };
    let was = before.as_ref().and_then(|kept| kept.values.as_ref());
    let changes = images::changes(rows, of, id, was, stored.map(|row| row.values))?;
    let about = About { of, id, tenant, title: &title, action: "noticed", version };
    audit::note_span(rows, &author, about, &changes, Span { since: checked, revision: touched.revision })?;
    Ok(true)
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
