//! What `/metrics` shows.

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoCredentials,
    WrongCredentials,
    StaleNonce,
    Suspended,
    NotTheirs,
    BadContact,
    IntervalTooBrief,
    OldCSeq,
    NoRoom,
    NoPort,
    Draining,
    BadOffer,
    BadMethod,
    TooManyWatched,
    TrunkFull,
    Unwatchable,
}

/// How a call ended, as its record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Missed,
    Busy,
    Declined,
    Failed,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    refused: [u64; REFUSALS.len()],
    outcomes: [u64; OUTCOMES.len()],
    /// Calls that got as far as a record.
    pub calls: u64,
    /// REGISTERs that were accepted.
    pub registers: u64,
    /// 200s to a REGISTER that left before their row was committed.
    pub unstored: u64,
    /// Scripts that panicked.
    pub panics: u64,
    /// Digits that phones pressed.
    pub digits: u64,
    /// NOTIFYs that had phones fetch their settings.
    pub resyncs: u64,
    /// SUBSCRIBEs outside of dialogs that were accepted.
    pub subscriptions: u64,
    /// NOTIFYs to watchers.
    pub notifies: u64,
    /// Calls ended because both phones fell silent.
    pub silent: u64,
}

impl Outcome {
    /// As `config::records::CallRow` has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Failed => "failed",
        }
    }
}

impl Counters {
    /// One more.
    pub(crate) fn refused(&mut self, why: Refusal) {
        self.refused[why as usize] += 1;
    }
    /// One more.
    pub(crate) fn ended(&mut self, outcome: Outcome) {
        self.outcomes[outcome as usize] += 1;
    }
    /// Name with labels, value, help.
    pub(crate) fn list(&self) -> Vec<(&'static str, f64, &'static str)> {
        let plain = [
            ("dialtone_calls_started_total", self.calls, "Calls begun"),
            ("dialtone_registers_total", self.registers, "REGISTER requests accepted"),
            (
                "dialtone_registers_unstored_total",
                self.unstored,
                "REGISTER answered before its row was stored",
            ),
            ("dialtone_script_panics_total", self.panics, "Calls ended by a fault of a feature"),
            ("dialtone_digits_total", self.digits, "Telephone events received"),
            ("dialtone_resyncs_total", self.resyncs, "NOTIFYs that had phones fetch their settings"),
            ("dialtone_subscribes_total", self.subscriptions, "Subscriptions accepted"),
            ("dialtone_notifies_total", self.notifies, "NOTIFYs sent to watchers"),
            ("dialtone_calls_silent_total", self.silent, "Calls ended because no media came any more"),
        ];
        let refused = REFUSALS.iter().zip(self.refused).map(|(&name, n)| (name, n, "Requests refused"));
        let ended = OUTCOMES.iter().zip(self.outcomes).map(|(&name, n)| (name, n, "Calls ended"));
        plain.into_iter().chain(refused).chain(ended).map(|(name, n, help)| (name, n as f64, help)).collect()
    }
}

/// In the order of [`Refusal`].
const REFUSALS: [&str; 16] = [
    "dialtone_refused_total{status=\"401\",reason=\"no_credentials\"}",
    "dialtone_refused_total{status=\"401\",reason=\"wrong_credentials\"}",
    "dialtone_refused_total{status=\"401\",reason=\"stale_nonce\"}",
    "dialtone_refused_total{status=\"403\",reason=\"suspended\"}",
    "dialtone_refused_total{status=\"403\",reason=\"not_theirs\"}",
    "dialtone_refused_total{status=\"400\",reason=\"bad_contact\"}",
    "dialtone_refused_total{status=\"423\",reason=\"interval_too_brief\"}",
    "dialtone_refused_total{status=\"500\",reason=\"old_cseq\"}",
    "dialtone_refused_total{status=\"503\",reason=\"max_calls\"}",
    "dialtone_refused_total{status=\"503\",reason=\"no_port\"}",
    "dialtone_refused_total{status=\"503\",reason=\"draining\"}",
    "dialtone_refused_total{status=\"488\",reason=\"bad_offer\"}",
    "dialtone_refused_total{status=\"405\",reason=\"bad_method\"}",
    "dialtone_refused_total{status=\"404\",reason=\"unwatchable\"}",
    "dialtone_refused_total{status=\"403\",reason=\"too_many_watched\"}",
    "dialtone_refused_total{status=\"486\",reason=\"trunk_full\"}",
];

/// In the order of [`Outcome`].
const OUTCOMES: [&str; 5] = [
    "dialtone_calls_total{outcome=\"answered\"}",
    "dialtone_calls_total{outcome=\"missed\"}",
    "dialtone_calls_total{outcome=\"busy\"}",
    "dialtone_calls_total{outcome=\"declined\"}",
    "dialtone_calls_total{outcome=\"failed\"}",
];
