//! Pictures of screens against those that a person has approved.
//!
//! Approved pictures lie in `tests/looks`. With `DYAD_APPROVE_LOOKS=1` they are written anew; look
//! at them before they are committed. Where a picture differs, it and what differs are written to
//! `looks` in the build's directory, and the test names them.

use crate::picture::{Picture, Studio, write_png};
use bevy_egui::egui::Context;
use std::env;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Three windows: name, pixels, pixels a point. The smallest there is, the usual one, and a large
/// one on a display of which a point has no whole number of pixels.
const WINDOWS: [(&str, [u32; 2], f32); 3] =
    [("small", [800, 560], 1.0), ("usual", [1280, 720], 1.0), ("large", [1920, 1200], 1.25)];

/// Channels may differ by this much: other processors round in other places.
const TOLERATED: u8 = 12;
/// So many pixels may differ by more.
const TOLERATED_PIXELS: usize = 8;

/// Draws a screen in all windows and compares it with the approved pictures.
///
/// # Panics
/// If any of them differs.
#[track_caller]
pub(super) fn look<T>(name: &str, mut show: impl FnMut(&Context) -> T) {
    let mut wrong = Vec::new();
    for (window, size, scale) in WINDOWS {
        let picture = Studio::new(size, scale).draw(|ctx| {
            show(ctx);
        });
        wrong.extend(differs(&format!("{name}-{window}"), &picture));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes the approved picture anew, or says how it differs.
fn differs(name: &str, picture: &Picture) -> Option<String> {
    let approved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/looks");
    let approved = approved.join(format!("{name}.png"));
    if env::var_os("DYAD_APPROVE_LOOKS").is_some() {
        write(&approved, picture);
        return None;
    }
    let Some((size, expected)) = read(&approved) else {
        return Some(format!("{name} has no approved picture; DYAD_APPROVE_LOOKS=1 writes it"));
    };
    let actual = picture.rgb();
    let different = if size == picture.size() { different(&actual, &expected) } else { usize::MAX };
    if different <= TOLERATED_PIXELS {
        return None;
    }
    let folder = artefacts();
    fs::create_dir_all(&folder).unwrap();
    let at = folder.join(format!("{name}.actual.png"));
    write(&at, picture);
    if size == picture.size() {
        let marked = marked(&actual, &expected);
        write_rgb(&folder.join(format!("{name}.difference.png")), size, &marked);
    }
    Some(format!("{name} differs in {different} pixels: see {}", at.display()))
}

/// How many pixels differ by more than is tolerated.
fn different(actual: &[u8], expected: &[u8]) -> usize {
    pixels(actual, expected).filter(|(one, other)| is_far(one, other)).count()
}

/// A pale picture of what was expected, with what differs in red.
fn marked(actual: &[u8], expected: &[u8]) -> Vec<u8> {
    let mark = |(one, other): (&[u8], &[u8])| {
        if is_far(one, other) {
            return [220, 0, 0];
        }
        [0, 1, 2].map(|channel| 170 + other[channel] / 3)
    };
    pixels(actual, expected).flat_map(mark).collect()
}

fn pixels<'a>(one: &'a [u8], other: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    one.chunks_exact(3).zip(other.chunks_exact(3))
}

fn is_far(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).any(|(one, other)| one.abs_diff(*other) > TOLERATED)
}

/// `looks` in the directory that this test was built in.
fn artefacts() -> PathBuf {
    let program = env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().join("looks")
}

fn write(path: &Path, picture: &Picture) {
    write_png(picture, BufWriter::new(File::create(path).unwrap())).unwrap();
}

fn write_rgb(path: &Path, [width, height]: [usize; 2], rgb: &[u8]) {
    let side = |side| u32::try_from(side).unwrap();
    let out = BufWriter::new(File::create(path).unwrap());
    let mut encoder = png::Encoder::new(out, side(width), side(height));
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(rgb).unwrap();
}

/// Width and height, and the pixels of a picture that was written here.
fn read(path: &Path) -> Option<([usize; 2], Vec<u8>)> {
    let file = std::io::BufReader::new(File::open(path).ok()?);
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb, "{}", path.display());
    Some(([info.width, info.height].map(|side| side as usize), rgb))
}

#[test]
fn a_picture_that_differs_is_noticed() {
    let expected = vec![100; 300];
    let mut actual: Vec<u8> = vec![100 + TOLERATED; 300];
    assert_eq!(different(&actual, &expected), 0);
    actual[31] += 1;
    assert_eq!(different(&actual, &expected), 1);
    let marked = marked(&actual, &expected);
    assert_eq!((marked[30..33].to_vec(), marked[0]), (vec![220, 0, 0], 203));
}
