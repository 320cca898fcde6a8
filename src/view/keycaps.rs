//! The keys that play, as caps with a few words beside them.

use crate::input::keymap::Keymap;
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Align, Align2, CornerRadius, Painter, Pos2, Rect, Stroke, StrokeKind, pos2, vec2,
};
use dyad_gridworld::Action;

/// Between two groups of keys.
const BETWEEN: f32 = 26.0;

/// A group of keys that do the same, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    caps: Vec<String>,
    /// What they do, and which other keys do it, too.
    words: String,
    /// The same where there is little room.
    few_words: String,
}

/// The keys of the keymap in the order in which they are shown.
fn groups(keymap: &Keymap, words: &Words) -> Vec<Group> {
    let nth = |action, at| keymap.caps(action, words).nth(at);
    let mut groups = Vec::new();
    // As they lie beside each other, and as they are read aloud.
    let rows = [
        [Action::Left, Action::Up, Action::Down, Action::Right],
        [Action::Up, Action::Left, Action::Down, Action::Right],
    ];
    let [row, spoken] = rows.map(|row| row.map(|action| nth(action, 0)));
    let are_arrows = row.iter().flatten().all(|cap| "←↑↓→".contains(cap.as_str()));
    let caps = if are_arrows { row } else { spoken };
    let others: Option<Vec<String>> = rows[1].map(|action| nth(action, 1)).into_iter().collect();
    let few_words = words.line("keys-walk-short");
    let all_words =
        others.map(|others| words.line_with("keys-walk", [("others", others.join(" ").into())]));
    groups.push(Group {
        caps: caps.into_iter().flatten().collect(),
        words: all_words.unwrap_or_else(|| few_words.clone()),
        few_words,
    });
    for (action, line, short) in [
        (Action::PickupDrop, "keys-act", "keys-act-short"),
        (Action::Toggle, "keys-use", "keys-use-short"),
    ] {
        let Some(cap) = nth(action, 0) else { continue };
        let few_words = words.line(short);
        let other = nth(action, 1).filter(|other| *other != cap);
        let all_words = other.map(|other| words.line_with(line, [("others", other.into())]));
        let words = all_words.unwrap_or_else(|| few_words.clone());
        groups.push(Group { caps: vec![cap], words, few_words });
    }
    groups
}

/// Draws the keys that play at an end of a strip, or in its middle.
pub fn paint(painter: &Painter, strip: Rect, align: Align, keymap: &Keymap, words: &Words) {
    let all = groups(keymap, words);
    let needed = total_width(painter, &all, |group| &group.words);
    let words: fn(&Group) -> &str =
        if needed <= strip.width() { |group| &group.words } else { |group| &group.few_words };
    let room = strip.width() - total_width(painter, &all, words);
    let mut at = strip.left_center() + vec2(room * align.to_factor(), 0.0);
    for group in &all {
        for cap in &group.caps {
            at = keycap(painter, at, cap) + vec2(5.0, 0.0);
        }
        at += vec2(4.0, 0.0);
        at = super::write(painter, at, words(group), theme::font(size::SMALL), theme::INK);
        at += vec2(BETWEEN, 0.0);
    }
}

fn total_width(painter: &Painter, all: &[Group], words: fn(&Group) -> &str) -> f32 {
    let group = |group: &Group| {
        let caps: f32 = group.caps.iter().map(|cap| keycap_width(painter, cap) + 5.0).sum();
        caps + 4.0 + super::width(painter, words(group), theme::font(size::SMALL)) + BETWEEN
    };
    all.iter().map(group).sum::<f32>() - BETWEEN
}

fn keycap_width(painter: &Painter, key: &str) -> f32 {
    (super::width(painter, key, theme::bold(size::SMALL)) + 18.0).max(32.0)
}

/// Draws a key's cap from a point to the right. Returns its right end.
fn keycap(painter: &Painter, left: Pos2, key: &str) -> Pos2 {
    let extent = vec2(keycap_width(painter, key), 32.0);
    let cap = Rect::from_min_size(pos2(left.x, left.y - extent.y / 2.0), extent);
    let rounding = CornerRadius::same(6);
    painter.rect_filled(cap.translate(vec2(0.0, 2.0)), rounding, theme::LINE);
    painter.rect_filled(cap, rounding, theme::CARD);
    painter.rect_stroke(cap, rounding, Stroke::new(1.0, theme::MUTED), StrokeKind::Inside);
    let font = theme::bold(size::SMALL);
    painter.text(cap.center(), Align2::CENTER_CENTER, key, font, theme::INK);
    cap.right_center()
}

#[cfg(test)]
mod tests {
    use super::groups;
    use crate::input::keymap::Keymap;
    use crate::input::keymap::tests::controls;
    use crate::words::Words;

    /// The keys as they are read from left to right.
    fn shown(keymap: &Keymap, words: &Words) -> String {
        let groups = groups(keymap, words);
        let said = groups.iter().map(|group| format!("{} {}", group.caps.join(""), group.words));
        said.collect::<Vec<_>>().join("; ")
    }

    fn with(keys: &[(&str, &[&str])]) -> Keymap {
        Keymap::default().with(&controls(keys)).0
    }

    #[test]
    fn the_keys_that_are_shown_are_those_that_play() {
        let english = Words::english();
        let usual = Keymap::default();
        assert_eq!(
            shown(&usual, &english),
            "←↑↓→ or W A S D: walk; Space or Enter: pick up, put down"
        );
        let letters: [(&str, &[&str]); 4] =
            [("up", &["KeyI"]), ("left", &["KeyJ"]), ("down", &["KeyK"]), ("right", &["KeyL"])];
        assert_eq!(
            shown(&with(&letters), &english),
            "IJKL walk; Space or Enter: pick up, put down"
        );
        let german = Words::of("de").unwrap();
        let acts: [(&str, &[&str]); 3] = [
            ("pickup_drop", &["ShiftLeft", "ShiftRight"]),
            ("toggle", &["KeyE", "Numpad0"]),
            ("up", &["ArrowUp"]),
        ];
        assert_eq!(
            shown(&with(&acts), &german),
            "←↑↓→ gehen; Umschalt nehmen, ablegen; E oder Num 0: benutzen"
        );
    }
}
