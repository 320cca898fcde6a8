//! A film as pictures.

use super::film::Film;
use super::viewer;
use crate::picture::{Animation, AnimationError, Palette, Picture, Studio};
use crate::view::motion::Motion;
use std::io::Write;
use std::time::Duration;

/// Pictures a second at most: as many as a GIF shows well.
const GIF_RATE: u32 = 15;

/// From so many parts of the film its colours are chosen.
const SAMPLES: usize = 8;

/// A studio for pictures of this size in pixels.
#[must_use]
pub fn studio([width, height]: [u32; 2]) -> Studio {
    // Text keeps its size relative to the board.
    let scale = (width as f32 / 1280.0).min(height as f32 / 720.0);
    Studio::new([width, height], scale.max(0.25))
}

/// The picture at a place.
#[must_use]
pub fn picture(studio: &mut Studio, film: &Film, place: usize) -> Picture {
    studio.draw(|ctx| viewer::show_board(ctx, film, place, &Motion::default(), 0.0))
}

/// Writes a whole film at the game's own speed. `progress` is told the place, up to the last.
///
/// # Errors
/// [`AnimationError`] if it cannot be written.
pub fn animate(
    out: impl Write,
    film: &Film,
    size: [u32; 2],
    mut progress: impl FnMut(usize),
) -> Result<(), AnimationError> {
    let mut studio = studio(size);
    let samples = (0..=SAMPLES).map(|part| film.end() * part / SAMPLES);
    let samples: Vec<_> = samples.map(|place| picture(&mut studio, film, place)).collect();
    let mut animation = Animation::new(out, size, Palette::of(&samples))?;
    let moment = |place: usize| film.step() * u32::try_from(place).unwrap_or(u32::MAX);
    let every = Duration::from_secs(1) / GIF_RATE;
    let mut next = Duration::ZERO;
    for place in 0..=film.end() {
        if moment(place) >= next || place == film.end() {
            next = moment(place) + every.saturating_sub(film.step() / 2);
            animation.show(picture(&mut studio, film, place), moment(place))?;
            progress(place);
        }
    }
    // The end stays for a moment before it begins again.
    animation.finish(moment(film.end()) + Duration::from_secs(2))
}
