//! The simulated world and ggrs's requests to it: in the client, `bevy_ggrs` and the plugin.

use dyad_gridworld::{Action, ConfirmedFrame, Digest, Game, MAX_PLAYERS, PlayerInput, World};
use dyad_rollback::{DyadConfig, Journal};
use ggrs::{GgrsRequest, InputStatus};
use std::sync::Arc;

/// The world as it is simulated, predictions included.
pub struct Engine {
    world: World,
    digest: Digest,
    journal: Journal,
    /// Frames in which the world takes a wrong step.
    missteps: Vec<u32>,
}

impl Engine {
    /// The engine before the first frame.
    #[must_use]
    pub fn new(game: &Arc<Game>, missteps: Vec<u32>) -> Self {
        let world = World::new(Arc::clone(game));
        Self { digest: world.digest(), world, journal: Journal::default(), missteps }
    }

    /// Does what ggrs asks for.
    pub fn fulfil(&mut self, request: GgrsRequest<DyadConfig>) {
        match request {
            GgrsRequest::SaveGameState { cell, frame } => {
                assert_eq!(i64::from(frame), i64::from(self.world.frame()), "saved in order");
                let checksum = u128::from(self.digest.short());
                cell.save(frame, Some(self.world.clone()), Some(checksum));
            }
            GgrsRequest::LoadGameState { cell, .. } => {
                self.world = cell.load().expect("ggrs loads what it has had saved");
                self.digest = self.world.digest();
            }
            GgrsRequest::AdvanceFrame { inputs } => self.advance(&inputs),
        }
    }

    fn advance(&mut self, inputs: &[(PlayerInput, InputStatus)]) {
        let mut by_seat = [PlayerInput::default(); MAX_PLAYERS];
        for (slot, &(input, status)) in by_seat.iter_mut().zip(inputs) {
            assert!(status != InputStatus::Disconnected, "ggrs was told never to do that");
            *slot = input;
        }
        let by_seat = &by_seat[..inputs.len()];
        let frame = self.world.frame();
        if self.missteps.contains(&frame) {
            self.world = misstep(&self.world, by_seat);
        } else {
            self.world.step(by_seat);
        }
        self.digest = self.world.digest();
        self.journal.record(frame, by_seat, self.digest);
    }

    /// The world as it is simulated.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// What was simulated and not confirmed yet.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The frames that have become final; see [`Journal::commit`].
    pub fn commit(&mut self, confirmed: i32) -> Vec<ConfirmedFrame> {
        self.journal.commit(confirmed).collect()
    }
}

/// A step that a healthy computer would not take with these inputs: as if seat 0 had done
/// something else, provided that it makes a difference.
fn misstep(world: &World, inputs: &[PlayerInput]) -> World {
    let step = |inputs: &[PlayerInput]| {
        let mut after = world.clone();
        after.step(inputs);
        after
    };
    let right = step(inputs);
    let others = Action::ALL.into_iter().map(|action| {
        let mut inputs = inputs.to_vec();
        inputs[0] = PlayerInput::new(action);
        step(&inputs)
    });
    others.into_iter().find(|after| *after != right).unwrap_or(right)
}
