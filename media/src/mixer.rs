//! Several voices as one: each party hears all others, summed up. G.711 only. GRP-03, GRP-04.
//!
//! What a party says waits in a ring of its own, so that packets that come early or late do not tear; every 20 ms a frame of
//! each is taken. All room is there from the beginning: nothing is allocated while voices run.

use crate::codec::g711;

/// What one party says, and what it is told.
#[derive(Debug)]
pub(crate) struct Voice {
    ring: [i16; RING],
    /// Where the next frame begins.
    begin: usize,
    len: usize,
    /// Enough waits to bear a late packet; until then the party is silent.
    is_flowing: bool,
    /// The frame that was taken last.
    said: [i16; FRAME],
}

impl Voice {
    /// A party who has said nothing.
    pub(crate) fn new() -> Self {
        Self { ring: [0; RING], begin: 0, len: 0, is_flowing: false, said: [0; FRAME] }
    }

    /// Takes samples of a packet. When more waits than the ring holds the oldest goes: the party's clock is faster than ours.
    pub(crate) fn hear(&mut self, payload: &[u8], decode: fn(u8) -> i16) {
        for &sample in payload {
            if self.len == RING {
                self.begin = (self.begin + FRAME) % RING;
                self.len -= FRAME;
            }
            self.ring[(self.begin + self.len) % RING] = decode(sample);
            self.len += 1;
        }
        self.is_flowing |= self.len >= PATIENCE;
    }

    /// Takes the next frame and adds it to the sum; silence where there is none.
    pub(crate) fn say(&mut self, sum: &mut [i32; FRAME]) {
        if self.len < FRAME {
            self.is_flowing = false;
        }
        if !self.is_flowing {
            self.said = [0; FRAME];
            return;
        }
        for (at, sum) in sum.iter_mut().enumerate() {
            let sample = self.ring[(self.begin + at) % RING];
            self.said[at] = sample;
            *sum += i32::from(sample);
        }
        self.begin = (self.begin + FRAME) % RING;
        self.len -= FRAME;
    }

    /// What the party hears of the sum: all but itself.
    pub(crate) fn told(&self, sum: &[i32; FRAME], encode: fn(i16) -> u8, frame: &mut [u8]) {
        for ((sample, sum), own) in frame.iter_mut().zip(sum).zip(&self.said) {
            let others = sum - i32::from(*own);
            *sample = encode(others.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16);
        }
    }
}

/// How a payload type of G.711 is read and written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Law {
    pub(crate) decode: fn(u8) -> i16,
    pub(crate) encode: fn(i16) -> u8,
}

impl Law {
    /// µ-law.
    pub(crate) const ULAW: Self = Self { decode: g711::ulaw_to_linear, encode: g711::linear_to_ulaw };
    /// A-law.
    pub(crate) const ALAW: Self = Self { decode: g711::alaw_to_linear, encode: g711::linear_to_alaw };
}

/// Samples of 20 ms at 8 kHz.
pub(crate) const FRAME: usize = 160;
/// Samples that wait at most: 160 ms.
const RING: usize = 8 * FRAME;
/// Samples that wait before the first is taken: 40 ms.
const PATIENCE: usize = 2 * FRAME;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(value: i16) -> [u8; FRAME] {
        [g711::linear_to_ulaw(value); FRAME]
    }

    fn decoded(frame: &[u8; FRAME]) -> i16 {
        assert!(frame.iter().all(|sample| *sample == frame[0]));
        g711::ulaw_to_linear(frame[0])
    }

    /// GRP-04: each hears the others and not itself.
    #[test]
    fn each_voice_is_told_the_sum_of_the_others() {
        let mut voices = [Voice::new(), Voice::new(), Voice::new()];
        for (voice, value) in voices.iter_mut().zip([1_000, 2_000, 4_000]) {
            voice.hear(&packet(value), Law::ULAW.decode);
            voice.hear(&packet(value), Law::ULAW.decode);
        }
        let mut sum = [0; FRAME];
        voices.iter_mut().for_each(|voice| voice.say(&mut sum));
        let mut frame = [0; FRAME];
        for (voice, expected) in voices.iter().zip([6_000, 5_000, 3_000]) {
            voice.told(&sum, Law::ULAW.encode, &mut frame);
            assert!((decoded(&frame) - expected).abs() < 200, "{} for {expected}", decoded(&frame));
        }
    }

    /// GRP-04: a packet that is late is waited for, one that never comes is silence; voices that are too loud do not wrap.
    #[test]
    fn a_voice_begins_with_two_packets_and_falls_silent_without() {
        let mut voice = Voice::new();
        let mut sum = [0; FRAME];
        voice.hear(&packet(30_000), Law::ULAW.decode);
        voice.say(&mut sum);
        assert_eq!(sum, [0; FRAME], "one packet is no stream yet");
        voice.hear(&packet(30_000), Law::ULAW.decode);
        voice.say(&mut sum);
        voice.say(&mut sum);
        assert!(sum[0] > i32::from(i16::MAX), "two frames of a loud voice");
        let mut frame = [0; FRAME];
        Voice::new().told(&sum, Law::ULAW.encode, &mut frame);
        assert!(decoded(&frame) > 30_000);
        let before = sum;
        voice.say(&mut sum);
        assert_eq!(sum, before, "nothing waits any more");
    }

    /// GRP-04: who sends faster than we take loses what is oldest, never more than the ring.
    #[test]
    fn a_voice_that_sends_too_much_loses_its_oldest() {
        let mut voice = Voice::new();
        for value in 1..=20 {
            voice.hear(&packet(value * 500), Law::ULAW.decode);
        }
        assert!(voice.len <= RING);
        let mut sum = [0; FRAME];
        voice.say(&mut sum);
        assert!(sum[0] > 6_000, "{}", sum[0]);
    }
}
