//! Players who are away: pauses, and sessions that end for it.

use crate::games::{any_task, focus_rule, frames, settings};
use dyad_gridworld::encoding::DecodeError;
use dyad_gridworld::layout::CLASSIC;
use dyad_gridworld::settings::SettingsError;
use dyad_gridworld::{Action, End, FocusRule, Game, Outcome, Phase, PlayerInput, Settings, World};
use proptest::prelude::*;
use std::sync::Arc;

/// Two people, three episodes of 40 steps, countdowns of 6 frames and breaks of 5.
fn game(focus: FocusRule) -> Arc<Game> {
    let (name, text) = CLASSIC[0];
    let lengths = Settings {
        max_steps: 40,
        countdown_frames: 6,
        pause_frames: 5,
        ..settings(name, text, 2, 3)
    };
    Game::new(Settings { focus, ..lengths }).expect("a game")
}

fn limit(limit: u32) -> FocusRule {
    FocusRule { limit: Some(limit), ..FocusRule::default() }
}

fn pause(return_frames: u32) -> FocusRule {
    FocusRule { pause: true, return_frames, ..FocusRule::default() }
}

/// What both do: walk, the second one in another window where `away` says so.
fn inputs(away: bool) -> [PlayerInput; 2] {
    let up = PlayerInput::new(Action::Up);
    [up, up.with_focus(!away)]
}

/// Steps so many frames; gives the rows.
fn step(world: &mut World, frames: u32, away: bool) -> Vec<Outcome> {
    (0..frames).filter_map(|_| world.step(&inputs(away))).collect()
}

#[test]
fn being_away_too_long_ends_the_session_with_that_step() {
    let mut world = World::new(game(limit(10)));
    step(&mut world, 6, false);
    assert_eq!(step(&mut world, 3, true).len(), 3);
    assert_eq!(step(&mut world, 1, false).len(), 1, "back for a frame: counted from the start");
    let rows = step(&mut world, 9, true);
    assert!(rows.iter().all(|row| !row.last && !row.truncated));
    assert_eq!((world.away().frames(1), world.end()), (9, None));
    let last = step(&mut world, 1, true)[0];
    assert!(last.last && last.truncated && !last.task.terminated[0], "{last:?}");
    assert_eq!((last.t, world.t(), world.episodes_over()), (13, 14, 1));
    let who = [false, true, false, false];
    assert_eq!(world.end(), Some(End::AwayTooLong { who }));
    let over = world.clone();
    assert!(step(&mut world, 100, false).is_empty());
    assert_eq!((world.phase(), world.end()), (Phase::Coasting, over.end()));
    assert_eq!((world.t(), world.away(), world.task()), (over.t(), over.away(), over.task()));
}

/// Who goes away before an episode's end and stays away is away all the time.
#[test]
fn the_count_goes_on_across_episodes() {
    // From frame 41 on, five frames before the first episode's end: the break lasts from 46 to
    // 51, the countdown to 57.
    for (limit_frames, rows_of_second, over) in
        [(7, 0, 2), (11, 0, 2), (16, 0, 2), (17, 1, 2), (30, 14, 2)]
    {
        let mut world = World::new(game(limit(limit_frames)));
        step(&mut world, 41, false);
        let rows = step(&mut world, limit_frames - 1, true);
        assert_eq!(world.end(), None, "limit {limit_frames}");
        let last = step(&mut world, 1, true);
        assert!(matches!(world.end(), Some(End::AwayTooLong { .. })), "limit {limit_frames}");
        let second = rows.iter().chain(&last).filter(|row| row.episode == 1).count();
        assert_eq!((second, world.episodes_over()), (rows_of_second, over), "limit {limit_frames}");
        assert_eq!(world.frame(), 41 + limit_frames);
        assert_eq!(last.first().is_some_and(|row| row.truncated), rows_of_second > 0);
    }
}

#[test]
fn the_last_step_of_an_episode_may_be_the_last_of_all() {
    let mut world = World::new(game(limit(5)));
    step(&mut world, 41, false);
    let rows = step(&mut world, 5, true);
    assert!(rows[4].last && rows[4].t == 39);
    assert!(matches!(world.end(), Some(End::AwayTooLong { .. })));
    assert_eq!(world.episodes_over(), 1, "there is no second one");
    // Of the last episode it is the regular end.
    let mut world = World::new(game(limit(5)));
    step(&mut world, 143, false);
    step(&mut world, 5, true);
    assert_eq!((world.end(), world.episodes_over()), (Some(End::Completed), 3));
    let again = World::decode(Arc::clone(world.game()), world.encode().as_bytes());
    assert_eq!(again.map(|again| again.end()), Ok(Some(End::Completed)));
}

