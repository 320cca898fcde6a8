//! What developers look at while a game goes on: figures of the network and of rollbacks, and a
//! small graph of how deep they were. In English, and only after F3.

use crate::theme;
use bevy_egui::egui::{Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, pos2, vec2};
use std::collections::VecDeque;
use std::time::Duration;

/// Pictures that the graph shows.
const WIDTH: usize = 240;
/// Frames that the graph's height stands for.
const DEEPEST: f32 = 16.0;

/// What is known at one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The round trip, its jitter, and the share that is lost.
    pub rtt: Option<Duration>,
    /// See `rtt`.
    pub jitter: Option<Duration>,
    /// See `rtt`.
    pub loss: Option<f32>,
    /// How far ahead of the partner this side is, in frames.
    pub ahead: i32,
    /// The frame that is simulated next.
    pub current: u32,
    /// The last frame that is confirmed.
    pub confirmed: Option<u32>,
    /// Rollbacks so far, and frames simulated again in them.
    pub rollbacks: u64,
    /// See `rollbacks`.
    pub resimulated: u64,
    /// How long the steps of this picture took, rollbacks included.
    pub steps: Duration,
    /// How long this picture was awaited.
    pub picture: Duration,
}

/// The pictures of the last seconds.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    samples: VecDeque<Sample>,
    last: Figures,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    rollbacks: u64,
    /// Frames simulated again, for each rollback.
    depth: f32,
    steps: Duration,
}

impl Trace {
    /// Takes the figures of a picture; `now` counts from any fixed moment.
    pub fn add(&mut self, now: Duration, figures: Figures) {
        // The counters begin anew with a match.
        let rollbacks = figures.rollbacks.saturating_sub(self.last.rollbacks);
        let resimulated = figures.resimulated.saturating_sub(self.last.resimulated);
        let depth = resimulated as f32 / rollbacks.max(1) as f32;
        self.last = figures;
        if self.samples.len() == WIDTH {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { at: now, rollbacks, depth, steps: figures.steps });
    }

    /// Rollbacks in the second before the last picture.
    #[must_use]
    pub fn rollbacks_a_second(&self) -> u64 {
        self.last_second().map(|sample| sample.rollbacks).sum()
    }

    /// The longest that steps took in the second before the last picture.
    #[must_use]
    pub fn longest_steps(&self) -> Duration {
        self.last_second().map(|sample| sample.steps).max().unwrap_or_default()
    }

    fn last_second(&self) -> impl Iterator<Item = &Sample> {
        let now = self.samples.back().map_or(Duration::ZERO, |sample| sample.at);
        self.samples.iter().filter(move |it| now.saturating_sub(it.at) < Duration::from_secs(1))
    }

    fn lines(&self) -> Vec<String> {
        let Figures { rtt, jitter, loss, ahead, current, confirmed, steps, picture, .. } =
            self.last;
        let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        let known = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), ms);
        let loss = loss.map_or_else(|| "-".to_owned(), |loss| format!("{:.1} %", loss * 100.0));
        let confirmed_text = confirmed.map_or_else(|| "-".to_owned(), |frame| frame.to_string());
        let between = confirmed.map_or(0, |frame| current.saturating_sub(frame + 1));
        vec![
            format!("rtt       {}  jitter {}  loss {loss}", known(rtt), known(jitter)),
            format!("frame     {current}  confirmed {confirmed_text}  predicted {between}"),
            format!("ahead     {ahead}"),
            format!("steps     {}  longest {}", ms(steps), ms(self.longest_steps())),
            format!("picture   {}", ms(picture)),
            format!("rollbacks {} a second", self.rollbacks_a_second()),
        ]
    }

    /// Draws the overlay with its top left corner here.
    pub fn paint(&self, painter: &Painter, at: Pos2) {
        let font = FontId::monospace(13.0);
        let lines = self.lines();
        let height = 17.0 * lines.len() as f32;
        let card = Rect::from_min_size(at, vec2(380.0, height + 76.0));
        painter.rect_filled(card, CornerRadius::same(8), theme::INK.gamma_multiply(0.88));
        let mut place = card.min + vec2(12.0, 8.0);
        for line in lines {
            painter.text(place, Align2::LEFT_TOP, line, font.clone(), Color32::WHITE);
            place.y += 17.0;
        }
        let graph = Rect::from_min_max(pos2(place.x, place.y + 6.0), card.max - vec2(12.0, 10.0));
        painter.hline(graph.x_range(), graph.bottom(), (1.0, theme::MUTED));
        let step = graph.width() / WIDTH as f32;
        let first = WIDTH - self.samples.len();
        for (at, sample) in self.samples.iter().enumerate().filter(|(_, it)| it.rollbacks > 0) {
            let left = graph.left() + step * (first + at) as f32;
            let tall = graph.height() * (sample.depth / DEEPEST).min(1.0);
            let bar = Rect::from_min_max(
                pos2(left, graph.bottom() - tall.max(1.0)),
                pos2(left + step.max(1.0), graph.bottom()),
            );
            painter.rect_filled(bar, CornerRadius::ZERO, theme::PLAYERS[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Trace};
    use std::time::Duration;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn figures_are_of_the_last_second() {
        let mut trace = Trace::default();
        for picture in 0..120_u64 {
            // A rollback of three frames with every tenth picture.
            let rollbacks = picture / 10;
            let steps = ms(if picture == 5 { 40 } else { 2 });
            let resimulated = rollbacks * 3;
            let figures = Figures { rollbacks, resimulated, steps, ..Figures::default() };
            trace.add(ms(picture * 20), figures);
        }
        assert_eq!(trace.rollbacks_a_second(), 5);
        assert_eq!(trace.longest_steps(), ms(2), "the long one is two seconds ago");
        let deep = trace.samples.iter().filter(|sample| sample.rollbacks > 0);
        assert!(deep.clone().count() == 11 && deep.clone().all(|sample| sample.depth == 3.0));
    }

    #[test]
    fn it_keeps_no_more_than_it_shows_and_a_new_match_is_no_rollback() {
        let mut trace = Trace::default();
        for picture in 0..1000 {
            trace.add(ms(picture), Figures { rollbacks: picture, ..Figures::default() });
        }
        assert_eq!(trace.samples.len(), super::WIDTH);
        trace.add(ms(1001), Figures::default());
        assert_eq!(trace.samples.back().unwrap().rollbacks, 0);
    }

    #[test]
    fn unknown_figures_are_no_zeros() {
        let mut trace = Trace::default();
        trace.add(ms(0), Figures::default());
        assert!(trace.lines()[0].contains("rtt       -"), "{:?}", trace.lines());
        let known = Figures { confirmed: Some(7), current: 12, ..Figures::default() };
        trace.add(ms(1), known);
        assert!(trace.lines()[1].ends_with("confirmed 7  predicted 4"), "{:?}", trace.lines());
    }
}
