//! egui's triangles, drawn into memory as egui's shaders draw them: colours are multiplied and
//! blended as they are stored, premultiplied and not linear.

use bevy_egui::egui::epaint::textures::TexturesDelta;
use bevy_egui::egui::epaint::{ClippedPrimitive, ImageData, Primitive, Vertex};
use bevy_egui::egui::{Color32, Mesh, Pos2, Rect, TextureId, pos2};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A picture: rows of pixels from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
}

/// An image that triangles are filled with.
struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
    smooth: bool,
}

/// The textures that egui has handed out.
#[derive(Default)]
pub(super) struct Textures(BTreeMap<TextureId, Texture>);

/// Four channels, premultiplied, from 0 to 1.
type Tone = [f32; 4];

impl Textures {
    /// Takes what a pass has changed.
    pub(super) fn apply(&mut self, mut delta: TexturesDelta) {
        // Each texture's changes are in order, and no texture concerns another.
        let changes: BTreeMap<_, _> = delta.set.drain().collect();
        for (id, changes) in changes {
            for change in changes {
                let ImageData::Color(image) = change.image;
                let smooth = change.options.magnification == bevy_egui::egui::TextureFilter::Linear;
                match (change.pos, self.0.get_mut(&id)) {
                    (Some(at), Some(texture)) => texture.patch(at, image.size, &image.pixels),
                    (_, _) => {
                        let [width, height] = image.size;
                        let pixels = Arc::unwrap_or_clone(image).pixels;
                        self.0.insert(id, Texture { width, height, pixels, smooth });
                    }
                }
            }
        }
        let freed: BTreeSet<_> = delta.free.drain().collect();
        for id in freed {
            self.0.remove(&id);
        }
    }
}

impl Texture {
    fn patch(&mut self, [left, top]: [usize; 2], [width, _]: [usize; 2], pixels: &[Color32]) {
        for (row, line) in pixels.chunks_exact(width.max(1)).enumerate() {
            let start = (top + row) * self.width + left;
            if let Some(target) = self.pixels.get_mut(start..start + width) {
                target.copy_from_slice(line);
            }
        }
    }

    /// The colour at a place, where (0, 0) is the top left corner and (1, 1) the bottom right.
    fn at(&self, place: Pos2) -> Tone {
        let (x, y) = (place.x * self.width as f32, place.y * self.height as f32);
        if !self.smooth {
            return self.texel(whole(x), whole(y));
        }
        // Texels are known at their middles.
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, lower_share) = (x - left, y - top);
        let (left, top) = (whole(left), whole(top));
        let upper = mix(self.texel(left, top), self.texel(left + 1, top), right_share);
        let lower = mix(self.texel(left, top + 1), self.texel(left + 1, top + 1), right_share);
        mix(upper, lower, lower_share)
    }

    fn texel(&self, x: i64, y: i64) -> Tone {
        let inside =
            |at: i64, size: usize| usize::try_from(at).unwrap_or(0).min(size.saturating_sub(1));
        let at = inside(y, self.height) * self.width + inside(x, self.width);
        self.pixels.get(at).copied().map_or([0.0; 4], tone)
    }
}

