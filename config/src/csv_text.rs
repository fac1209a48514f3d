//! Tables as CSV, for spreadsheets: header first, references by title, choices by label. A row given back with its `id`
//! changes that row, one without adds a row.
//!
//! A spreadsheet runs what begins with `= + - @`; such cells get an apostrophe in front, and lose it on the way back.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::{
    Db, Field, Kind, Problem, Resource,
    access::{self, Author, Viewer},
    query::{ListQuery, QueryError, Row},
    resource::Values,
    resources, sql,
    transaction::Transaction,
    write::{Edit, WriteError},
};

impl Db {
    /// CSV of all rows that match, header first; cells that a spreadsheet would run are neutralised. Secrets are absent.
    pub fn export_csv(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        query: &ListQuery,
    ) -> Result<String, QueryError> {
        let fields: Vec<&Field> = exported(of).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = std::iter::once("id").chain(fields.iter().map(|field| field.name));
        write(&mut writer, header);
        let reader = self.reader()?;
        let mut titles = Titles::of(*viewer);
        let mut query = ListQuery { after: String::new(), limit: 200, ..query.clone() };
        loop {
            let page = self.list(viewer, of, &query)?;
            for row in &page.rows {
                let mut cells = vec![row.id.to_string()];
                for field in &fields {
                    cells.push(neutralised(&titles.cell(&reader, field, row)?));
                }
                write(&mut writer, cells.into_iter());
            }
            match page.next {
                Some(next) => query.after = next,
                None => break,
            }
        }
        let bytes = writer.into_inner().expect("memory takes what is written");
        Ok(String::from_utf8(bytes).expect("all cells are text"))
    }

    /// All rows of a CSV with a header line (field names or labels), or none: problems carry `line n` in front. One
    /// revision, an audit entry a row. Returns how many rows were added or changed.
    pub fn import_csv(&self, author: &Author, of: &'static Resource, csv: &str) -> Result<usize, WriteError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(false)
            .from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
        let columns = columns(of, reader.headers().map_err(|error| unreadable(&error))?)?;
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let titles = Titles::of(author.viewer);
        let mut import = Import { db: self, rows: &transaction, author, of, columns, titles };
        let (mut written, mut problems) = (0, Vec::new());
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            match import.row(&record) {
                Ok(changed) => written += usize::from(changed),
                Err(error @ WriteError::Sqlite(_)) => return Err(error),
                Err(error) => problems.extend(at_line(line, error)),
            }
            if problems.len() >= ENOUGH {
                break;
            }
        }
        if !problems.is_empty() {
            return Err(WriteError::Invalid(problems));
        }
        if written > 0 {
            transaction.commit()?;
        }
        Ok(written)
    }
}

/// A file on its way in.
struct Import<'a> {
    db: &'a Db,
    rows: &'a Connection,
    author: &'a Author,
    of: &'static Resource,
    columns: Vec<Column>,
    titles: Titles,
}

impl Import<'_> {
    /// Adds or changes the row of one line; `false` if there was nothing to change.
    fn row(&mut self, record: &csv::StringRecord) -> Result<bool, WriteError> {
        let (mut id, mut values, mut problems) = (None, Values::new(), Vec::new());
        for (column, cell) in self.columns.iter().zip(record) {
            let cell = as_written(cell);
            match column {
                Column::Id if cell.is_empty() => {}
                Column::Id => id = Some(cell.parse::<i64>().map_err(|_| WriteError::Gone)?),
                Column::Field(field) => match self.titles.resolve(self.rows, field, cell)? {
                    Ok(value) => drop(values.insert(field.name.to_owned(), value)),
                    Err(message) => problems.push(Problem::of(field.name, message)),
                },
            }
        }
        if !problems.is_empty() {
            return Err(WriteError::Invalid(problems));
        }
        match id {
            Some(id) => {
                let edit = Edit { of: self.of, id, version: None };
                self.db.update_in(self.rows, self.author, edit, &values)
            }
            None => self.db.create_in(self.rows, self.author, self.of, &values).map(|_| true),
        }
    }
}

/// What a column of the file is.
enum Column {
    Id,
    Field(&'static Field),
}

/// The rows that references can point to, each table read once.
struct Titles {
    viewer: Viewer,
    tables: HashMap<&'static str, Table>,
}

/// The rows of one table by what people call them.
#[derive(Default)]
struct Table {
    /// By title, title with extension, and extension, lower case; `None` if several are called so.
    ids: HashMap<String, Option<i64>>,
    titles: HashMap<i64, String>,
}

impl Titles {
    fn of(viewer: Viewer) -> Self {
        Self { viewer, tables: HashMap::new() }
    }

    /// A value as it can be read back: references by title, or by `#id` where the title would not do; lists with `;`.
    fn cell(&mut self, rows: &Connection, field: &Field, row: &Row) -> rusqlite::Result<String> {
        let of = |values: &Values| values.get(field.name).cloned().unwrap_or_default();
        let name = match field.kind {
            Kind::Reference(name) | Kind::Many(name) => name,
            Kind::Choice(_) | Kind::Flag => return Ok(of(&row.shown)),
            _ => return Ok(of(&row.values)),
        };
        let table = self.table(rows, name)?;
        let cells = of(&row.values);
        let ids = cells.split(',').filter_map(|id| id.parse().ok());
        Ok(ids.map(|id| table.unmistakable(id)).collect::<Vec<_>>().join("; "))
    }

