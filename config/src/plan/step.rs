//! One row on its way, and how it is written.

use std::collections::HashSet;

use rusqlite::{Connection, params_from_iter};

use crate::{
    Db, Kind, Resource, audit,
    resource::Values,
    secret,
    sql::{self, Stored},
    write::store::{self, Row},
};

/// One row on its way to what it shall be.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub of: &'static Resource,
    pub tenant: i64,
    /// The row; of a new one the id that it shall have.
    pub id: i64,
    pub act: Act,
    /// The audit entry that this takes back.
    pub undoes: Option<i64>,
}

/// What becomes of a row. Secrets are in clear.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// All its values; a secret that is missing is made. A row that comes back has its versions behind it.
    Create {
        values: Values,
        version: i64,
    },
    /// The values that change.
    Change {
        values: Values,
    },
    Delete,
}

impl Step {
    /// Writes a new row or a change. What it was is `old`, nothing for a new one. May be refused for now by a unique
    /// value that another step still has to give up.
    pub(super) fn write(&self, db: &Db, rows: &Connection, old: Option<&Values>) -> rusqlite::Result<()> {
        let row = Row { of: self.of, tenant: self.tenant, id: self.id, cipher: db.cipher() };
        match (&self.act, old) {
            (Act::Create { values, version }, _) => {
                store::insert(rows, row, &with_secrets(self.of, values))?;
                self.write_kept(rows, row, values, *version)
            }
            (Act::Change { values }, Some(old)) => {
                let merged = merged(old, values);
                store::update(rows, row, &merged, &audit::changes(self.of, old, &merged))
            }
            (Act::Change { .. } | Act::Delete, _) => Ok(()),
        }
    }

    /// What a row that comes back has beyond what can be set.
    fn write_kept(
        &self,
        rows: &Connection,
        row: Row<'_>,
        values: &Values,
        version: i64,
    ) -> rusqlite::Result<()> {
        for field in self.of.fields.iter().filter(|field| field.read_only && !field.computed) {
            if let (Some(value), Stored::Column(column)) =
                (values.get(field.name), sql::stored(self.of, field))
            {
                let text = format!("UPDATE {} SET {column} = ?2 WHERE id = ?1", self.of.name);
                rows.prepare_cached(&text)?.execute((self.id, store::column_value(row, field, value)))?;
            }
        }
        if version > 1 {
            let text = format!("UPDATE {} SET version = ?2 WHERE id = ?1", self.of.name);
            rows.prepare_cached(&text)?.execute((self.id, version))?;
        }
        Ok(())
    }

    /// Removes the row that a trigger made beside another new row, if this one points to the same: with a user comes a
    /// licence, and the plan has it, too. So does one that took this one's id. What the plan itself has `written` stays.
    pub(super) fn displace_twin(
        &self,
        rows: &Connection,
        written: &HashSet<(&'static str, i64)>,
    ) -> rusqlite::Result<()> {
        let Act::Create { values, .. } = &self.act else { return Ok(()) };
        let (mut text, mut given) = (String::new(), vec![self.tenant, self.id]);
        for field in self.of.settable().filter(|field| matches!(field.kind, Kind::Reference(_))) {
            let target = values.get(field.name).and_then(|id| id.parse().ok());
            if let (Some(target), Stored::Column(column)) = (target, sql::stored(self.of, field)) {
                given.push(target);
                text += &format!(" AND t.{column} = ?{}", given.len());
            }
        }
        if !self.of.tenant {
            return Ok(());
        }
        let same = if text.is_empty() { String::new() } else { format!(" OR (1 = 1{text})") };
        let text = format!(
            "SELECT t.id FROM {0} t JOIN revision r JOIN history h ON h.tbl = '{0}' AND h.row_id = t.id \
             AND h.revision = r.number AND h.before IS NULL WHERE t.tenant_id = ?1 AND (t.id = ?2{same})",
            self.of.name
        );
        let made: Vec<i64> = rows
            .prepare_cached(&text)?
            .query_map(params_from_iter(given), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in made.into_iter().filter(|id| !written.contains(&(self.of.name, *id))) {
            store::delete(rows, self.of, self.tenant, id)?;
        }
        Ok(())
    }

    /// Makes room for others that wait for a value of this row: takes its number away, and puts something that nobody
    /// has in place of its other unique texts. It is written later.
    pub(super) fn give_way(&self, rows: &Connection, old: &Values) -> rusqlite::Result<()> {
        let Act::Change { values } = &self.act else { return Ok(()) };
        for field in self.of.settable().filter(|field| values.contains_key(field.name)) {
            if values.get(field.name) == old.get(field.name) {
                continue;
            }
            match (sql::stored(self.of, field), field.kind) {
                (Stored::Extension { owner }, _) => {
                    let text = format!("DELETE FROM extensions WHERE tenant_id = ?1 AND {owner} = ?2");
                    rows.prepare_cached(&text)?.execute([self.tenant, self.id])?;
                }
                (Stored::Column(column), Kind::Text { .. } | Kind::Word { .. } | Kind::Email)
                    if field.unique =>
                {
                    let text =
                        format!("UPDATE {} SET {column} = 'given-up-' || id WHERE id = ?1", self.of.name);
                    rows.prepare_cached(&text)?.execute([self.id])?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The old values with the given ones laid over.
pub(super) fn merged(old: &Values, given: &Values) -> Values {
    let mut values = old.clone();
    values.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    values
}

fn with_secrets(of: &Resource, values: &Values) -> Values {
    let mut values = values.clone();
    for field in of.fields.iter().filter(|field| field.is_made_here()) {
        let secret = values.entry(field.name.to_owned()).or_default();
        if secret.is_empty() {
            *secret = secret::generate();
        }
    }
    values
}
