//! Sprites: drawings of our own, rasterised into an atlas at three scales by `cargo xtask sprites`.
//! A picture is drawn from the smallest scale that has at least as many pixels as the screen
//! needs, so it is never blown up where that can be helped.

#[path = "../../assets/sprites/atlas.rs"]
pub(crate) mod atlas;

use bevy_egui::egui::{
    Color32, ColorImage, Context, Id, Mesh, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2,
};
use std::io::Cursor;

/// Pixels along a cell's side at the smallest scale.
pub const CELL: f32 = 80.0;

/// The atlas at each scale. A part of the program, so that it cannot be missing.
const PICTURES: [&[u8]; 3] = [
    include_bytes!("../../assets/sprites/atlas@1x.png"),
    include_bytes!("../../assets/sprites/atlas@2x.png"),
    include_bytes!("../../assets/sprites/atlas@3x.png"),
];

/// A picture in the atlas. Lengths are in pixels of the smallest scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sprite {
    /// Its top left corner in the atlas.
    pub(crate) at: [u16; 2],
    /// Its width and height.
    pub(crate) extent: [u16; 2],
    /// From the top left corner of a cell to its own.
    pub(crate) offset: [i16; 2],
}

fn pair<T: Into<f32>>([x, y]: [T; 2]) -> Vec2 {
    vec2(x.into(), y.into())
}

impl Sprite {
    /// Where the sprite goes in relation to a cell's top left corner; lengths are parts of its
    /// side. `mirrored` is left and right exchanged.
    #[must_use]
    pub fn area(self, mirrored: bool) -> Rect {
        let (offset, extent) = (pair(self.offset) / CELL, pair(self.extent) / CELL);
        let left = if mirrored { 1.0 - offset.x - extent.x } else { offset.x };
        Rect::from_min_size(pos2(left, offset.y), extent)
    }

    /// The sprite as a shape that fills a rectangle of the screen.
    #[must_use]
    pub fn mesh(self, ctx: &Context, rect: Rect, pixels_per_cell: f32, mirrored: bool) -> Mesh {
        let scale = scale_for(pixels_per_cell);
        let texture = texture(ctx, scale);
        let whole = texture.size_vec2() / f32::from(scale);
        let corner = (pair(self.at) / whole).to_pos2();
        let mut part = Rect::from_min_size(corner, pair(self.extent) / whole);
        if mirrored {
            (part.min.x, part.max.x) = (part.max.x, part.min.x);
        }
        let mut mesh = Mesh::with_texture(texture.id());
        mesh.add_rect_with_uv(rect, part, Color32::WHITE);
        mesh
    }
}

/// The scale to draw from, 1 to 3.
fn scale_for(pixels_per_cell: f32) -> u8 {
    // A twentieth more is not to be seen.
    let enough = |&scale: &u8| f32::from(scale) * CELL * 1.05 >= pixels_per_cell;
    [1, 2].into_iter().find(enough).unwrap_or(3)
}

/// The textures of a window's interface, made when they are first needed.
#[derive(Clone, Default)]
struct Textures([Option<TextureHandle>; PICTURES.len()]);

fn texture(ctx: &Context, scale: u8) -> TextureHandle {
    let id = Id::new("sprites");
    let at = usize::from(scale - 1);
    let mut textures: Textures = ctx.data(|data| data.get_temp(id)).unwrap_or_default();
    if let Some(texture) = &textures.0[at] {
        return texture.clone();
    }
    let texture = ctx.load_texture("sprites", image(PICTURES[at]), TextureOptions::LINEAR);
    textures.0[at] = Some(texture.clone());
    ctx.data_mut(|data| data.insert_temp(id, textures));
    texture
}

/// Decodes an atlas. It is a part of the program, and a test decodes it.
fn image(png: &[u8]) -> ColorImage {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().expect("the atlas is a PNG");
    let mut rgba = vec![0; reader.output_buffer_size().expect("the atlas fits into memory")];
    let info = reader.next_frame(&mut rgba).expect("the atlas is a whole PNG");
    let size = [info.width, info.height].map(|length| length as usize);
    ColorImage::from_rgba_unmultiplied(size, &rgba)
}

#[cfg(test)]
mod tests {
    use super::{CELL, PICTURES, Sprite, atlas, image, scale_for};
    use bevy_egui::egui::{Color32, pos2, vec2};

    /// Every kind of sprite: a whole cell, a strip, one that overlaps the cells around.
    const SOME: [Sprite; 5] =
        [atlas::COUNTER, atlas::SHADE, atlas::HAT_ROUND, atlas::STEAM, atlas::RIM_COOK_SQUARE];

    #[test]
    fn scales_are_multiples_and_sprites_are_where_the_index_says() {
        let images = PICTURES.map(image);
        let smallest = images[0].size;
        for (scale, image) in (1..).zip(&images) {
            assert_eq!(image.size, smallest.map(|length| length * scale));
            assert!(image.size.iter().all(|&length| length <= 2048), "older GPUs take no more");
            for sprite in SOME {
                let [left, top] = sprite.at.map(|length| usize::from(length) * scale);
                let [width, height] = sprite.extent.map(|length| usize::from(length) * scale);
                let row = |y: usize| &image.pixels[y * image.size[0] + left..][..width];
                let drawn = |pixel: &Color32| pixel.a() > 0;
                assert!((top..top + height).any(|y| row(y).iter().any(drawn)), "{sprite:?}");
            }
        }
    }

    #[test]
    fn a_sprite_is_never_blown_up_while_there_is_a_larger_one() {
        for (pixels, scale) in [(10.0, 1), (80.0, 1), (90.0, 2), (160.0, 2), (200.0, 3), (900.0, 3)]
        {
            assert_eq!(scale_for(pixels), scale, "{pixels}");
        }
    }

    #[test]
    fn a_mirrored_sprite_goes_to_the_other_side_of_its_cell() {
        let edge = Sprite { at: [2, 2], extent: [20, 80], offset: [-10, 0] };
        assert_eq!(edge.area(false).min, pos2(-10.0 / CELL, 0.0));
        assert_eq!(edge.area(true).max, pos2(1.0 + 10.0 / CELL, 1.0));
        assert_eq!(edge.area(true).size(), vec2(20.0 / CELL, 1.0));
    }
}
