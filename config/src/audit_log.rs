//! The audit log as people read it: searched, filtered, page by page, and as CSV. AUD-01, AUD-02.

use rusqlite::{Connection, params_from_iter, types::Value};

use crate::{
    Db,
    access::{self, Scope, Viewer},
    audit::{self, AuditEntry, Changes, SELECT, read},
    csv_text::neutralised,
    resources,
    words::{Words, label},
};

/// Which entries; an empty text is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// In who, what or the values.
    pub search: String,
    /// Exactly this author.
    pub author: String,
    /// `create`, `update`, …
    pub action: String,
    /// Table name.
    pub table: String,
    /// Only that row of the table.
    pub row: Option<i64>,
    /// `portal`, `api`, `file`, …
    pub via: String,
    /// Unix milliseconds, inclusive.
    pub from: Option<i64>,
    /// Unix milliseconds, inclusive.
    pub to: Option<i64>,
    /// Entries older than this one only.
    pub before: Option<i64>,
    /// Entries a page, 1..=200; 0 takes 50.
    pub limit: usize,
}

/// An entry and its values as people read them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// As it is stored.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Titles instead of ids, labels instead of keys.
    pub shown: Changes,
}

/// A page of the log.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// Newest first.
    pub entries: Vec<Shown>,
    /// All that match.
    pub total: u64,
    /// Give it as `before` for the next page; `None` at the end.
    pub next: Option<i64>,
}

impl Db {
    /// A page of a tenant's audit log.
    pub fn audit_log(&self, viewer: &Viewer, query: &LogQuery) -> rusqlite::Result<LogPage> {
        let reader = self.reader()?;
        let moment = reader.unchecked_transaction()?;
        let mut conditions = conditions(viewer, query);
        let text = format!("SELECT count(*) FROM audit WHERE {}", conditions.text());
        let total = moment
            .prepare_cached(&text)?
            .query_row(params_from_iter(&conditions.parameters), |row| row.get(0))?;
        if let Some(before) = query.before {
            conditions.add("id < ?", [Value::Integer(before)]);
        }
        let limit = if query.limit == 0 { DEFAULT } else { query.limit.clamp(1, MOST) };
        let mut entries = select(&moment, &conditions, limit + 1)?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|entry| entry.id);
        Ok(LogPage { entries: shown(&moment, entries)?, total, next })
    }

    /// All that match as CSV, a line per changed field, newest first; cells that a spreadsheet would run are neutralised.
    /// At most [`MOST_LINES`] entries.
    pub fn audit_csv(&self, viewer: &Viewer, query: &LogQuery) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let conditions = conditions(viewer, query);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut line = |cells: [&str; 11]| {
            let cells = cells.map(neutralised);
            writer.write_record(cells).expect("memory takes what is written");
        };
        line(HEADER);
        for Shown { entry, shown } in shown(&reader, select(&reader, &conditions, MOST_LINES)?)? {
            let of = resources::by_name(&entry.table);
            let [id, at, revision] = [entry.id, entry.at_ms, entry.revision].map(|n| n.to_string());
            let head = [&*id, &at, &entry.author, &entry.address, &entry.via, &entry.action];
            let object = of.map_or(&*entry.table, |of| of.one);
            if shown.is_empty() {
                let [a, b, c, d, e, f] = head;
                line([a, b, c, d, e, f, object, &entry.title, "", "", &revision]);
            }
            for (name, (old, new)) in &shown {
                let [a, b, c, d, e, f] = head;
                let field = of.map_or(&**name, |of| label(of, name));
                let change = format!("{old} → {new}");
                line([a, b, c, d, e, f, object, &entry.title, field, &change, &revision]);
            }
        }
        let bytes = writer.into_inner().expect("memory takes what is written");
        Ok(String::from_utf8(bytes).expect("all cells are text"))
    }

    /// Everybody who is in a tenant's log, for a filter; at most 200.
    pub fn audit_authors(&self, viewer: &Viewer) -> rusqlite::Result<Vec<String>> {
        // From one name to the next by the index, so that a long log costs no more than a short one.
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "WITH RECURSIVE names(name) AS (SELECT min(author) FROM audit WHERE tenant_id = ?1 UNION ALL \
             SELECT (SELECT min(author) FROM audit WHERE tenant_id = ?1 AND author > name) FROM names \
             WHERE name IS NOT NULL LIMIT 200) SELECT name FROM names WHERE name IS NOT NULL",
        )?;
        statement.query_map([viewer.tenant.0], |row| row.get(0))?.collect()
    }
}

/// What must hold of an entry, and the values in it.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    parameters: Vec<Value>,
}

impl Conditions {
    fn add<const N: usize>(&mut self, text: &str, parameters: [Value; N]) {
        self.texts.push(format!("({text})"));
        self.parameters.extend(parameters);
    }
    fn text(&self) -> String {
        self.texts.join(" AND ")
    }
}

fn conditions(viewer: &Viewer, query: &LogQuery) -> Conditions {
    let mut all = Conditions::default();
    let operated = if audit::operates(viewer) { " OR tbl = 'tenants'" } else { "" };
    all.add(&format!("tenant_id = ?{operated}"), [Value::Integer(viewer.tenant.0)]);
    // What the program's own tables hold is nobody's business who may not look at them. OPS-06.
    for of in resources::ALL.into_iter().filter(|of| access::scope(viewer, of) == Scope::Nothing) {
        all.add("tbl <> ?", [Value::Text(of.name.to_owned())]);
    }
    for (column, wanted) in
        [("author", &query.author), ("action", &query.action), ("tbl", &query.table), ("via", &query.via)]
    {
        if !wanted.is_empty() {
            all.add(&format!("{column} = ?"), [Value::Text(wanted.clone())]);
        }
    }
    if let Some(row) = query.row {
        all.add("row_id = ?", [Value::Integer(row)]);
    }
    if let Some(from) = query.from {
        all.add("at_ms >= ?", [Value::Integer(from)]);
    }
    if let Some(to) = query.to {
        all.add("at_ms <= ?", [Value::Integer(to)]);
    }
    let search = query.search.trim();
    if !search.is_empty() {
        let pattern = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let containing = Value::Text(format!("%{pattern}%"));
        let text = "title || char(10) || author || char(10) || changes LIKE ? ESCAPE '\\'";
        all.add(text, [containing]);
    }
    all
}

fn select(rows: &Connection, conditions: &Conditions, limit: usize) -> rusqlite::Result<Vec<AuditEntry>> {
    let text = format!("{SELECT} WHERE {} ORDER BY id DESC LIMIT {limit}", conditions.text());
    rows.prepare_cached(&text)?.query_map(params_from_iter(&conditions.parameters), read)?.collect()
}

fn shown(rows: &Connection, entries: Vec<AuditEntry>) -> rusqlite::Result<Vec<Shown>> {
    let mut words = Words::default();
    entries
        .into_iter()
        .map(|entry| {
            let shown = match resources::by_name(&entry.table) {
                Some(of) => words.changes(rows, of, &entry.changes)?,
                None => entry.changes.clone(),
            };
            Ok(Shown { entry, shown })
        })
        .collect()
}

const HEADER: [&str; 11] =
    ["id", "at_ms", "who", "address", "from", "action", "object", "title", "field", "change", "revision"];
const DEFAULT: usize = 50;
const MOST: usize = 200;
/// Lines of a CSV; a spreadsheet takes a million.
pub const MOST_LINES: usize = 100_000;
