//! Scenarios of a whole worker: what phones, strangers and time do to it.

mod bench;
mod hostile;
mod mix;
mod quality;
mod relay;
mod sealing;
mod tones;

use bench::*;
