//! How Dyad looks: colours, the type scale, spacing, and the fonts. Nothing else in the client
//! names a colour or a size of text.
//!
//! Text on its background has a contrast of at least 4.5 to 1. Players' colours are those of Okabe
//! and Ito's palette, which people with any of the common colour blindnesses can tell apart; they
//! never stand alone, each player also has a shape.

pub mod comfort;

use bevy_egui::egui::style::{ScrollStyle, WidgetVisuals};
use bevy_egui::egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, Style,
    TextStyle, Theme, Vec2, Visuals,
};
use std::sync::Arc;

/// The window behind everything.
pub const PAPER: Color32 = Color32::from_rgb(0xf3, 0xf0, 0xe9);
/// Cards that lie on it.
pub const CARD: Color32 = Color32::from_rgb(0xff, 0xfe, 0xfb);
/// Text and outlines.
pub const INK: Color32 = Color32::from_rgb(0x22, 0x2d, 0x38);
/// Text of less weight.
pub const MUTED: Color32 = Color32::from_rgb(0x56, 0x62, 0x6d);
/// Hairlines and empty tracks.
pub const LINE: Color32 = Color32::from_rgb(0xd9, 0xd4, 0xc8);
/// What can be clicked, and progress.
pub const ACCENT: Color32 = Color32::from_rgb(0x1d, 0x66, 0xa5);
/// The same under the pointer.
pub const LIGHTER: Color32 = Color32::from_rgb(0x24, 0x72, 0xb4);
/// Behind what is chosen.
pub const CHOSEN: Color32 = Color32::from_rgb(0xe4, 0xee, 0xf7);
/// Good news.
pub const GOOD: Color32 = Color32::from_rgb(0x1b, 0x7a, 0x55);
/// What needs attention.
pub const ATTENTION: Color32 = Color32::from_rgb(0xa8, 0x3a, 0x12);
/// A veil over the board, behind a message.
pub const VEIL: Color32 = Color32::from_rgba_premultiplied(0x10, 0x14, 0x18, 0x6a);

/// The colours of players, by seat.
pub const PLAYERS: [Color32; 4] = [
    Color32::from_rgb(0x00, 0x72, 0xb2),
    Color32::from_rgb(0xe6, 0x9f, 0x00),
    Color32::from_rgb(0x00, 0x9e, 0x73),
    Color32::from_rgb(0xcc, 0x79, 0xa7),
];

/// Colours of a kitchen.
pub mod kitchen {
    use super::Color32;

    /// The two tones of the floor.
    pub const FLOOR: [Color32; 2] =
        [Color32::from_rgb(0xe9, 0xe3, 0xd6), Color32::from_rgb(0xe2, 0xdb, 0xcc)];
    /// A solid wall.
    pub const WALL: Color32 = Color32::from_rgb(0x6c, 0x76, 0x80);
    /// The side of a counter.
    pub const COUNTER_EDGE: Color32 = Color32::from_rgb(0x9a, 0x7b, 0x57);
    /// The top of a counter.
    pub const COUNTER: Color32 = Color32::from_rgb(0xc8, 0xa8, 0x7e);
    /// Crates and boards.
    pub const WOOD: Color32 = Color32::from_rgb(0x7a, 0x58, 0x36);
    /// Stove and pot.
    pub const IRON: Color32 = Color32::from_rgb(0x3a, 0x43, 0x4c);
    /// The rim of a pot.
    pub const STEEL: Color32 = Color32::from_rgb(0xa9, 0xb3, 0xbb);
    /// The inside of an empty pot.
    pub const HOLLOW: Color32 = Color32::from_rgb(0x23, 0x29, 0x2f);
    /// The delivery zone.
    pub const DELIVERY: Color32 = Color32::from_rgb(0x4f, 0x84, 0x6a);
    /// Plates and steam.
    pub const CHINA: Color32 = Color32::from_rgb(0xfb, 0xfb, 0xf8);
    /// The shadow inside a plate.
    pub const CHINA_SHADE: Color32 = Color32::from_rgb(0xd3, 0xd7, 0xd8);
    /// Onions and their soup.
    pub const ONION: Color32 = Color32::from_rgb(0xf0, 0xc9, 0x5c);
    /// The darker lines of an onion.
    pub const ONION_LINE: Color32 = Color32::from_rgb(0x9b, 0x6a, 0x1c);
    /// Onion soup.
    pub const ONION_SOUP: Color32 = Color32::from_rgb(0xd8, 0x92, 0x2f);
    /// Tomatoes.
    pub const TOMATO: Color32 = Color32::from_rgb(0xcf, 0x3f, 0x30);
    /// Tomato soup.
    pub const TOMATO_SOUP: Color32 = Color32::from_rgb(0xb9, 0x35, 0x25);
    /// Leaves and sprouts.
    pub const LEAF: Color32 = Color32::from_rgb(0x4c, 0x8a, 0x43);
    /// Progress of what cooks.
    pub const COOKING: Color32 = Color32::from_rgb(0xff, 0xd1, 0x66);
    /// What is cooked.
    pub const READY: Color32 = Color32::from_rgb(0x6e, 0xdc, 0x9a);
}

