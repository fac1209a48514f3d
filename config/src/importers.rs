//! Extensions of other telephone systems: their CSV exports as users and phones, with a report of what is lost on the way.
//!
//! A row becomes a user with that extension and a phone that registers with it. Rows that are there already, by extension
//! or name, are changed; none is removed. What a column means is in the file of each system; a column that nobody asked
//! for is reported with how often it says something.

mod freepbx;
mod fusionpbx;

use std::collections::{BTreeMap, HashMap};

use crate::{
    Db,
    access::Author,
    plan::{Go, Plan, PlanError, RowProblem},
    resources::{devices::DEVICES, users::USERS},
    text::{Document, Given, RowText, Source, TableText, TenantText},
};

impl Db {
    /// Reads extensions of another system, or our own text. What maps and what is lost stands in the plan's notes.
    ///
    /// # Errors
    /// See [`Db::import_text`].
    pub fn import_from(
        &self,
        author: &Author,
        source: Source,
        text: &str,
        go: Go,
    ) -> Result<Plan, PlanError> {
        let read: fn(&Line<'_>, &mut Report) -> Option<Person> = match source {
            Source::Text => return self.import_text(author, text, go),
            Source::FreePbx => freepbx::person,
            Source::FusionPbx => fusionpbx::person,
        };
        match people(text, read) {
            Ok((people, report)) => {
                self.import_document(author, &document(&people), report.sentences(people.len()), go)
            }
            Err(problem) => Ok(Plan { problems: vec![problem], ..Plan::default() }),
        }
    }
}

/// Somebody with an extension and a phone.
#[derive(Debug, Clone, Default)]
struct Person {
    line: usize,
    name: String,
    extension: String,
    /// Fields of the user beyond these, by name.
    user: Vec<(&'static str, String)>,
    /// Blank makes one.
    secret: String,
    /// Fields of the phone.
    phone: Vec<(&'static str, String)>,
}

/// A line of the file by the names of its columns.
struct Line<'a> {
    number: usize,
    cells: &'a HashMap<String, String>,
}

impl Line<'_> {
    /// The first of these columns that says something.
    fn get(&self, names: &[&str]) -> &str {
        let mut cells = names.iter().filter_map(|name| self.cells.get(*name));
        cells.find(|cell| !cell.is_empty()).map_or("", String::as_str)
    }
}

/// What is lost.
#[derive(Debug, Default)]
struct Report {
    /// Columns that map.
    used: Vec<&'static str>,
    /// Column → how many lines have something there, and the first of it.
    unused: BTreeMap<String, (usize, String)>,
    /// Sentence → extensions.
    remarks: BTreeMap<&'static str, Vec<String>>,
}

impl Report {
    fn remark(&mut self, what: &'static str, extension: &str) {
        self.remarks.entry(what).or_default().push(extension.to_owned());
    }

    fn sentences(self, people: usize) -> Vec<String> {
        let mut sentences = vec![format!("{people} extension(s) read; each becomes a user and a phone.")];
        for (what, extensions) in self.remarks {
            let shown: Vec<_> = extensions.iter().take(SHOWN).cloned().collect();
            let more = extensions.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            sentences.push(format!("{what}: {}{more}.", shown.join(", ")));
        }
        for (column, (count, example)) in self.unused {
            let example: String = example.chars().take(LONGEST_EXAMPLE).collect();
            sentences.push(format!("Lost: {column}, said in {count} line(s), such as `{example}`."));
        }
        sentences
    }
}

