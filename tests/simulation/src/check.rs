//! What must hold of every run.

use crate::golden;
use crate::mishap::are_survivable;
use crate::peer::{Ending, Peer, Stage};
use crate::scenario::{Cast, Scenario};
use crate::script::Script;
use crate::simulation::Run;
use dyad_gridworld::{Action, End, Entry, PlayerInput, World};
use dyad_impair::{Impairment, Probability};
use dyad_protocol::Seat;
use dyad_protocol::records::Verdict;
use dyad_recording::Effect;
use dyad_recording::verify::{self, Relation, relate};
use std::sync::Arc;
use std::time::Duration;

/// In one of so many seeds, files are compared by every means there is.
const SAMPLE: u64 = 8;

/// What did not hold.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Somebody did not come to an end, or to one that nothing explains.
    #[error("seat {seat} was {stage:?} at frame {frame} after {took:?} of virtual time")]
    Unfinished {
        /// Who.
        seat: Seat,
        /// Where it stood.
        stage: Stage,
        /// The frame it had simulated.
        frame: u32,
        /// The virtual time.
        took: Duration,
    },
    /// A recorder found something wrong, a message of an honest peer was refused, or ggrs
    /// reported a desync.
    #[error("seat {seat} complains: {complaint}")]
    Complaint {
        /// Who.
        seat: Seat,
        /// Of what.
        complaint: String,
    },
    /// One record is not the beginning of another.
    #[error("the records of seats {seat} and {other} part after {common} entries")]
    Parted {
        /// The first.
        seat: Seat,
        /// The second, whose record is the longest.
        other: Seat,
        /// Entries that are equal.
        common: usize,
    },
    /// A record has not got what was said of it.
    #[error("seat {seat}: {flaw}")]
    Short {
        /// Whose.
        seat: Seat,
        /// What is missing.
        flaw: String,
    },
    /// Two peers' files differ.
    #[error("episode {episode}: the {file} of seats 0 and {seat} differ")]
    Unequal {
        /// The episode.
        episode: u16,
        /// Which file.
        file: &'static str,
        /// The second seat.
        seat: Seat,
    },
    /// The records of an episode are not what they should be.
    #[error("episode {episode}: {flaw}")]
    Unsound {
        /// The episode.
        episode: u16,
        /// What is wrong.
        flaw: String,
    },
    /// The record depends on the network.
    #[error("seat {seat}: {what} is another than without a network")]
    NotGolden {
        /// Whose.
        seat: Seat,
        /// What differs first.
        what: String,
    },
    /// The run did not exercise what it should have.
    #[error("{0}, so the run shows nothing")]
    Idle(String),
}

/// Checks a run of a scenario without [`Fault`](crate::Fault)s of its own computers.
///
/// # Errors
/// The first [`Failure`].
pub fn check(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    honest(run)?;
    ended(scenario, run)?;
    one_record(run)?;
    whole(run)?;
    let rows = replayed(scenario, run)?;
    golden(scenario, run)?;
    files(scenario, run, &rows)?;
    exercised(scenario, run)
}

/// Nobody found anything wrong.
fn honest(run: &Run) -> Result<(), Failure> {
    for ((seat, peer), tally) in seats(run).zip(&run.tallies) {
        let mark = peer.record().books().marks().first().map(in_words);
        if let Some(complaint) = mark.or_else(|| tally.complaint.clone()) {
            return Err(Failure::Complaint { seat, complaint });
        }
    }
    Ok(())
}

/// What a recorder found wrong, without the dump of the worlds.
fn in_words(mark: &Effect) -> String {
    match mark {
        Effect::Divergence(divergence) => {
            format!(
                "the session's world diverged from the replica at frame {}",
                divergence.frame.frame
            )
        }
        Effect::OtherInput { frame, .. } => {
            format!("another input was confirmed for frame {frame}")
        }
        Effect::Disagreement { episode, seat, field } => {
            format!("the statement of seat {seat} on episode {episode} differs in its {field}")
        }
        other => format!("{other:?}"),
    }
}

