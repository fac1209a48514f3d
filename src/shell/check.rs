//! `dialtone check`: is the database fit to be run? Works beside a running program, too.

use std::{io::Write, path::Path, process::ExitCode};

use config::{Db, OpenError, feed::Feed};

/// Why there is nothing to be checked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CheckError {
    #[error("there is no database in {0}. Name its folder with --data, or start Dialtone once to make one")]
    Missing(String),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Terminal(#[from] std::io::Error),
}

/// Prints what is wrong, one problem a line. The exit code is 1 if anything is.
///
/// # Errors
/// When there is no database, or it cannot be opened.
pub fn check(folder: &Path) -> Result<ExitCode, CheckError> {
    let problems = problems(folder)?;
    let mut out = std::io::stdout().lock();
    match &problems {
        Ok(revision) => writeln!(out, "Configuration revision {revision} is in order.")?,
        Err(problems) => {
            writeln!(out, "{} problem(s); calls would go on under the last good revision:", problems.len())?;
            problems.iter().try_for_each(|problem| writeln!(out, "  {problem}"))?;
        }
    }
    Ok(if problems.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The revision, or what is wrong with it.
fn problems(folder: &Path) -> Result<Result<i64, Vec<String>>, CheckError> {
    if !folder.join("dialtone.db").is_file() {
        return Err(CheckError::Missing(folder.display().to_string()));
    }
    let (mut feed, snapshot) = Feed::open(&Db::open(folder)?)?;
    Ok(feed.poll().map(|newer| newer.unwrap_or(snapshot).revision).map_err(|rejected| rejected.problems))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_database_says_so_and_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let error = problems(folder.path()).unwrap_err().to_string();
        assert!(error.contains("--data"), "{error}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_first_start_leaves_nothing_to_mend() {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        assert!(matches!(problems(folder.path()), Ok(Ok(_))));
    }

    /// OPS-04
    #[test]
    fn rows_written_by_hand_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        let by_hand = rusqlite::Connection::open(folder.path().join("dialtone.db")).unwrap();
        by_hand.execute("UPDATE ring_groups SET overflow = 'extension:99999'", []).unwrap();
        let Ok(Err(found)) = problems(folder.path()) else { panic!("nothing found") };
        assert!(!found.is_empty());
    }
}