/// Sizes of text, in points.
pub mod size {
    /// A page's first words.
    pub const TITLE: f32 = 34.0;
    /// Figures that are read during play.
    pub const FIGURE: f32 = 30.0;
    /// Sentences.
    pub const BODY: f32 = 19.0;
    /// Labels and remarks.
    pub const SMALL: f32 = 15.5;
    /// The countdown.
    pub const COUNTDOWN: f32 = 150.0;
}

/// The least distance between two things.
pub const GAP: f32 = 12.0;

const BOLD: &str = "bold";

/// Text of a size.
#[must_use]
pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Strong text of a size.
#[must_use]
pub fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// Gives a window's interface this look.
pub fn apply(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(Theme::Light);
    ctx.all_styles_mut(restyle);
    // Ours has ends, and knows how much room there is.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    ctx.add_plugin(comfort::Fitting);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let medium = FontData::from_static(include_bytes!("../../assets/fonts/Inter-Medium.otf"));
    let bold = FontData::from_static(include_bytes!("../../assets/fonts/Inter-Bold.otf"));
    fonts.font_data.insert("medium".to_owned(), Arc::new(medium));
    fonts.font_data.insert(BOLD.to_owned(), Arc::new(bold));
    // The default fonts stay behind ours: they have the signs that ours lack.
    let defaults = fonts.families.entry(FontFamily::Proportional).or_default();
    let mut strong = defaults.clone();
    defaults.insert(0, "medium".to_owned());
    strong.insert(0, BOLD.to_owned());
    fonts.families.insert(FontFamily::Name(BOLD.into()), strong);
    fonts
}

fn restyle(style: &mut Style) {
    style.text_styles = [
        (TextStyle::Small, font(size::SMALL)),
        (TextStyle::Body, font(size::BODY)),
        (TextStyle::Button, font(size::BODY)),
        (TextStyle::Heading, bold(size::TITLE)),
        (TextStyle::Monospace, FontId::new(size::SMALL, FontFamily::Monospace)),
    ]
    .into();
    style.spacing.item_spacing = Vec2::splat(GAP);
    style.spacing.button_padding = Vec2::new(22.0, 10.0);
    // A bar that stays: what can be scrolled should look like it.
    style.spacing.scroll = ScrollStyle { bar_width: 8.0, ..ScrollStyle::solid() };
    style.visuals = visuals();
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::light();
    visuals.panel_fill = PAPER;
    visuals.override_text_color = None;
    visuals.hyperlink_color = ACCENT;
    visuals.extreme_bg_color = Color32::WHITE;
    visuals.selection.bg_fill = ACCENT.gamma_multiply(0.25);
    visuals.selection.stroke = Stroke::new(2.0, ACCENT);
    let widgets = &mut visuals.widgets;
    look(&mut widgets.noninteractive, CARD, LINE, INK);
    look(&mut widgets.inactive, ACCENT, ACCENT, Color32::WHITE);
    look(&mut widgets.hovered, LIGHTER, INK, Color32::WHITE);
    look(&mut widgets.active, INK, INK, Color32::WHITE);
    visuals
}

const fn look(widget: &mut WidgetVisuals, fill: Color32, border: Color32, text: Color32) {
    widget.bg_fill = fill;
    widget.weak_bg_fill = fill;
    widget.bg_stroke = Stroke { width: 1.0, color: border };
    widget.fg_stroke = Stroke { width: 1.5, color: text };
    widget.corner_radius = CornerRadius::same(8);
    widget.expansion = 0.0;
}
