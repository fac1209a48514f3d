//! Writes the steps of a plan within a transaction, and checks the rows once all are written.

use std::collections::HashSet;

use rusqlite::{Connection, ErrorCode, ffi};

use super::{Act, Action, Applied, RowChange, RowProblem, Step, step};
use crate::{
    Db, Resource,
    access::{self, Author, OPERATOR, Verb},
    audit::{self, About, Changes, Span},
    check::{self, Draft},
    references,
    refusal::{self, WriteError},
    resource::Values,
    resources, rows, sql,
    words::{self, Words},
    write,
};

/// A step and what its row was.
struct Work {
    step: Step,
    old: Option<rows::Stored>,
    old_title: String,
    /// As people read it, before.
    old_shown: Changes,
}

/// Writes all steps, checks what became of the rows, notes each in the audit log. With problems in the answer the
/// transaction must be taken back.
///
/// # Errors
/// When a row is gone or not the author's to change.
pub(crate) fn apply(
    db: &Db,
    rows: &Connection,
    author: &Author,
    steps: Vec<Step>,
) -> Result<Applied, WriteError> {
    rows.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    let mut titles = Words::default();
    let mut works = Vec::with_capacity(steps.len());
    for step in steps {
        works.push(begun(rows, author, step, &mut titles)?);
    }
    let mut applied = Applied { problems: malformed(&works), ..Applied::default() };
    if !applied.problems.is_empty() {
        return Ok(applied);
    }
    write_all(db, rows, &works, &mut applied.problems)?;
    if !applied.problems.is_empty() {
        return Ok(applied);
    }
    let mut verdict = Verdict { rows, problems: std::mem::take(&mut applied.problems) };
    for work in &works {
        if verdict.problems.len() < ENOUGH {
            verdict.check(work)?;
        }
    }
    applied.problems = verdict.problems;
    titles.forget();
    for work in works {
        note(rows, author, work, &mut titles, &mut applied)?;
    }
    Ok(applied)
}

/// Whether the author may do it, and what the row is before.
fn begun(rows: &Connection, author: &Author, step: Step, titles: &mut Words) -> Result<Work, WriteError> {
    let of = step.of;
    // Whoever runs the program may act for each of its tenants.
    let mut acting = author.clone();
    let runs_it = author.viewer.tenant == OPERATOR && author.viewer.level == access::PRIMARY;
    if of.tenant && runs_it && step.tenant != OPERATOR.0 {
        // There they are nobody's colleague, they are the program.
        acting.viewer = access::Viewer::primary(crate::TenantId(step.tenant));
    }
    let verb = match step.act {
        Act::Change { .. } => Verb::Edit,
        Act::Create { .. } => Verb::Create,
        Act::Delete => Verb::Delete,
    };
    refusal::allowed(&acting, verb, of)?;
    if of.tenant && acting.viewer.tenant.0 != step.tenant {
        return Err(WriteError::Gone);
    }
    if let Act::Create { values, .. } = &step.act {
        // A primary administrator brings back whom they deleted, of their own level too.
        let as_before = (acting.viewer.level == access::PRIMARY).then_some(values);
        refusal::on_their_level(rows, &acting, of, as_before, Some(values))?;
        return Ok(Work { step, old: None, old_title: String::new(), old_shown: Changes::new() });
    }
    let old = refusal::theirs(rows, &acting, of, step.id)?;
    let mut old_shown = Changes::new();
    let gone = Values::new();
    let new = match &step.act {
        Act::Change { values } => {
            let merged = step::merged(&old.values, values);
            refusal::on_their_level(rows, &acting, of, Some(&old.values), Some(&merged))?;
            merged
        }
        Act::Create { .. } | Act::Delete => {
            refusal::on_their_level(rows, &acting, of, Some(&old.values), None)?;
            gone
        }
    };
    for (name, (before, _)) in audit::changes(of, &old.values, &new) {
        let shown = match of.field(&name) {
            Some(field) => titles.value(rows, field, &before)?,
            None => before,
        };
        old_shown.insert(name, (shown, String::new()));
    }
    let old_title = rows::title(rows, of, step.id)?;
    Ok(Work { step, old: Some(old), old_title, old_shown })
}

/// Values that no column would take, so that they need not be tried.
fn malformed(works: &[Work]) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    for work in works {
        let (Act::Create { values, .. } | Act::Change { values }) = &work.step.act else { continue };
        for field in work.step.of.settable() {
            let absent_secret = matches!(field.kind, crate::Kind::Secret);
            let Some(value) = values.get(field.name).filter(|v| !(absent_secret && v.is_empty())) else {
                continue;
            };
            if let Err(message) = field.normalise(value) {
                problems.push(work.problem(field.name, message));
            }
        }
        if problems.len() >= ENOUGH {
            break;
        }
    }
    problems
}

