//! The departments as a tree, above their list: what is part of what, and how many people work there. ORG-06, ORG-07.

use askama::Template;
use config::{
    Resource,
    query::{ListQuery, Row},
    resources::departments::DEPARTMENTS,
};

use crate::{auth::Who, error::Fault, state::App};

#[derive(Template)]
#[template(path = "parts/departments.html")]
struct Tree {
    departments: Vec<Department>,
    /// Not all are drawn.
    more: bool,
}

/// A department with those that are part of it.
#[derive(Debug)]
struct Department {
    id: i64,
    name: String,
    /// Its own and those below.
    users: i64,
    below: Vec<Department>,
}

/// Whether a table is that of departments.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == DEPARTMENTS.name
}

/// Ready HTML; nothing as long as no department is part of another.
pub(crate) async fn tree(app: &App, who: &Who) -> Result<String, Fault> {
    let viewer = who.viewer();
    let query = ListQuery { sort: "path".to_owned(), limit: MOST, ..ListQuery::default() };
    let found = app.db(move |db| db.list(&viewer, &DEPARTMENTS, &query)).await?;
    if found.rows.iter().all(|row| parent(row).is_empty()) {
        return Ok(String::new());
    }
    let more = found.next.is_some();
    Ok(Tree { departments: nested(&found.rows), more }.render()?)
}

/// Rows under the row that they are part of; those whose parent is not among them stand by themselves.
fn nested(rows: &[Row]) -> Vec<Department> {
    let is_there = |id: &str| rows.iter().any(|row| row.id.to_string() == id);
    let tops = rows.iter().filter(|row| !is_there(parent(row)));
    tops.map(|top| {
        let own = top.id.to_string();
        let below: Vec<_> =
            rows.iter().filter(|row| parent(row) == own).map(|row| drawn(row, vec![])).collect();
        drawn(top, below)
    })
    .collect()
}

fn drawn(row: &Row, below: Vec<Department>) -> Department {
    let text = |name: &str| row.values.get(name).cloned().unwrap_or_default();
    let own: i64 = text("users").parse().unwrap_or_default();
    let users = own + below.iter().map(|one| one.users).sum::<i64>();
    Department { id: row.id, name: text("name"), users, below }
}

fn parent(row: &Row) -> &str {
    row.values.get("parent").map_or("", String::as_str)
}

/// Departments that are drawn.
const MOST: usize = 100;
