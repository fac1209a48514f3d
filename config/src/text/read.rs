//! TOML as a [`Document`], with the line of each row and each mistake.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Document, FORMAT, Given, RowText, TableText, TenantText, fields, stands};
use crate::{
    Resource,
    plan::RowProblem,
    resources::{self, tenants::TENANTS},
};

/// What a text says, or what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Document, Vec<RowProblem>> {
    let mut reader = Reader { lines: line_starts(text), problems: Vec::new() };
    if text.len() > LONGEST {
        return Err(vec![problem(0, "", format!("The text is longer than {} MB.", LONGEST >> 20))]);
    }
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(0, |span| reader.line(span.start));
            return Err(vec![problem(line, "", format!("This is not TOML: {}.", error.message()))]);
        }
    };
    let document = reader.document(table.get_ref());
    if reader.problems.is_empty() { Ok(document) } else { Err(reader.problems) }
}

struct Reader {
    /// Where each line begins.
    lines: Vec<usize>,
    problems: Vec<RowProblem>,
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

impl Reader {
    fn document(&mut self, table: &DeTable<'_>) -> Document {
        let mut document = Document::default();
        let mut format = None;
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("format", value) => format = integer(value),
                (name, DeValue::Array(tenants)) if name == TENANTS.name => {
                    for tenant in tenants.iter() {
                        document.tenants.extend(self.tenant(tenant));
                    }
                }
                (name, _) => {
                    let found = resources::by_name(name).filter(|of| !of.tenant && of.name != TENANTS.name);
                    match found {
                        Some(of) => document.tables.extend(self.table(of, value)),
                        None => self.unknown(key, "There is no such table for the whole program."),
                    }
                }
            }
        }
        if format != Some(FORMAT) {
            let text = format!("The text begins with `format = {FORMAT}`; this program reads no other.");
            self.problems.push(problem(1, "format", text));
        }
        in_order(&mut document.tables);
        document
    }

    fn tenant(&mut self, value: &Spanned<DeValue<'_>>) -> Option<TenantText> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "", "Write each tenant as [[tenants]].");
            return None;
        };
        let mut tenant = TenantText::default();
        let mut own = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let is_field = TENANTS.settable().any(|field| field.name == name);
            match resources::by_name(name).filter(|of| of.tenant && stands(of) && !is_field) {
                Some(of) => tenant.tables.extend(self.table(of, value)),
                None => own.push((key, value)),
            }
        }
        tenant.row = self.row(&TENANTS, self.line(value.span().start), own.into_iter());
        in_order(&mut tenant.tables);
        Some(tenant)
    }

    fn table(&mut self, of: &'static Resource, value: &Spanned<DeValue<'_>>) -> Option<TableText> {
        let mut rows = Vec::new();
        match (of.single, value.get_ref()) {
            (true, DeValue::Table(table)) => {
                rows.push(self.row(of, self.line(value.span().start), table.iter()));
            }
            (false, DeValue::Array(all)) => {
                for row in all.iter() {
                    match row.get_ref().as_table() {
                        Some(table) => {
                            rows.push(self.row(of, self.line(row.span().start), table.iter()));
                        }
                        None => self.wrong(row, of.name, "Write each row in a table of its own."),
                    }
                }
            }
            (true, _) => self.wrong(value, of.name, "There is one row of it: write it as a table in [ ]."),
            (false, _) => self.wrong(value, of.name, "There may be several: write each as a table in [[ ]]."),
        }
        Some(TableText { of, rows })
    }

    fn row<'t, 'i: 't>(
        &mut self,
        of: &'static Resource,
        line: usize,
        entries: impl Iterator<Item = Entry<'t, 'i>>,
    ) -> RowText {
        let mut row = RowText { line, given: Vec::new() };
        for (key, value) in entries {
            let Some(field) = fields(of).find(|field| field.name == key.get_ref().as_ref()) else {
                self.unknown(key, &format!("{} have no such field.", of.many));
                continue;
            };
            match given(value.get_ref()) {
                Some(given) => row.given.push((field.name, given)),
                None => self.wrong(value, field.name, "A text, a number, true or false, or a list of texts."),
            }
        }
        row
    }

    fn unknown(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, why: &str) {
        let line = self.line(key.span().start);
        self.problems.push(problem(line, key.get_ref(), why.to_owned()));
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, field: &str, why: &str) {
        let line = self.line(value.span().start);
        self.problems.push(problem(line, field, why.to_owned()));
    }

    /// The line of a place in the text, from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }
}

/// Something that is wrong in a line of the text; 0 is none in particular.
pub(super) fn problem(line: usize, field: &str, message: String) -> RowProblem {
    let title = if line == 0 { String::new() } else { format!("line {line}") };
    RowProblem { table: "", id: 0, title, field: field.to_owned(), label: field.to_owned(), message }
}

fn given(value: &DeValue<'_>) -> Option<Given> {
    match value {
        DeValue::Array(all) => {
            let texts: Option<Vec<String>> = all.iter().map(|value| text(value.get_ref())).collect();
            texts.map(Given::List)
        }
        value => text(value).map(Given::Text),
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(_) => integer(value).map(|number| number.to_string()),
        DeValue::Boolean(set) => Some(if *set { "1" } else { "0" }.to_owned()),
        // A date or a time of day, as it is written.
        DeValue::Datetime(when) => Some(when.to_string()),
        DeValue::Float(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The order in which tables are written, whatever the text's.
fn in_order(tables: &mut [TableText]) {
    tables.sort_by_key(|table| resources::ALL.into_iter().position(|of| of.name == table.of.name));
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(breaks).collect()
}

/// A hundred thousand rows.
const LONGEST: usize = 64 << 20;
