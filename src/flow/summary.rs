//! How a session went, for the person who runs the study.

use super::{CurrentMatch, Status};
use crate::cli::launched;
use crate::outcome;
use crate::record::writer;
use bevy::log::warn;
use bevy::prelude::{Real, Time};
use dyad_gridworld::End;
use dyad_netplay::Netplay;
use serde_json::json;
use std::time::Duration;

/// How long the program ran before its own clock began.
#[must_use]
pub fn launch(time: &Time<Real>) -> Option<Duration> {
    Some(time.first_update()?.saturating_duration_since(launched()?))
}

/// Notes beside the records how the session went, for the person who runs the study.
pub(super) fn summarize(
    current: &CurrentMatch,
    netplay: &Netplay,
    status: &Status,
    launch: Option<Duration>,
) {
    let summary = summary(current, netplay, status, launch);
    let participant = &current.destination.participant;
    if let Err(error) = writer::write_summary(&current.directory, participant, &summary) {
        warn!("the session's summary cannot be written: {error}");
    }
}

/// The seats that were away for so long that the game ended.
fn away_too_long(world: &dyad_gridworld::World) -> Vec<usize> {
    match world.end() {
        Some(End::AwayTooLong { who }) => (0..who.len()).filter(|&seat| who[seat]).collect(),
        _ => Vec::new(),
    }
}

/// How a session went, as JSON. `launch` is the time from the program's start to the moment from
/// which its own clock counts.
#[must_use]
pub fn summary(
    current: &CurrentMatch,
    netplay: &Netplay,
    status: &Status,
    launch: Option<Duration>,
) -> serde_json::Value {
    let statistics = netplay.statistics();
    let session = statistics.session;
    let milestones = statistics.milestones;
    let lost = netplay.lost().filter_map(|seat| current.ticket.players.participant(seat));
    // Since the program started.
    let milliseconds = |moment: Option<Duration>| moment.map(|at| at.as_secs_f64() * 1000.0);
    json!({
        "session": current.ticket.session,
        "scene": current.ticket.scene,
        "participant": current.destination.participant,
        "seat": current.ticket.seat,
        "directory": current.directory,
        "ending": status.ending.as_ref().map(|ending| format!("{ending:?}")),
        "lost": lost.collect::<Vec<_>>(),
        "reason": outcome::reason(status),
        "away_too_long": away_too_long(netplay.confirmed()),
        "completed": outcome::is_completed(status),
        "marks": status.marks,
        "frames": session.journal.committed,
        "rollbacks": session.journal.rollbacks,
        "resimulated": session.journal.resimulated,
        "deepest_rollback": session.journal.deepest,
        "frames_ahead": statistics.frames_ahead,
        "attempts": session.attempts,
        "stalls": session.stalls,
        "stalled_s": statistics.stalled.as_secs_f64(),
        "desyncs": session.desyncs,
        "interruptions": session.interruptions,
        "interrupted_s": statistics.interrupted.as_secs_f64(),
        "frames_supplied": session.supplied,
        "rtt_ms": milliseconds(statistics.quality.rtt),
        "jitter_ms": milliseconds(statistics.quality.jitter),
        "loss": statistics.quality.loss,
        "datagrams_sent": session.exchange.sent,
        "datagram_bytes_sent": session.exchange.sent_bytes,
        "datagrams_held_back": session.exchange.held_back,
        "datagrams_refused": session.exchange.malformed,
        "messages_refused": session.malformed,
        "statements_refused": status.refused,
        "relayed": statistics.path.map(|path| path == dyad_netplay::transport::Path::Relayed),
        "impaired": statistics.impaired.map(|counts| json!({
            "sent": counts.sent,
            "dropped": counts.dropped,
            "duplicated": counts.duplicated,
            "reordered": counts.reordered,
            "retransmitted": counts.retransmitted,
        })),
        "start_ms": {
            "launch": milliseconds(launch),
            "welcomed": milliseconds(status.welcomed),
            "matched": milliseconds(Some(milestones.matched)),
            "connected": milliseconds(milestones.connected),
            "barrier": milliseconds(milestones.ready),
            "first_frame": milliseconds(milestones.first_frame),
        },
    })
}