#[test]
fn nobody_comes_at_all() {
    let mut world = World::new(game(limit(4)));
    assert!(step(&mut world, 4, true).is_empty());
    assert!(matches!(world.end(), Some(End::AwayTooLong { .. })));
    assert_eq!((world.episodes_over(), world.t()), (1, 0), "an episode without a row");
}

#[test]
fn a_game_that_waits_goes_on_after_a_countdown() {
    let mut world = World::new(game(pause(8)));
    assert_eq!(step(&mut world, 16, false).len(), 10);
    let before = world.clone();
    let rows = step(&mut world, 20, true);
    assert_eq!(rows.len(), 1, "the step in which somebody left is played");
    assert_eq!(world.phase(), Phase::Paused { left: 8 });
    assert!(step(&mut world, 5, false).is_empty());
    assert_eq!(world.phase(), Phase::Paused { left: 3 });
    assert!(step(&mut world, 1, true).is_empty());
    assert!(step(&mut world, 8, false).is_empty());
    assert_eq!((world.phase(), world.t()), (Phase::Playing, 11));
    let mut straight = before;
    step(&mut straight, 1, false);
    assert_eq!(world.task(), straight.task(), "nothing has moved");
    assert_eq!(step(&mut world, 1, false)[0].t, 11);
}

#[test]
fn a_countdown_waits_too() {
    let mut world = World::new(game(pause(4)));
    step(&mut world, 5, false);
    assert!(step(&mut world, 50, true).is_empty());
    assert_eq!(
        world.phase(),
        Phase::Countdown { left: 4 },
        "more than was left: for who comes back"
    );
    assert!(step(&mut world, 4, false).is_empty());
    assert_eq!(step(&mut world, 1, false)[0].t, 0);
}

#[test]
fn a_waiting_game_ends_too() {
    let mut world = World::new(game(FocusRule { limit: Some(30), ..pause(4) }));
    step(&mut world, 10, false);
    let rows = step(&mut world, 30, true);
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].last && !rows[0].truncated, "it was played long before the end");
    assert!(matches!(world.end(), Some(End::AwayTooLong { .. })));
    assert_eq!((world.episodes_over(), world.t()), (1, 5));
}

#[test]
fn a_held_world_counts_nothing() {
    let mut world = World::new(game(limit(10)));
    step(&mut world, 9, true);
    world.hold(100);
    step(&mut world, 100, true);
    assert_eq!((world.away().frames(1), world.end()), (9, None));
    step(&mut world, 1, true);
    assert!(world.end().is_some());
}

