//! A file that was uploaded, by its key: the SHA-256 of its content and its type, `3f5a….png`. Contents are in
//! [`crate::files`]; a key never means another content, so old values of a field stay good.

/// What may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileType {
    Png,
    Jpeg,
    Wav,
    Mp3,
    Pdf,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Png, Self::Jpeg, Self::Wav, Self::Mp3, Self::Pdf];

    /// The type of a content, by its first bytes; what a browser or a file name says is not asked.
    pub fn of(content: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| content.starts_with(with);
        if begins(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if begins(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if begins(b"RIFF") && content.get(8..12) == Some(b"WAVE") {
            Some(Self::Wav)
        } else if begins(b"ID3") || (begins(b"\xff") && content.get(1).is_some_and(|b| b & 0xe6 == 0xe2)) {
            Some(Self::Mp3)
        } else if begins(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }
    /// The ending of its key: `png`.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::Pdf => "pdf",
        }
    }
    /// For `Content-Type`.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::Pdf => "application/pdf",
        }
    }
    /// The type a key names.
    pub fn of_key(key: &str) -> Option<Self> {
        let (hash, ending) = key.split_once('.')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        Self::ALL.into_iter().find(|kind| is_hash && kind.ending() == ending)
    }
}

pub(super) fn normalise(given: &str, types: &[FileType]) -> Result<String, String> {
    match FileType::of_key(given) {
        Some(kind) if types.contains(&kind) => Ok(given.to_owned()),
        _ => Err(format!("Upload a file first: {}.", endings(types))),
    }
}

/// `PNG or JPG`.
pub fn endings(types: &[FileType]) -> String {
    let names: Vec<_> = types.iter().map(|kind| kind.ending().to_uppercase()).collect();
    names.join(" or ")
}
