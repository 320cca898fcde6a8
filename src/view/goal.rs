//! `GoalFinding`: flags, and players on their way to them.

use super::board::{Look, TaskView};
use super::canvas::Canvas;
use super::cook;
use super::room;
use super::sprite::atlas;
use super::units;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::goal_finding::{Rules, Walk};
use dyad_gridworld::layout::Layout;

/// A walk to draw.
#[derive(Clone, Copy, Debug)]
pub struct GoalView<'a> {
    /// The grid.
    pub layout: &'a Layout,
    /// Its state.
    pub walk: &'a Walk,
    /// Its rules.
    pub rules: &'a Rules,
}

impl TaskView for GoalView<'_> {
    fn avatars(&self) -> Vec<Cell> {
        self.walk.walkers(self.rules).iter().map(|walker| walker.cell).collect()
    }

    fn paint(&self, canvas: &Canvas<'_>, look: &Look<'_>) {
        room::paint(canvas, self.layout);
        for cell in self.layout.cells().filter(|&cell| self.walk.is_goal(self.rules, cell)) {
            let (row, column) = self.layout.position(cell);
            canvas.cell(row, column).sprite(atlas::GOAL);
        }
        let walkers = self.walk.walkers(self.rules);
        for (seat, place) in look.nearest_last() {
            let walker = walkers[seat.index()];
            let spot = canvas.at(place);
            cook::paint_walker(&spot, seat, walker.facing, seat == look.me);
            if walker.arrived {
                spot.sprite_at(atlas::READY, units(34.0, 36.0), 1.0);
            }
        }
    }
}