/// Everybody who was not lost came to an end that what happened explains, before the deadline.
fn ended(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let players = seats(run).filter(|(seat, _)| !run.events.losses.contains(seat));
    for (seat, peer) in players {
        let stage = peer.stage();
        let explained =
            matches!(&stage, Stage::Ended(ending) if is_explained(scenario, run, seat, ending));
        if !explained {
            let (frame, took) = (peer.frame(), run.took);
            return Err(Failure::Unfinished { seat, stage, frame, took });
        }
    }
    Ok(())
}

fn is_explained(scenario: &Scenario, run: &Run, seat: Seat, ending: &Ending) -> bool {
    let events = &run.events;
    match ending {
        Ending::Completed => true,
        Ending::Left(reason) => events.leaves.contains(&(seat, *reason)),
        Ending::PartnerLeft { seat, reason } => events.leaves.contains(&(*seat, *reason)),
        // Those whom it looks for may have all they need, and be gone.
        Ending::PartnerLost | Ending::NotConnected => {
            !are_survivable(&events.mishaps, &scenario.patience)
                || events.killed_late.contains(&seat)
        }
        Ending::Refused(_) | Ending::NotResumed(_) => false,
    }
}

/// Each record is the beginning of the longest, holds included.
fn one_record(run: &Run) -> Result<(), Failure> {
    let (other, longest) = longest(run);
    for (seat, peer) in seats(run) {
        let entries = peer.record().entries();
        let common = entries.iter().zip(longest).take_while(|(a, b)| a == b).count();
        if common < entries.len() {
            return Err(Failure::Parted { seat, other, common });
        }
    }
    Ok(())
}

fn longest(run: &Run) -> (Seat, &[Entry]) {
    let records = seats(run).map(|(seat, peer)| (seat, peer.record().entries()));
    records.max_by_key(|(_, entries)| entries.len()).expect("there are players")
}

/// Who completed the session has every episode, and everybody has what it said to have on disk.
fn whole(run: &Run) -> Result<(), Failure> {
    for (seat, peer) in seats(run) {
        let record = peer.record();
        let short = |flaw: String| Err(Failure::Short { seat, flaw });
        if peer.stage() == Stage::Ended(Ending::Completed) && !record.is_whole() {
            return short(format!("completed with {} episodes", record.finished()));
        }
        let promised = run.peers.iter().map(|peer| peer.record().promised_by(seat)).max();
        if promised.is_some_and(|promised| promised as usize > record.entries().len()) {
            return short(format!("{promised:?} entries were on disk"));
        }
    }
    Ok(())
}

/// The inputs and holds lead to every digest, and every finished episode has all its rows, or as
/// many as there were when somebody had been away too long. Gives the rows of finished episodes.
fn replayed(scenario: &Scenario, run: &Run) -> Result<Vec<u32>, Failure> {
    let (_, longest) = longest(run);
    let max_steps = scenario.game.settings().max_steps;
    let mut world = World::new(Arc::clone(&scenario.game));
    let (mut rows, mut epoch) = (0, 0);
    let mut finished = Vec::new();
    for entry in longest {
        let episode = world.episode();
        let unsound = |flaw: String| Err(Failure::Unsound { episode, flaw });
        if entry_frame(entry) != world.frame() {
            return unsound(format!("{entry:?} follows frame {}", world.frame()));
        }
        match entry {
            Entry::Frame(frame) => {
                let outcome = world.step(&frame.inputs);
                if world.digest() != frame.digest {
                    return unsound(format!("frame {} leads elsewhere", frame.frame));
                }
                rows += u32::from(outcome.is_some());
                if finished.len() < usize::from(world.episodes_over()) {
                    let cut_short = matches!(world.end(), Some(End::AwayTooLong { .. }));
                    if rows > max_steps || (rows < max_steps && !cut_short) {
                        return unsound(format!("it has {rows} rows of {max_steps}"));
                    }
                    finished.push(std::mem::take(&mut rows));
                }
            }
            Entry::Hold(hold) => {
                if hold.epoch <= epoch || hold.frames != scenario.hold {
                    return unsound(format!("{hold:?} after epoch {epoch}"));
                }
                epoch = hold.epoch;
                world.hold(hold.frames);
            }
        }
    }
    Ok(finished)
}

