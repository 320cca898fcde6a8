//! Pictures of what the window would show, drawn into memory: without a window, a display or a
//! graphics processor, and the same on every machine.

mod files;
mod raster;

pub use files::{Animation, AnimationError, Palette, write_png};
pub use raster::Picture;

use crate::theme;
use bevy_egui::egui::epaint::ClippedShape;
use bevy_egui::egui::{Context, RawInput, Rect, ViewportId, ViewportInfo, pos2, vec2};
use raster::Textures;

/// How often a layout is repeated before it is drawn: what is placed by its own size is in place
/// then.
const PASSES: u32 = 3;

/// A window's content without the window.
pub struct Studio {
    ctx: Context,
    textures: Textures,
    size: [u32; 2],
    scale: f32,
    passes: u32,
}

impl Studio {
    /// A studio for pictures of a size in pixels; `scale` of them are a point.
    #[must_use]
    pub fn new(size: [u32; 2], scale: f32) -> Self {
        let ctx = Context::default();
        theme::apply(&ctx);
        let mut studio = Self { ctx, textures: Textures::default(), size, scale, passes: 0 };
        // Fonts count from the second pass on.
        studio.pass(&mut |_| {});
        studio
    }

    /// A picture of what `show` draws.
    pub fn draw(&mut self, mut show: impl FnMut(&Context)) -> Picture {
        for _ in 1..PASSES {
            self.pass(&mut show);
        }
        let shapes = self.pass(&mut show);
        let scale = self.ctx.pixels_per_point();
        let triangles = self.ctx.tessellate(shapes, scale);
        let mut picture = Picture::new(self.size, theme::PAPER);
        picture.paint(&self.textures, &triangles, scale);
        picture
    }

    fn pass(&mut self, show: &mut dyn FnMut(&Context)) -> Vec<ClippedShape> {
        let [width, height] = self.size;
        let points = vec2(width as f32, height as f32) / self.scale / self.ctx.zoom_factor();
        let viewport =
            ViewportInfo { native_pixels_per_point: Some(self.scale), ..ViewportInfo::default() };
        self.passes += 1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), points)),
            viewports: std::iter::once((ViewportId::ROOT, viewport)).collect(),
            // A clock of its own: what moves stands still, and every run gives the same picture.
            time: Some(f64::from(self.passes)),
            ..RawInput::default()
        };
        let mut output = self.ctx.run_ui(input, |ui| show(ui.ctx()));
        self.textures.apply(std::mem::take(&mut output.textures_delta));
        output.shapes
    }
}