impl Picture {
    /// A picture of one colour.
    pub(super) fn new([width, height]: [u32; 2], color: Color32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, pixels: vec![color; width * height] }
    }

    /// Draws triangles over what is there; `scale` pixels are a point.
    pub(super) fn paint(
        &mut self,
        textures: &Textures,
        triangles: &[ClippedPrimitive],
        scale: f32,
    ) {
        for ClippedPrimitive { clip_rect, primitive } in triangles {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let Some(texture) = textures.0.get(&mesh.texture_id) else { continue };
            let clip = self.pixels_of(*clip_rect * scale);
            self.mesh(mesh, texture, &clip, scale);
        }
    }

    fn pixels_of(&self, rect: Rect) -> Pixels {
        let bound =
            |at: f32, most: usize| usize::try_from(whole(at.round())).unwrap_or(0).min(most);
        Pixels {
            left: bound(rect.left(), self.width),
            right: bound(rect.right(), self.width),
            top: bound(rect.top(), self.height),
            bottom: bound(rect.bottom(), self.height),
        }
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: &Pixels, scale: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |at: u32| mesh.vertices.get(at as usize).copied();
            if let (Some(a), Some(b), Some(c)) =
                (corner(corners[0]), corner(corners[1]), corner(corners[2]))
            {
                let place = |vertex: Vertex| Vertex { pos: vertex.pos * scale, ..vertex };
                self.triangle([place(a), place(b), place(c)], texture, clip);
            }
        }
    }

    /// Draws the pixels whose middles are in a triangle. One on an edge that two triangles share
    /// belongs to one of them.
    fn triangle(&mut self, [a, mut b, mut c]: [Vertex; 3], texture: &Texture, clip: &Pixels) {
        let mut area = cross(a.pos, b.pos, c.pos);
        if area < 0.0 {
            std::mem::swap(&mut b, &mut c);
            area = -area;
        }
        if area.is_nan() || area <= 0.0 {
            return;
        }
        let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).expand(1.0);
        let reach = self.pixels_of(bounds).within(clip);
        let fill = Fill::of(&a, &b, &c, texture);
        let edges = [Edge::new(b.pos, c.pos), Edge::new(c.pos, a.pos), Edge::new(a.pos, b.pos)];
        for y in reach.top..reach.bottom {
            let row = edges.iter().fold(reach, |row, edge| edge.narrow(row, y));
            for x in row.left..row.right {
                let middle = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let [to_a, to_b, to_c] = edges.map(|edge| edge.inside(middle));
                let (Some(to_a), Some(to_b), Some(to_c)) = (to_a, to_b, to_c) else { continue };
                let source = match fill {
                    Fill::Opaque(color) => {
                        self.pixels[y * self.width + x] = color;
                        continue;
                    }
                    Fill::Plain(tone) => tone,
                    Fill::Graded => {
                        let shares = [to_a / area, to_b / area, to_c / area];
                        graded([&a, &b, &c], shares, texture)
                    }
                };
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = over(source, *pixel);
            }
        }
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    /// Red, green, blue of each pixel, row by row from the top.
    #[must_use]
    pub fn rgb(&self) -> Vec<u8> {
        self.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect()
    }

    /// The smallest rectangle outside of which this picture is like another of its size: left, top,
    /// width, height. `None` if they are equal.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<[usize; 4]> {
        let differs = |&at: &usize| other.pixels.get(at) != Some(&self.pixels[at]);
        let width = self.width.max(1);
        let places = || (0..self.pixels.len()).filter(differs);
        let (top, bottom) = (places().next()? / width, places().next_back()? / width);
        let left = places().map(|at| at % width).min()?;
        let right = places().map(|at| at % width).max()?;
        Some([left, top, right - left + 1, bottom - top + 1])
    }

    /// A part of the picture.
    #[must_use]
    pub fn part(&self, [left, top, width, height]: [usize; 4]) -> Self {
        let rows = self.pixels.chunks_exact(self.width.max(1)).skip(top).take(height);
        let pixels = rows.flat_map(|row| row.iter().skip(left).take(width)).copied().collect();
        Self { width, height, pixels }
    }
}

/// A rectangle of pixels; right and bottom are the first outside.
#[derive(Clone, Copy)]
struct Pixels {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Pixels {
    fn within(self, other: &Self) -> Self {
        Self {
            left: self.left.max(other.left),
            right: self.right.min(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.min(other.bottom),
        }
    }
}

/// What a triangle is filled with.
enum Fill {
    /// One colour that hides what is below.
    Opaque(Color32),
    /// One colour.
    Plain(Tone),
    /// Something else at every place.
    Graded,
}

impl Fill {
    fn of(a: &Vertex, b: &Vertex, c: &Vertex, texture: &Texture) -> Self {
        let same = a.uv == b.uv && b.uv == c.uv && a.color == b.color && b.color == c.color;
        if !same {
            return Self::Graded;
        }
        let tone = times(texture.at(a.uv), tone(a.color));
        if tone[3] < 1.0 { Self::Plain(tone) } else { Self::Opaque(over(tone, Color32::BLACK)) }
    }
}

fn graded(corners: [&Vertex; 3], shares: [f32; 3], texture: &Texture) -> Tone {
    let mut color = [0.0; 4];
    let mut place = pos2(0.0, 0.0);
    for (corner, share) in corners.into_iter().zip(shares) {
        let tone = tone(corner.color);
        for channel in 0..4 {
            color[channel] += tone[channel] * share;
        }
        place += corner.uv.to_vec2() * share;
    }
    times(texture.at(place), color)
}

/// One side of a triangle, whose inside is on the right where y points down.
#[derive(Clone, Copy)]
struct Edge {
    from: Pos2,
    to: Pos2,
    /// Whether a pixel right on it belongs to this triangle.
    owns: bool,
}

impl Edge {
    fn new(from: Pos2, to: Pos2) -> Self {
        let along = to - from;
        Self { from, to, owns: along.y < 0.0 || (along.y == 0.0 && along.x > 0.0) }
    }

    /// The pixels of a row that may be inside: none is left out that is, and few are in that are not.
    fn narrow(&self, row: Pixels, y: usize) -> Pixels {
        let along = self.to - self.from;
        if along.y == 0.0 {
            return row;
        }
        let meets = self.from.x + along.x * (y as f32 + 0.5 - self.from.y) / along.y;
        let pixel = |at: f32| usize::try_from(whole(at)).unwrap_or(0);
        if along.y < 0.0 {
            Pixels { left: row.left.max(pixel(meets - 1.5)), ..row }
        } else {
            Pixels { right: row.right.min(pixel(meets + 2.5)), ..row }
        }
    }

