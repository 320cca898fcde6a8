//! How good the connection to a partner is: a plain dot, whose shape says it as well as its colour,
//! with words for who points at it.

use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, vec2,
};
use dyad_rollback::quality::Quality;
use std::time::Duration;

/// How good a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nobody can tell the network from none.
    Good,
    /// Corrections can be seen now and then.
    Fair,
    /// Play is not smooth.
    Poor,
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The grade, once there is one.
    pub grade: Option<Grade>,
    /// The round trip.
    pub rtt: Option<Duration>,
}

impl Connection {
    /// That to a partner for whom the game waits.
    pub const LOST: Self = Self { grade: Some(Grade::Poor), rtt: None };

    /// The grade of what was measured: by the worse of round trip with jitter, and loss. Up to
    /// 150 ms there and back are within the usual input delay and a frame or two of prediction.
    #[must_use]
    pub fn of(quality: &Quality) -> Self {
        let delay = quality.rtt.map(|rtt| rtt + quality.jitter.unwrap_or_default());
        let by_delay = delay.map(|delay| match delay.as_millis() {
            0..150 => Grade::Good,
            150..300 => Grade::Fair,
            _ => Grade::Poor,
        });
        let by_loss = quality.loss.map(|loss| match loss {
            ..0.03 => Grade::Good,
            ..0.10 => Grade::Fair,
            _ => Grade::Poor,
        });
        Self { grade: by_delay.max(by_loss.filter(|_| by_delay.is_some())), rtt: quality.rtt }
    }

    const fn key(self) -> &'static str {
        match self.grade {
            None => "connection-unknown",
            Some(Grade::Good) => "connection-good",
            Some(Grade::Fair) => "connection-fair",
            Some(Grade::Poor) => "connection-poor",
        }
    }
}

/// Radius of the dot, in points.
const RADIUS: f32 = 7.0;

/// Draws the dot around a point, and its words above it while the pointer is over it.
pub fn paint(painter: &Painter, at: Pos2, connection: Connection, words: &Words) {
    let stroke = |tone: Color32| Stroke::new(2.0, tone);
    match connection.grade {
        None => {
            painter.circle_stroke(at, RADIUS - 1.0, stroke(theme::LINE));
        }
        Some(Grade::Good) => {
            painter.circle_filled(at, RADIUS, theme::GOOD);
        }
        Some(Grade::Fair) => {
            painter.circle_stroke(at, RADIUS - 1.0, stroke(theme::INK));
            let half = (0_u8..=12).map(|step| {
                let turn = std::f32::consts::PI * f32::from(step) / 12.0;
                at + vec2(turn.cos(), turn.sin()) * (RADIUS - 1.0)
            });
            painter.add(Shape::convex_polygon(half.collect(), theme::INK, Stroke::NONE));
        }
        Some(Grade::Poor) => {
            painter.circle_stroke(at, RADIUS - 1.0, stroke(theme::ATTENTION));
        }
    }
    let near = Rect::from_center_size(at, Vec2::splat(RADIUS * 4.0));
    let over = painter.ctx().pointer_hover_pos().is_some_and(|pointer| near.contains(pointer));
    if over {
        explain(painter, at, connection, words);
    }
}

fn explain(painter: &Painter, at: Pos2, connection: Connection, words: &Words) {
    let mut line = words.line(connection.key());
    if let Some(rtt) = connection.rtt {
        let ms = u32::try_from(rtt.as_millis()).unwrap_or(u32::MAX);
        let figures = words.line_with("connection-figures", [("there-and-back", ms.into())]);
        line = format!("{line} ({figures})");
    }
    let galley = painter.layout_no_wrap(line, theme::font(size::SMALL), theme::INK);
    let extent = galley.size() + vec2(24.0, 14.0);
    let card = Align2::LEFT_BOTTOM.anchor_size(at - vec2(RADIUS, RADIUS + 10.0), extent);
    let round = CornerRadius::same(8);
    painter.rect(card, round, theme::CARD, Stroke::new(1.0, theme::MUTED), StrokeKind::Inside);
    painter.galley(card.min + vec2(12.0, 7.0), galley, theme::INK);
}

#[cfg(test)]
mod tests {
    use super::{Connection, Grade, Quality};
    use std::time::Duration;

    #[test]
    fn the_worse_of_delay_and_loss_counts() {
        let grade = |rtt: Option<u64>, jitter: u64, loss: Option<f32>| {
            let rtt = rtt.map(Duration::from_millis);
            let jitter = Some(Duration::from_millis(jitter));
            Connection::of(&Quality { rtt, jitter, loss }).grade
        };
        assert_eq!(grade(None, 0, None), None);
        assert_eq!(
            grade(None, 0, Some(0.5)),
            None,
            "loss alone is known from the first question on"
        );
        for (rtt, jitter, loss, expected) in [
            (20, 2, 0.0, Grade::Good),
            (149, 0, 0.02, Grade::Good),
            (140, 20, 0.0, Grade::Fair),
            (20, 0, 0.05, Grade::Fair),
            (300, 0, 0.0, Grade::Poor),
            (200, 0, 0.2, Grade::Poor),
        ] {
            assert_eq!(
                grade(Some(rtt), jitter, Some(loss)),
                Some(expected),
                "{rtt} {jitter} {loss}"
            );
        }
    }
}
