//! `dialtone admin`: help for administrators who cannot sign in. Works beside a running program, too.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use config::{Db, OpenError, sign_in::SignInError};

use super::{listeners, run_file};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum AdminError {
    #[error("there is no database in {0}. Name its folder with --data")]
    Missing(PathBuf),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Terminal(#[from] std::io::Error),
}

/// Prints a link with which that administrator, or the first one, sets a new password once.
///
/// # Errors
/// When there is no database or nobody of that name.
pub fn reset_password(folder: &Path, login: Option<&str>) -> Result<(), AdminError> {
    let text = text(folder, login)?;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn text(folder: &Path, login: Option<&str>) -> Result<String, AdminError> {
    if !folder.join("dialtone.db").is_file() {
        return Err(AdminError::Missing(folder.to_owned()));
    }
    let link = Db::open(folder)?.new_setup_link(login)?;
    let portal: Option<SocketAddr> = run_file::portal_address(folder).map(listeners::concrete);
    let where_to = match portal {
        Some(address) => format!("http://{address}{}", link.path),
        None => format!("{} (start Dialtone and put the portal's address in front)", link.path),
    };
    Ok(format!("{} sets a new password here. The link works once:\n\n  {where_to}\n", link.login))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_made_for_the_first_administrator() {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        let said = text(folder.path(), None).unwrap();
        assert!(said.contains("/setup/") && said.contains("start Dialtone"), "{said}");
        assert!(text(folder.path(), Some("nobody@example.com")).is_err());
    }

    #[test]
    fn a_folder_without_database_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(text(folder.path(), None).unwrap_err().to_string().contains("--data"));
    }
}