/// Deletes first; then each step as soon as what it needs is free.
fn write_all(
    db: &Db,
    rows: &Connection,
    works: &[Work],
    problems: &mut Vec<RowProblem>,
) -> Result<(), WriteError> {
    let (deletes, mut waiting): (Vec<&Work>, Vec<&Work>) =
        works.iter().partition(|work| matches!(work.step.act, Act::Delete));
    for work in deletes {
        write::store::delete(rows, work.step.of, work.step.tenant, work.step.id)?;
    }
    let mut written = HashSet::new();
    let mut gave_way = false;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut refused = Vec::new();
        for work in waiting {
            match tried(rows, || work.step.write(db, rows, work.values()))? {
                Outcome::Written => drop(written.insert((work.step.of.name, work.step.id))),
                Outcome::Taken(why) => {
                    work.step.displace_twin(rows, &written)?;
                    refused.push((work, why));
                }
            }
        }
        if refused.len() == before && gave_way {
            for (work, why) in &refused {
                problems.extend(work.explained(rows, why)?);
            }
            return Ok(());
        }
        if refused.len() == before {
            gave_way = true;
            for (work, _) in &refused {
                if let Some(old) = work.values() {
                    work.step.give_way(rows, old)?;
                }
            }
        }
        waiting = refused.into_iter().map(|(work, _)| work).collect();
    }
    for work in works {
        work.step.displace_twin(rows, &written)?;
    }
    Ok(())
}

enum Outcome {
    Written,
    /// Somebody else has a value that must be the only one.
    Taken(String),
}

/// Writes whole or not at all.
fn tried(rows: &Connection, write: impl FnOnce() -> rusqlite::Result<()>) -> rusqlite::Result<Outcome> {
    rows.prepare_cached("SAVEPOINT step")?.execute([])?;
    let written = write();
    let outcome = match written {
        Ok(()) => Ok(Outcome::Written),
        Err(rusqlite::Error::SqliteFailure(code, why)) if code.code == ErrorCode::ConstraintViolation => {
            rows.prepare_cached("ROLLBACK TO step")?.execute([])?;
            let taken = code.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE;
            let why = why.unwrap_or_default();
            Ok(Outcome::Taken(if taken {
                "Another entry has one of its values, which must be the only one.".to_owned()
            } else {
                format!("The database does not take these values: {why}.")
            }))
        }
        Err(error) => Err(error),
    };
    rows.prepare_cached("RELEASE step")?.execute([])?;
    outcome
}

/// Looks at the rows as they are once all are written.
struct Verdict<'a> {
    rows: &'a Connection,
    problems: Vec<RowProblem>,
}

impl Verdict<'_> {
    fn check(&mut self, work: &Work) -> Result<(), WriteError> {
        let Step { of, tenant, id, .. } = work.step;
        let stored = rows::stored(self.rows, of, access::Scope::All, id)?;
        let mut sides: Vec<&Values> = work.values().into_iter().collect();
        if let Some(stored) = &stored {
            let draft = Draft { of, tenant, id, values: &stored.values };
            for problem in draft.problems(self.rows)? {
                self.problems.push(work.problem(&problem.field, problem.message));
            }
            if let (Act::Create { .. }, Some(ask)) = (&work.step.act, of.hooks.created) {
                let wrong = ask(self.rows, tenant, id)?;
                self.problems.extend(wrong.map(|problem| work.problem(&problem.field, problem.message)));
            }
            sides.push(&stored.values);
        } else {
            let used_by = references::users_of(self.rows, of, tenant, id)?;
            self.used(work, "", &used_by);
        }
        for problem in check::rules(self.rows, of, tenant, &sides)? {
            self.problems.push(work.problem(&problem.field, problem.message));
        }
        self.given_up(work, stored.as_ref().map(|row| &row.values))
    }

    /// A number that nobody has any more must not be dialled by anybody.
    fn given_up(&mut self, work: &Work, new: Option<&Values>) -> Result<(), WriteError> {
        let Some(field) = own_number(work.step.of) else { return Ok(()) };
        let number = |values: Option<&Values>| values.and_then(|v| v.get(field)).cloned().unwrap_or_default();
        let old = number(work.values());
        if old.is_empty() || old == number(new) {
            return Ok(());
        }
        let taken = "SELECT 1 FROM extensions WHERE tenant_id = ?1 AND number = ?2";
        if self.rows.prepare_cached(taken)?.exists((work.step.tenant, &old))? {
            return Ok(());
        }
        let used_by = references::users_of_number(self.rows, work.step.tenant, &old, ("", 0))?;
        self.used(work, field, &used_by);
        Ok(())
    }

    fn used(&mut self, work: &Work, field: &str, by: &[String]) {
        if !by.is_empty() {
            let message = format!("Still used by {}. Change that first.", by.join(", "));
            self.problems.push(work.problem(field, message));
        }
    }
}

