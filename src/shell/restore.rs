//! `dialtone restore`: an archive in the place of a system. Everything is unpacked beside and verified before anything is
//! replaced, and what is replaced is kept. OPS-08.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use config::backup::{CopyError, verify_copy};
use sha2::{Digest, Sha256};

use super::{
    backup::{
        CERTIFICATE, CHECKSUM, DATABASE, FOLDERS, FORMAT, KEY, MANIFEST, Manifest, Scratch, digest, hex,
    },
    run_file::Lock,
};
use crate::cli::Restore;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RestoreError {
    #[error("{0} is used by a Dialtone that is running. Stop it first")]
    Running(PathBuf),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("this is no archive of Dialtone, or it is cut or changed: {0}")]
    Archive(String),
    #[error("the archive cannot be restored: {0}")]
    Copy(#[from] CopyError),
    #[error("the archive has no key. Put dialtone.key into {0} first")]
    NoKey(PathBuf),
    #[error("the folder cannot be written: {0}. What was there is in {1}")]
    Half(io::Error, PathBuf),
    #[error(transparent)]
    Folder(#[from] io::Error),
}

/// Restores an archive into the data folder.
///
/// # Errors
/// When a program runs there, or the archive is not whole, newer than this program, or without its key. Nothing is
/// replaced then.
pub fn restore(options: &Restore) -> Result<(), RestoreError> {
    let folder = &options.data.folder;
    fs::create_dir_all(folder)?;
    let _lock = Lock::take(folder)?.ok_or_else(|| RestoreError::Running(folder.clone()))?;
    let work = Scratch::new(folder)?;
    let file = File::open(&options.file).map_err(|e| RestoreError::File(options.file.clone(), e))?;
    let manifest = unpack(file, &work.0)?;
    let unpacked_key = work.0.join(KEY);
    let key = if unpacked_key.is_file() { unpacked_key } else { folder.join(KEY) };
    if !key.is_file() {
        return Err(RestoreError::NoKey(folder.clone()));
    }
    let copied = verify_copy(&work.0.join(DATABASE), &key)?;
    let kept = replace(folder, &work.0)?;
    let mut out = io::stdout().lock();
    writeln!(out, "Restored: {} file(s), configuration revision {}.", manifest.files.len(), copied.revision)?;
    if let Some(kept) = kept {
        writeln!(out, "What was there is in {}.", kept.display())?;
    }
    Ok(())
}

/// Whether the last restore into a folder came to its end; else what to do.
///
/// # Errors
/// The sentence for the terminal.
pub fn finished(folder: &Path) -> Result<(), String> {
    let marker = folder.join(MARKER);
    if !marker.exists() {
        return Ok(());
    }
    let kept = fs::read_to_string(&marker).unwrap_or_default();
    Err(format!(
        "{}: a restore was cut short. Run `dialtone restore` again; what was there before is in {kept}",
        folder.display()
    ))
}

/// Unpacks and compares each file with what the manifest says of it.
fn unpack(file: File, into: &Path) -> Result<Manifest, RestoreError> {
    let bad = |why: &str| RestoreError::Archive(why.to_owned());
    let mut archive = tar::Archive::new(io::BufReader::new(file));
    let mut manifest: Option<(Manifest, String)> = None;
    let mut seen = BTreeMap::new();
    let mut checksum = None;
    for entry in archive.entries().map_err(|e| bad(&e.to_string()))? {
        let entry = entry.map_err(|e| bad(&e.to_string()))?;
        let path = entry.path().map_err(|e| bad(&e.to_string()))?.into_owned();
        let name = path.to_str().ok_or_else(|| bad("a name that is no text"))?.to_owned();
        if manifest.is_none() {
            manifest = Some(read_manifest(entry, &name)?);
        } else if name == CHECKSUM {
            let mut text = String::new();
            entry.take(1024).read_to_string(&mut text).map_err(|e| bad(&e.to_string()))?;
            checksum = Some(text);
        } else {
            let to = place(into, &path).ok_or_else(|| bad(&format!("`{name}` does not belong there")))?;
            let found = write(entry, &to).map_err(|e| bad(&e.to_string()))?;
            seen.insert(name, found);
        }
    }
    let (manifest, sum) = manifest.ok_or_else(|| bad("it is empty"))?;
    if checksum.as_ref() != Some(&sum) {
        return Err(bad("the checksum at its end is missing or wrong"));
    }
    for entry in &manifest.files {
        if seen.remove(&entry.name) != Some((entry.size, entry.sha256.clone())) {
            return Err(bad(&format!("{} is missing or not what was written", entry.name)));
        }
    }
    match seen.keys().next() {
        Some(name) => Err(bad(&format!("{name} is in no list"))),
        None => Ok(manifest),
    }
}

/// The manifest and its checksum.
fn read_manifest(entry: impl Read, name: &str) -> Result<(Manifest, String), RestoreError> {
    let bad = |why: &str| RestoreError::Archive(why.to_owned());
    if name != MANIFEST {
        return Err(bad("it does not begin with a manifest"));
    }
    let mut json = Vec::new();
    entry.take(LARGEST_MANIFEST).read_to_end(&mut json).map_err(|e| bad(&e.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&json).map_err(|e| bad(&e.to_string()))?;
    if manifest.format != FORMAT {
        return Err(bad(&format!("it has form {}, this program reads {FORMAT}", manifest.format)));
    }
    Ok((manifest, hex(&Sha256::digest(&json))))
}

fn write(mut content: impl Read, to: &Path) -> io::Result<(u64, String)> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut content, &mut file)?;
    file.sync_all()?;
    digest(File::open(to)?)
}