fn people(
    text: &str,
    read: fn(&Line<'_>, &mut Report) -> Option<Person>,
) -> Result<(Vec<Person>, Report), RowProblem> {
    let text = text.trim_start_matches('\u{feff}');
    // Both systems' exports can be made with either.
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line) as usize;
        problem(line, "This is not CSV in UTF-8.")
    };
    let header: Vec<String> =
        reader.headers().map_err(|e| unreadable(&e))?.iter().map(|name| name.trim().to_lowercase()).collect();
    if !header.iter().any(|name| name == "extension") {
        return Err(problem(1, "There is no column `extension`: is this the export of extensions?"));
    }
    let (mut people, mut report) = (Vec::new(), Report::default());
    for record in reader.records() {
        let record = record.map_err(|e| unreadable(&e))?;
        let number = record.position().map_or(0, csv::Position::line) as usize;
        let cells = header.iter().cloned().zip(record.iter().map(|cell| cell.trim().to_owned())).collect();
        let line = Line { number, cells: &cells };
        if line.get(&["extension"]).is_empty() {
            continue;
        }
        people.extend(read(&line, &mut report));
        count_unused(&cells, &mut report);
        if people.len() > MOST_PEOPLE {
            return Err(problem(number, "More than 20,000 extensions: divide the file."));
        }
    }
    Ok((people, report))
}

fn count_unused(cells: &HashMap<String, String>, report: &mut Report) {
    for (column, cell) in cells {
        let says_nothing = cell.is_empty() || NOTHING.contains(&cell.to_lowercase().as_str());
        if says_nothing || report.used.contains(&column.as_str()) {
            continue;
        }
        // Nobody's password belongs in a report.
        let example = if SECRET.iter().any(|part| column.contains(part)) { "•••" } else { cell };
        let entry = report.unused.entry(column.clone()).or_insert_with(|| (0, example.to_owned()));
        entry.0 += 1;
    }
}

/// People as users and phones of the author's tenant.
fn document(people: &[Person]) -> Document {
    let mut users = TableText { of: &USERS, rows: Vec::new() };
    let mut phones = TableText { of: &DEVICES, rows: Vec::new() };
    for person in people {
        let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
        let first = if first.is_empty() { &person.extension } else { first };
        let mut user = vec![
            ("first_name", Given::Text(first.to_owned())),
            ("last_name", Given::Text(last.trim().to_owned())),
            ("extension", Given::Text(person.extension.clone())),
        ];
        user.extend(person.user.iter().map(|(name, value)| (*name, Given::Text(value.clone()))));
        users.rows.push(RowText { line: person.line, given: user });
        let title = format!("{first} {last}");
        let mut phone = vec![
            ("name", Given::Text(format!("{}'s phone", title.trim()))),
            ("user", Given::Text(person.extension.clone())),
            ("username", Given::Text(person.extension.clone())),
        ];
        if !person.secret.is_empty() {
            phone.push(("secret", Given::Text(person.secret.clone())));
        }
        phone.extend(person.phone.iter().map(|(name, value)| (*name, Given::Text(value.clone()))));
        phones.rows.push(RowText { line: person.line, given: phone });
    }
    let tenant = TenantText { row: RowText::default(), only_named: true, tables: vec![users, phones] };
    Document { tables: Vec::new(), tenants: vec![tenant], adds_only: true }
}

/// A password as phones know it, if it is strong enough for us; else a new one is made, and said.
fn secret(given: &str, extension: &str, report: &mut Report) -> String {
    let field = DEVICES.field("secret").expect("devices have a password");
    match field.normalise(given) {
        Ok(secret) => secret,
        Err(_) => {
            report.remark("Too weak a password, a new one is made; set it on the phone", extension);
            String::new()
        }
    }
}

/// A number in a range, the nearest one if it is beyond; nothing if it is none.
fn within(text: &str, least: i64, most: i64) -> Option<String> {
    text.parse::<i64>().ok().filter(|number| *number > 0).map(|number| number.clamp(least, most).to_string())
}

fn is_on(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "yes" | "1" | "on" | "enabled" | "t")
}

fn problem(line: usize, message: &str) -> RowProblem {
    let title = format!("line {line}");
    RowProblem {
        table: "",
        id: 0,
        title,
        field: String::new(),
        label: String::new(),
        message: message.to_owned(),
    }
}

/// What a cell says that says nothing: the other systems' way to write off and default.
const NOTHING: [&str; 9] = ["false", "no", "0", "off", "disabled", "default", "none", "f", "dontcare"];
const SECRET: [&str; 4] = ["password", "secret", "pwd", "pin"];
const SHOWN: usize = 10;
const LONGEST_EXAMPLE: usize = 40;
const MOST_PEOPLE: usize = 20_000;

#[cfg(test)]
mod tests;
