//! The simulated world and ggrs's requests to it: in the client, `bevy_ggrs` and the plugin.

use dyad_gridworld::{Action, Digest, Game, MAX_PLAYERS, PlayerInput, World};
use dyad_rollback::{DyadConfig, Session};
use ggrs::{GgrsRequest, InputStatus};
use std::sync::Arc;

/// The world as it is simulated, predictions included.
pub struct Engine {
    world: World,
    digest: Digest,
    /// The frame that ggrs calls 0.
    base: u32,
    /// Frames in which the world takes a wrong step.
    missteps: Vec<u32>,
}

impl Engine {
    /// The engine before the first frame.
    #[must_use]
    pub fn new(game: &Arc<Game>, missteps: Vec<u32>) -> Self {
        let world = World::new(Arc::clone(game));
        Self { digest: world.digest(), base: 0, world, missteps }
    }

    /// Begins an epoch with this world.
    pub fn start(&mut self, world: World) {
        self.digest = world.digest();
        self.base = world.frame();
        self.world = world;
    }

    /// Does what ggrs asks for.
    pub fn fulfil(&mut self, request: GgrsRequest<DyadConfig>, session: &mut Session) {
        match request {
            GgrsRequest::SaveGameState { cell, frame } => {
                assert_eq!(i64::from(frame), i64::from(self.frame()), "saved in order");
                let checksum = u128::from(self.digest.short());
                cell.save(frame, Some(self.world.clone()), Some(checksum));
            }
            GgrsRequest::LoadGameState { cell, .. } => {
                self.world = cell.load().expect("ggrs loads what it has had saved");
            }
            GgrsRequest::AdvanceFrame { inputs } => self.advance(&inputs, session),
        }
    }

    fn advance(&mut self, inputs: &[(PlayerInput, InputStatus)], session: &mut Session) {
        let mut by_seat = [PlayerInput::default(); MAX_PLAYERS];
        for (slot, &(input, status)) in by_seat.iter_mut().zip(inputs) {
            assert!(status != InputStatus::Disconnected, "ggrs was told never to do that");
            *slot = input;
        }
        let by_seat = &by_seat[..inputs.len()];
        let frame = self.frame();
        if self.missteps.contains(&self.world.frame()) {
            self.world = misstep(&self.world, by_seat);
        } else {
            self.world.step(by_seat);
        }
        self.digest = self.world.digest();
        session.simulated(frame, by_seat, self.digest);
    }

    /// The world as it is simulated.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// How many frames of the epoch are simulated.
    #[must_use]
    pub const fn frame(&self) -> u32 {
        self.world.frame() - self.base
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