#[test]
fn rules_outside_their_range_are_named() {
    let refused = |focus| {
        let (name, text) = CLASSIC[0];
        match Game::new(Settings { focus, ..settings(name, text, 2, 3) }) {
            Err(SettingsError::OutOfRange { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(limit(0)), "focus.limit");
    assert_eq!(refused(pause(0)), "focus.return_frames");
    let warn_frames = FocusRule::MOST_FRAMES + 1;
    assert_eq!(refused(FocusRule { warn_frames, ..FocusRule::default() }), "focus.warn_frames");
}

/// The digest of a game is another with each part of the rule.
#[test]
fn peers_with_other_rules_do_not_meet() {
    let rules = [
        FocusRule::default(),
        limit(5),
        limit(6),
        pause(1),
        FocusRule { return_frames: 2, ..FocusRule::default() },
        FocusRule { warn_frames: 2, ..FocusRule::default() },
    ];
    let digests: std::collections::BTreeSet<_> =
        rules.into_iter().map(|rule| game(rule).digest()).collect();
    assert_eq!(digests.len(), rules.len());
}

#[test]
fn an_end_that_nobody_caused_is_no_state() {
    let mut world = World::new(game(limit(4)));
    step(&mut world, 4, true);
    let mut bytes = world.encode().as_bytes().to_vec();
    let decode = |bytes: &[u8]| World::decode(Arc::clone(world.game()), bytes);
    assert_eq!(decode(&bytes).as_ref(), Ok(&world));
    // The second player's frames away stand after frame, hold and the first player's.
    bytes[12] -= 1;
    let refused = decode(&bytes);
    assert!(matches!(refused, Err(DecodeError::Invalid { .. })), "{refused:?}");
}

/// The same, by the shortest account there is.
struct Account {
    away: Vec<u32>,
    ends: Option<u32>,
}

impl Account {
    fn of(rule: FocusRule, players: usize, frames: &[crate::games::Frame]) -> Self {
        let mut account = Self { away: vec![0; players], ends: None };
        for (frame, inputs) in (0..).zip(frames) {
            for (away, input) in account.away.iter_mut().zip(inputs) {
                *away = if input.focused() { 0 } else { *away + 1 };
            }
            let longest = account.away.iter().max().copied();
            if rule.limit.is_some() && longest >= rule.limit {
                account.ends = Some(frame + 1);
                break;
            }
        }
        account
    }
}

/// Frames in which people stay away for a while.
fn absences() -> impl Strategy<Value = Vec<crate::games::Frame>> {
    let stretch = (1..30_usize, prop::collection::vec(prop::bool::weighted(0.7), 4), any::<u8>());
    prop::collection::vec(stretch, 0..30).prop_map(|stretches| {
        let mut frames = Vec::new();
        for (length, focused, action) in stretches {
            let mut frame = [PlayerInput::default(); 4];
            for (input, focused) in frame.iter_mut().zip(focused) {
                *input = PlayerInput::from_bits(u16::from(action % 8)).with_focus(focused);
            }
            frames.extend(std::iter::repeat_n(frame, length));
        }
        frames
    })
}

proptest! {
    /// A session ends in the frame in which somebody has been away for as long as the limit, or
    /// before it by itself; no row comes after it, none is left out or invented, and where the
    /// game waits, whoever acts has been there.
    #[test]
    fn sessions_end_when_they_have_to(
        rule in focus_rule(),
        frames in absences(),
    ) {
        let mut world = World::new(game(rule));
        let players = world.game().players();
        let account = Account::of(rule, players, &frames);
        let mut rows = Vec::new();
        let mut was_away = false;
        for frame in &frames {
            let before = world.clone();
            let row = world.step(frame);
            let is_away = frame[..players].iter().any(|input| !input.focused());
            if rule.pause && is_away && was_away {
                prop_assert_eq!(row, None);
                if world.episode() == before.episode() {
                    prop_assert_eq!(world.task(), before.task());
                }
            }
            was_away = is_away;
            if let (Some(End::AwayTooLong { who }), None) = (world.end(), before.end()) {
                prop_assert_eq!(Some(world.frame()), account.ends);
                let most = account.away.iter().max();
                for (seat, away) in account.away.iter().enumerate() {
                    prop_assert_eq!(who[seat], Some(away) == most);
                }
            }
            if before.end().is_some() {
                prop_assert_eq!(row, None);
                prop_assert_eq!(world.end(), before.end());
            } else {
                let over = world.episodes_over() - before.episodes_over();
                prop_assert!(over <= 1);
                prop_assert!(row.is_none_or(|row| row.last == (over == 1)));
            }
            rows.extend(row.map(|row| (row.episode, row.t)));
        }
        let ended = account.ends.is_some();
        prop_assert!(!ended || world.end().is_some());
        for pair in rows.windows(2) {
            let ((episode, t), next) = (pair[0], pair[1]);
            prop_assert!(next == (episode, t + 1) || (t == 39 && next == (episode + 1, 0)));
        }
    }

    /// What was predicted leaves no trace: neither who was thought to be away, nor a session that
    /// was thought to have ended.
    #[test]
    fn a_rollback_brings_everybody_back(
        rule in focus_rule(),
        before in absences(),
        astray in absences(),
        after in absences(),
    ) {
        let mut world = World::new(game(rule));
        for frame in &before {
            world.step(frame);
        }
        let (saved, mut straight) = (world.clone(), world.clone());
        for frame in &astray {
            world.step(frame);
        }
        world.clone_from(&saved);
        for frame in &after {
            prop_assert_eq!(world.step(frame), straight.step(frame));
            prop_assert_eq!(world.digest(), straight.digest());
            let again = World::decode(Arc::clone(world.game()), world.encode().as_bytes());
            prop_assert_eq!(again.as_ref().map(World::end), Ok(world.end()));
        }
    }

    /// In every task, a step that is played while somebody is away is the step it would be.
    #[test]
    fn being_away_changes_no_step(game in any_task(), frames in frames(200)) {
        let there = |frame: &crate::games::Frame| frame.map(|input| input.with_focus(true));
        let plain = Settings { focus: FocusRule::default(), ..game.settings().clone() };
        let plain = Game::new(plain).expect("a game");
        let (mut world, mut other) = (World::new(Arc::clone(&plain)), World::new(plain));
        for frame in &frames {
            prop_assert_eq!(world.step(frame), other.step(&there(frame)));
            prop_assert_eq!(world.task(), other.task());
        }
    }
}
