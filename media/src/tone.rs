//! Call progress tones by country (ITU-T E.180 supplement 2). MED-11.
//!
//! One period of each tone is computed when it is first wanted and kept, ready to be copied into packets.

use std::{f64::consts::TAU, sync::OnceLock};

use crate::codec::g711;

/// Which tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The called phone rings.
    Ringback,
    /// The called party is busy.
    Busy,
    /// The network cannot put the call through.
    Congestion,
    /// The caller waits and is not forgotten: a short beep every ten seconds, for instance while parked.
    Waiting,
    /// Dial now.
    Dial,
    /// What was dialled is done (E.182: positive indication).
    Confirmation,
    /// What was dialled is not possible (E.180 §6: special information tone).
    Information,
    /// 1,004 Hz at 0 dBm0, a milliwatt, without end: levels of a line are measured by it (O.6). MED-12.
    Milliwatt,
    /// A key is wanted: two rising beeps, again and again. RNG-01
    Prompt,
}

/// Whose tones. Unknown countries take `Us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Country {
    /// United States, and those who use the North American plan.
    #[default]
    Us,
    /// United Kingdom.
    Gb,
    /// Germany; also Austria, Switzerland and neighbours with 425 Hz tones.
    De,
    /// France.
    Fr,
    /// Australia.
    Au,
    /// Japan.
    Jp,
}

impl Country {
    /// By ISO 3166 code of two letters, any case.
    pub fn from_code(code: &str) -> Self {
        match code.to_ascii_uppercase().as_str() {
            "GB" | "UK" | "IE" => Self::Gb,
            "DE" | "AT" | "CH" | "LI" | "LU" => Self::De,
            "FR" | "MC" => Self::Fr,
            "AU" | "NZ" => Self::Au,
            "JP" => Self::Jp,
            _ => Self::Us,
        }
    }
}

/// How G.711 samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Law {
    Ulaw,
    Alaw,
}

/// One period at 8 kHz, to be repeated. Computed at the first call.
pub(crate) fn period(tone: Tone, country: Country, law: Law) -> &'static [u8] {
    let place = (country as usize * TONES + tone as usize) * 2 + law as usize;
    PERIODS[place].get_or_init(|| samples(&signal(tone, country), law))
}

/// Frequencies [Hz] and the cadence: on, off, on, off, … [ms].
#[derive(Debug)]
struct Signal {
    frequencies: &'static [u32],
    cadence: &'static [u32],
    together: Together,
    /// Of the whole tone, of 32,768.
    amplitude: f64,
}

/// How several frequencies sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    AtOnce,
    /// One a turn.
    InTurn,
}

impl Signal {
    /// The frequencies of a turn of the cadence.
    fn of_turn(&self, turn: usize) -> &'static [u32] {
        match self.together {
            Together::AtOnce => self.frequencies,
            Together::InTurn => {
                let at = (turn / 2) % self.frequencies.len();
                &self.frequencies[at..=at]
            }
        }
    }
}