const fn entry_frame(entry: &Entry) -> u32 {
    match entry {
        Entry::Frame(frame) => frame.frame,
        Entry::Hold(hold) => hold.next,
    }
}

/// With inputs that are a function of the seat and the frame they are given for, so is the
/// record, but for the holds: after one, as many inputs are blank as are delayed.
fn golden(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let mut script = Script::of(scenario);
    if !script.is_fixed() {
        return Ok(());
    }
    let world = World::new(Arc::clone(&scenario.game));
    let (seat, longest) = longest(run);
    let mut blank_until = u32::from(scenario.input_delay);
    for entry in longest {
        let Entry::Frame(frame) = entry else {
            blank_until = entry_frame(entry) + u32::from(scenario.input_delay);
            continue;
        };
        for of in Seat::all(run.peers.len()) {
            let expected = if frame.frame < blank_until {
                PlayerInput::default()
            } else {
                script.input(&world, of, frame.frame - u32::from(scenario.input_delay))
            };
            if frame.inputs[of.index()] != expected {
                let what = format!("seat {of}'s input for frame {}", frame.frame);
                return Err(Failure::NotGolden { seat, what });
            }
        }
    }
    Ok(())
}

/// The files say the same as the record, which has so many rows in each finished episode.
fn files(scenario: &Scenario, run: &Run, rows: &[u32]) -> Result<(), Failure> {
    let complete = |peer: &Peer| peer.stage() == Stage::Ended(Ending::Completed);
    if run.peers.iter().all(complete) {
        equal(run)?;
        sound(run, rows)?;
        // The files follow from the entries, and those were compared already: this is dear, and
        // finds what is wrong with the recorder or the comparison, not with a session.
        if !scenario.seed.is_multiple_of(SAMPLE) {
            return Ok(());
        }
        compared(run, rows)?;
        return golden_files(scenario, run);
    }
    for episode in 0..scenario.game.settings().episodes {
        let alive = seats(run).filter(|(seat, _)| !run.events.losses.contains(seat));
        let bundles: Vec<_> =
            alive.filter_map(|(_, peer)| peer.record().books().bundle(episode)).collect();
        if bundles.is_empty() {
            continue;
        }
        for bundle in &bundles {
            let unsound = |flaw: String| Failure::Unsound { episode, flaw };
            let report = verify::verify(&bundle.log).map_err(|error| unsound(error.to_string()))?;
            if !report.is_sound() {
                return Err(unsound(report.to_string()));
            }
        }
        if let verdict @ Verdict::Diverged { .. } = verify::verdict(&bundles) {
            return Err(Failure::Unsound { episode, flaw: verdict.to_string() });
        }
    }
    Ok(())
}

/// Logs and tables are equal byte for byte.
fn equal(run: &Run) -> Result<(), Failure> {
    let first = run.peers[0].record().books().files();
    for (seat, peer) in seats(run) {
        let files = peer.record().books().files();
        if files.len() != first.len() {
            return Err(Failure::Unequal { episode: 0, file: "number of files", seat });
        }
        for ((&episode, ours), theirs) in first.iter().zip(files.values()) {
            let differs =
                [("tables", ours.table != theirs.table), ("logs", ours.log != theirs.log)];
            if let Some((file, _)) = differs.into_iter().find(|(_, differs)| *differs) {
                return Err(Failure::Unequal { episode, file, seat });
            }
        }
    }
    Ok(())
}

