//! Mean opinion score by a simplified E-model. MED-04.
//!
//! ITU-T G.107 (06/2015): R = R0 − Id − Ie,eff, with all parameters but delay, loss and codec at their defaults, so
//! R0 − Is = 93.2 and A = 0. Delay by the approximation of Cole and Rosenbluth ("Voice over IP performance
//! monitoring", 2001): Id = 0.024 d + 0.11 (d − 177.3) H(d − 177.3). Loss by G.107 §7.4 for random loss:
//! Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl), with Ie and Bpl of ITU-T G.113 appendix I. Wide-band codecs are
//! rated on the same scale, as if they were undisturbed narrow-band ones.

use std::time::Duration;

/// What the score is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions<'a> {
    /// Name of the codec.
    pub(crate) codec: &'a str,
    /// From mouth to ear, as far as it is known.
    pub(crate) delay: Duration,
    /// Packets that should have come.
    pub(crate) expected: u64,
    /// Those that did not.
    pub(crate) lost: u64,
}

/// 1.0–4.5; 0 if no packet was expected.
pub(crate) fn mos(conditions: Conditions<'_>) -> f32 {
    if conditions.expected == 0 {
        return 0.0;
    }
    let delay = conditions.delay.as_secs_f32() * 1_000.0;
    let delay_impairment = 0.024 * delay + 0.11 * (delay - 177.3).max(0.0);
    let loss = (conditions.lost.min(conditions.expected) as f32 / conditions.expected as f32) * 100.0;
    let (ie, bpl) = impairment(conditions.codec);
    let loss_impairment = ie + (95.0 - ie) * loss / (loss + bpl);
    score(93.2 - delay_impairment - loss_impairment)
}

/// G.107 annex B.
fn score(r: f32) -> f32 {
    let r = r.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// Ie and Bpl: equipment impairment, robustness against loss (G.113 appendix I, tables I.1 to I.4; concealment is
/// assumed for G.711, since every phone has it). What is not listed there is taken as a codec of G.729's kind.
fn impairment(codec: &str) -> (f32, f32) {
    let is = |name: &str| codec.eq_ignore_ascii_case(name);
    if is("PCMU") || is("PCMA") || is("G722") || is("opus") || is("L16") {
        (0.0, 25.1)
    } else if is("G723") {
        (15.0, 16.1)
    } else if is("GSM") {
        (20.0, 43.0)
    } else if is("GSM-EFR") || is("AMR") {
        (5.0, 10.0)
    } else {
        (11.0, 19.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(codec: &str, delay_ms: u64, lost: u64) -> f32 {
        mos(Conditions { codec, delay: Duration::from_millis(delay_ms), expected: 1_000, lost })
    }

    /// MED-04: figures worked out from the formulas above, apart from this code.
    #[test]
    fn known_conditions_have_known_scores() {
        for (codec, delay, lost, expected) in [
            ("PCMU", 20, 0, 4.400),
            ("PCMA", 150, 0, 4.329),
            ("PCMU", 20, 10, 4.316),
            ("PCMU", 20, 50, 3.903),
            ("G729", 20, 0, 4.087),
            ("G729", 20, 50, 3.316),
            ("PCMU", 400, 0, 3.053),
        ] {
            let score = rate(codec, delay, lost);
            assert!((score - expected).abs() < 0.002, "{codec} {delay} ms {lost}‰: {score}");
        }
    }

    #[test]
    fn extremes_stay_on_the_scale() {
        assert_eq!(rate("PCMU", 20, 5_000), rate("PCMU", 20, 1_000));
        assert_eq!(rate("x", 100_000, 1_000), 1.0);
        assert_eq!(mos(Conditions { codec: "PCMU", delay: Duration::ZERO, expected: 0, lost: 0 }), 0.0);
    }
}
