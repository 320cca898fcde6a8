//! What must hold of every run.

use crate::golden;
use crate::peer::{Peer, Stage};
use crate::scenario::{Cast, Scenario};
use crate::script::Script;
use crate::simulation::Run;
use dyad_protocol::Seat;
use dyad_protocol::records::Verdict;
use dyad_recording::Effect;
use dyad_recording::verify::{self, Relation, relate};
use std::time::Duration;

/// What did not hold.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Somebody did not come to a regular end.
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
    /// Two peers' records differ.
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
    ended(run)?;
    honest(run)?;
    equal(run)?;
    sound(scenario, run)?;
    golden(scenario, run)?;
    exercised(scenario, run)
}

/// Everybody came to a regular end, before the deadline.
fn ended(run: &Run) -> Result<(), Failure> {
    let stuck = seats(run).find(|(_, peer)| peer.stage() != &Stage::Completed);
    stuck.map_or(Ok(()), |(seat, peer)| {
        let (stage, frame) = (peer.stage().clone(), peer.frame());
        Err(Failure::Unfinished { seat, stage, frame, took: run.took })
    })
}

/// Nobody found anything wrong.
fn honest(run: &Run) -> Result<(), Failure> {
    for (seat, peer) in seats(run) {
        let counts = peer.exchange();
        let complaints = [
            peer.record().marks().first().map(in_words),
            (peer.tally().desyncs > 0).then(|| "ggrs saw a desync".to_owned()),
            (peer.malformed() > 0).then(|| "a reliable message was refused".to_owned()),
            counts.last_malformed.map(|why| format!("a datagram was refused as {why}")),
            peer.record().refused().first().cloned(),
        ];
        if let Some(complaint) = complaints.into_iter().flatten().next() {
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

/// Logs and tables are equal byte for byte.
fn equal(run: &Run) -> Result<(), Failure> {
    let first = run.peers[0].record().files();
    for (seat, peer) in seats(run) {
        let files = peer.record().files();
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

/// Every episode has all its rows; its log verifies, re-simulates to every digest and to the
/// table, and continues the log before it.
fn sound(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let settings = scenario.game.settings();
    let mut previous = None;
    for episode in 0..settings.episodes {
        let unsound = |flaw: String| Failure::Unsound { episode, flaw };
        let bundles: Option<Vec<_>> =
            run.peers.iter().map(|peer| peer.record().bundle(episode)).collect();
        let bundles = bundles.ok_or_else(|| unsound("somebody has no record".to_owned()))?;
        let verdict = verify::verdict(&bundles);
        if verdict != (Verdict::Identical { rows: settings.max_steps }) {
            return Err(unsound(verdict.to_string()));
        }
        let report = verify::verify(&bundles[0].log).map_err(|error| unsound(error.to_string()))?;
        if !report.is_sound() || report.log.certificate().is_none() {
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

/// With inputs that are a function of the seat and the frame they are given for, the record is
/// that of the session without any network.
fn golden(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let mut script = Script::of(scenario);
    if !script.is_fixed() {
        return Ok(());
    }
    let longest = run.peers.iter().map(|peer| peer.confirmed().len()).max().unwrap_or(0);
    let truth = golden::frames(scenario, &mut script, longest);
    let records = golden::records(scenario, &truth);
    for ((seat, peer), record) in seats(run).zip(&records) {
        let frames = peer.confirmed().iter().zip(&truth);
        if let Some((_, differs)) = frames.into_iter().find(|(ours, golden)| ours != golden) {
            return Err(Failure::NotGolden { seat, what: format!("frame {}", differs.frame) });
        }
        if peer.record().files() != record.files() {
            return Err(Failure::NotGolden { seat, what: "a file".to_owned() });
        }
    }
    Ok(())
}

/// Where inputs come late and are not all alike, there were rollbacks; where links lose, double
/// or hold back datagrams, they did.
fn exercised(scenario: &Scenario, run: &Run) -> Result<(), Failure> {
    let idle = |what: String| Err(Failure::Idle(what));
    for (seat, peer) in seats(run) {
        if scenario.must_predict() && scenario.cast == Cast::Random && peer.journal().rollbacks == 0
        {
            return idle(format!("seat {seat} never rolled back"));
        }
    }
    let promises = scenario.links.iter().flatten();
    let total = promises.fold([0; 3], |[lost, doubled, late], link| {
        [
            lost + link.loss.millionths(),
            doubled + link.duplication.millionths(),
            late + link.reorder.millionths(),
        ]
    });
    let counts = run.datagrams;
    let seen = [counts.dropped, counts.duplicated, counts.reordered];
    let names = ["lost", "doubled", "overtaken"];
    // Below some percent it may not happen within a short session.
    let missing = (0..3).find(|&at| total[at] >= 100_000 && seen[at] == 0);
    missing.map_or(Ok(()), |at| idle(format!("no datagram was {}", names[at])))
}

fn seats(run: &Run) -> impl Iterator<Item = (Seat, &Peer)> {
    Seat::all(run.peers.len()).zip(&run.peers)
}
