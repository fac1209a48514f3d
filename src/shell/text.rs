//! `dialtone export` and `dialtone import`: the configuration as text. Both work beside a running program, which notices
//! the change. OPS-05.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use config::{
    Db, OpenError, TenantId,
    access::{Author, Viewer},
    history::PastError,
    plan::{Action, Go, Plan, PlanError},
    text::{ExportError, Secrets, Source},
};

use crate::cli::{Export, From, Import};

/// Why nothing was exported or imported.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TextError {
    #[error("there is no database in {0}. Name its folder with --data, or start Dialtone once to make one")]
    Missing(PathBuf),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Past(#[from] PastError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("say --yes to apply this, or --dry-run to look at it only: nobody can be asked here")]
    NobodyToAsk,
    #[error(transparent)]
    Terminal(#[from] io::Error),
}

/// Writes the configuration as text.
///
/// # Errors
/// When there is no database, no such tenant, or the file cannot be written.
pub fn export(options: &Export) -> Result<(), TextError> {
    let db = open(&options.data.folder)?;
    let viewer = Viewer::primary(OPERATOR);
    let secrets = if options.with_secrets { Secrets::InClear } else { Secrets::LeftOut };
    let text = match options.revision {
        Some(revision) => db.export_past(&viewer, &db.past(revision)?)?,
        None => db.export_text(&viewer, options.tenant.as_deref().unwrap_or_default(), secrets)?,
    };
    match &options.file {
        Some(file) => write_new(file, text.as_bytes()).map_err(|e| TextError::File(file.clone(), e)),
        None => Ok(io::stdout().lock().write_all(text.as_bytes())?),
    }
}

/// Shows what a text would change, and does it when it is wanted. The exit code is 1 if it cannot be done, or was not.
///
/// # Errors
/// When there is no database or no such file, or the configuration was changed meanwhile.
pub fn import(options: &Import) -> Result<ExitCode, TextError> {
    let text = read(&options.file).map_err(|e| TextError::File(options.file.clone(), e))?;
    // An empty system may be filled by a text.
    let db = match options.from {
        From::Dialtone => Db::open(&options.data.folder)?,
        From::Freepbx | From::Fusionpbx => open(&options.data.folder)?,
    };
    let author = Author::program(tenant(&db, options.tenant.as_deref())?, "command line", "cli");
    let source = match options.from {
        From::Dialtone => Source::Text,
        From::Freepbx => Source::FreePbx,
        From::Fusionpbx => Source::FusionPbx,
    };
    let plan = db.import_from(&author, source, &text, Go::Rehearse)?;
    let mut out = io::stdout().lock();
    out.write_all(in_words(&plan).as_bytes())?;
    out.flush()?;
    if !plan.problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    if plan.rows.is_empty() || options.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !options.yes && !agreed(&mut out)? {
        writeln!(out, "Nothing was changed.")?;
        return Ok(ExitCode::FAILURE);
    }
    let done = db.import_from(&author, source, &text, Go::Apply(Some(plan.base)))?;
    match done.revision {
        Some(revision) => writeln!(out, "Done: configuration revision {revision}.")?,
        None => writeln!(out, "Nothing was changed.")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A plan for the terminal, row by row.
pub fn in_words(plan: &Plan) -> String {
    let mut text = String::new();
    let mut line = |words: String| text += &format!("{words}\n");
    plan.notes.iter().for_each(|note| line(format!("  {note}")));
    if !plan.problems.is_empty() {
        line(format!("{} problem(s), nothing can be changed:", plan.problems.len()));
        plan.problems.iter().for_each(|problem| line(format!("  {problem}")));
        return text;
    }
    for row in &plan.rows {
        let sign = match row.action {
            Action::Create => '+',
            Action::Change => '~',
            Action::Delete => '-',
        };
        line(format!("{sign} {}: {}", row.table, row.title));
        if row.action == Action::Change {
            for (field, (old, new)) in &row.shown {
                line(format!("    {field}: {} → {}", or_nothing(old), or_nothing(new)));
            }
        }
    }
    for affected in &plan.affected {
        let why =
            if affected.why.is_empty() { String::new() } else { format!(" ({})", affected.why.join(", ")) };
        line(format!("  calls to {} {}: {}{why}", affected.number, affected.title, affected.what));
    }
    line(format!(
        "{} to add, {} to change, {} to remove.",
        plan.count(Action::Create),
        plan.count(Action::Change),
        plan.count(Action::Delete)
    ));
    text
}

fn or_nothing(value: &str) -> &str {
    if value.is_empty() { "—" } else { value }
}

fn agreed(out: &mut impl Write) -> Result<bool, TextError> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(TextError::NobodyToAsk);
    }
    write!(out, "Apply this? Type yes: ")?;
    out.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// The tenant of that domain; the one that runs the program if none is named.
fn tenant(db: &Db, domain: Option<&str>) -> Result<TenantId, TextError> {
    let Some(domain) = domain else { return Ok(OPERATOR) };
    let viewer = Viewer::primary(OPERATOR);
    let of = &config::resources::tenants::TENANTS;
    let choices = db.choices(&viewer, of, "").map_err(|error| io::Error::other(error.to_string()))?;
    for (id, _) in choices {
        let row = db.get(&viewer, of, id).map_err(|error| io::Error::other(error.to_string()))?;
        if row.is_some_and(|row| row.values.get("domain").is_some_and(|d| d.eq_ignore_ascii_case(domain))) {
            return Ok(TenantId(id));
        }
    }
    Err(ExportError::Tenant(domain.to_owned()).into())
}

fn open(folder: &Path) -> Result<Db, TextError> {
    if !folder.join("dialtone.db").is_file() {
        return Err(TextError::Missing(folder.to_owned()));
    }
    Ok(Db::open(folder)?)
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin().lock().read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?.read_to_string(&mut text)?;
    }
    Ok(text)
}

/// Readable by its owner only, for it may hold passwords.
fn write_new(file: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let part = file.with_extension("part");
    let mut open =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    open.write_all(content)?;
    open.sync_all()?;
    std::fs::rename(part, file)
}

/// Who runs the program.
const OPERATOR: TenantId = TenantId(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn run(line: &str) -> Result<ExitCode, TextError> {
        match Cli::parse_from(line.split_whitespace()).into_command() {
            Command::Export(options) => export(&options).map(|()| ExitCode::SUCCESS),
            Command::Import(options) => import(&options),
            other => panic!("{other:?}"),
        }
    }

    /// OPS-05
    #[test]
    fn a_text_leaves_one_system_and_makes_another() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (from, to) = (one.path().display(), other.path().display());
        Db::open(one.path()).unwrap().first_start().unwrap();
        run(&format!("dialtone export {from}/a.toml --with-secrets --data {from}")).unwrap();
        assert!(matches!(
            run(&format!("dialtone import {from}/a.toml --data {to}")),
            Err(TextError::NobodyToAsk)
        ));
        run(&format!("dialtone import {from}/a.toml --dry-run --data {to}")).unwrap();
        assert!(run(&format!("dialtone export {to}/a.toml --data {to}")).is_err(), "nothing is there yet");
        run(&format!("dialtone import {from}/a.toml --yes --data {to}")).unwrap();
        run(&format!("dialtone export {to}/a.toml --with-secrets --data {to}")).unwrap();
        let read = |folder: &Path| std::fs::read_to_string(folder.join("a.toml")).unwrap();
        assert_eq!(read(one.path()), read(other.path()));
        let past = run(&format!("dialtone export {to}/b.toml --revision 1 --data {to}"));
        assert!(past.is_ok(), "{past:?}");
    }

    #[test]
    fn a_plan_is_shown_row_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let viewer = Viewer::primary(OPERATOR);
        let text = db
            .export_text(&viewer, "", Secrets::LeftOut)
            .unwrap()
            .replace("ring_time = 30", "ring_time = 45");
        let author = Author::program(OPERATOR, "test", "cli");
        let plan = db.import_from(&author, Source::Text, &text, Go::Rehearse).unwrap();
        let words = in_words(&plan);
        assert!(words.contains("~ ring_groups: Everyone (600)\n    ring_time: 30 s → 45 s\n"), "{words}");
        assert!(words.contains("calls to 600 Ring group Everyone: changed"), "{words}");
        assert!(words.ends_with("0 to add, 1 to change, 0 to remove.\n"));
        let plan = db.import_from(&author, Source::Text, "x", Go::Rehearse).unwrap();
        assert!(in_words(&plan).starts_with("1 problem(s), nothing can be changed:\n  line 1: "));
    }
}
