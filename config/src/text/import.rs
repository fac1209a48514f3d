//! A text as a plan: which row of it is which of the database, and what becomes of each.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{
    Document, Given, RowText, TableText, TenantText,
    export::tenant_key,
    fields,
    labels::{self, full},
    matching::{self, Present},
    read,
};
use crate::{
    Db, Field, Kind, Resource,
    access::{self, Author, OPERATOR, Scope},
    images,
    plan::{Act, Applied, Go, Plan, PlanError, RowProblem, Step, apply},
    resource::Values,
    resources::{self, tenants::TENANTS},
    secret::Place,
    write::{WriteError, store},
};

/// Where a configuration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The text that [`Db::export_text`] writes.
    Text,
    /// Extensions as FreePBX exports them (Bulk Handler, CSV).
    FreePbx,
    /// Extensions as FusionPBX exports them (CSV).
    FusionPbx,
}

impl Db {
    /// Makes the configuration what a text says, as one revision: tables that it names hold the rows that it names and no
    /// others, what it does not name stays. [`Go::Rehearse`] says what would happen. What is wrong with the text stands
    /// in the plan's problems.
    ///
    /// # Errors
    /// When the configuration is not the one that the plan was made for, or the author may not.
    pub fn import_text(&self, author: &Author, text: &str, go: Go) -> Result<Plan, PlanError> {
        match read::read(text) {
            Ok(document) => self.import_document(author, &document, Vec::new(), go),
            Err(problems) => Ok(Plan { problems, ..Plan::default() }),
        }
    }

    /// The same for a text that was understood already; `said` comes first among the plan's notes.
    pub(crate) fn import_document(
        &self,
        author: &Author,
        document: &Document,
        said: Vec<String>,
        go: Go,
    ) -> Result<Plan, PlanError> {
        self.carry_out_all(author, go, |rows, notes| {
            notes.extend(said);
            let mut import =
                Import { db: self, rows, author, applied: Applied::default(), ids: Ids::default() };
            import.program(&document.tables)?;
            for tenant in &document.tenants {
                if import.applied.problems.is_empty() {
                    import.tenant(tenant, document.adds_only)?;
                }
            }
            if import.ids.new_secrets > 0 {
                notes.push(format!(
                    "{} new password(s) are made; look them up at the new rows.",
                    import.ids.new_secrets
                ));
            }
            Ok(import.applied)
        })
    }
}

struct Import<'a> {
    db: &'a Db,
    rows: &'a Connection,
    author: &'a Author,
    applied: Applied,
    ids: Ids,
}

/// The ids that new rows get.
#[derive(Default)]
struct Ids {
    next: HashMap<&'static str, i64>,
    new_secrets: usize,
}