/// Every episode's log verifies, re-simulates to every digest, has all rows, and continues the log
/// before it.
fn sound(run: &Run, rows: &[u32]) -> Result<(), Failure> {
    let mut previous = None;
    for (episode, &rows) in (0..).zip(rows) {
        let unsound = |flaw: String| Failure::Unsound { episode, flaw };
        let bundle = run.peers[0].record().books().bundle(episode);
        let bundle = bundle.ok_or_else(|| unsound("it has no files".to_owned()))?;
        let report = verify::verify(&bundle.log).map_err(|error| unsound(error.to_string()))?;
        let whole = report.rows() == rows && report.log.certificate().is_some();
        if !report.is_sound() || !whole {
            return Err(unsound(report.to_string()));
        }
        let successive = |previous| relate(previous, &report);
        match previous.as_ref().map(successive) {
            None | Some(Relation::Successive { linked: true }) => {}
            Some(relation) => return Err(unsound(relation.to_string())),
        }
        previous = Some(report);
    }
    Ok(())
}

/// The collector would find all bundles of an episode identical.
fn compared(run: &Run, rows: &[u32]) -> Result<(), Failure> {
    for (episode, &rows) in (0..).zip(rows) {
        let bundles = run.peers.iter().map(|peer| peer.record().books().bundle(episode));
        let verdict = verify::verdict(&bundles.flatten().collect::<Vec<_>>());
        if verdict != (Verdict::Identical { rows }) {
            return Err(Failure::Unsound { episode, flaw: verdict.to_string() });
        }
    }
    Ok(())
}

/// If nothing was interrupted, the files are those of the session without any network.
fn golden_files(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let mut script = Script::of(scenario);
    let (_, longest) = longest(run);
    let was_held = longest.iter().any(|entry| matches!(entry, Entry::Hold(_)));
    if !script.is_fixed() || was_held {
        return Ok(());
    }
    let frames = run.peers.iter().map(|peer| peer.record().frames().count()).max();
    let truth = golden::frames(scenario, &mut script, frames.unwrap_or(0));
    for ((seat, peer), books) in seats(run).zip(golden::books(scenario, &truth)) {
        if peer.record().books().files() != books.files() {
            return Err(Failure::NotGolden { seat, what: "a file".to_owned() });
        }
    }
    Ok(())
}

/// Where inputs come late and cannot be foreseen, there were rollbacks; where links lose, double
/// or hold back datagrams, they did.
fn exercised(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let idle = |what: String| Err(Failure::Idle(what));
    if scenario.must_predict() && scenario.cast == Cast::Random && scenario.mishaps.is_empty() {
        for ((seat, peer), tally) in seats(run).zip(&run.tallies) {
            if tally.rollbacks == 0 && is_surprised(peer) {
                return idle(format!("seat {seat} never rolled back"));
            }
        }
    }
    let links: Vec<_> = scenario.links.iter().flatten().collect();
    let sum = |share: fn(&Impairment) -> Probability| {
        links.iter().map(|link| u64::from(share(link).millionths())).sum::<u64>()
    };
    let counts = run.datagrams;
    let mishaps = [
        ("lost", sum(|link| link.loss), counts.dropped),
        ("doubled", sum(|link| link.duplication), counts.duplicated),
        ("overtaken", sum(|link| link.reorder), counts.reordered),
    ];
    for (name, millionths, seen) in mishaps {
        // In a short session it may not happen.
        let expected = counts.sent * millionths / links.len() as u64 / 1_000_000;
        if expected >= 25 && seen == 0 {
            return idle(format!("no datagram was {name}"));
        }
    }
    Ok(())
}

/// Whether a partner has done what no prediction says: an action without a key held.
fn is_surprised(peer: &Peer) -> bool {
    let me = peer.record().seat();
    let surprise = |input: &PlayerInput| input.action() != Action::Noop && !input.held();
    peer.record().frames().any(|frame| {
        let others = frame.inputs.iter().enumerate().filter(|(seat, _)| *seat != me.index());
        others.into_iter().any(|(_, input)| surprise(input))
    })
}

fn seats(run: &Run) -> impl Iterator<Item = (Seat, &Peer)> {
    Seat::all(run.peers.len()).zip(&run.peers)
}