/// Enters a step in the audit log and in the answer.
fn note(
    rows: &Connection,
    author: &Author,
    work: Work,
    titles: &mut Words,
    applied: &mut Applied,
) -> Result<(), WriteError> {
    let Work { step, old, old_title, old_shown } = work;
    let Step { of, tenant, id, act, undoes } = step;
    let stored = rows::stored(rows, of, access::Scope::All, id)?;
    let nothing = Values::new();
    let mut new = stored.as_ref().map_or_else(Values::new, |row| row.values.clone());
    if let Act::Create { values, .. } | Act::Change { values } = &act {
        // That a secret is another one is said, not which.
        for field in of.fields.iter().filter(|field| matches!(field.kind, crate::Kind::Secret)) {
            if let Some(secret) = values.get(field.name).filter(|secret| !secret.is_empty()) {
                new.insert(field.name.to_owned(), secret.clone());
            }
        }
    }
    let changes = audit::changes(of, old.as_ref().map_or(&nothing, |row| &row.values), &new);
    let before = old.as_ref().map(|row| row.values.clone());
    if changes.is_empty() && matches!(act, Act::Change { .. }) {
        return Ok(());
    }
    let (action, said) = match act {
        Act::Create { .. } => (Action::Create, "create"),
        Act::Delete => (Action::Delete, "delete"),
        Act::Change { .. } if changes.keys().all(|name| is_secret(of, name)) => (Action::Change, "renew"),
        Act::Change { .. } => (Action::Change, "update"),
    };
    let title = if stored.is_some() { rows::title(rows, of, id)? } else { old_title };
    let version = stored.or(old).map_or(0, |row| row.version);
    let about = About { of, id, tenant, title: &title, action: said, version };
    let entry = audit::note_span(rows, author, about, &changes, Span::present(rows)?)?;
    if let Some(undone) = undoes {
        audit::note_undone(rows, entry, undone)?;
    }
    let mut shown = titles.changes(rows, of, &changes)?;
    for (name, (before, _)) in old_shown {
        if let Some(pair) = shown.get_mut(&name) {
            pair.0 = before;
        }
    }
    applied.rows.push(RowChange { table: of.name, id, title, action, changes, shown });
    applied.before.push(before);
    Ok(())
}

impl Work {
    fn values(&self) -> Option<&Values> {
        self.old.as_ref().map(|row| &row.values)
    }

    /// Why it could not be written, as exactly as the checks know it.
    fn explained(&self, rows: &Connection, why: &str) -> rusqlite::Result<Vec<RowProblem>> {
        let Step { of, tenant, id, .. } = self.step;
        let nothing = Values::new();
        let given = match &self.step.act {
            Act::Create { values, .. } | Act::Change { values } => values,
            Act::Delete => &nothing,
        };
        let values = step::merged(self.values().unwrap_or(&nothing), given);
        let found = Draft { of, tenant, id, values: &values }.problems(rows)?;
        if found.is_empty() {
            return Ok(vec![self.problem("", why)]);
        }
        Ok(found.into_iter().map(|problem| self.problem(&problem.field, problem.message)).collect())
    }

    fn problem(&self, field: &str, message: impl Into<String>) -> RowProblem {
        let of = self.step.of;
        let title = if self.old_title.is_empty() {
            match &self.step.act {
                Act::Create { values, .. } => new_title(of, values),
                Act::Change { .. } | Act::Delete => String::new(),
            }
        } else {
            self.old_title.clone()
        };
        RowProblem {
            table: of.name,
            id: self.step.id,
            title: format!("{} {title}", of.one).trim_end().to_owned(),
            field: field.to_owned(),
            label: words::label(of, field).to_owned(),
            message: message.into(),
        }
    }
}

/// What a row that is not stored yet would be called.
pub(super) fn new_title(of: &Resource, values: &Values) -> String {
    let title = values.get(of.title).filter(|title| !title.is_empty());
    let first = || of.settable().find_map(|field| values.get(field.name).filter(|value| !value.is_empty()));
    title.or_else(first).cloned().unwrap_or_default()
}

/// The field of a table that holds the number at which a row is called.
pub(super) fn own_number(of: &Resource) -> Option<&'static str> {
    let is_extensions = of.name == resources::extensions::EXTENSIONS.name;
    sql::own_extension(of).map(|field| field.name).or(is_extensions.then_some(of.title))
}

fn is_secret(of: &Resource, name: &str) -> bool {
    of.field(name).is_some_and(|field| matches!(field.kind, crate::Kind::Secret))
}

/// More problems at once help nobody.
const ENOUGH: usize = 100;