/// The national values of E.180 supplement 2.
fn signal(tone: Tone, country: Country) -> Signal {
    use Country::{Au, De, Fr, Gb, Jp, Us};
    use Tone::{Busy, Confirmation, Congestion, Dial, Information, Milliwatt, Prompt, Ringback, Waiting};
    let in_turn = matches!(tone, Information | Prompt);
    let together = if in_turn { Together::InTurn } else { Together::AtOnce };
    let (frequencies, cadence): (&[u32], &[u32]) = match (country, tone) {
        (Us, Ringback) => (&[440, 480], &[2_000, 4_000]),
        (Us, Busy) => (&[480, 620], &[500, 500]),
        (Us, Congestion) => (&[480, 620], &[250, 250]),
        (Gb, Ringback) => (&[400, 450], &[400, 200, 400, 2_000]),
        (Gb, Busy) => (&[400], &[375, 375]),
        (Gb, Congestion) => (&[400], &[400, 350, 225, 525]),
        (De, Ringback) => (&[425], &[1_000, 4_000]),
        (De, Busy) => (&[425], &[480, 480]),
        (De, Congestion) => (&[425], &[240, 240]),
        (Fr, Ringback) => (&[440], &[1_500, 3_500]),
        (Fr, Busy) => (&[440], &[500, 500]),
        (Fr, Congestion) => (&[440], &[250, 250]),
        (Au, Ringback) => (&[400, 450], &[400, 200, 400, 2_000]),
        (Us, Waiting) => (&[440], &[300, 9_700]),
        (De | Au, Waiting) => (&[425], &[200, 9_800]),
        (Gb | Jp, Waiting) => (&[400], &[200, 9_800]),
        (Fr, Waiting) => (&[440], &[300, 9_700]),
        (Au, Busy | Congestion) => (&[425], &[375, 375]),
        // 400 Hz, modulated with 16 Hz.
        (Jp, Ringback) => (&[384, 416], &[1_000, 2_000]),
        (Jp, Busy | Congestion) => (&[400], &[500, 500]),
        (Us | Gb, Dial) => (&[350, 440], &[1_000]),
        (De | Au, Dial) => (&[425], &[1_000]),
        (Fr, Dial) => (&[440], &[1_000]),
        (Jp, Dial) => (&[400], &[1_000]),
        // Three short ones, in the country's dial tone.
        (Us | Gb, Confirmation) => (&[350, 440], CONFIRMATION),
        (De | Au, Confirmation) => (&[425], CONFIRMATION),
        (Fr, Confirmation) => (&[440], CONFIRMATION),
        (Jp, Confirmation) => (&[400], CONFIRMATION),
        // The same everywhere.
        (_, Prompt) => (&[800, 1_200], &[150, 50, 150, 1_150]),
        (_, Milliwatt) => (&[1_004], &[1_000]),
        (_, Information) => (&[950, 1_400, 1_800], &[330, 0, 330, 0, 330, 1_000]),
    };
    let amplitude = if tone == Milliwatt { MILLIWATT } else { AMPLITUDE };
    Signal { frequencies, cadence, together, amplitude }
}

fn samples(signal: &Signal, law: Law) -> Box<[u8]> {
    let encode = match law {
        Law::Ulaw => g711::linear_to_ulaw,
        Law::Alaw => g711::linear_to_alaw,
    };
    let mut period = Vec::new();
    for (turn, length) in signal.cadence.iter().enumerate() {
        let (is_on, frequencies) = (turn % 2 == 0, signal.of_turn(turn));
        let amplitude = signal.amplitude / (frequencies.len() as f64).sqrt();
        for n in 0..length * SAMPLES_PER_MS {
            let at = f64::from(n) / 8_000.0;
            let sum: f64 = frequencies.iter().map(|hz| (TAU * f64::from(*hz) * at).sin()).sum();
            period.push(encode(if is_on { (sum * amplitude) as i16 } else { 0 }));
        }
    }
    period.into_boxed_slice()
}

/// −13 dBm0 for the whole tone (E.180 §4.2 asks for −10 ± 5 dBm0): full scale is +3.17 dBm0 at 32,124.
const AMPLITUDE: f64 = 4_990.0;
/// 0 dBm0, by the same scale.
const MILLIWATT: f64 = 22_300.0;
const SAMPLES_PER_MS: u32 = 8;
const TONES: usize = 9;
/// [ms]
const CONFIRMATION: &[u32] = &[100, 100, 100, 100, 100, 800];
const COUNTRIES: usize = 6;
static PERIODS: [OnceLock<Box<[u8]>>; COUNTRIES * TONES * 2] = [const { OnceLock::new() }; _];

#[cfg(test)]
mod tests {
    use super::*;

    /// Power at one frequency, relative to the whole (Goertzel).
    fn share(period: &[u8], hz: u32) -> f64 {
        let linear: Vec<f64> = period.iter().map(|c| f64::from(g711::ulaw_to_linear(*c))).collect();
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in linear.iter().enumerate() {
            let angle = TAU * f64::from(hz) * n as f64 / 8_000.0;
            re += sample * angle.cos();
            im += sample * angle.sin();
        }
        let power: f64 = linear.iter().map(|s| s * s).sum();
        2.0 * (re * re + im * im) / (power * linear.len() as f64)
    }

