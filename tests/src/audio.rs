//! Known sound and what became of it: a speech-like signal, G.711, level, tones, correlation.

use std::f32::consts::TAU;

/// Samples per packet of 20 ms at 8 kHz.
pub const FRAME: usize = 160;

/// Eight seconds of something like speech: voiced syllables of changing pitch with pauses; another voice per seed.
pub fn voice(seed: u32) -> Vec<i16> {
    let mut random = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345) | 1;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        (random >> 8) as f32 / 16_777_216.0
    };
    let (mut out, mut phase) = (Vec::with_capacity(64_000), 0.0f32);
    while out.len() < 64_000 {
        let (length, pitch) = (800 + (next() * 1_600.0) as usize, 90.0 + next() * 160.0);
        let (loud, formant) = (3_000.0 + next() * 6_000.0, 2.0 + (next() * 6.0).floor());
        for i in 0..length {
            let shape = (std::f32::consts::PI * i as f32 / length as f32).sin();
            phase += pitch / 8_000.0;
            let voiced = (TAU * phase).sin() + 0.5 * (TAU * phase * formant).sin() + 0.3 * (next() - 0.5);
            out.push((shape * loud * voiced) as i16);
        }
        out.extend(std::iter::repeat_n(0, 160 + (next() * 480.0) as usize));
    }
    out.truncate(64_000);
    out
}

/// G.711 µ-law of one sample.
pub fn to_ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs().min(32_635)) + 132;
    let exponent = (magnitude >> 7).ilog2() as i32;
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) | mantissa) as u8
}

/// The sample of a µ-law byte.
pub fn from_ulaw(byte: u8) -> i16 {
    let byte = i32::from(!byte);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 0x0f);
    let magnitude = (((mantissa << 3) + 132) << exponent) - 132;
    (if byte & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

/// G.711 A-law of one sample.
pub fn to_alaw(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = (if sample < 0 { -(i32::from(sample) + 1) } else { i32::from(sample) }).min(32_767) >> 3;
    let exponent = if magnitude < 32 { 0 } else { magnitude.ilog2() as i32 - 4 };
    let mantissa = if exponent == 0 { (magnitude >> 1) & 0x0f } else { (magnitude >> exponent) & 0x0f };
    ((sign | (exponent << 4) | mantissa) ^ 0x55) as u8
}

/// The sample of an A-law byte.
pub fn from_alaw(byte: u8) -> i16 {
    let byte = i32::from(byte ^ 0x55);
    let (exponent, mantissa) = ((byte >> 4) & 7, byte & 0x0f);
    let magnitude =
        if exponent == 0 { (mantissa << 4) + 8 } else { ((mantissa << 4) + 264) << (exponent - 1) };
    (if byte & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

/// Root mean square.
pub fn level(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    (samples.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / samples.len() as f32).sqrt()
}

/// How much of a signal's energy is at `hertz`, 0.0–1.0 (Goertzel).
pub fn share_at(samples: &[i16], hertz: f32) -> f32 {
    let coefficient = 2.0 * (TAU * hertz / 8_000.0).cos();
    let (mut s1, mut s2, mut energy) = (0.0f32, 0.0f32, 0.0f32);
    for &sample in samples {
        let x = f32::from(sample);
        (s1, s2) = (x + coefficient * s1 - s2, s1);
        energy += x * x;
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    if energy == 0.0 { 0.0 } else { 2.0 * power / (energy * samples.len() as f32) }
}

/// Where `heard` fits best into the endlessly repeated `said`: `(offset in samples, correlation −1.0–1.0)`.
pub fn align(said: &[i16], heard: &[i16]) -> (usize, f32) {
    // Relayed packets keep the sender's frames; only a player of its own clock needs every sample tried.
    let framed = best(said, heard, (0..said.len()).step_by(FRAME), 1);
    if framed.1 > 0.99 {
        return framed;
    }
    let coarse = best(said, heard, 0..said.len(), 16);
    let around = (coarse.0 + said.len() - 8..coarse.0 + said.len() + 8).map(|o| o % said.len());
    let fine = best(said, heard, around, 1);
    if fine.1 > framed.1 { fine } else { framed }
}

fn best(said: &[i16], heard: &[i16], offsets: impl Iterator<Item = usize>, stride: usize) -> (usize, f32) {
    let heard: Vec<(usize, f32)> =
        heard.iter().enumerate().step_by(stride).map(|(i, &s)| (i, f32::from(s))).collect();
    let heard_energy: f32 = heard.iter().map(|(_, s)| s * s).sum();
    let mut found = (0, -1.0);
    for offset in offsets {
        let (mut product, mut energy) = (0.0f32, 0.0f32);
        for &(i, h) in &heard {
            let s = f32::from(said[(offset + i) % said.len()]);
            product += s * h;
            energy += s * s;
        }
        let correlation = product / (energy * heard_energy).sqrt().max(1.0);
        if correlation > found.1 {
            found = (offset, correlation);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ITU-T G.711: each of the 256 codes is its own fixed point.
    #[test]
    fn each_code_decodes_to_a_sample_that_encodes_to_it() {
        for byte in 0..=255u8 {
            assert_eq!(from_ulaw(to_ulaw(from_ulaw(byte))), from_ulaw(byte));
            assert_eq!(from_alaw(to_alaw(from_alaw(byte))), from_alaw(byte), "{byte:#x}");
        }
    }

    #[test]
    fn a_voice_is_found_where_it_begins_and_another_voice_is_not() {
        let said = voice(1);
        for begins in [20_000, 20_077] {
            let heard = &said[begins..begins + 16_000];
            let (offset, correlation) = align(&said, heard);
            assert_eq!(offset, begins);
            assert!(correlation > 0.999);
        }
        let heard = &said[20_000..36_000];
        assert!(align(&voice(2), heard).1 < 0.5);
    }

    #[test]
    fn a_tone_is_all_at_its_frequency() {
        let tone: Vec<i16> =
            (0..800).map(|i| ((TAU * 425.0 * i as f32 / 8_000.0).sin() * 5_000.0) as i16).collect();
        assert!(share_at(&tone, 425.0) > 0.9);
        assert!(share_at(&tone, 1_000.0) < 0.1);
    }
}