/// Where a file of the archive goes; `None` if it wants to go elsewhere.
fn place(into: &Path, path: &Path) -> Option<PathBuf> {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let first = path.components().next()?.as_os_str().to_str()?;
    let alone = path.components().count() == 1;
    let belongs = if alone { alone_in(first) } else { FOLDERS.contains(&first) };
    (plain && belongs).then(|| into.join(path))
}

/// Whether a file of that name stands in the data folder itself.
fn alone_in(name: &str) -> bool {
    [DATABASE, KEY].contains(&name) || CERTIFICATE.contains(&name)
}

/// Moves what is there aside and what was unpacked in its place. A marker stands while the folder is neither, so that no
/// program starts on a half of it.
fn replace(folder: &Path, unpacked: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let all = [DATABASE, KEY].into_iter().chain(CERTIFICATE).chain(FOLDERS);
    let parts: Vec<&str> = all.filter(|part| unpacked.join(part).exists()).collect();
    let wal = [format!("{DATABASE}-wal"), format!("{DATABASE}-shm")];
    let old: Vec<&str> = parts.iter().copied().chain(wal.iter().map(String::as_str)).collect();
    let is_replaced = old.iter().any(|part| folder.join(part).exists());
    let aside = folder.join(format!("replaced-{}", super::clock::unix_ms()));
    fs::write(folder.join(MARKER), aside.display().to_string())?;
    let half = |error| RestoreError::Half(error, aside.clone());
    if is_replaced {
        fs::create_dir_all(&aside).map_err(half)?;
        for part in old.iter().filter(|part| folder.join(part).exists()) {
            fs::rename(folder.join(part), aside.join(part)).map_err(half)?;
        }
    }
    for part in parts.iter().rev() {
        fs::rename(unpacked.join(part), folder.join(part)).map_err(half)?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(half)?;
    fs::remove_file(folder.join(MARKER)).map_err(half)?;
    Ok(is_replaced.then_some(aside))
}

const MARKER: &str = "restore.pending";
const LARGEST_MANIFEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use config::{
        Db, TenantId,
        access::{Author, Viewer},
        resource::Values,
        resources::{devices::DEVICES, users::USERS},
    };

    use super::*;
    use crate::{
        cli::{Backup, Data},
        shell::{
            backup::{BackupError, backup},
            certificate::Files,
        },
    };

    fn author() -> Author {
        Author::program(TenantId(1), "test", "cli")
    }

    fn data(folder: &Path) -> Data {
        Data { folder: folder.to_owned() }
    }

    fn backed_up(folder: &Path, without_key: bool) -> PathBuf {
        let file = folder.join("backup.tar");
        backup(&Backup { file: file.clone(), without_key, data: data(folder) }).unwrap();
        file
    }

    fn restored(file: &Path, folder: &Path) -> Result<(), RestoreError> {
        restore(&Restore { file: file.to_owned(), data: data(folder) })
    }

    fn rename(db: &Db, name: &str) {
        let values = Values::from([("last_name".to_owned(), name.to_owned())]);
        db.update(&author(), &USERS, 1, &values, None).unwrap();
    }

    fn name(folder: &Path) -> String {
        let db = Db::open(folder).unwrap();
        let viewer = Viewer::primary(TenantId(1));
        db.get(&viewer, &USERS, 1).unwrap().unwrap().values["last_name"].clone()
    }

    /// OPS-08
    #[test]
    fn an_archive_makes_the_same_system_in_an_empty_folder() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let db = Db::open(one.path()).unwrap();
        db.first_start().unwrap();
        fs::create_dir_all(one.path().join("media/1")).unwrap();
        fs::write(one.path().join("media/1/greeting.wav"), b"RIFF").unwrap();
        Files::of_folder(one.path()).make_if_missing().unwrap();
        let password = db.reveal_secret(&author(), &DEVICES, 1, "secret").unwrap();
        let file = backed_up(one.path(), false);
        assert!(matches!(
            backup(&Backup { file: file.clone(), without_key: false, data: data(one.path()) }),
            Err(BackupError::Taken(_))
        ));
        restored(&file, other.path()).unwrap();
        let same = Db::open(other.path()).unwrap();
        assert_eq!(same.reveal_secret(&author(), &DEVICES, 1, "secret").unwrap(), password);
        assert_eq!(fs::read(other.path().join("media/1/greeting.wav")).unwrap(), b"RIFF");
        for name in [KEY].into_iter().chain(CERTIFICATE) {
            let restored = other.path().join(name);
            assert_eq!(fs::read(&restored).unwrap(), fs::read(one.path().join(name)).unwrap(), "{name}");
            assert_eq!(fs::metadata(&restored).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
        assert!(finished(other.path()).is_ok());
    }

    /// OPS-08: an archive of before certificates were part of them, and one that may lie anywhere, hold no private key; the
    /// certificate that is there stays.
    #[test]
    fn an_archive_without_a_certificate_leaves_the_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        let files = Files::of_folder(folder.path());
        files.make_if_missing().unwrap();
        let before = [&files.chain, &files.key].map(|file| fs::read(file).unwrap());
        let file = backed_up(folder.path(), true);
        let archive = fs::read(&file).unwrap();
        assert!(!archive.windows(11).any(|part| part == b"PRIVATE KEY"));
        restored(&file, folder.path()).unwrap();
        assert_eq!([&files.chain, &files.key].map(|file| fs::read(file).unwrap()), before);
    }

    #[test]
    fn what_is_replaced_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        rename(&db, "Before");
        let file = backed_up(folder.path(), true);
        rename(&db, "After");
        drop(db);
        restored(&file, folder.path()).unwrap();
        assert_eq!(name(folder.path()), "Before");
        let aside = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path());
        let aside = aside.into_iter().find(|p| p.display().to_string().contains("replaced-")).unwrap();
        fs::copy(folder.path().join(KEY), aside.join(KEY)).unwrap();
        assert_eq!(name(&aside), "After");
    }

    #[test]
    fn a_running_program_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        let file = backed_up(folder.path(), false);
        let _running = Lock::take(folder.path()).unwrap().unwrap();
        assert!(matches!(restored(&file, folder.path()), Err(RestoreError::Running(_))));
    }

    #[test]
    fn an_archive_that_is_cut_or_changed_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let file = backed_up(folder.path(), false);
        rename(&db, "Kept");
        drop(db);
        let whole = fs::read(&file).unwrap();
        let damaged = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        // Cut in the database; at the end; a bit in the manifest, in the database, in the key.
        let key = fs::read(folder.path().join(KEY)).unwrap();
        let in_key = whole.windows(key.len()).position(|part| part == key).unwrap();
        for bytes in [
            whole[..whole.len() / 2].to_vec(),
            whole[..whole.len() - 2048].to_vec(),
            Vec::new(),
            damaged(600),
            damaged(whole.len() / 2),
            damaged(in_key),
        ] {
            fs::write(&file, &bytes).unwrap();
            let refused = restored(&file, folder.path());
            assert!(matches!(refused, Err(RestoreError::Archive(_))), "{refused:?}");
            assert_eq!(name(folder.path()), "Kept");
        }
        let left = fs::read_dir(folder.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".dialtone-"));
        assert_eq!(left.count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_newer_database_or_a_missing_key_is_refused() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Db::open(one.path()).unwrap().first_start().unwrap();
        let file = backed_up(one.path(), true);
        assert!(matches!(restored(&file, other.path()), Err(RestoreError::NoKey(_))));
        fs::copy(one.path().join(KEY), other.path().join(KEY)).unwrap();
        restored(&file, other.path()).unwrap();
        let db = rusqlite::Connection::open(one.path().join(DATABASE)).unwrap();
        db.pragma_update(None, "user_version", 10_000).unwrap();
        drop(db);
        let newer = verify_copy(&one.path().join(DATABASE), &one.path().join(KEY));
        assert!(matches!(newer, Err(CopyError::Newer { found: 10_000, .. })));
    }

    #[test]
    fn nothing_starts_on_a_half_restored_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARKER), "x/replaced-1").unwrap();
        let said = finished(folder.path()).unwrap_err();
        assert!(said.contains("dialtone restore") && said.contains("replaced-1"), "{said}");
    }

    #[test]
    fn no_archive_writes_outside_its_folder() {
        for path in [
            "../dialtone.db",
            "../tls.key",
            "tls.key/x",
            "/etc/passwd",
            "media/../../x",
            "dialtone.db/x",
            "other",
            "media",
        ] {
            assert_eq!(place(Path::new("/x"), Path::new(path)), None, "{path}");
        }
        for path in ["media/1/a.wav", "tls.crt", "tls.key"] {
            assert!(place(Path::new("/x"), Path::new(path)).is_some(), "{path}");
        }
    }
}
