//! G.711: µ-law and A-law from and to linear samples, and straight from one to the other by table.
//!
//! The tables are computed by the compiler from the definitions of ITU-T G.711.

/// 16-bit linear to µ-law. Exact inverse of [`ulaw_to_linear`] on the values that it yields.
pub const fn linear_to_ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80u8 } else { 0 };
    let magnitude = (sample as i32).abs();
    let clipped = if magnitude > ULAW_CLIP { ULAW_CLIP } else { magnitude };
    let biased = clipped + ULAW_BIAS;
    // The segment is the place of the highest set bit above bit 7.
    let segment = 31 - biased.leading_zeros() as i32 - 7;
    let step = (biased >> (segment + 3)) & 0x0f;
    !(sign | ((segment as u8) << 4) | step as u8)
}

/// µ-law to 16-bit linear.
pub const fn ulaw_to_linear(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let step = (code & 0x0f) as i32;
    let magnitude = (((step << 3) + ULAW_BIAS) << segment) - ULAW_BIAS;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

/// 16-bit linear to A-law. Exact inverse of [`alaw_to_linear`] on the values that it yields.
pub const fn linear_to_alaw(sample: i16) -> u8 {
    // One's complement for negative samples, so that -1 and 0 lie in mirrored intervals (G.711 §3).
    let (sign, magnitude) = if sample >= 0 { (0x80u8, sample as i32) } else { (0, !(sample as i32)) };
    let code = if magnitude < 256 {
        (magnitude >> 4) as u8
    } else {
        let segment = 31 - magnitude.leading_zeros() as i32 - 7;
        ((segment as u8) << 4) | ((magnitude >> (segment + 3)) & 0x0f) as u8
    };
    (sign | code) ^ ALAW_EVEN_BITS
}

/// A-law to 16-bit linear.
pub const fn alaw_to_linear(code: u8) -> i16 {
    let code = code ^ ALAW_EVEN_BITS;
    let segment = (code >> 4) & 7;
    let step = ((code & 0x0f) as i32) << 4;
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    (if code & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

/// A-law code of each µ-law code.
pub static ULAW_TO_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = linear_to_alaw(ulaw_to_linear(code as u8));
        code += 1;
    }
    table
};

/// µ-law code of each A-law code.
pub static ALAW_TO_ULAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = linear_to_ulaw(alaw_to_linear(code as u8));
        code += 1;
    }
    table
};

/// Added before the segment is sought, so that segments begin at powers of two (G.711 table 2a, 16-bit scale).
const ULAW_BIAS: i32 = 132;
/// Largest magnitude that µ-law can say, on the 16-bit scale.
const ULAW_CLIP: i32 = 32_635;
/// A-law inverts the even bits on the wire (G.711 §3, table 1a note 2).
const ALAW_EVEN_BITS: u8 = 0x55;

#[cfg(test)]
mod tests {
    use super::*;

    /// MED-01
    #[test]
    fn every_code_survives_a_trip_through_linear() {
        for code in 0..=255u8 {
            assert_eq!(linear_to_alaw(alaw_to_linear(code)), code, "A-law {code:#04x}");
            let linear = ulaw_to_linear(code);
            // µ-law has two zeros.
            assert_eq!(ulaw_to_linear(linear_to_ulaw(linear)), linear, "µ-law {code:#04x}");
        }
    }

    /// MED-01: silence and full scale, G.711 tables 1a and 2a.
    #[test]
    fn known_codes_have_known_values() {
        assert_eq!((ulaw_to_linear(0xff), ulaw_to_linear(0x80), ulaw_to_linear(0x00)), (0, 32_124, -32_124));
        assert_eq!((alaw_to_linear(0xd5), alaw_to_linear(0x55), alaw_to_linear(0xaa)), (8, -8, 32_256));
        assert_eq!((linear_to_ulaw(0), linear_to_alaw(0)), (0xff, 0xd5));
        assert_eq!((linear_to_ulaw(i16::MIN), linear_to_alaw(i16::MIN)), (0x00, 0x2a));
    }

    /// MED-02
    #[test]
    fn conversion_errs_by_no_more_than_a_quantisation_step() {
        for code in 0..=255u8 {
            let (before, after) =
                (i32::from(ulaw_to_linear(code)), i32::from(alaw_to_linear(ULAW_TO_ALAW[code as usize])));
            assert!((before - after).abs() <= 8.max(before.abs() / 16), "{before} became {after}");
            let (before, after) =
                (i32::from(alaw_to_linear(code)), i32::from(ulaw_to_linear(ALAW_TO_ULAW[code as usize])));
            assert!((before - after).abs() <= 8.max(before.abs() / 16), "{before} became {after}");
        }
    }
}
