//! The same session over and over, each time with one mishap at another frame: from before the
//! first until the last has been over for a while, through countdown, play, pause, and closing.

use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, Settings, layout};
use dyad_protocol::Seat;
use dyad_rollback::peering::LeaveReason;
use dyad_simulation::check::check;
use dyad_simulation::mishap::{Mishap, What, When};
use dyad_simulation::peer::{Ending, Stage};
use dyad_simulation::profile::by_name;
use dyad_simulation::scenario::Cast;
use dyad_simulation::{Run, Scenario, simulation};
use std::time::Duration;

/// Frames for which the session goes on after its last row.
const CLOSING: u32 = 45;

const EPISODES: u16 = 2;

fn scenario(players: u8) -> Scenario {
    let name = "cramped_room";
    let game = Game::new(Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: layout::classic(name).expect("a classic layout").to_owned(),
        players,
        steps_per_second: 30,
        max_steps: 25,
        episodes: EPISODES,
        countdown_frames: 6,
        pause_frames: 4,
        seed: 3,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    });
    let profile = by_name("cuts").expect("a profile");
    Scenario { hold: 8, ..Scenario::plain(profile, 3, game.expect("a game"), Cast::Random) }
}

/// Runs the session once for every frame, with a mishap at it, and hands each run over when it
/// has been checked.
fn at_every_frame(players: u8, what: &What, mut done: impl FnMut(u32, &Run)) {
    let scenario = scenario(players);
    for frame in 0..scenario.frames() + CLOSING {
        let mishaps = vec![Mishap { when: When::Frame(frame), what: what.clone() }];
        let scenario = Scenario { mishaps, ..scenario.clone() };
        let run = simulation::run(&scenario);
        if let Err(failure) = check(&scenario, &run) {
            panic!("{what:?} at frame {frame}: {failure}");
        }
        done(frame, &run);
    }
}

/// How a seat's session ended.
fn ending(run: &Run, seat: usize) -> Ending {
    match run.peers[seat].stage() {
        Stage::Ended(ending) => ending,
        stage => panic!("seat {seat} is {stage:?}"),
    }
}

/// Everybody completed the session, with so many resumptions at the least in one of the runs.
fn survives(players: u8, what: &What) {
    let mut interrupted = 0;
    at_every_frame(players, what, |frame, run| {
        for seat in 0..run.peers.len() {
            let gone = run.events.killed_late.contains(&Seat(u8::try_from(seat).expect("few")));
            let ending = ending(run, seat);
            assert!(gone || ending == Ending::Completed, "frame {frame}, seat {seat}: {ending:?}");
        }
        interrupted += u32::from(run.tallies.iter().any(|tally| tally.interruptions > 0));
    });
    assert!(interrupted > 60, "{interrupted}");
}

#[test]
fn a_cut_link_costs_no_row() {
    let lanes = vec![(Seat(0), Seat(1)), (Seat(1), Seat(0))];
    survives(2, &What::Cut { lanes, lasts: Duration::from_secs(3) });
}

#[test]
fn a_link_that_is_cut_one_way_costs_no_row() {
    let lanes = vec![(Seat(1), Seat(0))];
    survives(2, &What::Cut { lanes, lasts: Duration::from_secs(3) });
}

#[test]
fn a_partition_of_three_costs_no_row() {
    let lanes = [(0, 2), (2, 0), (1, 2), (2, 1)].map(|(from, to)| (Seat(from), Seat(to)));
    survives(3, &What::Cut { lanes: lanes.to_vec(), lasts: Duration::from_secs(3) });
}

#[test]
fn a_computer_that_stands_still_costs_no_row() {
    survives(2, &What::Stop { seat: Seat(0), lasts: Duration::from_secs(10) });
}

#[test]
fn a_program_that_is_killed_and_started_again_costs_no_row() {
    survives(2, &What::Kill { seat: Seat(1), back: Some(Duration::from_millis(700)) });
}

#[test]
fn one_of_four_that_is_killed_and_started_again_costs_no_row() {
    survives(4, &What::Kill { seat: Seat(2), back: Some(Duration::from_secs(5)) });
}

/// A player is lost for good: the survivor keeps what is confirmed and says why it ended.
fn loses(players: u8) {
    let mut completed = Vec::new();
    at_every_frame(players, &What::Kill { seat: Seat(1), back: None }, |frame, run| {
        let survivor = ending(run, 0);
        let record = run.peers[0].record();
        let expected = match &survivor {
            Ending::NotConnected => frame == 0 && record.entries().is_empty(),
            Ending::PartnerLost => frame > 0,
            Ending::Completed => record.finished() == usize::from(EPISODES),
            _ => false,
        };
        assert!(expected, "frame {frame}: {survivor:?}");
        // What had been confirmed when it happened is there: all but what was under way.
        let confirmed = u32::try_from(record.frames().count()).expect("few frames");
        assert!(
            confirmed + 16 >= frame.min(scenario(players).frames()),
            "frame {frame}: {confirmed}"
        );
        completed.push(survivor == Ending::Completed);
    });
    assert!(!completed[0] && completed.ends_with(&[true]));
}

#[test]
fn a_loss_at_any_frame_ends_with_its_reason() {
    loses(2);
}

#[test]
fn the_loss_of_one_of_three_at_any_frame_ends_with_its_reason() {
    loses(3);
}

#[test]
fn who_leaves_at_any_frame_is_heard() {
    let what = What::Leave { seat: Seat(1), reason: LeaveReason::Quit };
    let left = Ending::PartnerLeft { seat: Seat(1), reason: LeaveReason::Quit };
    let mut heard = 0;
    at_every_frame(2, &what, |frame, run| {
        let survivor = ending(run, 0);
        let too_early_or_late = [Ending::NotConnected, Ending::Completed].contains(&survivor);
        assert!(survivor == left || too_early_or_late, "frame {frame}: {survivor:?}");
        heard += u32::from(survivor == left);
    });
    assert!(heard > 60, "{heard}");
}
