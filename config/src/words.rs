//! Values as people read them: titles for ids, labels for keys.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use crate::{Field, Kind, Resource, audit::Changes, resources, rows};

/// Looks titles up, each once.
#[derive(Debug, Default)]
pub(crate) struct Words {
    titles: HashMap<(&'static str, i64), String>,
}

impl Words {
    /// A stored value as people read it.
    pub(crate) fn value(
        &mut self,
        rows: &Connection,
        field: &Field,
        stored: &str,
    ) -> rusqlite::Result<String> {
        let (Kind::Reference(name) | Kind::Many(name)) = field.kind else { return Ok(field.show(stored)) };
        let Some(of) = resources::by_name(name) else { return Ok(stored.to_owned()) };
        let mut titles = Vec::new();
        for id in stored.split(',').filter_map(|id| id.parse().ok()) {
            titles.push(self.title(rows, of, id)?);
        }
        Ok(titles.join(", "))
    }

    /// What people read of all changes.
    pub(crate) fn changes(
        &mut self,
        rows: &Connection,
        of: &Resource,
        changes: &Changes,
    ) -> rusqlite::Result<Changes> {
        let mut shown = Changes::new();
        for (name, (old, new)) in changes {
            let words = match of.field(name) {
                Some(field) => (self.value(rows, field, old)?, self.value(rows, field, new)?),
                None => (old.clone(), new.clone()),
            };
            shown.insert(name.clone(), words);
        }
        Ok(shown)
    }

    /// How people call a row; how they called it last if it is gone.
    fn title(&mut self, rows: &Connection, of: &'static Resource, id: i64) -> rusqlite::Result<String> {
        if let Some(title) = self.titles.get(&(of.name, id)) {
            return Ok(title.clone());
        }
        let mut title = rows::title(rows, of, id)?;
        if title == format!("#{id}") {
            let last = "SELECT title FROM audit WHERE tbl = ?1 AND row_id = ?2 ORDER BY id DESC LIMIT 1";
            let last: Option<String> =
                rows.prepare_cached(last)?.query_row((of.name, id), |row| row.get(0)).optional()?;
            title = last.unwrap_or(title);
        }
        self.titles.insert((of.name, id), title.clone());
        Ok(title)
    }

    /// Forgets what rows were called.
    pub(crate) fn forget(&mut self) {
        self.titles.clear();
    }
}

/// The label of a field, its name if the table has no such field.
pub(crate) fn label<'a>(of: &Resource, name: &'a str) -> &'a str {
    of.field(name).map_or(name, |field| field.label)
}
