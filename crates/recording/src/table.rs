//! The shared table: `{participant}_ep{n}.csv`, equal byte for byte on all peers.
//!
//! One row for each step of the episode: the inputs that were applied and what they led to. The
//! names and their order are those of the reference platform, so that analysis scripts written
//! for it read these files.

use crate::cells::Line;
use dyad_gridworld::environment::Value;
use dyad_gridworld::{Game, Outcome, PlayerInput, Reward, World};
use dyad_protocol::ParticipantId;

/// Names of the columns of a game's tables, in order.
#[must_use]
pub fn names(game: &Game) -> Vec<String> {
    let players = game.players();
    let mut names = Vec::new();
    for (group, all) in
        [("actions", false), ("rewards", false), ("terminateds", true), ("truncateds", true)]
    {
        names.extend((0..players).map(|player| format!("{group}.{player}")));
        names.extend(all.then(|| format!("{group}.__all__")));
    }
    for player in 0..players {
        let infos = game.rules().info_names().iter();
        names.extend(infos.map(|info| format!("infos.{player}.{info}")));
    }
    names.extend((0..players).map(|player| format!("isFocused.{player}")));
    names.extend(["episode_num".to_owned(), "t".to_owned()]);
    names.extend((0..players).map(|player| format!("player_subjects.{player}")));
    names.extend(World::state_names(game.rules()).iter().map(|name| format!("state.{name}")));
    names
}

/// Appends the header line of a game's tables.
pub fn put_header(game: &Game, out: &mut Vec<u8>) {
    let mut line = Line::new(out);
    names(game).iter().for_each(|name| line.text(name));
    line.finish();
}

/// Appends the row of one step. `world` is the world after the step, `inputs` and
/// `participants` are by seat.
///
/// # Panics
/// If there are fewer inputs than players.
pub fn put_row(
    world: &World,
    inputs: &[PlayerInput],
    outcome: &Outcome,
    participants: &[ParticipantId],
    out: &mut Vec<u8>,
) {
    let players = world.game().players();
    let inputs = &inputs[..players];
    let terminated = &outcome.task.terminated[..players];
    let mut line = Line::new(out);
    inputs.iter().for_each(|input| line.integer(input.action().number().into()));
    outcome.task.rewards[..players].iter().for_each(|&reward| put_reward(&mut line, reward));
    terminated.iter().for_each(|&over| line.boolean(over));
    line.boolean(terminated.iter().all(|&over| over));
    // Truncation comes from the number of steps, so it is the same for each player and for all.
    (0..=players).for_each(|_| line.boolean(outcome.truncated));
    for player in 0..players {
        world.info_values(player, &outcome.task, &mut |value| put_value(&mut line, value));
    }
    inputs.iter().for_each(|input| line.boolean(input.focused()));
    line.integer(outcome.episode.into());
    line.integer(outcome.t.into());
    participants.iter().for_each(|participant| line.text(participant.as_str()));
    world.state_values(&mut |value| put_value(&mut line, value));
    line.finish();
}

fn put_value(line: &mut Line<'_>, value: Value<'_>) {
    match value {
        Value::Int(number) => line.integer(number),
        Value::Reward(reward) => put_reward(line, reward),
        Value::Text(text) => line.text(text),
    }
}

fn put_reward(line: &mut Line<'_>, reward: Reward) {
    if reward.0 % 1000 == 0 {
        line.integer((reward.0 / 1000).into());
    } else {
        line.plain(reward);
    }
}
