//! Encrypted speech of a phone or a trunk: whether, and by which signalling its keys may go. MED-03, DEV-05, SIP-38.

use rusqlite::Row;

/// How the speech of a peer is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encryption {
    /// Whether.
    pub srtp: Srtp,
    /// Keys (RFC 4568) may go where others can read them, too: by signalling without TLS.
    pub clear_keys: bool,
}

/// Whether speech goes by SRTP (RFC 3711).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Srtp {
    /// Never.
    Off,
    /// Where the peer can.
    #[default]
    Optional,
    /// Always; calls that cannot are refused.
    Required,
}

/// The choices of a field.
pub const SRTP: &[(&str, &str)] =
    &[("off", "Never"), ("optional", "Where the other side can"), ("required", "Always, or no call")];

impl Srtp {
    /// The word that is stored.
    pub fn by_word(word: &str) -> Self {
        match word {
            "off" => Self::Off,
            "required" => Self::Required,
            _ => Self::Optional,
        }
    }
    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

/// Of the columns `srtp` and `clear_keys`.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Encryption> {
    let srtp = Srtp::by_word(row.get_ref("srtp")?.as_str()?);
    Ok(Encryption { srtp, clear_keys: row.get("clear_keys")? })
}
