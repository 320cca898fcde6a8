//! `cargo xtask sprites`: from the drawings in `assets/sprites/` to one picture that holds them all,
//! at three scales, and an index in Rust that says where each of them is.
//!
//! A drawing is an SVG file in the coordinates of a cell of the board: (0, 0) is the cell's top left
//! corner and (64, 64) its bottom right one, so a view box says at once how large the sprite is and
//! where it goes. Its first line is a comment that says what it shows.
//!
//! Here is what a test needs to know whether the atlas is current. What rasterises is in `raster`,
//! behind the feature `sprites`.

#[cfg(feature = "sprites")]
pub mod raster;

use anyhow::{Context as _, Result, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where the drawings are, and what is made from them.
pub const FOLDER: &str = "assets/sprites";
/// The index, in that folder.
pub const INDEX: &str = "atlas.rs";
/// Units of a drawing along a cell's side.
const UNITS: i32 = 64;
/// Pixels along a cell's side at the smallest scale.
const PIXELS: i32 = 80;
/// The scales, as multiples of the smallest.
pub const SCALES: [u32; 3] = [1, 2, 3];
/// Width of the atlas at the smallest scale.
pub(crate) const WIDTH: i32 = 640;
/// What lies between two sprites at every scale: the sprites' own edges, repeated, so that no
/// neighbour shows where a picture is drawn smaller or larger.
pub(crate) const GAP: i32 = 2;

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The file's name without its ending.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// What the drawing shows.
    pub about: String,
    /// Left, top, width and height in pixels of the smallest scale, from the cell's corner.
    pub area: [i32; 4],
}

impl Drawing {
    /// Reads what a drawing says of itself.
    ///
    /// # Errors
    /// If the text is no SVG, opens with no comment, or its view box does not lie on whole pixels.
    pub fn new(name: &str, text: &str) -> Result<Self> {
        let about = text.strip_prefix("<!-- ").and_then(|rest| rest.split_once(" -->"));
        let about = about.context("the first line is no comment that says what this shows")?.0;
        let (_, rest) = text.split_once(" viewBox=\"").context("there is no viewBox")?;
        let (numbers, _) = rest.split_once('"').context("the viewBox has no end")?;
        let numbers: Vec<i32> =
            numbers.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let area: [i32; 4] = numbers.try_into().ok().context("a viewBox is four numbers")?;
        let whole = area.iter().all(|number| number * PIXELS % UNITS == 0);
        ensure!(whole && area[2] > 0 && area[3] > 0, "the viewBox must be of multiples of 4");
        let (name, text, about) = (name.to_owned(), text.to_owned(), about.to_owned());
        Ok(Self { name, text, about, area: area.map(|number| number * PIXELS / UNITS) })
    }

    /// The sprite's name in Rust.
    fn constant(&self) -> String {
        self.name.to_uppercase().replace('-', "_")
    }
}

/// The drawings of a folder, in order of names.
///
/// # Errors
/// If a file cannot be read or is no drawing.
pub fn drawings(folder: &Path) -> Result<Vec<Drawing>> {
    let mut drawings = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let read = || {
                let name = path.file_stem().and_then(|name| name.to_str());
                Drawing::new(name.context("a name of letters")?, &fs::read_to_string(&path)?)
            };
            drawings.push(read().with_context(|| path.display().to_string())?);
        }
    }
    drawings.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(drawings)
}

/// Where each sprite is in the atlas at the smallest scale, and the atlas's height. Sprites stand
/// in rows, the tallest first.
#[must_use]
pub fn places(drawings: &[Drawing]) -> (Vec<[i32; 2]>, i32) {
    let mut order: Vec<usize> = (0..drawings.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(drawings[at].area[3]));
    let mut places = vec![[0, 0]; drawings.len()];
    let (mut x, mut y, mut tallest) = (GAP, GAP, 0);
    for at in order {
        let [_, _, width, height] = drawings[at].area;
        if x + width + GAP > WIDTH {
            (x, y, tallest) = (GAP, y + tallest + 2 * GAP, 0);
        }
        places[at] = [x, y];
        x += width + 2 * GAP;
        tallest = tallest.max(height);
    }
    (places, y + tallest + GAP)
}

/// The name of the atlas at a scale.
#[must_use]
pub fn file(scale: u32) -> String {
    format!("atlas@{scale}x.png")
}

