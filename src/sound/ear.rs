//! From what is confirmed of a game to what is heard of it.

use super::Sound;
use crate::view::kitchen::KitchenView;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::{Phase, World};

/// Who follows a game by the confirmed world alone. It may leap over frames: what happened in them is
/// heard together, each kind once.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    known: Option<Known>,
}

/// What was known of the game at last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    frame: u32,
    episode: u16,
    score: i64,
    done: Vec<Cell>,
    is_played: bool,
}

impl Known {
    fn of(world: &World) -> Self {
        Self {
            frame: world.frame(),
            episode: world.episode(),
            score: world.score().0.into(),
            done: KitchenView::of(world).map_or_else(Vec::new, |it| it.finished().collect()),
            is_played: matches!(world.phase(), Phase::Playing | Phase::Paused { .. }),
        }
    }
}

impl Ear {
    /// What has happened since the last call. The first one only tells where the game is: what came before
    /// it, on a computer that has come back to a game, is not heard again.
    pub fn hear(&mut self, world: &World) -> Vec<Sound> {
        if self.known.as_ref().is_some_and(|known| known.frame >= world.frame()) {
            return Vec::new();
        }
        let now = Known::of(world);
        let Some(before) = self.known.replace(now.clone()) else { return Vec::new() };
        let same_episode = before.episode == now.episode;
        let begins = now.is_played && !(same_episode && before.is_played);
        let ends = before.is_played && !(same_episode && now.is_played);
        let earned = same_episode && now.score > before.score;
        let done = same_episode && now.done.iter().any(|pot| !before.done.contains(pot));
        let heard = [
            (begins, Sound::Begin),
            (done, Sound::Done),
            (earned, Sound::Points),
            (ends, Sound::Over),
        ];
        heard.into_iter().filter(|(is_heard, _)| *is_heard).map(|(_, sound)| sound).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Ear, Sound};
    use crate::view::tests::{game, kitchen, world};
    use dyad_gridworld::task::TaskSettings;
    use dyad_gridworld::{Action, Phase, PlayerInput, World, overcooked_ai};

    /// Frames with the sounds that are heard when every `stride`-th frame is seen.
    fn heard(mut world: World, frames: u32, stride: u32, keys: &str) -> Vec<(u32, Sound)> {
        let mut ear = Ear::default();
        let mut heard = Vec::new();
        let mut keys = keys.chars();
        for frame in 0..frames {
            let key = if world.phase() == Phase::Playing { keys.next() } else { None };
            let action = match key {
                Some('^') => Action::Up,
                Some('v') => Action::Down,
                Some('<') => Action::Left,
                Some('>') => Action::Right,
                Some('x') => Action::PickupDrop,
                _ => Action::Noop,
            };
            world.step(&[PlayerInput::new(action), PlayerInput::default()]);
            if frame % stride == 0 {
                heard.extend(ear.hear(&world).into_iter().map(|sound| (frame, sound)));
                // A picture without a new frame, and a world that was seen before.
                assert_eq!(ear.hear(&world), []);
            }
        }
        heard
    }

    fn kinds(heard: &[(u32, Sound)]) -> Vec<Sound> {
        heard.iter().map(|(_, sound)| *sound).collect()
    }

    #[test]
    fn each_episode_begins_and_ends_once() {
        // 3 s of countdown, two episodes of 5 s with 2 s between them.
        let expected = [Sound::Begin, Sound::Over, Sound::Begin, Sound::Over];
        for stride in [1, 7] {
            let heard = heard(world(), 700, stride, "");
            assert_eq!(kinds(&heard), expected, "{heard:?}");
        }
    }

    #[test]
    fn a_soup_is_heard_when_it_is_done_and_when_it_is_delivered() {
        // Three onions into the pot above, wait, a plate from below, the soup, and to the right.
        let text = "CUCCCC\nO1 @2C\nC=CCCC";
        let task = TaskSettings::OvercookedAi2019(overcooked_ai::Parameters {
            cook_time: 5,
            rewards: overcooked_ai::RewardScheme::SPARSE,
        });
        let keys = "<x^x<x^x<x^x.......vx^x>>x....";
        let expected = [Sound::Begin, Sound::Done, Sound::Points, Sound::Over];
        for stride in [1, 3] {
            let all = heard(World::new(game(task.clone(), text)), 300, stride, keys);
            let points: Vec<_> = kinds(&all);
            assert_eq!(points, expected, "{all:?}");
        }
        let cogrid = heard(World::new(kitchen(text)), 300, 1, "<x^x<x^x<x^x");
        assert!(kinds(&cogrid).contains(&Sound::Done), "{cogrid:?}");
    }

    #[test]
    fn who_comes_back_does_not_hear_again_what_was() {
        let mut world = world();
        for _ in 0..200 {
            world.step(&[PlayerInput::default(); 2]);
        }
        let mut ear = Ear::default();
        assert_eq!(ear.hear(&world), [], "it is in the middle of an episode");
        let earlier = World::new(kitchen("CCUCC\nO1 2O\nC=C@C"));
        assert_eq!(ear.hear(&earlier), [], "an older world");
    }
}
