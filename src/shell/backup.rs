//! `dialtone backup`: one archive of all that a system is, made while it runs. OPS-08.
//!
//! The archive is a tar: `manifest.json` first, which names each file with its size and SHA-256, then the files, and at
//! last `checksum`, the SHA-256 of the manifest. So a cut or changed archive is known before anything is replaced.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use config::{Db, OpenError, backup::CopyError};
use sha2::{Digest, Sha256};

use super::certificate::{self, Certificate, CertificateError, Files};
use crate::cli::Backup;

/// What stands in an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// The form of the archive, [`FORMAT`].
    pub format: u32,
    /// The program that wrote it.
    pub version: String,
    /// Version of the tables.
    pub schema: i64,
    /// Revision of the configuration.
    pub revision: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// All files but this one, in the order of the archive.
    pub files: Vec<Entry>,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// Below the data folder: `dialtone.db`, `media/…`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BackupError {
    #[error("there is no database in {0}. Name its folder with --data")]
    Missing(PathBuf),
    #[error("{0} is there already; choose another name")]
    Taken(PathBuf),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error("the database cannot be copied: {0}")]
    Copy(#[from] CopyError),
    #[error("the archive cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the archive, whole or not at all.
///
/// # Errors
/// When there is no database, the file is there, or the disk does not take it.
pub fn backup(options: &Backup) -> Result<(), BackupError> {
    let folder = &options.data.folder;
    if !folder.join(DATABASE).is_file() {
        return Err(BackupError::Missing(folder.clone()));
    }
    if options.file.exists() {
        return Err(BackupError::Taken(options.file.clone()));
    }
    let db = Db::open(folder)?;
    let target = options.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let work = Scratch::new(target.unwrap_or_else(|| Path::new(".")))?;
    let copy = work.0.join(DATABASE);
    let copied = db.copy_to(&copy)?;
    let mut sources = vec![(DATABASE.to_owned(), copy)];
    if !options.without_key {
        sources.push((KEY.to_owned(), db.key_file()));
        copy_certificate(folder, &work.0, &mut sources)?;
    }
    for part in FOLDERS {
        collect(&folder.join(part), part, &mut sources)?;
    }
    let files = sources.iter().map(|(name, path)| entry(name, path)).collect::<io::Result<Vec<_>>>()?;
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: copied.schema,
        revision: copied.revision,
        at_ms: super::clock::unix_ms(),
        files,
    };
    let part = work.0.join("archive.tar");
    write(&part, &manifest, &sources)?;
    fs::rename(&part, &options.file)?;
    let mut out = io::stdout().lock();
    let (count, revision) = (manifest.files.len(), manifest.revision);
    writeln!(out, "{}: {count} file(s), configuration revision {revision}.", options.file.display())?;
    Ok(())
}

/// The certificate and its key, if the data folder has them: phones believe that very one. Copied, as somebody may put others
/// there meanwhile; what does not belong together is told, and is no reason to have no archive.
fn copy_certificate(folder: &Path, work: &Path, sources: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let before = sources.len();
    for name in CERTIFICATE {
        let (from, to) = (folder.join(name), work.join(name));
        if from.is_file() {
            fs::copy(from, &to)?;
            sources.push((name.to_owned(), to));
        }
    }
    if sources.len() > before
        && let Err(fault) = Certificate::open(Files::of_folder(work)).map(drop)
    {
        tell(&fault)?;
    }
    Ok(())
}

fn tell(fault: &CertificateError) -> io::Result<()> {
    writeln!(io::stderr().lock(), "The archive takes the certificate as it is, but {fault}")
}

fn write(file: &Path, manifest: &Manifest, sources: &[(String, PathBuf)]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let mut archive = tar::Builder::new(io::BufWriter::new(open));
    let json = serde_json::to_vec_pretty(manifest)?;
    append(&mut archive, MANIFEST, json.len() as u64, &*json)?;
    for ((name, path), entry) in sources.iter().zip(&manifest.files) {
        append(&mut archive, name, entry.size, File::open(path)?.take(entry.size))?;
    }
    let checksum = hex(&Sha256::digest(&json));
    append(&mut archive, CHECKSUM, checksum.len() as u64, checksum.as_bytes())?;
    let mut buffered = archive.into_inner()?;
    buffered.flush()?;
    buffered.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    name: &str,
    size: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    archive.append_data(&mut header, name, content)
}

/// All files below a folder, in order.
fn collect(folder: &Path, name: &str, sources: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let Ok(found) = fs::read_dir(folder) else { return Ok(()) };
    let mut entries = found.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(part) = entry.file_name().into_string() else { continue };
        let (name, kind) = (format!("{name}/{part}"), entry.file_type()?);
        if kind.is_dir() {
            collect(&entry.path(), &name, sources)?;
        } else if kind.is_file() {
            sources.push((name, entry.path()));
        }
    }
    Ok(())
}

fn entry(name: &str, path: &Path) -> io::Result<Entry> {
    let (size, sha256) = digest(File::open(path)?)?;
    Ok(Entry { name: name.to_owned(), size, sha256 })
}

/// Size and SHA-256 of what is read.
pub fn digest(mut content: impl Read) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let size = io::copy(&mut content, &mut hash)?;
    Ok((size, hex(&hash.finalize())))
}

/// Lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder that goes with its owner.
#[derive(Debug)]
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Within `parent`, on the same disk, so that files can be renamed out of it.
    pub fn new(parent: &Path) -> io::Result<Self> {
        let folder = parent.join(format!(".dialtone-{}-{:x}", std::process::id(), rand::random::<u32>()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The form of archives that this program writes and reads.
pub const FORMAT: u32 = 1;
/// First in an archive.
pub const MANIFEST: &str = "manifest.json";
/// Last in an archive.
pub const CHECKSUM: &str = "checksum";
/// The database in the data folder.
pub const DATABASE: &str = "dialtone.db";
/// Its key.
pub const KEY: &str = "dialtone.key";
/// What HTTPS and SIP over TLS are proved with.
pub const CERTIFICATE: [&str; 2] = [certificate::CHAIN, certificate::KEY];
/// Folders of the data folder that are part of the system.
pub const FOLDERS: [&str; 2] = ["media", "files"];