impl Import<'_> {
    /// Tables of the whole program: one row each.
    fn program(&mut self, tables: &[TableText]) -> Result<(), PlanError> {
        for table in tables {
            if access::scope(&self.author.viewer, table.of) != Scope::All {
                return Err(refused("The settings of the whole program are not yours to change."));
            }
            let mut tenant = Tenant::new(self.rows, 0, false);
            tenant.learn(table.of, Some(table))?;
            self.number(&mut tenant, table)?;
            self.table(&tenant, table)?;
        }
        Ok(())
    }

    fn tenant(&mut self, text: &TenantText, adds_only: bool) -> Result<(), PlanError> {
        let Some(id) = self.tenant_id(text)? else { return Ok(()) };
        let mut tenant = Tenant::new(self.rows, id, adds_only);
        for of in resources::ALL.into_iter().filter(|of| of.tenant) {
            let table = text.tables.iter().find(|table| table.of.name == of.name);
            let is_pointed_to = text.tables.iter().flat_map(|table| fields(table.of)).any(
                |field| matches!(field.kind, Kind::Reference(name) | Kind::Many(name) if name == of.name),
            );
            if table.is_some() || is_pointed_to {
                tenant.learn(of, table)?;
            }
        }
        for table in &text.tables {
            self.number(&mut tenant, table)?;
        }
        let mut steps = Vec::new();
        for table in &text.tables {
            steps.extend(self.steps(&tenant, table)?);
        }
        self.carry_out(steps)
    }

    /// The tenant that is meant, made or changed as the text says; `None` when there is a problem with it.
    fn tenant_id(&mut self, text: &TenantText) -> Result<Option<i64>, PlanError> {
        if text.only_named {
            return Ok(Some(self.author.viewer.tenant.0));
        }
        let table = TableText { of: &TENANTS, rows: vec![text.row.clone()] };
        let mut all = Tenant::new(self.rows, 0, true);
        all.learn(&TENANTS, Some(&table))?;
        let key = tenant_key();
        let domain = key.normalise(text.row.text(key.name)).unwrap_or_default();
        let known = &all.tables[TENANTS.name];
        let place = known.present.iter().position(|row| row.values.get(key.name) == Some(&domain));
        let id = match place {
            Some(place) => known.present[place].id,
            None => self.ids.next(self.rows, &TENANTS)?,
        };
        if id != self.author.viewer.tenant.0 && self.author.viewer.tenant != OPERATOR {
            return Err(refused("The text is about another tenant than yours."));
        }
        all.assign(TENANTS.name, vec![(place, id)]);
        self.table(&all, &table)?;
        Ok(self.applied.problems.is_empty().then_some(id))
    }

    fn table(&mut self, tenant: &Tenant<'_>, table: &TableText) -> Result<(), PlanError> {
        let steps = self.steps(tenant, table)?;
        self.carry_out(steps)
    }

    fn carry_out(&mut self, steps: Vec<(usize, Step)>) -> Result<(), PlanError> {
        if !self.applied.problems.is_empty() || steps.is_empty() {
            return Ok(());
        }
        let lines: HashMap<(&str, i64), usize> =
            steps.iter().map(|(line, step)| ((step.of.name, step.id), *line)).collect();
        let mut done =
            apply(self.db, self.rows, self.author, steps.into_iter().map(|(_, step)| step).collect())?;
        for problem in &mut done.problems {
            if let Some(line) = lines.get(&(problem.table, problem.id)).filter(|line| **line > 0) {
                problem.title = format!("line {line}, {}", problem.title);
            }
        }
        self.applied.rows.extend(done.rows);
        self.applied.before.extend(done.before);
        self.applied.problems.extend(done.problems);
        Ok(())
    }

    /// Gives the rows of a table their ids.
    fn number(&mut self, tenant: &mut Tenant<'_>, table: &TableText) -> Result<(), PlanError> {
        let known = &tenant.tables[table.of.name];
        let mut assigned = Vec::new();
        let pointing: Vec<&Field> = labels::naming(table.of);
        let points_only = pointing.iter().all(|field| matches!(field.kind, Kind::Reference(_)));
        let places = match points_only && !table.of.single {
            true => tenant.pointing_alike(table, &pointing, &known.present),
            false => matching::matched(table, &known.present),
        };
        for place in places {
            let id = match place {
                Some(place) => known.present[place].id,
                // Room for what triggers make beside other new rows.
                None if points_only => self.ids.next(self.rows, table.of)? + ROOM,
                None => self.ids.next(self.rows, table.of)?,
            };
            assigned.push((place, id));
        }
        tenant.assign(table.of.name, assigned);
        Ok(())
    }

    /// What becomes of the rows of a table, with the line of each.
    fn steps(&mut self, tenant: &Tenant<'_>, table: &TableText) -> Result<Vec<(usize, Step)>, PlanError> {
        let of = table.of;
        let known = &tenant.tables[of.name];
        let mut steps = Vec::new();
        let mut stay = vec![false; known.present.len()];
        for (row, &(place, id)) in table.rows.iter().zip(&known.assigned) {
            let present = place.map(|place| &known.present[place]);
            if let Some(place) = place {
                stay[place] = true;
            }
            let values = self.values(tenant, of, row, present)?;
            let owner = match (of.tenant, of.single) {
                (true, _) => tenant.id,
                (false, true) => 0,
                (false, false) => id,
            };
            let act = match present {
                Some(present) => {
                    let changed = self.changed(of, present, values)?;
                    if changed.is_empty() {
                        continue;
                    }
                    Act::Change { values: changed }
                }
                None => {
                    self.ids.new_secrets += missing_secrets(of, &values);
                    Act::Create { values, version: 1 }
                }
            };
            steps.push((row.line, Step { of, tenant: owner, id, act, undoes: None }));
        }
        if !tenant.adds_only && !of.single {
            let gone = known.present.iter().zip(stay).filter(|(_, stays)| !stays);
            for (row, _) in gone {
                // As if somebody deleted it in its form.
                if let Some(ask) = of.hooks.may_go
                    && let Some(problem) = ask(self.rows, tenant.id, row.id)?
                {
                    let title = format!("{} {}", of.one, row.label.label);
                    let (field, label) = (problem.field.clone(), String::new());
                    let message = problem.message;
                    self.applied.problems.push(RowProblem {
                        table: of.name,
                        id: row.id,
                        title,
                        field,
                        label,
                        message,
                    });
                }
                steps.push((0, Step { of, tenant: tenant.id, id: row.id, act: Act::Delete, undoes: None }));
            }
        }
        Ok(steps)
    }

    /// The values of a row, normal; problems are kept.
    fn values(
        &mut self,
        tenant: &Tenant<'_>,
        of: &'static Resource,
        row: &RowText,
        present: Option<&Present>,
    ) -> Result<Values, PlanError> {
        let mut values = Values::new();
        for field in fields(of) {
            let given = row.given.iter().find(|(name, _)| *name == field.name).map(|(_, given)| given);
            let value = match given {
                None if matches!(field.kind, Kind::Secret) => continue,
                None if tenant.adds_only && present.is_some() => continue,
                None => Ok(field.default.to_owned()),
                Some(given) => tenant.value(field, given),
            };
            match value.and_then(|value| field.normalise(&value)) {
                Ok(value) => drop(values.insert(field.name.to_owned(), value)),
                Err(message) => {
                    let problem = read::problem(row.line, field.label, message);
                    self.applied.problems.push(RowProblem { table: of.name, ..problem });
                }
            }
        }
        Ok(values)
    }

    /// Those that differ from the row as it is.
    fn changed(
        &self,
        of: &'static Resource,
        present: &Present,
        values: Values,
    ) -> Result<Values, WriteError> {
        let mut changed = Values::new();
        for (name, value) in values {
            let Some(field) = of.field(&name) else { continue };
            let differs = if matches!(field.kind, Kind::Secret) {
                let sealed = images::secret(self.rows, of, present.id, field.name, i64::MAX)?;
                let place = Place { table: of.name, field: field.name, row: present.id };
                let clear = sealed.and_then(|sealed| self.db.cipher().open(place, &sealed));
                clear.as_deref() != Some(&value)
            } else {
                present.values.get(&name) != Some(&value)
            };
            if differs {
                changed.insert(name, value);
            }
        }
        Ok(changed)
    }
}

