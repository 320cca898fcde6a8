//! How large text is, and with how much contrast: for each person to set.
//!
//! Larger text makes all of the interface larger, as far as the window has room for it. More contrast
//! takes other colours for those of the theme, in what is drawn, so that no screen has to know.

use super::{ACCENT, ATTENTION, CARD, CHOSEN, GOOD, INK, LIGHTER, LINE, MUTED, PAPER, VEIL};
use bevy_egui::egui::epaint::shape_transform::adjust_colors;
use bevy_egui::egui::{Color32, Context, FullOutput, Id, Key, Plugin, Vec2};

/// How many times as large text is, step by step.
const SIZES: [f32; 4] = [1.0, 1.2, 1.4, 1.6];

/// The smallest window that every screen fits, in points.
const LEAST: Vec2 = Vec2::new(800.0, 560.0);

/// What a person set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comfort {
    /// Steps above the usual size of text.
    pub larger: usize,
    /// Whether there is more contrast.
    pub contrast: bool,
}

impl Comfort {
    /// What was set in a window.
    #[must_use]
    pub fn of(ctx: &Context) -> Self {
        ctx.data(|data| data.get_temp(Id::NULL)).unwrap_or_default()
    }

    /// Sets it, from the next pass on.
    pub fn set(self, ctx: &Context) {
        let larger = self.larger.min(SIZES.len() - 1);
        ctx.data_mut(|data| data.insert_temp(Id::NULL, Self { larger, ..self }));
        ctx.request_repaint();
    }

    /// With larger text, if there is any.
    #[must_use]
    pub const fn with_larger_text(self) -> Option<Self> {
        let larger = self.larger + 1;
        if larger < SIZES.len() { Some(Self { larger, ..self }) } else { None }
    }

    /// With smaller text, down to the usual size.
    #[must_use]
    pub fn with_smaller_text(self) -> Option<Self> {
        Some(Self { larger: self.larger.checked_sub(1)?, ..self })
    }

    /// The size of everything in a window of so many points at the usual size.
    fn zoom(self, window: Vec2) -> f32 {
        let room = (window.x / LEAST.x).min(window.y / LEAST.y).max(1.0);
        SIZES[self.larger.min(SIZES.len() - 1)].min(room)
    }
}

/// What does all that, in every pass.
pub(super) struct Fitting;

impl Plugin for Fitting {
    fn debug_name(&self) -> &'static str {
        "comfort"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let comfort = Comfort::of(ctx);
        let by_keys = ctx.input(|input| {
            let pressed = |key| input.modifiers.command && input.key_pressed(key);
            if pressed(Key::Plus) || pressed(Key::Equals) {
                comfort.with_larger_text()
            } else if pressed(Key::Minus) {
                comfort.with_smaller_text()
            } else {
                pressed(Key::Num0).then_some(Comfort { larger: 0, ..comfort })
            }
        });
        if let Some(comfort) = by_keys {
            comfort.set(ctx);
        }
        let now = ctx.zoom_factor();
        let zoom = comfort.zoom(ctx.viewport_rect().size() * now);
        if (zoom - now).abs() > 1e-3 {
            ctx.set_zoom_factor(zoom);
        }
        if comfort.contrast {
            for clipped in &mut output.shapes {
                adjust_colors(&mut clipped.shape, strengthen);
            }
        }
    }
}

/// A colour of the theme as it is with more contrast.
fn strengthen(color: &mut Color32) {
    *color = match *color {
        PAPER | CARD => Color32::WHITE,
        INK => Color32::BLACK,
        MUTED => Color32::from_rgb(0x20, 0x28, 0x30),
        LINE => Color32::from_rgb(0x5c, 0x62, 0x68),
        ACCENT => Color32::from_rgb(0x00, 0x3d, 0x7a),
        LIGHTER => Color32::from_rgb(0x00, 0x52, 0x9c),
        CHOSEN => Color32::from_rgb(0xd6, 0xe8, 0xf8),
        GOOD => Color32::from_rgb(0x00, 0x50, 0x30),
        ATTENTION => Color32::from_rgb(0x84, 0x1c, 0x00),
        VEIL => Color32::from_black_alpha(0xb0),
        other => other,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;

    /// The contrast of two opaque colours by the WCAG, 1 to 21.
    fn contrast(one: Color32, other: Color32) -> f32 {
        let luminance = |color: Color32| {
            let linear = |channel: u8| {
                let share = f32::from(channel) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_stands_out_and_more_so_with_more_contrast() {
        let strong = |mut color| {
            strengthen(&mut color);
            color
        };
        let texts = [INK, MUTED, ACCENT, GOOD, ATTENTION];
        let pairs = texts.into_iter().flat_map(|text| [(text, PAPER), (text, CARD), (INK, CHOSEN)]);
        let on_buttons = [(Color32::WHITE, ACCENT), (Color32::WHITE, LIGHTER)];
        for (text, below) in pairs.chain(on_buttons) {
            let usual = contrast(text, below);
            assert!(usual >= 4.5, "{text:?} on {below:?}: {usual}");
            let more = contrast(strong(text), strong(below));
            assert!(more >= 7.0 && more > usual, "{text:?} on {below:?}: {more}");
        }
    }

    #[test]
    fn text_is_as_large_as_there_is_room() {
        let comfort = |larger| Comfort { larger, contrast: false };
        let usual = vec2(1280.0, 720.0);
        assert!((comfort(0).zoom(usual) - 1.0).abs() < 1e-6);
        assert!((comfort(1).zoom(usual) - 1.2).abs() < 1e-6);
        assert!((comfort(3).zoom(usual) - 720.0 / 560.0).abs() < 1e-6);
        assert!((comfort(3).zoom(vec2(800.0, 560.0)) - 1.0).abs() < 1e-6);
        assert!((comfort(3).zoom(vec2(400.0, 300.0)) - 1.0).abs() < 1e-6);
        assert!((comfort(9).zoom(vec2(3000.0, 3000.0)) - 1.6).abs() < 1e-6);
    }

    #[test]
    fn steps_end_at_both_ends() {
        let mut comfort = Comfort::default();
        assert_eq!(comfort.with_smaller_text(), None);
        let mut steps = 0;
        while let Some(larger) = comfort.with_larger_text() {
            comfort = larger;
            steps += 1;
        }
        assert_eq!(steps, 3);
        assert_eq!(comfort.with_smaller_text().map(|it| it.larger), Some(2));
    }
}
