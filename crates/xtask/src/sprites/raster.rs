//! Drawing the atlas.

use super::{Drawing, FOLDER, GAP, INDEX, SCALES, WIDTH, drawings, file, index, places};
use crate::say;
use anyhow::{Context as _, Result, ensure};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Tree};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// The atlas at a scale, as rows of red, green, blue and alpha, with its width and height.
pub struct Picture {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Four bytes a pixel.
    pub rgba: Vec<u8>,
}

/// Draws the atlas.
///
/// # Errors
/// If a drawing is no SVG.
pub fn draw(drawings: &[Drawing], scale: u32) -> Result<Picture> {
    let (places, height) = places(drawings);
    let size = [pixels(WIDTH, scale)?, pixels(height, scale)?];
    let mut picture = Picture { size, rgba: vec![0; size[0] as usize * size[1] as usize * 4] };
    for (drawing, place) in drawings.iter().zip(places) {
        let corner = [pixels(place[0], scale)?, pixels(place[1], scale)?];
        let sprite = rasterise(drawing, scale).with_context(|| drawing.name.clone())?;
        put(&mut picture, &sprite, corner);
    }
    Ok(picture)
}

fn pixels(length: i32, scale: u32) -> Result<u32> {
    Ok(u32::try_from(length)? * scale)
}

fn rasterise(drawing: &Drawing, scale: u32) -> Result<Pixmap> {
    let tree = Tree::from_str(&drawing.text, &usvg::Options::default())?;
    let [_, _, width, height] = drawing.area;
    let pixmap = Pixmap::new(pixels(width, scale)?, pixels(height, scale)?);
    let mut pixmap = pixmap.context("there is nothing in it")?;
    let zoom = pixmap.width() as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(zoom, zoom), &mut pixmap.as_mut());
    Ok(pixmap)
}

/// Puts a sprite into the atlas, its edges repeated around it.
fn put(picture: &mut Picture, sprite: &Pixmap, corner: [u32; 2]) {
    let gap = GAP.unsigned_abs();
    for y in 0..sprite.height() + 2 * gap {
        for x in 0..sprite.width() + 2 * gap {
            let inside = |at: u32, length: u32| at.saturating_sub(gap).min(length - 1);
            let from = [inside(x, sprite.width()), inside(y, sprite.height())];
            let Some(color) = sprite.pixel(from[0], from[1]) else { continue };
            let color = color.demultiply();
            let to = (corner[1] + y - gap) * picture.size[0] + corner[0] + x - gap;
            picture.rgba[to as usize * 4..][..4].copy_from_slice(&[
                color.red(),
                color.green(),
                color.blue(),
                color.alpha(),
            ]);
        }
    }
}

/// A picture as a file.
///
/// # Errors
/// If it cannot be encoded.
pub fn encode(picture: &Picture) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.size[0], picture.size[1]);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header()?.write_image_data(&picture.rgba)?;
    Ok(file)
}

/// A file as a picture.
///
/// # Errors
/// If it is none of ours.
pub fn decode(file: &[u8]) -> Result<Picture> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info()?;
    let mut rgba = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let info = reader.next_frame(&mut rgba)?;
    ensure!(info.color_type == png::ColorType::Rgba, "the picture has other colours");
    Ok(Picture { size: [info.width, info.height], rgba })
}

/// Draws everything again and writes it.
///
/// # Errors
/// If a drawing is wrong or a file cannot be written.
pub fn run(root: &Path) -> Result<bool> {
    let folder = root.join(FOLDER);
    let drawings = drawings(&folder)?;
    ensure!(!drawings.is_empty(), "there are no drawings in {}", folder.display());
    let mut pictures = Vec::new();
    for scale in SCALES {
        let picture = encode(&draw(&drawings, scale)?)?;
        write(folder.join(file(scale)), &picture)?;
        say(&format!("{}: {} kB", file(scale), picture.len() / 1000));
        pictures.push(picture);
    }
    write(folder.join(INDEX), index(&drawings, &pictures)?.as_bytes())?;
    say(&format!("{INDEX}: {} sprites", drawings.len()));
    Ok(true)
}

fn write(path: PathBuf, bytes: &[u8]) -> Result<()> {
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::SQUARE;
    use super::{Drawing, FOLDER, decode, draw, drawings, file};
    use crate::workspace::Workspace;
    use std::fs;

    #[test]
    fn the_kept_atlas_shows_the_drawings() {
        let folder = Workspace::load().unwrap().root.join(FOLDER);
        let drawings = drawings(&folder).unwrap();
        let drawn = draw(&drawings, 1).unwrap();
        let kept = decode(&fs::read(folder.join(file(1))).unwrap()).unwrap();
        assert_eq!(kept.size, drawn.size);
        // Another processor may round a colour in another way.
        let differs = |(one, other): (&u8, &u8)| one.abs_diff(*other) > 2;
        let different = kept.rgba.iter().zip(&drawn.rgba).filter(|&pair| differs(pair)).count();
        assert!(different < 40, "{different} values differ");
    }

    #[test]
    fn a_sprite_is_drawn_in_its_place_with_its_edges_around_it() {
        let drawings = [Drawing::new("square", SQUARE).unwrap()];
        let picture = draw(&drawings, 2).unwrap();
        assert_eq!(picture.size, [1280, 48]);
        let pixel = |x: usize, y: usize| &picture.rgba[(y * 1280 + x) * 4..][..4];
        for (x, y) in [(4, 4), (23, 23), (2, 2), (25, 10)] {
            assert_eq!(pixel(x, y), [255, 0, 0, 255], "{x}, {y}");
        }
        for (x, y) in [(1, 4), (26, 4), (10, 24), (10, 43)] {
            assert_eq!(pixel(x, y)[3], 0, "{x}, {y}");
        }
    }
}
