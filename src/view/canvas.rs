//! A grid on the screen: where its cells are, and drawing within one of them.

use super::sprite::Sprite;
use bevy_egui::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2,
};
use std::f32::consts::TAU;

/// A grid of square cells, as large as an area allows.
#[derive(Clone)]
pub struct Canvas<'a> {
    painter: &'a Painter,
    origin: Pos2,
    side: f32,
    rows: u8,
    columns: u8,
}

impl<'a> Canvas<'a> {
    /// A grid in the middle of an area. Its cells' edges lie on whole pixels, so that they are
    /// crisp.
    #[must_use]
    pub fn fit(painter: &'a Painter, area: Rect, rows: u8, columns: u8) -> Self {
        let pixels = painter.pixels_per_point();
        let whole = |points: f32| (points * pixels).floor() / pixels;
        let extent = vec2(f32::from(columns.max(1)), f32::from(rows.max(1)));
        let side = whole((area.width() / extent.x).min(area.height() / extent.y)).max(1.0);
        let corner = area.center() - extent * side / 2.0;
        let origin = pos2(whole(corner.x), whole(corner.y));
        Self { painter, origin, side, rows, columns }
    }

    /// The whole grid.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        let extent = vec2(f32::from(self.columns), f32::from(self.rows));
        Rect::from_min_size(self.origin, extent * self.side)
    }

    /// One cell.
    #[must_use]
    pub fn cell(&self, row: u8, column: u8) -> Spot<'a> {
        self.at(vec2(f32::from(column), f32::from(row)))
    }

    /// A square of a cell's size anywhere, by its column and row.
    #[must_use]
    pub fn at(&self, place: Vec2) -> Spot<'a> {
        let corner = self.origin + place * self.side;
        Spot { painter: self.painter, rect: Rect::from_min_size(corner, Vec2::splat(self.side)) }
    }
}

/// A square to draw in. Lengths are parts of its side; (0, 0) is its top left corner and (1, 1)
/// its bottom right one.
#[derive(Clone)]
pub struct Spot<'a> {
    painter: &'a Painter,
    rect: Rect,
}

impl<'a> Spot<'a> {
    /// A square anywhere.
    #[must_use]
    pub const fn new(painter: &'a Painter, rect: Rect) -> Self {
        Self { painter, rect }
    }

    /// A smaller square inside, around a point.
    #[must_use]
    pub fn part(&self, center: Vec2, side: f32) -> Self {
        let side = Vec2::splat(self.length(side));
        Self { painter: self.painter, rect: Rect::from_center_size(self.at(center), side) }
    }

    /// The point of the screen.
    #[must_use]
    pub fn at(&self, point: Vec2) -> Pos2 {
        self.rect.min + point * self.rect.width()
    }

    /// The length on the screen, in points.
    #[must_use]
    pub fn length(&self, part: f32) -> f32 {
        part * self.rect.width()
    }

    /// A rectangle around a point, with rounded corners.
    pub fn block(&self, center: Vec2, size: Vec2, rounding: f32, color: Color32) {
        let rect = Rect::from_center_size(self.at(center), size * self.rect.width());
        self.painter.rect_filled(rect, self.length(rounding), color);
    }

    /// A circle.
    pub fn ring(&self, center: Vec2, radius: f32, width: f32, color: Color32) {
        let stroke = Stroke::new(self.length(width), color);
        self.painter.circle_stroke(self.at(center), self.length(radius), stroke);
    }

    /// The first part of an upright ellipse, clockwise from its top; `part` is from 0 to 1.
    pub fn arc(&self, center: Vec2, radii: Vec2, part: f32, width: f32, color: Color32) {
        const STEPS: u8 = 48;
        let points = (0..=STEPS).map(|step| {
            let turn = part.clamp(0.0, 1.0) * f32::from(step) / f32::from(STEPS);
            self.at(center + Vec2::angled((turn - 0.25) * TAU) * radii)
        });
        let stroke = Stroke::new(self.length(width), color);
        self.painter.line(points.collect(), stroke);
    }

    /// A sprite, drawn as for a cell that is this square.
    pub fn sprite(&self, sprite: Sprite) {
        self.stamp(sprite, self.rect, false);
    }

    /// The same with left and right exchanged.
    pub fn mirrored(&self, sprite: Sprite) {
        self.stamp(sprite, self.rect, true);
    }

    /// A sprite whose cell has its middle at a point of the square and another size.
    pub fn sprite_at(&self, sprite: Sprite, center: Vec2, scale: f32) {
        self.stamp(sprite, self.part(center, scale).rect, false);
    }

    /// A sprite drawn as for a cell.
    fn stamp(&self, sprite: Sprite, cell: Rect, mirrored: bool) {
        let area = sprite.area(mirrored);
        let at = |point: Pos2| cell.min + point.to_vec2() * cell.width();
        let rect = Rect::from_min_max(at(area.min), at(area.max));
        // By the square's own size, so that all in it comes from one atlas.
        let pixels = self.rect.width() * self.painter.pixels_per_point();
        self.painter.add(Shape::mesh(sprite.mesh(self.painter.ctx(), rect, pixels, mirrored)));
    }

    /// A line through points.
    pub fn line(&self, points: &[Vec2], width: f32, color: Color32) {
        let points = points.iter().map(|&point| self.at(point)).collect();
        self.painter.line(points, Stroke::new(self.length(width), color));
    }

    /// Text around a point; its size is in points of the screen.
    pub fn text(&self, center: Vec2, text: &str, font: FontId, color: Color32) {
        self.painter.text(self.at(center), Align2::CENTER_CENTER, text, font, color);
    }
}
