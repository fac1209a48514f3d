//! Rows as text.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{FORMAT, fields, labels::Labels, print::Printer, stands};
use crate::{
    Db, Field, Kind, Resource,
    access::{self, OPERATOR, Scope, Viewer},
    history::Past,
    resources::{self, tenants::TENANTS},
    secret::Place,
    sql,
};

/// Whether passwords of machines stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// They do not. Read back, rows keep theirs, and new rows get new ones.
    LeftOut,
    /// In clear, for another system. Keep the text as you would keep the passwords.
    InClear,
}

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ExportError {
    #[error("there is no tenant {0}; name it by its SIP domain")]
    Tenant(String),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// The configuration that a viewer may see as text: the whole program's for those who run it, else their tenant's.
    /// `tenant` is a domain; blank takes all that are theirs.
    pub fn export_text(
        &self,
        viewer: &Viewer,
        tenant: &str,
        secrets: Secrets,
    ) -> Result<String, ExportError> {
        let reader = self.reader()?;
        let moment = reader.unchecked_transaction()?;
        self.text_of(&moment, viewer, tenant, secrets)
    }

    /// The configuration of a past revision as text, without passwords.
    pub fn export_past(&self, viewer: &Viewer, past: &Past) -> Result<String, ExportError> {
        self.text_of(&past.rows, viewer, "", Secrets::LeftOut)
    }

    fn text_of(
        &self,
        rows: &Connection,
        viewer: &Viewer,
        tenant: &str,
        secrets: Secrets,
    ) -> Result<String, ExportError> {
        let everything = tenant.is_empty() && access::scope(viewer, &TENANTS) == Scope::All;
        let mut export = Export { db: self, rows, secrets, out: Printer::default(), names: HashMap::new() };
        export.out.comment(
            "Configuration of Dialtone. docs/admin/text-twin.md says how to change and read it back.",
        );
        export.out.raw("format", &FORMAT.to_string());
        if everything && viewer.tenant == OPERATOR {
            for of in resources::ALL.into_iter().filter(|of| !of.tenant && of.name != TENANTS.name) {
                export.tables(of, 0, "")?;
            }
        }
        let mut found = 0;
        for label in Labels::read(rows, &TENANTS, 0)?.rows {
            let domain = export.value(&TENANTS, label.id, tenant_key())?;
            let theirs = everything || label.id == viewer.tenant.0 || viewer.tenant == OPERATOR;
            if theirs
                && (tenant.is_empty() && (everything || label.id == viewer.tenant.0) || domain == tenant)
            {
                export.tenant(label.id)?;
                found += 1;
            }
        }
        if found == 0 {
            return Err(ExportError::Tenant(tenant.to_owned()));
        }
        Ok(export.out.finish())
    }
}

/// The field that names a tenant from outside.
pub(super) fn tenant_key() -> &'static Field {
    TENANTS.fields.iter().find(|field| field.everywhere).expect("tenants have a domain, nobody else's")
}

struct Export<'a> {
    db: &'a Db,
    rows: &'a Connection,
    secrets: Secrets,
    out: Printer,
    /// By table of the tenant at hand: id → name.
    names: HashMap<&'static str, HashMap<i64, String>>,
}

impl Export<'_> {
    fn tenant(&mut self, id: i64) -> rusqlite::Result<()> {
        self.names.clear();
        let of_tenants: Vec<_> = resources::ALL.into_iter().filter(|of| of.tenant && stands(of)).collect();
        self.out.row(TENANTS.name);
        self.fields(&TENANTS, id)?;
        // A table without rows is said to have none: read back, it has none.
        for of in of_tenants.iter().filter(|of| !of.single) {
            if Labels::read(self.rows, of, id)?.rows.is_empty() {
                self.out.raw(of.name, "[]");
            }
        }
        for of in of_tenants {
            self.tables(of, id, "tenants.")?;
        }
        Ok(())
    }

    fn tables(&mut self, of: &'static Resource, tenant: i64, prefix: &str) -> rusqlite::Result<()> {
        let path = format!("{prefix}{}", of.name);
        for label in Labels::read(self.rows, of, tenant)?.rows {
            if of.single {
                self.out.table(&path)
            } else {
                self.out.row(&path)
            }
            self.tenant_row(of, label.id, tenant)?;
        }
        Ok(())
    }

    fn tenant_row(&mut self, of: &'static Resource, id: i64, tenant: i64) -> rusqlite::Result<()> {
        for field in fields(of) {
            if let Kind::Reference(name) | Kind::Many(name) = field.kind {
                self.learn(name, tenant)?;
            }
        }
        self.fields(of, id)
    }

    fn learn(&mut self, name: &'static str, tenant: i64) -> rusqlite::Result<()> {
        if let (Some(of), false) = (resources::by_name(name), self.names.contains_key(name)) {
            let labels = Labels::read(self.rows, of, tenant)?;
            let by_id = labels.by_id().into_iter().map(|(id, label)| (id, label.to_owned()));
            self.names.insert(name, by_id.collect());
        }
        Ok(())
    }

    /// The fields of a row that are not as a new row has them.
    fn fields(&mut self, of: &'static Resource, id: i64) -> rusqlite::Result<()> {
        let wanted: Vec<&'static Field> = fields(of).collect();
        let columns: Vec<String> = wanted.iter().map(|field| sql::value(of, field)).collect();
        let text = format!("SELECT {} FROM {} t WHERE t.id = ?1", columns.join(", "), of.name);
        let values: Vec<String> = self
            .rows
            .prepare_cached(&text)?
            .query_row([id], |row| (0..wanted.len()).map(|at| row.get::<_, String>(at)).collect())?;
        for (field, value) in wanted.into_iter().zip(values) {
            self.field(of, id, field, &value);
        }
        Ok(())
    }

    fn field(&mut self, of: &'static Resource, id: i64, field: &'static Field, value: &str) {
        if matches!(field.kind, Kind::Secret) {
            let place = Place { table: of.name, field: field.name, row: id };
            let clear =
                (self.secrets == Secrets::InClear).then(|| self.db.cipher().open(place, value)).flatten();
            if let Some(secret) = clear.filter(|secret| !secret.is_empty()) {
                self.out.text(field.name, &secret);
            }
            return;
        }
        if value == field.default {
            return;
        }
        match field.kind {
            Kind::Number { .. } if !value.is_empty() => self.out.raw(field.name, value),
            Kind::Flag => self.out.raw(field.name, if value == "1" { "true" } else { "false" }),
            Kind::Reference(name) => {
                let label = value.parse().ok().and_then(|id: i64| self.names.get(name)?.get(&id));
                let label = label.cloned().unwrap_or_default();
                self.out.text(field.name, &label);
            }
            Kind::Set(_) => {
                let keys: Vec<&str> = value.split(',').filter(|key| !key.is_empty()).collect();
                self.out.list(field.name, &keys);
            }
            Kind::Many(name) => {
                let names = self.names.get(name);
                let ids = value.split(',').filter_map(|id| id.parse::<i64>().ok());
                let labels: Vec<&str> = ids.filter_map(|id| Some(names?.get(&id)?.as_str())).collect();
                self.out.list(field.name, &labels);
            }
            _ => self.out.text(field.name, value),
        }
    }

    fn value(&self, of: &'static Resource, id: i64, field: &Field) -> rusqlite::Result<String> {
        let text = format!("SELECT {} FROM {} t WHERE t.id = ?1", sql::value(of, field), of.name);
        self.rows.prepare_cached(&text)?.query_row([id], |row| row.get(0))
    }
}