    /// The value of a cell: ids for titles, the text itself otherwise; or what is wrong with it.
    fn resolve(
        &mut self,
        rows: &Connection,
        field: &Field,
        cell: &str,
    ) -> rusqlite::Result<Result<String, String>> {
        let (name, parts): (_, Vec<&str>) = match field.kind {
            Kind::Reference(name) => (name, vec![cell]),
            Kind::Many(name) => (name, cell.split(';').collect()),
            _ => return Ok(Ok(cell.to_owned())),
        };
        let one = resources::by_name(name).map_or(name, |table| table.one).to_lowercase();
        let table = self.table(rows, name)?;
        let mut ids = Vec::new();
        for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
            match (part.strip_prefix('#'), table.ids.get(&part.to_lowercase())) {
                (Some(id), _) => ids.push(id.to_owned()),
                (None, Some(Some(id))) => ids.push(id.to_string()),
                (None, Some(None)) => return Ok(Err(format!("Several are called `{part}`."))),
                (None, None) => return Ok(Err(format!("There is no {one} `{part}`."))),
            }
        }
        Ok(Ok(ids.join(",")))
    }

    fn table(&mut self, rows: &Connection, name: &'static str) -> rusqlite::Result<&Table> {
        if !self.tables.contains_key(name) {
            let table = match resources::by_name(name) {
                Some(of) => Table::read(rows, &self.viewer, of)?,
                None => Table::default(),
            };
            self.tables.insert(name, table);
        }
        Ok(&self.tables[name])
    }
}

impl Table {
    fn read(rows: &Connection, viewer: &Viewer, of: &Resource) -> rusqlite::Result<Self> {
        let scope = access::scope(viewer, of);
        let number = sql::own_extension(of).map_or_else(|| "''".to_owned(), |field| sql::value(of, field));
        let text = format!(
            "SELECT t.id, {}, {}, {number} FROM {} t WHERE {}",
            sql::title(of, "t"),
            format_args!("t.{}", of.title),
            of.name,
            scope.condition()
        );
        let mut statement = rows.prepare_cached(&text)?;
        let mut found = statement.query(scope.parameters())?;
        let mut table = Self::default();
        while let Some(row) = found.next()? {
            let id: i64 = row.get(0)?;
            table.titles.insert(id, row.get(1)?);
            for at in 1..=3 {
                let entry = table.ids.entry(row.get::<_, String>(at)?.to_lowercase());
                entry.and_modify(|known| *known = known.filter(|known| *known == id)).or_insert(Some(id));
            }
        }
        table.ids.remove("");
        Ok(table)
    }

    fn unmistakable(&self, id: i64) -> String {
        let title = self.titles.get(&id).filter(|title| {
            let reads_back = self.ids.get(&title.to_lowercase()) == Some(&Some(id));
            reads_back && !title.starts_with('#') && !title.contains(';')
        });
        title.cloned().unwrap_or_else(|| format!("#{id}"))
    }
}

fn columns(of: &'static Resource, header: &csv::StringRecord) -> Result<Vec<Column>, WriteError> {
    let (mut columns, mut problems) = (Vec::new(), Vec::new());
    for name in header {
        let name = name.trim();
        let field = of
            .settable()
            .find(|field| field.name.eq_ignore_ascii_case(name) || field.label.eq_ignore_ascii_case(name));
        match field {
            Some(field) => columns.push(Column::Field(field)),
            None if name.eq_ignore_ascii_case("id") => columns.push(Column::Id),
            None => problems.push(Problem::of(name, format!("line 1: {} have no field `{name}`.", of.many))),
        }
    }
    if problems.is_empty() { Ok(columns) } else { Err(WriteError::Invalid(problems)) }
}

fn at_line(line: u64, error: WriteError) -> Vec<Problem> {
    match error {
        WriteError::Invalid(problems) => problems
            .into_iter()
            .map(|problem| Problem { message: format!("line {line}: {}", problem.message), ..problem })
            .collect(),
        other => vec![Problem::of("", format!("line {line}: {other}."))],
    }
}

fn unreadable(error: &csv::Error) -> WriteError {
    let line = error.position().map_or(1, csv::Position::line);
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells where the header has {expected_len}.")
        }
        csv::ErrorKind::Utf8 { .. } => "this is not UTF-8 text.".to_owned(),
        _ => "this is not CSV.".to_owned(),
    };
    WriteError::Invalid(vec![Problem::of("", format!("line {line}: {what}"))])
}

fn exported(of: &'static Resource) -> impl Iterator<Item = &'static Field> {
    of.settable().filter(|field| !matches!(field.kind, Kind::Secret))
}

/// The cell, so written that no spreadsheet runs it.
pub(crate) fn neutralised(cell: &str) -> String {
    if cell.starts_with(DANGEROUS) || cell.starts_with('\'') { format!("'{cell}") } else { cell.to_owned() }
}

/// A cell as it was before [`neutralised`].
pub(crate) fn as_written(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(DANGEROUS) || rest.starts_with('\'') => rest,
        _ => cell,
    }
}

fn write<T: AsRef<[u8]>>(writer: &mut csv::Writer<Vec<u8>>, cells: impl Iterator<Item = T>) {
    writer.write_record(cells).expect("memory takes what is written");
}

const DANGEROUS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// More problems at once help nobody.
const ENOUGH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn each_cell_comes_back_as_it_was(text in "\\PC*") {
            let cell = neutralised(&text);
            proptest::prop_assert_eq!(as_written(&cell), text);
        }
    }

    #[test]
    fn no_cell_can_be_run() {
        for text in ["=1+1", "+49301", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(neutralised(text), format!("'{text}"));
        }
        assert_eq!(neutralised("Anna"), "Anna");
    }
}
