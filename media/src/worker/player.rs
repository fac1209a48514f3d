//! A tone that a session plays. MED-11.

use crate::{
    session::Line,
    tone::{self, Country, Law, Tone},
};

/// Where in the period of a tone we are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Player {
    /// The peer's number for the samples.
    pub(super) number: u8,
    period: &'static [u8],
    position: usize,
    /// Frames that were due and are not sent, because time ran away.
    skipped: u32,
}

impl Player {
    /// A tone from its beginning; `None` if the peer takes neither PCMU nor PCMA.
    pub(super) fn new(tone: Tone, country: Country, line: &Line) -> Option<Self> {
        let (number, law) = line.payloads.iter().find_map(|payload| {
            if payload.codec.is_pcmu() {
                Some((payload.number, Law::Ulaw))
            } else if payload.codec.is_pcma() {
                Some((payload.number, Law::Alaw))
            } else {
                None
            }
        })?;
        Some(Self { number, period: tone::period(tone, country, law), position: 0, skipped: 0 })
    }

    /// The same tone for another payload type goes on where it is.
    pub(super) fn resume(self, before: Option<Self>) -> Self {
        match before {
            Some(before) if before.period.len() == self.period.len() => {
                Self { position: before.position, ..self }
            }
            _ => self,
        }
    }

    pub(super) fn skip(&mut self, frames: u32) {
        self.skipped += frames;
    }

    /// Fills `frame`, and tells how many samples lie between it and the frame before.
    pub(super) fn play(&mut self, frame: &mut [u8]) -> u32 {
        let units = (self.skipped + 1) * FRAME as u32;
        let late = (self.skipped as usize * FRAME) % self.period.len();
        self.skipped = 0;
        self.position = (self.position + late) % self.period.len();
        for sample in frame {
            *sample = self.period[self.position];
            self.position += 1;
            if self.position == self.period.len() {
                self.position = 0;
            }
        }
        units
    }
}

/// Samples of 20 ms.
pub(super) const FRAME: usize = 160;