    /// MED-11
    #[test]
    fn tones_have_their_frequencies_and_cadence() {
        let ringback = period(Tone::Ringback, Country::Us, Law::Ulaw);
        assert_eq!(ringback.len(), 6 * 8_000);
        assert!(ringback[16_000..].iter().all(|sample| *sample == 0xff));
        let on = &ringback[..16_000];
        assert!((0.45..0.55).contains(&share(on, 440)) && (0.45..0.55).contains(&share(on, 480)));
        assert!(share(on, 400) < 0.001);
        let busy = period(Tone::Busy, Country::De, Law::Alaw);
        assert_eq!(busy.len(), 960 * 8);
        assert!(busy[480 * 8..].iter().all(|sample| *sample == 0xd5));
    }

    /// E.180 §4.2
    #[test]
    fn every_tone_is_as_loud_as_it_should_be() {
        for country in [Country::Us, Country::Gb, Country::De, Country::Fr, Country::Au, Country::Jp] {
            for tone in [Tone::Ringback, Tone::Busy, Tone::Congestion, Tone::Waiting] {
                let on = &period(tone, country, Law::Ulaw)[..200 * 8];
                let power: f64 = on.iter().map(|c| f64::from(g711::ulaw_to_linear(*c)).powi(2)).sum();
                let dbm0 =
                    20.0 * ((power / on.len() as f64).sqrt() / (32_124.0 / 2f64.sqrt())).log10() + 3.17;
                assert!((-15.0..-10.0).contains(&dbm0), "{country:?} {tone:?}: {dbm0} dBm0");
                let ms: u32 = signal(tone, country).cadence.iter().sum();
                assert_eq!(period(tone, country, Law::Alaw).len(), (ms * SAMPLES_PER_MS) as usize);
            }
        }
    }

    /// MED-12: 1,004 Hz at 0 dBm0, and no break where it begins anew.
    #[test]
    fn a_milliwatt_is_one() {
        for country in [Country::Us, Country::Jp] {
            let tone = period(Tone::Milliwatt, country, Law::Ulaw);
            assert!(share(tone, 1_004) > 0.999);
            let power: f64 = tone.iter().map(|c| f64::from(g711::ulaw_to_linear(*c)).powi(2)).sum();
            let dbm0 = 20.0 * ((power / tone.len() as f64).sqrt() / (32_124.0 / 2f64.sqrt())).log10() + 3.17;
            assert!(dbm0.abs() < 0.05, "{dbm0} dBm0");
            assert_eq!((1_004 * tone.len() as u32) % 8_000, 0, "whole waves");
        }
    }

    /// E.180 §6: three frequencies one after the other. E.182: three short ones.
    #[test]
    fn what_was_dialled_is_confirmed_or_refused_unmistakably() {
        let refused = period(Tone::Information, Country::De, Law::Ulaw);
        assert_eq!(refused.len(), 1_990 * 8);
        for (turn, hz) in [950, 1_400, 1_800].into_iter().enumerate() {
            assert!(share(&refused[turn * 330 * 8..][..330 * 8], hz) > 0.95, "{hz} Hz");
        }
        let confirmed = period(Tone::Confirmation, Country::De, Law::Ulaw);
        assert!(share(&confirmed[..800], 425) > 0.95 && confirmed[800..1_600].iter().all(|s| *s == 0xff));
        let dial = period(Tone::Dial, Country::Us, Law::Ulaw);
        assert!((0.45..0.55).contains(&share(dial, 350)) && (0.45..0.55).contains(&share(dial, 440)));
    }

    #[test]
    fn countries_are_found_by_code() {
        assert_eq!(
            ["gb", "De", "XX", "", "ch"].map(Country::from_code),
            [Country::Gb, Country::De, Country::Us, Country::Us, Country::De]
        );
    }
}
