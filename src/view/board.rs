//! The board: which view draws which task.

use super::canvas::Canvas;
use super::goal::GoalView;
use super::kitchen::KitchenView;
use super::motion::Motion;
use crate::theme;
use bevy_egui::egui::{Painter, Rect, Vec2, vec2};
use dyad_gridworld::World;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::task::{TaskRules, TaskState};
use dyad_protocol::Seat;

/// How a task looks. A task without a view of its own is shown as letters.
pub trait TaskView {
    /// The cells of the avatars that glide, in order of seats.
    fn avatars(&self) -> Vec<Cell>;

    /// Draws the task's state.
    fn paint(&self, canvas: &Canvas<'_>, look: &Look<'_>);
}

/// What a view is told besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Who looks.
    pub me: Seat,
    /// Where avatars are shown, in order of seats, as columns and rows.
    pub places: &'a [Vec2],
}

impl Look<'_> {
    /// The avatars in the order of drawing: who stands further down is before the others.
    #[must_use]
    pub fn nearest_last(&self) -> Vec<(Seat, Vec2)> {
        let mut avatars: Vec<_> =
            Seat::all(self.places.len()).zip(self.places.iter().copied()).collect();
        avatars.sort_by(|(_, one), (_, other)| one.y.total_cmp(&other.y));
        avatars
    }
}

/// The view of a world's task.
#[must_use]
pub fn view(world: &World) -> Box<dyn TaskView + '_> {
    let game = world.game();
    let layout = game.layout();
    if let Some(kitchen) = KitchenView::of(world) {
        return Box::new(kitchen);
    }
    match (world.task(), game.rules()) {
        (TaskState::GoalFinding(walk), TaskRules::GoalFinding(rules)) => {
            Box::new(GoalView { layout, walk, rules })
        }
        _ => Box::new(Letters { world }),
    }
}

/// Where a world's avatars truly are, in order of seats, as columns and rows.
#[must_use]
pub fn places(world: &World) -> Vec<Vec2> {
    true_places(world, view(world).as_ref())
}

fn true_places(world: &World, view: &dyn TaskView) -> Vec<Vec2> {
    let layout = world.game().layout();
    let place = |cell: Cell| {
        let (row, column) = layout.position(cell);
        vec2(column.into(), row.into())
    };
    view.avatars().into_iter().map(place).collect()
}

/// Draws a world's board in the middle of an area. Avatars are where their motion shows them, or
/// else where they are. Returns where the board is.
pub fn paint(painter: &Painter, area: Rect, world: &World, me: Seat, motion: &Motion) -> Rect {
    let layout = world.game().layout();
    let canvas = Canvas::fit(painter, area, layout.height(), layout.width());
    let view = view(world);
    let mut places = true_places(world, view.as_ref());
    for (place, seat) in places.iter_mut().zip(Seat::all(usize::MAX)) {
        *place = motion.place(seat).unwrap_or(*place);
    }
    view.paint(&canvas, &Look { me, places: &places });
    canvas.bounds()
}

/// What a task without a picture of its own looks like: a letter in each cell.
#[derive(Clone, Copy, Debug)]
pub struct Letters<'a> {
    /// The world.
    pub world: &'a World,
}

impl TaskView for Letters<'_> {
    fn avatars(&self) -> Vec<Cell> {
        Vec::new()
    }

    fn paint(&self, canvas: &Canvas<'_>, _look: &Look<'_>) {
        let game = self.world.game();
        for cell in game.layout().cells() {
            let (row, column) = game.layout().position(cell);
            let spot = canvas.cell(row, column);
            let letter = self.world.task().letter(game.rules(), cell).to_string();
            spot.block(vec2(0.5, 0.5), vec2(0.96, 0.96), 0.06, theme::CARD);
            spot.text(vec2(0.5, 0.5), &letter, theme::bold(spot.length(0.5)), theme::INK);
        }
    }
}
