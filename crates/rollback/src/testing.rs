//! What the tests of this crate share.

use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, Settings, layout};
use std::sync::Arc;

/// A short game in the cramped room.
pub(crate) fn game(players: u8) -> Arc<Game> {
    let layout = "cramped_room";
    Game::new(Settings {
        task: TaskSettings::default(),
        layout: layout.to_owned(),
        layout_text: layout::classic(layout).unwrap().to_owned(),
        players,
        steps_per_second: 30,
        max_steps: 300,
        episodes: 2,
        countdown_frames: 30,
        pause_frames: 10,
        seed: 5,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    })
    .unwrap()
}