/// The text of the index: what it was made from and what was made, as digests, and each sprite.
///
/// # Errors
/// None: writing to a text succeeds.
pub fn index(drawings: &[Drawing], pictures: &[Vec<u8>]) -> Result<String> {
    let mut sources = blake3::Hasher::new();
    for drawing in drawings {
        for part in [&drawing.name, &drawing.text] {
            sources.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }
    let mut made = blake3::Hasher::new();
    for picture in pictures {
        made.update(picture);
    }
    let mut text = format!(
        "//! Where each sprite is in the atlas. Made by `cargo xtask sprites` from the drawings beside \
         this\n//! file, which are what to change.\n//!\n//! drawings {}\n//! pictures {}\n\n\
         use super::Sprite;\n",
        short(&sources.finalize()),
        short(&made.finalize()),
    );
    let (places, _) = places(drawings);
    for (drawing, at) in drawings.iter().zip(places) {
        let [left, top, width, height] = drawing.area;
        let name = format!("pub(crate) const {}: Sprite =", drawing.constant());
        let value = format!(
            "Sprite {{ at: {at:?}, extent: [{width}, {height}], offset: [{left}, {top}] }};"
        );
        // As rustfmt has it.
        let between = if name.len() + 1 + value.len() <= 100 { " " } else { "\n    " };
        writeln!(text, "\n/// {}\n{name}{between}{value}", drawing.about)?;
    }
    Ok(text)
}

fn short(digest: &blake3::Hash) -> String {
    digest.to_hex()[..32].to_owned()
}

/// Draws everything again and writes it, by this program built with what that takes.
///
/// # Errors
/// If it cannot be built.
#[cfg(not(feature = "sprites"))]
pub fn run(root: &Path) -> Result<bool> {
    let arguments =
        ["run", "--quiet", "--package", "xtask", "--features", "sprites", "--", "sprites"];
    crate::steps::cargo(root, &arguments, &[])
}

#[cfg(feature = "sprites")]
pub use raster::run;

#[cfg(test)]
pub(crate) mod tests {
    use super::{Drawing, FOLDER, INDEX, SCALES, drawings, file, index, places};
    use crate::workspace::Workspace;
    use std::fs;

    pub(super) const SQUARE: &str = "<!-- A square. -->\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
                          viewBox=\"-8 4 8 16\"><path fill=\"#ff0000\" d=\"M-8 4h8v8h-8z\"/></svg>\n";

    #[test]
    fn the_atlas_is_what_the_drawings_make() {
        let folder = Workspace::load().unwrap().root.join(FOLDER);
        let drawings = drawings(&folder).unwrap();
        let pictures = SCALES.map(|scale| fs::read(folder.join(file(scale))).unwrap());
        let found = fs::read_to_string(folder.join(INDEX)).unwrap();
        let expected = index(&drawings, &pictures).unwrap();
        assert!(found == expected, "{FOLDER} is not current: run `cargo xtask sprites`");
    }

    #[test]
    fn the_index_tells_every_change() {
        let one = [Drawing::new("square", SQUARE).unwrap()];
        let other = [Drawing::new("square", &SQUARE.replace("ff0000", "ff0001")).unwrap()];
        let renamed = [Drawing::new("block", SQUARE).unwrap()];
        let index = |drawings: &[Drawing], pictures| index(drawings, pictures).unwrap();
        let before = index(&one, &[]);
        assert_eq!(before, index(&one, &[]));
        assert_ne!(before, index(&other, &[]));
        assert_ne!(before, index(&renamed, &[]));
        assert_ne!(before, index(&one, &[vec![1]]));
        let sprite = "\n/// A square.\npub(crate) const SQUARE: Sprite = \
                      Sprite { at: [2, 2], extent: [10, 20], offset: [-10, 5] };\n";
        assert!(before.contains(sprite), "{before}");
    }

    #[test]
    fn sprites_have_room_of_their_own() {
        let folder = Workspace::load().unwrap().root.join(FOLDER);
        let drawings = drawings(&folder).unwrap();
        let (places, height) = places(&drawings);
        let areas: Vec<[i32; 4]> = drawings
            .iter()
            .zip(places)
            .map(|(drawing, [x, y])| {
                [x - 2, y - 2, x + drawing.area[2] + 2, y + drawing.area[3] + 2]
            })
            .collect();
        for (number, area) in areas.iter().enumerate() {
            assert!(area[0] >= 0 && area[1] >= 0 && area[2] <= 640 && area[3] <= height);
            for other in &areas[..number] {
                let apart = area[0] >= other[2]
                    || other[0] >= area[2]
                    || area[1] >= other[3]
                    || other[1] >= area[3];
                assert!(apart, "{area:?} and {other:?}");
            }
        }
    }

    #[test]
    fn a_drawing_that_cannot_be_used_says_why() {
        let why = |text: &str| Drawing::new("wrong", text).unwrap_err().to_string();
        assert!(why("<svg/>").contains("comment"));
        assert!(why(&SQUARE.replace("-8 4 8 16", "-8 4 8")).contains("four numbers"));
        assert!(why(&SQUARE.replace("-8 4 8 16", "-8 3 8 16")).contains("multiples of 4"));
        assert!(why(&SQUARE.replace("viewBox", "box")).contains("viewBox"));
    }
}