    /// Twice the area between the edge and a point inside; `None` outside.
    fn inside(&self, point: Pos2) -> Option<f32> {
        let area = cross(self.from, self.to, point);
        (area > 0.0 || (area == 0.0 && self.owns)).then_some(area)
    }
}

/// Twice the area of a triangle, positive if it runs clockwise where y points down.
fn cross(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

fn tone(color: Color32) -> Tone {
    color.to_array().map(|channel| f32::from(channel) / 255.0)
}

fn times(a: Tone, b: Tone) -> Tone {
    std::array::from_fn(|channel| a[channel] * b[channel])
}

fn mix(a: Tone, b: Tone, share: f32) -> Tone {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// One colour over another.
fn over(source: Tone, below: Color32) -> Color32 {
    let below = tone(below);
    let [r, g, b, a] = std::array::from_fn(|channel| {
        let sum = source[channel] + below[channel] * (1.0 - source[3]);
        u8::try_from(whole((sum * 255.0).round()).clamp(0, 255)).unwrap_or(u8::MAX)
    });
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// The whole number below.
fn whole(number: f32) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "places on a picture are small numbers")]
    let whole = number.floor() as i64;
    whole
}

#[cfg(test)]
mod tests {
    use super::{Picture, Textures};
    use bevy_egui::egui::epaint::textures::{TextureOptions, TexturesDelta};
    use bevy_egui::egui::epaint::{ClippedPrimitive, ColorImage, ImageDelta, Primitive};
    use bevy_egui::egui::{Color32, Mesh, Rect, TextureId, pos2};

    const RED: Color32 = Color32::from_rgb(200, 0, 0);
    const GREEN: Color32 = Color32::from_rgb(0, 200, 0);

    fn textures(pixels: [Color32; 4], options: TextureOptions) -> Textures {
        let image = ColorImage::new([2, 2], pixels.to_vec());
        let mut delta = TexturesDelta::default();
        delta.set.entry(TextureId::Managed(0)).or_default().push(ImageDelta::full(image, options));
        let mut textures = Textures::default();
        textures.apply(delta);
        textures
    }

    fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), bevy_egui::egui::vec2(width, height))
    }

    fn paint(picture: &mut Picture, textures: &Textures, mesh: Mesh, clip_rect: Rect, scale: f32) {
        let primitive = Primitive::Mesh(mesh);
        picture.paint(textures, &[ClippedPrimitive { clip_rect, primitive }], scale);
    }

    fn colored(area: Rect, color: Color32) -> Mesh {
        let mut mesh = Mesh::with_texture(TextureId::Managed(0));
        mesh.add_rect_with_uv(area, Rect::from_min_max(pos2(0.0, 0.0), pos2(0.0, 0.0)), color);
        mesh
    }

    fn white() -> Textures {
        textures([Color32::WHITE; 4], TextureOptions::LINEAR)
    }

    #[test]
    fn two_triangles_that_share_an_edge_cover_it_once() {
        // Half-transparent: a pixel that is drawn twice would be darker.
        let half = Color32::from_rgba_premultiplied(0, 0, 0, 128);
        let mut picture = Picture::new([40, 40], Color32::WHITE);
        let area = rect(0.0, 0.0, 40.0, 40.0);
        paint(&mut picture, &white(), colored(area, half), area, 1.0);
        let expected = Picture::new([40, 40], Color32::from_rgb(127, 127, 127));
        assert_eq!(picture.difference(&expected), None);
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_clip() {
        let mut picture = Picture::new([20, 20], GREEN);
        let everywhere = rect(-50.0, -50.0, 200.0, 200.0);
        paint(&mut picture, &white(), colored(everywhere, RED), rect(2.0, 3.0, 4.0, 5.0), 2.0);
        let untouched = Picture::new([20, 20], GREEN);
        assert_eq!(picture.difference(&untouched), Some([4, 6, 8, 10]));
    }

    #[test]
    fn a_texture_is_put_where_it_belongs() {
        let blue = Color32::from_rgb(0, 0, 200);
        let textures = textures([RED, GREEN, blue, Color32::WHITE], TextureOptions::NEAREST);
        let mut picture = Picture::new([4, 4], Color32::BLACK);
        let area = rect(0.0, 0.0, 4.0, 4.0);
        let mut mesh = Mesh::with_texture(TextureId::Managed(0));
        mesh.add_rect_with_uv(area, rect(0.0, 0.0, 1.0, 1.0), Color32::WHITE);
        paint(&mut picture, &textures, mesh, area, 1.0);
        let rgb = picture.rgb();
        assert_eq!(rgb[..3], [200, 0, 0]);
        assert_eq!(rgb[9..12], [0, 200, 0]);
        assert_eq!(rgb[rgb.len() - 12..rgb.len() - 9], [0, 0, 200]);
        assert_eq!(rgb[rgb.len() - 3..], [255, 255, 255]);
    }
}