impl Ids {
    fn next(&mut self, rows: &Connection, of: &'static Resource) -> rusqlite::Result<i64> {
        let next = match self.next.get(of.name) {
            Some(next) => *next,
            None => store::next_id(rows, of)?,
        };
        self.next.insert(of.name, next + 1);
        Ok(next)
    }
}

/// What is known of a tenant's rows, as they are and as the text calls them.
struct Tenant<'a> {
    rows: &'a Connection,
    id: i64,
    adds_only: bool,
    tables: HashMap<&'static str, Known>,
}

/// The rows of a table.
#[derive(Default)]
struct Known {
    present: Vec<Present>,
    /// For each row of the text its place in `present`, and its id.
    assigned: Vec<(Option<usize>, i64)>,
    /// Names of the rows of the text with the titles and numbers that would do as well.
    texts: Vec<[String; 4]>,
    in_text: bool,
    /// Rows by exact name.
    exact: HashMap<String, i64>,
    /// By whatever people would write, lower case; `None`: several.
    loose: HashMap<String, Option<i64>>,
}

impl<'a> Tenant<'a> {
    fn new(rows: &'a Connection, id: i64, adds_only: bool) -> Self {
        Self { rows, id, adds_only, tables: HashMap::new() }
    }

    /// Reads the rows of a table, and what the text calls its own.
    fn learn(&mut self, of: &'static Resource, table: Option<&TableText>) -> rusqlite::Result<()> {
        let mut known = Known { present: matching::present(self.rows, of, self.id)?, ..Known::default() };
        if let Some(table) = table {
            known.in_text = true;
            let number = crate::sql::own_extension(of).map_or("", |field| field.name);
            let names = matching::names(of, &table.rows);
            for (name, row) in names.into_iter().zip(&table.rows) {
                let (bare, number) = (matching::bare_title(of, row), row.text(number).trim().to_owned());
                known.texts.push([name, full(&bare, &number), bare, number]);
            }
        }
        if !known.in_text || self.adds_only {
            for Present { id, label, .. } in &known.present {
                let names = [&label.label, &full(&label.bare, &label.number), &label.bare, &label.number];
                add(&mut known.exact, &mut known.loose, names, *id);
            }
        }
        self.tables.insert(of.name, known);
        Ok(())
    }

