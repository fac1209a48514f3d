//! Contents of uploaded files, by tenant and key. A content is stored once and never changes; fields of
//! [`crate::Kind::File`] hold keys.

use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};

use crate::{
    Db, TenantId,
    field::file::{FileType, endings},
    secret::hex,
};

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Its content is of none of the types.
    #[error("This is no {0} file.")]
    Type(String),
    /// It is too large.
    #[error("At most {} kB.", .0 / 1000)]
    Large(usize),
    /// All files of the tenant together are too large.
    #[error("The company's files are full: {} MB. Ask who runs this system.", .0 / 1_000_000)]
    Full(usize),
    /// The disk is full, the file is read-only, …
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// Stores a content of one of the types, at most `max` bytes; its key. What it is, is read from the content itself.
    pub fn add_file(
        &self,
        tenant: TenantId,
        content: &[u8],
        types: &[FileType],
        max: usize,
    ) -> Result<String, FileError> {
        if content.len() > max {
            return Err(FileError::Large(max));
        }
        let kind = FileType::of(content)
            .filter(|kind| types.contains(kind))
            .ok_or_else(|| FileError::Type(endings(types)))?;
        let key = format!("{}.{}", hex(&Sha256::digest(content)), kind.ending());
        let writer = self.writer();
        let stored: usize = writer
            .prepare_cached("SELECT COALESCE(sum(length(content)), 0) FROM files WHERE tenant_id = ?1")?
            .query_row([tenant.0], |row| row.get(0))?;
        if stored.saturating_add(content.len()) > MOST_BYTES {
            return Err(FileError::Full(MOST_BYTES));
        }
        writer
            .prepare_cached("INSERT OR IGNORE INTO files (tenant_id, key, content) VALUES (?1, ?2, ?3)")?
            .execute((tenant.0, &key, content))?;
        Ok(key)
    }

    /// The content of a file of a tenant.
    pub fn file_content(&self, tenant: TenantId, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        let reader = self.reader()?;
        let mut statement =
            reader.prepare_cached("SELECT content FROM files WHERE tenant_id = ?1 AND key = ?2")?;
        statement.query_row((tenant.0, key), |row| row.get(0)).optional()
    }
}

/// Of one tenant, so that no company fills the disk of all.
const MOST_BYTES: usize = 200_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Company;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
    const TYPES: &[FileType] = &[FileType::Png];

    #[test]
    fn a_file_is_known_by_its_content_and_belongs_to_its_tenant() {
        let company = Company::new();
        let (one, two) = (TenantId(1), TenantId(2));
        let key = company.db.add_file(one, PNG, TYPES, 100).unwrap();
        assert!(key.ends_with(".png") && FileType::of_key(&key) == Some(FileType::Png));
        assert_eq!(company.db.add_file(one, PNG, TYPES, 100).unwrap(), key, "stored once");
        assert_eq!(company.db.file_content(one, &key).unwrap().as_deref(), Some(PNG));
        assert_eq!(company.db.file_content(two, &key).unwrap(), None);
    }

    #[test]
    fn large_and_disguised_files_are_refused() {
        let company = Company::new();
        let add = |content: &[u8], max| company.db.add_file(TenantId(1), content, TYPES, max);
        assert!(matches!(add(PNG, 5), Err(FileError::Large(5))));
        for content in [&b"<svg onload=alert(1)>"[..], b"<html>", b"", b"\xff\xd8\xff\xe0", b"GIF89a"] {
            assert!(matches!(add(content, 100), Err(FileError::Type(_))), "{content:?}");
        }
    }
}
