//! Why bytes are not a message, and what a request with that fault is answered.

/// Why bytes are not a SIP message. `Display` is fit for the reason phrase of a 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ParseError {
    #[error("Malformed start line")]
    StartLine,
    #[error("Unsupported SIP version")]
    Version,
    #[error("Malformed {0}")]
    Header(&'static str),
    #[error("Missing {0}")]
    Missing(&'static str),
    #[error("Duplicate {0}")]
    Duplicate(&'static str),
    #[error("Headers do not end")]
    Unterminated,
    #[error("Too many headers")]
    TooManyHeaders,
    #[error("Header too long")]
    HeaderTooLong,
    #[error("Message too long")]
    TooLong,
    #[error("Body shorter than Content-Length")]
    BodyTooShort,
}

impl ParseError {
    /// The status that answers a request with this fault: 505 for another version, 513 for what is too long, else 400.
    pub fn status(&self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLong | Self::HeaderTooLong | Self::TooManyHeaders => 513,
            _ => 400,
        }
    }
}
