//! The one place where the time is read for the engine.

use std::time::Instant;

use pbx_core::Now;

/// Now, on both clocks.
pub fn now() -> Now {
    Now { at: Instant::now(), utc: chrono::Utc::now() }
}

/// Now, in Unix milliseconds.
pub fn unix_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