    /// Which rows point to the same: what a row without a name of its own is known by.
    fn pointing_alike(
        &self,
        table: &TableText,
        fields: &[&Field],
        present: &[Present],
    ) -> Vec<Option<usize>> {
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        for (at, row) in present.iter().enumerate() {
            let value = |field: &&Field| row.values.get(field.name).cloned().unwrap_or_default();
            places.insert(fields.iter().map(value).collect(), at);
        }
        let targets = |row: &RowText| -> Option<Vec<String>> {
            let given = |field: &&Field| row.given.iter().find(|(name, _)| *name == field.name);
            fields
                .iter()
                .map(|field| {
                    given(field).map_or(Some(String::new()), |(_, given)| self.value(field, given).ok())
                })
                .collect()
        };
        table.rows.iter().map(|row| targets(row).and_then(|key| places.remove(&key))).collect()
    }

    /// Tells which rows of the text are which.
    fn assign(&mut self, table: &'static str, assigned: Vec<(Option<usize>, i64)>) {
        if let Some(known) = self.tables.get_mut(table) {
            for ([name, full, bare, number], (_, id)) in known.texts.iter().zip(&assigned) {
                add(&mut known.exact, &mut known.loose, [name, full, bare, number], *id);
            }
            known.assigned = assigned;
        }
    }

    /// What is given, as text that the field's kind understands.
    fn value(&self, field: &Field, given: &Given) -> Result<String, String> {
        let (name, parts) = match (field.kind, given) {
            (Kind::Reference(name), Given::Text(text)) => (name, std::slice::from_ref(text)),
            (Kind::Many(name), Given::Text(text)) => (name, std::slice::from_ref(text)),
            (Kind::Many(name), Given::List(list)) => (name, list.as_slice()),
            (_, Given::Text(text)) => return Ok(text.clone()),
            (Kind::Set(_), Given::List(list)) => return Ok(list.join(",")),
            (_, Given::List(_)) => return Err("One value, not a list.".to_owned()),
        };
        let known = self.tables.get(name);
        let mut ids = Vec::new();
        for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
            let exact = known.and_then(|known| known.exact.get(part)).copied();
            let loose = known.and_then(|known| known.loose.get(&part.to_lowercase())).copied();
            match (exact, loose) {
                (Some(id), _) | (None, Some(Some(id))) => ids.push(id.to_string()),
                (None, Some(None)) => {
                    return Err(format!("Several are called `{part}`: write `{part} #1`, `{part} #2` …"));
                }
                (None, None) => {
                    let one = resources::by_name(name).map_or(name, |of| of.one).to_lowercase();
                    return Err(format!("There is no {one} `{part}`."));
                }
            }
        }
        Ok(ids.join(","))
    }
}

fn add(
    exact: &mut HashMap<String, i64>,
    loose: &mut HashMap<String, Option<i64>>,
    names: [&String; 4],
    id: i64,
) {
    exact.insert(names[0].clone(), id);
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let entry = loose.entry(name.to_lowercase());
        entry.and_modify(|known| *known = known.filter(|known| *known == id)).or_insert(Some(id));
    }
}

fn missing_secrets(of: &'static Resource, values: &Values) -> usize {
    let secrets = of.fields.iter().filter(|field| field.is_made_here());
    secrets.filter(|field| values.get(field.name).is_none_or(String::is_empty)).count()
}

/// More new rows than a text has.
const ROOM: i64 = 1_000_000;

fn refused(why: &str) -> PlanError {
    PlanError::Refused(why.to_owned())
}
