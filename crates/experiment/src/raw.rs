//! The experiment file as serde reads it: shapes and types of values, and where they stand.
//! `check.rs` gives the values their meaning.

use dyad_gridworld::settings::EpisodeSeeds;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) id: Spanned<String>,
    pub(crate) title: Option<String>,
    pub(crate) network: Option<Spanned<Network>>,
    #[serde(default)]
    pub(crate) scene: Vec<Spanned<Scene>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    #[serde(default)]
    pub(crate) stun: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) turn: Vec<Spanned<String>>,
    pub(crate) turn_secret_file: Option<Spanned<String>>,
    pub(crate) relay_only: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scene {
    pub(crate) id: Spanned<String>,
    pub(crate) kind: Option<Spanned<String>>,
    pub(crate) task: Option<Spanned<toml::Table>>,
    pub(crate) layout: Option<Spanned<String>>,
    pub(crate) layout_file: Option<Spanned<String>>,
    pub(crate) players: Option<Spanned<i64>>,
    pub(crate) steps_per_second: Option<Spanned<i64>>,
    pub(crate) max_steps: Option<Spanned<i64>>,
    pub(crate) episodes: Option<Spanned<i64>>,
    pub(crate) countdown_s: Option<Spanned<f64>>,
    pub(crate) pause_s: Option<Spanned<f64>>,
    pub(crate) input_delay: Option<Spanned<i64>>,
    pub(crate) prediction_window: Option<Spanned<i64>>,
    #[serde(default)]
    pub(crate) held_keys: bool,
    pub(crate) seed: Option<Spanned<i64>>,
    #[serde(default)]
    pub(crate) episode_seeds: EpisodeSeeds,
    pub(crate) focus: Option<Spanned<Focus>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Focus {
    pub(crate) limit_s: Option<Spanned<f64>>,
    #[serde(default)]
    pub(crate) pause: bool,
    pub(crate) return_s: Option<Spanned<f64>>,
    pub(crate) warn_after_s: Option<Spanned<f64>>,
}
