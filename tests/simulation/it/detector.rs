//! The detector detects: computers that are broken on purpose are found, with frame and column.

use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, Settings, layout};
use dyad_protocol::Seat;
use dyad_protocol::records::Verdict;
use dyad_recording::Effect;
use dyad_recording::statement::Field;
use dyad_recording::verify::{Relation, relate, verdict, verify};
use dyad_simulation::check::check;
use dyad_simulation::peer::{Ending, Stage};
use dyad_simulation::profile::by_name;
use dyad_simulation::scenario::Cast;
use dyad_simulation::{Fault, Run, Scenario, simulation};

const STEPS: u32 = 120;

/// In the middle of the episode, and no frame at which ggrs compares checksums.
const FRAME: u32 = 77;

fn run(faults: impl IntoIterator<Item = Fault>) -> (Scenario, Run) {
    let name = "coordination_ring";
    let game = Game::new(Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: layout::classic(name).expect("a classic layout").to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: STEPS,
        episodes: 1,
        countdown_frames: 15,
        pause_frames: 1,
        seed: 3,
        episode_seeds: EpisodeSeeds::Derived,
        focus: Default::default(),
    });
    let profile = by_name("wan").expect("a profile");
    let mut scenario = Scenario::plain(profile, 3, game.expect("a game"), Cast::Random);
    scenario.faults.extend(faults);
    let run = simulation::run(&scenario);
    let completed = Stage::Ended(Ending::Completed);
    assert!(run.peers.iter().all(|peer| peer.stage() == completed));
    (scenario, run)
}

fn marks(run: &Run, seat: usize) -> &[Effect] {
    run.peers[seat].record().books().marks()
}

fn bundles(run: &Run) -> Vec<dyad_recording::Bundle> {
    run.peers.iter().map(|peer| peer.record().books().bundle(0).expect("an episode")).collect()
}

#[test]
fn the_same_session_without_a_fault_is_fine() {
    let (scenario, run) = run(None);
    check(&scenario, &run).unwrap();
    assert_eq!(verdict(&bundles(&run)), Verdict::Identical { rows: STEPS });
}

#[test]
fn a_wrong_step_is_found_in_its_frame_and_stays_out_of_the_record() {
    let fault = Fault::Misstep { seat: Seat(1), frame: FRAME };
    let (scenario, run) = run([fault]);
    assert!(marks(&run, 0).is_empty(), "{:?}", marks(&run, 0));
    let [Effect::Divergence(divergence)] = marks(&run, 1) else { panic!("{:?}", marks(&run, 1)) };
    assert_eq!(divergence.frame.frame, FRAME);
    assert_ne!(divergence.found, divergence.frame.digest);
    // The record follows from the inputs alone, and those were right.
    assert_eq!(verdict(&bundles(&run)), Verdict::Identical { rows: STEPS });
    let failure = check(&scenario, &run).unwrap_err().to_string();
    assert!(failure.contains(&format!("diverged from the replica at frame {FRAME}")), "{failure}");
}

#[test]
fn a_world_that_stays_wrong_is_seen_by_ggrs_as_well() {
    // One wrong turn may be gone again when ggrs compares, every thirty frames.
    let missteps = (FRAME..).map(|frame| Fault::Misstep { seat: Seat(1), frame });
    let (_, run) = run(missteps.take(50));
    assert!(run.peers.iter().all(|peer| peer.statistics().desyncs > 0));
    assert_eq!(marks(&run, 1).len(), 1, "only the first frame says something");
}

#[test]
fn a_changed_input_is_found_by_both_and_named_with_frame_and_column() {
    let fault = Fault::ChangedInput { seat: Seat(1), of: Seat(0), frame: FRAME };
    let (scenario, run) = run([fault]);
    // The replica of the broken computer no longer follows its session.
    let diverged = |effect: &&Effect| matches!(effect, Effect::Divergence(_));
    let Some(Effect::Divergence(divergence)) = marks(&run, 1).iter().find(diverged) else {
        panic!("{:?}", marks(&run, 1))
    };
    assert_eq!(divergence.frame.frame, FRAME);
    // Each is told by the other's statement.
    for (seat, other) in [(0, Seat(1)), (1, Seat(0))] {
        let disagreement = Effect::Disagreement { episode: 0, seat: other, field: Field::Chain };
        assert!(marks(&run, seat).contains(&disagreement), "{:?}", marks(&run, seat));
    }
    // And whoever has both logs, by these.
    let bundles = bundles(&run);
    let column = "actions.0".to_owned();
    assert_eq!(verdict(&bundles), Verdict::Diverged { frame: FRAME, column: column.clone() });
    let [ours, theirs] = [0, 1].map(|seat: usize| verify(&bundles[seat].log).unwrap());
    let Relation::Diverged(difference) = relate(&ours, &theirs) else { panic!() };
    assert_eq!((difference.frame, difference.column), (FRAME, column));
    assert_ne!(difference.a, difference.b);
    assert!(check(&scenario, &run).is_err());
}

#[test]
fn a_changed_input_of_its_own_is_found_by_the_computer_itself() {
    let fault = Fault::ChangedInput { seat: Seat(1), of: Seat(1), frame: FRAME };
    let (_, run) = run([fault]);
    let found = |effect: &Effect| matches!(effect, Effect::OtherInput { frame: FRAME, .. });
    assert!(marks(&run, 1).iter().any(found), "{:?}", marks(&run, 1));
    assert_eq!(
        verdict(&bundles(&run)),
        Verdict::Diverged { frame: FRAME, column: "actions.1".to_owned() }
    );
}
