//! A grid on the screen: where its cells are, and drawing within one of them.

use bevy_egui::egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2,
    epaint::EllipseShape, pos2, vec2,
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
        let corner = self.origin + vec2(f32::from(column), f32::from(row)) * self.side;
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

    /// Fills the square.
    pub fn fill(&self, color: Color32) {
        self.painter.rect_filled(self.rect, CornerRadius::ZERO, color);
    }

    /// A rectangle around a point, with rounded corners.
    pub fn block(&self, center: Vec2, size: Vec2, rounding: f32, color: Color32) {
        let rect = Rect::from_center_size(self.at(center), size * self.rect.width());
        self.painter.rect_filled(rect, self.length(rounding), color);
    }

    /// A filled circle.
    pub fn disc(&self, center: Vec2, radius: f32, color: Color32) {
        self.painter.circle_filled(self.at(center), self.length(radius), color);
    }

    /// A circle.
    pub fn ring(&self, center: Vec2, radius: f32, width: f32, color: Color32) {
        let stroke = Stroke::new(self.length(width), color);
        self.painter.circle_stroke(self.at(center), self.length(radius), stroke);
    }

    /// The outline of an upright ellipse.
    pub fn ellipse(&self, center: Vec2, radii: Vec2, width: f32, color: Color32) {
        let stroke = Stroke::new(self.length(width), color);
        let radii = radii * self.rect.width();
        self.painter.add(EllipseShape::stroke(self.at(center), radii, stroke));
    }

    /// The first part of a circle, clockwise from its top; `part` is from 0 to 1.
    pub fn arc(&self, center: Vec2, radius: f32, part: f32, width: f32, color: Color32) {
        const STEPS: u8 = 48;
        let points = (0..=STEPS).map(|step| {
            let turn = part.clamp(0.0, 1.0) * f32::from(step) / f32::from(STEPS);
            self.at(center + Vec2::angled((turn - 0.25) * TAU) * radius)
        });
        let stroke = Stroke::new(self.length(width), color);
        self.painter.line(points.collect(), stroke);
    }

    /// A line through points.
    pub fn line(&self, points: &[Vec2], width: f32, color: Color32) {
        let points = points.iter().map(|&point| self.at(point)).collect();
        self.painter.line(points, Stroke::new(self.length(width), color));
    }

    /// A convex shape with an outline.
    pub fn polygon(&self, points: &[Vec2], color: Color32, width: f32, outline: Color32) {
        let points = points.iter().map(|&point| self.at(point)).collect();
        let stroke = Stroke::new(self.length(width), outline);
        self.painter.add(Shape::convex_polygon(points, color, stroke));
    }

    /// Text around a point; its size is in points of the screen.
    pub fn text(&self, center: Vec2, text: &str, font: FontId, color: Color32) {
        self.painter.text(self.at(center), Align2::CENTER_CENTER, text, font, color);
    }
}
