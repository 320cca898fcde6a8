//! Sounds as samples: short tones, computed. No files, and no two that sound alike.

use super::Sound;
use std::f32::consts::TAU;

/// Samples a second, for one ear.
pub const RATE: u32 = 44_100;
/// The loudest that a sample gets, of 1: below what startles.
const LOUDNESS: f32 = 0.25;
/// How long a tone takes to come and to go, in seconds, so that it does not click.
const EDGE: f32 = 0.008;

/// A tone: hertz, and when it begins and ends, in milliseconds.
type Tone = (f32, u16, u16);

const fn tones(sound: Sound) -> &'static [Tone] {
    match sound {
        Sound::Begin => &[(440.0, 0, 110), (659.3, 110, 260)],
        Sound::Done => &[(880.0, 0, 90), (880.0, 140, 230)],
        Sound::Points => &[(523.3, 0, 90), (659.3, 90, 180), (784.0, 180, 340)],
        Sound::Over => &[(587.3, 0, 150), (440.0, 150, 300), (349.2, 300, 520)],
    }
}

/// The samples of a sound, from -1 to 1, [`RATE`] of them a second.
#[must_use]
pub fn samples(sound: Sound) -> Vec<f32> {
    let tones = tones(sound);
    let end = tones.iter().map(|&(.., end)| end).max().unwrap_or_default();
    let count = u32::from(end) * RATE / 1000;
    (0..count)
        .map(|number| LOUDNESS * tones.iter().map(|tone| at(*tone, number)).sum::<f32>())
        .collect()
}

/// A tone at a sample.
fn at((hertz, begin, end): Tone, number: u32) -> f32 {
    let time = number as f32 / RATE as f32;
    let (since, left) = (time - f32::from(begin) / 1000.0, f32::from(end) / 1000.0 - time);
    if since < 0.0 || left <= 0.0 {
        return 0.0;
    }
    let edge = (since / EDGE).min(left / EDGE).min(1.0);
    // Dying away, as what is struck does.
    let fading = 1.0 - 0.7 * since / (since + left);
    (since * hertz * TAU).sin() * edge * fading
}

#[cfg(test)]
mod tests {
    use super::{LOUDNESS, RATE, samples};
    use crate::sound::Sound;

    #[test]
    fn sounds_are_short_and_begin_and_end_in_silence() {
        for sound in Sound::ALL {
            let samples = samples(sound);
            let length = samples.len() as f32 / RATE as f32;
            assert!((0.15..0.7).contains(&length), "{sound:?}: {length} s");
            let loudest = samples.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            assert!((LOUDNESS * 0.7..=LOUDNESS).contains(&loudest), "{sound:?}: {loudest}");
            for edge in [samples[0], *samples.last().unwrap()] {
                assert!(edge.abs() < 0.01, "{sound:?} clicks: {edge}");
            }
            let leap = samples.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
            // The steepest that the highest tone is.
            assert!(leap < LOUDNESS * 880.0 * 6.3 / RATE as f32 * 1.1, "{sound:?} clicks: {leap}");
        }
    }

    #[test]
    fn no_two_sound_alike() {
        for one in Sound::ALL {
            for other in Sound::ALL {
                assert_eq!(samples(one) == samples(other), one == other, "{one:?}, {other:?}");
            }
        }
    }
}
