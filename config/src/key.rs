//! The key file: 32 random bytes, hexadecimal, readable by its owner only.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::secret::{hex, random, unhex};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum KeyError {
    #[error("missing")]
    Missing,
    #[error("not a key")]
    Malformed,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The key in `file`; access by others is taken away.
pub fn read(file: &Path) -> Result<[u8; 32], KeyError> {
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyError::Missing),
        Err(error) => return Err(error.into()),
    };
    if open.metadata()?.permissions().mode() & 0o077 != 0 {
        open.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    let mut text = String::new();
    (&mut open).take(1024).read_to_string(&mut text).map_err(|_| KeyError::Malformed)?;
    unhex(text.trim()).and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Malformed)
}

/// Makes `file` with a new key, whole or not at all: a program killed meanwhile leaves no half a key. If another program
/// was quicker, its key is taken.
pub fn make(file: &Path) -> Result<[u8; 32], KeyError> {
    let key: [u8; 32] = random();
    let part = file.with_extension(format!("key.{}", hex(&random::<8>())));
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    let written = open.write_all(hex(&key).as_bytes()).and_then(|()| open.sync_all());
    // A link, unlike a rename, never replaces a key that is there.
    let linked = written.and_then(|()| std::fs::hard_link(&part, file));
    std::fs::remove_file(&part)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(file),
        Err(error) => Err(error.into()),
    }
}
