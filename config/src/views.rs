//! How a person looks at lists: the state last used, and the views they saved under a name. NAV-13.

use rusqlite::OptionalExtension;

use crate::Db;

/// A view of a list that somebody saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// As they called it.
    pub name: String,
    /// Search, filters, sort, columns: the list's address behind the `?`.
    pub query: String,
}

/// Why a view was not saved.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ViewError {
    #[error("a view needs a name of at most 64 characters")]
    Name,
    #[error("at most {MOST_VIEWS} views of a list; remove one first")]
    TooMany,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// The state in which somebody last left a list; blank if they never changed it.
    pub fn list_state(&self, owner: i64, table: &str) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let state = reader
            .prepare_cached("SELECT query FROM list_views WHERE owner = ?1 AND tbl = ?2 AND name = ''")?
            .query_row((owner, table), |row| row.get(0))
            .optional()?;
        Ok(state.unwrap_or_default())
    }

    /// Remembers the state of a list. No revision: it is nobody's configuration but theirs.
    pub fn keep_list_state(&self, owner: i64, table: &str, query: &str) -> rusqlite::Result<()> {
        self.store_view(owner, table, "", query)
    }

    /// The views that somebody saved of a list, by name.
    pub fn views(&self, owner: i64, table: &str) -> rusqlite::Result<Vec<View>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT name, query FROM list_views WHERE owner = ?1 AND tbl = ?2 AND name <> '' ORDER BY name",
        )?;
        let view = |row: &rusqlite::Row<'_>| Ok(View { name: row.get(0)?, query: row.get(1)? });
        statement.query_map((owner, table), view)?.collect()
    }

    /// Saves a view; one of the same name is replaced.
    pub fn save_view(&self, owner: i64, table: &str, view: &View) -> Result<(), ViewError> {
        let name = view.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(ViewError::Name);
        }
        let saved = self.views(owner, table)?;
        if saved.len() >= MOST_VIEWS && !saved.iter().any(|other| other.name == name) {
            return Err(ViewError::TooMany);
        }
        Ok(self.store_view(owner, table, name, &view.query)?)
    }

    /// Removes a saved view.
    pub fn forget_view(&self, owner: i64, table: &str, name: &str) -> rusqlite::Result<()> {
        let delete = "DELETE FROM list_views WHERE owner = ?1 AND tbl = ?2 AND name = ?3 AND name <> ''";
        self.writer().prepare_cached(delete)?.execute((owner, table, name)).map(|_| ())
    }

    fn store_view(&self, owner: i64, table: &str, name: &str, query: &str) -> rusqlite::Result<()> {
        let query: String = query.chars().take(LONGEST_QUERY).collect();
        self.writer()
            .prepare_cached(
                "INSERT INTO list_views (owner, tbl, name, query) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (owner, tbl, name) DO UPDATE SET query = excluded.query",
            )?
            .execute((owner, table, name, query))
            .map(|_| ())
    }
}

const LONGEST_NAME: usize = 64;
const LONGEST_QUERY: usize = 4000;
/// As many as a menu shows.
const MOST_VIEWS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Company;

    fn view(name: &str, query: &str) -> View {
        View { name: name.into(), query: query.into() }
    }

    /// NAV-13
    #[test]
    fn views_are_their_owners_and_make_no_revision() {
        let company = Company::new();
        let (db, before) = (&company.db, company.revision());
        db.keep_list_state(1, "users", "view=cards").unwrap();
        db.keep_list_state(1, "users", "view=list").unwrap();
        db.save_view(1, "users", &view(" Away ", "f.suspended=1")).unwrap();
        assert_eq!(db.list_state(1, "users").unwrap(), "view=list");
        assert_eq!(db.views(1, "users").unwrap(), [view("Away", "f.suspended=1")]);
        assert_eq!(
            (db.list_state(2, "users").unwrap(), db.views(2, "users").unwrap()),
            (String::new(), vec![])
        );
        db.forget_view(1, "users", "").unwrap();
        db.forget_view(1, "users", "Away").unwrap();
        assert_eq!(
            (db.list_state(1, "users").unwrap(), db.views(1, "users").unwrap().len()),
            ("view=list".into(), 0)
        );
        assert_eq!(company.revision(), before);
    }

    #[test]
    fn a_view_has_a_name_and_there_are_not_too_many() {
        let company = Company::new();
        assert!(matches!(company.db.save_view(1, "users", &view(" ", "")), Err(ViewError::Name)));
        for n in 0..MOST_VIEWS {
            company.db.save_view(1, "users", &view(&format!("View {n}"), "")).unwrap();
        }
        assert!(matches!(company.db.save_view(1, "users", &view("One more", "")), Err(ViewError::TooMany)));
        company.db.save_view(1, "users", &view("View 3", "q=x")).unwrap();
    }
}
